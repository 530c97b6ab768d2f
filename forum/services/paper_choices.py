"""What is chosen once for a paper, until its first version is sent: purpose, body, language, consultation."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attribution import ShownAs
from forum.domain.consultations import Consultation, ConsultationState, is_in_time
from forum.domain.groups import Group
from forum.domain.languages import LANGUAGES
from forum.domain.organisations import Organisation
from forum.domain.papers import Paper, PaperAuthor, PaperOwner, Purpose
from forum.domain.signatures import Signatory
from forum.errors import Invalid
from forum.policy import Action, Actor, can
from forum.policy.actor import SpokenFor
from forum.services.chatham import is_sealed, type_name
from forum.services.signing import shown_as_choices
from forum.services.subjects import subject_of


@dataclass(frozen=True, slots=True)
class PaperChoices:
    """What is chosen once for a paper, until its first version is sent."""

    purpose: Purpose = Purpose.POSITION
    language: str = "en"
    speaking_for: str = ""
    """The slug of an organisation; empty in one's own capacity."""
    shown_as: ShownAs | None = None
    consultation: str = ""
    """The public id of a consultation that it answers."""
    received_at: datetime | None = None
    """When the request arrived, where it sends the paper at once: by that it is in time."""


def apply_choices(session: Session, actor: Actor, group: Group, paper: Paper, choices: PaperChoices) -> None:
    """Write what is chosen once a paper; Invalid names the field to mend."""
    if choices.purpose is Purpose.JOINT_POSITION:
        _check_joint(group, choices)
    elif (
        paper.id is not None and paper.purpose is Purpose.JOINT_POSITION and _is_anybody_asked(session, paper)
    ):
        raise Invalid(
            "Bodies were asked to sign this position. Ask them no longer before you make it another kind.",
            field="purpose",
        )
    if choices.purpose is Purpose.GROUP_DRAFT and not can(actor, Action.WRITE_GROUP_DRAFT, group):
        raise Invalid("Group drafts are begun by the rapporteur, chair or secretariat.", field="purpose")
    if choices.language not in LANGUAGES:
        raise Invalid("Choose one of the languages.", field="language")
    paper.purpose, paper.language = choices.purpose, choices.language
    paper.consultation_id = _find_consultation_id(session, actor, group, choices)
    if paper.id is not None and choices.speaking_for == _owner_slug(session, paper):
        paper.shown_as = _checked_shown_as(group, choices.shown_as)
        return
    body = find_body(actor, choices.speaking_for)
    paper.shown_as = _checked_shown_as(group, choices.shown_as)
    if is_sealed(group):
        paper.alias = type_name(session, group, body.type if body else None)
        return
    paper.author_id = actor.account_id
    paper.organisation_id = body.organisation_id if body else None
    paper.stakeholder_type = body.type if body else None
    paper.country = body.country if body else None


def _is_anybody_asked(session: Session, paper: Paper) -> bool:
    asked = sa.select(Signatory.id).where(Signatory.paper_id == paper.id, Signatory.ended_at.is_(None))
    return session.scalar(asked.limit(1)) is not None


def _check_joint(group: Group, choices: PaperChoices) -> None:
    """A joint position names its bodies, and one of them coordinates it."""
    if is_sealed(group):
        raise Invalid(
            "A joint position names who signs it: that cannot be under the Chatham House Rule.",
            field="purpose",
        )
    if not choices.speaking_for:
        raise Invalid(
            "A joint position is coordinated by an organisation: choose the one that you speak for.",
            field="purpose",
        )
    if choices.shown_as is ShownAs.STAKEHOLDER_TYPE:
        raise Invalid("A joint position names who signs it: choose another way.", field="shown_as")


def find_body(actor: Actor, slug: str) -> SpokenFor | None:
    """Give the mandate under which a draft is written, None in one's own capacity; it need not publish."""
    if not slug:
        return None
    for mandate in actor.mandates:
        if mandate.slug == slug:
            return mandate
    raise Invalid("You hold no mandate to speak for that organisation now.", field="speaking_for")


def _checked_shown_as(group: Group, chosen: ShownAs | None) -> ShownAs:
    choices = shown_as_choices(group)
    if not choices:
        return ShownAs.STAKEHOLDER_TYPE
    if chosen is not None and chosen not in choices:
        raise Invalid("This group does not show its authors that way.", field="shown_as")
    return chosen or choices[0]


def _find_consultation_id(session: Session, actor: Actor, group: Group, choices: PaperChoices) -> int | None:
    public_id = choices.consultation
    if not public_id:
        return None
    consultation = session.scalars(
        sa.select(Consultation).where(Consultation.public_id == public_id, Consultation.group_id == group.id)
    ).first()
    if consultation is None or not can(actor, Action.READ, subject_of(session, consultation)):
        raise Invalid("This group has no such consultation.", field="consultation")
    sent_in_time = choices.received_at is not None and is_in_time(consultation, choices.received_at)
    if consultation.state is not ConsultationState.OPEN and not sent_in_time:
        raise Invalid("This consultation takes no answers now.", field="consultation")
    return consultation.id


def find_owner(session: Session, paper: Paper) -> Organisation | None:
    """Give the body that a paper is written for, to its authors alone; None in one's own capacity."""
    return session.scalars(
        sa.select(Organisation)
        .join(PaperOwner, PaperOwner.organisation_id == Organisation.id)
        .where(PaperOwner.paper_id == paper.id)
    ).first()


def find_consultation(session: Session, paper: Paper) -> str:
    """Give the public id of the consultation that a paper answers, to its authors alone; empty for none."""
    if paper.consultation_id is None:
        return ""
    return session.get_one(Consultation, paper.consultation_id).public_id


def _owner_slug(session: Session, paper: Paper) -> str:
    owner = find_owner(session, paper)
    return owner.slug if owner else ""


def add_owner(session: Session, actor: Actor, paper: Paper, choices: PaperChoices) -> None:
    """Write down which body owns the paper (a position), and whom its author writes for."""
    if choices.speaking_for == _owner_slug(session, paper):
        return
    body = find_body(actor, choices.speaking_for)
    session.execute(sa.delete(PaperOwner).where(PaperOwner.paper_id == paper.id))
    authors = sa.update(PaperAuthor).where(PaperAuthor.paper_id == paper.id)
    session.execute(authors.values(organisation_id=None))
    if body is not None:
        session.add(PaperOwner(paper_id=paper.id, organisation_id=body.organisation_id))
        mine = authors.where(PaperAuthor.account_id == actor.account_id)
        session.execute(mine.values(organisation_id=body.organisation_id))
    session.flush()
