"""Citations: written down with the text that makes them, and shown to who may read the text that cites."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attribution import SubjectKind
from forum.domain.citations import Citation, Cited, find_cited
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.papers import Paper, PaperVersion
from forum.domain.register_entries import RegisterEntry
from forum.domain.threads import Post, Thread
from forum.policy import Actor, visible_to
from forum.services.addresses import entry_path, post_path, version_path

MOST = 200
"""Citations shown of the things on one page."""


@dataclass(frozen=True, slots=True)
class CitedIn:
    """Where something is cited, as one reader may see it."""

    title: str
    path: str
    group: str


def record_citations(
    session: Session, kind: SubjectKind, source_id: int, source: str, *, is_new: bool = True
) -> None:
    """Write down what a text points at, in place of what it pointed at before."""
    if not is_new:
        session.execute(
            sa.delete(Citation).where(Citation.source_kind == kind, Citation.source_id == source_id)
        )
    rows = [
        {"source_kind": kind, "source_id": source_id, "target": one.target, "target_number": one.number}
        for one in find_cited(source)
    ]
    if rows:
        session.execute(sa.insert(Citation), rows)


def list_citing(session: Session, actor: Actor, targets: Sequence[Cited]) -> dict[Cited, list[CitedIn]]:
    """Give where each of these is cited in published texts that the actor may read. One statement.

    A version is cited by its own address, and by the paper's without a number. What cites itself is left out.
    """
    found: dict[Cited, dict[str, CitedIn]] = defaultdict(dict)
    if not targets:
        return {}
    by_id: dict[str, list[Cited]] = defaultdict(list)
    for one in targets:
        by_id[one.target].append(one)
    for target, number, own_id, line in _read(session, actor, list(by_id)):
        for one in by_id[target]:
            if number in {None, one.number} and own_id != target:
                found[one][line.path] = line
    return {one: list(lines.values()) for one, lines in found.items()}


def _read(session: Session, actor: Actor, targets: list[str]) -> list[tuple[str, int | None, str, CitedIn]]:
    lines = []
    citing = sa.union_all(
        _posts(actor, targets), _versions(actor, targets), _entries(actor, targets)
    ).subquery()
    for row in session.execute(sa.select(citing).order_by(citing.c.citation_id).limit(MOST)):
        path = _path(row)
        lines.append((row.target, row.target_number, row.own_id, CitedIn(row.title, path, row.short_title)))
    return lines


def _path(row: Any) -> str:
    match row.kind:
        case "version":
            return version_path(row.own_id, row.number)
        case "post":
            return post_path(row.own_id)
    return entry_path(row.register, row.own_id)


def _posts(actor: Actor, targets: list[str]) -> Any:
    return (
        sa.select(
            Citation.id.label("citation_id"),
            Citation.target,
            Citation.target_number,
            sa.literal("post").label("kind"),
            Post.public_id.label("own_id"),
            Post.number,
            Thread.title,
            Group.short_title,
            sa.literal("").label("register"),
        )
        .join(Post, sa.and_(Citation.source_kind == SubjectKind.POST, Citation.source_id == Post.id))
        .join(Thread, Thread.id == Post.thread_id)
        .join(Group, Group.id == Post.group_id)
        .where(
            Citation.target.in_(targets),
            Post.status == Status.PUBLISHED,
            visible_to(actor, Post),
            visible_to(actor, Thread),
        )
    )


def _versions(actor: Actor, targets: list[str]) -> Any:
    return (
        sa.select(
            Citation.id.label("citation_id"),
            Citation.target,
            Citation.target_number,
            sa.literal("version").label("kind"),
            Paper.public_id.label("own_id"),
            PaperVersion.number,
            PaperVersion.title,
            Group.short_title,
            sa.literal("").label("register"),
        )
        .join(
            PaperVersion,
            sa.and_(Citation.source_kind == SubjectKind.VERSION, Citation.source_id == PaperVersion.id),
        )
        .join(Paper, Paper.id == PaperVersion.paper_id)
        .join(Group, Group.id == PaperVersion.group_id)
        .where(
            Citation.target.in_(targets),
            PaperVersion.status == Status.PUBLISHED,
            visible_to(actor, PaperVersion),
        )
    )


def _entries(actor: Actor, targets: list[str]) -> Any:
    return (
        sa.select(
            Citation.id.label("citation_id"),
            Citation.target,
            Citation.target_number,
            sa.literal("entry").label("kind"),
            RegisterEntry.public_id.label("own_id"),
            sa.literal(1).label("number"),
            RegisterEntry.title,
            Group.short_title,
            RegisterEntry.register,
        )
        .join(
            RegisterEntry,
            sa.and_(Citation.source_kind == SubjectKind.ENTRY, Citation.source_id == RegisterEntry.id),
        )
        .join(Group, Group.id == RegisterEntry.group_id)
        .where(
            Citation.target.in_(targets),
            RegisterEntry.status == Status.PUBLISHED,
            visible_to(actor, RegisterEntry),
        )
    )
