"""Signing joint positions: what a body answers about a draft, and which bodies signed which version."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from markupsafe import Markup
from sqlalchemy.orm import Session, aliased

from forum.domain.attribution import SubjectKind
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.notices import NoticeKind
from forum.domain.organisations import Organisation
from forum.domain.papers import Paper, PaperAuthor, PaperOwner, PaperVersion
from forum.domain.paragraphs import Paragraph
from forum.domain.redline import Redline, compare
from forum.domain.signatures import (
    MAX_NOTE,
    MAX_PASSAGE,
    MAX_WORDING,
    Signatory,
    SignatoryAnswer,
    Signature,
    SigningAnswer,
)
from forum.domain.text import normalise
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.policy import Action, Actor, can, require, visible_to
from forum.policy.labels import writers_label
from forum.richtext import to_markup
from forum.services.addresses import signing_path
from forum.services.coauthors import is_coauthor_on
from forum.services.outbox import enqueue_notice
from forum.services.signatories import hash_of, newest_answers
from forum.services.subjects import subject_of

CHANGED_TEXT = "The text changed while you were reading it. Nothing was recorded: read it again below."


@dataclass(frozen=True, slots=True)
class MyBody:
    """A body that was asked and that the reader speaks for."""

    organisation: Organisation
    may_answer: bool
    """Whether the reader's mandate lets them answer in its name."""
    answer: SignatoryAnswer | None
    is_of_this_text: bool


@dataclass(frozen=True, slots=True)
class SignedCopy:
    """A version that a body of the reader signed: a copy, wherever the version itself can be read."""

    organisation: str
    number: int
    title: str
    html: Markup | None
    """None where the version was withdrawn."""
    content_hash: str
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class Signing:
    """What an invited body sees of a joint position: its draft, its own answers, what it signed. No more."""

    paper: Paper
    group: Group
    draft: PaperVersion | None
    coordinators: list[str]
    bodies: list[MyBody]
    copies: list[SignedCopy]
    text_hash: str
    changes: Redline | None
    """From the version that a body of the reader signed last to the draft."""
    is_writer: bool


def get_signing(session: Session, actor: Actor, paper_id: str) -> Signing:
    """Give a joint position as the people of a body that was asked see it; NotFound for everybody else."""
    row = session.execute(
        sa.select(Paper, Group).join(Group, Group.id == Paper.group_id).where(Paper.public_id == paper_id)
    ).first()
    if row is None or not actor.is_signed_in:
        raise NotFound
    paper, group = row.Paper, row.Group
    draft = session.scalars(
        sa.select(PaperVersion).where(PaperVersion.paper_id == paper.id, PaperVersion.status == Status.DRAFT)
    ).first()
    if draft is not None and not can(actor, Action.READ, subject_of(session, draft)):
        draft = None
    bodies = _my_bodies(session, actor, paper, draft)
    signed = _signed_by(session, actor, paper)
    if not signed and (draft is None or not bodies):
        raise NotFound
    last = signed[-1].PaperVersion if signed else None
    return Signing(
        paper=paper,
        group=group,
        draft=draft,
        coordinators=_coordinators(session, paper),
        bodies=bodies if draft is not None else [],
        copies=[_copy(one) for one in signed],
        text_hash=hash_of(draft) if draft is not None else "",
        changes=_changes(last, draft),
        is_writer=writers_label(paper.id) in actor.clearances,
    )


def _my_bodies(session: Session, actor: Actor, paper: Paper, draft: PaperVersion | None) -> list[MyBody]:
    given = aliased(SignatoryAnswer, newest_answers(draft.id if draft else 0).subquery())
    rows = session.execute(
        sa.select(Organisation, given)
        .join(Signatory, Signatory.organisation_id == Organisation.id)
        .outerjoin(given, given.signatory_id == Signatory.id)
        .where(
            Signatory.paper_id == paper.id,
            Signatory.ended_at.is_(None),
            Organisation.id.in_(sorted(actor.organisation_ids)),
        )
        .order_by(Organisation.match_key)
    )
    may = {mandate.organisation_id for mandate in actor.mandates if mandate.may_publish}
    this_text = hash_of(draft) if draft else ""
    return [
        MyBody(body, body.id in may, answer, answer is not None and answer.text_hash == this_text)
        for body, answer in rows
    ]


def _signed_by(session: Session, actor: Actor, paper: Paper) -> Sequence[Any]:
    return session.execute(
        sa.select(PaperVersion, Signature, Organisation.name)
        .join(Signature, Signature.version_id == PaperVersion.id)
        .join(Organisation, Organisation.id == Signature.organisation_id)
        .where(
            PaperVersion.paper_id == paper.id,
            Signature.organisation_id.in_(sorted(actor.organisation_ids)),
        )
        .order_by(PaperVersion.number, Organisation.match_key)
    ).all()


def _copy(row: Any) -> SignedCopy:
    version, signature, name = row
    return SignedCopy(
        organisation=name,
        number=version.number or 0,
        title=version.title,
        html=to_markup(version.html) if version.html else None,
        content_hash=version.content_hash,
        signed_at=signature.signed_at,
    )


def _coordinators(session: Session, paper: Paper) -> list[str]:
    return list(
        session.scalars(
            sa.select(Organisation.name)
            .join(PaperOwner, PaperOwner.organisation_id == Organisation.id)
            .where(PaperOwner.paper_id == paper.id)
            .order_by(Organisation.match_key)
        )
    )


def _changes(old: PaperVersion | None, new: PaperVersion | None) -> Redline | None:
    if old is None or new is None or not old.text:
        return None
    return compare(
        old.text,
        [Paragraph.from_row(row) for row in old.paragraphs],
        new.text,
        [Paragraph.from_row(row) for row in new.paragraphs],
    )


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it is given."""

    body: str
    """The slug of the organisation."""
    answer: SigningAnswer
    text_hash: str
    """Of the text that was read."""
    passage: str = ""
    wording: str = ""
    note: str = ""


def answer_signing(
    session: Session, actor: Actor, paper_id: str, reply: Reply, *, now: datetime
) -> SignatoryAnswer:
    """Record what a body says to the draft; takes its mandate with the right to publish.

    Conflict where the text is no longer the one that was read, Invalid where a wish names no passage.
    """
    signing = get_signing(session, actor, paper_id)
    if signing.draft is None:
        raise Conflict("The position was sent, or its draft was thrown away: there is nothing to answer now.")
    require(actor, Action.SIGN, subject_of(session, signing.draft))
    mine = next((one for one in signing.bodies if one.organisation.slug == reply.body), None)
    if mine is None:
        raise Invalid("Choose one of the organisations that were asked.", field="body")
    if not mine.may_answer:
        raise NotAllowed("Only people whose mandate lets them publish in its name may answer for it.")
    if reply.text_hash != signing.text_hash:
        raise Conflict(CHANGED_TEXT)
    passage = _checked(reply.passage, MAX_PASSAGE, "passage")
    wording = _checked(reply.wording, MAX_WORDING, "wording")
    note = _checked(reply.note, MAX_NOTE, "note")
    if reply.answer is SigningAnswer.IF_CHANGED:
        if not passage:
            raise Invalid("Name the passage that would have to change.", field="passage")
        if not wording:
            raise Invalid("Write the wording that you want there.", field="wording")
    signatory = session.scalars(
        sa.select(Signatory).where(
            Signatory.paper_id == signing.paper.id, Signatory.organisation_id == mine.organisation.id
        )
    ).one()
    is_wish = reply.answer is SigningAnswer.IF_CHANGED
    assert actor.account_id is not None
    answer = SignatoryAnswer(
        signatory_id=signatory.id,
        version_id=signing.draft.id,
        text_hash=signing.text_hash,
        answer=reply.answer,
        passage=passage if is_wish else "",
        wording=wording if is_wish else "",
        note=note,
        answered_by_id=actor.account_id,
        answered_at=now,
    )
    session.add(answer)
    session.flush()
    _tell_writers(session, actor, signing.draft, answer, now)
    return answer


def _checked(text: str, limit: int, field: str) -> str:
    text = normalise(text).strip()
    if len(text) > limit:
        raise Invalid("Up to %(limit)d characters are accepted here. Shorten it.", field=field, limit=limit)
    return text


def _tell_writers(
    session: Session, actor: Actor, draft: PaperVersion, answer: SignatoryAnswer, now: datetime
) -> None:
    writers = session.scalars(
        sa.select(PaperAuthor.account_id)
        .join(Paper, Paper.id == PaperAuthor.paper_id)
        .where(PaperAuthor.paper_id == draft.paper_id, is_coauthor_on(now.date()))
        .order_by(PaperAuthor.account_id)
    )
    for account_id in writers:
        if account_id != actor.account_id:
            enqueue_notice(
                session,
                NoticeKind.SIGNATURE_ANSWERED,
                now=now,
                subject_kind=SubjectKind.VERSION,
                subject_id=draft.id,
                account_id=account_id,
                occasion=f"signed:{answer.id}",
            )


def list_agreeing(session: Session, version: PaperVersion) -> list[SignatoryAnswer]:
    """Give the newest answers of bodies still asked that agree to this very text."""
    newest = newest_answers(version.id)
    owners = sa.select(PaperOwner.organisation_id).where(PaperOwner.paper_id == version.paper_id)
    return list(
        session.scalars(
            newest.join(Signatory, Signatory.id == SignatoryAnswer.signatory_id).where(
                Signatory.ended_at.is_(None),
                Signatory.organisation_id.not_in(owners),
                SignatoryAnswer.answer == SigningAnswer.AGREE,
                SignatoryAnswer.text_hash == hash_of(version),
            )
        )
    )


def list_agreeing_names(session: Session, version: PaperVersion) -> list[str]:
    """Give the names of the bodies that would be listed if a draft were sent as it is."""
    ids = [one.signatory_id for one in list_agreeing(session, version)]
    return list(
        session.scalars(
            sa.select(Organisation.name)
            .join(Signatory, Signatory.organisation_id == Organisation.id)
            .where(Signatory.id.in_(ids))
            .order_by(Organisation.match_key)
        )
    )


def record_signatures(session: Session, version: PaperVersion) -> None:
    """Write down which bodies signed a version that is being sent; Invalid where nobody else agreed to it."""
    agreeing = list_agreeing(session, version)
    if not agreeing:
        raise Invalid(
            "No other body has agreed to this very text yet, so it is no joint position. "
            "A change of title, summary, text or readers asks every body again."
        )
    bodies = {
        row.id: row.organisation_id
        for row in session.scalars(
            sa.select(Signatory).where(Signatory.id.in_([one.signatory_id for one in agreeing]))
        )
    }
    session.add_all(
        Signature(
            version_id=version.id,
            organisation_id=bodies[one.signatory_id],
            answered_by_id=one.answered_by_id,
            signed_at=one.answered_at,
        )
        for one in agreeing
    )
    session.flush()


@dataclass(frozen=True, slots=True)
class SignatoryLine:
    """A body under a published joint position: when it signed this version, or which one it signed last."""

    name: str
    slug: str
    signed_at: datetime | None
    """Of the version shown; None where it has not followed."""
    last: int
    """The last version that it signed, of those this reader may read."""


def list_signatories(session: Session, version_id: int, numbers: dict[int, int]) -> list[SignatoryLine]:
    """Give the bodies that signed any of the versions a reader may read (`numbers` by id), by name."""
    if not numbers:
        return []
    rows = session.execute(
        sa.select(Organisation.name, Organisation.slug, Signature.version_id, Signature.signed_at)
        .join(Organisation, Organisation.id == Signature.organisation_id)
        .where(Signature.version_id.in_(sorted(numbers)))
        .order_by(Organisation.match_key, Organisation.id)
    )
    found: dict[str, SignatoryLine] = {}
    for name, slug, signed, at in rows:
        before = found.get(slug)
        found[slug] = SignatoryLine(
            name,
            slug,
            at if signed == version_id else (before.signed_at if before else None),
            max(numbers[signed], before.last if before else 0),
        )
    return list(found.values())


def list_signing(session: Session, version_ids: Sequence[int]) -> set[int]:
    """Give the keys of the bodies that signed any of these versions."""
    return set(
        session.scalars(
            sa.select(Signature.organisation_id).where(Signature.version_id.in_(version_ids)).distinct()
        )
    )


def signed_by(organisation_id: int) -> Any:
    """Give, as a statement, the versions that a body signed."""
    return sa.select(Signature.version_id).where(Signature.organisation_id == organisation_id)


def signed_slugs(session: Session, version_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Give, for each version, the addresses of the bodies that signed it. One statement."""
    rows = session.execute(
        sa.select(Signature.version_id, Organisation.slug)
        .join(Organisation, Organisation.id == Signature.organisation_id)
        .where(Signature.version_id.in_(version_ids))
        .order_by(Signature.version_id, Organisation.slug)
    )
    found: dict[int, tuple[str, ...]] = {}
    for version_id, slug in rows:
        found[version_id] = (*found.get(version_id, ()), slug)
    return found


@dataclass(frozen=True, slots=True)
class SigningLine:
    """The draft of a joint position that waits for the answer of a body that the reader speaks for."""

    title: str
    path: str
    body: str
    asked_at: datetime


def list_to_sign(session: Session, actor: Actor) -> list[SigningLine]:
    """Give the drafts that a body of the actor has not answered yet, the longest waiting first."""
    bodies = [mandate.organisation_id for mandate in actor.mandates if mandate.may_publish]
    if not bodies:
        return []
    answered = sa.select(sa.literal(1)).where(
        SignatoryAnswer.signatory_id == Signatory.id, SignatoryAnswer.version_id == PaperVersion.id
    )
    rows = session.execute(
        sa.select(PaperVersion.title, Paper.public_id, Organisation.name, Signatory.asked_at)
        .join(Paper, Paper.id == Signatory.paper_id)
        .join(PaperVersion, PaperVersion.paper_id == Paper.id)
        .join(Organisation, Organisation.id == Signatory.organisation_id)
        .where(
            Signatory.organisation_id.in_(sorted(bodies)),
            Signatory.ended_at.is_(None),
            PaperVersion.status == Status.DRAFT,
            visible_to(actor, PaperVersion),
            ~answered.exists(),
        )
        .order_by(Signatory.asked_at, Organisation.match_key)
        .limit(20)
    )
    return [SigningLine(title, signing_path(paper), body, at) for title, paper, body, at in rows]
