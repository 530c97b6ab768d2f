"""Charters: what a group is, read from `config/groups.toml`.

A group that differs from others only in data is one table of that file. A fault names the file, the group
and the key. What a chair changes on the web later wins over the file; that is the loader's business.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from pathlib import Path

from forum.domain.assessments import Unit
from forum.domain.attribution import Attribution, ShownAs
from forum.domain.catalogues import CharterCatalogue, read_catalogue
from forum.domain.datafile import SLUG, DataFileError, Table, open_table, refuse_twice
from forum.domain.erasures import FormerTexts
from forum.domain.groups import HoldingRule, MembersVisible, WhoMayWrite
from forum.domain.labels import Ceiling, Tlp
from forum.domain.languages import LANGUAGES
from forum.domain.practice import DeclarationsVisible, Practice, check_practice
from forum.errors import Invalid

INITIATIVES = range(1, 9)


class StageKind(enum.StrEnum):
    """What a stage of a procedure opens."""

    CONSULTATION = "consultation"
    ASSESSMENT = "assessment"
    """Each seat assesses by itself, blind until the stage ends."""
    MEETING = "meeting"
    DISCUSSION = "discussion"


@dataclass(frozen=True)
class Rule:
    """One rule of conduct; decisions of moderators name its key."""

    key: str
    text: str


@dataclass(frozen=True)
class CharterStage:
    """One step of a group's procedure."""

    key: str
    title: str
    kind: StageKind
    summary: str
    catalogue: str = ""
    """Of an assessment: the key of what is assessed; the same again is its next round."""


@dataclass(frozen=True)
class Charter:
    """What a group is set up to be.

    `initiative` is None for a group that serves all of them; `mandate` is Markdown; `promised_days` are
    working days; `languages` are ISO codes, the working language first; `in_directory` is False for a group
    that is reached from elsewhere (the questions to the unit).
    """

    slug: str
    title: str
    short_title: str
    initiative: int | None
    summary: str
    mandate: str
    contact: str
    ceiling: Ceiling
    listed: bool
    in_directory: bool
    default_tlp: Tlp
    attribution: Attribution
    shown_as_choices: tuple[ShownAs, ...]
    holding_rule: HoldingRule
    promised_days: int
    members_visible: MembersVisible
    who_may_write: WhoMayWrite
    languages: tuple[str, ...]
    rules: tuple[Rule, ...]
    stages: tuple[CharterStage, ...]
    catalogues: tuple[CharterCatalogue, ...] = ()
    practice: Practice = field(default_factory=Practice)
    retention_days: int = 0
    """Days for which withdrawn and rejected texts are kept; 0: as the settings say."""
    former_texts: FormerTexts = FormerTexts.KEPT
    """What becomes of what a person wrote for no organisation, once the person is erased."""


def load_charters(path: Path) -> tuple[Charter, ...]:
    """Reads and checks all charters in the order of the file.

    DataFileError names the file, the group and the key that is wrong.
    """
    with open_table(path) as top:
        tables = top.tables("groups", "slug", required=True)
        usual = _practice(top, Practice())
        charters = tuple(_charter(table, usual) for table in tables)
        refuse_twice(tables, "slug", [charter.slug for charter in charters])
    return charters


def _charter(table: Table, usual: Practice) -> Charter:
    initiative = table.whole("initiative", 0)
    charter = Charter(
        slug=table.slug("slug"),
        title=table.text("title"),
        short_title=table.text("short_title"),
        initiative=initiative or None,
        summary=table.text("summary"),
        mandate=table.text("mandate"),
        contact=table.text("contact"),
        ceiling=Ceiling(table.choice("ceiling", _words(Ceiling))),
        listed=table.flag("listed"),
        in_directory=table.flag("in_directory", True),
        default_tlp=Tlp(table.choice("default_tlp", _words(Tlp))),
        attribution=Attribution(table.choice("attribution", _words(Attribution))),
        shown_as_choices=tuple(
            ShownAs(word) for word in table.texts("shown_as_choices", allowed=_words(ShownAs), required=True)
        ),
        holding_rule=HoldingRule(table.choice("holding_rule", _words(HoldingRule))),
        promised_days=table.whole("promised_days", least=1),
        members_visible=MembersVisible(table.choice("members_visible", _words(MembersVisible))),
        who_may_write=WhoMayWrite(table.choice("who_may_write", _words(WhoMayWrite))),
        languages=table.texts("languages", allowed=LANGUAGES, required=True),
        rules=_rules(table),
        stages=_stages(table),
        catalogues=_catalogues(table),
        practice=_practice(table, usual),
        retention_days=table.whole("retention_days", 0),
        former_texts=FormerTexts(table.choice("former_texts", _words(FormerTexts), FormerTexts.KEPT.value)),
    )
    table.finish()
    _check_together(table, charter)
    return charter


def _practice(table: Table, usual: Practice) -> Practice:
    """The terms of meetings and decisions; what a charter does not say is as the file says for all."""
    if "practice" not in table:
        return usual
    row = table.table("practice")
    practice = Practice(
        invitation_days=row.whole("invitation_days", usual.invitation_days),
        document_days=row.whole("document_days", usual.document_days),
        quorum_percent=row.whole("quorum_percent", usual.quorum_percent, least=1),
        selectors=row.whole("selectors", usual.selectors, least=1),
        renewal_months=row.whole("renewal_months", usual.renewal_months),
        declarations_visible=DeclarationsVisible(
            row.choice("declarations_visible", _words(DeclarationsVisible), usual.declarations_visible.value)
        ),
    )
    row.finish()
    try:
        check_practice(practice)
    except Invalid as error:
        raise table.fault("practice", error.message % error.parameters) from None
    return practice


def _words(kind: type[enum.StrEnum]) -> tuple[str, ...]:
    return tuple(member.value for member in kind)


def _rules(table: Table) -> tuple[Rule, ...]:
    tables = table.tables("rules", "key", required=True)
    rules = []
    for row in tables:
        rules.append(Rule(key=row.slug("key"), text=row.text("text")))
        row.finish()
    refuse_twice(tables, "key", [rule.key for rule in rules])
    return tuple(rules)


def _stages(table: Table) -> tuple[CharterStage, ...]:
    tables = table.tables("stages", "key")
    stages = []
    for row in tables:
        kind = StageKind(row.choice("kind", _words(StageKind)))
        stages.append(
            CharterStage(
                key=row.slug("key"),
                title=row.text("title"),
                kind=kind,
                summary=row.text("summary", ""),
                catalogue=row.slug("catalogue") if kind is StageKind.ASSESSMENT else "",
            )
        )
        row.finish()
    refuse_twice(tables, "key", [stage.key for stage in stages])
    return tuple(stages)


def _catalogues(table: Table) -> tuple[CharterCatalogue, ...]:
    tables = table.tables("catalogues", "key")
    catalogues = tuple(read_catalogue(row) for row in tables)
    refuse_twice(tables, "key", [catalogue.key for catalogue in catalogues])
    return catalogues


#: The widest ceiling that each label still means something under: a label never widens its group.
_WIDEST = {
    Tlp.CLEAR: (Ceiling.PUBLIC,),
    Tlp.GREEN: (Ceiling.PUBLIC, Ceiling.COMMUNITY),
    Tlp.AMBER: (Ceiling.PUBLIC, Ceiling.COMMUNITY, Ceiling.ORGANISATIONS),
    Tlp.AMBER_STRICT: (Ceiling.PUBLIC, Ceiling.COMMUNITY, Ceiling.ORGANISATIONS),
    Tlp.RED: tuple(Ceiling),
}


def _check_together(table: Table, charter: Charter) -> None:
    """Raises where two keys, each allowed alone, contradict each other."""
    fault: DataFileError | None = None
    if charter.initiative is not None and charter.initiative not in INITIATIVES:
        fault = table.fault("initiative", "must be the number of an initiative, 1 to 8, or 0 for none")
    elif charter.ceiling not in _WIDEST[charter.default_tlp]:
        fault = table.fault(
            "default_tlp", f"{charter.default_tlp} is wider than the ceiling, {charter.ceiling}"
        )
    elif charter.who_may_write is WhoMayWrite.COMMUNITY and charter.ceiling not in (
        Ceiling.PUBLIC,
        Ceiling.COMMUNITY,
    ):
        fault = table.fault("who_may_write", "the community cannot write where it cannot read")
    elif charter.attribution is not Attribution.NAMED and ShownAs.NAME in charter.shown_as_choices:
        fault = table.fault("shown_as_choices", f"'name' contradicts attribution = '{charter.attribution}'")
    elif lacking := {stage.catalogue for stage in charter.stages} - {
        "",
        *(one.key for one in charter.catalogues if one.unit is Unit.SEAT),
    }:
        fault = table.fault("stages", f"'{min(lacking)}' is no catalogue of seats in this charter")
    elif not charter.listed and charter.ceiling is not Ceiling.MEMBERS:
        fault = table.fault("listed", "only a closed group may be unlisted")
    if fault is not None:
        raise fault


def rules_to_text(rules: list[dict[str, str]]) -> str:
    """Gives rules as they are edited on the web: `key: text`, one a line."""
    return "\n".join(f"{rule['key']}: {rule['text']}" for rule in rules)


def rules_from_text(text: str) -> list[dict[str, str]]:
    """Reads rules as they are edited on the web.

    Invalid (field `rules`) names the line that has no key, no text, or a key for the second time.
    """
    rules: list[dict[str, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        key, colon, words = (part.strip() for part in line.partition(":"))
        if not colon or not words or not SLUG.fullmatch(key):
            raise Invalid(
                "Line %(number)d is no rule: write a key such as “civil”, a colon, and the rule.",
                field="rules",
                number=number,
            )
        if key in {rule["key"] for rule in rules}:
            raise Invalid("The key “%(key)s” stands there twice.", field="rules", key=key)
        rules.append({"key": key, "text": words})
    if not rules:
        raise Invalid("Write at least one rule.", field="rules")
    return rules
