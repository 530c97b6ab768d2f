"""The texts of found contributions in passages: paragraphs of papers, of pages of files, and of posts.

What is read here is what this reader may read now; at most one statement a kind.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.answers import Answer
from forum.domain.attachments import Attachment, AttachmentPage
from forum.domain.attribution import SubjectKind
from forum.domain.labels import Status
from forum.domain.papers import PaperVersion
from forum.domain.threads import Post
from forum.policy import Actor, visible_to
from forum.policy.sql import MODEL_OF
from forum.services.indexing import PAGE_BREAK, READABLE_FILES, document_id, read_document_id

SHORTEST = 3
"""Characters of a passage; less says nothing."""
QUOTED = 600
"""Characters of a passage that are quoted."""

_BREAK = re.compile(r"\n\s*\n")
_KINDS = (SubjectKind.POST, SubjectKind.VERSION, SubjectKind.ATTACHMENT, SubjectKind.ANSWER)


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a text, and where it is cited."""

    start: int
    end: int
    place: str
    """The anchor of a paper's paragraph, the number of a file's page; empty elsewhere."""
    words: str

    @property
    def digest(self) -> str:
        """Give the hash by which an edit is seen."""
        return hashlib.sha256(self.words.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class PassageText:
    """The text of one contribution."""

    kind: SubjectKind
    subject_id: int
    text: str
    paragraphs: Sequence[Any] = ()
    """Of a version: [number, anchor, kind, start, end, hash]."""
    pages: Sequence[tuple[int, int]] = ()
    """Of a file: (number of the page, characters before it)."""

    def passages(self) -> Iterator[Passage]:
        """Give the passages in their order."""
        if self.paragraphs:
            for _, anchor, _, start, end, _ in self.paragraphs:
                yield self._cut(start, end, anchor)
            return
        begin = 0
        for gap in (*_BREAK.finditer(self.text), None):
            end = gap.start() if gap else len(self.text)
            if end - begin >= SHORTEST:
                yield self._cut(begin, end, self._page(begin))
            begin = gap.end() if gap else end

    def at(self, start: int, end: int) -> Passage | None:
        """Give the passage that stands at a place; None where the text is not that long."""
        if not 0 <= start < end <= len(self.text):
            return None
        anchor = next((row[1] for row in self.paragraphs if row[3] == start), "")
        return self._cut(start, end, anchor or self._page(start))

    def _cut(self, start: int, end: int, place: str) -> Passage:
        return Passage(start, end, place, self.text[start:end])

    def _page(self, start: int) -> str:
        found = [number for number, before in self.pages if before <= start]
        return str(found[-1]) if found else ""


def quote(words: str) -> str:
    """Give the words of a passage as they are quoted: on one line, cut at a word where they are long."""
    line = " ".join(words.split())
    if len(line) <= QUOTED:
        return line
    return line[:QUOTED].rpartition(" ")[0] + " …"


def load_texts(session: Session, actor: Actor, ids: Iterable[str]) -> dict[str, PassageText]:
    """Give the texts behind ids of documents, as far as the actor may read them now."""
    wanted: dict[SubjectKind, list[str]] = defaultdict(list)
    for id_ in dict.fromkeys(ids):
        kind, public_id = read_document_id(id_)
        wanted[kind].append(public_id)
    found: dict[str, PassageText] = {}
    for kind in _KINDS:
        if wanted[kind]:
            load = _load_files if kind is SubjectKind.ATTACHMENT else _load_whole
            found |= {document_id(kind, id_): text for id_, text in load(session, actor, kind, wanted[kind])}
    return found


def _readable(actor: Actor, kind: SubjectKind, ids: Sequence[str]) -> tuple[Any, ...]:
    model = MODEL_OF[kind]
    shown = model.status.in_([Status.PUBLISHED, Status.RECEIVED])
    return model.public_id.in_(ids), shown, visible_to(actor, model)


def _load_whole(
    session: Session, actor: Actor, kind: SubjectKind, ids: Sequence[str]
) -> Iterator[tuple[str, PassageText]]:
    model: Any = {
        SubjectKind.POST: Post,
        SubjectKind.VERSION: PaperVersion,
        SubjectKind.ANSWER: Answer,
    }[kind]
    paragraphs = model.paragraphs if kind is SubjectKind.VERSION else sa.null()
    rows = session.execute(
        sa.select(model.public_id, model.id, model.text, paragraphs.label("paragraphs")).where(
            *_readable(actor, kind, ids)
        )
    )
    for row in rows:
        yield row.public_id, PassageText(kind, row.id, row.text, row.paragraphs or ())


def _load_files(
    session: Session, actor: Actor, kind: SubjectKind, ids: Sequence[str]
) -> Iterator[tuple[str, PassageText]]:
    rows = session.execute(
        sa.select(Attachment.public_id, Attachment.id, AttachmentPage.number, AttachmentPage.text)
        .join(AttachmentPage, AttachmentPage.attachment_id == Attachment.id)
        .where(*_readable(actor, kind, ids), Attachment.state.in_(READABLE_FILES))
        .order_by(Attachment.id, AttachmentPage.number)
    )
    parts: dict[tuple[str, int], list[tuple[int, str]]] = defaultdict(list)
    for public_id, key, number, text in rows:
        parts[public_id, key].append((number, text))
    for (public_id, key), pages in parts.items():
        before, places = 0, []
        for number, text in pages:
            places.append((number, before))
            before += len(text) + len(PAGE_BREAK)
        text = PAGE_BREAK.join(text for _, text in pages)
        yield public_id, PassageText(kind, key, text, pages=places)
