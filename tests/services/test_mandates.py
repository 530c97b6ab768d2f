"""Mandates begin and end by date, and ending one acts at once."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from forum.domain.accounts import PlatformRole
from forum.domain.groups import GroupRole
from forum.domain.papers import PaperAuthor
from forum.errors import Invalid, NotAllowed, NotFound
from forum.policy.labels import authors_label, group_label, organisations_label
from forum.services.mandates import add_mandate, end_mandate, grant_mandate, list_mandates
from tests.builders import Builder
from tests.conftest import StoppedClock


def test_a_person_speaks_for_several_bodies(session: Session, build: Builder, clock: StoppedClock) -> None:
    """Each mandate has its own days."""
    ada, today = build.account(), clock().date()
    one, two, later, past = (build.organisation() for _ in range(4))
    grant_mandate(session, one, ada, now=clock(), starts_on=today)
    grant_mandate(session, two, ada, now=clock(), starts_on=today - timedelta(days=9), ends_on=today)
    grant_mandate(session, later, ada, now=clock(), starts_on=today + timedelta(days=1))
    grant_mandate(
        session,
        past,
        ada,
        now=clock(),
        starts_on=today - timedelta(days=9),
        ends_on=today - timedelta(days=1),
    )
    assert build.actor(ada).organisation_ids == {one.id, two.id}
    current = {line.organisation.id for line in list_mandates(session, account=ada) if line.is_current(today)}
    assert current == {one.id, two.id}


def test_ending_a_mandate_acts_at_once(session: Session, build: Builder, clock: StoppedClock) -> None:
    """Gone with it: the body's labels, its seat, and drafts written for it; what is one's own stays."""
    body, group, other = build.organisation(), build.group(), build.group()
    seat = build.seat(group, body)
    ada = build.member(group, seat=seat)
    build.member(other, ada, GroupRole.OBSERVER)
    build.mandate(ada, body)
    draft = build.paper(other)
    session.add(
        PaperAuthor(paper_id=draft.paper_id, account_id=ada.id, organisation_id=body.id, added_at=clock())
    )
    session.commit()
    before = build.actor(ada).clearances
    assert {group_label(group.id), organisations_label(group.id), authors_label(draft.paper_id)} <= before
    manager = build.actor(build.account(platform_role=PlatformRole.SECRETARIAT))
    assert end_mandate(session, manager, body.slug, ada.public_id, now=clock()) == (ada, 1)
    session.commit()
    after = build.actor(ada)
    assert after.organisation_ids == frozenset()
    assert after.group_roles == {other.id: {GroupRole.OBSERVER}}
    lost = {group_label(group.id), organisations_label(group.id), authors_label(draft.paper_id)}
    assert not lost & after.clearances


def test_overlaps_and_backward_days_are_refused(
    session: Session, build: Builder, clock: StoppedClock
) -> None:
    """One mandate of one body at a time, with its end after its beginning."""
    ada, body, today = build.account(), build.organisation(), clock().date()
    grant_mandate(session, body, ada, now=clock(), starts_on=today, ends_on=today + timedelta(days=5))
    for starts_on, ends_on in (
        (today + timedelta(days=5), None),
        (today - timedelta(days=9), today),
        (today + timedelta(days=9), today + timedelta(days=8)),
    ):
        with pytest.raises(Invalid):
            grant_mandate(session, body, ada, now=clock(), starts_on=starts_on, ends_on=ends_on)
    grant_mandate(session, body, ada, now=clock(), starts_on=today + timedelta(days=6))


def test_only_people_managers_give_and_end(session: Session, build: Builder, clock: StoppedClock) -> None:
    """A colleague or a chair gives nobody the word of a body, and what is not there cannot end."""
    body, ada = build.organisation(), build.account()
    colleague = build.account()
    build.mandate(colleague, body)
    with pytest.raises(NotAllowed):
        add_mandate(session, build.actor(colleague), body, ada, now=clock(), starts_on=clock().date())
    with pytest.raises(NotAllowed):
        end_mandate(session, build.actor(colleague), body.slug, colleague.public_id, now=clock())
    manager = build.actor(build.account(platform_role=PlatformRole.ADMINISTRATOR))
    with pytest.raises(NotFound):
        end_mandate(session, manager, body.slug, ada.public_id, now=clock())
