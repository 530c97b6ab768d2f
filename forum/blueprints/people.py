"""Profiles of people."""

from flask import Blueprint, render_template

from forum.blueprints.identity import current_actor
from forum.blueprints.support import now
from forum.extensions import db
from forum.services.profiles import get_profile

blueprint = Blueprint("people", __name__, url_prefix="/people")


@blueprint.get("/<public_id>/")
def profile(public_id: str) -> str:
    """Show a person as this reader may know them."""
    found = get_profile(db.session(), current_actor(), public_id, now=now())
    return render_template("people/profile.html", profile=found)
