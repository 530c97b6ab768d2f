"""From the composer to the letter: whoever writes hears back, by pages, notices and mail."""

from collections.abc import Callable

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.groups import GroupRole, HoldingRule
from forum.domain.labels import Ceiling
from forum.domain.threads import Post
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import body_of, deliver, look_again, submit

ClientOf = Callable[[Account | None], FlaskClient]


def test_a_newcomers_reply_is_held_published_and_heard_of(
    app: Flask, build: Builder, session: Session, clock: StoppedClock, client_of: ClientOf
) -> None:
    """The newcomer hears twice, whoever was answered once and only after it was published."""
    group = build.group(Ceiling.COMMUNITY, holding_rule=HoldingRule.NEWCOMER, short_title="Challenges")
    asker = build.member(group, build.account("Ana Example", email="ana@members.example"))
    newcomer = build.member(group, build.account("Nina Nova", email="nina@members.example"))
    moderator = build.member(group, role=GroupRole.MODERATOR)
    thread = build.thread(group, asker, title="Hash lists")
    opening = session.scalars(sa.select(Post.public_id).where(Post.thread_id == thread.id)).one()
    session.rollback()
    answer = submit(
        client_of(newcomer),
        f"/posts/{opening}/reply",
        {"body": "My first words here.", "language": "en", "shown_as": "name"},
    )
    assert answer.status_code == 303, answer.text

    (held,) = deliver(app, clock)
    assert (held["To"].addresses[0].addr_spec, held["Subject"]) == (
        "nina@members.example",
        "Your contribution waits for a moderator: Hash lists",
    )
    look_again(session)
    reply = session.scalars(sa.select(Post.public_id).where(Post.number == 2)).one()
    session.rollback()
    answer = submit(client_of(moderator), f"/moderation/cases/post/{reply}", {"action": "approve"})
    assert answer.status_code == 303

    assert {mail["To"].addresses[0].addr_spec for mail in deliver(app, clock)} == {
        "ana@members.example",
        "nina@members.example",
    }
    assert len(deliver(app, clock)) == 2, "the decision is told once it can no longer be taken back"
    clock.advance(seconds=60)
    mails = {mail["Subject"]: mail for mail in deliver(app, clock)}
    assert set(mails) == {
        "Your contribution waits for a moderator: Hash lists",
        "Your contribution was published: Hash lists",
        "There is a reply to you: Hash lists",
    }
    assert not any("first words" in mail.as_string() + body_of(mail) for mail in mails.values())
    assert "Your contribution was published." in client_of(newcomer).get("/notifications/").text
    assert "A moderator has read it and published it." in client_of(newcomer).get("/me/contributions").text
    assert "Nina Nova" in client_of(asker).get("/notifications/").text
