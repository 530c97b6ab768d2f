"""WePROTECT cooperation: the Model National Response by country. Thin: the form is every procedure's form."""

from flask import Blueprint, render_template
from flask_babel import gettext

from forum.blueprints.datafiles import registers
from forum.blueprints.identity import current_actor
from forum.extensions import db
from forum.services.initiative_procedures import list_procedures_of
from forum.services.registers import count_by_initiative

blueprint = Blueprint("weprotect", __name__, url_prefix="/weprotect")

INITIATIVE = 8


@blueprint.get("/")
def index() -> str:
    """Show the groups of the cooperation, the stage of each, and the table of countries."""
    return render_template(
        "procedures/initiative.html",
        title=gettext("WePROTECT Global Alliance cooperation"),
        lead=gettext(
            "Where countries stand in the six groups of capabilities of the Model National Response, "
            "described by those who know them, with evidence and history; what was promised, what others "
            "learned, and who pays for what."
        ),
        number=INITIATIVE,
        procedures=list_procedures_of(db.session(), current_actor(), INITIATIVE),
        registers=count_by_initiative(db.session(), current_actor(), registers(), INITIATIVE),
    )
