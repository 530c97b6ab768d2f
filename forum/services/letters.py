"""What a mail may say: the facts of a notice, with every right asked again when it is sent.

None means that no mail goes out. Closed text never leaves by mail: at most a title that the reader may
still read, and no title of a RED or first-person text. No author is named.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import AccessRequest, Account, Invitation, InvitationPurpose
from forum.domain.answers import AnswerReceipt
from forum.domain.appeals import APPEALABLE, Side
from forum.domain.attribution import Attribution, SubjectKind
from forum.domain.consultations import ConsultationState
from forum.domain.groups import Group, Stage
from forum.domain.moderation import Action as Decision
from forum.domain.moderation import ModerationDecision
from forum.domain.notices import Notice, NoticeKind
from forum.domain.organisations import Organisation
from forum.domain.statements import Statement
from forum.errors import Conflict, NotFound
from forum.policy import Action, Actor, can
from forum.policy.labels import PUBLIC, base_label
from forum.policy.rules import title_may_leave
from forum.policy.subjects import Subject
from forum.services.actors import load_actor
from forum.services.addresses import (
    appeal_path,
    declarations_path,
    group_path,
    outcome_of_flag_path,
    signing_path,
    stages_path,
    statement_path,
    subject_path,
)
from forum.services.chatham import is_sealed
from forum.services.decisions import is_undone
from forum.services.groups import rule_text
from forum.services.invitations import get_offer, invitation_token
from forum.services.recipients import wants_mail
from forum.services.respondents import answered_keys, list_respondents
from forum.services.stage_seats import is_awaited
from forum.services.subjects import find_subject


@dataclass(frozen=True, slots=True)
class InvitationLetter:
    """The facts of a mail that carries an invitation."""

    invitation_public_id: str
    purpose: InvitationPurpose
    email: str
    name: str
    language: str
    path: str
    expires_at: datetime
    group: str | None
    organisation: str | None
    inviter: str | None


CONTRIBUTIONS_PATH = "/me/contributions"
NOTICES_PATH = "/notifications/"

RECORD_PATH = "/me/record"

ALWAYS_TOLD = frozenset(
    {NoticeKind.FLAG_ANSWERED, NoticeKind.APPEAL_FILED, NoticeKind.APPEAL_ANSWERED, NoticeKind.UNSEALED}
)
"""Told to whoever had a part in it, whether or not they (still) can read what it was about."""
_OF_THE_WRITER = frozenset({NoticeKind.HELD, NoticeKind.DECIDED, NoticeKind.APPEAL_ANSWERED})


OF_STAGES = frozenset({NoticeKind.STAGE_OPENED, NoticeKind.SEAT_REMINDED})
"""What leads to a group's procedure."""


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """What was received, when, and its hash: no word of it."""

    number: int
    received_at: datetime
    content_hash: str
    is_late: bool


@dataclass(frozen=True, slots=True)
class Letter:
    """The facts of one mail; what is None stays out of it."""

    notice_id: int
    notice_public_id: str
    kind: NoticeKind
    email: str
    name: str
    language: str
    account_public_id: str
    path: str
    group: str | None = None
    title: str | None = None
    decision: Decision | None = None
    rule: str | None = None
    reason: str | None = None
    """Only where the contribution is public: a reason may quote what it is about."""
    receipt: ReceiptFacts | None = None
    closes_at: datetime | None = None
    """When the consultation or the stage closes that the reader is told of."""
    time_zone: str = "UTC"
    may_appeal: bool = False
    meets_at: datetime | None = None
    """When the meeting begins that the mail is about."""
    is_granted: bool | None = None
    """Whether the reader was given the seat they asked for."""


def get_letter(session: Session, notice_id: int, *, now: datetime, sealing_secret: bytes) -> Letter | None:
    """Give what a mail about a notice may say, or None where it is moot or the right to know is gone."""
    notice = session.get(Notice, notice_id)
    if notice is None or notice.mailed_at is not None or notice.read_at is not None:
        return None
    return write_letter(session, notice, now=now, sealing_secret=sealing_secret)


def write_letter(
    session: Session,
    notice: Notice,
    *,
    now: datetime,
    sealing_secret: bytes,
    will_read: Subject | None = None,
    answer: tuple[bool, str] | None = None,
) -> Letter | None:
    """Give what the mail about a notice says to its reader now; one that is not stored yet is a preview.

    `will_read` is what the reader will be able to read by then, such as a meeting about to be convened;
    `answer` whether a seat is about to be given, and why.
    """
    account = session.get(Account, notice.account_id)
    actor = load_actor(session, notice.account_id, now=now, sealing_secret=sealing_secret)
    if account is None or not actor.is_signed_in or not wants_mail(session, account.id, notice.kind):
        return None
    if notice.decision_id is not None and is_undone(session, notice.decision_id):
        return None
    if notice.kind in OF_APPLICANTS:
        return _write_standing(session, notice, account, actor, answer)
    subject = will_read or _subject(session, notice)
    group = session.get(Group, notice.group_id) if notice.group_id is not None else None
    reads = subject is not None and (subject is will_read or can(actor, Action.READ, subject))
    knows_group = group is not None and can(actor, Action.SEE_LISTING, group)
    stage = _stage(session, notice)
    if notice.kind is NoticeKind.SEAT_REMINDED and not (
        stage and group and is_awaited(session, group, stage, account.id, now=now)
    ):
        return None
    if notice.kind is NoticeKind.REMINDED and _has_answered(session, notice, actor, sealing_secret):
        return None
    decision = session.get(ModerationDecision, notice.decision_id) if notice.decision_id else None
    is_moved = decision is not None and decision.action is Decision.MOVE
    if not (is_moved or notice.kind in ALWAYS_TOLD or _may_be_told(notice, reads, knows_group)):
        return None
    says_more = decision is not None and reads and _is_public(subject)
    return Letter(
        notice_id=notice.id or 0,
        notice_public_id=notice.public_id,
        kind=notice.kind,
        email=account.email or "",
        name=account.name,
        language=account.language,
        account_public_id=account.public_id,
        path=outcome_path(session, notice)
        or _path(notice, actor, subject if reads else None, group if knows_group else None),
        group=group.short_title if group is not None and knows_group else None,
        title=find_title(session, actor, subject) if subject is not None and reads else None,
        decision=decision.action if decision else None,
        rule=rule_text(group, decision.rule) if group and decision and says_more else None,
        reason=decision.reason if decision and says_more else None,
        may_appeal=decision is not None and may_be_appealed(notice.kind, decision.action),
        **_occasion(session, notice, subject if reads else None, account, stage if knows_group else None),
    )


OF_APPLICANTS = frozenset({NoticeKind.SEAT_DECIDED, NoticeKind.DECLARATION_ASKED})
"""About one's own standing in a group: told while one sees it listed."""


def _write_standing(
    session: Session, notice: Notice, account: Account, actor: Actor, answer: tuple[bool, str] | None
) -> Letter | None:
    """Give the mail about an application for a seat, with its reasons, or about a declaration."""
    group = session.get(Group, notice.group_id) if notice.group_id is not None else None
    if group is None or not can(actor, Action.SEE_LISTING, group):
        return None
    is_granted, reason, path = None, None, declarations_path(group.slug)
    if notice.kind is NoticeKind.SEAT_DECIDED:
        public_id = (notice.occasion or "").removeprefix("application:")
        request = session.scalars(
            sa.select(AccessRequest).where(
                AccessRequest.public_id == public_id, AccessRequest.account_id == account.id
            )
        ).first()
        if request is None:
            return None
        is_granted, reason = answer or (request.is_granted, request.reason)
        path = f"{group_path(group.slug)}members/"
    elif not can(actor, Action.DECLARE, group):
        return None
    return Letter(
        notice_id=notice.id or 0,
        notice_public_id=notice.public_id,
        kind=notice.kind,
        email=account.email or "",
        name=account.name,
        language=account.language,
        account_public_id=account.public_id,
        path=path,
        group=group.short_title,
        reason=reason,
        is_granted=is_granted,
    )


def _occasion(
    session: Session, notice: Notice, subject: Subject | None, account: Account, stage: Stage | None
) -> dict[str, Any]:
    """Give the facts of a receipt, a reminder or a stage."""
    if stage is not None:
        return {"closes_at": stage.closes_at, "time_zone": stage.time_zone}
    if subject is None or notice.occasion is None:
        return {}
    if subject.kind is SubjectKind.MEETING and notice.kind is not NoticeKind.MINUTES:
        return {"meets_at": subject.row.starts_at, "time_zone": subject.row.time_zone}
    if subject.kind is SubjectKind.BALLOT:
        return {"closes_at": subject.row.closes_at, "time_zone": subject.row.time_zone}
    kind, _, number = notice.occasion.partition(":")
    if kind == "receipt":
        receipt = session.get(AnswerReceipt, int(number))
        if receipt is None or receipt.answer_id != subject.row.id:
            return {}
        facts = ReceiptFacts(receipt.number, receipt.received_at, receipt.content_hash, receipt.is_late)
        return {"receipt": facts, "time_zone": account.time_zone}
    if kind == "reminder" and subject.kind is SubjectKind.CONSULTATION:
        return {"closes_at": subject.row.closes_at, "time_zone": subject.row.time_zone}
    return {}


def _stage(session: Session, notice: Notice) -> Stage | None:
    """Give the stage that a notice is about."""
    kind, *numbers = (notice.occasion or "").split(":")
    return session.get(Stage, int(numbers[0])) if kind == "stage" else None


def _has_answered(session: Session, notice: Notice, actor: Actor, sealing_secret: bytes) -> bool:
    """Whether a reminder has become moot: the consultation is over, or nothing is left to send."""
    subject = _subject(session, notice)
    if subject is None or subject.kind is not SubjectKind.CONSULTATION:
        return True
    if subject.row.state is not ConsultationState.OPEN:
        return True
    if is_sealed(subject.group):
        return False  # whether somebody answered is not to be seen from who got a mail
    answered = answered_keys(session, subject.row.id)
    asked = list_respondents(session, actor, subject.group, subject.row)
    return all(one.key in answered for one in asked)


def may_be_appealed(kind: NoticeKind, action: Decision) -> bool:
    """Whether whoever is told of a decision in this way can appeal against it."""
    side = {NoticeKind.DECIDED: Side.AUTHOR, NoticeKind.FLAG_ANSWERED: Side.FLAGGER}.get(kind)
    return side is not None and action in APPEALABLE[side]


def outcome_path(session: Session, notice: Notice) -> str | None:
    """Give the page of the statement, of what became of a flag, or of an appeal that a notice leads to."""
    if (notice.occasion or "").startswith("appeal:"):
        return appeal_path(str(notice.occasion).removeprefix("appeal:"))
    if notice.decision_id is None:
        return None
    if notice.kind is NoticeKind.FLAG_ANSWERED:
        decision = session.get_one(ModerationDecision, notice.decision_id)
        return outcome_of_flag_path(decision.public_id)
    if notice.kind is NoticeKind.DECIDED:
        statement = sa.select(Statement.public_id).where(Statement.decision_id == notice.decision_id)
        found = session.scalar(statement)
        return statement_path(found) if found is not None else None
    return None


def get_invitation_letter(
    session: Session, invitation_id: int, *, secret: bytes, now: datetime
) -> InvitationLetter | None:
    """Give what the mail of an invitation says, or None once it can no longer be used."""
    invitation = session.get(Invitation, invitation_id)
    if invitation is None:
        return None
    token = invitation_token(secret, invitation)
    try:
        offer = get_offer(session, token, secret=secret, now=now)
    except (Conflict, NotFound):
        return None
    return InvitationLetter(
        invitation_public_id=invitation.public_id,
        purpose=invitation.purpose,
        email=invitation.email,
        name=invitation.name or (offer.account.name if offer.account else ""),
        language=offer.account.language if offer.account else "en",
        path=f"/accounts/invitations/{token}",
        expires_at=invitation.expires_at,
        group=offer.group.title if offer.group else None,
        organisation=offer.organisation.name if offer.organisation else None,
        inviter=offer.inviter.name if offer.inviter else None,
    )


def mark_mailed(session: Session, notice_id: int, *, now: datetime) -> None:
    """Record that a notice was mailed; only the day where authorship is sealed."""
    notice = session.get(Notice, notice_id)
    if notice is None:
        return
    group = session.get(Group, notice.group_id) if notice.group_id is not None else None
    is_sealed = group is not None and group.attribution is Attribution.CHATHAM_HOUSE
    notice.mailed_at = now.replace(hour=0, minute=0, second=0, microsecond=0) if is_sealed else now


def find_title(session: Session, actor: Actor, subject: Subject) -> str | None:
    """Give the title that may go into a mail: none of RED, named or first-person text.

    Nor that of a discussion which the reader cannot read, though they wrote a reply in it.
    """
    row, thread = subject.row, subject.thread
    if thread is not None and thread.audience not in actor.clearances and getattr(row, "number", 1) != 1:
        return None
    is_part = subject.kind in {SubjectKind.VERSION, SubjectKind.ATTACHMENT}
    writer = (subject.paper or subject.answer) if is_part else row
    organisation_id = getattr(writer, "organisation_id", None)
    organisation = session.get(Organisation, organisation_id) if organisation_id is not None else None
    is_of_survivors = organisation is not None and organisation.represents_survivors
    if not title_may_leave(row.tlp, row.named_list_id, is_of_survivors=is_of_survivors):
        return None
    title = thread.title if thread is not None else getattr(row, "title", None)
    return title or None


def _subject(session: Session, notice: Notice) -> Subject | None:
    if notice.subject_kind is None or notice.subject_id is None:
        return None
    return find_subject(session, notice.subject_kind, notice.subject_id)


def _may_be_told(notice: Notice, reads: bool, knows_group: bool) -> bool:
    if notice.subject_id is not None:
        return reads
    return notice.group_id is None or knows_group


def _is_public(subject: Subject | None) -> bool:
    if subject is None:
        return False
    row, group = subject.row, subject.group
    return base_label(group.ceiling, row.tlp, group.id, row.named_list_id) == PUBLIC


def _path(notice: Notice, actor: Actor, subject: Subject | None, group: Group | None) -> str:
    if notice.kind in _OF_THE_WRITER:
        return CONTRIBUTIONS_PATH
    if notice.kind is NoticeKind.UNSEALED:
        return RECORD_PATH
    if subject is not None and notice.kind is NoticeKind.SIGNATURE_ASKED and subject.paper is not None:
        return signing_path(subject.paper.public_id)
    if subject is not None:
        return subject_path(subject)
    if group is not None and notice.kind is not NoticeKind.FLAG_ANSWERED and can(actor, Action.READ, group):
        is_of_stage = notice.kind in OF_STAGES
        return stages_path(group.slug) if is_of_stage else group_path(group.slug)
    return NOTICES_PATH
