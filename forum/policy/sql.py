"""READ as an SQL condition: the twin of rules.can_read()."""

from typing import Any

import sqlalchemy as sa

from forum.domain.attribution import Authorship, SubjectKind
from forum.domain.labels import WRITER_READS
from forum.domain.tables import attachments, consultations, papers, threads
from forum.policy.actor import Actor

SUBJECT_OF: dict[type, SubjectKind] = {
    threads.Thread: SubjectKind.THREAD,
    threads.Post: SubjectKind.POST,
    papers.PaperVersion: SubjectKind.VERSION,
    attachments.Attachment: SubjectKind.ATTACHMENT,
    consultations.Consultation: SubjectKind.CONSULTATION,
}
MODEL_OF: dict[SubjectKind, Any] = {kind: model for model, kind in SUBJECT_OF.items()}


def visible_to(actor: Actor, model: Any) -> sa.ColumnElement[bool]:
    """Give the condition under which the actor reads rows of a labelled model (or an alias of one)."""
    clearances = sorted(actor.clearances)
    readable = model.audience.in_(clearances)
    if not actor.writer_keys:
        return readable  # type: ignore[no-any-return]
    entity = sa.inspect(model).mapper.class_
    written = (
        sa.select(sa.literal(1))
        .select_from(Authorship)
        .where(
            Authorship.subject_kind == SUBJECT_OF[entity],
            Authorship.subject_id == model.id,
            Authorship.writer_key.in_(sorted(actor.writer_keys)),
        )
        .exists()
    )
    return sa.or_(
        readable,
        sa.and_(
            model.status.in_(sorted(WRITER_READS)),
            model.own.in_(clearances),
            written,
        ),
    )
