"""Who asks."""

from typing import Any

from forum.blueprints.api.answers import SLUG
from forum.blueprints.api.schemas import component, fields, flag, many, maybe, one_of, text
from forum.blueprints.api.support import Asked, call, token_scopes
from forum.blueprints.identity import current_actor
from forum.domain.accounts import PlatformRole
from forum.domain.groups import GroupRole
from forum.domain.organisations import StakeholderType
from forum.extensions import db
from forum.services.access_tokens import Scope
from forum.services.groups import list_own_groups

ME = component(
    "Me",
    fields(
        {
            "id": text(),
            "name": text(),
            "handle": text("As in mentions."),
            "language": text(),
            "time_zone": text(),
            "platform_role": one_of(PlatformRole, "Gives no clearance by itself."),
            "is_suspended": flag(),
            "scopes": many(one_of(Scope), "What this token may be used for."),
            "organisations": many(
                fields(
                    {
                        "slug": SLUG,
                        "name": text(),
                        "type": one_of(StakeholderType),
                        "country": maybe(text()),
                        "may_publish": flag("Whether the mandate lets you publish in its name."),
                    }
                ),
                "The bodies you speak for today.",
            ),
            "groups": many(fields({"slug": SLUG, "title": text(), "roles": many(one_of(GroupRole))})),
        }
    ),
)


@call("GET", "/me", "Who I am, my groups and roles", answer=ME, needs_token=True)
def show(_asked: Asked) -> dict[str, Any]:
    """Tell a person what this token knows of them."""
    actor = current_actor()
    return {
        "id": actor.public_id,
        "name": actor.name,
        "handle": actor.handle,
        "language": actor.language,
        "time_zone": actor.time_zone,
        "platform_role": actor.platform_role,
        "is_suspended": actor.is_suspended,
        "scopes": token_scopes(),
        "organisations": [
            {
                "slug": mandate.slug,
                "name": mandate.name,
                "type": mandate.type,
                "country": mandate.country,
                "may_publish": mandate.may_publish,
            }
            for mandate in actor.mandates
        ],
        "groups": [
            {"slug": group.slug, "title": group.title, "roles": sorted(actor.roles_in(group.id))}
            for group in list_own_groups(db.session(), actor)
        ],
    }
