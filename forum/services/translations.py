"""Translations: papers of their own beside the authentic one, each version of them naming what it translates.

A translation has comments, versions, drafts, moderation and a place in search as any paper has; who reads it
is settled by the label of the version that it translates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.languages import LANGUAGES
from forum.domain.papers import Paper, PaperOwner, PaperVersion, TranslationKind
from forum.domain.threads import Thread, ThreadKind
from forum.errors import Invalid, NotAllowed
from forum.policy import Action, Actor, can, visible_to
from forum.services.addresses import paper_path, thread_path
from forum.services.papers import CURRENT, PaperHead


@dataclass(frozen=True, slots=True)
class LanguageLine:
    """A paper of a set of translations, by its newest version that the reader may read."""

    paper_id: int
    public_id: str
    path: str
    language: str
    title: str
    number: int
    kind: TranslationKind | None
    translates: int | None
    is_authentic: bool
    is_shown: bool


@dataclass(frozen=True, slots=True)
class OtherComment:
    """A discussion on the text in another language."""

    title: str
    path: str
    language: str
    replies: int


@dataclass(frozen=True, slots=True)
class Translations:
    """What a paper's page says of languages."""

    lines: list[LanguageLine]
    """Every language of the set, the authentic one first, the paper itself among them."""
    comments: list[OtherComment]

    @property
    def authentic(self) -> LanguageLine | None:
        """The authentic text, where the reader may read it and the set says which one that is."""
        return next((line for line in self.lines if line.is_authentic), None)

    @property
    def shown(self) -> LanguageLine | None:
        """The paper whose page this is."""
        return next((line for line in self.lines if line.is_shown), None)


def load_translations(session: Session, actor: Actor, head: PaperHead) -> Translations:
    """Give the languages of a paper and the comments on the others; two statements, none for most papers."""
    key = head.paper.translation_of
    if key is None:
        return Translations([], [])
    rows = session.execute(
        sa.select(
            Paper,
            Group.slug,
            PaperVersion.title,
            PaperVersion.number,
            PaperVersion.translates,
        )
        .join(PaperVersion, PaperVersion.paper_id == Paper.id)
        .join(Group, Group.id == Paper.group_id)
        .where(
            Paper.translation_of == key,
            PaperVersion.status.in_(sorted(CURRENT)),
            visible_to(actor, PaperVersion),
        )
        .order_by(Paper.id, PaperVersion.number)
    )
    newest = {row.Paper.id: row for row in rows}
    has_kinds = any(row.Paper.translation_kind for row in newest.values())
    lines = [_line(row, head.paper, has_kinds=has_kinds) for row in newest.values()]
    lines.sort(key=lambda line: (not line.is_authentic, line.language))
    if len(lines) < 2:
        return Translations(lines if lines and lines[0].kind else [], [])
    others = {line.paper_id: line.language for line in lines if not line.is_shown}
    return Translations(lines, _list_comments(session, actor, others))


def _line(row: Any, shown: Paper, *, has_kinds: bool) -> LanguageLine:
    paper = row.Paper
    return LanguageLine(
        paper_id=paper.id,
        public_id=paper.public_id,
        path=paper_path(row.slug, paper.public_id),
        language=paper.language,
        title=row.title,
        number=row.number,
        kind=paper.translation_kind,
        translates=row.translates,
        is_authentic=has_kinds and paper.translation_kind is None,
        is_shown=paper.id == shown.id,
    )


def _list_comments(session: Session, actor: Actor, papers: dict[int, str]) -> list[OtherComment]:
    version = aliased(PaperVersion)
    rows = session.execute(
        sa.select(Thread.title, Thread.public_id, Thread.paper_id, Thread.published_count, Group.slug)
        .join(Group, Group.id == Thread.group_id)
        .outerjoin(version, version.id == Thread.version_id)
        .where(
            Thread.paper_id.in_(sorted(papers)),
            Thread.kind == ThreadKind.COMMENT,
            Thread.status == Status.PUBLISHED,
            visible_to(actor, Thread),
            sa.or_(Thread.version_id.is_(None), visible_to(actor, version)),
        )
        .order_by(Thread.paper_id, Thread.id)
        .limit(200)
    )
    return [
        OtherComment(
            row.title, thread_path(row.slug, row.public_id), papers[row.paper_id], row.published_count - 1
        )
        for row in rows
    ]


def list_kinds(session: Session, actor: Actor, head: PaperHead, *, may_write: bool) -> list[TranslationKind]:
    """Give the kinds of translation that the actor may add."""
    may_official = can(actor, Action.MANAGE_GROUP, head.group)
    if head.paper.translation_kind is not None or head.newest is None:
        return []
    if head.newest.status is not Status.PUBLISHED:
        return []
    kinds = [TranslationKind.AUTHOR] if may_write else []
    kinds += [TranslationKind.OFFICIAL] if may_official else []
    return [*kinds, TranslationKind.MACHINE] if kinds else []


def list_free_languages(session: Session, head: PaperHead) -> list[str]:
    """Give the languages that the paper is not in yet, those of its group first."""
    taken = {head.paper.language}
    if head.paper.translation_of is not None:
        taken |= set(
            session.scalars(
                sa.select(Paper.language).where(Paper.translation_of == head.paper.translation_of)
            )
        )
    first = [code for code in head.group.languages if code in LANGUAGES]
    return [code for code in dict.fromkeys([*first, *LANGUAGES]) if code not in taken]


def new_translation(
    session: Session,
    actor: Actor,
    head: PaperHead,
    *,
    language: str,
    kind: TranslationKind,
    may_write: bool,
    now: datetime,
) -> Paper:
    """Give the paper of a new translation, with the body that owns it; Invalid names what is wrong."""
    if kind not in list_kinds(session, actor, head, may_write=may_write):
        raise NotAllowed(
            "Only its authors translate a paper, and who manages the group adds official translations."
        )
    if language not in list_free_languages(session, head):
        raise Invalid("Choose a language that the paper is not in yet.", field="language")
    original = session.get_one(Paper, head.paper.id)
    original.translation_of = original.translation_of or original.public_id
    columns = ("group_id", "author_id", "organisation_id", "stakeholder_type", "country", "shown_as", "alias")
    paper = Paper(
        **{name: getattr(original, name) for name in columns},
        purpose=original.purpose,
        language=language,
        translation_of=original.translation_of,
        translation_kind=kind,
        created_at=now,
    )
    session.add(paper)
    session.flush()
    if kind is TranslationKind.AUTHOR:
        owners = session.scalars(
            sa.select(PaperOwner.organisation_id).where(PaperOwner.paper_id == original.id)
        ).all()
        session.add_all(PaperOwner(paper_id=paper.id, organisation_id=owner) for owner in owners)
    return paper


def find_authentic(session: Session, paper: Paper) -> Paper | None:
    """Give the authentic paper behind a translation, without asking the policy."""
    if paper.translation_kind is None:
        return None
    return session.scalars(
        sa.select(Paper).where(Paper.translation_of == paper.translation_of, Paper.translation_kind.is_(None))
    ).first()


def find_translated(session: Session, paper: Paper, number: int | None) -> PaperVersion | None:
    """Give the version that a version of a translation renders, without asking the policy."""
    authentic = find_authentic(session, paper)
    if authentic is None or number is None:
        return None
    return session.scalars(
        sa.select(PaperVersion).where(PaperVersion.paper_id == authentic.id, PaperVersion.number == number)
    ).first()


def find_newest_to_translate(session: Session, actor: Actor, paper: Paper) -> int | None:
    """Give the newest published number of the authentic paper that the actor may read, for a translation."""
    authentic = find_authentic(session, paper)
    if authentic is None:
        return None
    return session.scalar(
        sa.select(sa.func.max(PaperVersion.number)).where(
            PaperVersion.paper_id == authentic.id,
            PaperVersion.status == Status.PUBLISHED,
            visible_to(actor, PaperVersion),
        )
    )


def list_translating(session: Session, version: PaperVersion) -> Sequence[PaperVersion]:
    """Give the versions, in other languages, that translate this one, without asking the policy."""
    original = session.get_one(Paper, version.paper_id)
    if original.translation_of is None or original.translation_kind is not None:
        return []
    return session.scalars(
        sa.select(PaperVersion)
        .join(Paper, Paper.id == PaperVersion.paper_id)
        .where(
            Paper.translation_of == original.translation_of,
            Paper.translation_kind.is_not(None),
            PaperVersion.translates == version.number,
            PaperVersion.status != Status.DRAFT,
        )
    ).all()
