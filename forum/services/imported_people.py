"""Groups, organisations and people that imported records name: found, or made as placeholders."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, AccountStatus
from forum.domain.groups import Group, HoldingRule
from forum.domain.importing import Record
from forum.domain.labels import Ceiling
from forum.domain.organisations import FormerName, Organisation, StakeholderType, match_key
from forum.domain.text import latin, slugify
from forum.errors import Invalid
from forum.policy.labels import narrowest_tlp
from forum.services.labels import relabel_group
from forum.services.recording import record_group

VISIBILITIES = {
    "public": (Ceiling.PUBLIC, True),
    "community": (Ceiling.COMMUNITY, True),
    "members": (Ceiling.MEMBERS, True),
    "closed": (Ceiling.MEMBERS, False),
}
"""What --visibility means for a group that is made: its ceiling, and whether it is listed."""


@dataclass
class Registry:
    """Remembers across batches what names mean; `group_slug` sends every record to one group."""

    group_slug: str | None = None
    visibility: str = "members"
    groups: dict[str, Group] = field(default_factory=dict)
    organisations: dict[str, int] = field(default_factory=dict)
    authors: dict[str, int] = field(default_factory=dict)
    made_organisations: int = 0
    """How many were made since somebody last asked; take_made() puts it back to nothing."""
    made_authors: int = 0

    def prepare(self, session: Session, records: Sequence[Record], *, now: datetime) -> None:
        """Find or make every group, organisation and author of the records."""
        for record in records:
            self._prepare_group(session, record, now)
        self._prepare_organisations(session, records, now)
        self._prepare_authors(session, records, now)

    def group_of(self, record: Record) -> Group:
        """Give the group a prepared record goes to."""
        return self.groups[self.slug_of(record)]

    def slug_of(self, record: Record) -> str:
        """Give the address of the record's group."""
        return self.group_slug or slugify(record.group or "imported", limit=80)

    def organisation_of(self, record: Record) -> int | None:
        """Give the key of the organisation a record is written for; none in one's own capacity."""
        if record.organisation is None or record.is_personal:
            return None
        return self.organisations[match_key(record.organisation)]

    def author_of(self, record: Record) -> int | None:
        """Give the key of the account that stands for the author."""
        return self.authors[record.author] if record.author is not None else None

    def take_made(self) -> dict[str, int]:
        """Give how many organisations and placeholder accounts were made since the last time."""
        made = {"organisations": self.made_organisations, "accounts": self.made_authors}
        self.made_organisations = self.made_authors = 0
        return made

    def _prepare_group(self, session: Session, record: Record, now: datetime) -> None:
        slug = self.slug_of(record)
        if slug in self.groups:
            return
        group = session.scalars(sa.select(Group).where(Group.slug == slug)).first()
        if group is None:
            group = self._new_group(slug, record, now)
            session.add(group)
            session.flush()
            relabel_group(group)
            session.flush()
            record_group(session, None, group, now)
        self.groups[slug] = group

    def _new_group(self, slug: str, record: Record, now: datetime) -> Group:
        try:
            ceiling, is_listed = VISIBILITIES[self.visibility]
        except KeyError:
            raise Invalid("'visibility' is one of " + ", ".join(VISIBILITIES)) from None
        title = record.group or "Imported"
        return Group(
            slug=slug,
            title=title,
            short_title=title[:60],
            ceiling=ceiling,
            is_listed=is_listed,
            default_tlp=narrowest_tlp(ceiling),
            shown_as_choices=["name", "organisation", "stakeholder_type"],
            holding_rule=HoldingRule.NEWCOMER,
            languages=[record.language],
            audience="",
            created_at=now,
        )

    def _prepare_organisations(self, session: Session, records: Sequence[Record], now: datetime) -> None:
        wanted = {match_key(r.organisation): r for r in reversed(records) if r.organisation is not None}
        for key, known in self._find_organisations(session, wanted.keys() - self.organisations.keys()):
            self.organisations[key] = known
        fresh = {key: record for key, record in wanted.items() if key not in self.organisations}
        slugs = _free_names(
            session,
            Organisation.slug,
            {key: slugify(r.organisation or "", limit=70) for key, r in fresh.items()},
        )
        rows = [self._new_organisation(key, slugs[key], record, now) for key, record in fresh.items()]
        session.add_all(rows)
        session.flush()
        self.organisations |= {row.match_key: row.id for row in rows}
        self.made_organisations += len(rows)

    def _find_organisations(self, session: Session, keys: Iterable[str]) -> Iterable[tuple[str, int]]:
        """By name or former name; a merged body leads to the one it became part of."""
        wanted = sorted(keys)
        target = sa.func.coalesce(Organisation.merged_into_id, Organisation.id)
        for start in range(0, len(wanted), 500):
            part = wanted[start : start + 500]
            former = sa.select(FormerName.match_key, FormerName.organisation_id).where(
                FormerName.match_key.in_(part)
            )
            yield from ((key, known) for key, known in session.execute(former))
            named = sa.select(Organisation.match_key, target).where(Organisation.match_key.in_(part))
            yield from ((key, known) for key, known in session.execute(named))

    def _new_organisation(self, key: str, slug: str, record: Record, now: datetime) -> Organisation:
        name = " ".join((record.organisation or "").split())
        return Organisation(
            slug=slug,
            name=name,
            latin_name=latin(name) if not name.isascii() else None,
            match_key=key,
            type=record.type or StakeholderType.OTHER,
            country=record.country,
            register_id=record.register_id,
            size=record.size,
            scope=record.scope,
            governance_level=record.governance_level,
            created_at=now,
        )

    def _prepare_authors(self, session: Session, records: Sequence[Record], now: datetime) -> None:
        wanted = {r.author for r in records if r.author is not None} - self.authors.keys()
        if not wanted:
            return
        known = session.execute(
            sa.select(Account.source_key, Account.id).where(Account.source_key.in_(sorted(wanted)))
        )
        self.authors |= {key: account_id for key, account_id in known if key is not None}
        fresh = sorted(wanted - self.authors.keys())
        handles = _free_names(session, Account.handle, {key: slugify(key, limit=50) for key in fresh})
        rows = [
            Account(
                source_key=key[:200],
                name=key[:200],
                handle=handles[key],
                status=AccountStatus.PLACEHOLDER,
                created_at=now,
            )
            for key in fresh
        ]
        session.add_all(rows)
        session.flush()
        self.authors |= {key: row.id for key, row in zip(fresh, rows, strict=True)}
        self.made_authors += len(rows)


def _free_names(
    session: Session, column: sa.orm.InstrumentedAttribute[str], wanted: dict[str, str]
) -> dict[str, str]:
    """Give each key a name that is free in the column: the wanted one, else with a number behind it."""
    taken: set[str] = set()
    for name in set(wanted.values()):
        like = sa.select(column).where(sa.or_(column == name, column.like(f"{name}-%")))
        taken |= set(session.scalars(like))
    given: dict[str, str] = {}
    for key, name in wanted.items():
        candidate, number = name, 2
        while candidate in taken:
            candidate, number = f"{name}-{number}", number + 1
        taken.add(candidate)
        given[key] = candidate
    return given
