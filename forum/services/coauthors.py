"""Who writes a paper together: co-authors come from the group, and lose its drafts when they leave."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, AccountStatus
from forum.domain.audit import AuditAction
from forum.domain.groups import WRITING_ROLES, Group, Membership, WhoMayWrite
from forum.domain.organisations import Mandate, Organisation
from forum.domain.papers import Paper, PaperAuthor, PaperOwner
from forum.errors import Invalid
from forum.policy import Actor
from forum.services.recording import record_coauthor


def is_coauthor_on(today: Any) -> sa.ColumnElement[bool]:
    """Give the condition under which a PaperAuthor, joined to its Paper, reads the paper's drafts.

    `today` is a date, or a parameter of a statement that is kept.

    Nobody has to end anything when a person leaves: a co-author is a member of the group and, where they
    write for a body, holds its mandate today.
    """
    is_member = (
        sa.select(sa.literal(1))
        .select_from(Membership)
        .where(
            Membership.group_id == Paper.group_id,
            Membership.account_id == PaperAuthor.account_id,
            Membership.ended_at.is_(None),
        )
        .exists()
    )
    is_open_to_all = (
        sa.select(sa.literal(1))
        .select_from(Group)
        .where(Group.id == Paper.group_id, Group.who_may_write == WhoMayWrite.COMMUNITY)
        .exists()
    )
    holds_mandate = (
        sa.select(sa.literal(1))
        .select_from(Mandate)
        .where(
            Mandate.account_id == PaperAuthor.account_id,
            Mandate.organisation_id == PaperAuthor.organisation_id,
            Mandate.starts_on <= today,
            sa.or_(Mandate.ends_on.is_(None), Mandate.ends_on >= today),
        )
        .exists()
    )
    return sa.and_(
        PaperAuthor.ended_at.is_(None),
        sa.or_(PaperAuthor.organisation_id.is_(None), holds_mandate),
        sa.or_(is_member, is_open_to_all),
    )


@dataclass(frozen=True, slots=True)
class Coauthor:
    """A person who writes a paper, or could be asked to."""

    public_id: str
    name: str
    organisation: str | None
    account_id: int


def list_coauthors(session: Session, paper_id: int, *, now: datetime) -> list[Coauthor]:
    """Give the people who read and write a paper's draft now; only for pages that they alone see."""
    rows = session.execute(
        sa.select(Account.public_id, Account.name, Organisation.name, Account.id)
        .select_from(PaperAuthor)
        .join(Paper, Paper.id == PaperAuthor.paper_id)
        .join(Account, Account.id == PaperAuthor.account_id)
        .outerjoin(Organisation, Organisation.id == PaperAuthor.organisation_id)
        .where(PaperAuthor.paper_id == paper_id, is_coauthor_on(now.date()))
        .order_by(PaperAuthor.added_at, Account.name)
    )
    return [Coauthor(*row) for row in rows]


def list_candidates(session: Session, paper: Paper, *, now: datetime) -> list[Coauthor]:
    """Give the members of the paper's group who could write with its authors."""
    already = (
        sa.select(PaperAuthor.account_id)
        .join(Paper, Paper.id == PaperAuthor.paper_id)
        .where(PaperAuthor.paper_id == paper.id, is_coauthor_on(now.date()))
    )
    rows = session.execute(
        sa.select(Account.public_id, Account.name, sa.null(), Account.id)
        .join(Membership, Membership.account_id == Account.id)
        .where(
            Membership.group_id == paper.group_id,
            Membership.ended_at.is_(None),
            Membership.role.in_(sorted(WRITING_ROLES)),
            Account.status == AccountStatus.ACTIVE,
            Account.id.not_in(already),
        )
        .distinct()
        .order_by(Account.name)
    )
    return [Coauthor(*row) for row in rows]


def add_coauthor(
    session: Session, paper: Paper, account_public_id: str, *, now: datetime, by: Actor | None = None
) -> Coauthor:
    """Let a member of the group read and write the paper's drafts."""
    found = {person.public_id: person for person in list_candidates(session, paper, now=now)}
    person = found.get(account_public_id)
    if person is None:
        raise Invalid("Choose a member of this group who is not an author yet.", field="person")
    organisation_id = session.scalars(
        sa.select(PaperOwner.organisation_id)
        .join(Mandate, Mandate.organisation_id == PaperOwner.organisation_id)
        .where(
            PaperOwner.paper_id == paper.id,
            Mandate.account_id == person.account_id,
            Mandate.starts_on <= now.date(),
            sa.or_(Mandate.ends_on.is_(None), Mandate.ends_on >= now.date()),
        )
    ).first()
    row = session.get(PaperAuthor, (paper.id, person.account_id))
    if row is None:
        row = PaperAuthor(paper_id=paper.id, account_id=person.account_id, added_at=now)
        session.add(row)
    row.organisation_id, row.added_at, row.ended_at = organisation_id, now, None
    session.flush()
    record_coauthor(session, by, AuditAction.COAUTHOR_ADDED, paper, person.account_id, now)
    return person


def remove_coauthor(
    session: Session, paper: Paper, account_public_id: str, *, now: datetime, by: Actor | None = None
) -> None:
    """End a co-author's part in the drafts; the last one stays."""
    authors: Sequence[Coauthor] = list_coauthors(session, paper.id, now=now)
    person = next((author for author in authors if author.public_id == account_public_id), None)
    if person is None:
        raise Invalid("This person is no author of the draft (any more).", field="person")
    if len(authors) == 1:
        raise Invalid("A draft needs at least one author. Delete the draft instead.", field="person")
    session.get_one(PaperAuthor, (paper.id, person.account_id)).ended_at = now
    session.flush()
    record_coauthor(session, by, AuditAction.COAUTHOR_REMOVED, paper, person.account_id, now)
