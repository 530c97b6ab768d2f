"""Who may publish in a body's name."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from forum.domain.accounts import PlatformRole
from forum.errors import Invalid, NotAllowed
from forum.services.mandates import grant_mandate
from forum.services.publishers import choose_publishers
from tests.builders import Builder


def test_a_body_names_who_publishes_for_it(build: Builder, session: Session) -> None:
    """From then on the others prepare, also those who get a mandate later, until the rule is lifted."""
    body = build.organisation()
    first, second, third = build.account(), build.account(), build.account()
    build.mandate(first, body), build.mandate(second, body)
    choose_publishers(
        session, build.actor(first), body.slug, by_name=True, people={first.public_id}, now=build.clock()
    )
    grant_mandate(session, body, third, now=build.clock())
    session.commit()
    may = {person.id: build.actor(person).mandates[0].may_publish for person in (first, second, third)}
    assert may == {first.id: True, second.id: False, third.id: False}
    choose_publishers(session, build.actor(first), body.slug, by_name=False, people=(), now=build.clock())
    session.commit()
    assert all(build.actor(person).mandates[0].may_publish for person in (first, second, third))


@pytest.mark.parametrize("who", ["prepares only", "mandate over", "stranger", "visitor"])
def test_others_do_not_choose(build: Builder, session: Session, who: str) -> None:
    """It takes somebody who may publish for the body today, or who manages people."""
    body = build.organisation()
    holder = build.account()
    build.mandate(holder, body)
    person = build.account() if who != "visitor" else None
    if person and who == "prepares only":
        build.mandate(person, body, may_publish=False)
    if person and who == "mandate over":
        build.mandate(person, body, ends_on=(build.clock() - timedelta(days=1)).date())
    with pytest.raises(NotAllowed):
        choose_publishers(
            session, build.actor(person), body.slug, by_name=False, people=(), now=build.clock()
        )


@pytest.mark.parametrize("role", [PlatformRole.SECRETARIAT, PlatformRole.ADMINISTRATOR])
def test_who_manages_people_may_mend_it(build: Builder, session: Session, role: PlatformRole) -> None:
    """So that a body whose last publisher has left is not stuck."""
    body = build.organisation()
    holder, keeper = build.account(), build.account(platform_role=role)
    build.mandate(holder, body, may_publish=False)
    choose_publishers(
        session, build.actor(keeper), body.slug, by_name=True, people={holder.public_id}, now=build.clock()
    )
    session.commit()
    assert build.actor(holder).mandates[0].may_publish


@pytest.mark.parametrize("named", ["nobody", "a stranger"])
def test_somebody_is_always_left(build: Builder, session: Session, named: str) -> None:
    """A rule that leaves nobody is refused at its field."""
    body = build.organisation()
    holder, stranger = build.account(), build.account()
    build.mandate(holder, body)
    people = {stranger.public_id} if named == "a stranger" else set()
    with pytest.raises(Invalid) as caught:
        choose_publishers(
            session, build.actor(holder), body.slug, by_name=True, people=people, now=build.clock()
        )
    assert caught.value.field == "people"
