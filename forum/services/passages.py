"""Choosing what a comment is about: a published version of a paper, and one of its paragraphs."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.anchors import MAX_LENGTH, locate, locate_letters
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.papers import Paper, PaperVersion
from forum.errors import Invalid, NotFound
from forum.policy import Actor, visible_to
from forum.services.threads import Anchor

CONTEXT = 64
"""Characters before and after a passage that are kept to find it again."""


@dataclass(frozen=True, slots=True)
class Commented:
    """A version that may be commented on, with the group it is in."""

    group: Group
    paper: Paper
    version: PaperVersion


def get_commented(
    session: Session, actor: Actor, slug: str, paper_public_id: str, number: int | None = None
) -> Commented:
    """Give a published version of a paper (the newest without a number); NotFound where unreadable."""
    statement = (
        sa.select(Group, Paper, PaperVersion)
        .join(Paper, Paper.group_id == Group.id)
        .join(PaperVersion, PaperVersion.paper_id == Paper.id)
        .where(
            Group.slug == slug,
            Paper.public_id == paper_public_id,
            PaperVersion.status == Status.PUBLISHED,
            visible_to(actor, PaperVersion),
        )
        .order_by(PaperVersion.number.desc())
        .limit(1)
    )
    if number is not None:
        statement = statement.where(PaperVersion.number == number)
    row = session.execute(statement).first()
    if row is None:
        raise NotFound
    return Commented(*row)


def anchor_in(version: PaperVersion, paragraph: str | None) -> Anchor:
    """Give the anchor of a whole paragraph ("p17") of a version, or of the version as a whole for None."""
    if not paragraph:
        return Anchor(version.paper_id, version.id, version.tlp, version.named_list_id)
    for _number, anchor, _kind, start, end, *_ in version.paragraphs:
        if anchor == paragraph:
            return _anchor(version, paragraph, start, end)
    raise Invalid("That version has no paragraph %(paragraph)s.", paragraph=paragraph[:16])


def anchor_of_quote(version: PaperVersion, exact: str, prefix: str = "", suffix: str = "") -> Anchor:
    """Give the anchor of words of a version, told from the same words elsewhere by their surroundings."""
    if not exact.strip():
        raise Invalid("Quote the words that you mean.", field="selector")
    if len(exact) > MAX_LENGTH:
        raise Invalid("Up to %(limit)d characters make a passage.", field="selector", limit=MAX_LENGTH)
    strict = locate(exact, prefix, suffix, version.text)
    places = [(place, place + len(exact)) for place in strict] or locate_letters(
        exact, prefix, suffix, version.text
    )
    if not places:
        raise Invalid("These words are not in that version, to the letter.", field="selector")
    if len(places) > 1:
        raise Invalid("These words are there more than once: send what stands around them.", field="selector")
    passage = version.text[places[0][0] : places[0][1]]
    start = places[0][0] + len(passage) - len(passage.lstrip())
    end = places[0][1] - len(passage) + len(passage.rstrip())
    paragraph = next((row[1] for row in version.paragraphs if row[3] <= start < row[4]), None)
    return _anchor(version, paragraph, start, end)


@dataclass(frozen=True, slots=True)
class Choice:
    """What a comment is about as a person chose it: words, else a whole paragraph, else the whole text."""

    paragraph: str | None = None
    exact: str = ""
    prefix: str = ""
    suffix: str = ""

    def anchor_in(self, version: PaperVersion) -> Anchor:
        """Give the anchor in a version; Invalid where the words or the paragraph are not in it."""
        if self.exact.strip():
            return anchor_of_quote(version, self.exact, self.prefix, self.suffix)
        return anchor_in(version, self.paragraph)


def _anchor(version: PaperVersion, paragraph: str | None, start: int, end: int) -> Anchor:
    return Anchor(
        paper_id=version.paper_id,
        version_id=version.id,
        tlp=version.tlp,
        named_list_id=version.named_list_id,
        paragraph=paragraph,
        exact=version.text[start:end],
        prefix=version.text[max(0, start - CONTEXT) : start],
        suffix=version.text[end : end + CONTEXT],
        start=start,
        end=end,
    )
