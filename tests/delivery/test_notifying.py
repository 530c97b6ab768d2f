"""Who is told of what, and who is not."""

from collections.abc import Callable, Sequence

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from forum.cli.worker import sessions_of
from forum.delivery.notifying import Notifying
from forum.delivery.worker import drain
from forum.domain.accounts import Account, AccountStatus
from forum.domain.attribution import Attribution, Authorship, SubjectKind
from forum.domain.groups import Group, GroupRole, Membership
from forum.domain.labels import Status, Tlp
from forum.domain.moderation import Action, FlagReason
from forum.domain.notices import MailPreference, Notice, NoticeKind
from forum.domain.outbox import OutboxEntry, Topic
from forum.domain.threads import Post
from forum.services.flags import flag
from forum.services.moderation import decide, undo_decision
from forum.services.outbox import enqueue_notice
from forum.services.sealing import account_key, sealed_key
from tests.builders import SEALING, Builder
from tests.conftest import StoppedClock

REASON = "This names a private individual."
Told = Callable[..., list[tuple[str, int]]]


@pytest.fixture
def told(app: Flask, session: Session, clock: StoppedClock) -> Told:
    """Enqueue an event, let the worker run twice over it, and give (kind, account id) of all notices."""

    def run(
        kind: NoticeKind | None = None, subject: object = None, **columns: object
    ) -> list[tuple[str, int]]:
        if kind is not None:
            of = SubjectKind.POST if isinstance(subject, Post) else SubjectKind.VERSION
            about = {"subject_kind": of, "subject_id": subject.id} if subject is not None else {}  # type: ignore[attr-defined]
            for _ in range(2):
                enqueue_notice(session, kind, now=clock(), **about, **columns)  # type: ignore[arg-type]
        session.commit()
        handlers = {Topic.NOTIFY: Notifying(clock, SEALING)}
        drain(sessions_of(app), clock, handlers, report=pytest.fail)
        session.expire_all()
        rows = session.execute(sa.select(Notice.kind, Notice.account_id).order_by(Notice.id))
        return [(kind.value, account_id) for kind, account_id in rows]

    return run


def mails(session: Session) -> Sequence[OutboxEntry]:
    return session.scalars(sa.select(OutboxEntry).where(OutboxEntry.topic == Topic.MAIL)).all()


def opening(session: Session, thread_id: int) -> Post:
    return session.scalars(sa.select(Post).where(Post.thread_id == thread_id, Post.number == 1)).one()


def leave(session: Session, group: Group, account: Account, clock: StoppedClock) -> None:
    session.execute(
        sa.update(Membership)
        .where(Membership.group_id == group.id, Membership.account_id == account.id)
        .values(ended_at=clock())
    )
    session.commit()


def test_the_author_is_told_that_a_post_is_held(build: Builder, told: Told, session: Session) -> None:
    """Once, with one mail, however often the event comes."""
    group = build.group()
    author = build.member(group)
    post = build.post(build.thread(group, build.member(group)), author, status=Status.PENDING)
    assert told(NoticeKind.HELD, post) == [("held", author.id)]
    assert len(mails(session)) == 1


def test_nobody_is_told_that_something_is_held_once_it_is_not(build: Builder, told: Told) -> None:
    """What was decided in the meantime is told as decided."""
    group = build.group()
    post = build.post(build.thread(group, build.member(group)), build.member(group))
    assert told(NoticeKind.HELD, post) == []


def test_a_reply_concerns_the_author_it_answers(build: Builder, told: Told) -> None:
    """The parent's author; without a parent whoever opened the discussion; never the writer."""
    group = build.group()
    asker, answerer = build.member(group), build.member(group)
    thread = build.thread(group, asker)
    first = build.post(thread, answerer)
    second = build.post(thread, asker, parent=first)
    own = build.post(thread, asker, parent=second)
    assert told(NoticeKind.REPLIED, first) == [("replied", asker.id)]
    assert told(NoticeKind.REPLIED, second)[1:] == [("replied", answerer.id)]
    assert len(told(NoticeKind.REPLIED, own)) == 2


def test_who_may_not_read_is_not_told(
    build: Builder, told: Told, session: Session, clock: StoppedClock
) -> None:
    """Neither who left the group, nor for a reply that is held."""
    group = build.group()
    asker = build.member(group, role=GroupRole.MODERATOR)
    thread = build.thread(group, asker)
    held = build.post(thread, build.member(group), status=Status.PENDING)
    assert told(NoticeKind.REPLIED, held) == [], "a moderator reads it, but nobody has replied yet"
    reply = build.post(thread, build.member(group))
    leave(session, group, asker, clock)
    assert told(NoticeKind.REPLIED, reply) == []


def test_people_named_in_the_text_are_told_if_they_may_read(build: Builder, told: Told) -> None:
    """By handle, whatever the case; not strangers, not the writer, not handles in code."""
    group = build.group()
    writer = build.member(group, build.account(handle="writer"))
    named = build.member(group, build.account(handle="named"))
    build.account(handle="stranger")
    build.member(group, build.account(handle="coded"))
    text = "As @Named and @stranger said to @writer in `@coded`."
    post = build.post(build.thread(group, writer), writer, text=text)
    assert told(NoticeKind.MENTIONED, post) == [("mentioned", named.id)]


def test_an_invited_person_is_told(build: Builder, told: Told) -> None:
    """The event names the account and the group."""
    group = build.group()
    person = build.account()
    assert told(NoticeKind.INVITED, account_id=person.id, group_id=group.id) == [("invited", person.id)]


def test_whoever_asked_is_told_of_the_answer(build: Builder, told: Told) -> None:
    """The author of the opening question, whatever the answer replies to."""
    group = build.group()
    asker, other, unit = (build.member(group) for _ in range(3))
    thread = build.thread(group, asker)
    answer = build.post(thread, unit, parent=build.post(thread, other))
    assert told(NoticeKind.QUESTION_ANSWERED, answer) == [("question_answered", asker.id)]


def test_people_who_cannot_sign_in_are_not_told(build: Builder, told: Told) -> None:
    """Placeholders of an import have no notices."""
    group = build.group()
    author = build.member(group, build.account(status=AccountStatus.PLACEHOLDER, email=None))
    thread = build.thread(group, author)
    assert told(NoticeKind.REPLIED, build.post(thread, build.member(group))) == []


def test_a_kind_of_mail_that_was_stopped_is_not_sent(build: Builder, told: Told, session: Session) -> None:
    """The notice is written all the same."""
    group = build.group()
    asker = build.member(group)
    session.add(MailPreference(account_id=asker.id, kind=NoticeKind.REPLIED, is_wanted=False))
    reply = build.post(build.thread(group, asker), build.member(group))
    assert told(NoticeKind.REPLIED, reply) == [("replied", asker.id)]
    assert mails(session) == []


def test_a_decision_is_told_after_the_time_to_undo(
    build: Builder, told: Told, session: Session, clock: StoppedClock
) -> None:
    """A minute later, to the author and to whoever flagged it, and never if it was taken back."""
    group = build.group()
    author, reader = build.member(group), build.member(group)
    moderator = build.actor(build.member(group, role=GroupRole.MODERATOR))
    post = build.post(build.thread(group, build.member(group)), author)
    other = build.post(build.thread(group, build.member(group)), author)
    for one in (post, other):
        about = {"kind": SubjectKind.POST, "public_id": one.public_id}
        flag(session, build.actor(reader), **about, reason=FlagReason.UNCIVIL, now=clock())  # type: ignore[arg-type]
        made = decide(session, moderator, **about, action=Action.HIDE, reason=REASON, now=clock())  # type: ignore[arg-type]
    undo_decision(session, moderator, made.public_id, now=clock())
    assert told() == []
    clock.advance(seconds=60)
    assert sorted(told()) == [("decided", author.id), ("flag_answered", reader.id)]
    assert {notice.subject_id for notice in session.scalars(sa.select(Notice))} == {post.id}


def test_a_flag_that_was_kept_is_answered_to_the_flagger_alone(
    build: Builder, told: Told, session: Session, clock: StoppedClock
) -> None:
    """The author need not know that a text was flagged and left as it is."""
    group = build.group()
    reader = build.member(group)
    moderator = build.actor(build.member(group, role=GroupRole.MODERATOR))
    post = build.post(build.thread(group, build.member(group)), build.member(group))
    about = {"kind": SubjectKind.POST, "public_id": post.public_id}
    flag(session, build.actor(reader), **about, reason=FlagReason.SPAM, now=clock())  # type: ignore[arg-type]
    decide(session, moderator, **about, action=Action.KEEP, now=clock())  # type: ignore[arg-type]
    session.commit()
    clock.advance(seconds=60)
    assert told() == [("flag_answered", reader.id)]


def test_a_sealed_author_is_told_without_breaking_the_seal(
    build: Builder, told: Told, session: Session, clock: StoppedClock
) -> None:
    """Under the Chatham House Rule the notice names no contribution, no moment and no guessable key."""
    group = build.group(attribution=Attribution.CHATHAM_HOUSE)
    author = build.member(group)
    thread = build.thread(group)
    post = build.post(thread, status=Status.PENDING, alias="Company A")
    key = sealed_key(SEALING, account_key(author.id))
    session.add(Authorship(subject_kind=SubjectKind.POST, subject_id=post.id, writer_key=key))
    assert told(NoticeKind.HELD, post) == [("held", author.id)]
    notice = session.scalars(sa.select(Notice)).one()
    assert (notice.subject_kind, notice.subject_id, notice.decision_id) == (None, None, None)
    assert notice.group_id == group.id
    assert notice.key.startswith("sealed:")
    assert str(post.id) not in notice.key.removeprefix("sealed:").split(":")
    assert notice.created_at == clock().replace(hour=0)
    reply = build.post(thread, alias="Company B", parent=post)
    told(NoticeKind.REPLIED, reply, account_id=author.id)
    assert {one.subject_id for one in session.scalars(sa.select(Notice))} == {None}


def test_a_paper_is_held_like_a_post(build: Builder, told: Told) -> None:
    """The authors of a version are told."""
    group = build.group()
    author = build.member(group)
    version = build.paper(group, author, status=Status.PENDING, tlp=Tlp.RED)
    assert told(NoticeKind.HELD, version) == [("held", author.id)]
