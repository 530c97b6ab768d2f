"""Shortcuts for tests that write in discussions."""

from typing import Any

from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.groups import Group
from forum.domain.threads import Post, Thread
from forum.policy.subjects import Subject
from forum.richtext import render
from forum.services import posts, threads
from forum.services.subjects import subject_of
from tests.builders import SEALING, Builder


class Writer:
    """Write as somebody; every call commits."""

    def __init__(self, session: Session, build: Builder) -> None:
        self.session = session
        self.build = build

    def open(
        self, account: Account | None, group: Group, text: str = "What counts?", **options: Any
    ) -> Thread:
        options = {"title": "A title"} | options
        subject = threads.open_thread(
            self.session,
            self.build.actor(account),
            group,
            rendered=render(text, profile="post"),
            sealing_secret=SEALING,
            now=self.build.clock(),
            **options,
        )
        self.session.commit()
        return subject.row  # type: ignore[no-any-return]

    def reply(
        self, account: Account | None, thread: Thread, text: str = "An answer.", **options: Any
    ) -> Post:
        post = posts.reply(
            self.session,
            self.build.actor(account),
            subject_of(self.session, thread),
            rendered=render(text, profile="post"),
            sealing_secret=SEALING,
            now=self.build.clock(),
            **options,
        )
        self.session.commit()
        return post

    def edit(self, account: Account | None, post: Post, text: str, **options: Any) -> Post:
        options = {"expected_version": post.lock_version} | options
        posts.edit_post(
            self.session,
            self.build.actor(account),
            subject_of(self.session, post),
            rendered=render(text, profile="post"),
            sealing_secret=SEALING,
            now=self.build.clock(),
            **options,
        )
        self.session.commit()
        return post

    def withdraw(self, account: Account | None, post: Post) -> None:
        posts.withdraw_post(
            self.session, self.build.actor(account), subject_of(self.session, post), now=self.build.clock()
        )
        self.session.commit()

    def subject(self, row: Thread | Post) -> Subject:
        return subject_of(self.session, row)
