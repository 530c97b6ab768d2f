"""The EU Internet Forum: its groups and where their procedures stand. Thin: what it shows is any group's."""

from flask import Blueprint, render_template
from flask_babel import gettext

from forum.blueprints.datafiles import registers
from forum.blueprints.identity import current_actor
from forum.extensions import db
from forum.services.initiative_procedures import list_procedures_of
from forum.services.registers import count_by_initiative

blueprint = Blueprint("eu_internet_forum", __name__, url_prefix="/eu-internet-forum")

INITIATIVE = 7


@blueprint.get("/")
def index() -> str:
    """Show the groups of the EU Internet Forum, the stage of each, and what it assesses."""
    return render_template(
        "procedures/initiative.html",
        title=gettext("EU Internet Forum"),
        lead=gettext(
            "The expert process and the groups beside it: where each procedure stands, what is assessed, and "
            "by which criteria. Assessments are blind until their stage ends."
        ),
        number=INITIATIVE,
        procedures=list_procedures_of(db.session(), current_actor(), INITIATIVE),
        registers=count_by_initiative(db.session(), current_actor(), registers(), INITIATIVE),
    )
