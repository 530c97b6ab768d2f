"""The directory of groups and the pages of a group."""

from flask import Blueprint, render_template

from forum.blueprints.identity import current_actor
from forum.extensions import db
from forum.policy import Action
from forum.services.groups import get_group, list_groups

blueprint = Blueprint("groups", __name__, url_prefix="/groups")


@blueprint.get("/")
def directory() -> str:
    """Show the groups that this person may know of."""
    return render_template("groups/directory.html", groups=list_groups(db.session(), current_actor()))


@blueprint.get("/<slug>/")
def overview(slug: str) -> str:
    """Show a group's home, or only its listing to people outside."""
    group = get_group(db.session(), current_actor(), slug, Action.SEE_LISTING)
    return render_template("groups/overview.html", group=group)
