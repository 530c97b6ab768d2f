"""Flags: who may, once, and what they must say."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attribution import SubjectKind
from forum.domain.groups import GroupRole
from forum.domain.labels import Status
from forum.domain.moderation import Action, Flag, FlagReason
from forum.domain.notices_of_illegality import CoolingOff, LegalNotice
from forum.domain.threads import Post
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.services.flags import flag, get_version_id
from forum.services.moderation import decide
from forum.services.moderation_cases import get_case
from tests.builders import Builder
from tests.conftest import StoppedClock


def test_a_flag_is_raised_once_while_open(build: Builder, session: Session, clock: StoppedClock) -> None:
    """A second time is a conflict; after a moderator answered, it can be raised again."""
    group = build.group()
    actor = build.actor(build.member(group))
    post = build.post(build.thread(group), build.member(group))
    about = {"kind": SubjectKind.POST, "public_id": post.public_id, "now": clock()}
    made = flag(session, actor, **about, reason=FlagReason.SPAM)  # type: ignore[arg-type]
    assert (made.group_id, made.reporter_id) == (group.id, actor.account_id)
    with pytest.raises(Conflict):
        flag(session, actor, **about, reason=FlagReason.UNCIVIL)  # type: ignore[arg-type]
    made.closed_at = clock()
    flag(session, actor, **about, reason=FlagReason.UNCIVIL)  # type: ignore[arg-type]
    assert len(session.scalars(sa.select(Flag)).all()) == 2


def test_illegal_must_be_explained(build: Builder, session: Session, clock: StoppedClock) -> None:
    """Otherwise the field is named and nothing is written."""
    group = build.group()
    post = build.post(build.thread(group))
    with pytest.raises(Invalid) as caught:
        flag(
            session, build.actor(build.member(group)), kind=SubjectKind.POST, public_id=post.public_id,
            reason=FlagReason.ILLEGAL, now=clock(),
        )  # fmt: skip
    assert caught.value.field == "explanation"
    assert session.scalars(sa.select(Flag)).all() == []


def test_who_may_not_flag(build: Builder, session: Session, clock: StoppedClock) -> None:
    """Not the writer, not what is held, not what one cannot read, not a visitor, not a discussion."""
    group = build.group("public")  # type: ignore[arg-type]
    author = build.member(group)
    thread = build.thread(group, author)
    post = build.post(thread, author)
    held = build.post(thread, author, status=Status.PENDING)
    closed = build.post(build.thread(build.group()))
    reader = build.actor(build.member(group))
    for actor, public_id, error in (
        (build.actor(author), post.public_id, NotAllowed),
        (build.actor(author), held.public_id, NotAllowed),
        (reader, held.public_id, NotFound),
        (reader, closed.public_id, NotFound),
        (reader, "absent", NotFound),
        (build.actor(None), post.public_id, NotAllowed),
    ):
        with pytest.raises(error):
            flag(
                session, actor, kind=SubjectKind.POST, public_id=public_id,
                reason=FlagReason.SPAM, now=clock(),
            )  # fmt: skip
    with pytest.raises(NotFound):
        flag(
            session, reader, kind=SubjectKind.THREAD, public_id=thread.public_id,
            reason=FlagReason.SPAM, now=clock(),
        )  # fmt: skip


def test_a_version_is_found_by_its_lasting_address(build: Builder, session: Session) -> None:
    """Paper and number; a number that is not there is not found."""
    from forum.domain.papers import Paper

    version = build.paper(build.group())
    paper = session.get_one(Paper, version.paper_id)
    assert get_version_id(session, paper.public_id, 1) == version.public_id
    with pytest.raises(NotFound):
        get_version_id(session, paper.public_id, 2)


NOTICE = LegalNotice("https://forum.example/posts/x", "A Reader", "reader@members.example", True)


def test_a_notice_of_something_illegal_is_kept_whole(
    build: Builder, session: Session, clock: StoppedClock
) -> None:
    """With the address, the name and the good faith; about children without the name."""
    group = build.group()
    post = build.post(build.thread(group))
    made = [
        flag(
            session, build.actor(build.member(group)), kind=SubjectKind.POST, public_id=post.public_id,
            reason=FlagReason.ILLEGAL, explanation="This is why I think so.", notice=notice, now=clock(),
        )
        for notice in (NOTICE, replace(NOTICE, concerns_children=True))
    ]  # fmt: skip
    assert [(one.notifier_name, one.is_in_good_faith) for one in made] == [("A Reader", True), (None, True)]
    assert [one.concerns_children for one in made] == [False, True]


def test_unfounded_flags_show_and_lead_to_a_pause(
    build: Builder, session: Session, clock: StoppedClock
) -> None:
    """Moderators see how earlier ones ended; after too many one pauses, but not for what is illegal."""
    group = build.group()
    moderator = build.member(group, role=GroupRole.MODERATOR)
    reader = build.actor(build.member(group))
    thread = build.thread(group)
    cooling = CoolingOff(2, timedelta(days=30))

    def raise_flag(reason: FlagReason = FlagReason.SPAM) -> Post:
        post = build.post(thread)
        flag(
            session, reader, kind=SubjectKind.POST, public_id=post.public_id, reason=reason,
            explanation="This is why I think so.", notice=NOTICE, cooling=cooling, now=clock(),
        )  # fmt: skip
        return post

    def answer(post: Post, action: Action, reason: str = "") -> None:
        decide(
            session, build.actor(moderator), kind=SubjectKind.POST, public_id=post.public_id,
            action=action, reason=reason, now=clock(),
        )  # fmt: skip

    answer(raise_flag(), Action.KEEP)
    answer(raise_flag(), Action.HIDE, "It is an advertisement and nothing else.")
    shown = raise_flag()
    case = get_case(session, build.actor(moderator), SubjectKind.POST, shown.public_id, now=clock())
    assert [(one.earlier, one.unfounded) for one in case.flags] == [(2, 1)]
    answer(shown, Action.KEEP)
    with pytest.raises(NotAllowed, match="left what you flagged as it was 2 times"):
        raise_flag()
    raise_flag(FlagReason.ILLEGAL)
    clock.advance(days=31)
    raise_flag()
