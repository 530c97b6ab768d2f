"""Shortcuts for tests that write papers."""

from typing import Any

from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.groups import Group
from forum.domain.labels import Tlp
from forum.domain.papers import Paper, PaperVersion
from forum.richtext import render
from forum.services import drafts, versions
from forum.services.drafts import Draft, DraftText
from forum.services.paper_choices import PaperChoices
from tests.builders import SEALING, Builder


def text(body: str = "The first paragraph.", title: str = "A position", **fields: Any) -> DraftText:
    """What an author writes in a draft."""
    return DraftText(title=title, rendered=render(body, profile="paper"), **fields)


class PaperWriter:
    """Write papers as somebody; every call commits."""

    def __init__(self, session: Session, build: Builder) -> None:
        self.session = session
        self.build = build

    def start(
        self,
        account: Account | None,
        group: Group,
        body: str = "The first paragraph.",
        *,
        choices: PaperChoices | None = None,
        **fields: Any,
    ) -> Draft:
        draft = drafts.start_paper(
            self.session,
            self.build.actor(account),
            group.slug,
            choices or PaperChoices(),
            text(body, **fields),
            now=self.build.clock(),
        )
        self.session.commit()
        return draft

    def next(
        self, account: Account | None, paper: Paper, group: Group, body: str, *, based_on: int, **fields: Any
    ) -> Draft:
        draft = drafts.start_version(
            self.session,
            self.build.actor(account),
            group.slug,
            paper.public_id,
            text(body, **({"change_summary": "Reworded."} | fields)),
            based_on=based_on,
            now=self.build.clock(),
        )
        self.session.commit()
        return draft

    def send(self, account: Account | None, draft: Draft) -> versions.Sent:
        sent = versions.publish_draft(
            self.session,
            self.build.actor(account),
            draft.version.public_id,
            now=self.build.clock(),
            sealing_secret=SEALING,
        )
        self.session.commit()
        return sent

    def publish(
        self, account: Account | None, group: Group, body: str = "The first paragraph.", **options: Any
    ) -> PaperVersion:
        return self.send(account, self.start(account, group, body, **options)).version

    def publish_next(
        self, account: Account | None, version: PaperVersion, body: str, *, tlp: Tlp | None = None
    ) -> PaperVersion:
        paper = self.session.get_one(Paper, version.paper_id)
        group = self.session.get_one(Group, version.group_id)
        draft = self.next(account, paper, group, body, based_on=version.number or 0, tlp=tlp)
        return self.send(account, draft).version
