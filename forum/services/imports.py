"""Importing records: resumable, idempotent by id, in batches that are each one transaction of the caller."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attachments import Attachment, AttachmentPage, AttachmentState
from forum.domain.attribution import SubjectKind
from forum.domain.audit import AuditAction
from forum.domain.consultations import Consultation, ConsultationState
from forum.domain.groups import Group
from forum.domain.importing import BadLine, Record
from forum.domain.labels import Status, Tlp
from forum.domain.papers import Paper, PaperOwner, PaperVersion, Purpose
from forum.domain.records import ImportedRecord
from forum.domain.threads import Post, Thread, order_key
from forum.policy.labels import narrowest_tlp
from forum.richtext import Rendered
from forum.services.audit import record
from forum.services.chatham import is_sealed
from forum.services.imported_people import Registry
from forum.services.intake import (
    Row,
    count_posts,
    enqueue_many,
    insert_authorships,
    insert_rows,
    post_row,
    thread_row,
    version_row,
)
from forum.services.labels import label_columns
from forum.services.sealing import account_key, organisation_key

_FORM_FEED = "\f"


@dataclass
class Outcome:
    """What became of a batch, or of the whole import."""

    imported: int = 0
    unchanged: int = 0
    bad: list[BadLine] = field(default_factory=list)

    def add(self, other: "Outcome") -> None:
        """Add another batch's outcome."""
        self.imported += other.imported
        self.unchanged += other.unchanged
        self.bad += other.bad


def find_imported(session: Session, ids: Iterable[str]) -> dict[str, ImportedRecord]:
    """Give what is imported already of these ids."""
    wanted = list(dict.fromkeys(ids))
    found: dict[str, ImportedRecord] = {}
    for start in range(0, len(wanted), 500):
        rows = session.scalars(
            sa.select(ImportedRecord).where(ImportedRecord.source_id.in_(wanted[start : start + 500]))
        )
        found |= {row.source_id: row for row in rows}
    return found


def import_batch(
    session: Session,
    records: Sequence[Record],
    rendered: Mapping[str, Rendered],
    registry: Registry,
    *,
    now: datetime,
) -> Outcome:
    """Write a batch, in order (domain.importing.in_order); `rendered` holds posts and versions by id."""
    known = find_imported(
        session, (name for r in records for name in (r.id, r.parent, r.thread) if name is not None)
    )
    outcome = Outcome()
    fresh: list[Record] = []
    for one in records:
        before = known.get(one.id)
        if before is None:
            fresh.append(one)
        elif before.digest == one.digest:
            outcome.unchanged += 1
        else:
            outcome.bad.append(
                BadLine(one.line, f"{one.id!r} was imported before with another content; it stays as it was")
            )
    registry.prepare(session, fresh, now=now)
    batch = _Batch(session, registry, known, rendered, now)
    for one in fresh:
        reason = batch.take(one)
        if reason is None:
            outcome.imported += 1
        else:
            outcome.bad.append(BadLine(one.line, reason))
    batch.finish()
    _put_on_record(session, fresh, outcome, registry, now)
    return outcome


def _put_on_record(
    session: Session, fresh: Sequence[Record], outcome: Outcome, registry: Registry, now: datetime
) -> None:
    """Append one entry a group: how many records came in, and in the first what was made for them."""
    bad = {line.line for line in outcome.bad}
    counts = Counter(registry.slug_of(one) for one in fresh if one.line not in bad)
    made: dict[str, Any] = registry.take_made()
    for slug, count in sorted(counts.items()):
        group = registry.groups[slug]
        made |= {"subject_kind": "group", "subject": group.public_id, "group": group}
        record(session, None, AuditAction.IMPORTED, now=now, records=count, **made)
        made = {}


class _Batch:
    """The rows of one batch, collected by kind and written in as few statements as the references allow."""

    def __init__(
        self,
        session: Session,
        registry: Registry,
        known: dict[str, ImportedRecord],
        rendered: Mapping[str, Rendered],
        now: datetime,
    ) -> None:
        self.session = session
        self.registry = registry
        self.rendered = rendered
        self.now = now
        self.places = {name: (row.target_kind, row.target_id) for name, row in known.items()}
        self.threads: dict[int, _ThreadState] = {}
        self.post_places: dict[int, _Place] = {}
        self.papers: dict[int, Paper] = {}
        self.authorships: list[tuple[SubjectKind, int, str]] = []
        self.index: dict[SubjectKind, list[int]] = {}
        self.log: list[Row] = []
        self.posts: list[tuple[Record, Row]] = []
        self.pages: list[Row] = []
        self.owners: list[Row] = []

    def take(self, record: Record) -> str | None:
        """Take one record; give the reason where it cannot be taken."""
        group = self.registry.group_of(record)
        tlp = record.label or narrowest_tlp(group.ceiling)
        if record.kind == "attachment" and record.parent is not None:
            return self._attachment(record, group, tlp)
        if record.kind == "document-version" and record.parent is not None:
            return self._next_version(record, group, tlp)
        if record.kind in {"paper", "document-version", "attachment"}:
            return self._first_version(record, group, tlp)
        return self._post(record, group, tlp)

    def _note(self, record: Record, kind: SubjectKind, target_id: int) -> None:
        self.places[record.id] = (kind, target_id)
        self.log.append(
            {
                "source_id": record.id,
                "kind": record.kind,
                "target_kind": kind,
                "target_id": target_id,
                "digest": record.digest,
                "extra": record.extra,
            }
        )
        self.index.setdefault(kind, []).append(target_id)
        self.authorships += [(kind, target_id, key) for key in self._writer_keys(record)]

    def _writer_keys(self, record: Record) -> list[str]:
        if is_sealed(self.registry.group_of(record)):
            return []
        author, organisation = self.registry.author_of(record), self.registry.organisation_of(record)
        keys = [account_key(author)] if author is not None else []
        return keys + ([organisation_key(organisation)] if organisation is not None else [])

    def _attributed(self, record: Record) -> Row:
        """Under the Chatham House Rule nothing is taken over of who wrote it."""
        if is_sealed(self.registry.group_of(record)):
            return {"shown_as": record.shown_as}
        return {
            "author_id": self.registry.author_of(record),
            "organisation_id": self.registry.organisation_of(record),
            "stakeholder_type": record.type,
            "country": record.country,
            "shown_as": record.shown_as,
        }

    def _first_version(self, record: Record, group: Group, tlp: Tlp) -> str | None:
        consultation_id = self._consultation(record, group, tlp) if record.answers_consultation else None
        paper = Paper(
            group_id=group.id,
            purpose=Purpose.POSITION if record.kind == "paper" else Purpose.GROUP_DRAFT,
            consultation_id=consultation_id,
            language=record.language,
            translation_of=record.translation_of,
            created_at=record.date,
            **self._attributed(record),
        )
        self.session.add(paper)
        self.session.flush()
        self.papers[paper.id] = paper
        if paper.organisation_id is not None and paper.purpose is Purpose.POSITION:
            self.owners.append({"paper_id": paper.id, "organisation_id": paper.organisation_id})
        self._version(record, group, tlp, paper.id, 1, None)
        return None

    def _next_version(self, record: Record, group: Group, tlp: Tlp) -> str | None:
        paper = self._paper_of(record.parent)
        if paper is None:
            return f"its parent {record.parent!r} is not a paper"
        newest = self.session.scalar(
            sa.select(sa.func.max(PaperVersion.number)).where(PaperVersion.paper_id == paper.id)
        )
        assert newest is not None
        self._version(record, group, tlp, paper.id, newest + 1, newest)
        return None

    def _version(
        self, record: Record, group: Group, tlp: Tlp, paper_id: int, number: int, based_on: int | None
    ) -> None:
        row = version_row(
            group,
            paper_id=paper_id,
            number=number,
            based_on=based_on,
            title=record.title or record.id,
            rendered=self.rendered[record.id],
            status=Status.PUBLISHED,
            tlp=tlp,
            created_at=record.date,
            change_summary=record.change_note,
            created_by_id=None if is_sealed(group) else self.registry.author_of(record),
        )
        (version_id,) = insert_rows(self.session, PaperVersion, [row])
        if based_on is not None:
            # The version before is superseded now, and its document in the index says so.
            self.index.setdefault(SubjectKind.VERSION, []).extend(
                self.session.scalars(
                    sa.select(PaperVersion.id).where(
                        PaperVersion.paper_id == paper_id, PaperVersion.number == based_on
                    )
                )
            )
        self._note(record, SubjectKind.VERSION, version_id)

    def _paper_of(self, parent: str | None) -> Paper | None:
        kind, target_id = self.places.get(parent or "", (None, 0))
        if kind is not SubjectKind.VERSION:
            return None
        paper_id = self.session.scalar(sa.select(PaperVersion.paper_id).where(PaperVersion.id == target_id))
        assert paper_id is not None
        if paper_id not in self.papers:
            self.papers[paper_id] = self.session.get_one(Paper, paper_id)
        return self.papers[paper_id]

    def _consultation(self, record: Record, group: Group, tlp: Tlp) -> int:
        """Give the consultation that a paper answers: made, and closed, where it is not there."""
        kind, target_id = self.places.get(record.thread, (None, 0))
        if kind is SubjectKind.CONSULTATION:
            known = self.session.get_one(Consultation, target_id)
            if known.closes_at is not None and known.closes_at < record.date:
                known.closes_at = known.closed_at = record.date
            return target_id
        consultation = Consultation(
            group_id=group.id,
            title=record.group or group.title,
            state=ConsultationState.CLOSED,
            closes_at=record.date,
            closed_at=record.date,
            created_at=record.date,
            **label_columns(group, Status.PUBLISHED, tlp),
        )
        self.session.add(consultation)
        self.session.flush()
        self.places[record.thread] = (SubjectKind.CONSULTATION, consultation.id)
        self.log.append(
            {
                "source_id": record.thread,
                "kind": "consultation",
                "target_kind": SubjectKind.CONSULTATION,
                "target_id": consultation.id,
                "digest": "",
                "extra": {},
            }
        )
        self.index.setdefault(SubjectKind.CONSULTATION, []).append(consultation.id)
        return consultation.id

    def _attachment(self, record: Record, group: Group, tlp: Tlp) -> str | None:
        paper = self._paper_of(record.parent)
        if paper is None:
            return f"its parent {record.parent!r} is not a paper"
        row = {
            "paper_id": paper.id,
            "group_id": group.id,
            "filename": (record.title or record.id)[:200],
            "title": record.title,
            "language": record.language,
            "size": len(record.text.encode()),
            "state": AttachmentState.TEXT_ONLY,
            "created_at": record.date,
            **label_columns(group, Status.PUBLISHED, tlp, paper_id=paper.id),
        }
        (attachment_id,) = insert_rows(self.session, Attachment, [row])
        self.pages += [
            {"attachment_id": attachment_id, "number": number, "text": page}
            for number, page in enumerate(record.text.split(_FORM_FEED), 1)
        ]
        self._note(record, SubjectKind.ATTACHMENT, attachment_id)
        return None

    def _post(self, record: Record, group: Group, tlp: Tlp) -> str | None:
        if record.opens:
            thread_id = self._open_thread(record, group, tlp)
            parent = None
        else:
            kind, target_id = self.places.get(record.parent or "", (None, 0))
            if kind is not SubjectKind.POST:
                return f"its parent {record.parent!r} is not a post"
            parent = self._post_place(target_id)
            thread_id = parent.thread_id
        state = self._thread_state(thread_id)
        state.count += 1
        key = order_key(parent.order_key if parent else None, state.count)
        depth = parent.depth + 1 if parent else 0
        row = post_row(
            group,
            thread_id=thread_id,
            number=state.count,
            order_key=key,
            depth=depth,
            parent_id=parent.id if parent else None,
            rendered=self.rendered[record.id],
            status=Status.PUBLISHED,
            tlp=state.tlp,
            created_at=record.date,
            language=group.languages[0] if is_sealed(group) and group.languages else record.language,
            **self._attributed(record),
        )
        (post_id,) = insert_rows(self.session, Post, [row])
        self.post_places[post_id] = _Place(post_id, thread_id, key, depth)
        self._note(record, SubjectKind.POST, post_id)
        return None

    def _open_thread(self, record: Record, group: Group, tlp: Tlp) -> int:
        row = thread_row(
            group,
            title=record.title or record.text.strip().split("\n")[0][:120],
            status=Status.PUBLISHED,
            tlp=tlp,
            created_at=record.date,
            language=record.language,
        )
        (thread_id,) = insert_rows(self.session, Thread, [row])
        self.threads[thread_id] = _ThreadState(tlp, 0)
        self.authorships += [(SubjectKind.THREAD, thread_id, key) for key in self._writer_keys(record)]
        return thread_id

    def _thread_state(self, thread_id: int) -> "_ThreadState":
        if thread_id not in self.threads:
            tlp, count = self.session.execute(
                sa.select(Thread.tlp, Thread.post_count).where(Thread.id == thread_id)
            ).one()
            self.threads[thread_id] = _ThreadState(tlp, count)
        return self.threads[thread_id]

    def _post_place(self, post_id: int) -> "_Place":
        if post_id in self.post_places:
            return self.post_places[post_id]
        row = self.session.execute(
            sa.select(Post.id, Post.thread_id, Post.order_key, Post.depth).where(Post.id == post_id)
        ).one()
        return _Place(*row)

    def finish(self) -> None:
        """Write what was collected."""
        if self.pages:
            self.session.execute(sa.insert(AttachmentPage), self.pages)
        if self.owners:
            self.session.execute(sa.insert(PaperOwner), self.owners)
        if self.log:
            self.session.execute(sa.insert(ImportedRecord), self.log)
        insert_authorships(self.session, self.authorships)
        count_posts(self.session, self.threads)
        enqueue_many(self.session, {k: list(dict.fromkeys(v)) for k, v in self.index.items()}, now=self.now)


@dataclass
class _Place:
    id: int
    thread_id: int
    order_key: str
    depth: int


@dataclass
class _ThreadState:
    tlp: Tlp
    count: int
