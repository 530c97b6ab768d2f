"""Merging two records of one body."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import PlatformRole
from forum.domain.attribution import Authorship, SubjectKind
from forum.domain.groups import GroupRole, Membership, Seat
from forum.domain.organisations import FormerName, MemberBody, Organisation
from forum.domain.outbox import OutboxEntry, Topic
from forum.domain.papers import Paper, PaperOwner
from forum.domain.tables import metadata
from forum.domain.threads import Post
from forum.errors import Invalid, NotAllowed
from forum.policy import Actor
from forum.services.mergers import _BY_HAND, merge_organisations, organisation_columns
from forum.services.organisations import get_organisation, list_organisations, list_similar, successor_of
from forum.services.sealing import organisation_key, sealed_key
from tests.builders import SEALING, Builder
from tests.conftest import StoppedClock


@pytest.fixture
def manager(build: Builder) -> Actor:
    return build.actor(build.account(platform_role=PlatformRole.SECRETARIAT))


@pytest.fixture
def pair(build: Builder) -> tuple[Organisation, Organisation]:
    """One body, recorded twice."""
    return build.organisation("Cimulec Group", match_key="cimulec group"), build.organisation(
        "CIMULEC Group", match_key="cimulec group"
    )


def merge(
    session: Session, manager: Actor, pair: tuple[Organisation, Organisation], clock: StoppedClock
) -> None:
    kept, merged = pair
    merge_organisations(session, manager, kept.slug, merged.slug, now=clock(), sealing_secret=SEALING)
    session.commit()


def test_every_column_that_points_at_a_body_moves() -> None:
    """A new table cannot be forgotten: what is not moved by hand is found by its foreign key."""
    pointing = {
        (table.name, key.parent.name)
        for table in metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == "organisation"
    }
    moved = {(column.table.name, column.name) for column in organisation_columns()}
    assert {table for table, _name in pointing - moved} == set(_BY_HAND)


def test_what_was_written_moves(
    session: Session,
    build: Builder,
    clock: StoppedClock,
    manager: Actor,
    pair: tuple[Organisation, Organisation],
) -> None:
    """Posts, papers, owners and authorships, sealed ones too; and they are indexed anew."""
    kept, merged = pair
    group = build.group()
    post = build.post(build.thread(group), organisation=merged)
    version = build.paper(group, organisation=merged)
    both = build.paper(group, organisation=kept)
    session.add_all(
        [
            PaperOwner(paper_id=version.paper_id, organisation_id=merged.id),
            PaperOwner(paper_id=both.paper_id, organisation_id=merged.id),
            PaperOwner(paper_id=both.paper_id, organisation_id=kept.id),
            Authorship(
                subject_kind=SubjectKind.VERSION, subject_id=both.id, writer_key=organisation_key(merged.id)
            ),
            Authorship(
                subject_kind=SubjectKind.THREAD,
                subject_id=post.thread_id,
                writer_key=sealed_key(SEALING, organisation_key(merged.id)),
            ),
        ]
    )
    session.execute(sa.delete(OutboxEntry))
    session.commit()
    merge(session, manager, pair, clock)
    assert session.get_one(Post, post.id).organisation_id == kept.id
    assert session.get_one(Paper, version.paper_id).organisation_id == kept.id
    owners = set(session.execute(sa.select(PaperOwner.paper_id, PaperOwner.organisation_id)).all())
    assert owners == {(version.paper_id, kept.id), (both.paper_id, kept.id)}
    keys = set(session.scalars(sa.select(Authorship.writer_key)))
    assert keys == {organisation_key(kept.id), sealed_key(SEALING, organisation_key(kept.id))}
    entries = session.scalars(sa.select(OutboxEntry).where(OutboxEntry.topic == Topic.INDEX)).all()
    indexed = {(entry.payload["kind"], entry.payload["id"]) for entry in entries}
    assert {("post", post.id), ("version", version.id), ("version", both.id)} <= indexed


def test_people_move(
    session: Session,
    build: Builder,
    clock: StoppedClock,
    manager: Actor,
    pair: tuple[Organisation, Organisation],
) -> None:
    """Mandates and seats; where both had a seat one stays, and the other's people become alternates."""
    kept, merged = pair
    ada, eve, both = build.account(), build.account(), build.account()
    (
        build.mandate(ada, kept),
        build.mandate(eve, merged),
        build.mandate(both, kept),
        build.mandate(both, merged),
    )
    shared, alone = build.group(), build.group()
    build.member(shared, ada, seat=build.seat(shared, kept))
    second = build.seat(shared, merged)
    build.member(shared, eve, seat=second)
    build.member(shared, ada, seat=second)
    build.seat(alone, merged)
    merge(session, manager, pair, clock)
    assert build.actor(eve).organisation_ids == build.actor(both).organisation_ids == {kept.id}
    assert len(build.actor(both).mandates) == 1
    seats = session.scalars(sa.select(Seat).where(Seat.ended_at.is_(None))).all()
    assert {(seat.group_id, seat.organisation_id) for seat in seats} == {
        (shared.id, kept.id),
        (alone.id, kept.id),
    }
    held = session.scalars(sa.select(Membership).where(Membership.account_id == eve.id)).one()
    assert held.is_alternate
    assert build.actor(eve).roles_in(shared.id) == {GroupRole.MEMBER}
    assert build.actor(ada).roles_in(shared.id) == {GroupRole.MEMBER}


def test_names_and_address_lead_to_the_one_that_stays(
    session: Session,
    build: Builder,
    clock: StoppedClock,
    manager: Actor,
    pair: tuple[Organisation, Organisation],
) -> None:
    """The other's names are former names, its address leads on, and the directory has one of them."""
    kept, merged = pair
    assert [body.id for body in list_similar(session, "cimulec  GROUP S.A.", but=kept.id)] == [merged.id]
    umbrella = build.organisation()
    session.add_all(
        [
            FormerName(organisation_id=merged.id, name="Old Cimulec", match_key="old cimulec"),
            MemberBody(umbrella_id=umbrella.id, member_id=kept.id),
            MemberBody(umbrella_id=umbrella.id, member_id=merged.id),
            MemberBody(umbrella_id=kept.id, member_id=merged.id),
        ]
    )
    session.commit()
    merge(session, manager, pair, clock)
    names = session.scalars(sa.select(FormerName.name).where(FormerName.organisation_id == kept.id))
    assert set(names) == {"CIMULEC Group", "Old Cimulec"}
    assert successor_of(session, get_organisation(session, merged.slug)) == kept
    found, _cursor = list_organisations(session, words="cimulec")
    assert [body.id for body in found] == [kept.id]
    pairs = set(session.execute(sa.select(MemberBody.umbrella_id, MemberBody.member_id)).all())
    assert pairs == {(umbrella.id, kept.id)}


def test_what_is_no_merger(
    session: Session,
    build: Builder,
    clock: StoppedClock,
    manager: Actor,
    pair: tuple[Organisation, Organisation],
) -> None:
    """A body with itself, one that was merged, and anything by somebody who manages no people."""
    kept, _merged = pair
    with pytest.raises(Invalid):
        merge(session, manager, (kept, kept), clock)
    merge(session, manager, pair, clock)
    with pytest.raises(Invalid):
        merge(session, manager, (build.organisation(), pair[1]), clock)
    colleague = build.account()
    build.mandate(colleague, kept)
    with pytest.raises(NotAllowed):
        merge(session, build.actor(colleague), (kept, build.organisation()), clock)
