"""Pinning, outcomes and notes, and the address of what was moved."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import PlatformRole
from forum.domain.attribution import SubjectKind
from forum.domain.audit import AuditEntry
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling, Status
from forum.domain.moderation import Action as Decision
from forum.domain.threads import Post, Thread
from forum.errors import Invalid, NotAllowed, NotFound
from forum.policy import Action, Actor, can
from forum.richtext import render
from forum.services.further_decisions import Terms
from forum.services.moderation import decide
from forum.services.subjects import subject_of
from forum.services.threads import list_threads
from forum.services.threads_move import find_moved_to
from forum.services.threads_tending import add_note, conclude, get_tended, list_notes, pin, remove_note
from tests.builders import Builder
from tests.conftest import StoppedClock


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC, slug="sample")


@pytest.fixture
def thread(build: Builder, group: Group) -> Thread:
    return build.thread(group, build.member(group), title="On scope")


def of_role(build: Builder, group: Group, role: GroupRole) -> Actor:
    return build.actor(build.member(group, role=role))


@pytest.mark.parametrize(
    ("role", "tends", "notes"),
    [
        (GroupRole.MODERATOR, True, True),
        (GroupRole.SECRETARIAT, True, True),
        (GroupRole.CHAIR, True, False),
        (GroupRole.RAPPORTEUR, False, False),
        (GroupRole.MEMBER, False, False),
        (GroupRole.OBSERVER, False, False),
    ],
)
def test_which_roles(
    session: Session, build: Builder, group: Group, thread: Thread, role: GroupRole, tends: bool, notes: bool
) -> None:
    """Chair, moderators and secretariat look after a discussion; notes are without the chair."""
    actor, subject = of_role(build, group, role), subject_of(session, thread)
    assert can(actor, Action.TEND, subject) is tends
    assert can(actor, Action.NOTE, subject) is notes


def test_who_else_may_not(
    session: Session, build: Builder, clock: StoppedClock, group: Group, thread: Thread
) -> None:
    """No platform role, nobody from another group; a wrong group in the address is absent."""
    administrator = build.actor(build.account(platform_role=PlatformRole.ADMINISTRATOR))
    other = build.group(Ceiling.PUBLIC)
    stranger = of_role(build, other, GroupRole.MODERATOR)
    subject = subject_of(session, thread)
    for actor in (administrator, stranger, build.actor(None)):
        for deed in (
            lambda actor=actor: pin(session, actor, subject, is_pinned=True, now=clock()),
            lambda actor=actor: conclude(session, actor, subject, render("So.", profile="post"), now=clock()),
            lambda actor=actor: add_note(session, actor, subject, "A note.", now=clock()),
            lambda actor=actor: list_notes(session, actor, subject),
        ):
            with pytest.raises(NotAllowed):
                deed()
    with pytest.raises(NotFound):
        get_tended(session, of_role(build, group, GroupRole.MODERATOR), other.slug, thread.public_id)


def test_pinned_stands_first_and_an_outcome_on_top(
    session: Session, build: Builder, clock: StoppedClock, group: Group, thread: Thread
) -> None:
    """Both are on record, by what was set; to set the same again records nothing."""
    build.thread(group, title="Newer")
    chair, subject = of_role(build, group, GroupRole.CHAIR), subject_of(session, thread)
    for _ in range(2):
        pin(session, chair, subject, is_pinned=True, now=clock())
        conclude(session, chair, subject, render("We **agree**.", profile="post"), now=clock())
    assert [line.title for line in list_threads(session, chair, group).lines] == ["On scope", "Newer"]
    assert "<strong>agree</strong>" in str(thread.outcome_html)
    conclude(session, chair, subject, None, now=clock())
    assert thread.outcome_html is None
    session.commit()
    entries = session.scalars(sa.select(AuditEntry).where(AuditEntry.action.startswith("thread."))).all()
    assert [(entry.action, entry.read_facts()["is_set"]) for entry in entries] == [
        ("thread.pinned", True),
        ("thread.concluded", True),
        ("thread.concluded", False),
    ]


@pytest.mark.parametrize("status", [Status.PENDING, Status.HIDDEN, Status.REJECTED])
def test_only_what_is_published_is_pinned_or_concluded(
    session: Session, build: Builder, clock: StoppedClock, group: Group, status: Status
) -> None:
    """What waits or was removed stands nowhere."""
    actor = of_role(build, group, GroupRole.MODERATOR)
    subject = subject_of(session, build.thread(group, build.member(group), status=status))
    with pytest.raises(Invalid):
        pin(session, actor, subject, is_pinned=True, now=clock())
    with pytest.raises(Invalid):
        conclude(session, actor, subject, render("So.", profile="post"), now=clock())


def test_notes_are_the_staffs_and_stay_with_their_group(
    session: Session, build: Builder, clock: StoppedClock, group: Group, thread: Thread
) -> None:
    """Read by moderators and secretariat, removed by who wrote them; a move leaves them behind."""
    moderator = build.member(group, role=GroupRole.MODERATOR)
    target = build.group(Ceiling.MEMBERS, slug="target")
    build.member(target, moderator, role=GroupRole.MODERATOR)
    actor, secretariat = build.actor(moderator), of_role(build, group, GroupRole.SECRETARIAT)
    subject = subject_of(session, thread)
    note = add_note(session, actor, subject, "  Seen by both.  ", now=clock())
    assert [one.text for one in list_notes(session, secretariat, subject)] == ["Seen by both."]
    with pytest.raises(NotAllowed):
        remove_note(session, secretariat, subject, note.public_id)
    for text in (" ", "x" * 2001):
        with pytest.raises(Invalid):
            add_note(session, actor, subject, text, now=clock())
    move(session, actor, thread, target, clock)
    moved = subject_of(session, thread)
    assert not list_notes(session, actor, moved)
    with pytest.raises(NotFound):
        remove_note(session, actor, moved, note.public_id)


def move(session: Session, actor: Actor, thread: Thread, target: Group, clock: StoppedClock) -> None:
    opening = session.scalars(sa.select(Post).where(Post.thread_id == thread.id, Post.number == 1)).one()
    decide(
        session, actor, kind=SubjectKind.POST, public_id=opening.public_id, action=Decision.MOVE,
        reason="It belongs to the other group by its subject.", terms=Terms(target=target.slug), now=clock(),
    )  # fmt: skip


def test_the_old_address_leads_who_reads_it_to_the_new_one(
    session: Session, build: Builder, clock: StoppedClock, group: Group, thread: Thread
) -> None:
    """From the group it left alone; to who cannot read it there, the old address is that of nothing."""
    moderator = build.member(group, role=GroupRole.MODERATOR)
    target, third = build.group(Ceiling.MEMBERS, slug="target"), build.group(Ceiling.PUBLIC, slug="third")
    build.member(target, moderator, role=GroupRole.MODERATOR)
    actor = build.actor(moderator)
    assert find_moved_to(session, actor, "sample", thread.public_id) is None
    move(session, actor, thread, target, clock)
    expected = f"/groups/target/threads/{thread.public_id}/"
    assert find_moved_to(session, actor, "sample", thread.public_id) == expected
    assert find_moved_to(session, build.actor(build.member(group)), "sample", thread.public_id) is None
    assert find_moved_to(session, build.actor(None), "sample", thread.public_id) is None
    assert find_moved_to(session, actor, third.slug, thread.public_id) is None
