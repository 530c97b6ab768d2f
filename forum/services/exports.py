"""Giving a group's published contributions back as records, the way they were imported."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.attachments import Attachment, AttachmentPage
from forum.domain.attribution import Attribution, ShownAs, SubjectKind
from forum.domain.consultations import Consultation
from forum.domain.groups import Group
from forum.domain.importing import FIELDS
from forum.domain.labels import Status
from forum.domain.organisations import Organisation
from forum.domain.papers import Paper, PaperVersion, Purpose
from forum.domain.records import ImportedRecord
from forum.domain.threads import Post, Thread

COLUMNS = (*FIELDS, "label", "shown_as", "change_note", "translation_of")
"""The columns of a table; what was kept besides goes into JSON Lines only."""


def export_records(session: Session, group: Group) -> Iterator[dict[str, Any]]:
    """Give papers with their versions and attachments, then discussions, parents before what answers them.

    Authors appear as their readers see them: never under the Chatham House Rule, and not where they
    chose to be shown by organisation or type.
    """
    names = _Names(session)
    yield from _papers(session, group, names)
    yield from _attachments(session, group, names)
    yield from _posts(session, group, names)


class _Names:
    """The ids that records had when they were imported, and the extra fields that came with them."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def of(self, kind: SubjectKind, ids: list[int]) -> dict[int, ImportedRecord]:
        found: dict[int, ImportedRecord] = {}
        for start in range(0, len(ids), 500):
            rows = self.session.scalars(
                sa.select(ImportedRecord).where(
                    ImportedRecord.target_kind == kind, ImportedRecord.target_id.in_(ids[start : start + 500])
                )
            )
            found |= {row.target_id: row for row in rows}
        return found


def _record(group: Group, imported: ImportedRecord | None, **fields: Any) -> dict[str, Any]:
    """Put the fields into the contract's order and what was kept behind them."""
    record = {name: fields.pop(name, None) for name in FIELDS}
    record["group"] = group.title
    record |= {name: value for name, value in fields.items() if value not in (None, "")}
    return record | (imported.extra if imported else {})


def _attributed(group: Group, row: Any, author: str | None, organisation: str | None) -> dict[str, Any]:
    if group.attribution is Attribution.CHATHAM_HOUSE:
        return {"author": row.alias, "shown_as": None}
    shown = row.shown_as
    hides_person = shown is not ShownAs.NAME or group.attribution is Attribution.ORGANISATION
    return {
        "author": None if hides_person else author,
        "organisation": None if shown is ShownAs.STAKEHOLDER_TYPE else organisation,
        "org_type": row.stakeholder_type.value if row.stakeholder_type else None,
        "country": row.country,
        "shown_as": shown.value,
    }


def _with_author(statement: Any, model: Any) -> Any:
    return statement.outerjoin(Account, Account.id == model.author_id).outerjoin(
        Organisation, Organisation.id == model.organisation_id
    )


_AUTHOR = sa.func.coalesce(Account.source_key, Account.name)


def _papers(session: Session, group: Group, names: _Names) -> Iterator[dict[str, Any]]:
    rows = session.execute(
        _with_author(
            sa.select(PaperVersion, Paper, _AUTHOR, Organisation.name, Consultation.public_id)
            .join(Paper, Paper.id == PaperVersion.paper_id)
            .outerjoin(Consultation, Consultation.id == Paper.consultation_id),
            Paper,
        )
        .where(PaperVersion.group_id == group.id, PaperVersion.status == Status.PUBLISHED)
        .order_by(Paper.id, PaperVersion.number)
    ).all()
    imported = names.of(SubjectKind.VERSION, [version.id for version, *_ in rows])
    consultations = names.of(
        SubjectKind.CONSULTATION, [paper.consultation_id for _, paper, *_ in rows if paper.consultation_id]
    )
    firsts: dict[int, str] = {}
    previous: dict[int, str] = {}
    for version, paper, author, organisation, consultation in rows:
        known = imported.get(version.id)
        record_id = known.source_id if known else f"version-{version.public_id}"
        first = firsts.setdefault(paper.id, record_id)
        thread = first
        if paper.consultation_id is not None:
            source = consultations.get(paper.consultation_id)
            thread = source.source_id if source else f"consultation-{consultation}"
        parent = previous.get(paper.id)
        kind = known.kind if known else _version_kind(paper, parent)
        previous[paper.id] = record_id
        yield _record(
            group,
            known,
            id=record_id,
            thread=thread,
            parent=parent,
            lang=paper.language,
            date=version.created_at.isoformat(),
            title=version.title,
            text=version.source,
            version=version.number,
            kind=kind,
            label=version.tlp.value,
            change_note=version.change_summary,
            translation_of=paper.translation_of,
            **_attributed(group, paper, author, organisation),
        )


def _version_kind(paper: Paper, parent: str | None) -> str:
    return "paper" if parent is None and paper.purpose is Purpose.POSITION else "document-version"


def _attachments(session: Session, group: Group, names: _Names) -> Iterator[dict[str, Any]]:
    rows = session.execute(
        sa.select(Attachment, sa.func.min(PaperVersion.id))
        .join(PaperVersion, PaperVersion.paper_id == Attachment.paper_id)
        .where(Attachment.group_id == group.id, Attachment.status == Status.PUBLISHED)
        .group_by(Attachment.id)
        .order_by(Attachment.id)
    ).all()
    imported = names.of(SubjectKind.ATTACHMENT, [attachment.id for attachment, _ in rows])
    parents = names.of(SubjectKind.VERSION, [version_id for _, version_id in rows])
    public = dict(
        session.execute(
            sa.select(PaperVersion.id, PaperVersion.public_id).where(PaperVersion.group_id == group.id)
        ).all()
    )
    for attachment, version_id in rows:
        known, parent = imported.get(attachment.id), parents.get(version_id)
        pages = session.scalars(
            sa.select(AttachmentPage.text)
            .where(AttachmentPage.attachment_id == attachment.id)
            .order_by(AttachmentPage.number)
        )
        parent_id = parent.source_id if parent else f"version-{public[version_id]}"
        yield _record(
            group,
            known,
            id=known.source_id if known else f"attachment-{attachment.public_id}",
            thread=parent_id,
            parent=parent_id,
            lang=attachment.language,
            date=attachment.created_at.isoformat(),
            title=attachment.title or attachment.filename,
            text="\f".join(pages),
            version=1,
            kind="attachment",
            label=attachment.tlp.value,
        )


def _posts(session: Session, group: Group, names: _Names) -> Iterator[dict[str, Any]]:
    rows = session.execute(
        _with_author(
            sa.select(Post, Thread.title, _AUTHOR, Organisation.name).join(
                Thread, Thread.id == Post.thread_id
            ),
            Post,
        )
        .where(Post.group_id == group.id, Post.status == Status.PUBLISHED, Thread.status == Status.PUBLISHED)
        .order_by(Post.thread_id, Post.order_key)
    ).all()
    imported = names.of(SubjectKind.POST, [post.id for post, *_ in rows])
    ids: dict[int, str] = {}
    threads: dict[int, str] = {}
    for post, title, author, organisation in rows:
        known = imported.get(post.id)
        record_id = ids[post.id] = known.source_id if known else f"post-{post.public_id}"
        thread = threads.setdefault(post.thread_id, record_id)
        # An answer to a post that is not published hangs on the opening post instead.
        parent = ids.get(post.parent_id, thread) if post.number != 1 else None
        yield _record(
            group,
            known,
            id=record_id,
            thread=thread,
            parent=None if parent == record_id else parent,
            lang=post.language,
            date=post.created_at.isoformat(),
            title=title,
            text=post.source,
            version=1,
            kind=known.kind if known else "post",
            label=post.tlp.value,
            **_attributed(group, post, author, organisation),
        )
