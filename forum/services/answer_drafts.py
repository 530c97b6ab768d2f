"""The draft of an answer: saved question by question on the server, shared by colleagues, no lost update."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.answers import Answer, AnswerDraft, fingerprint
from forum.domain.consultations import Consultation, ConsultationState
from forum.domain.groups import Group
from forum.domain.questionnaires import QuestionKind, Value, read_value
from forum.errors import Invalid, NotAllowed
from forum.policy import Actor
from forum.services.chatham import is_sealed
from forum.services.consultations import get_consultation
from forum.services.indexing import start_of_day
from forum.services.questionnaires import load_questionnaire
from forum.services.respondents import Respondent, get_respondent, stored_key


@dataclass(frozen=True, slots=True)
class Written:
    """What was typed for one question, and the version of it that the page showed."""

    raw: Any
    version: int
    base: str = ""
    """The fingerprint of what the page showed; empty where it is not known."""


@dataclass(frozen=True, slots=True)
class Theirs:
    """What somebody else saved for a question meanwhile."""

    value: Value | None
    version: int
    name: str
    """Empty where it may not be said, or nobody knows any more."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Saved:
    """A draft after a save: the versions as they are now, and what was not overwritten."""

    draft: AnswerDraft
    conflicts: Mapping[str, Theirs] = field(default_factory=dict)
    stored: frozenset[str] = frozenset()
    """The questions, of those that were typed, whose stored answer is the typed one now."""


def find_draft(
    session: Session, group: Group, consultation: Consultation, respondent: Respondent, sealing_secret: bytes
) -> AnswerDraft | None:
    """Give the draft that a respondent shares, None before it is begun; the caller asked who they are."""
    key = stored_key(group, respondent.key, sealing_secret)
    return session.scalars(
        sa.select(AnswerDraft).where(
            AnswerDraft.consultation_id == consultation.id, AnswerDraft.writer_key == key
        )
    ).first()


def save_draft(
    session: Session,
    actor: Actor,
    slug: str,
    consultation_id: str,
    respondent_slug: str | None,
    written: Mapping[str, Written],
    *,
    now: datetime,
    sealing_secret: bytes,
) -> Saved:
    """Save what was typed, question by question; one that somebody else changed meanwhile stays as it is.

    Invalid (at the question's key) for what a question does not take; then nothing is saved. Files come
    and go by answer_files.
    """
    place = get_place(session, actor, slug, consultation_id, respondent_slug)
    questions = {one.key: one for one in load_questionnaire(session, place.consultation.id).questions}
    values = {}
    for key, one in written.items():
        if key not in questions:
            raise Invalid("There is no such question: %(key)s.", key=key[:40])
        if questions[key].kind is QuestionKind.FILE:
            raise Invalid("Choose from what the question offers.", field=key)
        values[key] = read_value(questions[key], one.raw)
    draft, by, now = open_draft(session, actor, place, now=now, sealing_secret=sealing_secret)
    conflicts: dict[str, Theirs] = {}
    entries = dict(draft.entries)
    for key, value in values.items():
        entry = entries.get(key, {"value": None, "version": 0})
        if value == entry["value"]:
            continue
        if fingerprint(value) == written[key].base and written[key].version != entry["version"]:
            continue  # untouched here, changed by somebody else: theirs stands
        if written[key].version != entry["version"]:
            conflicts[key] = _theirs(session, entry)
            continue
        entries[key] = {"value": value, "version": entry["version"] + 1, "by": by, "at": now.isoformat()}
    if entries != draft.entries:
        draft.entries, draft.edited_at = entries, now
    session.flush()
    stored = frozenset(
        key for key, value in values.items() if entries.get(key, {"value": None})["value"] == value
    )
    return Saved(draft, conflicts, stored)


@dataclass(frozen=True, slots=True)
class Place:
    """A consultation that takes drafts, and as whom the actor writes."""

    group: Group
    consultation: Consultation
    respondent: Respondent


def get_place(
    session: Session, actor: Actor, slug: str, consultation_id: str, respondent_slug: str | None
) -> Place:
    """Give where the actor may write a draft; NotFound or NotAllowed where they may not."""
    subject = get_consultation(session, actor, slug, consultation_id)
    consultation: Consultation = subject.row
    respondent = get_respondent(session, actor, subject.group, consultation, respondent_slug)
    if consultation.state is ConsultationState.DRAFT:
        raise NotAllowed("This consultation is not open yet.")
    return Place(subject.group, consultation, respondent)


def open_draft(
    session: Session, actor: Actor, place: Place, *, now: datetime, sealing_secret: bytes
) -> tuple[AnswerDraft, str | None, datetime]:
    """Give the draft, begun where it is not, who is noted as writing on it, and the time that is noted."""
    sealed = is_sealed(place.group)
    # Under the Chatham House Rule times are days, and nobody is noted.
    now = start_of_day(now) if sealed else now
    draft = find_draft(session, place.group, place.consultation, place.respondent, sealing_secret)
    if draft is None:
        draft = _begin(session, place.group, place.consultation, place.respondent, now, sealing_secret)
    return draft, None if sealed else actor.public_id, now


def _begin(
    session: Session,
    group: Group,
    consultation: Consultation,
    respondent: Respondent,
    now: datetime,
    sealing_secret: bytes,
) -> AnswerDraft:
    """Begin a draft; from what was sent, where something was."""
    key = stored_key(group, respondent.key, sealing_secret)
    sent = session.scalars(
        sa.select(Answer).where(Answer.consultation_id == consultation.id, Answer.writer_key == key)
    ).first()
    values = sent.values if sent else {}
    draft = AnswerDraft(
        consultation_id=consultation.id,
        writer_key=key,
        entries={
            name: {"value": value, "version": 1, "by": None, "at": now.isoformat()}
            for name, value in values.items()
        },
        created_at=now,
        edited_at=now,
    )
    session.add(draft)
    session.flush()
    return draft


def _theirs(session: Session, entry: Mapping[str, Any]) -> Theirs:
    by = entry.get("by")
    name = session.scalar(sa.select(Account.name).where(Account.public_id == by)) if by else None
    return Theirs(entry["value"], entry["version"], name or "", datetime.fromisoformat(entry["at"]))
