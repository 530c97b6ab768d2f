"""A person's notices: what is shown of them, rights asked again each time."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.attribution import Attribution, SubjectKind
from forum.domain.groups import Group, GroupRole, Membership
from forum.domain.labels import Status
from forum.domain.moderation import Action, FlagReason
from forum.domain.notices import Notice, NoticeKind
from forum.domain.papers import PaperVersion
from forum.domain.threads import Post, Thread
from forum.errors import NotAllowed, NotFound
from forum.extensions import db
from forum.policy.sql import SUBJECT_OF
from forum.services.flags import flag
from forum.services.moderation import decide
from forum.services.notices import PAGE_SIZE, count_unread, list_notices, mark_all_read, mark_read
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import count_statements

REASON = "This names a private individual."


class Noticing:
    """Adds notices as the worker would."""

    def __init__(self, build: Builder) -> None:
        self.build = build
        self.count = 0

    def __call__(
        self,
        account: Account,
        kind: NoticeKind,
        about: Post | Thread | PaperVersion | None = None,
        **columns: object,
    ) -> Notice:
        self.count += 1
        notice = Notice(
            account_id=account.id,
            kind=kind,
            subject_kind=SUBJECT_OF[type(about)] if about else None,
            subject_id=about.id if about else None,
            group_id=columns.pop("group_id", about.group_id if about else None),
            key=f"n{self.count}",
            created_at=self.build.clock(),
            **columns,
        )
        self.build.session.add(notice)
        self.build.session.commit()
        return notice


@pytest.fixture
def notify(build: Builder) -> Noticing:
    return Noticing(build)


def leave(session: Session, group: Group, account: Account, clock: StoppedClock) -> None:
    of_group = sa.and_(Membership.group_id == group.id, Membership.account_id == account.id)
    session.execute(sa.update(Membership).where(of_group).values(ended_at=clock()))
    session.commit()


def test_a_notice_shows_what_happened_and_where(build: Builder, session: Session, notify: Noticing) -> None:
    """Title, group, address and who replied; newest first."""
    group = build.group(short_title="The lab")
    asker = build.member(group)
    thread = build.thread(group, asker, title="Hash lists")
    post = build.post(thread, build.member(group, build.account("Ana Example")))
    version = build.paper(group, asker, title="A position")
    notify(asker, NoticeKind.REPLIED, post)
    notify(asker, NoticeKind.HELD, version)
    notify(asker, NoticeKind.QUESTION_ANSWERED, thread)
    page = list_notices(session, build.actor(asker))
    answered, held, replied = page.notices
    assert (replied.title, replied.group, replied.path) == (
        "Hash lists",
        "The lab",
        f"/posts/{post.public_id}",
    )
    assert replied.byline is not None
    assert replied.byline.name == "Ana Example"
    assert (held.title, held.path, held.byline) == ("A position", "/me/contributions", None)
    assert answered.path == f"/groups/{group.slug}/threads/{thread.public_id}/"
    assert page.unread == 3


def test_what_can_no_longer_be_read_shows_nothing_of_it(
    build: Builder, session: Session, clock: StoppedClock, notify: Noticing
) -> None:
    """After leaving a group: neither title nor group, address or name; the line itself stays."""
    group = build.group(is_listed=False)
    asker = build.member(group)
    thread = build.thread(group, asker, title="A telling title")
    notify(asker, NoticeKind.REPLIED, build.post(thread, build.member(group)))
    notify(asker, NoticeKind.MENTIONED, build.post(thread, build.member(group)))
    notify(asker, NoticeKind.HELD, group_id=group.id)
    notify(asker, NoticeKind.FLAG_ANSWERED, build.post(thread, build.member(group)))
    leave(session, group, asker, clock)
    for notice in list_notices(session, build.actor(asker)).notices:
        assert not notice.is_readable
        assert (notice.title, notice.group, notice.path, notice.byline, notice.reason) == (None,) * 5


def test_a_hidden_reply_is_gone_from_the_notices(
    build: Builder, session: Session, clock: StoppedClock, notify: Noticing
) -> None:
    """The right to read is asked when it is shown, not when it was told."""
    group = build.group()
    asker = build.member(group)
    post = build.post(build.thread(group, asker), build.member(group))
    notify(asker, NoticeKind.REPLIED, post)
    assert list_notices(session, build.actor(asker)).notices[0].is_readable
    moderator = build.actor(build.member(group, role=GroupRole.MODERATOR))
    about = {"kind": SubjectKind.POST, "public_id": post.public_id}
    decide(session, moderator, **about, action=Action.HIDE, reason=REASON, now=clock())  # type: ignore[arg-type]
    assert not list_notices(session, build.actor(asker)).notices[0].is_readable


def test_a_decision_is_told_with_its_reason_to_the_author_alone(
    build: Builder, session: Session, clock: StoppedClock, notify: Noticing
) -> None:
    """Whoever flagged hears the outcome, and nothing of the text or why."""
    group = build.group(rules=[{"key": "civil", "text": "Argue with the point."}])
    author, reader = build.member(group), build.member(group)
    post = build.post(build.thread(group, author, title="Hash lists"), author)
    about = {"kind": SubjectKind.POST, "public_id": post.public_id, "now": clock()}
    flag(session, build.actor(reader), **about, reason=FlagReason.SPAM)  # type: ignore[arg-type]
    moderator = build.actor(build.member(group, role=GroupRole.MODERATOR))
    decision = decide(session, moderator, **about, action=Action.HIDE, rule="civil", reason=REASON)  # type: ignore[arg-type]
    notify(author, NoticeKind.DECIDED, post, decision_id=decision.id)
    notify(reader, NoticeKind.FLAG_ANSWERED, post, decision_id=decision.id)
    (to_author,) = list_notices(session, build.actor(author)).notices
    assert (to_author.decision, to_author.rule, to_author.reason) == (
        Action.HIDE,
        "Argue with the point.",
        REASON,
    )
    assert to_author.title == "Hash lists"
    (to_reader,) = list_notices(session, build.actor(reader)).notices
    assert (to_reader.decision, to_reader.title, to_reader.reason) == (Action.HIDE, None, None)


def test_the_title_of_a_removed_discussion_stays_out(
    build: Builder, session: Session, notify: Noticing
) -> None:
    """Who wrote a held reply reads their reply, not the title of a discussion that was removed since."""
    group = build.group()
    author = build.member(group)
    thread = build.thread(group, build.member(group), title="A telling title", status=Status.HIDDEN)
    post = build.post(thread, author, status=Status.PENDING)
    notify(author, NoticeKind.HELD, post)
    (notice,) = list_notices(session, build.actor(author)).notices
    assert (notice.is_readable, notice.title) == (True, None)


def test_under_the_chatham_house_rule_the_alias_and_the_day(
    build: Builder, session: Session, notify: Noticing
) -> None:
    """No name, and the page is told to show days."""
    group = build.group(attribution=Attribution.CHATHAM_HOUSE)
    person = build.member(group)
    notify(person, NoticeKind.MENTIONED, build.post(build.thread(group), alias="NGO B"))
    notify(person, NoticeKind.HELD, group_id=group.id)
    held, mentioned = list_notices(session, build.actor(person)).notices
    assert mentioned.byline is not None
    assert (mentioned.byline.alias, mentioned.byline.name, mentioned.is_sealed) == ("NGO B", None, True)
    assert (held.is_readable, held.title, held.path) == (True, None, "/me/contributions")


def test_reading_marks(build: Builder, session: Session, clock: StoppedClock, notify: Noticing) -> None:
    """One, or all; never those of somebody else."""
    person, other = build.account(), build.account()
    notices = [notify(person, NoticeKind.INVITED) for _ in range(3)]
    theirs = notify(other, NoticeKind.INVITED)
    actor = build.actor(person)
    mark_read(session, actor, notices[0].public_id, now=clock())
    assert count_unread(session, actor) == 2
    with pytest.raises(NotFound):
        mark_read(session, actor, theirs.public_id, now=clock())
    mark_all_read(session, actor, now=clock())
    assert count_unread(session, actor) == 0
    assert count_unread(session, build.actor(other)) == 1
    with pytest.raises(NotAllowed):
        mark_all_read(session, build.actor(None), now=clock())


def test_pages_and_statements(build: Builder, session: Session, notify: Noticing) -> None:
    """Every notice once, in as many statements for thirty as for one of each kind."""
    group = build.group()
    person = build.member(group)
    actor = build.actor(person)
    thread = build.thread(group, build.member(group))
    for about in (thread, build.post(thread), build.paper(group)):
        notify(person, NoticeKind.MENTIONED, about)

    def statements() -> int:
        with count_statements(db.engine) as seen:
            list_notices(session, actor)
        return len(seen)

    few = statements()
    for _ in range(PAGE_SIZE):
        notify(person, NoticeKind.MENTIONED, build.post(thread))
    assert statements() <= few <= 5
    first = list_notices(session, actor)
    second = list_notices(session, actor, before=first.next_before)
    assert (len(first.notices), len(second.notices), second.next_before) == (PAGE_SIZE, 3, None)
    assert len({one.public_id for one in [*first.notices, *second.notices]}) == PAGE_SIZE + 3
