"""Who asks."""

import pytest

from forum.domain.accounts import PlatformRole
from forum.domain.groups import GroupRole
from forum.services.access_tokens import Scope
from tests.blueprints.api.conftest import Api
from tests.builders import Builder


def test_me_says_who_i_am_and_what_i_hold(api: Api, build: Builder) -> None:
    """Name, roles by group, bodies spoken for, the token's scopes; groups that are not listed too."""
    account = build.account("Mara Example", platform_role=PlatformRole.SECRETARIAT)
    body = build.organisation("Example Helpline")
    build.mandate(account, body, may_publish=False)
    group = build.group(is_listed=False, in_directory=False)
    build.member(group, account)
    build.member(group, account, GroupRole.MODERATOR)
    build.member(build.group(), build.account())
    answer = api.get("/me", account, scope=Scope.READ)
    assert answer.status_code == 200
    assert answer.json["id"] == account.public_id
    assert answer.json["name"] == "Mara Example"
    assert answer.json["scopes"] == ["read"]
    assert answer.json["platform_role"] == "secretariat"
    assert answer.json["groups"] == [
        {"slug": group.slug, "title": group.title, "roles": ["member", "moderator"]}
    ]
    assert [one["slug"] for one in answer.json["organisations"]] == [body.slug]
    assert answer.json["organisations"][0]["may_publish"] is False


def test_a_visitor_is_nobody(api: Api) -> None:
    """Without a token there is no me."""
    assert api.get("/me").status_code == 401


@pytest.mark.parametrize("scope", list(Scope))
def test_every_scope_reads(api: Api, build: Builder, scope: Scope) -> None:
    """Who writes, moderates or works for the secretariat reads as well."""
    assert api.get("/me", build.account(), scope=scope).json["scopes"] == [scope]
