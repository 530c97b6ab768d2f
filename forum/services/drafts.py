"""Drafts: a paper's next version while it is written, by several authors, without a lost update."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attribution import Authorship, SubjectKind
from forum.domain.comments import CommentAnswer
from forum.domain.groups import Group
from forum.domain.labels import Status, Tlp
from forum.domain.languages import LANGUAGES
from forum.domain.papers import (
    MAX_ABSTRACT,
    MAX_CHANGE_SUMMARY,
    AuthorRole,
    Paper,
    PaperAuthor,
    PaperOwner,
    PaperVersion,
    Purpose,
    TranslationKind,
)
from forum.domain.text import checked_title, normalise
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.policy import Action, Actor, can, require, visible_to
from forum.policy.labels import writers_label
from forum.policy.subjects import PaperRights
from forum.richtext import Rendered
from forum.services.attachment_files import drop_attachments
from forum.services.chatham import is_sealed
from forum.services.coauthors import list_coauthors
from forum.services.groups import get_group
from forum.services.labels import relabel
from forum.services.paper_choices import PaperChoices, add_owner, apply_choices
from forum.services.papers import get_paper
from forum.services.signatories import ask_again, forget_answers, forget_signatories
from forum.services.subjects import subject_of
from forum.services.threads import default_tlp, tlp_choices
from forum.services.translations import find_newest_to_translate, find_translated, new_translation

CHANGED_MEANWHILE = "Somebody saved this draft while you were writing. Nothing was changed."
PUT_TOGETHER = "Both texts are put together below. Nothing is saved yet."
SENT_MEANWHILE = "This draft was sent while you were writing. Nothing was changed."
STARTED_MEANWHILE = "Somebody began a draft of the next version while you were writing. Nothing was changed."


@dataclass(frozen=True, slots=True)
class DraftText:
    """What is written in a draft: rendered before the transaction."""

    title: str
    rendered: Rendered
    abstract: str = ""
    change_summary: str = ""
    abstract_language: str = ""
    abstract_translated: str = ""
    """The summary in another language, and which; both empty without one."""
    tlp: Tlp | None = None
    """Who may read it; None takes the group's default."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft with the paper and the group it belongs to."""

    version: PaperVersion
    paper: Paper
    group: Group


def queue_writers(session: Session, condition: sa.ColumnElement[bool]) -> None:
    """Let those who write one paper do so one after the other, where the database does not do so anyway.

    What is loaded after this is what the one before left. Only for a write transaction.
    """
    versions = sa.select(PaperVersion.paper_id).join(Paper, Paper.id == PaperVersion.paper_id)
    papers = sa.select(Paper.id).where(Paper.id.in_(versions.where(condition)))
    session.execute(papers.with_for_update())


def is_first(draft: Draft) -> bool:
    """Whether nothing of the paper was sent yet, so that what is chosen once can still be changed."""
    return draft.version.based_on is None and draft.paper.translation_kind is None


def get_lock(session: Session, public_id: str) -> int:
    """Give the lock of a draft that the caller has just saved, without asking the policy."""
    return (
        session.scalar(sa.select(PaperVersion.lock_version).where(PaperVersion.public_id == public_id)) or 0
    )


def start_paper(
    session: Session, actor: Actor, slug: str, choices: PaperChoices, text: DraftText, *, now: datetime
) -> Draft:
    """Begin a new paper with its first draft, read by its authors alone."""
    group = get_group(session, actor, slug, Action.WRITE)
    assert actor.account_id is not None
    paper = Paper(group_id=group.id, created_at=now)
    apply_choices(session, actor, group, paper, choices)
    version = _add_draft(session, actor, group, paper, text, based_on=None, now=now)
    add_owner(session, actor, paper, choices)
    _join(session, actor, paper, now=now)
    relabel(session, group, version, now=now)
    return Draft(version, paper, group)


def start_version(
    session: Session, actor: Actor, slug: str, paper_id: str, text: DraftText, *, based_on: int, now: datetime
) -> Draft:
    """Begin the draft of a paper's next version; Conflict unless `based_on` is the newest number."""
    queue_writers(session, Paper.public_id == paper_id)
    paper, group = find_paper(session, slug, paper_id)
    require_new_version(session, actor, group, paper)
    _make_room(session, actor, paper, now=now)
    check_newest(session, paper, based_on)
    version = _add_draft(session, actor, group, paper, text, based_on=based_on, now=now)
    version.translates = find_newest_to_translate(session, actor, paper)
    take_label(session, paper, version)
    _join(session, actor, paper, now=now)
    relabel(session, group, version, now=now)
    ask_again(session, paper, version, now=now)
    return Draft(version, paper, group)


def start_translation(
    session: Session,
    actor: Actor,
    slug: str,
    paper_id: str,
    text: DraftText,
    *,
    number: int,
    language: str,
    kind: TranslationKind,
    now: datetime,
) -> Draft:
    """Begin the draft of a version's translation, as a paper of its own in the same set of translations."""
    queue_writers(session, Paper.public_id == paper_id)
    head = get_paper(session, actor, slug, paper_id)
    may_write = may_write_version(session, actor, head.group, head.paper)
    shown = head.get_version(number)
    paper = new_translation(session, actor, head, language=language, kind=kind, may_write=may_write, now=now)
    version = _add_draft(session, actor, head.group, paper, text, based_on=None, now=now)
    version.translates = shown.number
    take_label(session, paper, version)
    _join(session, actor, paper, now=now)
    relabel(session, head.group, version, now=now)
    return Draft(version, paper, head.group)


def take_label(session: Session, paper: Paper, version: PaperVersion) -> None:
    """Give a translation the label of the version that it translates, whatever was chosen."""
    translated = find_translated(session, paper, version.translates)
    if translated is not None:
        version.tlp, version.named_list_id = translated.tlp, translated.named_list_id


def _make_room(session: Session, actor: Actor, paper: Paper, *, now: datetime) -> None:
    """Raise where somebody writes a draft of the paper; one whose authors have all left gives way.

    Nobody reads that one any more, and it would keep the paper's owners from ever writing again.
    """
    draft = _find_draft(session, paper)
    if draft is None:
        return
    if writers_label(paper.id) in actor.clearances:
        raise Conflict(STARTED_MEANWHILE)
    if list_coauthors(session, paper.id, now=now):
        raise NotAllowed("Its authors are writing a new version already. Ask them to add you as an author.")
    forget_answers(session, draft)
    drop_attachments(session, draft, now=now)
    _let_go(session, draft)
    session.delete(draft)
    session.flush()


def save_draft(
    session: Session,
    actor: Actor,
    public_id: str,
    text: DraftText,
    *,
    lock_version: int,
    now: datetime,
    choices: PaperChoices | None = None,
) -> Draft:
    """Save a draft; Conflict if it was saved or sent since `lock_version`, and nothing is changed."""
    queue_writers(session, PaperVersion.public_id == public_id)
    draft = get_draft(session, actor, public_id)
    version, paper, group = draft.version, draft.paper, draft.group
    if version.lock_version != lock_version:
        raise Conflict(CHANGED_MEANWHILE)
    if choices is not None and is_first(draft):
        apply_choices(session, actor, group, paper, choices)
        add_owner(session, actor, paper, choices)
    _write_text(group, version, text)
    take_label(session, paper, version)
    version.edited_at = now
    version.created_by_id = None if is_sealed(group) else actor.account_id
    session.flush()
    relabel(session, group, version, now=now)
    return draft


def delete_draft(session: Session, actor: Actor, public_id: str, *, now: datetime) -> Paper | None:
    """Throw a draft away, and the paper with it if nothing of it was ever sent; gives what is left."""
    draft = get_draft(session, actor, public_id)
    return drop_draft(session, draft.paper, draft.version, now=now)


def drop_draft(session: Session, paper: Paper, version: PaperVersion, *, now: datetime) -> Paper | None:
    """Delete the draft of a paper, and the paper if nothing else is left; the caller has asked who may."""
    forget_answers(session, version)
    drop_attachments(session, version, now=now)
    _let_go(session, version)
    session.delete(version)
    session.flush()
    paper_id = paper.id
    if session.scalar(sa.select(PaperVersion.id).where(PaperVersion.paper_id == paper_id).limit(1)):
        return paper
    forget_signatories(session, paper_id)
    session.execute(sa.delete(PaperAuthor).where(PaperAuthor.paper_id == paper_id))
    session.execute(sa.delete(PaperOwner).where(PaperOwner.paper_id == paper_id))
    session.delete(paper)
    session.flush()
    return None


def _let_go(session: Session, draft: PaperVersion) -> None:
    """Suggested wording that was accepted into a draft stays accepted, and waits to be worked in again."""
    session.execute(
        sa.update(CommentAnswer).where(CommentAnswer.landed_in_id == draft.id).values(landed_in_id=None)
    )


def get_draft(session: Session, actor: Actor, public_id: str, action: Action = Action.EDIT) -> Draft:
    """Give a draft to one of its authors; Conflict where they wrote on it after it was sent."""
    version = session.scalars(sa.select(PaperVersion).where(PaperVersion.public_id == public_id)).first()
    if version is None:
        raise NotFound
    subject = subject_of(session, version)
    require(actor, Action.READ, subject)
    assert subject.paper is not None
    if version.status is not Status.DRAFT:
        if writers_label(subject.paper.id) in actor.clearances:
            raise Conflict(SENT_MEANWHILE)
        raise NotAllowed("This version was sent: it cannot be changed any more.")
    require(actor, action, subject)
    return Draft(version, subject.paper, subject.group)


def find_draft_of(session: Session, actor: Actor, paper_id: str) -> Draft:
    """Give the draft of a paper to one of its writers; NotFound where there is none that they may read."""
    public_id = session.scalar(
        sa.select(PaperVersion.public_id)
        .join(Paper, Paper.id == PaperVersion.paper_id)
        .where(Paper.public_id == paper_id, PaperVersion.status == Status.DRAFT)
    )
    return get_draft(session, actor, public_id or "")


def find_paper(session: Session, slug: str, paper_id: str) -> tuple[Paper, Group]:
    """Give a paper of this group, without asking the policy; NotFound where it belongs elsewhere."""
    row = session.execute(
        sa.select(Paper, Group)
        .join(Group, Group.id == Paper.group_id)
        .where(Paper.public_id == paper_id, Group.slug == slug)
    ).first()
    if row is None:
        raise NotFound
    return row[0], row[1]


def may_write_version(session: Session, actor: Actor, group: Group, paper: Paper) -> bool:
    """Whether the actor may begin (or go on with) the next version of a paper."""
    if not actor.is_signed_in:
        return False
    return can(actor, Action.NEW_VERSION, load_rights(session, group, paper))


def load_rights(session: Session, group: Group, paper: Paper) -> PaperRights:
    """Give a paper as the policy sees it, with who wrote any of its versions."""
    return PaperRights(group, paper, _writer_keys(session, paper))


def require_new_version(session: Session, actor: Actor, group: Group, paper: Paper) -> None:
    """Raise unless the actor may write the next version: NotFound where they read none of the paper."""
    if may_write_version(session, actor, group, paper):
        return
    readable = sa.select(PaperVersion.id).where(
        PaperVersion.paper_id == paper.id, visible_to(actor, PaperVersion)
    )
    if session.scalar(readable.limit(1)) is None:
        raise NotFound
    raise NotAllowed("Only its authors, and who speaks for the bodies that own it, may change this paper.")


def check_newest(session: Session, paper: Paper, based_on: int | None) -> int:
    """Give the next number of a paper; Conflict unless `based_on` is the newest sent one."""
    newest = newest_number(session, paper)
    if newest != based_on:
        raise Conflict(
            "Version %(number)s was sent while you were writing. Nothing was changed.", number=newest or 0
        )
    return (newest or 0) + 1


def newest_number(session: Session, paper: Paper) -> int | None:
    """Give the highest number of a paper, whoever may read it: never shown, only compared."""
    return session.scalar(
        sa.select(sa.func.max(PaperVersion.number)).where(PaperVersion.paper_id == paper.id)
    )


def _writer_keys(session: Session, paper: Paper) -> frozenset[str]:
    return frozenset(
        session.scalars(
            sa.select(Authorship.writer_key)
            .join(PaperVersion, PaperVersion.id == Authorship.subject_id)
            .where(Authorship.subject_kind == SubjectKind.VERSION, PaperVersion.paper_id == paper.id)
        )
    )


def _find_draft(session: Session, paper: Paper) -> PaperVersion | None:
    return session.scalars(
        sa.select(PaperVersion).where(PaperVersion.paper_id == paper.id, PaperVersion.status == Status.DRAFT)
    ).first()


def _add_draft(
    session: Session,
    actor: Actor,
    group: Group,
    paper: Paper,
    text: DraftText,
    *,
    based_on: int | None,
    now: datetime,
) -> PaperVersion:
    session.add(paper)
    session.flush()
    version = PaperVersion(
        paper_id=paper.id,
        group_id=group.id,
        number=None,
        based_on=based_on,
        status=Status.DRAFT,
        tlp=default_tlp(group),
        created_by_id=None if is_sealed(group) else actor.account_id,
        created_at=now,
        edited_at=now,
        audience="",
        own="",
    )
    _write_text(group, version, text)
    session.add(version)
    session.flush()
    return version


def _write_text(group: Group, version: PaperVersion, text: DraftText) -> None:
    rendered = text.rendered
    version.title = checked_title(text.title)
    version.abstract = _checked(text.abstract, MAX_ABSTRACT, "abstract")
    version.change_summary = _checked(text.change_summary, MAX_CHANGE_SUMMARY, "change_summary")
    language = text.abstract_language
    if language and language not in LANGUAGES:
        raise Invalid("Choose one of the languages.", field="other_language")
    version.abstract_translated = _checked(text.abstract_translated, MAX_ABSTRACT, "other_abstract")
    if bool(language) != bool(version.abstract_translated):
        raise Invalid(
            "A summary in another language needs both: the language and the text.", field="other_language"
        )
    version.abstract_language = language or None
    if not rendered.text.strip():
        raise Invalid("Write the text of the paper.", field="body")
    tlp = text.tlp or default_tlp(group)
    if tlp not in tlp_choices(group):
        raise Invalid("This group does not allow that label.", field="label")
    version.tlp = tlp
    version.source, version.html, version.text = rendered.source, rendered.html, rendered.text
    version.paragraphs = [paragraph.to_row() for paragraph in rendered.paragraphs]
    version.content_hash, version.render_version = rendered.content_hash, rendered.render_version
    version.word_count = len(rendered.text.split())


def _checked(text: str, limit: int, field: str) -> str:
    text = normalise(text).strip()
    if len(text) > limit:
        raise Invalid("Up to %(limit)d characters are accepted here. Shorten it.", field=field, limit=limit)
    return text


def find_paper_of(session: Session, version_id: str) -> str:
    """Give the public id of the paper that a version belongs to, without asking the policy."""
    paper_id = session.scalar(
        sa.select(Paper.public_id)
        .join(PaperVersion, PaperVersion.paper_id == Paper.id)
        .where(PaperVersion.public_id == version_id)
    )
    if paper_id is None:
        raise NotFound
    return paper_id


def _join(session: Session, actor: Actor, paper: Paper, *, now: datetime) -> None:
    """Make the actor an author of the paper's drafts, for its body where they hold the mandate."""
    owners = session.scalars(
        sa.select(PaperOwner.organisation_id).where(PaperOwner.paper_id == paper.id)
    ).all()
    organisation_id = next((owner for owner in owners if owner in actor.organisation_ids), None)
    row = session.get(PaperAuthor, (paper.id, actor.account_id))
    if row is None:
        row = PaperAuthor(paper_id=paper.id, account_id=actor.account_id, added_at=now)
        is_joint = paper.purpose is Purpose.JOINT_POSITION
        row.role = AuthorRole.COORDINATOR if is_joint else AuthorRole.AUTHOR
        session.add(row)
    elif row.ended_at is None:
        return
    row.organisation_id, row.added_at, row.ended_at = organisation_id, now, None
    session.flush()
