"""Synopses: what the answers said, and what was done with them, written by chair or secretariat."""

from datetime import datetime

from sqlalchemy.orm import Session

from forum.domain.attribution import SubjectKind
from forum.domain.consultations import Consultation, ConsultationState
from forum.errors import Invalid
from forum.policy import Action, Actor
from forum.richtext import Rendered
from forum.services.consultations import get_consultation
from forum.services.outbox import enqueue_index


def write_synopsis(
    session: Session,
    actor: Actor,
    slug: str,
    consultation_id: str,
    *,
    synopsis: Rendered,
    outcome: Rendered,
    now: datetime,
) -> Consultation:
    """Write synopsis and outcome of a closed consultation; whoever reads the consultation reads them."""
    subject = get_consultation(session, actor, slug, consultation_id, Action.MANAGE_CONSULTATIONS)
    row: Consultation = subject.row
    if row.state is not ConsultationState.CLOSED:
        raise Invalid("Close the consultation first.")
    row.synopsis_source, row.synopsis_html, row.synopsis_text = synopsis.source, synopsis.html, synopsis.text
    row.outcome_source, row.outcome_html, row.outcome_text = outcome.source, outcome.html, outcome.text
    row.concluded_at = now
    session.flush()
    enqueue_index(session, SubjectKind.CONSULTATION, row.id, now=now)
    return row
