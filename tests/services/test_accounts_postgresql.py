"""Accounts, bodies and groups on PostgreSQL: every query of this part runs there, and nothing is lost."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

import config
from forum.database import prepare_engine, writing
from forum.domain.accounts import AccessRequest, InvitationPurpose, PlatformRole, SignInThrottle
from forum.domain.charters import load_charters as read_charters
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling
from forum.domain.organisations import StakeholderType
from forum.domain.tables import metadata
from forum.errors import Conflict, TooSoon
from forum.policy import ANONYMOUS
from forum.services import access_requests, accounts, mandates, memberships, organisations, profiles
from forum.services.access_tokens import Scope, create_token, find_token, list_tokens
from forum.services.charters import load_charters
from forum.services.invitations import accept_invitation, invitation_token, invite, list_open_invitations
from forum.services.login_sessions import list_sessions, start_session
from forum.services.mergers import merge_organisations
from forum.services.sign_in import claim_attempt, find_password, release_attempt
from tests.builders import SEALING, Builder
from tests.conftest import StoppedClock

pytestmark = pytest.mark.postgresql

SECRET = b"testing"


@pytest.fixture
def sessions(postgresql_url: str) -> Iterator[sessionmaker[Session]]:
    """Sessions on empty tables of a real server, in a schema of their own."""
    engine = sa.create_engine(postgresql_url, connect_args={"options": "-csearch_path=accounts_part"})
    prepare_engine(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE SCHEMA accounts_part"))
    metadata.create_all(engine)
    yield sessionmaker(engine, expire_on_commit=False)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA accounts_part CASCADE"))
    engine.dispose()


def in_parallel(count: int, work: object) -> list[str]:
    """Run work() in threads that begin together; give what each of them complained about."""
    barrier, complaints = threading.Barrier(count), []

    def run() -> None:
        barrier.wait()
        try:
            work()  # type: ignore[operator]
        except Exception as error:
            complaints.append(type(error).__name__)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return complaints


def test_guesses_at_once_are_all_counted(sessions: sessionmaker[Session], clock: StoppedClock) -> None:
    """Ten guesses sent together are ten failures; with a delay only the first ones are looked at."""

    def guess(delay: int) -> None:
        with sessions() as session, writing(session):
            claim_attempt(session, email="ada@a.example", address="192.0.2.1", now=clock(), delay=delay)

    assert in_parallel(10, lambda: guess(0)) == []
    with sessions() as session:
        assert set(session.scalars(sa.select(SignInThrottle.failures))) == {10}
        release_attempt(session, email="ada@a.example", address="192.0.2.1")
        session.commit()
        assert find_password(session, "ada@a.example") is None
    refused = in_parallel(10, lambda: guess(5))
    assert set(refused) == {TooSoon.__name__}
    assert len(refused) == 8


def test_an_invitation_works_once_however_often_it_is_pressed(
    sessions: sessionmaker[Session], clock: StoppedClock
) -> None:
    """Of five presses at the same time one makes the account."""
    with sessions() as session:
        invitation = invite(
            session, None, email="nova@a.example", secret=SECRET, now=clock(), days=1, with_mail=False
        )
        token = invitation_token(SECRET, invitation)
        session.commit()

    def press() -> None:
        with sessions() as session, writing(session):
            accept_invitation(
                session, ANONYMOUS, token, secret=SECRET, now=clock(), name="Nova", password_hash="x"
            )

    assert in_parallel(5, press) == [Conflict.__name__] * 4
    with sessions() as session:
        assert accounts.find_account(session, "nova@a.example") is not None


def test_people_and_bodies(sessions: sessionmaker[Session], clock: StoppedClock) -> None:
    """Directories, profiles, mandates, mergers, tokens and sessions."""
    with sessions() as session:
        build = Builder(session, clock)
        boss = build.actor(build.account("Boss", platform_role=PlatformRole.ADMINISTRATOR))
        ada = accounts.create_account(
            session, email="ada@a.example", name="Ada", now=clock(), password_hash="x"
        )
        fields = organisations.OrganisationFields("Sample Body", StakeholderType.NGO, country="BE")
        one = organisations.create_organisation(session, fields, now=clock())
        two = organisations.create_organisation(session, fields, now=clock())
        assert organisations.list_doubles(session) == [(one, two)]
        group = build.group(Ceiling.PUBLIC)
        build.member(group, ada, seat=build.seat(group, two))
        build.post(build.thread(group, ada, organisation=two), organisation=two)
        build.paper(group, ada, organisation=two)
        mandates.grant_mandate(session, two, ada, now=clock())
        merged = merge_organisations(session, boss, one.slug, two.slug, now=clock(), sealing_secret=SEALING)
        session.commit()
        found, _cursor = organisations.list_organisations(session, words="SAMPLE", country="BE", limit=1)
        assert found == [merged]
        assert organisations.list_organisations(session, after=merged.public_id)[0] == []
        assert len(profiles.list_papers_of(session, ANONYMOUS, merged)) == 1
        assert len(profiles.list_threads_of(session, ANONYMOUS, merged)) == 1
        assert profiles.list_seats_of(session, ANONYMOUS, merged) == [group]
        assert len(profiles.list_colleagues(session, merged, today=clock().date())) == 1
        profile = profiles.get_profile(session, build.actor(ada), ada.public_id, now=clock())
        assert profile.groups == [group]
        first, cursor = accounts.list_accounts(session, boss, words="a", limit=1)
        assert accounts.list_accounts(session, boss, words="a", after=cursor)[0] != first
        assert sum(accounts.count_accounts(session, boss).values()) == 2
        assert accounts.has_administrator(session)
        _row, text = create_token(session, ada, name="t", scopes=[Scope.READ], now=clock())
        start_session(session, ada, now=clock(), hours=12)
        session.commit()
        assert find_token(session, text, now=clock()) is not None
        assert len(list_tokens(session, ada.id, now=clock())) == 1
        assert len(list_sessions(session, ada.id, now=clock(), idle_minutes=30)) == 1
        mandates.end_mandate(session, boss, merged.slug, ada.public_id, now=clock())
        session.commit()
        assert build.actor(ada).group_roles == {}


def test_groups(sessions: sessionmaker[Session], clock: StoppedClock) -> None:
    """Charters, members, requests and invitations of a group."""
    charters = read_charters(Path(config.CONFIG_DIR) / "groups.toml")
    with sessions() as session:
        build = Builder(session, clock)
        assert len(load_charters(session, charters, html_of=str, now=clock())) == len(charters)
        session.commit()
        assert load_charters(session, charters, html_of=str, now=clock()) == []
        group = session.scalars(sa.select(Group).where(Group.slug == "weprotect")).one()
        chair = build.actor(build.member(group, role=GroupRole.CHAIR))
        seat = build.seat(group, build.organisation())
        ada = build.account("Ada")
        access_requests.ask_for_seat(
            session, build.actor(ada), group, organisation_name="", message="Please.", now=clock()
        )
        access_requests.ask_for_account(
            session, email="x@a.example", name="X", organisation_name="", message="Please.", now=clock()
        )
        session.commit()
        boss = build.actor(build.account("Boss", platform_role=PlatformRole.ADMINISTRATOR))
        assert len(access_requests.list_account_requests(session, boss)) == 1
        assert access_requests.find_own_request(session, build.actor(ada), group) is not None
        (line,) = access_requests.list_seat_requests(session, chair, group)
        request: AccessRequest = line.request
        access_requests.grant_seat(
            session, chair, group, request, GroupRole.MEMBER, seat=seat, is_alternate=False, now=clock()
        )
        invite(
            session,
            chair,
            email="y@a.example",
            purpose=InvitationPurpose.GROUP,
            group=group,
            role=GroupRole.MEMBER,
            secret=SECRET,
            now=clock(),
            days=1,
        )
        session.commit()
        assert len(list_open_invitations(session, chair, now=clock(), group=group)) == 1
        later = clock() + timedelta(days=2)
        assert list_open_invitations(session, chair, now=later, group=group) == []
        shown = memberships.show_members(session, chair, group)
        assert (shown.members.people, len(shown.members.seats)) == (2, 1)
        memberships.end_role(session, chair, group, ada.public_id, GroupRole.MEMBER, now=clock())
        session.commit()
        assert build.actor(ada).group_roles == {}
