"""The presenter: what a reader may be shown of an author."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from forum.domain.attribution import Attribution, ShownAs
from forum.domain.groups import Group
from forum.domain.labels import Ceiling
from forum.domain.organisations import StakeholderType
from forum.domain.threads import Post, Thread
from forum.services.attribution import Byline, get_byline
from tests.builders import Builder


def shown(byline: Byline) -> dict[str, Any]:
    """What is set of a byline."""
    values = {name: getattr(byline, name) for name in Byline.__dataclass_fields__ if name != "person_id"}
    return {name: value for name, value in values.items() if value}


def posted(build: Builder, group: Group, **columns: Any) -> Post:
    """A post with these columns, in a discussion of somebody else."""
    thread: Thread = build.thread(group, build.member(group))
    return build.post(thread, **columns)


@pytest.mark.parametrize(
    ("attribution", "shown_as"),
    [
        (Attribution.ORGANISATION, ShownAs.NAME),
        (Attribution.ORGANISATION, ShownAs.ORGANISATION),
        (Attribution.ORGANISATION, ShownAs.STAKEHOLDER_TYPE),
        (Attribution.NAMED, ShownAs.ORGANISATION),
        (Attribution.NAMED, ShownAs.STAKEHOLDER_TYPE),
    ],
)
def test_own_capacity_is_said_where_the_name_is_not_shown(
    build: Builder, session: Session, attribution: Attribution, shown_as: ShownAs
) -> None:
    """Somebody is recorded: it is a person in their own capacity, and no name."""
    group = build.group(Ceiling.PUBLIC, attribution=attribution)
    post = posted(build, group, author=build.member(group), shown_as=shown_as)
    byline = get_byline(session, build.actor(build.account()), group, post)
    assert shown(byline) == {"in_own_capacity": True}
    assert byline.is_recorded


def test_a_strangers_view_of_a_name_that_is_not_public(build: Builder, session: Session) -> None:
    """Who is signed in reads the name, a visitor that somebody wrote in their own capacity."""
    group = build.group(Ceiling.PUBLIC)
    post = posted(build, group, author=build.member(group, build.account("Ada Sample")))
    assert shown(get_byline(session, build.actor(None), group, post)) == {"in_own_capacity": True}
    reader = build.actor(build.account())
    assert shown(get_byline(session, reader, group, post)) == {"name": "Ada Sample", "in_own_capacity": True}


def test_a_citizen_is_shown_by_their_type(build: Builder, session: Session) -> None:
    """The stakeholder type says more than own capacity."""
    group = build.group(Ceiling.PUBLIC, attribution=Attribution.ORGANISATION)
    post = posted(
        build, group, author=build.member(group), stakeholder_type=StakeholderType.EU_CITIZEN, country="FR"
    )
    byline = get_byline(session, build.actor(None), group, post)
    assert (byline.stakeholder_type, byline.country) == (StakeholderType.EU_CITIZEN, "FR")


def test_nobody_recorded_stays_so(build: Builder, session: Session) -> None:
    """An author that was not recorded is no person in their own capacity."""
    group = build.group(Ceiling.PUBLIC)
    byline = get_byline(session, build.actor(None), group, posted(build, group))
    assert shown(byline) == {}
    assert not byline.is_recorded


def test_who_speaks_for_a_body_is_not_in_their_own_capacity(build: Builder, session: Session) -> None:
    """Also where only the type of the body is shown."""
    group = build.group(Ceiling.PUBLIC)
    body = build.organisation("Example Messenger")
    reader = build.actor(build.account())
    for shown_as in ShownAs:
        post = posted(build, group, author=build.member(group), organisation=body, shown_as=shown_as)
        assert not get_byline(session, reader, group, post).in_own_capacity


def test_the_chatham_house_rule_says_nothing_of_it(build: Builder, session: Session) -> None:
    """There is the alias, and nothing else."""
    group = build.group(Ceiling.MEMBERS, attribution=Attribution.CHATHAM_HOUSE)
    post = posted(build, group, alias="Participant A")
    assert shown(get_byline(session, build.actor(None), group, post)) == {"alias": "Participant A"}
