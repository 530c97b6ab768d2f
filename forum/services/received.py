"""What a consultation received: published at its closing or by its group, all in one transaction."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.answers import Answer, Publication
from forum.domain.consultations import Consultation
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.papers import Paper, PaperVersion
from forum.services.statuses import change_answer, change_status
from forum.services.subjects import subject_of


def publish_received(session: Session, consultation: Consultation, *, now: datetime) -> int:
    """Publish received answers; one that the group's rule holds goes to its moderators first."""
    versions = session.scalars(
        sa.select(PaperVersion)
        .join(Paper, Paper.id == PaperVersion.paper_id)
        .where(Paper.consultation_id == consultation.id, PaperVersion.status == Status.RECEIVED)
        .order_by(PaperVersion.paper_id, PaperVersion.number)
    ).all()
    for version in versions:
        status = Status.PENDING if version.held_because else Status.PUBLISHED
        change_status(session, subject_of(session, version), status, now=now)
    group = session.get_one(Group, consultation.group_id)
    answers = session.scalars(
        sa.select(Answer)
        .where(
            Answer.consultation_id == consultation.id,
            Answer.status == Status.RECEIVED,
            Answer.publication == Publication.PUBLISH,
        )
        .order_by(Answer.id)
    ).all()
    for answer in answers:
        status = Status.PENDING if answer.held_because else Status.PUBLISHED
        change_answer(session, group, answer, status, now=now)
    return len(versions) + len(answers)
