"""Carrying out an erasure: what goes, what stays without a name, counted first by the same conditions.

Every column that refers to a person has its fate here, and a test refuses a new one that has none.
The audit chain is never touched: it holds ids and facts alone.
"""

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.account_links import AccountLink
from forum.domain.accounts import (
    AccessRequest,
    AccessToken,
    Account,
    AccountStatus,
    Invitation,
    LoginSession,
    PlatformRole,
    SubmissionKey,
    Theme,
)
from forum.domain.answers import AnswerDraft, LateEntry
from forum.domain.attachments import Attachment
from forum.domain.attribution import NamedReader
from forum.domain.declarations import Declaration
from forum.domain.directive import StateContact
from forum.domain.erasures import FORMER_MEMBER, TextsChoice
from forum.domain.external_identities import ExternalIdentity
from forum.domain.groups import Membership, Seat, SeatKind
from forum.domain.moderation import Flag
from forum.domain.moderators import ModerationClaim, ModeratorAbsence
from forum.domain.notices import MailPreference, Notice
from forum.domain.organisations import Mandate
from forum.domain.saved_searches import SavedSearch
from forum.domain.search_exports import SearchExport
from forum.domain.second_factors import OneTimeCode, Passkey, RecoveryCode
from forum.domain.threads import ReadMarker, StaffNote
from forum.services.attachment_files import delete_attachments
from forum.services.erased_texts import ErasedTexts, find_texts
from forum.services.indexing import enqueue_author
from forum.services.memberships import end_memberships
from forum.services.sealing import account_key, sealed_key
from forum.services.search_exports import drop_export


class Fate(enum.StrEnum):
    """What becomes of a column's rows."""

    DELETED = "deleted"
    ENDED = "ended"
    BLANKED = "blanked"
    KEPT = "kept"
    """The row is of the record; it points at an account that has no name any more."""


@dataclass(frozen=True, slots=True)
class Person:
    """Whom an erasure is about: the account, the writer keys, and what the person is found by."""

    account: Account
    keys: tuple[str, ...]
    names: tuple[str, ...]
    """Name, Latin form, address and handle, folded: where they stand in texts, somebody has to look."""


def person_of(account: Account, sealing_secret: bytes) -> Person:
    """Give the person of an account."""
    key = account_key(account.id)
    names = {account.name, account.latin_name or "", account.email or "", f"@{account.handle}"}
    return Person(
        account,
        (key, sealed_key(sealing_secret, key)),
        tuple(sorted(name.casefold() for name in names if len(name) > 3 and name != FORMER_MEMBER)),
    )


Rows = Callable[[Person], sa.ColumnElement[bool]]


def _of(column: Any) -> Rows:
    return lambda person: column == person.account.id


def _also_to(model: type[AccessRequest | Invitation]) -> Rows:
    """What the person has, and what went to or came from the same address before there was an account."""

    def rows(person: Person) -> sa.ColumnElement[bool]:
        own = model.account_id == person.account.id
        email = person.account.email
        return sa.or_(own, model.email == email) if email else own

    return rows


DELETED: tuple[tuple[str, type[Any], Rows], ...] = (
    ("sessions", LoginSession, _of(LoginSession.account_id)),
    ("tokens", AccessToken, _of(AccessToken.account_id)),
    ("tokens", AccountLink, _of(AccountLink.account_id)),
    ("factors", OneTimeCode, _of(OneTimeCode.account_id)),
    ("factors", Passkey, _of(Passkey.account_id)),
    ("factors", RecoveryCode, _of(RecoveryCode.account_id)),
    ("factors", ExternalIdentity, _of(ExternalIdentity.account_id)),
    ("notices", Notice, _of(Notice.account_id)),
    ("preferences", MailPreference, _of(MailPreference.account_id)),
    ("preferences", SubmissionKey, _of(SubmissionKey.account_id)),
    ("preferences", ModerationClaim, _of(ModerationClaim.account_id)),
    ("preferences", ModeratorAbsence, _of(ModeratorAbsence.account_id)),
    ("searches", SavedSearch, _of(SavedSearch.account_id)),
    ("read_state", ReadMarker, _of(ReadMarker.account_id)),
    ("notes", StaffNote, _of(StaffNote.author_id)),
    ("requests", AccessRequest, _also_to(AccessRequest)),
    ("requests", Invitation, _also_to(Invitation)),
    ("declarations", Declaration, _of(Declaration.account_id)),
    ("roles", NamedReader, _of(NamedReader.account_id)),
    ("roles", StateContact, _of(StateContact.account_id)),
)
"""Kind as the preview counts it, table, and which rows: deleted in this order."""


KINDS = (
    *dict.fromkeys(kind for kind, _, _ in DELETED),
    "exports", "drafts", "held", "mandates", "late_requests", "reports",
    "kept", "withdrawn", "of_bodies", "named_in_texts",
)  # fmt: skip
"""Everything that a preview counts."""


def count_erasure(session: Session, person: Person, texts: TextsChoice) -> dict[str, int]:
    """Give how many of each kind an erasure would touch now; nothing is changed."""
    return _with_texts(
        session, person, texts, dict.fromkeys(KINDS, 0), lambda model, rows: _count(session, model, rows)
    )


def _count(session: Session, model: type[Any], rows: sa.ColumnElement[bool]) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(model).where(rows)) or 0


def _with_texts(
    session: Session,
    person: Person,
    texts: TextsChoice,
    counts: dict[str, int],
    count: Callable[[type[Any], sa.ColumnElement[bool]], int],
) -> dict[str, int]:
    found = find_texts(session, person.account.id, person.keys, texts)
    for kind, model, rows in DELETED:
        counts[kind] += count(model, rows(person))
    counts["exports"] = len(_exports(session, person, found))
    counts["drafts"] = len(found.drafts) + count(AnswerDraft, AnswerDraft.writer_key.in_(person.keys))
    counts["held"] = len(found.held)
    counts["roles"] += count(Membership, _current(person))
    counts["mandates"] = count(Mandate, Mandate.account_id == person.account.id)
    counts["late_requests"] = count(LateEntry, LateEntry.writer_key.in_(person.keys))
    counts["reports"] = count(Flag, _reported(person))
    counts |= {"kept": found.kept, "withdrawn": len(found.withdrawn), "of_bodies": found.of_bodies}
    counts["named_in_texts"] = found.count_naming(session, person.names)
    return counts


def _current(person: Person) -> sa.ColumnElement[bool]:
    return sa.and_(Membership.account_id == person.account.id, Membership.ended_at.is_(None))


def _reported(person: Person) -> sa.ColumnElement[bool]:
    """Flags that somebody without an account left with the person's address."""
    email = person.account.email
    return sa.func.lower(Flag.notifier_email) == email if email else sa.false()


def erase(session: Session, person: Person, texts: TextsChoice, *, now: datetime) -> dict[str, int]:
    """Carry an erasure out and give what went; call it inside a write transaction, having decided."""
    counts = count_erasure(session, person, texts)
    found = find_texts(session, person.account.id, person.keys, texts)
    for export in _exports(session, person, found):
        drop_export(session, export, now)
    found.withdraw(session, now=now)
    _drop_answer_drafts(session, person, now)
    end_memberships(session, session.scalars(sa.select(Membership).where(_current(person))).all(), now=now)
    _end_mandates(session, person, now)
    _blank(session, person)
    session.flush()
    for _kind, model, rows in DELETED:
        session.execute(sa.delete(model).where(rows(person)).execution_options(synchronize_session=False))
    _empty_account(person.account)
    session.flush()
    session.expire_all()
    enqueue_author(session, person.account.id, now=now)
    return counts


def _exports(session: Session, person: Person, found: ErasedTexts) -> list[SearchExport]:
    """The files of searches: the person's own, and those of others that name what the person wrote."""
    theirs = found.document_ids(session)
    return [
        export
        for export in session.scalars(sa.select(SearchExport))
        if export.account_id == person.account.id or not theirs.isdisjoint(export.documents)
    ]


def _drop_answer_drafts(session: Session, person: Person, now: datetime) -> None:
    for draft in session.scalars(sa.select(AnswerDraft).where(AnswerDraft.writer_key.in_(person.keys))):
        files = session.scalars(sa.select(Attachment).where(Attachment.answer_draft_id == draft.id)).all()
        delete_attachments(session, files, now=now)
        session.delete(draft)
    session.flush()


def _end_mandates(session: Session, person: Person, now: datetime) -> None:
    """A mandate ended yesterday, since its last day counts; the title that the person had goes."""
    yesterday = now.date() - timedelta(days=1)
    for mandate in session.scalars(sa.select(Mandate).where(Mandate.account_id == person.account.id)):
        mandate.title = ""
        if mandate.ends_on is None or mandate.ends_on > yesterday:
            mandate.ends_on = max(yesterday, mandate.starts_on - timedelta(days=1))


def _blank(session: Session, person: Person) -> None:
    """Take the name where a row of the record has it beside the id."""
    session.execute(
        sa.update(LateEntry)
        .where(LateEntry.writer_key.in_(person.keys))
        .values(name=FORMER_MEMBER, message="")
        .execution_options(synchronize_session=False)
    )
    session.execute(
        sa.update(Flag)
        .where(_reported(person))
        .values(notifier_name="", notifier_email="")
        .execution_options(synchronize_session=False)
    )
    session.execute(
        sa.update(ModeratorAbsence)
        .where(ModeratorAbsence.deputy_id == person.account.id)
        .values(deputy_id=None)
        .execution_options(synchronize_session=False)
    )
    held = sa.select(Membership.seat_id).where(
        Membership.account_id == person.account.id, Membership.seat_id.is_not(None)
    )
    for seat in session.scalars(sa.select(Seat).where(Seat.kind == SeatKind.PERSONAL, Seat.id.in_(held))):
        if any(name in seat.title.casefold() for name in person.names):
            seat.title = FORMER_MEMBER


def _empty_account(account: Account) -> None:
    """What is left of an account: its key, its public id, and that it was somebody's."""
    account.name, account.latin_name = FORMER_MEMBER, None
    account.handle = f"former-{account.public_id}"
    account.email = account.source_key = account.password_hash = account.feed_key = None
    account.status, account.platform_role = AccountStatus.FORMER, PlatformRole.MEMBER
    account.suspended_until = None
    account.language, account.time_zone, account.theme = "en", "Europe/Brussels", Theme.AUTO
    account.about = ""
    # The words "former member" are nobody's name: they may be shown to everybody.
    account.name_is_public = True
    account.uses_shortcuts = False


_KEPT = frozenset(
    {
        "answer.author_id", "answer.writer_key", "answer_receipt.submitted_by_id", "appeal.appellant_key",
        "appeal.decided_by_id", "appeal.taken_by_id", "article_status.contact_id",
        "article_status.proposed_by_id", "assessment.author_id", "assessment.writer_key",
        "assessment_draft.writer_key", "annexed_statement.writer_key", "attendance.account_id",
        "authorship.writer_key", "ballot.created_by_id", "comment_answer.answered_by_id",
        "consultation.created_by_id", "disclosure.account_id", "erasure.account_id", "erasure.asked_by_id",
        "erasure.decided_by_id", "flag.reporter_id", "invitation.invited_by_id",
        "access_request.decided_by_id", "access_request.proposed_by_id", "late_entry.asked_by_id",
        "late_entry.decided_by_id",
        "meeting.created_by_id", "moderation_decision.decided_by_id", "paper.author_id",
        "paper_version.created_by_id", "passage_stance.coded_by_id", "post.author_id",
        "protected_case.reported_by_id", "protected_case.released_by_id", "register_entry.owner_id",
        "reminder.sent_by_id", "seat_call.created_by_id", "signatory_answer.answered_by_id",
        "signature.answered_by_id", "stage_reminder.sent_by_id", "suspension.account_id",
        "thread_alias.writer_key", "topic.created_by_id", "unsealing.asked_by_id", "unsealing.decided_by_id",
        "vote.account_id", "minutes_remark.account_id",
    }
)  # fmt: skip
"""Columns of the record: who did, decided or was there, as a key that leads to no name any more."""


def fates() -> Iterator[tuple[str, Fate]]:
    """Give "table.column" and its fate for every column that refers to a person."""
    for name in sorted(_KEPT):
        yield name, Fate.KEPT
    for _, model, _ in DELETED:
        column = "author_id" if model is StaffNote else "account_id"
        yield f"{model.__tablename__}.{column}", Fate.DELETED
    for name in ("answer_draft.writer_key", "search_export.account_id"):
        yield name, Fate.DELETED
    for name in ("membership.account_id", "mandate.account_id", "paper_author.account_id"):
        yield name, Fate.ENDED
    for name in ("late_entry.writer_key", "moderator_absence.deputy_id"):
        yield name, Fate.BLANKED
