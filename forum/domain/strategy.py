"""The strategy as data: pillars, initiatives, acts and dated status lines, read from `config/strategy.toml`.

What is marked unverified stays in the data for its editors; `printed_*` gives what a page may show.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from forum.domain.datafile import DataFileError, Table, open_table, refuse_twice

STRANDS = ("prevention", "investigation", "assistance")
SETTINGS = ("offline", "online")


@dataclass(frozen=True)
class Act:
    """A legal act or official document, named by its reference and never by an address."""

    title: str
    reference: str
    celex: str
    date: str
    by: str
    verified: bool


@dataclass(frozen=True)
class StatusLine:
    """What happened, when, and who says so; `date` is as precise as its source and may be empty."""

    date: str
    text: str
    source: str
    verified: bool


@dataclass(frozen=True)
class Pillar:
    """One of the two halves of the strategy, with the numbers of its initiatives in order."""

    number: str
    title: str
    summary: str
    initiatives: tuple[int, ...]


@dataclass(frozen=True)
class Strand:
    """A kind of action, or a setting (offline, online), that initiatives are marked with."""

    slug: str
    title: str
    summary: str


@dataclass(frozen=True)
class Initiative:
    """One of the eight initiatives."""

    number: int
    pillar: str
    slug: str
    title: str
    short_title: str
    summary: str
    strands: tuple[str, ...]
    settings: tuple[str, ...]
    acts: tuple[Act, ...]
    actors: tuple[str, ...]
    status: tuple[StatusLine, ...]
    groups: tuple[str, ...]

    @property
    def printed_acts(self) -> tuple[Act, ...]:
        """The acts that a page may show."""
        return tuple(act for act in self.acts if act.verified)

    @property
    def printed_status(self) -> tuple[StatusLine, ...]:
        """The status lines that a page may show, oldest first, undated ones last."""
        return tuple(sorted((s for s in self.status if s.verified), key=lambda s: s.date or "9999"))


@dataclass(frozen=True)
class InterimRegulation:
    """What providers and Member States reported under the interim regulation, and when it applied."""

    title: str
    reference: str
    extended_by: str
    in_force: str
    ended: str
    excluded: str
    reporting_day: str
    provider_reports: tuple[str, ...]
    member_state_article: str
    member_state_statistics: tuple[str, ...]


@dataclass(frozen=True)
class Article:
    """An article of the Directive; an unverified title is not printed."""

    number: str
    title: str
    verified: bool

    @property
    def printed_title(self) -> str:
        """The title that a page may show: empty where it has not been verified."""
        return self.title if self.verified else ""


@dataclass(frozen=True)
class Directive:
    """Directive 2011/93/EU: its articles and the States that it binds (ISO codes of two letters)."""

    reference: str
    celex: str
    transposition_due: str
    bound: tuple[str, ...]
    not_bound: tuple[str, ...]
    articles: tuple[Article, ...]


@dataclass(frozen=True)
class Strategy:
    """The whole of `strategy.toml`."""

    title: str
    reference: str
    date: str
    summary: str
    pillars: tuple[Pillar, ...]
    strands: tuple[Strand, ...]
    settings: tuple[Strand, ...]
    calls_to_action: tuple[Act, ...]
    references: tuple[Act, ...]
    initiatives: tuple[Initiative, ...]
    interim_regulation: InterimRegulation
    directive: Directive

    def get_initiative(self, number: int) -> Initiative:
        """The initiative of that number; KeyError if there is none."""
        for initiative in self.initiatives:
            if initiative.number == number:
                return initiative
        raise KeyError(number)

    def list_of_pillar(self, pillar: Pillar) -> tuple[Initiative, ...]:
        """The initiatives of a pillar in its order."""
        return tuple(self.get_initiative(number) for number in pillar.initiatives)


def load(path: Path) -> Strategy:
    """Reads and checks the strategy; DataFileError names the file, the place and the key that is wrong."""
    with open_table(path) as top:
        initiative_tables = top.tables("initiatives", "number", required=True)
        initiatives = tuple(_initiative(table) for table in initiative_tables)
        refuse_twice(initiative_tables, "number", [i.number for i in initiatives])
        refuse_twice(initiative_tables, "slug", [i.slug for i in initiatives])
        strategy = Strategy(
            title=top.text("title"),
            reference=top.text("reference"),
            date=top.partial_date("date"),
            summary=top.text("summary"),
            pillars=tuple(_pillar(table) for table in top.tables("pillars", "number", required=True)),
            strands=tuple(_strand(t, STRANDS) for t in top.tables("strands", "slug", required=True)),
            settings=tuple(_strand(t, SETTINGS) for t in top.tables("settings", "slug", required=True)),
            calls_to_action=tuple(_act(table) for table in top.tables("calls_to_action", "title")),
            references=tuple(_act(table) for table in top.tables("references", "title")),
            initiatives=initiatives,
            interim_regulation=_interim(top.table("interim_regulation")),
            directive=_directive(top.table("directive")),
        )
    _check_pillars(path, strategy)
    return strategy


def _check_pillars(path: Path, strategy: Strategy) -> None:
    claimed = {number: pillar.number for pillar in strategy.pillars for number in pillar.initiatives}
    actual = {initiative.number: initiative.pillar for initiative in strategy.initiatives}
    if claimed != actual:
        raise DataFileError(f"{path.name}: pillars: they and the initiatives disagree on which belongs where")


def _pillar(table: Table) -> Pillar:
    pillar = Pillar(
        number=table.text("number"),
        title=table.text("title"),
        summary=table.text("summary"),
        initiatives=table.wholes("initiatives"),
    )
    table.finish()
    return pillar


def _strand(table: Table, allowed: tuple[str, ...]) -> Strand:
    strand = Strand(
        slug=table.choice("slug", allowed), title=table.text("title"), summary=table.text("summary", "")
    )
    table.finish()
    return strand


def _act(table: Table) -> Act:
    act = Act(
        title=table.text("title"),
        reference=table.text("reference"),
        celex=table.text("celex", ""),
        date=table.partial_date("date", ""),
        by=table.text("by", ""),
        verified=table.flag("verified"),
    )
    table.finish()
    return act


def _status(table: Table) -> StatusLine:
    line = StatusLine(
        date=table.partial_date("date", ""),
        text=table.text("text"),
        source=table.text("source"),
        verified=table.flag("verified"),
    )
    table.finish()
    return line


def _initiative(table: Table) -> Initiative:
    initiative = Initiative(
        number=table.whole("number", least=1),
        pillar=table.text("pillar"),
        slug=table.slug("slug"),
        title=table.text("title"),
        short_title=table.text("short_title"),
        summary=table.text("summary"),
        strands=table.texts("strands", allowed=STRANDS, required=True),
        settings=table.texts("settings", allowed=SETTINGS, required=True),
        acts=tuple(_act(act) for act in table.tables("acts", "reference")),
        actors=table.texts("actors", required=True),
        status=tuple(_status(line) for line in table.tables("status", "date")),
        groups=table.texts("groups", required=True),
    )
    table.finish()
    return initiative


def _interim(table: Table) -> InterimRegulation:
    interim = InterimRegulation(
        title=table.text("title"),
        reference=table.text("reference"),
        extended_by=table.text("extended_by"),
        in_force=table.partial_date("in_force"),
        ended=table.partial_date("ended"),
        excluded=table.text("excluded"),
        reporting_day=table.text("reporting_day"),
        provider_reports=table.texts("provider_reports", required=True),
        member_state_article=table.text("member_state_article"),
        member_state_statistics=table.texts("member_state_statistics", required=True),
    )
    table.finish()
    return interim


def _directive(table: Table) -> Directive:
    directive = Directive(
        reference=table.text("reference"),
        celex=table.text("celex"),
        transposition_due=table.partial_date("transposition_due"),
        bound=table.texts("bound", required=True),
        not_bound=table.texts("not_bound"),
        articles=tuple(_article(article) for article in table.tables("articles", "number", required=True)),
    )
    table.finish()
    return directive


def _article(table: Table) -> Article:
    article = Article(number=table.text("number"), title=table.text("title"), verified=table.flag("verified"))
    table.finish()
    return article
