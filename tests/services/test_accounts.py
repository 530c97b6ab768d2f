"""Making accounts, switching them on and off, and what people set themselves."""

import pytest
from sqlalchemy.orm import Session

from forum.domain.accounts import AccountStatus, PlatformRole, Theme
from forum.errors import Invalid, NotAllowed, NotFound
from forum.policy import ANONYMOUS
from forum.services.access_tokens import Scope, create_token, find_token
from forum.services.accounts import (
    ProfileFields,
    change_platform_role,
    create_account,
    disable_account,
    edit_profile,
    enable_account,
    has_administrator,
    list_accounts,
)
from forum.services.login_sessions import find_session, start_session
from tests.builders import Builder
from tests.conftest import StoppedClock

FIELDS = ProfileFields(
    name="Ada",
    latin_name="",
    language="fr",
    time_zone="Europe/Athens",
    theme=Theme.DARK,
    name_is_public=True,
)


def test_one_account_an_address(session: Session, clock: StoppedClock) -> None:
    """A second one is refused, and handles differ where names do not."""
    one = create_account(session, email="ada@a.example", name=" Ada  Sample ", now=clock())
    two = create_account(session, email="ada@b.example", name="Ada Sample", now=clock(), password_hash="x")
    assert (one.name, one.handle, two.handle) == ("Ada Sample", "ada-sample", "ada-sample-2")
    assert (one.status, two.status) == (AccountStatus.PLACEHOLDER, AccountStatus.ACTIVE)
    with pytest.raises(Invalid):
        create_account(session, email="ada@a.example", name="Eve", now=clock())
    assert create_account(session, email="x@c.example", name="Ζωή", now=clock()).handle


def test_people_change_themselves_alone(session: Session, build: Builder, clock: StoppedClock) -> None:
    """A visitor has nothing to change, and a zone must exist."""
    ada = build.account()
    edit_profile(session, build.actor(ada), FIELDS, now=clock())
    assert (ada.language, ada.time_zone, ada.theme, ada.name_is_public) == (
        "fr",
        "Europe/Athens",
        Theme.DARK,
        True,
    )
    with pytest.raises(NotAllowed):
        edit_profile(session, ANONYMOUS, FIELDS, now=clock())
    for changed in ({"time_zone": "../../etc/passwd"}, {"name": " \u200b "}, {"name": "x" * 121}):
        with pytest.raises(Invalid):
            edit_profile(
                session,
                build.actor(ada),
                ProfileFields(
                    **({name: getattr(FIELDS, name) for name in FIELDS.__dataclass_fields__} | changed)  # type: ignore[arg-type]
                ),
                now=clock(),
            )


def test_disabling_ends_sessions_and_tokens(session: Session, build: Builder, clock: StoppedClock) -> None:
    """At once; switched on again, they have to sign in."""
    ada = build.account(password_hash="x")
    manager = build.actor(build.account(platform_role=PlatformRole.SECRETARIAT))
    cookie = start_session(session, ada, now=clock(), hours=12)
    _row, token = create_token(session, ada, name="t", scopes=[Scope.READ], now=clock())
    session.commit()
    assert find_token(session, token, now=clock())
    disable_account(session, manager, ada.public_id, now=clock())
    session.commit()
    assert find_session(session, cookie, now=clock(), idle_minutes=30) is None
    assert find_token(session, token, now=clock()) is None
    assert not build.actor(ada).is_signed_in
    enable_account(session, manager, ada.public_id, now=clock())
    session.commit()
    assert ada.status is AccountStatus.ACTIVE
    assert find_session(session, cookie, now=clock(), idle_minutes=30) is None
    assert find_token(session, token, now=clock()) is None


def test_a_secretariat_does_not_touch_administrators(
    session: Session, build: Builder, clock: StoppedClock
) -> None:
    """Roles over the platform are the administrators' to give and take, and nobody judges themselves."""
    boss = build.account(platform_role=PlatformRole.ADMINISTRATOR)
    secretary = build.account(platform_role=PlatformRole.SECRETARIAT)
    ada = build.account()
    with pytest.raises(NotAllowed):
        disable_account(session, build.actor(secretary), boss.public_id, now=clock())
    with pytest.raises(NotAllowed):
        change_platform_role(
            session, build.actor(secretary), ada.public_id, PlatformRole.ADMINISTRATOR, now=clock()
        )
    with pytest.raises(NotAllowed):
        disable_account(session, build.actor(ada), secretary.public_id, now=clock())
    with pytest.raises(Invalid):
        disable_account(session, build.actor(boss), boss.public_id, now=clock())
    with pytest.raises(Invalid):
        change_platform_role(session, build.actor(boss), boss.public_id, PlatformRole.MEMBER, now=clock())
    cookie = start_session(session, ada, now=clock(), hours=12)
    change_platform_role(session, build.actor(boss), ada.public_id, PlatformRole.SECRETARIAT, now=clock())
    assert ada.platform_role is PlatformRole.SECRETARIAT
    assert find_session(session, cookie, now=clock(), idle_minutes=30) is None
    with pytest.raises(NotFound):
        disable_account(session, build.actor(boss), "aaaaaaaaaaaaa", now=clock())


def test_people_are_found_by_part_of_name_or_address(session: Session, build: Builder) -> None:
    """In pages, and by people managers alone."""
    for number in range(5):
        build.account(f"Person {number} Sample")
    build.account("Zed 100%", latin_name="Zed")
    manager = build.actor(build.account("Boss", platform_role=PlatformRole.ADMINISTRATOR))
    first, cursor = list_accounts(session, manager, words="sample", limit=3)
    second, end = list_accounts(session, manager, words="sample", limit=3, after=cursor)
    assert [account.name for account in (*first, *second)] == [f"Person {n} Sample" for n in range(5)]
    assert end is None
    assert [account.name for account in list_accounts(session, manager, words="100%")[0]] == ["Zed 100%"]
    assert list_accounts(session, manager, words="%")[0] == list_accounts(session, manager, words="100%")[0]
    with pytest.raises(NotAllowed):
        list_accounts(session, build.actor(build.account()))


def test_an_administrator_is_one_who_can_sign_in(session: Session, build: Builder) -> None:
    """A disabled one does not count."""
    build.account(platform_role=PlatformRole.ADMINISTRATOR, status=AccountStatus.DISABLED)
    assert not has_administrator(session)
    build.account(platform_role=PlatformRole.ADMINISTRATOR)
    assert has_administrator(session)
