"""The world under attack: closed groups full of words, an open forum beside them, and ten people outside.

Whoever adds a table that holds people's words adds a row of it to `_write_more()`, so that its canary is put
and looked for; the test says which table it misses.
"""

from dataclasses import dataclass, field
from datetime import timedelta

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from forum.domain.accounts import (
    AccessRequest,
    Account,
    Invitation,
    InvitationPurpose,
    PlatformRole,
    RequestKind,
)
from forum.domain.answers import LateEntry
from forum.domain.attribution import SubjectKind
from forum.domain.consultations import Consultation
from forum.domain.groups import Group, GroupRole, Stage
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.moderation import FlagReason
from forum.domain.notices import Notice, NoticeKind
from forum.domain.organisations import Organisation
from forum.domain.saved_searches import Frequency, Watched
from forum.domain.threads import PostRevision, StaffNote
from forum.search.query import Filters
from forum.services.access_tokens import Scope, create_token
from forum.services.flags import flag
from forum.services.login_sessions import start_session
from forum.services.saved_searches import save_search
from tests.browser.appeals import build_appeals
from tests.browser.discussions import build_discussions
from tests.browser.moderation import build_moderation
from tests.browser.world_comments import add_comments
from tests.browser.world_consultations import add_consultations
from tests.browser.world_papers import add_joint_positions, add_papers
from tests.builders import Builder
from tests.services.staging import catalogue

PERSONAS = (
    "visitor", "newcomer", "member of another group", "colleague without seat", "ex-member", "suspended",
    "moderator elsewhere", "platform secretariat", "administrator", "invited signatory",
)  # fmt: skip


@dataclass
class Insiders:
    """Those who have a seat in the closed groups, by what they do there."""

    people: dict[str, Account]
    writer: Account
    company: Organisation
    charity: Organisation


@dataclass
class World:
    """Who stands outside, which groups are closed, and what was written in them."""

    app: Flask
    session: Session
    build: Builder
    outside: dict[str, Account | None]
    insiders: Insiders
    groups: list[Group]
    """The closed groups: an unlisted one, a listed one, and one for organisations that have a seat."""
    neighbour: Group
    silent: Organisation
    """A body with a seat in each closed group that has written nothing; the colleague speaks for it."""
    tokens: dict[str, str] = field(default_factory=dict)


def build_open(app: Flask, build: Builder) -> World:
    """Everybody, the groups themselves, and what may be read by all."""
    company, charity = build.organisation("Example Messenger"), build.organisation("Example Helpline")
    people = {
        name: build.account(f"Inside {name}")
        for name in ("member", "moderator", "chair", "secretariat", "outsider")
    }
    writer = build.account("Inside writer")
    build.mandate(people["member"], charity)
    build.mandate(writer, company)
    groups = [
        build.group(Ceiling.MEMBERS, slug="unlisted", is_listed=False, in_directory=False),
        build.group(Ceiling.MEMBERS, slug="listed", is_listed=True),
        build.group(Ceiling.ORGANISATIONS, slug="bodies"),
    ]
    silent = build.organisation("Example Silent Body")
    outside = _outsiders(build, groups, silent)
    people["signer"] = _account(outside, "invited signatory")
    for group in groups:
        rules = [{"key": "civil", "text": "Argue with the point."}]
        group.rules = rules
        build.member(group, people["member"], seat=build.seat(group, charity))
        build.member(group, writer, seat=build.seat(group, company))
        build.seat(group, silent)
        for name, role in _ROLES.items():
            build.member(group, people[name], role)
    neighbour = build.group(Ceiling.MEMBERS, slug="neighbour", title="Neighbours")
    build.member(neighbour, outside["member of another group"])
    build.member(neighbour, outside["moderator elsewhere"], GroupRole.MODERATOR)
    build.thread(neighbour, outside["member of another group"], title="A neighbour asks")
    public = build.group(Ceiling.PUBLIC, slug="public", title="Public")
    build.member(public, outside["moderator elsewhere"], GroupRole.MODERATOR)
    thread = build.thread(public, writer, title="An open question", organisation=company)
    build.post(thread, people["member"], text="An open answer.", organisation=charity)
    build.paper(public, writer, title="An open paper", organisation=company)
    session = build.session
    world = World(
        app, session, build, outside, Insiders(people, writer, company, charity), groups, neighbour, silent
    )
    for name, account in outside.items():
        if account is not None:
            scopes = [Scope.READ, Scope.MODERATE, Scope.SECRETARIAT]
            world.tokens[name] = create_token(
                session, account, name="Reads", scopes=scopes, now=build.clock()
            )[1]
    session.commit()
    return world


_ROLES = {
    "moderator": GroupRole.MODERATOR, "chair": GroupRole.CHAIR, "secretariat": GroupRole.SECRETARIAT,
}  # fmt: skip


def _account(outside: dict[str, Account | None], name: str) -> Account:
    account = outside[name]
    assert account is not None
    return account


def _outsiders(build: Builder, groups: list[Group], body: Organisation) -> dict[str, Account | None]:
    now = build.clock()
    outside: dict[str, Account | None] = {
        name: build.account(f"Outside {name}") for name in PERSONAS if name != "visitor"
    }
    outside["visitor"] = None
    _account(outside, "platform secretariat").platform_role = PlatformRole.SECRETARIAT
    _account(outside, "administrator").platform_role = PlatformRole.ADMINISTRATOR
    _account(outside, "suspended").suspended_until = now + timedelta(days=30)
    build.mandate(_account(outside, "colleague without seat"), body)
    for group in groups:
        build.member(group, _account(outside, "ex-member"), ended_at=now)
        build.member(group, _account(outside, "suspended"))
    return outside


def write_closed(world: World) -> None:
    """Fill the closed groups with one of everything, by the services and builders of the other tests."""
    build, inside = world.build, world.insiders
    bodies = {"company": inside.company, "charity": inside.charity}
    people, writer = inside.people, inside.writer
    first = world.groups[0]
    build_discussions(build, first, people, writer, bodies)
    world.groups.append(world.session.scalars(sa.select(Group).where(Group.slug == "sealed")).one())
    thread = build.thread(first, writer, title="What is held", organisation=inside.company)
    build_moderation(build, first, thread, people, inside.charity)
    build_appeals(build, first, thread, people)
    for group in world.groups[:3]:
        add_consultations(build, group, people["member"], writer)
        add_comments(build, group, people["chair"], people["member"])
        add_papers(build, group, writer, people["member"], inside.company.slug)
        catalogue(build, group)
        _write_more(world, group)
    add_joint_positions(build, first, people["member"], people["signer"], inside.charity.slug)
    world.session.commit()


def _write_more(world: World, group: Group) -> None:
    """Rows that no other world has: one of each table, and each status of a text."""
    build, session, inside = world.build, world.session, world.insiders
    now, member = build.clock(), inside.people["member"]
    tlp = Tlp.AMBER if group.ceiling is Ceiling.ORGANISATIONS else Tlp.RED
    thread = build.thread(
        group, member, organisation=inside.charity, tlp=tlp,
        outcome_source="Agreed.", outcome_html="<p>Agreed.</p>",
    )  # fmt: skip
    for status in (Status.PUBLISHED, Status.PENDING, Status.HIDDEN, Status.REJECTED):
        build.post(thread, member, status=status, organisation=inside.charity)
        build.paper(group, member, status=status, organisation=inside.charity)
    edited = build.post(thread, member)
    left = world.outside["ex-member"]
    build.post(thread, left)
    _of_the_group(world, group, thread.id, edited.id)
    flag(
        session, build.actor(inside.people["chair"]), kind=SubjectKind.POST, public_id=edited.public_id,
        reason=FlagReason.SPAM, explanation="It repeats itself.", now=now,
    )  # fmt: skip
    for person in (member, left):
        assert person is not None
        session.add(
            Notice(
                account_id=person.id, kind=NoticeKind.REPLIED, group_id=group.id,
                subject_kind=SubjectKind.POST, subject_id=edited.id, key=f"a-{group.id}-{person.id}",
                created_at=now,
            )
        )  # fmt: skip
    _of_a_person(world, group)
    session.commit()


def _of_the_group(world: World, group: Group, thread_id: int, post_id: int) -> None:
    build, session, inside = world.build, world.session, world.insiders
    now, member = build.clock(), inside.people["member"]
    asked = session.scalars(sa.select(Consultation.id).where(Consultation.group_id == group.id)).first()
    session.add_all([
        LateEntry(consultation_id=asked, writer_key="account:0", name="Late", message="Ill.", reason="Yes."),
        Stage(group_id=group.id, position=9, key="list", title="List", kind="consultation", summary="Lists."),
        StaffNote(
            thread_id=thread_id, group_id=group.id, author_id=inside.people["chair"].id,
            text="To be watched.", created_at=now,
        ),
        PostRevision(
            post_id=post_id, number=1, title="Before", source="Before.", html="<p>Before.</p>",
            replaced_at=now,
        ),
        AccessRequest(
            kind=RequestKind.SEAT, email="asks@members.example", name="Asks", organisation_name="Asks",
            account_id=member.id, group_id=group.id, message="Let me in.", created_at=now, reason="",
        ),
        Invitation(
            purpose=InvitationPurpose.GROUP, token_hash=f"{group.id}" * 64, email="new@members.example",
            name="Newly invited", group_id=group.id, role=GroupRole.MEMBER, created_at=now,
            invited_by_id=member.id, expires_at=now + timedelta(days=9),
        ),
    ])  # fmt: skip


def _of_a_person(world: World, group: Group) -> None:
    """What is a member's alone: no administrator, colleague or moderator reads it."""
    build, session = world.build, world.session
    now, member = build.clock(), world.insiders.people["member"]
    save_search(
        session, build.actor(member), name=f"Mine {group.id}", text="deadline", filters=Filters(),
        frequency=Frequency.DAILY, watched=Watched.NEW, now=now,
    )  # fmt: skip
    create_token(session, member, name="My program", scopes=[Scope.READ], now=now)
    start_session(session, member, now=now, hours=12, browser="My browser")
