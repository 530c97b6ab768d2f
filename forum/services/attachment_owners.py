"""What an attachment belongs to, in statements: the paper or the answer that it came with, and its author."""

from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from forum.domain.answers import Answer
from forum.domain.attachments import Attachment
from forum.domain.consultations import Consultation
from forum.domain.papers import Paper
from forum.services.attribution import ATTRIBUTED, join_author

AUTHOR: Any = SimpleNamespace(
    **{name: sa.func.coalesce(getattr(Paper, name), getattr(Answer, name)).label(name) for name in ATTRIBUTED}
)
"""The Attributed columns of the paper or the answer, where join_owner() has joined them."""

COLUMNS = (
    Paper.public_id.label("paper_public_id"),
    Consultation.public_id.label("consultation_public_id"),
    Answer.received_at,
)
"""Which of the two it is: one of the ids is null, both are for a file of a draft."""


def join_owner(statement: sa.Select[*tuple[Any, ...]]) -> sa.Select[*tuple[Any, ...]]:
    """Join paper, answer and consultation, and their author, onto a statement about attachments."""
    return join_author(
        statement.outerjoin(Paper, Paper.id == Attachment.paper_id)
        .outerjoin(Answer, Answer.id == Attachment.answer_id)
        .outerjoin(Consultation, Consultation.id == Answer.consultation_id),
        AUTHOR,
    )
