"""Receipts: what was sent each time, for its writers and the consultation's secretariat."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.answers import AnswerReceipt
from forum.errors import NotFound
from forum.policy import Actor
from forum.policy.labels import consultation_secretariat_label
from forum.services.answers import AnswerPage, get_answer


def list_receipts(session: Session, page: AnswerPage) -> Sequence[AnswerReceipt]:
    """Give the receipts of an answer, the last one first; the caller asked who reads."""
    return session.scalars(
        sa.select(AnswerReceipt)
        .where(AnswerReceipt.answer_id == page.answer.id)
        .order_by(AnswerReceipt.number.desc())
    ).all()


def get_receipt(
    session: Session, actor: Actor, slug: str, consultation_id: str, answer_id: str, number: int
) -> tuple[AnswerPage, AnswerReceipt]:
    """Give one receipt; NotFound for everybody but the answer's writers and the secretariat.

    An earlier version was never published: whoever reads the answer may not read what it said before.
    """
    page = get_answer(session, actor, slug, consultation_id, answer_id)
    is_writer = not actor.writer_keys.isdisjoint(page.subject.writer_keys)
    label = consultation_secretariat_label(page.consultation.id)
    receipt = session.scalars(
        sa.select(AnswerReceipt).where(
            AnswerReceipt.answer_id == page.answer.id, AnswerReceipt.number == number
        )
    ).first()
    if receipt is None or not (is_writer or label in actor.clearances):
        raise NotFound
    return page, receipt
