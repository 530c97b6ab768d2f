"""Bodies that are asked to sign a joint position: who they are, how each stands, and telling their people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from forum.domain.accounts import Account, AccountStatus
from forum.domain.attribution import SubjectKind
from forum.domain.notices import NoticeKind
from forum.domain.organisations import Mandate, Organisation
from forum.domain.papers import Paper, PaperOwner, PaperVersion, Purpose
from forum.domain.signatures import Signatory, SignatoryAnswer, Signature, Standing, standing, text_hash
from forum.errors import Invalid, NotFound
from forum.services.organisations import require_by_name
from forum.services.outbox import enqueue_notice


@dataclass(frozen=True, slots=True)
class BoardLine:
    """A body on the board of a joint position."""

    signatory: Signatory
    organisation: Organisation
    standing: Standing
    answer: SignatoryAnswer | None
    """Its newest about the draft."""
    answered_by: str | None
    is_of_this_text: bool
    signed: int | None
    """The last version that it signed."""
    people: int
    """How many may answer for it today."""

    @property
    def is_to_be_asked(self) -> bool:
        """Whether it has said nothing about the text as it is now."""
        return self.standing in {Standing.MISSING, Standing.AGREED_EARLIER} or (
            self.standing is Standing.WANTS_CHANGES and not self.is_of_this_text
        )


def hash_of(version: PaperVersion) -> str:
    """Give the hash of what a body agrees to when it agrees to this version."""
    return text_hash(
        title=version.title,
        summary="\x1e".join((version.abstract, version.abstract_language or "", version.abstract_translated)),
        label=version.tlp.value,
        content_hash=version.content_hash,
    )


def newest_answers(version_id: int) -> sa.Select[*tuple[Any, ...]]:
    """Give, as a statement, the newest answer of each body about a version."""
    later = aliased(SignatoryAnswer)
    is_newer = sa.select(sa.literal(1)).where(
        later.signatory_id == SignatoryAnswer.signatory_id,
        later.version_id == SignatoryAnswer.version_id,
        later.id > SignatoryAnswer.id,
    )
    return sa.select(SignatoryAnswer).where(
        SignatoryAnswer.version_id == version_id, ~is_newer.correlate(SignatoryAnswer).exists()
    )


def publishers_of(organisation_id: Any, today: Any) -> sa.ColumnElement[bool]:
    """Give the condition that a mandate lets its holder publish for a body on a day."""
    return sa.and_(
        Mandate.organisation_id == organisation_id,
        Mandate.may_publish.is_(True),
        Mandate.starts_on <= today,
        sa.or_(Mandate.ends_on.is_(None), Mandate.ends_on >= today),
    )


def list_board(session: Session, version: PaperVersion, *, now: datetime) -> list[BoardLine]:
    """Give how every body asked stands to a draft, by name; for its writers alone. Two statements."""
    newest = newest_answers(version.id).subquery()
    answer = aliased(SignatoryAnswer, newest)
    signed = (
        sa.select(sa.func.max(PaperVersion.number))
        .join(Signature, Signature.version_id == PaperVersion.id)
        .where(
            PaperVersion.paper_id == Signatory.paper_id,
            Signature.organisation_id == Signatory.organisation_id,
        )
        .correlate(Signatory)
        .scalar_subquery()
    )
    people = (
        sa.select(sa.func.count(sa.distinct(Mandate.account_id)))
        .join(Account, Account.id == Mandate.account_id)
        .where(publishers_of(Signatory.organisation_id, now.date()), Account.status == AccountStatus.ACTIVE)
        .correlate(Signatory)
        .scalar_subquery()
    )
    rows = session.execute(
        sa.select(Signatory, Organisation, answer, Account.name, signed, people)
        .join(Organisation, Organisation.id == Signatory.organisation_id)
        .outerjoin(answer, answer.signatory_id == Signatory.id)
        .outerjoin(Account, Account.id == answer.answered_by_id)
        .where(Signatory.paper_id == version.paper_id, Signatory.ended_at.is_(None))
        .order_by(Organisation.match_key)
    )
    this_text = hash_of(version)
    lines = []
    for signatory, organisation, given, name, number, count in rows:
        is_of_this = given is not None and given.text_hash == this_text
        stands = standing(given.answer if given else None, is_of_this_text=is_of_this)
        lines.append(BoardLine(signatory, organisation, stands, given, name, is_of_this, number, count))
    return lines


def invite_body(
    session: Session, paper: Paper, version: PaperVersion, name: str, *, now: datetime
) -> Signatory:
    """Ask a body to sign, and tell its people; Invalid names what is wrong. The caller asked EDIT.

    It may be outside the group: its mandate-holders read this paper's drafts from now on, and nothing else.
    """
    if paper.purpose is not Purpose.JOINT_POSITION or paper.translation_kind is not None:
        raise Invalid("Only joint positions are signed.", field="body")
    body = require_by_name(session, name, field="body")
    if session.get(PaperOwner, (paper.id, body.id)) is not None:
        raise Invalid(
            "%(name)s coordinates this position: it signs by sending it.", field="body", name=body.name
        )
    row = session.scalars(
        sa.select(Signatory).where(Signatory.paper_id == paper.id, Signatory.organisation_id == body.id)
    ).first()
    if row is not None and row.ended_at is None:
        raise Invalid("%(name)s is asked already.", field="body", name=body.name)
    if row is None:
        row = Signatory(paper_id=paper.id, organisation_id=body.id, invited_at=now, asked_at=now, rounds=0)
        session.add(row)
        session.flush()
    row.ended_at = None
    tell(session, version, [row], now=now)
    return row


def end_signatory(session: Session, paper: Paper, public_id: str, *, now: datetime) -> Organisation:
    """Ask a body no longer: its people lose the draft at once. What it signed stays signed."""
    row = session.scalars(
        sa.select(Signatory).where(
            Signatory.public_id == public_id, Signatory.paper_id == paper.id, Signatory.ended_at.is_(None)
        )
    ).first()
    if row is None:
        raise NotFound
    row.ended_at = now
    session.flush()
    return session.get_one(Organisation, row.organisation_id)


def tell(session: Session, version: PaperVersion, signatories: Sequence[Signatory], *, now: datetime) -> int:
    """Have the people who may answer for these bodies told that the draft waits; gives how many people."""
    people: set[int] = set()
    for row in signatories:
        row.rounds += 1
        row.asked_at = now
        holders = sa.select(Mandate.account_id).where(publishers_of(row.organisation_id, now.date()))
        for account_id in session.scalars(holders.distinct().order_by(Mandate.account_id)):
            if account_id not in people:
                enqueue_notice(
                    session,
                    NoticeKind.SIGNATURE_ASKED,
                    now=now,
                    subject_kind=SubjectKind.VERSION,
                    subject_id=version.id,
                    account_id=account_id,
                    occasion=f"signatory:{row.id}:{row.rounds}",
                )
            people.add(account_id)
    session.flush()
    return len(people)


def ask_again(session: Session, paper: Paper, version: PaperVersion, *, now: datetime) -> None:
    """A new version of a joint position has begun: ask every body anew, for it signed another text."""
    if paper.purpose is not Purpose.JOINT_POSITION or paper.translation_kind is not None:
        return
    rows = session.scalars(
        sa.select(Signatory).where(Signatory.paper_id == paper.id, Signatory.ended_at.is_(None))
    ).all()
    tell(session, version, rows, now=now)


def remind(session: Session, version: PaperVersion, *, now: datetime) -> int:
    """Tell the people of every body that is missing; gives how many people. The caller asked EDIT."""
    lines = [line for line in list_board(session, version, now=now) if line.is_to_be_asked]
    if not lines:
        raise Invalid("Every body has answered about the text as it is now.")
    return tell(session, version, [line.signatory for line in lines], now=now)


def forget_answers(session: Session, version: PaperVersion) -> None:
    """Delete what was answered about a draft that is thrown away."""
    session.execute(sa.delete(SignatoryAnswer).where(SignatoryAnswer.version_id == version.id))


def forget_signatories(session: Session, paper_id: int) -> None:
    """Delete whom a paper asked that is thrown away with its only draft."""
    session.execute(sa.delete(Signatory).where(Signatory.paper_id == paper_id))
