"""What an answer will look like before it is sent: the byline as its readers will see it."""

from types import SimpleNamespace

from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.attribution import ShownAs
from forum.domain.groups import Group
from forum.policy import Actor
from forum.services.attribution import Byline, present
from forum.services.chatham import is_sealed, type_name
from forum.services.respondents import Respondent


def preview_byline(
    session: Session, actor: Actor, group: Group, respondent: Respondent, shown_as: ShownAs
) -> Byline:
    """Give the byline of an answer that is not sent yet, as somebody who is signed in would see it."""
    account = session.get_one(Account, actor.account_id)
    is_body = respondent.organisation_id is not None
    attributed = SimpleNamespace(
        author_id=account.id,
        organisation_id=respondent.organisation_id,
        alias=type_name(session, group, respondent.type) if is_sealed(group) else None,
        stakeholder_type=respondent.type,
        country=respondent.country,
        shown_as=shown_as,
    )
    author = SimpleNamespace(
        author_name=account.name,
        author_public_id=account.public_id,
        author_is_public=account.name_is_public,
        author_is_former=False,
        organisation_name=respondent.name if is_body else None,
        organisation_slug=respondent.slug if is_body else None,
    )
    return present(actor, group, attributed, author)
