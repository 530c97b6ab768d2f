"""The directory of groups, and one group."""

from typing import Any

from forum.blueprints.api.answers import BODY, HTML, LABEL, LANGUAGE_SHOWN, SLUG, URL
from forum.blueprints.api.schemas import component, fields, flag, many, maybe, one_of, page_of, text, whole
from forum.blueprints.api.support import PAGING, Asked, call, url
from forum.blueprints.identity import current_actor
from forum.domain.attribution import Attribution, ShownAs
from forum.domain.groups import Group, HoldingRule
from forum.domain.labels import Ceiling
from forum.extensions import db
from forum.policy import Action, Actor, can
from forum.services.addresses import group_path
from forum.services.groups import get_group, list_groups
from forum.services.paging import checked_place
from forum.services.signing import shown_as_choices
from forum.services.threads import default_tlp, tlp_choices

_LINE = {
    "slug": SLUG,
    "title": text(),
    "short_title": text(),
    "initiative": maybe(whole("Of the strategy.")),
    "summary": text(),
    "may_read": flag("Whether you read more of it than this."),
    "url": URL,
}
LINE = component("GroupLine", fields(_LINE))
CHARTER = component(
    "Charter",
    fields(
        {
            "ceiling": one_of(Ceiling, "How widely anything in it is read at most."),
            "labels": many(LABEL, "What may be chosen here."),
            "default_label": LABEL,
            "attribution": one_of(Attribution),
            "shown_as": many(
                one_of(ShownAs), "What may be chosen here; nothing under the Chatham House Rule."
            ),
            "holding_rule": one_of(HoldingRule, "What a moderator reads first."),
            "promised_days": whole("Working days in which moderators promise an answer."),
            "languages": many(LANGUAGE_SHOWN),
            "rules": many(fields({"key": text("The `ground` of a decision."), "text": text()})),
            "may_write": flag(),
        }
    ),
)
GROUP = component(
    "Group",
    fields(
        _LINE
        | {
            "body": BODY | {"description": "The mandate, in Markdown."},
            "html": HTML,
            "contact": text(),
            "charter": maybe(CHARTER),
        }
    ),
)


@call("GET", "/groups", "The groups that I may know of", answer=page_of(LINE), query=PAGING)
def index(asked: Asked) -> dict[str, Any]:
    """Give the directory in the order of the initiatives."""
    actor = current_actor()
    groups = list_groups(db.session(), actor)
    start = 0
    if asked.cursor is not None:
        places = (place for place, group in enumerate(groups, 1) if group.slug == asked.cursor)
        start = checked_place(next(places, None))
    shown = groups[start : start + asked.limit]
    has_more = len(groups) > start + asked.limit
    return {"items": [_line(actor, group) for group in shown], "next": shown[-1].slug if has_more else None}


@call("GET", "/groups/{slug}", "One group; its charter where I may read it", answer=GROUP)
def show(_asked: Asked, slug: str) -> dict[str, Any]:
    """Give a group, or only its listing to people outside."""
    actor = current_actor()
    group = get_group(db.session(), actor, slug, Action.SEE_LISTING)
    line = _line(actor, group)
    return line | {
        "body": group.mandate_source,
        "html": group.mandate_html,
        "contact": group.contact,
        "charter": _charter(actor, group) if line["may_read"] else None,
    }


def _line(actor: Actor, group: Group) -> dict[str, Any]:
    return {
        "slug": group.slug,
        "title": group.title,
        "short_title": group.short_title,
        "initiative": group.initiative,
        "summary": group.summary,
        "may_read": can(actor, Action.READ, group),
        "url": url(group_path(group.slug)),
    }


def _charter(actor: Actor, group: Group) -> dict[str, Any]:
    return {
        "ceiling": group.ceiling,
        "labels": tlp_choices(group),
        "default_label": default_tlp(group),
        "attribution": group.attribution,
        "shown_as": shown_as_choices(group),
        "holding_rule": group.holding_rule,
        "promised_days": group.promised_days,
        "languages": group.languages,
        "rules": [{"key": rule["key"], "text": rule["text"]} for rule in group.rules],
        "may_write": can(actor, Action.WRITE, group),
    }
