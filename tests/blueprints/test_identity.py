"""Who is asking: rights that ended between the page and the write are gone in the write."""

from collections.abc import Callable
from datetime import datetime

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from forum.blueprints.identity import current_actor
from forum.blueprints.support import transactional
from forum.database import writing
from forum.domain.accounts import Account, AccountStatus
from forum.extensions import db
from forum.policy import Actor
from tests.builders import Builder


def test_an_account_disabled_between_reading_and_writing_writes_as_nobody(
    app: Flask,
    session: Session,
    build: Builder,
    client_of: Callable[[Account | None], FlaskClient],
    clock: Callable[[], datetime],
) -> None:
    person = build.account()
    session.commit()
    seen: list[Actor] = []

    @transactional
    def note(_session: Session, actor: Actor) -> None:
        seen.append(actor)

    def view(disable: bool) -> str:
        assert current_actor().is_signed_in
        if disable:
            with sessionmaker(db.engine)() as other, writing(other):
                other.get_one(Account, person.id).status = AccountStatus.DISABLED
        note()
        return ""

    client = client_of(person)
    kept = client.get("/groups/").request.environ
    for disable in (False, True):
        with app.test_request_context("/", environ_overrides={"HTTP_COOKIE": kept["HTTP_COOKIE"]}):
            view(disable)
    assert [actor.is_signed_in for actor in seen] == [True, False]
