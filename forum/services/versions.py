"""Versions: sending a draft, which makes it immutable, and withdrawing what was sent."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attribution import SubjectKind
from forum.domain.consultations import AnswersVisible, Consultation, ConsultationState, is_in_time
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.notices import NoticeKind
from forum.domain.papers import Paper, PaperAuthor, PaperOwner, PaperVersion, Purpose
from forum.domain.threads import WITHDRAWN_TITLE
from forum.errors import Invalid, NotAllowed
from forum.policy import Action, Actor
from forum.policy.subjects import Subject
from forum.services.attachment_files import attachment_ids, empty_attachments
from forum.services.chatham import is_sealed
from forum.services.citations import record_citations
from forum.services.coauthors import list_coauthors
from forum.services.drafts import Draft, check_newest, get_draft, queue_writers, take_label
from forum.services.holding import Hold, Written, find_hold, refuse_protected
from forum.services.labels import relabel
from forum.services.outbox import enqueue_notice
from forum.services.placements import enqueue_anchoring
from forum.services.sealing import account_key, organisation_key, sealed_key
from forum.services.signatures import record_signatures
from forum.services.signing import account_keys
from forum.services.statuses import change_status
from forum.services.subjects import get_subject, record_authorship, subject_of
from forum.services.translations import find_translated, list_translating


@dataclass(frozen=True, slots=True)
class Sent:
    """A version that was sent, and the rule that holds it, if one does."""

    version: PaperVersion
    paper: Paper
    group: Group
    hold: Hold | None


def publish_draft(
    session: Session,
    actor: Actor,
    public_id: str,
    *,
    now: datetime,
    sealing_secret: bytes,
    received_at: datetime | None = None,
) -> Sent:
    """Send a draft: it gets the next number and is immutable from now on.

    It is published, held by the group's rule, or received by a consultation whose answers are not
    read at once: in time by `received_at`, when the request arrived (now, where it is not said). Conflict
    where another version was sent since it was begun.
    """
    queue_writers(session, PaperVersion.public_id == public_id)
    draft = get_draft(session, actor, public_id, Action.PUBLISH)
    version, paper, group = draft.version, draft.paper, draft.group
    require_mandate(session, actor, paper)
    number = check_newest(session, paper, version.based_on)
    if number > 1 and not version.change_summary.strip():
        raise Invalid("Say in a sentence or two what changed since the last version.", field="change_summary")
    hold = find_hold(
        session,
        actor,
        group,
        account_keys=account_keys(actor, sealing_secret),
        written=Written(f"{version.title}\n{version.abstract}\n{version.text}", version.html),
        now=now,
    )
    refuse_protected(hold)
    received = _is_received_only(session, paper, version, received_at or now)
    version.number = number
    version.held_because = hold.rule if hold else None
    if received:
        version.status = Status.RECEIVED
    elif hold:
        version.status = Status.PENDING
    else:
        version.status, version.published_at = Status.PUBLISHED, now
    version.edited_at = now
    if paper.translation_kind is not None:
        _check_translated(session, paper, version)
    elif paper.purpose is Purpose.JOINT_POSITION:
        record_signatures(session, version)
    _record_authors(session, draft, actor, now=now, sealing_secret=sealing_secret)
    record_citations(session, SubjectKind.VERSION, version.id, version.source)
    session.flush()
    relabel(session, group, version, now=now)
    if number > 1:
        enqueue_anchoring(session, paper.id, now=now)
    if version.status is Status.PENDING and not is_sealed(group):
        # Under the Chatham House Rule a notice would be a record of who wrote it.
        enqueue_notice(
            session,
            NoticeKind.HELD,
            now=now,
            subject_kind=SubjectKind.VERSION,
            subject_id=version.id,
            account_id=actor.account_id,
        )
    return Sent(version, paper, group, hold)


def withdraw_version(
    session: Session, actor: Actor, slug: str, paper_id: str, number: int, *, now: datetime
) -> PaperVersion:
    """Withdraw a version that was sent: its text goes, a stub with its hash stays at its address."""
    public_id = session.scalar(
        sa.select(PaperVersion.public_id)
        .join(Paper, Paper.id == PaperVersion.paper_id)
        .join(Group, Group.id == Paper.group_id)
        .where(Group.slug == slug, Paper.public_id == paper_id, PaperVersion.number == number)
    )
    subject = get_subject(session, actor, SubjectKind.VERSION, public_id or "", Action.WITHDRAW)
    assert subject.paper is not None
    require_mandate(session, actor, subject.paper)
    version: PaperVersion = subject.row
    empty_version(session, subject, now=now)
    return version


def empty_version(session: Session, subject: Subject, *, now: datetime) -> None:
    """Take the text of a version and of its translations; the caller has asked who may."""
    version: PaperVersion = subject.row
    _blank(version)
    empty_attachments(session, version, now=now)
    change_status(session, subject, Status.WITHDRAWN, now=now)
    for translation in list_translating(session, version):
        if translation.status is not Status.WITHDRAWN:
            _blank(translation)
            empty_attachments(session, translation, now=now)
            change_status(session, subject_of(session, translation), Status.WITHDRAWN, now=now)


def _blank(version: PaperVersion) -> None:
    version.title = WITHDRAWN_TITLE
    version.abstract = version.change_summary = version.source = version.html = version.text = ""
    version.abstract_translated, version.abstract_language = "", None
    version.paragraphs = []


def _check_translated(session: Session, paper: Paper, version: PaperVersion) -> None:
    """A translation is sent for as long as the version that it translates stands, under its label."""
    translated = find_translated(session, paper, version.translates)
    if translated is None or translated.status is not Status.PUBLISHED:
        raise Invalid("The version that this translates is not published any more. Your draft is kept.")
    take_label(session, paper, version)


def may_speak(session: Session, actor: Actor, paper: Paper) -> bool:
    """Whether the actor may send in the name of the bodies that own the paper (none: any author may)."""
    owners = set(
        session.scalars(sa.select(PaperOwner.organisation_id).where(PaperOwner.paper_id == paper.id))
    )
    if not owners and paper.sealed_owner is not None:
        return paper.sealed_owner in actor.writer_keys and any(one.may_publish for one in actor.mandates)
    return not owners or any(
        mandate.may_publish and mandate.organisation_id in owners for mandate in actor.mandates
    )


def require_mandate(session: Session, actor: Actor, paper: Paper) -> None:
    """Raise unless the actor may send in the name of the bodies that own the paper."""
    if not may_speak(session, actor, paper):
        raise NotAllowed(
            "This paper is written for an organisation. Only people whose mandate lets them publish in its "
            "name may do this; the draft stays as it is."
        )


def _is_received_only(session: Session, paper: Paper, version: PaperVersion, received_at: datetime) -> bool:
    """Whether a consultation keeps the answer from its readers for now; Invalid if it comes too late."""
    if paper.consultation_id is None:
        return False
    consultation = session.get_one(Consultation, paper.consultation_id)
    if version.based_on is None and not is_in_time(consultation, received_at):
        raise Invalid(
            "The consultation “%(title)s” takes no answers now. Your draft is kept.", title=consultation.title
        )
    match consultation.answers_visible:
        case AnswersVisible.AT_ONCE:
            return False
        case AnswersVisible.AFTER_CLOSING:
            return consultation.state is not ConsultationState.CLOSED
        case AnswersVisible.ON_PUBLICATION:
            return not _has_published_answers(session, consultation)


def _has_published_answers(session: Session, consultation: Consultation) -> bool:
    published = (
        sa.select(PaperVersion.id)
        .join(Paper, Paper.id == PaperVersion.paper_id)
        .where(Paper.consultation_id == consultation.id, PaperVersion.status == Status.PUBLISHED)
    )
    return session.scalar(published.limit(1)) is not None


def _record_authors(
    session: Session, draft: Draft, actor: Actor, *, now: datetime, sealing_secret: bytes
) -> None:
    """Write down as its writers the co-authors of this moment, and the bodies that own the paper."""
    owners = session.scalars(
        sa.select(PaperOwner.organisation_id).where(PaperOwner.paper_id == draft.paper.id)
    ).all()
    people = {author.account_id for author in list_coauthors(session, draft.paper.id, now=now)}
    assert actor.account_id is not None
    keys = [account_key(person) for person in sorted(people | {actor.account_id})]
    keys += [organisation_key(owner) for owner in owners]
    if is_sealed(draft.group):
        keys = [sealed_key(sealing_secret, key) for key in keys]
        _seal(session, draft.paper, [sealed_key(sealing_secret, organisation_key(one)) for one in owners])
    record_authorship(session, SubjectKind.VERSION, draft.version.id, keys)
    for attachment_id in attachment_ids(session, draft.version.id):
        record_authorship(session, SubjectKind.ATTACHMENT, attachment_id, keys)


def _seal(session: Session, paper: Paper, owners: list[str]) -> None:
    """Once it is sent nothing names its authors and its body any more but the sealed keys.

    While a draft is written its authors have to know each other: so long there are rows that name them.
    """
    paper.sealed_owner = next(iter(owners), paper.sealed_owner)
    session.execute(sa.delete(PaperAuthor).where(PaperAuthor.paper_id == paper.id))
    session.execute(sa.delete(PaperOwner).where(PaperOwner.paper_id == paper.id))
