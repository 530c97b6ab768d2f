"""Labels, locks, places of discussions, warnings, suspensions: what they do, who may, and the way back."""

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, PlatformRole
from forum.domain.attribution import Attribution, SubjectKind
from forum.domain.groups import Group, GroupRole, WhoMayWrite
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.moderation import Action, ModerationDecision
from forum.domain.suspensions import Suspension
from forum.domain.threads import OPENING_KEY, Post, Thread, ThreadAlias, ThreadKind
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.policy import Action as May
from forum.policy import can
from forum.services.further_decisions import Terms, lift_suspension, list_targets, suspend_account
from forum.services.moderation import decide, undo_decision
from forum.services.subjects import subject_of
from tests.builders import Builder
from tests.conftest import StoppedClock

REASON = "It belongs to another question than this one."


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.COMMUNITY)


@pytest.fixture
def moderator(build: Builder, group: Group) -> Account:
    return build.member(group, role=GroupRole.MODERATOR)


class Deciding:
    """Decides as one moderator."""

    def __init__(self, session: Session, build: Builder, moderator: Account) -> None:
        self.session, self.build, self.moderator = session, build, moderator

    def __call__(self, row: Any, action: Action, **terms: Any) -> ModerationDecision:
        kind = SubjectKind.POST if isinstance(row, Post) else SubjectKind.VERSION
        decision = decide(
            self.session, self.build.actor(self.moderator), kind=kind, public_id=row.public_id,
            action=action, reason=REASON, terms=Terms(**terms), now=self.build.clock(),
        )  # fmt: skip
        self.session.commit()
        return decision

    def undo(self, decision: ModerationDecision) -> None:
        undo_decision(
            self.session, self.build.actor(self.moderator), decision.public_id, now=self.build.clock()
        )
        self.session.commit()


@pytest.fixture
def deciding(session: Session, build: Builder, moderator: Account) -> Deciding:
    return Deciding(session, build, moderator)


def opening(session: Session, thread: Thread) -> Post:
    return session.scalars(
        sa.select(Post).where(Post.thread_id == thread.id, Post.order_key == OPENING_KEY)
    ).one()


def test_a_narrower_label_and_back(
    build: Builder, session: Session, group: Group, deciding: Deciding
) -> None:
    """Fewer people read the whole discussion at once; taken back, as many as before."""
    thread = build.thread(group, build.member(group))
    reply = build.post(thread)
    reader = build.account()
    decision = deciding(opening(session, thread), Action.LABEL, tlp=Tlp.RED)
    assert (thread.tlp, reply.tlp) == (Tlp.RED, Tlp.RED)
    assert not can(build.actor(reader), May.READ, subject_of(session, reply))
    deciding.undo(decision)
    assert thread.tlp is Tlp.GREEN
    assert can(build.actor(reader), May.READ, subject_of(session, reply))


@pytest.mark.parametrize("tlp", [None, Tlp.GREEN, Tlp.CLEAR])
def test_no_label_that_widens(
    build: Builder, session: Session, group: Group, deciding: Deciding, tlp: Tlp | None
) -> None:
    """Neither none, nor the same, nor a wider one."""
    thread = build.thread(group)
    with pytest.raises(Invalid) as caught:
        deciding(opening(session, thread), Action.LABEL, tlp=tlp)
    assert caught.value.field == "tlp"


def test_a_paper_gets_a_narrower_label(build: Builder, group: Group, deciding: Deciding) -> None:
    """A version by itself; a reply has the label of its discussion."""
    version = build.paper(group, build.member(group))
    deciding(version, Action.LABEL, tlp=Tlp.AMBER)
    assert version.audience == f"group:{group.id}:organisations"
    with pytest.raises(Invalid, match="through its opening post"):
        deciding(build.post(build.thread(group)), Action.LABEL, tlp=Tlp.RED)


def test_a_discussion_is_closed_to_replies_and_opened_again(
    build: Builder, session: Session, group: Group, deciding: Deciding
) -> None:
    """It can be read, and nobody but a moderator adds to it."""
    thread = build.thread(group)
    member = build.member(group)
    decision = deciding(opening(session, thread), Action.LOCK)
    assert not can(build.actor(member), May.WRITE, subject_of(session, thread))
    assert can(build.actor(member), May.READ, subject_of(session, thread))
    with pytest.raises(Invalid):
        deciding(opening(session, thread), Action.LOCK)
    deciding.undo(decision)
    assert can(build.actor(member), May.WRITE, subject_of(session, thread))
    deciding(opening(session, thread), Action.LOCK)
    deciding(opening(session, thread), Action.UNLOCK)
    assert thread.locked_at is None


def test_a_discussion_moves_to_where_fewer_read_it(
    build: Builder, session: Session, group: Group, moderator: Account, deciding: Deciding
) -> None:
    """With all its posts, labels and open flags; taken back it is where it was."""
    closed = build.group()
    build.member(closed, moderator, role=GroupRole.MODERATOR)
    thread = build.thread(group, build.member(group))
    reply = build.post(thread)
    outsider, insider = build.account(), build.member(closed)
    targets = list_targets(session, build.actor(moderator), subject_of(session, thread))
    assert targets == [closed]
    decision = deciding(opening(session, thread), Action.MOVE, target=closed.slug)
    assert (thread.group_id, reply.group_id) == (closed.id, closed.id)
    assert reply.audience == f"group:{closed.id}"
    assert not can(build.actor(outsider), May.READ, subject_of(session, reply))
    assert can(build.actor(insider), May.READ, subject_of(session, reply))
    deciding.undo(decision)
    assert (thread.group_id, reply.group_id) == (group.id, group.id)
    assert can(build.actor(outsider), May.READ, subject_of(session, reply))


def test_no_move_without_the_authors_consent(
    build: Builder, session: Session, group: Group, moderator: Account, deciding: Deciding
) -> None:
    """Never to where somebody reads it who could not before, nor to where authors are named otherwise."""
    public, closed, other = build.group(Ceiling.PUBLIC), build.group(), build.group()
    sealed = build.group(attribution=Attribution.CHATHAM_HOUSE)
    for one in (public, closed, other, sealed):
        build.member(one, moderator, role=GroupRole.MODERATOR)
    build.member(group, moderator, role=GroupRole.MEMBER)
    community = build.thread(group, tlp=Tlp.GREEN)
    inside = build.thread(closed)
    foreign = build.group()
    comment = build.thread(group, kind=ThreadKind.COMMENT)
    named = build.thread(group, tlp=Tlp.RED, named_list=build.named_list(group, [moderator]))
    for thread, target, words in (
        (inside, other, "People could read it there"),
        (inside, public, "People could read it there"),
        (named, closed, "People could read it there"),
        (community, sealed, "names its authors otherwise"),
        (community, group, "already"),
        (community, foreign, "groups that you moderate"),
        (comment, closed, "stays where it belongs"),
    ):
        with pytest.raises(Invalid, match=words):
            deciding(opening(session, thread), Action.MOVE, target=target.slug)
        session.rollback()
    assert community.group_id == group.id


def test_a_public_discussion_in_a_community_of_its_own_label(
    build: Builder, session: Session, moderator: Account
) -> None:
    """A RED discussion of a public group stays with its members: another group's would be others."""
    public, closed = build.group(Ceiling.PUBLIC), build.group()
    for one in (public, closed):
        build.member(one, moderator, role=GroupRole.MODERATOR)
    deciding = Deciding(session, build, moderator)
    with pytest.raises(Invalid, match="People could read it there"):
        deciding(opening(session, build.thread(public, tlp=Tlp.RED)), Action.MOVE, target=closed.slug)


def places(session: Session, thread: Thread) -> list[tuple[str, int, str, int]]:
    rows = session.scalars(sa.select(Post).where(Post.thread_id == thread.id).order_by(Post.order_key))
    return [(row.text, row.number, row.order_key, row.depth) for row in rows]


def test_a_reply_becomes_a_discussion_and_goes_back(
    build: Builder, session: Session, group: Group, deciding: Deciding
) -> None:
    """With what answers it, in order; counts follow; taken back every place is as it was."""
    author = build.member(group)
    thread = build.thread(group, author)
    first = build.post(thread, text="first")
    apart = build.post(thread, author, text="apart")
    below = build.post(thread, text="below", parent=apart)
    build.post(thread, text="deeper", parent=below)
    build.post(thread, text="answer to first", parent=first)
    before = places(session, thread)
    decision = deciding(apart, Action.SPLIT, title="A question of its own")
    made = session.get_one(Thread, apart.thread_id)
    assert made.id != thread.id
    assert (made.title, made.status, made.tlp, made.published_count) == (
        "A question of its own", Status.PUBLISHED, thread.tlp, 3,
    )  # fmt: skip
    assert [(text, number, depth) for text, number, _, depth in places(session, made)] == [
        ("apart", 1, 0), ("below", 2, 0), ("deeper", 3, 1),
    ]  # fmt: skip
    assert [text for text, *_ in places(session, thread)] == ["The opening text.", "first", "answer to first"]
    assert thread.published_count == 3
    assert build.actor(author).writer_keys & subject_of(session, made).writer_keys
    deciding.undo(decision)
    assert places(session, thread) == before
    assert places(session, made) == []
    assert thread.published_count == 6


def test_who_has_an_alias_keeps_it_in_both(build: Builder, session: Session) -> None:
    """Under the Chatham House Rule the new discussion goes on with the aliases of the old one."""
    group = build.group(attribution=Attribution.CHATHAM_HOUSE)
    moderator = build.member(group, role=GroupRole.MODERATOR)
    thread = build.thread(group)
    session.add(ThreadAlias(thread_id=thread.id, writer_key="sealed:x", alias="Company A"))
    reply = build.post(thread, alias="Company A")
    Deciding(session, build, moderator)(reply, Action.SPLIT, title="Apart")
    kept = session.get_one(ThreadAlias, (reply.thread_id, "sealed:x"))
    assert (reply.thread_id != thread.id, kept.alias) == (True, "Company A")


def test_two_discussions_become_one_and_two_again(
    build: Builder, session: Session, group: Group, deciding: Deciding
) -> None:
    """The opening post becomes a reply with its replies below; the old address leads on; and back."""
    one, two = build.thread(group, title="One"), build.thread(group, title="Two")
    build.post(two, text="of two")
    reply = build.post(one, text="of one")
    build.post(one, text="below", parent=reply)
    before = places(session, one)
    first = opening(session, one)
    decision = deciding(first, Action.MERGE, target=two.public_id)
    assert [(text, depth) for text, _, _, depth in places(session, two)] == [
        ("The opening text.", 0), ("of two", 0), ("The opening text.", 0), ("of one", 1), ("below", 2),
    ]  # fmt: skip
    assert (one.merged_into_id, one.status, two.published_count) == (two.id, Status.WITHDRAWN, 5)
    deciding.undo(decision)
    assert places(session, one) == before
    assert (one.merged_into_id, one.status, one.published_count) == (None, Status.PUBLISHED, 3)
    assert two.published_count == 2


def test_what_was_answered_meanwhile_is_not_put_back(
    build: Builder, session: Session, group: Group, deciding: Deciding
) -> None:
    """Somebody replied in the discussion that it was put into: the reply would hang in the air."""
    one, two = build.thread(group), build.thread(group)
    first = opening(session, one)
    decision = deciding(first, Action.MERGE, target=two.public_id)
    build.post(two, parent=first)
    with pytest.raises(Conflict, match="Others have replied"):
        deciding.undo(decision)


def test_what_is_not_put_together(build: Builder, session: Session, group: Group, deciding: Deciding) -> None:
    """With itself, of another group, with one that more people read, a comment, or under Chatham House."""
    thread = build.thread(group, tlp=Tlp.RED)
    wider, elsewhere = build.thread(group, tlp=Tlp.GREEN), build.thread(build.group())
    comment = build.thread(group, kind=ThreadKind.COMMENT)
    for target, words in (
        (thread, "itself"), (wider, "People could read it there"),
        (elsewhere, "of this group"), (comment, "stays where it belongs"),
    ):  # fmt: skip
        with pytest.raises(Invalid, match=words):
            deciding(opening(session, thread), Action.MERGE, target=target.public_id)
        session.rollback()
    sealed = build.group(attribution=Attribution.CHATHAM_HOUSE)
    keeper = Deciding(session, build, build.member(sealed, role=GroupRole.MODERATOR))
    with pytest.raises(Invalid, match="one alias would stand for two people"):
        keeper(opening(session, build.thread(sealed)), Action.MERGE, target=build.thread(sealed).public_id)


def test_an_opening_post_is_not_split_off(
    build: Builder, session: Session, group: Group, deciding: Deciding
) -> None:
    """Nor a reply that is not published."""
    thread = build.thread(group)
    for post in (opening(session, thread), build.post(thread, status=Status.PENDING)):
        with pytest.raises(Invalid, match="Only a published reply"):
            deciding(post, Action.SPLIT, title="Apart")


@pytest.mark.parametrize("who_may_write", WhoMayWrite)
@pytest.mark.parametrize("is_member", [True, False])
def test_a_suspended_author_reads_and_does_not_write(
    build: Builder, session: Session, clock: StoppedClock, who_may_write: WhoMayWrite, is_member: bool
) -> None:
    """At once, in this group alone, whether a member or one of all participants; it ends by itself."""
    group, other = (build.group(Ceiling.COMMUNITY, who_may_write=who_may_write) for _ in range(2))
    author = build.account()
    if is_member:
        build.member(group, author)
    build.member(other, author)
    deciding = Deciding(session, build, build.member(group, role=GroupRole.MODERATOR))
    post = build.post(build.thread(group), author)
    could = can(build.actor(author), May.WRITE, group)
    assert could == (is_member or who_may_write is WhoMayWrite.COMMUNITY)
    deciding(post, Action.SUSPEND, until=clock().date() + timedelta(days=2))
    actor = build.actor(author)
    assert can(actor, May.READ, group)
    assert not can(actor, May.WRITE, group)
    assert not can(actor, May.WRITE, subject_of(session, session.get_one(Thread, post.thread_id)))
    assert can(actor, May.WRITE, other)
    clock.advance(days=3)
    assert can(build.actor(author), May.WRITE, group) == could


def test_a_suspension_is_taken_back(
    build: Builder, session: Session, clock: StoppedClock, group: Group, deciding: Deciding
) -> None:
    """Within the minute, as any decision."""
    author = build.member(group)
    decision = deciding(
        build.post(build.thread(group), author), Action.SUSPEND, until=clock().date() + timedelta(days=2)
    )
    deciding.undo(decision)
    assert can(build.actor(author), May.WRITE, group)


@pytest.mark.parametrize("until", [None, date(2020, 1, 1), date(2040, 1, 1)])
def test_a_suspension_needs_an_end(
    build: Builder, group: Group, deciding: Deciding, until: date | None
) -> None:
    """None, past or too far off is refused at its field."""
    with pytest.raises(Invalid) as caught:
        deciding(build.post(build.thread(group), build.member(group)), Action.SUSPEND, until=until)
    assert caught.value.field == "until"


def test_who_is_not_suspended_by_a_moderator(
    build: Builder, session: Session, clock: StoppedClock, group: Group, deciding: Deciding
) -> None:
    """Nobody who keeps the group, nobody unknown, and nobody behind an alias."""
    until = clock().date()
    thread = build.thread(group)
    for role in (GroupRole.CHAIR, GroupRole.SECRETARIAT, GroupRole.MODERATOR):
        with pytest.raises(Invalid, match="end their role first"):
            deciding(build.post(thread, build.member(group, role=role)), Action.SUSPEND, until=until)
        session.rollback()
    with pytest.raises(Invalid, match="Nobody is recorded"):
        deciding(build.post(thread), Action.SUSPEND, until=until)
    session.rollback()
    sealed = build.group(attribution=Attribution.CHATHAM_HOUSE)
    keeper = Deciding(session, build, build.member(sealed, role=GroupRole.MODERATOR))
    with pytest.raises(Invalid, match="unsealed first"):
        keeper(build.post(build.thread(sealed)), Action.SUSPEND, until=until)
    session.rollback()
    assert session.scalars(sa.select(Suspension)).all() == []


@pytest.mark.parametrize("action", [Action.LABEL, Action.LOCK, Action.SPLIT, Action.WARN, Action.SUSPEND])
def test_other_roles_decide_nothing_of_it(
    build: Builder, session: Session, clock: StoppedClock, group: Group, action: Action
) -> None:
    """Neither a member, nor the chair, nor the platform's secretariat."""
    post = build.post(build.thread(group))
    people = [
        build.member(group),
        build.member(group, role=GroupRole.CHAIR),
        build.account(platform_role=PlatformRole.SECRETARIAT),
    ]
    for person in people:
        with pytest.raises((NotAllowed, NotFound)):
            Deciding(session, build, person)(post, action, until=clock().date())
        session.rollback()


def test_the_platform_suspends_and_lifts(
    build: Builder, session: Session, clock: StoppedClock, group: Group
) -> None:
    """From then on the person reads as a visitor does, in every group, until the day has passed."""
    secretary = build.account(platform_role=PlatformRole.SECRETARIAT)
    person = build.member(group)
    values: dict[str, Any] = {"until": clock().date() + timedelta(days=1), "reason": REASON}
    suspend_account(session, build.actor(secretary), person.public_id, **values, now=clock())
    session.commit()
    assert build.actor(person).is_suspended
    assert not can(build.actor(person), May.READ, group)
    with pytest.raises(Invalid, match="already"):
        suspend_account(session, build.actor(secretary), person.public_id, **values, now=clock())
    lift_suspension(session, build.actor(secretary), person.public_id, now=clock())
    session.commit()
    assert not build.actor(person).is_suspended
    with pytest.raises(Invalid, match="not suspended"):
        lift_suspension(session, build.actor(secretary), person.public_id, now=clock())
    suspend_account(session, build.actor(secretary), person.public_id, **values, now=clock())
    session.commit()
    clock.advance(days=2)
    assert not build.actor(person).is_suspended


def test_who_does_not_suspend_for_the_platform(
    build: Builder, session: Session, clock: StoppedClock, moderator: Account
) -> None:
    """No moderator, no member; the secretariat not one of its own, an administrator does; nobody oneself."""
    values: dict[str, Any] = {"until": clock().date(), "reason": REASON, "now": clock()}
    secretary = build.account(platform_role=PlatformRole.SECRETARIAT)
    administrator = build.account(platform_role=PlatformRole.ADMINISTRATOR)
    person = build.account()
    for asker, about in (
        (moderator, person), (person, moderator), (secretary, administrator), (secretary, secretary),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            suspend_account(session, build.actor(asker), about.public_id, **values)
    with pytest.raises(NotAllowed):
        lift_suspension(session, build.actor(moderator), person.public_id, now=clock())
    with pytest.raises(NotFound):
        suspend_account(session, build.actor(secretary), "nobodynobody", **values)
    suspend_account(session, build.actor(administrator), secretary.public_id, **values)
    assert build.actor(secretary).is_suspended
