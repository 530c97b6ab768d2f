"""Conditions in SQL say the same as their twins in Python."""

import itertools

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.groups import Group
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.threads import Post
from forum.policy.labels import base_label
from forum.policy.sql import base_label_of
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
