"""The directory of groups, and one group by its address."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.groups import Group
from forum.errors import NotFound
from forum.policy import Action, Actor, require
from forum.services.statement_rules import statement_rules


def list_groups(session: Session, actor: Actor) -> Sequence[Group]:
    """Give the groups that the actor may know of, in the order of the initiatives."""
    return session.scalars(
        sa.select(Group)
        .where(
            Group.in_directory,
            sa.or_(Group.is_listed, Group.audience.in_(sorted(actor.clearances))),
        )
        .order_by(Group.initiative, Group.title)
    ).all()


def list_own_groups(session: Session, actor: Actor) -> Sequence[Group]:
    """Give the groups in which the actor holds a role, by title."""
    if not actor.group_roles:
        return ()
    return session.scalars(
        sa.select(Group).where(Group.id.in_(sorted(actor.group_roles))).order_by(Group.title)
    ).all()


_BY_SLUG = sa.select(Group).where(Group.slug == sa.bindparam("slug"))


def find_group(session: Session, slug: str) -> Group | None:
    """Give the group at an address, without asking the policy: for commands, which the operator runs."""
    return session.scalars(_BY_SLUG, {"slug": slug}).first()


def get_group(session: Session, actor: Actor, slug: str, action: Action = Action.READ) -> Group:
    """Give a group for an action (READ: its inner pages; SEE_LISTING: what the directory shows)."""
    group = find_group(session, slug)
    if group is None:
        raise NotFound
    require(actor, action, group)
    return group


def rule_text(group: Group, key: str | None) -> str | None:
    """Give the words of one of the group's rules, or of a law; None for a rule it no longer has."""
    found = next((str(rule["text"]) for rule in group.rules if rule["key"] == key), None)
    law = statement_rules().laws.get(key or "")
    return found or (law.text if law else None)


def list_offered_rules(group: Group) -> list[tuple[str, str]]:
    """Give what a decision in a group can rest on, as keys and words: its own rules, then the laws."""
    rules = [(str(rule["key"]), str(rule["text"])) for rule in group.rules]
    return [*rules, *((law.key, law.text) for law in statement_rules().laws.values())]
