"""The notices page over HTTP."""

from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.attribution import SubjectKind
from forum.domain.notices import Notice, NoticeKind
from tests.builders import Builder
from tests.support import look_again, submit

ClientOf = Callable[[Account | None], FlaskClient]


def notify(build: Builder, account: Account, post_id: int, group_id: int) -> Notice:
    notice = Notice(
        account_id=account.id,
        kind=NoticeKind.REPLIED,
        subject_kind=SubjectKind.POST,
        subject_id=post_id,
        group_id=group_id,
        key=f"{account.id}:{post_id}",
        created_at=build.clock(),
    )
    build.session.add(notice)
    build.session.commit()
    return notice


def test_notices_are_shown_and_marked_read(build: Builder, session: Session, client_of: ClientOf) -> None:
    """One by one or all at once, by buttons; a GET marks nothing."""
    group = build.group()
    person = build.member(group)
    thread = build.thread(group, person, title="Hash lists")
    first, second = (notify(build, person, build.post(thread).id, group.id) for _ in range(2))
    client = client_of(person)
    page = client.get("/notifications/")
    assert page.text.count("Hash lists") >= 2
    assert page.text.count(">New<") == 2
    answer = submit(client, f"/notifications/{first.public_id}/read")
    assert (answer.status_code, answer.location) == (303, "/notifications/")
    assert client.get("/notifications/").text.count(">New<") == 1
    submit(client, "/notifications/read")
    assert client.get("/notifications/").text.count(">New<") == 0
    look_again(session)
    assert second.read_at is not None


def test_nobody_marks_what_others_were_told(build: Builder, client_of: ClientOf) -> None:
    """Absent and somebody else's answer alike; a visitor is asked to sign in; a token is needed."""
    group = build.group()
    notice = notify(build, build.member(group), build.post(build.thread(group)).id, group.id)
    other = client_of(build.account())
    assert submit(other, f"/notifications/{notice.public_id}/read").status_code == 404
    assert submit(other, "/notifications/absent/read").status_code == 404
    assert other.post(f"/notifications/{notice.public_id}/read").status_code == 400
    assert client_of(None).get("/notifications/").status_code == 302


def test_there_is_a_first_time(build: Builder, client_of: ClientOf) -> None:
    """Without notices the page says what will be here."""
    assert "Nothing yet" in client_of(build.account()).get("/notifications/").text
