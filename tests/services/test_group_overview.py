"""What a group's home shows to whom."""

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from forum.domain.groups import GroupRole, MembersVisible, SeatKind, Stage
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.organisations import StakeholderType
from forum.extensions import db
from forum.services.group_overview import SeatCount, load_overview
from tests.builders import Builder
from tests.support import count_statements


def test_a_member_sees_what_is_new(session: Session, build: Builder) -> None:
    """Papers by their newest version, discussions, consultations; nothing held or of another group."""
    group, other = build.group(Ceiling.MEMBERS), build.group(Ceiling.PUBLIC)
    member = build.member(group)
    build.paper(group, member, title="Our paper")
    build.paper(group, member, title="A draft", status=Status.DRAFT)
    build.thread(group, member, title="Our discussion")
    build.thread(group, member, title="Held", status=Status.PENDING)
    build.thread(other, member, title="Elsewhere")
    overview = load_overview(session, build.actor(build.member(group)), group, now=build.clock())
    assert [paper.title for paper in overview.papers] == ["Our paper"]
    assert [discussion.title for discussion in overview.discussions] == ["Our discussion"]


def test_an_outsider_of_a_listed_group_gets_the_listing_alone(session: Session, build: Builder) -> None:
    """No stage, paper, discussion or consultation; numbers of seats, and bodies as the charter says."""
    group = build.group(Ceiling.MEMBERS, members_visible=MembersVisible.BODIES)
    body = build.organisation("Example Messenger")
    member = build.member(group, seat=build.seat(group, body))
    build.paper(group, member)
    build.thread(group, member)
    session.add(Stage(group_id=group.id, position=1, key="a", title="A", kind="discussion"))
    session.commit()
    overview = load_overview(session, build.actor(build.account()), group, now=build.clock())
    assert not overview.is_inside
    assert overview.papers == overview.discussions == overview.consultations == []
    assert not overview.stages
    assert overview.bodies == [("Example Messenger", body.slug)]
    assert overview.people == 1


def test_numbers_alone_where_the_charter_says_so(session: Session, build: Builder) -> None:
    """members_visible numbers: no body is named to people outside."""
    group = build.group(Ceiling.MEMBERS, members_visible=MembersVisible.NUMBERS)
    build.member(group, seat=build.seat(group, build.organisation()))
    overview = load_overview(session, build.actor(None), group, now=build.clock())
    assert overview.bodies == []
    assert [count.seats for count in overview.seats] == [1]


def test_seats_are_counted_by_type_with_the_vacant_ones(session: Session, build: Builder) -> None:
    """The most frequent first; a seat without a current member is vacant; an ended seat is none."""
    group = build.group()
    for n in range(2):
        seat = build.seat(group, build.organisation(type=StakeholderType.NGO))
        if n:
            build.member(group, seat=seat)
    build.member(group, seat=build.seat(group))
    build.seat(group, build.organisation(), ended_at=build.clock())
    overview = load_overview(session, build.actor(build.member(group)), group, now=build.clock())
    assert overview.seats == [
        SeatCount(SeatKind.ORGANISATION, StakeholderType.NGO, 2, 1),
        SeatCount(SeatKind.PERSONAL, None, 1, 0),
    ]


@pytest.mark.parametrize(
    ("visible", "reader", "is_public", "is_named"),
    [
        (MembersVisible.BODIES, "member", False, True),
        (MembersVisible.BODIES, "outsider", False, False),
        (MembersVisible.NAMES, "outsider", False, True),
        (MembersVisible.NAMES, "visitor", False, False),
        (MembersVisible.NUMBERS, "visitor", True, True),
    ],
)
def test_names_of_role_holders_are_shown_as_the_charter_and_they_say(
    session: Session, build: Builder, visible: MembersVisible, reader: str, is_public: bool, is_named: bool
) -> None:
    """Members see them, others if the charter shows names, visitors by the person's own choice."""
    group = build.group(Ceiling.MEMBERS, members_visible=visible)
    build.member(group, build.account("Tomas Example", name_is_public=is_public), GroupRole.MODERATOR)
    people = {"member": build.member(group), "outsider": build.account(), "visitor": None}
    [line] = load_overview(session, build.actor(people[reader]), group, now=build.clock()).role_lines
    assert line.role is GroupRole.MODERATOR
    assert [name for name, _ in line.people] == (["Tomas Example"] if is_named else [])
    assert line.unnamed == (not is_named)


def test_the_current_stage_is_the_first_that_has_not_ended(session: Session, build: Builder) -> None:
    """By position, whatever its dates."""
    group = build.group(Ceiling.PUBLIC)
    for position, ended in ((1, build.clock()), (3, None), (2, None)):
        session.add(
            Stage(
                group_id=group.id,
                position=position,
                key=f"s{position}",
                title=f"Stage {position}",
                kind="meeting",
                ended_at=ended,
            )
        )
    session.commit()
    overview = load_overview(session, build.actor(None), group, now=build.clock())
    assert overview.current_stage is not None
    assert overview.current_stage.title == "Stage 2"


def test_a_label_within_the_group_is_kept(session: Session, build: Builder) -> None:
    """A narrower discussion of a public group is not listed to visitors."""
    group = build.group(Ceiling.PUBLIC)
    member = build.member(group)
    build.thread(group, member, title="Open")
    build.thread(group, member, title="Closed", tlp=Tlp.RED)
    build.paper(group, member, title="Closed paper", tlp=Tlp.RED)
    overview = load_overview(session, build.actor(None), group, now=build.clock())
    assert [discussion.title for discussion in overview.discussions] == ["Open"]
    assert overview.papers == []


def test_the_statements_do_not_grow_with_the_group(app: Flask, session: Session, build: Builder) -> None:
    """As many for ten papers, discussions and seats as for one."""
    group = build.group(Ceiling.PUBLIC)
    actor = build.actor(build.member(group))

    def count() -> int:
        session.expire_all()
        with count_statements(db.engine) as seen:
            load_overview(session, actor, group, now=build.clock())
        return len(seen)

    member = build.member(group)
    build.paper(group, member)
    build.thread(group, member)
    build.seat(group, build.organisation())
    few = count()
    for _ in range(10):
        build.paper(group, member)
        build.thread(group, member)
        build.seat(group, build.organisation())
    assert count() == few <= 11
