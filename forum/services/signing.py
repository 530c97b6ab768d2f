"""Signing a contribution: for whom the actor speaks, how they are shown, and the keys of authorship."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from forum.domain.attribution import Attribution, ShownAs
from forum.domain.groups import Group
from forum.domain.organisations import StakeholderType
from forum.errors import Invalid, NotAllowed
from forum.policy import Actor
from forum.policy.actor import SpokenFor
from forum.services.chatham import alias_for, is_sealed
from forum.services.sealing import account_key, organisation_key, sealed_key


@dataclass(frozen=True, slots=True)
class Signature:
    """The Attributed columns of a new contribution, and the writer keys of its authorship."""

    author_id: int | None
    organisation_id: int | None
    stakeholder_type: StakeholderType | None
    country: str | None
    shown_as: ShownAs
    alias: str | None
    keys: list[str]

    @property
    def columns(self) -> dict[str, Any]:
        """The columns of the Attributed mix-in."""
        return {
            "author_id": self.author_id,
            "organisation_id": self.organisation_id,
            "stakeholder_type": self.stakeholder_type,
            "country": self.country,
            "shown_as": self.shown_as,
            "alias": self.alias,
        }


def shown_as_choices(group: Group) -> list[ShownAs]:
    """Give the ways in which a group lets its authors be shown, widest first; none under Chatham House."""
    if is_sealed(group):
        return []
    chosen = [choice for choice in ShownAs if choice.value in group.shown_as_choices] or list(ShownAs)
    if group.attribution is Attribution.ORGANISATION:
        return [choice for choice in chosen if choice is not ShownAs.NAME] or [ShownAs.ORGANISATION]
    return chosen


def account_keys(actor: Actor, sealing_secret: bytes) -> tuple[str, ...]:
    """Give the person's own writer keys, open and sealed, without those of organisations."""
    if actor.account_id is None:
        return ()
    key = account_key(actor.account_id)
    return (key, sealed_key(sealing_secret, key))


def sign(
    session: Session,
    actor: Actor,
    group: Group,
    *,
    thread_id: int,
    shown_as: ShownAs | None,
    speaking_for: int | None,
    sealing_secret: bytes,
) -> Signature:
    """Give the signature of what the actor writes in a discussion; Invalid names the field to mend.

    `shown_as` None takes the widest way the group allows. Under the Chatham House Rule only an alias and
    sealed keys are given.
    """
    if actor.account_id is None:
        raise NotAllowed("Sign in to write here.")
    body = find_spoken_for(actor, speaking_for)
    keys = [account_key(actor.account_id)]
    keys += [organisation_key(body.organisation_id)] if body else []
    if is_sealed(group):
        sealed = [sealed_key(sealing_secret, key) for key in keys]
        alias = alias_for(session, group, thread_id, sealed[-1], body.type if body else None)
        return Signature(None, None, None, None, ShownAs.STAKEHOLDER_TYPE, alias, sealed)
    choices = shown_as_choices(group)
    shown_as = shown_as or choices[0]
    if shown_as not in choices:
        raise Invalid("This group does not show its authors that way.", field="shown_as")
    if shown_as is not ShownAs.NAME and body is None and actor.mandates:
        raise Invalid(
            "To be shown without your name, choose the organisation that you speak for.", field="speaking_for"
        )
    return Signature(
        author_id=actor.account_id,
        organisation_id=body.organisation_id if body else None,
        stakeholder_type=body.type if body else None,
        country=body.country if body else None,
        shown_as=shown_as,
        alias=None,
        keys=keys,
    )


def find_spoken_for(actor: Actor, organisation_id: int | None) -> SpokenFor | None:
    """Give the mandate under which the actor speaks; Invalid for a body they may not speak for now."""
    if organisation_id is None:
        return None
    for mandate in actor.mandates:
        if mandate.organisation_id == organisation_id and mandate.may_publish:
            return mandate
    raise Invalid("You hold no mandate to speak for that organisation now.", field="speaking_for")
