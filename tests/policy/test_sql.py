"""Conditions in SQL say the same as their twins in Python."""

import itertools

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.papers import PaperVersion
from forum.domain.threads import Post
from forum.policy import ANONYMOUS, Action, Actor, can
from forum.policy.labels import base_label
from forum.policy.sql import base_label_of, may_decide, may_decide_reader, reader_parameters, writes_drafts_of
from forum.services.subjects import subject_of
from tests.builders import Builder


def test_the_base_label_in_sql_is_the_one_in_python(build: Builder, session: Session) -> None:
    """Every ceiling with every TLP label and a named list, whatever the status."""
    for ceiling in Ceiling:
        group = build.group(ceiling)
        author = build.member(group)
        named = build.named_list(group, [author])
        for tlp, status in itertools.product(Tlp, (Status.PUBLISHED, Status.HIDDEN)):
            build.thread(group, author, tlp=tlp, status=status)
        build.thread(group, author, tlp=Tlp.RED, named_list=named)
    rows = session.execute(
        sa.select(Post, Group, base_label_of(Post)).join(Group, Group.id == Post.group_id)
    ).all()
    assert len(rows) == 44
    for post, group, label in rows:
        assert label == base_label(group.ceiling, post.tlp, group.id, post.named_list_id)


def test_what_a_moderator_may_decide_in_sql_is_what_the_rule_says(build: Builder, session: Session) -> None:
    """Not one's own, not what one does not read; with the moderator named, and with them left open."""
    group = build.group(Ceiling.MEMBERS)
    moderator = build.member(group, role=GroupRole.MODERATOR)
    named = build.named_list(group, [build.member(group)])
    thread = build.thread(group, build.member(group), status=Status.PENDING)
    build.thread(group, moderator, status=Status.PENDING)
    build.thread(group, build.member(group), tlp=Tlp.RED, named_list=named, status=Status.PENDING)
    actor = build.actor(moderator)
    posts = session.scalars(sa.select(Post)).all()
    expected = {post.id for post in posts if can(actor, Action.MODERATE, subject_of(session, post))}
    opening = session.scalars(sa.select(Post.id).where(Post.thread_id == thread.id)).one()
    assert expected == {opening}
    assert set(session.scalars(sa.select(Post.id).where(may_decide(actor, Post)))) == expected
    left_open = sa.select(Post.id).where(may_decide_reader(Post))
    assert set(session.scalars(left_open, reader_parameters(actor))) == expected


def test_drafts_that_one_writes(build: Builder, session: Session) -> None:
    """Its authors' own; a visitor and another member write none."""
    group = build.group(Ceiling.MEMBERS)
    author, other = build.member(group), build.member(group)
    version = build.paper(group, author, status=Status.DRAFT)
    build.paper(group, other, status=Status.DRAFT)

    def drafts(actor: Actor) -> list[int]:
        found = sa.select(PaperVersion.paper_id).where(writes_drafts_of(actor, PaperVersion))
        return list(session.scalars(found))

    assert drafts(build.actor(author)) == [version.paper_id]
    assert drafts(build.actor(build.member(group))) == []
    assert drafts(ANONYMOUS) == []
