"""What a profile shows to whom."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, AccountStatus
from forum.domain.attribution import Attribution, ShownAs
from forum.domain.groups import MembersVisible
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.organisations import Organisation
from forum.errors import NotFound
from forum.policy import ANONYMOUS
from forum.services.profiles import get_profile, list_papers_of, list_seats_of, list_threads_of
from tests.builders import Builder
from tests.conftest import StoppedClock


@pytest.fixture
def body(build: Builder) -> Organisation:
    return build.organisation()


def test_a_body_shows_what_the_reader_may_read(session: Session, build: Builder, body: Organisation) -> None:
    """Open papers and discussions to all, a closed group's to its members, drafts and held ones to nobody."""
    open_group, closed = build.group(Ceiling.PUBLIC), build.group(Ceiling.MEMBERS)
    member = build.actor(build.member(closed))
    for group in (open_group, closed):
        name = "open" if group is open_group else "closed"
        build.paper(group, organisation=body, title=f"{name} paper")
        build.paper(group, organisation=body, title="a draft", status=Status.DRAFT)
        build.paper(group, organisation=body, title="held", status=Status.PENDING)
        build.thread(group, organisation=body, title=f"{name} thread")
        build.thread(group, organisation=body, title="removed", status=Status.HIDDEN)
    build.thread(open_group, title="of nobody")
    assert [paper.title for paper in list_papers_of(session, ANONYMOUS, body)] == ["open paper"]
    assert [thread.title for thread in list_threads_of(session, ANONYMOUS, body)] == ["open thread"]
    assert {paper.title for paper in list_papers_of(session, member, body)} == {"open paper", "closed paper"}
    assert {line.title for line in list_threads_of(session, member, body)} == {"open thread", "closed thread"}


def test_a_body_does_not_show_what_hides_it(session: Session, build: Builder, body: Organisation) -> None:
    """Shown by type alone, under an alias, or in a group of the Chatham House Rule: not on the profile."""
    group = build.group(Ceiling.PUBLIC)
    chatham = build.group(Ceiling.PUBLIC, attribution=Attribution.CHATHAM_HOUSE)
    thread = build.thread(group)
    build.post(thread, organisation=body, shown_as=ShownAs.STAKEHOLDER_TYPE)
    build.post(thread, organisation=body, alias="Company A")
    build.thread(chatham, organisation=body)
    build.paper(chatham, organisation=body)
    build.paper(group, organisation=body, shown_as=ShownAs.STAKEHOLDER_TYPE)
    assert list_threads_of(session, ANONYMOUS, body) == []
    assert list_papers_of(session, ANONYMOUS, body) == []
    build.post(thread, organisation=body, shown_as=ShownAs.ORGANISATION)
    assert [line.title for line in list_threads_of(session, ANONYMOUS, body)] == ["A question of scope"]


def test_a_narrower_label_hides_it_from_the_profile(
    session: Session, build: Builder, body: Organisation
) -> None:
    """A RED paper in an open group is its members' alone."""
    group = build.group(Ceiling.PUBLIC)
    build.paper(group, organisation=body, tlp=Tlp.RED)
    assert list_papers_of(session, ANONYMOUS, body) == []
    assert len(list_papers_of(session, build.actor(build.member(group)), body)) == 1


def test_seats_show_where_the_group_shows_bodies(
    session: Session, build: Builder, body: Organisation
) -> None:
    """Not of unlisted groups, nor of those that show numbers only; to their members yes."""
    shown = build.group(title="Shown")
    numbers = build.group(members_visible=MembersVisible.NUMBERS)
    hidden = build.group(is_listed=False)
    for group in (shown, numbers, hidden):
        build.seat(group, body)
    assert list_seats_of(session, ANONYMOUS, body) == [shown]
    assert hidden in list_seats_of(session, build.actor(build.member(hidden)), body)


def test_a_person_is_shown_to_people(
    session: Session, build: Builder, clock: StoppedClock, body: Organisation
) -> None:
    """With current mandates and the groups that both are in, no others."""
    ada, eve = build.account("Ada"), build.account("Eve")
    build.mandate(ada, body)
    build.mandate(ada, build.organisation(), ends_on=clock().date().replace(year=2025))
    shared, other = build.group(is_listed=False), build.group()
    build.member(shared, ada), build.member(shared, eve), build.member(other, ada)
    profile = get_profile(session, build.actor(eve), ada.public_id, now=clock())
    assert [line.organisation for line in profile.mandates] == [body]
    assert profile.groups == [shared]
    stranger = get_profile(session, build.actor(build.account()), ada.public_id, now=clock())
    assert stranger.groups == []


@pytest.mark.parametrize(
    ("reader", "shown"),
    [
        pytest.param(lambda build: ANONYMOUS, False, id="a visitor"),
        pytest.param(
            lambda build: build.actor(build.account(suspended_until=build.clock().replace(year=2030))),
            False,
            id="a suspended person",
        ),
        pytest.param(lambda build: build.actor(build.account()), True, id="anybody signed in"),
    ],
)
def test_a_name_is_public_by_choice_alone(
    session: Session,
    build: Builder,
    clock: StoppedClock,
    reader: Callable[[Builder], object],
    shown: bool,
) -> None:
    """Who is not signed in sees only people who chose that; nobody sees an id that is none."""
    private, public = build.account(), build.account(name_is_public=True)
    actor = reader(build)
    assert get_profile(session, actor, public.public_id, now=clock())  # type: ignore[arg-type]
    if shown:
        assert get_profile(session, actor, private.public_id, now=clock())  # type: ignore[arg-type]
    else:
        with pytest.raises(NotFound):
            get_profile(session, actor, private.public_id, now=clock())  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        get_profile(session, actor, "aaaaaaaaaaaaa", now=clock())  # type: ignore[arg-type]


def test_who_has_left_shows_the_name_alone(session: Session, build: Builder, clock: StoppedClock) -> None:
    """Old contributions lead there; mandates and groups are not shown any more."""
    ada: Account = build.account(status=AccountStatus.DISABLED)
    eve = build.account()
    group = build.group()
    build.member(group, ada), build.member(group, eve)
    build.mandate(ada, build.organisation())
    profile = get_profile(session, build.actor(eve), ada.public_id, now=clock())
    assert (profile.mandates, profile.groups, profile.takes_part) == ([], [], False)
