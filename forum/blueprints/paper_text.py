"""The text of a version as its page shows it: numbered blocks, passages marked, comments beside them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from flask_babel import gettext, ngettext
from markupsafe import Markup

from forum.blueprints import wording
from forum.domain.comments import Disposition
from forum.domain.fates import Followed
from forum.domain.labels import Status
from forum.domain.marking import Passage
from forum.domain.threads import AnchorState
from forum.richtext import blocks_of
from forum.services.comments import CommentLine
from forum.services.papers import PaperHead, VersionLine, VersionText

QUOTED_BESIDE = 90
"""Characters of a passage that stand in the margin."""

_HEADINGS = ("<h2", "<h3", "<h4", "<h5", "<h6")


class CommentRow(NamedTuple):
    """A comment with its words looked up, so that two hundred of them cost little more than their text."""

    path: str
    title: str
    meta: str
    """Replies, status, version, what became of the passage, the answer; "" for nothing of that."""
    quote: str
    """The words it is about; "" for a whole paragraph or the whole text."""
    mark: str
    """The id of the passage in the text; "" where it is not marked."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a version as its page shows it: number, text, comments."""

    anchor: str
    number: int
    """0 where the block has no words, and so no number."""
    html: Markup
    comments: list[CommentRow]
    followed: Followed | None
    """What became of it in the newest version, on the page of an older one."""

    @property
    def is_heading(self) -> bool:
        """Whether it is a heading, which nobody cites or comments on by itself."""
        return self.html.startswith(_HEADINGS)


@dataclass(frozen=True, slots=True)
class Heading:
    """A line of the list of contents."""

    anchor: str
    level: int
    words: str


class CommentWords:
    """The words of comments on a paper, looked up once a page."""

    def __init__(self, head: PaperHead, shown: VersionLine) -> None:
        self._prefix = f"/groups/{head.group.slug}/threads/"
        self._numbers = {version.id: version.number for version in head.versions}
        self._shown = shown
        self._replies: dict[int, str] = {}
        self._on: dict[int, str] = {}
        self._suggestion, self._moved = gettext("suggested wording"), gettext("moved or reworded since")
        self._answers = {one: str(wording.disposition_name(one)) for one in Disposition}

    def row(
        self, comment: CommentLine, *, is_quoted: bool, mark: str = "", length: int = QUOTED_BESIDE
    ) -> CommentRow:
        """Give a comment as it stands beside the text, or in a list with more of its passage."""
        quote = ""
        if is_quoted and comment.exact:
            quote = _shortened(comment.exact, length)
        return CommentRow(
            f"{self._prefix}{comment.public_id}/",
            comment.title,
            self._meta(comment),
            quote,
            mark,
        )

    def _meta(self, comment: CommentLine) -> str:
        parts = []
        if comment.is_suggestion:
            parts.append(self._suggestion)
        if comment.posts > 1:
            parts.append(self._count(comment.posts - 1))
        if comment.status is not Status.PUBLISHED:
            parts.append(wording.status_name(comment.status))
        if comment.version_id != self._shown.id and comment.version_id is not None:
            parts.append(self._on_version(comment.version_id))
            if comment.state is AnchorState.MOVED:
                parts.append(self._moved)
        if comment.disposition is not None:
            parts.append(self._answers[comment.disposition])
        return " · ".join(parts) if parts else ""

    def _count(self, replies: int) -> str:
        if replies not in self._replies:
            self._replies[replies] = ngettext("%(num)d reply", "%(num)d replies", replies)
        return self._replies[replies]

    def _on_version(self, version_id: int) -> str:
        if version_id not in self._on:
            self._on[version_id] = gettext("on version %(number)s", number=self._numbers[version_id])
        return self._on[version_id]


def arrange_text(
    text: VersionText,
    placed: Mapping[str, Sequence[CommentLine]],
    words: CommentWords,
    followed: Mapping[str, Followed],
) -> Iterator[Block]:
    """Yield the blocks of a version with the comments that stand at each, its passages marked."""
    marks = _marks(text.paragraphs, placed)
    for anchor, html in blocks_of(text.html, marks.by_anchor):
        number = int(anchor[1:]) if anchor else 0
        comments = [
            words.row(comment, is_quoted=True, mark=f"c-{comment.public_id}")
            if comment.public_id in marks.ids
            else words.row(comment, is_quoted=False)
            for comment in placed.get(anchor, ())
        ]
        yield Block(anchor, number, html, comments, followed.get(anchor))


def _shortened(text: str, length: int) -> str:
    """Give the beginning of a passage on one line, cut between words: excerpt(), only quicker."""
    line = " ".join(text[: length + 1].split())
    if len(text) <= length:
        return line
    return f"{line.rpartition(' ')[0] or line[: length - 1]}…"


class _Marks(NamedTuple):
    by_anchor: dict[str, list[Passage]]
    ids: set[str]


def _marks(paragraphs: Sequence[Any], placed: Mapping[str, Sequence[CommentLine]]) -> _Marks:
    """Give what is to be marked in each paragraph; a passage may go over several of them."""
    found = _Marks({}, set())
    position = {row[1]: index for index, row in enumerate(paragraphs)}
    for anchor, comments in placed.items():
        for comment in comments:
            if comment.start is None or comment.end is None or anchor not in position:
                continue
            _number, _anchor, _kind, start, end, _hash = paragraphs[position[anchor]]
            if (comment.start, comment.end) == (start, end):
                continue  # a whole paragraph needs no mark: its number says it
            found.ids.add(comment.public_id)
            for index in range(position[anchor], len(paragraphs)):
                row = paragraphs[index]
                if row[3] >= comment.end:
                    break
                first, last = max(comment.start, row[3]) - row[3], min(comment.end, row[4]) - row[3]
                if first < last:
                    found.by_anchor.setdefault(row[1], []).append(
                        Passage(first, last, f"c-{comment.public_id}" if row[1] == anchor else "")
                    )
    return found


def headings_of(blocks: Sequence[Block]) -> list[Heading]:
    """Give the list of contents; none for fewer than three headings."""
    found = [
        Heading(block.anchor, int(block.html[2]), block.html.striptags())
        for block in blocks
        if block.anchor and block.is_heading
    ]
    return found if len(found) > 2 else []
