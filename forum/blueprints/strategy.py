"""The strategy: two pillars, eight initiatives, what happened when, and who works on it here."""

from flask import Blueprint, render_template

from forum.blueprints.datafiles import registers, strategy
from forum.blueprints.identity import current_actor
from forum.errors import NotFound
from forum.extensions import db
from forum.services.addresses import group_path
from forum.services.groups import list_groups
from forum.services.questions import GROUP_SLUG, list_questions

blueprint = Blueprint("strategy", __name__, url_prefix="/strategy")


@blueprint.get("/")
def index() -> str:
    """Show the strategy with its pillars and initiatives."""
    return render_template("strategy/index.html", strategy=strategy())


@blueprint.get("/<int:number>")
def initiative(number: int) -> str:
    """Show one initiative: acts, actors, dated status, its groups, and questions to the unit."""
    data = strategy()
    try:
        chosen = data.get_initiative(number)
    except KeyError:
        raise NotFound from None
    session, actor = db.session(), current_actor()
    groups = [
        group
        for group in list_groups(session, actor)
        if group.initiative == number or group.slug in chosen.groups
    ]
    return render_template(
        "strategy/initiative.html",
        strategy=data,
        initiative=chosen,
        pillar=next(p for p in data.pillars if p.number == chosen.pillar),
        strands=[s for s in data.strands if s.slug in chosen.strands],
        settings=[s for s in data.settings if s.slug in chosen.settings],
        groups=groups,
        registers=[register for register in registers() if register.concerns(number)],
        questions=list_questions(session, actor, number),
        questions_path=group_path(GROUP_SLUG) + "threads/",
    )
