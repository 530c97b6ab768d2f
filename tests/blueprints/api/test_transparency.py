"""The public log and the report over the API."""

from sqlalchemy.orm import Session

from forum.domain.attribution import SubjectKind
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling
from forum.domain.moderation import Action
from forum.services.moderation import decide
from tests.blueprints.api.conftest import Api
from tests.builders import Builder

REASON = "It speaks about a person, not about the point."


def remove(session: Session, build: Builder, group: Group) -> str:
    moderator = build.member(group, role=GroupRole.MODERATOR)
    made = decide(
        session,
        build.actor(moderator),
        kind=SubjectKind.POST,
        public_id=build.post(build.thread(group), build.member(group)).public_id,
        action=Action.HIDE,
        rule="civil",
        reason=REASON,
        now=build.clock(),
    )
    session.commit()
    return made.public_id


def test_the_log_is_paged_and_filtered(api: Api, build: Builder, session: Session) -> None:
    """Without a token what a visitor finds; a closed group's decisions for its members alone."""
    rules = [{"key": "civil", "text": "Argue with the point."}]
    group, closed = build.group(Ceiling.PUBLIC, rules=rules), build.group(Ceiling.MEMBERS, rules=rules)
    ids = [remove(session, build, group) for _ in range(3)]
    behind = remove(session, build, closed)
    first = api.get("/moderation/log?limit=2").json
    assert [item["id"] for item in first["items"]] == ids[:0:-1]
    rest = api.get(f"/moderation/log?limit=2&cursor={first['next']}").json
    assert ([item["id"] for item in rest["items"]], rest["next"]) == (ids[:1], None)
    assert rest["items"][0] == {
        "id": ids[0],
        "day": "2026-03-02",
        "group": group.slug,
        "kind": "post",
        "decision": "hide",
        "rule": "Argue with the point.",
        "explanation": REASON,
        "is_taken_back": False,
        "url": None,
    }
    assert api.get("/moderation/log?decision=approve").json["items"] == []
    of_member = api.get("/moderation/log", build.member(closed)).json["items"]
    assert [item["id"] for item in of_member] == [behind, *reversed(ids)]


def test_the_report_is_the_same_for_everybody(api: Api, build: Builder, session: Session) -> None:
    """A member of a closed group finds nothing of it in the figures."""
    rules = [{"key": "civil", "text": "Argue with the point."}]
    remove(session, build, build.group(Ceiling.PUBLIC, rules=rules))
    before = api.get("/moderation/report").json
    closed = build.group(Ceiling.MEMBERS, rules=rules)
    remove(session, build, closed)
    assert api.get("/moderation/report").json == before
    assert api.get("/moderation/report", build.member(closed)).json == before
    assert (before["decisions"], before["own_initiative"]["count"]) == (1, 1)
    assert before["by_month"][-1] == {"month": "2026-03", "by_decision": {"hide": 1}}
    assert api.get("/moderation/report?first=2026-04-01&last=2026-03-01").status_code == 422
    assert api.get("/moderation/report?first=soon").status_code == 422
