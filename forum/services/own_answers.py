"""Where an actor stands in a consultation: as whom they may answer, how far, and what was sent."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.answers import Answer, AnswerDraft
from forum.domain.consultations import Consultation
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.policy import Actor
from forum.services.respondents import Respondent, list_respondents, stored_key


@dataclass(frozen=True, slots=True)
class OwnAnswer:
    """One body (or the person) and its answer."""

    respondent: Respondent
    answered: int
    """Questions answered in the draft, or where none is begun in what was sent."""
    sent: Answer | None
    """What stands; None where nothing was sent, or it was withdrawn."""


def list_own_answers(
    session: Session, actor: Actor, group: Group, consultation: Consultation, sealing_secret: bytes
) -> Sequence[OwnAnswer]:
    """Give the actor's answers to a consultation, one for each as whom they may answer; four statements."""
    respondents = list_respondents(session, actor, group, consultation)
    if not respondents:
        return []
    keys = {one.slug: stored_key(group, one.key, sealing_secret) for one in respondents}
    drafts = {
        draft.writer_key: draft
        for draft in session.scalars(
            sa.select(AnswerDraft).where(
                AnswerDraft.consultation_id == consultation.id, AnswerDraft.writer_key.in_(keys.values())
            )
        )
    }
    answers = {
        answer.writer_key: answer
        for answer in session.scalars(
            sa.select(Answer).where(
                Answer.consultation_id == consultation.id,
                Answer.writer_key.in_(keys.values()),
                Answer.status != Status.WITHDRAWN,
            )
        )
    }
    found = []
    for one in respondents:
        draft, sent = drafts.get(keys[one.slug]), answers.get(keys[one.slug])
        values = draft.values if draft else sent.values if sent else {}
        found.append(OwnAnswer(one, len(values), sent))
    return found
