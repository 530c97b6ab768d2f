"""A paper with two versions for tests of its pages."""

from collections.abc import Callable
from dataclasses import dataclass

from flask.testing import FlaskClient

from forum.domain.accounts import Account
from forum.domain.groups import Group
from forum.domain.labels import Tlp
from forum.domain.papers import Paper, PaperVersion
from tests.services.paper_writing import PaperWriter

ClientOf = Callable[[Account | None], FlaskClient]

OPEN_TEXT = "# Scope\n\nThe open paragraph.\n\n# Terms\n\nSecond open.\n\n# End\n\nThird open."
CLOSED_TEXT = "# Scope\n\nThe open paragraph.\n\n# Terms\n\nSecond secretword.\n\n# End\n\nThird open."


@dataclass
class World:
    """A public group, its member who wrote, and the paper."""

    group: Group
    author: Account
    first: PaperVersion
    second: PaperVersion
    paper: Paper

    @property
    def path(self) -> str:
        return f"/groups/{self.group.slug}/papers/{self.paper.public_id}/"


def two_versions(papers: PaperWriter, group: Group, author: Account, *, second: Tlp) -> World:
    """Version 1 for everyone, version 2 under the label given."""
    first = papers.publish(author, group, OPEN_TEXT, title="Open title", tlp=Tlp.CLEAR)
    version = papers.publish_next(author, first, CLOSED_TEXT, tlp=second)
    paper = papers.session.get_one(Paper, first.paper_id)
    return World(group, author, first, version, paper)
