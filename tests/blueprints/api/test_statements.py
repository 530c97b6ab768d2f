"""Statements of reasons through the API: for the secretariat's tokens alone."""

from forum.domain.accounts import PlatformRole
from forum.domain.attribution import SubjectKind
from forum.domain.groups import GroupRole
from forum.domain.labels import Ceiling, Status
from forum.domain.moderation import Action
from forum.domain.statement_schema import find_faults
from forum.services.access_tokens import Scope
from forum.services.moderation import decide
from tests.blueprints.api.conftest import Api
from tests.builders import Builder
from tests.conftest import StoppedClock


def test_the_secretariat_pages_through_them(api: Api, build: Builder, clock: StoppedClock) -> None:
    """Each validates; one is had by its puid; moderators and wrong cursors are refused."""
    group = build.group(Ceiling.PUBLIC)
    moderator = build.member(group, role=GroupRole.MODERATOR)
    thread = build.thread(group)
    for _ in range(3):
        post = build.post(thread, status=Status.PENDING)
        decide(
            build.session, build.actor(moderator), kind=SubjectKind.POST, public_id=post.public_id,
            action=Action.REJECT, reason="It says nothing about the question.", now=clock(),
        )  # fmt: skip
    build.session.commit()
    clock.advance(minutes=2)
    secretary = build.account(platform_role=PlatformRole.SECRETARIAT)
    first = api.get("/statements?limit=2", secretary, scope=Scope.SECRETARIAT).json
    assert len(first["items"]) == 2
    assert not [fault for one in first["items"] for fault in find_faults(one)]
    second = api.get(f"/statements?limit=2&cursor={first['next']}", secretary, scope=Scope.SECRETARIAT).json
    assert (len(second["items"]), second["next"]) == (1, None)
    puid = second["items"][0]["puid"]
    assert api.get(f"/statements/{puid}", secretary, scope=Scope.SECRETARIAT).json == second["items"][0]
    assert api.get("/statements?cursor=nothing", secretary, scope=Scope.SECRETARIAT).status_code == 422
    assert api.get("/statements/nothing", secretary, scope=Scope.SECRETARIAT).status_code == 404
    assert api.get("/statements", moderator, scope=Scope.SECRETARIAT).status_code == 403
    assert api.get("/statements?limit=101", secretary, scope=Scope.SECRETARIAT).status_code == 422
