"""The record over the API."""

import pytest
from sqlalchemy.orm import Session

from forum.domain.accounts import PlatformRole
from forum.domain.audit import AuditAction
from forum.domain.groups import GroupRole
from forum.domain.labels import Ceiling
from forum.services.access_tokens import Scope
from forum.services.audit import record
from tests.blueprints.api.conftest import Api
from tests.builders import Builder


def test_it_is_read_page_by_page(api: Api, build: Builder, session: Session) -> None:
    """Newest first, with actor, subject, group and facts."""
    keeper = build.account(platform_role=PlatformRole.ADMINISTRATOR)
    group, actor = build.group(is_listed=True), build.actor(keeper)
    api.token(keeper, Scope.SECRETARIAT)  # makes the first entry
    for number in range(3):
        record(
            session,
            actor,
            AuditAction.CHARTER_CHANGED,
            now=build.clock(),
            subject_kind="group",
            subject=group.public_id,
            group=group,
            terms=["title"],
            number=number,
        )
    session.commit()
    first = api.get("/audit?limit=2", keeper, scope=Scope.SECRETARIAT)
    assert first.status_code == 200
    assert [item["number"] for item in first.json["items"]] == [4, 3]
    shown = dict(first.json["items"][0])
    assert len(shown.pop("hash")) == 64
    assert shown == {
        "number": 4,
        "at": "2026-03-02T09:00:00Z",
        "actor": keeper.public_id,
        "action": "group.charter_changed",
        "subject": {"kind": "group", "id": group.public_id},
        "group": group.slug,
        "facts": {"number": 2, "terms": ["title"]},
        "is_masked": False,
    }
    rest = api.get(f"/audit?limit=2&cursor={first.json['next']}", keeper, scope=Scope.SECRETARIAT)
    assert ([item["number"] for item in rest.json["items"]], rest.json["next"]) == ([2, 1], None)


def test_of_a_group_that_one_may_not_know_of_nothing_shows(
    api: Api, build: Builder, session: Session
) -> None:
    """Neither who, nor what, nor where: administering gives no clearance."""
    keeper = build.account(platform_role=PlatformRole.ADMINISTRATOR)
    group = build.group(Ceiling.MEMBERS, is_listed=False)
    member = build.member(group)
    api.token(keeper, Scope.SECRETARIAT)
    record(
        session,
        build.actor(member),
        AuditAction.FLAGGED,
        now=build.clock(),
        subject_kind="account",
        subject=member.public_id,
        group=group,
        reason="illegal",
    )
    session.commit()
    answer = api.get("/audit", keeper, scope=Scope.SECRETARIAT)
    shown = answer.json["items"][0]
    assert (shown["actor"], shown["subject"], shown["group"], shown["facts"]) == (None, None, None, {})
    assert shown["is_masked"]
    for secret in (group.slug, group.public_id, member.public_id, "illegal"):
        assert secret not in answer.text


def test_who_may_not_read_it_is_told_so(api: Api, build: Builder) -> None:
    """No token, another scope, another role."""
    keeper = build.account(platform_role=PlatformRole.SECRETARIAT)
    chair = build.member(build.group(), role=GroupRole.SECRETARIAT)
    assert api.get("/audit").status_code == 401
    assert api.get("/audit", keeper, scope=Scope.READ).status_code == 403
    assert api.get("/audit", chair, scope=Scope.SECRETARIAT).status_code == 403
    assert api.get("/audit", keeper, scope=Scope.SECRETARIAT).status_code == 200


@pytest.mark.parametrize("cursor", ["x", "-1", "99999999999999999", "9" * 4000, "²"])
def test_a_place_that_is_none_is_bad_input(api: Api, build: Builder, cursor: str) -> None:
    """422, whatever its length."""
    keeper = build.account(platform_role=PlatformRole.SECRETARIAT)
    assert api.get(f"/audit?cursor={cursor}", keeper, scope=Scope.SECRETARIAT).status_code == 422
