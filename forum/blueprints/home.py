"""Home: what needs me, before anything else."""

from flask import Blueprint, render_template

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
def index() -> str:
    """Show what needs this person first."""
    return render_template("home/index.html")
