"""The directory of groups, a group's home, and its terms and rules."""

from collections import defaultdict

from flask import Blueprint, render_template

from forum import richtext
from forum.blueprints import meeting_words
from forum.blueprints.datafiles import registers, strategy
from forum.blueprints.identity import current_actor
from forum.blueprints.support import now
from forum.domain.groups import Group
from forum.extensions import db
from forum.policy import Action
from forum.services.absences import usually_answered_by
from forum.services.group_overview import load_overview
from forum.services.groups import get_group, list_groups
from forum.services.registers import count_in_group

blueprint = Blueprint("groups", __name__, url_prefix="/groups")


@blueprint.get("/")
def directory() -> str:
    """Show the groups that this person may know of, by pillar and initiative."""
    actor = current_actor()
    groups = list_groups(db.session(), actor)
    by_initiative: dict[int | None, list[Group]] = defaultdict(list)
    for group in groups:
        by_initiative[group.initiative].append(group)
    return render_template(
        "groups/directory.html",
        groups=groups,
        mine=[group for group in groups if actor.roles_in(group.id)],
        by_initiative=by_initiative,
        strategy=strategy(),
    )


@blueprint.get("/<slug>/")
def overview(slug: str) -> str:
    """Show a group's home, or only its listing to people outside."""
    session, actor = db.session(), current_actor()
    group = get_group(session, actor, slug, Action.SEE_LISTING)
    overview = load_overview(session, actor, group, now=now())
    counts = count_in_group(session, actor, group) if overview.is_inside else {}
    return render_template(
        "groups/overview.html",
        group=group,
        overview=overview,
        registers=[
            (one, counts.get(one.key, 0)) for one in registers() if one.key in counts or slug in one.groups
        ],
        mandate=richtext.to_markup(group.mandate_html),
        meeting_words=meeting_words,
    )


@blueprint.get("/<slug>/rules")
def rules(slug: str) -> str:
    """Show what the group owes to whom: mandate, who reads and writes, what is held, the rules of conduct."""
    group = get_group(db.session(), current_actor(), slug)
    answered_by = usually_answered_by(db.session(), group, now=now())
    return render_template(
        "groups/rules.html",
        group=group,
        mandate=richtext.to_markup(group.mandate_html),
        answered_by=answered_by,
    )
