"""READ as an SQL condition: the twin of rules.can_read()."""

from typing import Any

import sqlalchemy as sa

from forum.domain.attribution import Authorship, SubjectKind
from forum.domain.groups import Group
from forum.domain.labels import WRITER_READS, Ceiling, Tlp
from forum.domain.tables import (
    answers,
    assessments,
    attachments,
    ballots,
    consultations,
    directive,
    meetings,
    papers,
    register_entries,
    threads,
)
from forum.policy.actor import Actor
from forum.policy.labels import COMMUNITY, PUBLIC, writers_label

SUBJECT_OF: dict[type, SubjectKind] = {
    threads.Thread: SubjectKind.THREAD,
    threads.Post: SubjectKind.POST,
    papers.PaperVersion: SubjectKind.VERSION,
    attachments.Attachment: SubjectKind.ATTACHMENT,
    consultations.Consultation: SubjectKind.CONSULTATION,
    answers.Answer: SubjectKind.ANSWER,
    assessments.Assessment: SubjectKind.ASSESSMENT,
    register_entries.RegisterEntry: SubjectKind.ENTRY,
    meetings.Meeting: SubjectKind.MEETING,
    ballots.Ballot: SubjectKind.BALLOT,
    directive.ArticleStatus: SubjectKind.ARTICLE_STATUS,
}
MODEL_OF: dict[SubjectKind, Any] = {kind: model for model, kind in SUBJECT_OF.items()}


def written_by(actor: Actor, model: Any) -> sa.ColumnElement[bool]:
    """Give the condition under which the actor, or a body they speak for today, wrote a row."""
    return _written(model, sorted(actor.writer_keys)) if actor.writer_keys else sa.false()


def _written(model: Any, keys: Any) -> sa.ColumnElement[bool]:
    entity = sa.inspect(model).mapper.class_
    return (
        sa.select(sa.literal(1))
        .select_from(Authorship)
        .where(
            Authorship.subject_kind == SUBJECT_OF[entity],
            Authorship.subject_id == model.id,
            Authorship.writer_key.in_(keys),
        )
        .exists()
    )


def writes_drafts_of(actor: Actor, model: Any) -> sa.ColumnElement[bool]:
    """Give the condition that a version belongs to a paper whose drafts the actor writes, not only reads."""
    prefix = writers_label(0)[:-1]
    papers = [int(label.removeprefix(prefix)) for label in actor.clearances if label.startswith(prefix)]
    return model.paper_id.in_(sorted(papers)) if papers else sa.false()


def visible_to(actor: Actor, model: Any) -> sa.ColumnElement[bool]:
    """Give the condition under which the actor reads rows of a labelled model (or an alias of one)."""
    written = written_by(actor, model) if actor.writer_keys else None
    return _visible(model, sorted(actor.clearances), written)


def visible_to_reader(model: Any, *, is_signed_in: bool) -> sa.ColumnElement[bool]:
    """Give the same condition with the reader left open, for a statement that is built once and kept.

    Execute it with reader_parameters(actor); ask for the form of people who are signed in, or of visitors.
    """
    written = written_by_reader(model) if is_signed_in else None
    return _visible(model, sa.bindparam("reader_clearances", expanding=True), written)


def written_by_reader(model: Any) -> sa.ColumnElement[bool]:
    """Give the condition that the reader, left open, wrote a row: execute it with reader_parameters()."""
    return _written(model, sa.bindparam("reader_keys", expanding=True))


def reader_parameters(actor: Actor) -> dict[str, Any]:
    """Give the parameters of the statements that visible_to_reader() stands in."""
    parameters: dict[str, Any] = {"reader_clearances": sorted(actor.clearances)}
    if actor.writer_keys:
        parameters["reader_keys"] = sorted(actor.writer_keys)
    return parameters


def _visible(model: Any, clearances: Any, written: sa.ColumnElement[bool] | None) -> sa.ColumnElement[bool]:
    readable = model.audience.in_(clearances)
    if written is None:
        return readable  # type: ignore[no-any-return]
    return sa.or_(
        readable,
        sa.and_(model.status.in_(sorted(WRITER_READS)), model.own.in_(clearances), written),
    )


def may_decide(actor: Actor, model: Any) -> sa.ColumnElement[bool]:
    """Give the condition under which a moderator of the group may decide on a row: not their own."""
    return sa.and_(visible_to(actor, model), ~written_by(actor, model))


def may_decide_reader(model: Any) -> sa.ColumnElement[bool]:
    """Give the same condition with the moderator left open: execute it with reader_parameters()."""
    return sa.and_(visible_to_reader(model, is_signed_in=True), ~written_by_reader(model))


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
