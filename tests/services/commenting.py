"""Shortcuts for tests about comments on passages."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.comments import Placement
from forum.domain.groups import Group
from forum.domain.papers import Paper, PaperVersion
from forum.domain.threads import Thread, ThreadKind
from forum.richtext import render
from forum.services.passages import Choice
from forum.services.placements import record_placements, work_out
from forum.services.suggestions import add_suggestion, words_of
from forum.services.threads import open_thread
from tests.builders import SEALING, Builder
from tests.services.paper_writing import PaperWriter

FIRST = """# Scope

Reports are counted in working hours, and by nobody else than the service.

A desk that is open at night costs more than small services have.

# Figures

Every service publishes each year how many reports it received.
"""
SECOND = """# Scope

We say first what we mean.

Reports are counted in working days, and by nobody else than the service.

# Figures

Every service publishes each year how many reports it received.
"""


@dataclass
class Commenting:
    """A paper, somebody who comments on it, and the worker that places what they wrote."""

    session: Session
    build: Builder
    papers: PaperWriter
    group: Group
    author: Account
    first: PaperVersion

    def comment(self, exact: str, *, on: PaperVersion | None = None, by: Account | None = None) -> Thread:
        version = on or self.first
        thread: Thread = open_thread(
            self.session,
            self.build.actor(by or self.author),
            self.group,
            title=f"On {exact[:20]}",
            rendered=render("Why is that?", profile="post"),
            sealing_secret=SEALING,
            now=self.build.clock(),
            kind=ThreadKind.COMMENT,
            anchor=Choice(exact=exact).anchor_in(version),
        ).row
        self.session.commit()
        return thread

    def suggest(
        self, exact: str, replacement: str, *, on: PaperVersion | None = None, by: Account | None = None
    ) -> Thread:
        thread = self.comment(exact, on=on, by=by)
        add_suggestion(self.session, thread, *words_of(replacement))
        self.session.commit()
        return thread

    def next(self, text: str, *, after: PaperVersion | None = None) -> PaperVersion:
        return self.papers.publish_next(self.author, after or self.first, text)

    def place(self) -> int:
        """Do what the worker does; gives how many places were new."""
        made = work_out(self.session, self.first.paper_id)
        record_placements(self.session, made)
        self.session.commit()
        return len(made)

    def words(self, thread: Thread, version: PaperVersion) -> tuple[str, str]:
        """Give what became of a comment in a version, and the words at which it stands there."""
        placement = self.session.scalars(
            sa.select(Placement).where(Placement.thread_id == thread.id, Placement.version_id == version.id)
        ).one()
        text = version.text[placement.start : placement.end] if placement.start is not None else ""
        return placement.state.value, text


def commenting(
    session: Session, build: Builder, group: Group, author: Account, text: str = FIRST
) -> Commenting:
    """A paper with one version, that takes suggestions."""
    papers = PaperWriter(session, build)
    world = Commenting(session, build, papers, group, author, papers.publish(author, group, text))
    session.get_one(Paper, world.first.paper_id).takes_suggestions = True
    session.commit()
    return world
