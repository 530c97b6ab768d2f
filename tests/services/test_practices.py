"""The terms of a group's meetings and decisions: who changes them, within which bounds, and what is kept."""

from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.audit import AuditEntry
from forum.domain.groups import GroupRole
from forum.domain.labels import Ceiling
from forum.domain.practice import DeclarationsVisible, Practice, read_practice
from forum.errors import Invalid, NotAllowed, NotFound
from forum.services.practices import change_practice
from tests.builders import Builder

TERMS = Practice(
    invitation_days=30,
    document_days=14,
    quorum_percent=60,
    renewal_months=24,
    declarations_visible=DeclarationsVisible.MANAGERS,
    selectors=2,
)


def facts(session: Session) -> list[object]:
    """What is on record, without whom."""
    session.commit()
    rows = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.number))
    return [(row.action, row.read_facts()) for row in rows]


@pytest.mark.parametrize("role", [GroupRole.CHAIR, GroupRole.SECRETARIAT], ids=str)
def test_chair_and_secretariat_set_them_and_a_charter_loaded_later_leaves_them_alone(
    session: Session, build: Builder, role: GroupRole
) -> None:
    """On record is that they changed, once."""
    group = build.group()
    actor = build.actor(build.member(group, role=role))
    for _ in range(2):
        change_practice(session, actor, group.slug, TERMS, now=build.clock())
    assert read_practice(group.practice) == TERMS
    assert group.edited_fields == ["practice"]
    assert facts(session) == [("group.charter_changed", {"terms": ["practice"]})]


def test_others_do_not(session: Session, build: Builder) -> None:
    """Whoever does not know of the group is not told that it is there."""
    group = build.group(Ceiling.PUBLIC)
    for role in (GroupRole.MEMBER, GroupRole.RAPPORTEUR, GroupRole.OBSERVER, GroupRole.MODERATOR):
        actor = build.actor(build.member(group, role=role))
        with pytest.raises(NotAllowed):
            change_practice(session, actor, group.slug, TERMS, now=build.clock())
    hidden = build.group(Ceiling.MEMBERS, is_listed=False)
    with pytest.raises(NotFound):
        change_practice(session, build.actor(build.account()), hidden.slug, TERMS, now=build.clock())
    assert (group.practice, facts(session)) == ({}, [])


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"invitation_days": 181}, id="too long before"),
        pytest.param({"quorum_percent": 0}, id="a quorum of nobody"),
        pytest.param({"selectors": 3}, id="three who decide"),
    ],
)
def test_a_number_that_makes_no_sense_changes_nothing(
    session: Session, build: Builder, wrong: dict[str, int]
) -> None:
    group = build.group()
    actor = build.actor(build.member(group, role=GroupRole.CHAIR))
    with pytest.raises(Invalid) as caught:
        change_practice(session, actor, group.slug, replace(TERMS, **wrong), now=build.clock())
    assert caught.value.field in wrong
    assert (group.practice, facts(session)) == ({}, [])
