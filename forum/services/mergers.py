"""Merging two records of one body: everything of the one goes to the other, and its address leads there."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.answers import Answer, AnswerDraft, LateEntry
from forum.domain.attribution import Authorship
from forum.domain.audit import AuditAction
from forum.domain.consultations import AskedOrganisation
from forum.domain.groups import Membership, Seat
from forum.domain.organisations import FormerName, Mandate, MemberBody, Organisation, match_key
from forum.domain.papers import Paper, PaperOwner
from forum.domain.tables import metadata
from forum.domain.threads import Post, ThreadAlias
from forum.errors import Invalid
from forum.policy import Action, Actor, require
from forum.services.audit import record
from forum.services.indexing import enqueue_answers, enqueue_written
from forum.services.organisations import get_organisation
from forum.services.sealing import organisation_key, sealed_key

_BY_HAND = frozenset(
    {
        "organisation",
        "former_name",
        "member_body",
        "paper_owner",
        "mandate",
        "seat",
        "asked_organisation",
    }
)
"""Tables where a row of the one may meet a row of the other; every other one is simply rewritten."""


def merge_organisations(
    session: Session, actor: Actor, kept_slug: str, merged_slug: str, *, now: datetime, sealing_secret: bytes
) -> Organisation:
    """Make one body of two; gives the one that stays.

    Mandates, seats, papers, posts and authorships move; the other's names become former names; its address
    leads to the one that stays; what either wrote is indexed anew.
    """
    require(actor, Action.MANAGE_PEOPLE)
    kept, merged = get_organisation(session, kept_slug), get_organisation(session, merged_slug)
    if kept.id == merged.id:
        raise Invalid("Choose two different organisations.", field="other")
    if kept.merged_into_id is not None or merged.merged_into_id is not None:
        raise Invalid("One of the two was merged already.", field="other")
    _index_anew(session, merged.id, now)
    _move_mandates(session, kept.id, merged.id)
    _move_seats(session, kept.id, merged.id, now)
    _move_pairs(session, kept.id, merged.id)
    _move_names(session, kept, merged, now)
    for column in organisation_columns():
        session.execute(
            sa.update(column.table).where(column == merged.id).values({column.name: kept.id}),
            execution_options={"synchronize_session": False},
        )
    _move_writer_keys(session, kept.id, merged.id, sealing_secret)
    merged.merged_into_id = kept.id
    session.flush()
    record(
        session,
        actor,
        AuditAction.ORGANISATIONS_MERGED,
        now=now,
        subject_kind="organisation",
        subject=kept.public_id,
        merged=merged.public_id,
    )
    session.expire_all()
    return session.get_one(Organisation, kept.id)


def organisation_columns() -> list[sa.Column[Any]]:
    """Give the columns that point at a body and can be rewritten as they are, in every table there is."""
    return [
        foreign_key.parent
        for table in metadata.sorted_tables
        if table.name not in _BY_HAND
        for foreign_key in sorted(table.foreign_keys, key=lambda key: key.parent.name)
        if foreign_key.column.table.name == "organisation"
    ]


def _index_anew(session: Session, merged_id: int, now: datetime) -> None:
    owned = sa.select(PaperOwner.paper_id).where(PaperOwner.organisation_id == merged_id)
    enqueue_written(
        session,
        Post.organisation_id == merged_id,
        sa.or_(Paper.organisation_id == merged_id, Paper.id.in_(owned)),
        now=now,
    )
    enqueue_answers(session, Answer.organisation_id == merged_id, now=now)


def _move_mandates(session: Session, kept_id: int, merged_id: int) -> None:
    """A mandate of the same person for the same days would be held twice: it goes."""
    mine = {
        (row.account_id, row.starts_on, row.ends_on)
        for row in session.scalars(sa.select(Mandate).where(Mandate.organisation_id == kept_id))
    }
    for row in session.scalars(sa.select(Mandate).where(Mandate.organisation_id == merged_id)).all():
        if (row.account_id, row.starts_on, row.ends_on) in mine:
            session.delete(row)
        else:
            row.organisation_id = kept_id


def _move_seats(session: Session, kept_id: int, merged_id: int, now: datetime) -> None:
    """Where both had a seat in a group one stays, and the other's people become its alternates."""
    mine = {
        row.group_id: row
        for row in session.scalars(
            sa.select(Seat).where(Seat.organisation_id == kept_id, Seat.ended_at.is_(None))
        )
    }
    for row in session.scalars(sa.select(Seat).where(Seat.organisation_id == merged_id)).all():
        row.organisation_id = kept_id
        other = mine.get(row.group_id)
        if other is None or row.ended_at is not None:
            continue
        sitting = set(
            session.scalars(
                sa.select(Membership.account_id).where(
                    Membership.seat_id == other.id, Membership.ended_at.is_(None)
                )
            )
        )
        is_filled = session.scalar(
            sa.select(Membership.id)
            .where(
                Membership.seat_id == other.id,
                Membership.ended_at.is_(None),
                Membership.is_alternate.is_(False),
            )
            .limit(1)
        )
        for membership in session.scalars(
            sa.select(Membership).where(Membership.seat_id == row.id, Membership.ended_at.is_(None))
        ):
            if membership.account_id in sitting:
                membership.ended_at = now
                continue
            membership.seat_id = other.id
            membership.is_alternate = membership.is_alternate or is_filled is not None
        row.ended_at = now
    session.flush()


def _move_pairs(session: Session, kept_id: int, merged_id: int) -> None:
    """Rows whose key holds the body: moved where the one that stays has none, else dropped."""
    for column, others in (
        (PaperOwner.organisation_id, [PaperOwner.paper_id]),
        (AskedOrganisation.organisation_id, [AskedOrganisation.consultation_id]),
        (MemberBody.umbrella_id, [MemberBody.member_id]),
        (MemberBody.member_id, [MemberBody.umbrella_id]),
    ):
        _move_keys(session, column, others[0], merged_id, kept_id)
    session.execute(sa.delete(MemberBody).where(MemberBody.umbrella_id == MemberBody.member_id))


def _move_keys(session: Session, column: Any, other: Any, old: Any, new: Any) -> None:
    table = column.class_
    taken = sa.select(other).where(column == new).scalar_subquery()
    options = {"synchronize_session": False}
    session.execute(sa.delete(table).where(column == old, other.in_(taken)), execution_options=options)
    session.execute(
        sa.update(table).where(column == old).values({column.key: new}), execution_options=options
    )


def _move_names(session: Session, kept: Organisation, merged: Organisation, now: datetime) -> None:
    held = set(session.scalars(sa.select(FormerName.name).where(FormerName.organisation_id == kept.id)))
    held.add(kept.name)
    for row in session.scalars(sa.select(FormerName).where(FormerName.organisation_id == merged.id)).all():
        if row.name in held:
            session.delete(row)
        else:
            row.organisation_id = kept.id
            held.add(row.name)
    if merged.name not in held:
        session.add(
            FormerName(
                organisation_id=kept.id,
                name=merged.name,
                match_key=match_key(merged.name),
                until=now.date(),
            )
        )


def _move_writer_keys(session: Session, kept_id: int, merged_id: int, sealing_secret: bytes) -> None:
    plain = organisation_key(merged_id), organisation_key(kept_id)
    sealed = sealed_key(sealing_secret, plain[0]), sealed_key(sealing_secret, plain[1])
    options = {"synchronize_session": False}
    for old, new in (plain, sealed):
        twin = sa.alias(Authorship.__table__)
        doubled = (
            sa.select(sa.literal(1))
            .select_from(twin)
            .where(
                twin.c.subject_kind == Authorship.subject_kind,
                twin.c.subject_id == Authorship.subject_id,
                twin.c.writer_key == new,
            )
            .exists()
        )
        session.execute(
            sa.delete(Authorship).where(Authorship.writer_key == old, doubled), execution_options=options
        )
        session.execute(
            sa.update(Authorship).where(Authorship.writer_key == old).values(writer_key=new),
            execution_options=options,
        )
        session.execute(
            sa.update(Paper).where(Paper.sealed_owner == old).values(sealed_owner=new),
            execution_options=options,
        )
        _move_keys(session, ThreadAlias.writer_key, ThreadAlias.thread_id, old, new)
        for model in (Answer, AnswerDraft, LateEntry):
            _move_where_free(session, model, old, new)


def _move_where_free(session: Session, model: Any, old: str, new: str) -> None:
    """Where both bodies answered a consultation, both answers stand: nothing that was sent is dropped."""
    taken = sa.select(model.consultation_id).where(model.writer_key == new).scalar_subquery()
    session.execute(
        sa.update(model)
        .where(model.writer_key == old, model.consultation_id.not_in(taken))
        .values(writer_key=new),
        execution_options={"synchronize_session": False},
    )
