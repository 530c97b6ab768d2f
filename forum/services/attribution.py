"""The one presenter: what this reader may be shown of an author. Pages, mail, feeds, API and index ask it."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, AccountStatus
from forum.domain.attribution import Attributed, Attribution, ShownAs
from forum.domain.groups import Group
from forum.domain.organisations import Organisation, StakeholderType
from forum.policy import Actor


@dataclass(frozen=True, slots=True)
class Byline:
    """An author as shown to one reader; what is None may not be shown, counted or filtered by."""

    name: str | None = None
    person_id: str | None = None
    """Public id of the profile; set only where the name is, and never of a former member, who has none."""
    organisation: str | None = None
    organisation_slug: str | None = None
    stakeholder_type: StakeholderType | None = None
    country: str | None = None
    alias: str | None = None
    """'Company A': the only thing set under the Chatham House Rule."""
    is_former: bool = False
    """The person was erased: what stands in `name` is nobody's, and pages translate it."""
    in_own_capacity: bool = False
    """Somebody is recorded and spoke for no body; all that is shown where the name may not be."""

    @property
    def is_recorded(self) -> bool:
        """Whether anything at all is known of the author."""
        return bool(
            self.alias or self.name or self.organisation or self.stakeholder_type or self.in_own_capacity
        )


ATTRIBUTED = ("author_id", "organisation_id", "stakeholder_type", "country", "shown_as", "alias")
"""The names of the Attributed columns that present() reads beside author_columns()."""


def author_columns() -> tuple[Any, ...]:
    """Give the columns that present() reads, to be selected with outer joins of Account and Organisation."""
    return (
        Account.name.label("author_name"),
        Account.public_id.label("author_public_id"),
        Account.name_is_public.label("author_is_public"),
        sa.case((Account.status == AccountStatus.FORMER, True), else_=False).label("author_is_former"),
        Organisation.name.label("organisation_name"),
        Organisation.slug.label("organisation_slug"),
    )


def join_author(statement: sa.Select[*tuple[Any, ...]], attributed: Any) -> sa.Select[*tuple[Any, ...]]:
    """Join the author and the organisation of an Attributed model onto a statement."""
    return statement.outerjoin(Account, Account.id == attributed.author_id).outerjoin(
        Organisation, Organisation.id == attributed.organisation_id
    )


def present(reader: Actor, group: Group, attributed: Any, author: Any) -> Byline:
    """Give the byline of a contribution for a reader.

    `attributed` has the Attributed columns, `author` the author_columns(). Names of people are shown
    to strangers (who are not signed in) only by the person's own choice; a group that shows
    organisations never shows a name, and under the Chatham House Rule there is only the alias. Who
    spoke for no body is "a person in their own capacity" where neither name nor type may be shown.
    """
    if attributed.alias is not None or group.attribution is Attribution.CHATHAM_HOUSE:
        return Byline(alias=attributed.alias)
    kind, country = attributed.stakeholder_type, attributed.country
    is_own = attributed.author_id is not None and attributed.organisation_id is None
    if attributed.shown_as is ShownAs.STAKEHOLDER_TYPE:
        return Byline(stakeholder_type=kind, country=country, in_own_capacity=is_own)
    may_name = (
        attributed.shown_as is ShownAs.NAME
        and group.attribution is Attribution.NAMED
        and author.author_name is not None
        and (reader.is_signed_in or author.author_is_public)
    )
    return Byline(
        name=author.author_name if may_name else None,
        person_id=author.author_public_id if may_name and not author.author_is_former else None,
        is_former=may_name and bool(author.author_is_former),
        organisation=author.organisation_name,
        organisation_slug=author.organisation_slug,
        stakeholder_type=kind,
        country=country,
        in_own_capacity=is_own,
    )


def get_byline(session: Session, reader: Actor, group: Group, attributed: Any) -> Byline:
    """Give the byline of one loaded contribution for a reader; one statement.

    What speaks for its group has no author to show.
    """
    model: Any = type(attributed)
    if not issubclass(model, Attributed):
        return Byline()
    statement = join_author(sa.select(*author_columns()).select_from(model), model)
    author = session.execute(statement.where(model.id == attributed.id)).one()
    return present(reader, group, attributed, author)
