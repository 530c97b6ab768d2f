"""Tokens, cookies, bodies, keys that are sent twice, and what is answered when something is wrong."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum import create_app
from forum.blueprints.problems import problem_of, problem_of_crash
from forum.domain.accounts import AccessToken, Account, AccountStatus, IdempotencyKey
from forum.domain.attribution import Attribution
from forum.domain.labels import Ceiling
from forum.domain.threads import Post, Thread
from forum.errors import TooSoon
from forum.extensions import db
from forum.services.access_tokens import Scope, create_token
from tests.blueprints.api.checker import PREFIX
from tests.blueprints.api.conftest import Api
from tests.builders import Builder
from tests.conftest import StoppedClock

ClientOf = Callable[[Account | None], FlaskClient]
NEW = {"title": "A title", "body": "A text."}


def test_a_cookie_alone_can_do_nothing(client_of: ClientOf, build: Builder, session: Session) -> None:
    """A session's cookie makes no call anybody's: reading is a visitor's, writing is refused."""
    group = build.group()
    member = build.member(group)
    thread = build.thread(group, member)
    post = session.query(Post).filter_by(thread_id=thread.id).one()
    client = client_of(member)
    assert client.get(f"/groups/{group.slug}/").status_code == 200
    assert client.get(f"{PREFIX}/me").status_code == 401
    assert client.get(f"{PREFIX}/groups/{group.slug}/threads").status_code == 404
    assert client.get(f"{PREFIX}/threads/{thread.public_id}").status_code == 404
    for method, path, body in (
        ("POST", f"/groups/{group.slug}/threads", NEW),
        ("POST", f"/threads/{thread.public_id}/posts", {"body": "x"}),
        ("PATCH", f"/posts/{post.public_id}", {"body": "x"}),
        ("DELETE", f"/posts/{post.public_id}", None),
        ("POST", f"/posts/{post.public_id}/flags", {"reason": "spam"}),
        ("POST", "/moderation/decisions", {}),
    ):
        answer = client.open(PREFIX + path, method=method, json=body)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    session.rollback()
    assert session.query(Post).count() == 1


def test_no_page_beside_the_api_is_without_csrf(client_of: ClientOf, build: Builder) -> None:
    """The exemption ends at the API: a page's form still takes its token."""
    assert client_of(build.account()).post("/accounts/sign-out").status_code == 400


def test_a_token_is_not_looked_at_elsewhere(client: FlaskClient, api: Api, build: Builder) -> None:
    """Outside the API a token makes nobody signed in."""
    group = build.group()
    token = api.token(build.member(group), Scope.READ)
    answer = client.get(f"/groups/{group.slug}/rules", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer nonsense",
        "Bearer forum_" + "x" * 43,
        "Basic YTpi",
        "Bearer " + "x" * 5000,
    ],
)
def test_a_wrong_token_is_no_visitor(api: Api, header: str) -> None:
    """Who sends credentials that do not work is told so, even where a visitor may read."""
    answer = api.get("/groups", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_ends_when_revoked_expired_or_its_person_is_disabled(
    api: Api, build: Builder, session: Session, clock: StoppedClock
) -> None:
    """Each of the three ends it at once."""
    for end in ("revoke", "expire", "disable"):
        account = build.account()
        token, text = create_token(
            session,
            account,
            name="x",
            scopes=[Scope.READ],
            now=clock(),
            expires_at=clock() + timedelta(days=2),
        )
        session.commit()
        header = {"Authorization": f"Bearer {text}"}
        assert api.get("/me", headers=header).status_code == 200
        if end == "revoke":
            session.get_one(AccessToken, token.id).revoked_at = clock()
        elif end == "disable":
            session.get_one(Account, account.id).status = AccountStatus.DISABLED
        else:
            clock.advance(days=2)
        session.commit()
        assert api.get("/me", headers=header).status_code == 401, end


def test_rights_are_those_of_the_moment(
    api: Api, build: Builder, session: Session, clock: StoppedClock
) -> None:
    """A token reads no more than its person: who leaves the group reads and writes nothing there."""
    from forum.domain.groups import Membership

    group = build.group(is_listed=False)
    member = build.member(group)
    path = f"/groups/{group.slug}/threads"
    assert api.post(path, member, NEW).status_code == 201
    session.query(Membership).filter_by(account_id=member.id).one().ended_at = clock()
    session.commit()
    assert api.get(path, member).status_code == api.post(path, member, NEW).status_code == 404


def test_a_suspended_person_reads_as_a_visitor_and_writes_nothing(
    api: Api, build: Builder, session: Session, clock: StoppedClock
) -> None:
    """As on the pages."""
    group, open_group = build.group(), build.group(Ceiling.PUBLIC)
    member = build.member(group)
    build.member(open_group, member)
    session.get_one(Account, member.id).suspended_until = clock() + timedelta(days=1)
    session.commit()
    assert api.get(f"/groups/{group.slug}/threads", member).status_code == 404
    assert api.post(f"/groups/{open_group.slug}/threads", member, NEW).status_code == 403
    assert api.get("/me", member).json["is_suspended"] is True


def test_use_of_a_token_is_recorded_once_a_minute(
    api: Api, build: Builder, session: Session, clock: StoppedClock
) -> None:
    """The settings can show when a token was last used, and reading does not write each time."""
    account = build.account()
    start = clock()
    api.get("/me", account)
    clock.advance(seconds=30)
    api.get("/me", account)
    assert session.query(AccessToken).one().last_used_at == start
    later = clock.advance(seconds=31)
    api.get("/me", account)
    assert session.query(AccessToken).one().last_used_at == later


@pytest.mark.parametrize(
    ("sent", "media_type", "status"),
    [
        (b"title=x&body=x", "application/x-www-form-urlencoded", 415),
        (b'{"title": "x", "body": "x"}', "text/plain", 415),
        (b'{"title": "x", "body": "x"}', "", 415),
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b'{"title": "a", "title": "b", "body": "x"}', "application/json", 400),
        (b'{"title": NaN, "body": "x"}', "application/json", 400),
        (b'{"title": "\xff", "body": "x"}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"title": ' + b"9" * 5000 + b"}", "application/json", 400),
        (b"[]", "application/json", 422),
        (b'"text"', "application/json", 422),
        (b"null", "application/json", 422),
        (b'{"body": "' + b"x" * 300_000 + b'"}', "application/json", 413),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_body_is_a_json_object_of_bounded_size(
    api: Api, build: Builder, sent: bytes, media_type: str, status: int
) -> None:
    """Anything else is refused in the problem's form, and nothing breaks."""
    group = build.group()
    token = api.token(build.member(group), Scope.WRITE)
    answer = api.call(
        "POST",
        f"/groups/{group.slug}/threads",
        headers={"Authorization": f"Bearer {token}"},
        data=sent,
        content_type=media_type,
    )
    assert answer.status_code == status


def test_letters_that_no_database_takes_are_taken_out(api: Api, build: Builder) -> None:
    """A zero byte or half of a letter in a field is stored in the normal form, not a fault."""
    group = build.group()
    member = build.member(group)
    thread = build.thread(group)
    from forum.domain.threads import Post as Row

    post = build.session.query(Row).filter_by(thread_id=thread.id).one()
    sent = {"reason": "other", "explanation": "It says \ud800 something \x00 else than it should."}
    answer = api.post(f"/posts/{post.public_id}/flags", member, sent)
    assert answer.status_code == 201
    assert answer.json["explanation"] == "It says \ufffd something  else than it should."


def test_a_key_sent_twice_makes_one_thing(api: Api, build: Builder, session: Session) -> None:
    """The second answer is the first again; another key, or none, makes another."""
    group = build.group()
    member = build.member(group)
    path = f"/groups/{group.slug}/threads"
    first = api.post(path, member, NEW, headers={"Idempotency-Key": "one"})
    again = api.post(path, member, dict(reversed(NEW.items())), headers={"Idempotency-Key": "one"})
    assert (again.status_code, again.json) == (201, first.json)
    assert again.headers["Location"] == first.headers["Location"]
    assert session.query(Thread).count() == 1
    api.post(path, member, NEW, headers={"Idempotency-Key": "two"})
    api.post(path, member, NEW)
    assert session.query(Thread).count() == 3


def test_a_key_with_another_request_is_refused(api: Api, build: Builder, session: Session) -> None:
    """Another body or address under the same key is 422, and nothing is made."""
    group = build.group()
    member = build.member(group)
    path = f"/groups/{group.slug}/threads"
    made = api.post(path, member, NEW, headers={"Idempotency-Key": "one"})
    for other, body in (
        (path, NEW | {"title": "Other"}),
        (f"/threads/{made.json['id']}/posts", {"body": "x"}),
    ):
        answer = api.post(other, member, body, headers={"Idempotency-Key": "one"})
        assert answer.status_code == 422
        assert list(answer.json["errors"]) == ["Idempotency-Key"]
    assert session.query(Post).count() == 1


def test_a_key_is_one_persons(api: Api, build: Builder, session: Session) -> None:
    """The same key of another account is another key."""
    group = build.group()
    path = f"/groups/{group.slug}/threads"
    answers = [
        api.post(path, build.member(group), NEW, headers={"Idempotency-Key": "one"}).json["id"]
        for _ in range(2)
    ]
    assert len(set(answers)) == session.query(Thread).count() == 2


def test_a_refused_write_keeps_no_key(api: Api, build: Builder, session: Session) -> None:
    """What failed is tried again under the same key."""
    group = build.group()
    stranger = build.account()
    path = f"/groups/{group.slug}/threads"
    assert api.post(path, stranger, NEW, headers={"Idempotency-Key": "one"}).status_code == 404
    build.member(group, stranger)
    assert api.post(path, stranger, NEW, headers={"Idempotency-Key": "one"}).status_code == 201


def test_keys_are_forgotten_after_a_day(
    api: Api, build: Builder, session: Session, clock: StoppedClock
) -> None:
    """The table does not grow for ever."""
    group = build.group()
    member = build.member(group)
    path = f"/groups/{group.slug}/threads"
    api.post(path, member, NEW, headers={"Idempotency-Key": "one"})
    clock.advance(days=1)
    api.post(path, member, NEW, headers={"Idempotency-Key": "one"})
    assert session.query(Thread).count() == 2
    assert session.query(IdempotencyKey).count() == 1


@pytest.mark.parametrize("key", ["", "x" * 201, "two words", "ü"])
def test_a_key_is_visible_ascii(api: Api, build: Builder, key: str) -> None:
    """Other keys are refused at their name."""
    group = build.group()
    answer = api.post(
        f"/groups/{group.slug}/threads", build.member(group), NEW, headers={"Idempotency-Key": key}
    )
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["Idempotency-Key"]


def test_a_key_is_no_record_of_who_wrote(api: Api, build: Builder, session: Session) -> None:
    """Under the Chatham House Rule no row ties the account to what it wrote."""
    group = build.group(attribution=Attribution.CHATHAM_HOUSE)
    member = build.member(group)
    api.post(f"/groups/{group.slug}/threads", member, NEW, headers={"Idempotency-Key": "one"})
    row = session.query(IdempotencyKey).one()
    assert "account_id" not in IdempotencyKey.__table__.columns
    assert row.key.startswith("sealed:")
    assert row.digest.startswith("sealed:")


def test_a_wrong_address_and_method_answer_as_problems(api: Api, build: Builder) -> None:
    """Nothing below /api/v1 answers with a page; an address that is no call is as one that is hidden."""
    group = build.group(is_listed=False)
    hidden = api.get(f"/groups/{group.slug}")
    for path in ("/nothing", "/groups/none", "/groups/none/", "/", "/threads"):
        answer = api.get(path)
        assert (answer.status_code, answer.data) == (404, hidden.data)
    answer = api.call("PUT", "/groups")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD"
    assert answer.json["title"] == "Not that method"
    assert answer.json["type"].endswith("/api/v1/docs#problem-405")


def test_every_answer_has_the_headers_of_the_house(api: Api, build: Builder) -> None:
    """Nothing is kept by caches, nothing is framed; answers vary by token."""
    for answer in (api.get("/groups"), api.get("/nothing"), api.get("/me", build.account())):
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Authorization" in answer.headers["Vary"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_too_soon_says_when(app: Flask) -> None:
    """A delay is answered with the seconds to wait."""
    with app.test_request_context(f"{PREFIX}/groups"):
        answer = problem_of(TooSoon("Wait %(seconds)s seconds.", seconds=7))
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert json.loads(answer.get_data())["detail"] == "Wait 7 seconds."


def test_a_fault_of_ours_is_a_problem_too(app: Flask) -> None:
    """What broke is answered as 500 in the same form, and says nothing of inside."""
    with app.test_request_context(f"{PREFIX}/groups"):
        answer = problem_of_crash()
    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    assert json.loads(answer.get_data())["title"] == "Something broke on our side"


def test_an_absent_database_is_a_problem_too(tmp_path: Path) -> None:
    """Where the database is not there, the answer is 503 with when to try again."""
    app = create_app({"ENV": "development", "INSTANCE": str(tmp_path)})
    answer = app.test_client().get(f"{PREFIX}/groups")
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert answer.headers["Retry-After"] == "120"
    assert "working_group" not in answer.text
    with app.app_context():
        db.engine.dispose()
