"""What entries rest on: passages found by their addresses, kept by hash, shown to whoever reads them.

An entry holds no word of its evidence. Nobody is told of a passage that they may not read: neither that
there is one, nor how many.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.answers import Answer
from forum.domain.attachments import Attachment, AttachmentPage
from forum.domain.attribution import SubjectKind
from forum.domain.consultations import Consultation
from forum.domain.evidence import Pointed, hash_of, read_address
from forum.domain.groups import Group
from forum.domain.labels import Status, Tlp
from forum.domain.papers import Paper, PaperVersion
from forum.domain.register_entries import MAX_EVIDENCE, RegisterEvidence
from forum.domain.text import excerpt
from forum.domain.threads import Post, Thread
from forum.errors import Invalid
from forum.policy import Actor, visible_to
from forum.services import attachment_owners
from forum.services.addresses import answer_path, attachment_path, post_path, version_path
from forum.services.attribution import ATTRIBUTED, Byline, author_columns, join_author, present
from forum.services.indexing import READABLE_FILES

QUOTED = 600
"""Characters of a passage that are shown."""
_READ = (Status.PUBLISHED, Status.RECEIVED)


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage as one reader may see it."""

    kind: SubjectKind
    subject_id: int
    place: str
    title: str
    path: str
    words: str
    group: Group
    byline: Byline
    tlp: Tlp

    @property
    def quote(self) -> str:
        """The beginning of it."""
        return excerpt(self.words, QUOTED)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A passage that an entry rests on, and whether it still says what it said."""

    public_id: str
    passage: Passage
    is_unchanged: bool
    hash: str


def find_passage(session: Session, actor: Actor, address: str) -> Passage | None:
    """Give the passage at an address of this site; None where there is none that the actor may read."""
    pointed = read_address(address)
    if pointed is None:
        return None
    found = _LOADERS[pointed.kind](session, actor, by_address=pointed)
    return found[0] if found else None


def read_addresses(session: Session, actor: Actor, text: str) -> list[Passage]:
    """Give the passages at addresses, one a line; Invalid names the line that leads to nothing readable."""
    passages = []
    lines = list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    if len(lines) > MAX_EVIDENCE:
        raise Invalid("An entry rests on up to %(limit)d passages.", field="evidence", limit=MAX_EVIDENCE)
    for line in lines:
        passage = find_passage(session, actor, line)
        if passage is None:
            raise Invalid(
                "There is no passage that you may read at “%(address)s”.",
                field="evidence",
                address=line[:120],
            )
        passages.append(passage)
    return passages


def add_evidence(session: Session, entry_id: int, passages: Sequence[Passage], *, now: datetime) -> int:
    """Have an entry rest on these passages too; gives how many are new."""
    rests_on = sa.select(
        RegisterEvidence.subject_kind, RegisterEvidence.subject_id, RegisterEvidence.place
    ).where(RegisterEvidence.entry_id == entry_id)
    known = {(row.subject_kind, row.subject_id, row.place) for row in session.execute(rests_on)}
    fresh = [one for one in passages if (one.kind, one.subject_id, one.place) not in known]
    if len(known) + len(fresh) > MAX_EVIDENCE:
        raise Invalid("An entry rests on up to %(limit)d passages.", field="evidence", limit=MAX_EVIDENCE)
    for one in fresh:
        session.add(
            RegisterEvidence(
                entry_id=entry_id,
                subject_kind=one.kind,
                subject_id=one.subject_id,
                place=one.place,
                hash=hash_of(one.words),
                added_at=now,
            )
        )
        known.add((one.kind, one.subject_id, one.place))
    return len(fresh)


def list_evidence(session: Session, actor: Actor, entry_id: int) -> list[Evidence]:
    """Give what an entry rests on, as far as the actor may read it; at most one statement a kind."""
    rows = session.scalars(
        sa.select(RegisterEvidence).where(RegisterEvidence.entry_id == entry_id).order_by(RegisterEvidence.id)
    ).all()
    wanted: dict[SubjectKind, list[RegisterEvidence]] = defaultdict(list)
    for row in rows:
        wanted[row.subject_kind].append(row)
    found: dict[tuple[SubjectKind, int, str], Passage] = {}
    for kind, kept in wanted.items():
        for passage in _LOADERS[kind](session, actor, kept=kept):
            found[passage.kind, passage.subject_id, passage.place] = passage
    lines = []
    for row in rows:
        passage = found.get((row.subject_kind, row.subject_id, row.place))
        if passage is not None:
            lines.append(Evidence(row.public_id, passage, hash_of(passage.words) == row.hash, row.hash))
    return lines


def _author(model: Any) -> tuple[Any, ...]:
    return (*(getattr(model, name) for name in ATTRIBUTED), *author_columns())


def _versions(
    session: Session,
    actor: Actor,
    *,
    by_address: Pointed | None = None,
    kept: Sequence[RegisterEvidence] = (),
) -> list[Passage]:
    statement = (
        sa.select(
            PaperVersion.id,
            PaperVersion.number,
            PaperVersion.title,
            PaperVersion.text,
            PaperVersion.paragraphs,
            PaperVersion.tlp,
            Paper.public_id,
            Group,
            *_author(Paper),
        )
        .select_from(PaperVersion)
        .join(Paper, Paper.id == PaperVersion.paper_id)
        .join(Group, Group.id == PaperVersion.group_id)
        .where(PaperVersion.status == Status.PUBLISHED, visible_to(actor, PaperVersion))
    )
    if by_address is not None:
        statement = statement.where(
            Paper.public_id == by_address.public_id, PaperVersion.number == by_address.number
        )
    else:
        statement = statement.where(PaperVersion.id.in_({row.subject_id for row in kept}))
    passages = []
    for row in session.execute(join_author(statement, Paper)):
        places = [by_address.place] if by_address else [one.place for one in kept if one.subject_id == row.id]
        for place in places:
            words = _paragraph(row, place)
            if words is not None:
                path = version_path(row.public_id, row.number) + (f"#{place}" if place else "")
                passages.append(_passage(actor, SubjectKind.VERSION, row, place, row.title, path, words))
    return passages


def _paragraph(row: Any, place: str) -> str | None:
    """Give the words of a paragraph of a version, of all of it for ""; None where it has no such one."""
    if not place:
        return str(row.text)
    for _number, anchor, _kind, start, end, *_ in row.paragraphs:
        if anchor == place:
            return str(row.text[start:end])
    return None


def _posts(
    session: Session,
    actor: Actor,
    *,
    by_address: Pointed | None = None,
    kept: Sequence[RegisterEvidence] = (),
) -> list[Passage]:
    statement = (
        sa.select(Post.id, Post.public_id, Post.text, Post.tlp, Thread.title, Group, *_author(Post))
        .select_from(Post)
        .join(Thread, Thread.id == Post.thread_id)
        .join(Group, Group.id == Post.group_id)
        .where(Post.status == Status.PUBLISHED, visible_to(actor, Post), visible_to(actor, Thread))
        .where(_wanted(Post, by_address, kept))
    )
    return [
        _passage(actor, SubjectKind.POST, row, "", row.title, post_path(row.public_id), row.text)
        for row in session.execute(join_author(statement, Post))
    ]


def _answers(
    session: Session,
    actor: Actor,
    *,
    by_address: Pointed | None = None,
    kept: Sequence[RegisterEvidence] = (),
) -> list[Passage]:
    statement = (
        sa.select(
            Answer.id,
            Answer.public_id,
            Answer.text,
            Answer.title,
            Answer.tlp,
            Consultation.public_id.label("asked"),
            Group,
            *_author(Answer),
        )
        .select_from(Answer)
        .join(Consultation, Consultation.id == Answer.consultation_id)
        .join(Group, Group.id == Answer.group_id)
        .where(Answer.status.in_(_READ), visible_to(actor, Answer), _wanted(Answer, by_address, kept))
    )
    return [
        _passage(
            actor,
            SubjectKind.ANSWER,
            row,
            "",
            row.title,
            answer_path(row.Group.slug, row.asked, row.public_id),
            row.text,
        )
        for row in session.execute(join_author(statement, Answer))
    ]


def _attachments(
    session: Session,
    actor: Actor,
    *,
    by_address: Pointed | None = None,
    kept: Sequence[RegisterEvidence] = (),
) -> list[Passage]:
    statement = (
        sa.select(
            Attachment.id,
            Attachment.public_id,
            sa.func.coalesce(sa.func.nullif(Attachment.title, ""), Attachment.filename).label("title"),
            Attachment.tlp,
            Group,
            *_author(attachment_owners.AUTHOR),
        )
        .select_from(Attachment)
        .join(Group, Group.id == Attachment.group_id)
        .where(
            Attachment.status.in_(_READ),
            Attachment.state.in_(READABLE_FILES),
            visible_to(actor, Attachment),
            _wanted(Attachment, by_address, kept),
        )
    )
    rows = session.execute(attachment_owners.join_owner(statement)).all()
    pages: dict[int, dict[str, str]] = defaultdict(dict)
    for key, number, text in session.execute(
        sa.select(AttachmentPage.attachment_id, AttachmentPage.number, AttachmentPage.text).where(
            AttachmentPage.attachment_id.in_([row.id for row in rows])
        )
    ):
        pages[key][str(number)] = text
    passages = []
    for row in rows:
        places = [by_address.place] if by_address else [one.place for one in kept if one.subject_id == row.id]
        for place in places:
            texts = pages[row.id]
            words = texts.get(place) if place else "\n".join(texts.values())
            if words is not None:
                path = attachment_path(row.public_id) + (f"/pages/{place}" if place else "")
                passages.append(_passage(actor, SubjectKind.ATTACHMENT, row, place, row.title, path, words))
    return passages


def _wanted(
    model: Any, by_address: Pointed | None, kept: Sequence[RegisterEvidence]
) -> sa.ColumnElement[bool]:
    if by_address is not None:
        return model.public_id == by_address.public_id  # type: ignore[no-any-return]
    return model.id.in_({row.subject_id for row in kept})  # type: ignore[no-any-return]


def _passage(
    actor: Actor, kind: SubjectKind, row: Any, place: str, title: str, path: str, words: str
) -> Passage:
    byline = present(actor, row.Group, row, row)
    return Passage(kind, row.id, place, title, path, words, row.Group, byline, row.tlp)


_LOADERS: dict[SubjectKind, Any] = {
    SubjectKind.VERSION: _versions,
    SubjectKind.POST: _posts,
    SubjectKind.ANSWER: _answers,
    SubjectKind.ATTACHMENT: _attachments,
}
