"""Which mail a person wants, and the token that stops one kind."""

import pytest
from itsdangerous import URLSafeSerializer
from sqlalchemy.orm import Session

from forum.domain.notices import NoticeKind
from forum.errors import NotAllowed, NotFound
from forum.services.mail_preferences import (
    choose_mail,
    list_wanted_mail,
    read_stop_token,
    stop_mail,
    stop_token,
)
from tests.builders import Builder

SECRET = "a secret of the tests"


def test_every_kind_is_wanted_until_somebody_chooses(build: Builder, session: Session) -> None:
    """A choice replaces the one before, for this person alone."""
    actor, other = build.actor(build.account()), build.actor(build.account())
    assert list_wanted_mail(session, actor) == set(NoticeKind)
    choose_mail(session, actor, {NoticeKind.HELD, NoticeKind.DECIDED})
    choose_mail(session, actor, {NoticeKind.HELD})
    assert list_wanted_mail(session, actor) == {NoticeKind.HELD}
    assert list_wanted_mail(session, other) == set(NoticeKind)
    with pytest.raises(NotAllowed):
        choose_mail(session, build.actor(None), set())


def test_a_token_stops_one_kind_of_one_person(build: Builder, session: Session) -> None:
    """As often as it is used; nothing else changes."""
    account, other = build.account(), build.account()
    token = stop_token(SECRET, account.public_id, NoticeKind.REPLIED)
    for _ in range(2):
        assert stop_mail(session, SECRET, token) is NoticeKind.REPLIED
    assert list_wanted_mail(session, build.actor(account)) == set(NoticeKind) - {NoticeKind.REPLIED}
    assert list_wanted_mail(session, build.actor(other)) == set(NoticeKind)


def test_a_token_that_we_did_not_sign_for_this_is_nothing(build: Builder, session: Session) -> None:
    """Forged, cut, of another key or purpose, or of a person who is gone."""
    account = build.account()
    good = stop_token(SECRET, account.public_id, NoticeKind.REPLIED)
    for token in (
        "",
        "x",
        good[:-1],
        good.replace(".", "a.", 1),
        stop_token("another secret", account.public_id, NoticeKind.REPLIED),
        str(URLSafeSerializer(SECRET, salt="another purpose").dumps([account.public_id, "replied"])),
        str(URLSafeSerializer(SECRET, salt="stop one kind of mail").dumps([account.public_id, "unknown"])),
    ):
        with pytest.raises(NotFound):
            read_stop_token(SECRET, token)
    with pytest.raises(NotFound):
        stop_mail(session, SECRET, stop_token(SECRET, "nobody", NoticeKind.REPLIED))
