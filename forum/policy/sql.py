"""READ as an SQL condition: the twin of rules.can_read()."""

from typing import Any

import sqlalchemy as sa

from forum.domain.attribution import Authorship, SubjectKind
from forum.domain.groups import Group
from forum.domain.labels import WRITER_READS, Ceiling, Tlp
from forum.domain.tables import attachments, consultations, papers, threads
from forum.policy.actor import Actor
from forum.policy.labels import COMMUNITY, PUBLIC

SUBJECT_OF: dict[type, SubjectKind] = {
    threads.Thread: SubjectKind.THREAD,
    threads.Post: SubjectKind.POST,
    papers.PaperVersion: SubjectKind.VERSION,
    attachments.Attachment: SubjectKind.ATTACHMENT,
    consultations.Consultation: SubjectKind.CONSULTATION,
}
MODEL_OF: dict[SubjectKind, Any] = {kind: model for model, kind in SUBJECT_OF.items()}


def written_by(actor: Actor, model: Any) -> sa.ColumnElement[bool]:
    """Give the condition under which the actor, or a body they speak for today, wrote a row."""
    if not actor.writer_keys:
        return sa.false()
    entity = sa.inspect(model).mapper.class_
    return (
        sa.select(sa.literal(1))
        .select_from(Authorship)
        .where(
            Authorship.subject_kind == SUBJECT_OF[entity],
            Authorship.subject_id == model.id,
            Authorship.writer_key.in_(sorted(actor.writer_keys)),
        )
        .exists()
    )


def visible_to(actor: Actor, model: Any) -> sa.ColumnElement[bool]:
    """Give the condition under which the actor reads rows of a labelled model (or an alias of one)."""
    clearances = sorted(actor.clearances)
    readable = model.audience.in_(clearances)
    if not actor.writer_keys:
        return readable  # type: ignore[no-any-return]
    return sa.or_(
        readable,
        sa.and_(
            model.status.in_(sorted(WRITER_READS)),
            model.own.in_(clearances),
            written_by(actor, model),
        ),
    )


def may_decide(actor: Actor, model: Any) -> sa.ColumnElement[bool]:
    """Give the condition under which a moderator of the group may decide on a row: not their own."""
    return sa.and_(visible_to(actor, model), ~written_by(actor, model))


def base_label_of(model: Any, group: Any = Group) -> sa.ColumnElement[str]:
    """Give, in SQL, the label that rows of a labelled model have when published: labels.base_label().

    For what speaks of held or removed text to others, such as the public log of decisions.
    """
    members = sa.or_(group.ceiling == Ceiling.MEMBERS, model.tlp == Tlp.RED)
    organisations = sa.or_(
        group.ceiling == Ceiling.ORGANISATIONS, model.tlp.in_([Tlp.AMBER, Tlp.AMBER_STRICT])
    )
    community = sa.or_(group.ceiling == Ceiling.COMMUNITY, model.tlp == Tlp.GREEN)
    group_id = sa.cast(group.id, sa.String())
    return sa.case(
        (
            model.named_list_id.is_not(None),
            sa.literal("named:").concat(sa.cast(model.named_list_id, sa.String())),
        ),
        (members, sa.literal("group:").concat(group_id)),
        (organisations, sa.literal("group:").concat(group_id).concat(":organisations")),
        (community, sa.literal(COMMUNITY)),
        else_=sa.literal(PUBLIC),
    )
