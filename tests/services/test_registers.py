"""Reading registers: one's own that is left to do, how many an initiative has, and at what cost."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.groups import GroupRole, Membership
from forum.domain.labels import Ceiling, Tlp
from forum.extensions import db
from forum.policy import Actor
from forum.services.register_entries import move_entry
from forum.services.registers import (
    EntryFilter,
    count_by_initiative,
    count_entries,
    count_in_group,
    list_entries,
    list_groups_for,
    list_own_due,
    list_values_in_use,
)
from tests.builders import Builder
from tests.services.registering import raised, registers
from tests.support import count_statements

FINALS = [(one.key, state.key) for one in registers().values() for state in one.finals]


def test_what_is_ones_own_and_left_to_do_by_its_day(build: Builder, session: Session) -> None:
    """One's own and one's bodies', the nearest day first, without a day last; not others', not at an end."""
    group = build.group(Ceiling.PUBLIC, slug="weprotect")
    chair = build.member(group, role=GroupRole.CHAIR)
    body = build.organisation("Example Ministry")
    build.seat(group, body)
    person = build.member(group)
    build.mandate(person, body)
    actor = build.actor(chair)
    mine = {"owner": f"person:{person.public_id}"}
    raised(build, session, actor, group.slug, title="No day", **mine)
    raised(build, session, actor, group.slug, title="In May", due_on=date(2026, 5, 1), **mine)
    raised(build, session, actor, group.slug, title="In April", due_on=date(2026, 4, 1), **mine)
    raised(build, session, actor, group.slug, title="Nobody's")
    promise = {"register": "commitments", "owner": f"body:{body.slug}", "values": {}}
    raised(build, session, actor, group.slug, title="Promised", due_on=date(2026, 4, 15), **promise)
    kept = raised(build, session, actor, group.slug, title="Taken back", **promise)
    move_entry(
        session,
        actor,
        registers()["commitments"],
        kept.public_id,
        "taken-back",
        "Nobody has the time.",
        based_on=kept.lock_version,
        now=build.clock(),
    )
    session.commit()
    own = build.actor(person)
    assert [line.title for line in list_own_due(session, own, finals=FINALS)] == [
        "In April",
        "Promised",
        "In May",
        "No day",
    ]
    assert [line.title for line in list_own_due(session, own, finals=FINALS, limit=1)] == ["In April"]
    assert list_own_due(session, actor, finals=FINALS) == []
    assert list_own_due(session, build.actor(None), finals=FINALS) == []


def test_an_owner_who_left_the_group_is_not_told_what_they_no_longer_read(
    build: Builder, session: Session
) -> None:
    """The entry is theirs still, until somebody gives it to another; but not to be read."""
    group = build.group(Ceiling.MEMBERS)
    chair = build.actor(build.member(group, role=GroupRole.CHAIR))
    person = build.member(group)
    raised(build, session, chair, group.slug, owner=f"person:{person.public_id}", title="Mine")
    assert [line.title for line in list_own_due(session, build.actor(person), finals=FINALS)] == ["Mine"]
    session.execute(
        sa.update(Membership).where(Membership.account_id == person.id).values(ended_at=build.clock())
    )
    session.commit()
    assert list_own_due(session, build.actor(person), finals=FINALS) == []


def test_an_initiative_has_its_own_registers_first_and_counts_what_may_be_read(
    build: Builder, session: Session
) -> None:
    """Of a register for all initiatives, the entries of this one."""
    group = build.group(Ceiling.PUBLIC, slug="weprotect", initiative=8)
    closed = build.group(Ceiling.MEMBERS, initiative=8)
    chair = build.actor(build.member(closed, build.member(group, role=GroupRole.CHAIR), role=GroupRole.CHAIR))
    raised(build, session, chair, group.slug, register="commitments", values={})
    raised(build, session, chair, group.slug, initiative=8)
    raised(build, session, chair, group.slug, initiative=3)
    raised(build, session, chair, closed.slug, initiative=8)
    every = list(registers().values())

    def counts(actor: Actor) -> dict[str, int]:
        found = count_by_initiative(session, actor, every, 8)
        assert [register.initiatives for register, _ in found[:3]] == [(8,)] * 3
        return {register.key: count for register, count in found}

    visitor, member = counts(build.actor(None)), counts(chair)
    assert (visitor["commitments"], visitor["gaps"]) == (1, 1)
    assert (member["commitments"], member["gaps"]) == (1, 2)
    assert "programmes" not in visitor


def test_counts_and_choices_are_of_what_may_be_read(build: Builder, session: Session) -> None:
    """In all, in a group, and what the filters offer."""
    public, closed = build.group(Ceiling.PUBLIC), build.group(Ceiling.MEMBERS)
    chair = build.actor(
        build.member(closed, build.member(public, role=GroupRole.CHAIR), role=GroupRole.CHAIR)
    )
    raised(build, session, chair, public.slug, act="Directive 2011/93/EU", article="15", country="MT")
    raised(build, session, chair, public.slug, tlp=Tlp.AMBER, act="Directive 2011/93/EU", article="16")
    raised(build, session, chair, closed.slug, act="COM(2022) 209", article="3")
    gaps, visitor = registers()["gaps"], build.actor(None)
    assert count_entries(session, visitor, ["gaps"]) == {"gaps": 1}
    assert count_entries(session, chair, ["gaps", "programmes"]) == {"gaps": 3}
    assert count_in_group(session, chair, public) == {"gaps": 2}
    assert count_in_group(session, visitor, closed) == {}
    assert list_values_in_use(session, visitor, gaps)["article"] == ["15"]
    assert list_values_in_use(session, chair, gaps)["article"] == ["3", "15", "16"]
    assert [one.slug for one in list_groups_for(session, visitor, gaps)] == []
    assert {one.slug for one in list_groups_for(session, chair, gaps)} == {public.slug, closed.slug}


def test_lists_ask_the_same_however_much_there_is(build: Builder, session: Session) -> None:
    """A page of a register, what is one's own, and the values for its filters."""
    group = build.group(Ceiling.PUBLIC)
    person = build.member(group, role=GroupRole.CHAIR)
    actor = build.actor(person)

    def asked() -> int:
        session.expire_all()
        with count_statements(db.engine) as seen:
            list_entries(session, actor, registers()["gaps"], EntryFilter())
            list_own_due(session, actor, finals=FINALS)
            list_values_in_use(session, actor, registers()["gaps"])
            count_by_initiative(session, actor, list(registers().values()), 3)
        return len(seen)

    raised(build, session, actor, group.slug, owner=f"person:{person.public_id}")
    few = asked()
    for _ in range(6):
        raised(build, session, actor, group.slug, owner=f"person:{person.public_id}")
    assert session.scalar(sa.text("SELECT count(*) FROM register_entry")) == 7
    assert asked() == few <= 7
