"""Submissions: taking an answer, which is in time when it arrived in time, and giving a receipt for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.answers import Answer, AnswerReceipt, LateEntry, Publication, canonical_form, content_hash
from forum.domain.attribution import Authorship, ShownAs, SubjectKind
from forum.domain.consultations import AnswersVisible, Consultation, ConsultationState, is_in_time
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.languages import LANGUAGES
from forum.domain.notices import NoticeKind
from forum.domain.organisations import Organisation
from forum.domain.questionnaires import Question, Value, find_missing, plain_text, read_values
from forum.errors import Invalid, NotAllowed
from forum.policy import Actor
from forum.services.answer_drafts import find_draft
from forum.services.answer_files import adopt_files, check_files, has_files
from forum.services.chatham import is_sealed, type_name
from forum.services.consultations import get_consultation
from forum.services.holding import Hold, Written, find_hold, refuse_protected
from forum.services.indexing import start_of_day
from forum.services.labels import relabel
from forum.services.outbox import enqueue_notice
from forum.services.questionnaires import load_questionnaire
from forum.services.respondents import Respondent, get_respondent, stored_key
from forum.services.sealing import account_key, sealed_key
from forum.services.signing import account_keys, shown_as_choices
from forum.services.statuses import change_answer


@dataclass(frozen=True, slots=True)
class Submission:
    """What is sent: the answers as they were previewed, and how they are to be shown."""

    values: Mapping[str, Any]
    language: str = "en"
    shown_as: ShownAs | None = None
    publication: Publication = Publication.PUBLISH


@dataclass(frozen=True, slots=True)
class Received:
    """An answer that was sent, the receipt of it, and the rule that holds it, if one does."""

    answer: Answer
    receipt: AnswerReceipt
    group: Group
    hold: Hold | None


def submit_answer(
    session: Session,
    actor: Actor,
    slug: str,
    consultation_id: str,
    respondent_slug: str | None,
    submission: Submission,
    *,
    received_at: datetime,
    now: datetime,
    sealing_secret: bytes,
) -> Received:
    """Take an answer that arrived at `received_at`, before any lock was waited for.

    It replaces what the same body or person sent before. Sent again unchanged, it is the same answer.
    """
    subject = get_consultation(session, actor, slug, consultation_id)
    consultation, group = subject.row, subject.group
    respondent = get_respondent(session, actor, group, consultation, respondent_slug)
    if not respondent.may_submit:
        raise NotAllowed(
            "Somebody else sends the answer of %(name)s: you may write on the draft.", name=respondent.name
        )
    key = stored_key(group, respondent.key, sealing_secret)
    late_reason = _admit(session, consultation, key, received_at)
    questions = load_questionnaire(session, consultation.id).questions
    values = read_values(questions, submission.values)
    _check(questions, values, submission)
    answer = session.scalars(
        sa.select(Answer)
        .where(Answer.consultation_id == consultation.id, Answer.writer_key == key)
        .with_for_update()
    ).first()
    files = []
    if has_files(questions):
        draft = find_draft(session, group, consultation, respondent, sealing_secret)
        files = check_files(session, questions, values, draft, answer)
    hold = find_hold(
        session,
        actor,
        group,
        account_keys=account_keys(actor, sealing_secret),
        written=Written(plain_text(questions, values)),
    )
    refuse_protected(hold)
    answer = answer or _new_answer(consultation, group, key, now)
    canonical = canonical_form(consultation.public_id, submission.language, values)
    receipt = _find_same(session, answer, canonical, submission)
    if receipt is not None:
        if any(file.answer_id is None for file in files):
            adopt_files(session, answer, files, now=now)
            relabel(session, group, answer, now=now)
        return Received(answer, receipt, group, hold)
    _sign(session, actor, group, answer, respondent, submission.shown_as)
    answer.values, answer.text = values, plain_text(questions, values)
    answer.title, answer.language = consultation.title, submission.language
    answer.publication, answer.late_reason = submission.publication, late_reason
    answer.content_hash = content_hash(canonical)
    answer.received_at = start_of_day(received_at) if is_sealed(group) else received_at
    answer.edited_at, answer.withdrawn_at = now, None
    removed = answer.status in {Status.HIDDEN, Status.REJECTED}
    # What a moderator took away comes back through a moderator.
    answer.held_because = hold.rule if hold else "removed" if removed else None
    session.add(answer)
    session.flush()
    receipt = _add_receipt(session, actor, group, answer, canonical)
    _record_writers(session, actor, group, answer, key, sealing_secret)
    if has_files(questions):
        adopt_files(session, answer, files, now=now)
    change_answer(session, group, answer, _status_of(session, consultation, answer), now=now)
    if not is_sealed(group):
        # Under the Chatham House Rule a notice would be a record of who wrote it.
        enqueue_notice(
            session,
            NoticeKind.RECEIVED,
            now=now,
            subject_kind=SubjectKind.ANSWER,
            subject_id=answer.id,
            account_id=actor.account_id,
            occasion=f"receipt:{receipt.id}",
        )
    return Received(answer, receipt, group, hold)


def _admit(session: Session, consultation: Consultation, key: str, received_at: datetime) -> str:
    """Give the chair's reason where it comes late and is admitted, else nothing; Invalid where it is not."""
    if is_in_time(consultation, received_at):
        return ""
    entry = session.scalars(
        sa.select(LateEntry).where(
            LateEntry.consultation_id == consultation.id,
            LateEntry.writer_key == key,
            LateEntry.is_admitted.is_(True),
        )
    ).first()
    if entry is not None and (entry.until is None or received_at <= entry.until):
        return entry.reason
    if consultation.state is ConsultationState.DRAFT:
        raise Invalid("This consultation is not open yet. What you wrote is kept.")
    raise Invalid(
        "The consultation “%(title)s” has closed. Your draft is kept; you can ask the chair to take it late.",
        title=consultation.title,
    )


def _check(questions: Sequence[Question], values: Mapping[str, Value], submission: Submission) -> None:
    if not values:
        raise Invalid("Answer at least one question.")
    missing = find_missing(questions, values)
    if missing:
        raise Invalid(
            "This question has to be answered: %(prompt)s", field=missing[0].key, prompt=missing[0].prompt
        )
    if submission.language not in LANGUAGES:
        raise Invalid("Choose one of the languages.", field="language")


def _new_answer(consultation: Consultation, group: Group, key: str, now: datetime) -> Answer:
    return Answer(
        consultation_id=consultation.id,
        group_id=group.id,
        writer_key=key,
        number=0,
        status=Status.RECEIVED,
        tlp=consultation.tlp,
        named_list_id=consultation.named_list_id,
        audience="",
        own="",
        content_hash="",
        created_at=start_of_day(now) if is_sealed(group) else now,
    )


def _find_same(
    session: Session, answer: Answer, canonical: str, submission: Submission
) -> AnswerReceipt | None:
    """Give the receipt where the very same was sent last and stands: pressed twice, or sent again."""
    is_same = (
        answer.id is not None
        and answer.status is not Status.WITHDRAWN
        and answer.content_hash == content_hash(canonical)
        and answer.publication is submission.publication
        and submission.shown_as in (None, answer.shown_as)
    )
    return newest_receipt(session, answer.id) if is_same else None


def _sign(
    session: Session,
    actor: Actor,
    group: Group,
    answer: Answer,
    respondent: Respondent,
    shown_as: ShownAs | None,
) -> None:
    """Write who the answer is from and how they are shown."""
    if is_sealed(group):
        answer.alias = type_name(session, group, respondent.type)
        answer.shown_as = ShownAs.STAKEHOLDER_TYPE
        return
    choices = shown_as_choices(group)
    shown_as = shown_as or choices[0]
    if shown_as not in choices:
        raise Invalid("This group does not show its authors that way.", field="shown_as")
    answer.author_id, answer.organisation_id = actor.account_id, respondent.organisation_id
    answer.stakeholder_type, answer.country = respondent.type, respondent.country
    answer.shown_as = shown_as
    body = session.get(Organisation, respondent.organisation_id) if respondent.organisation_id else None
    answer.is_testimony = body is not None and body.represents_survivors


def _add_receipt(
    session: Session, actor: Actor, group: Group, answer: Answer, canonical: str
) -> AnswerReceipt:
    answer.number += 1
    receipt = AnswerReceipt(
        answer_id=answer.id,
        number=answer.number,
        received_at=answer.received_at,
        content_hash=answer.content_hash,
        is_late=bool(answer.late_reason),
        submitted_by_id=None if is_sealed(group) else actor.account_id,
        canonical=canonical,
    )
    session.add(receipt)
    session.flush()
    return receipt


def _record_writers(
    session: Session, actor: Actor, group: Group, answer: Answer, key: str, sealing_secret: bytes
) -> None:
    """Add the sender and the body to those who wrote it; earlier senders stay."""
    assert actor.account_id is not None
    own = account_key(actor.account_id)
    wanted = {key, sealed_key(sealing_secret, own) if is_sealed(group) else own}
    known = sa.select(Authorship.writer_key).where(
        Authorship.subject_kind == SubjectKind.ANSWER, Authorship.subject_id == answer.id
    )
    session.add_all(
        Authorship(subject_kind=SubjectKind.ANSWER, subject_id=answer.id, writer_key=one)
        for one in sorted(wanted - set(session.scalars(known)))
    )
    session.flush()


def _status_of(session: Session, consultation: Consultation, answer: Answer) -> Status:
    """Give what becomes of an answer that is sent now: received, held for a moderator, or published."""
    if answer.publication is Publication.CONFIDENTIAL or waits(session, consultation):
        return Status.RECEIVED
    return Status.PENDING if answer.held_because else Status.PUBLISHED


def waits(session: Session, consultation: Consultation) -> bool:
    """Whether answers are only received for now, and published by the closing or by the group later."""
    match consultation.answers_visible:
        case AnswersVisible.AT_ONCE:
            return False
        case AnswersVisible.AFTER_CLOSING:
            return consultation.state is not ConsultationState.CLOSED
        case AnswersVisible.ON_PUBLICATION:
            published = sa.select(Answer.id).where(
                Answer.consultation_id == consultation.id, Answer.status == Status.PUBLISHED
            )
            return session.scalar(published.limit(1)) is None


def newest_receipt(session: Session, answer_id: int) -> AnswerReceipt | None:
    """Give the receipt of the last sending."""
    return session.scalars(
        sa.select(AnswerReceipt)
        .where(AnswerReceipt.answer_id == answer_id)
        .order_by(AnswerReceipt.number.desc())
        .limit(1)
    ).first()
