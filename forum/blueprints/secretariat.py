"""The secretariat's desk: what closes next, what was asked, and the tools behind it."""

from flask import Blueprint, render_template

from forum.blueprints.datafiles import registers
from forum.blueprints.identity import current_actor
from forum.domain.threads import ThreadKind
from forum.extensions import db
from forum.services.recent import list_open_consultations, list_recent_discussions
from forum.services.registers import count_entries
from forum.services.topics import list_position_topics

blueprint = Blueprint("secretariat", __name__, url_prefix="/secretariat")

SHOWN = 10


@blueprint.get("/")
def index() -> str:
    """Show what waits for a secretariat, and its topics."""
    session, actor = db.session(), current_actor()
    shown = registers()
    counts = count_entries(session, actor, [register.key for register in shown])
    return render_template(
        "secretariat/index.html",
        consultations=list_open_consultations(session, actor, limit=SHOWN),
        questions=list_recent_discussions(
            session, actor, kinds=(ThreadKind.QUESTION,), is_answered=False, limit=SHOWN
        ),
        topics=list_position_topics(session, actor),
        registers=[(register, counts.get(register.key, 0)) for register in shown],
    )
