"""Two people at one entry, and two proposals for one cell, at the same moment, on real databases."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

import config
from forum.domain.directive import ArticleStatus, load_board
from forum.domain.groups import GroupRole
from forum.domain.labels import Ceiling
from forum.domain.register_entries import EntryChange, RegisterEntry, RegisterEvent
from forum.errors import Conflict, Invalid
from forum.policy import Actor
from forum.services.directive_board import StatusFields, name_contact, propose_status
from forum.services.register_entries import move_entry
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.conftest import Sessions
from tests.services.registering import raised, registers, strategy
from tests.services.test_drafts_at_once import at_once

BOARD = load_board(config.CONFIG_DIR / "directive.toml")


def test_two_who_change_one_entrys_status_at_once(real_sessions: Sessions, clock: StoppedClock) -> None:
    """The first moves it, the other is told; one line of history."""
    with real_sessions() as session:
        build = Builder(session, clock)
        group = build.group(Ceiling.MEMBERS)
        people = [build.member(group, role=GroupRole.CHAIR) for _ in range(2)]
        entry = raised(build, session, build.actor(people[0]), group.slug)
        public_id, seen, ids = entry.public_id, entry.lock_version, [person.id for person in people]

    def move(session: Session, actor: Actor, name: str) -> None:
        move_entry(
            session, actor, registers()["gaps"], public_id, "examined", f"It is examined. {name}",
            based_on=seen, now=clock(),
        )  # fmt: skip

    assert sorted(at_once(real_sessions, clock, ids, move)) == ["told", "won"]
    with real_sessions() as session:
        assert session.scalars(sa.select(RegisterEntry.state)).all() == ["examined"]
        changes = session.scalars(sa.select(RegisterEvent.change).order_by(RegisterEvent.id)).all()
        assert changes == [EntryChange.RAISED, EntryChange.STATE]


def test_two_proposals_for_one_cell_at_once(real_sessions: Sessions, clock: StoppedClock) -> None:
    """The State is asked about one of them; whoever comes second is told."""
    with real_sessions() as session:
        build = Builder(session, clock)
        group = build.group(Ceiling.MEMBERS, slug=BOARD.group)
        people = [build.member(group, role=GroupRole.CHAIR) for _ in range(2)]
        contact, chair = build.member(group), build.actor(people[0])
        name_contact(session, chair, strategy().directive, group.slug, "MT", contact.public_id, now=clock())
        session.commit()
        ids = [person.id for person in people]

    def propose(session: Session, actor: Actor, name: str) -> None:
        fields = StatusFields("in-part", "low", clock().date(), name)
        about = (BOARD, strategy().directive, BOARD.group, "MT", "15")
        try:
            propose_status(session, actor, *about, fields, now=clock())
        except Invalid as refused:
            raise Conflict(refused.message) from refused

    assert sorted(at_once(real_sessions, clock, ids, propose)) == ["told", "won"]
    with real_sessions() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(ArticleStatus)) == 1
