"""Every comment has its place in every version, or is said to have lost it."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.comments import Placement
from forum.domain.labels import Ceiling
from forum.domain.papers import Paper
from forum.domain.threads import AnchorState, Thread
from forum.services.passages import Choice
from forum.services.placements import attach_by_hand
from forum.services.versions import withdraw_version
from tests.builders import Builder
from tests.services.commenting import FIRST, SECOND, Commenting, commenting

COUNTED = "counted in working hours, and by nobody else"
NIGHT = "A desk that is open at night"
FIGURES = "how many reports it received"


@pytest.fixture
def world(session: Session, build: Builder) -> Commenting:
    group = build.group(Ceiling.PUBLIC)
    return commenting(session, build, group, build.member(group))


@pytest.mark.parametrize(
    ("exact", "expected"),
    [
        pytest.param(FIGURES, ("kept", FIGURES), id="kept where its words stayed"),
        pytest.param(
            COUNTED, ("moved", "counted in working days, and by nobody else"), id="moved with words reworded"
        ),
        pytest.param(NIGHT, ("orphaned", ""), id="orphaned where they are gone"),
    ],
)
def test_a_comment_is_kept_moved_or_orphaned(
    world: Commenting, exact: str, expected: tuple[str, str]
) -> None:
    thread = world.comment(exact)
    second = world.next(SECOND)
    assert world.place() == 1
    assert world.words(thread, second) == expected


def test_placing_again_changes_nothing(world: Commenting, session: Session) -> None:
    """The worker may come twice."""
    world.comment(COUNTED)
    world.next(SECOND)
    assert (world.place(), world.place()) == (1, 0)
    assert session.scalar(sa.select(sa.func.count()).select_from(Placement)) == 1


def test_each_version_has_its_own_place(world: Commenting) -> None:
    """Followed from version to version; what came back is found again, and told as moved."""
    reworded, lost = world.comment(COUNTED), world.comment(NIGHT)
    second = world.next(SECOND)
    third = world.next(FIRST, after=second)
    assert world.place() == 4
    assert world.words(lost, second) == ("orphaned", "")
    assert world.words(lost, third) == ("kept", NIGHT)
    assert world.words(reworded, third)[1] == COUNTED
    steps = world.session.scalars(sa.select(Placement.step).where(Placement.version_id == third.id)).all()
    assert steps == [AnchorState.MOVED, AnchorState.MOVED]


def test_a_comment_on_an_older_version_is_placed_in_the_newer_ones_only(world: Commenting) -> None:
    """Written on the first while the second stands; one on the second has no place in the first."""
    second = world.next(SECOND)
    older, newer = world.comment(FIGURES), world.comment(FIGURES, on=second)
    assert world.place() == 1
    assert world.words(older, second) == ("kept", FIGURES)
    assert world.session.get(Placement, (newer.id, world.first.id)) is None


def test_a_comment_on_a_withdrawn_version_is_found_by_its_own_words(
    world: Commenting, session: Session, build: Builder
) -> None:
    """Its text is gone, the passage was kept with the comment."""
    thread = world.comment(FIGURES)
    paper = session.get_one(Paper, world.first.paper_id)
    second = world.next(SECOND)
    withdraw_version(
        session, build.actor(world.author), world.group.slug, paper.public_id, 1, now=build.clock()
    )
    session.commit()
    world.place()
    assert world.words(thread, second)[1] == FIGURES


def test_what_was_attached_by_hand_is_followed_from_there(world: Commenting, session: Session) -> None:
    """A place that somebody gave stays, and later versions begin from it."""
    lost = world.comment(NIGHT)
    second = world.next(SECOND)
    third = world.next(SECOND + "\nOne more.\n", after=second)
    world.place()
    assert world.words(lost, third) == ("orphaned", "")
    anchor = Choice(exact="We say first").anchor_in(second)
    assert anchor.start is not None
    assert anchor.end is not None
    attach_by_hand(session, session.get_one(Thread, lost.id), second, anchor.start, anchor.end, "p2")
    assert world.place() == 1
    assert world.words(lost, second) == ("moved", "We say first")
    assert world.words(lost, third) == ("moved", "We say first")


def test_a_comment_on_the_whole_has_no_place(world: Commenting) -> None:
    """It is about the text, not about a passage."""
    world.build.thread(world.group, world.author, paper_id=world.first.paper_id, version_id=world.first.id)
    world.next(SECOND)
    assert world.place() == 0
