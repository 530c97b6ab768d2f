"""What is recorded, by whom and with which facts: one entry for each thing that happened."""

import json
from dataclasses import fields
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, PlatformRole
from forum.domain.attribution import SubjectKind
from forum.domain.audit import AuditEntry
from forum.domain.groups import Group, GroupRole, SeatKind
from forum.domain.labels import Ceiling, Status
from forum.domain.moderation import Action as Decision
from forum.domain.moderation import FlagReason
from forum.policy import Actor
from forum.services.accounts import (
    change_platform_role,
    create_account,
    disable_account,
    enable_account,
    set_password,
)
from forum.services.audit import verify
from forum.services.charters import CharterFields, edit_charter
from forum.services.flags import flag
from forum.services.invitations import accept_invitation, invitation_token, invite, revoke_invitation
from forum.services.memberships import add_membership, create_seat, end_role, end_seat, remove_person
from forum.services.mergers import merge_organisations
from forum.services.moderation import decide, undo_decision
from tests.builders import SEALING, Builder
from tests.conftest import StoppedClock

SECRET = b"secret"


@pytest.fixture
def chair(build: Builder) -> Account:
    return build.account("chair")


@pytest.fixture
def group(build: Builder, chair: Account) -> Group:
    group = build.group(rules=[{"key": "civil", "text": "Argue with the point."}])
    build.member(group, chair, GroupRole.CHAIR)
    return group


@pytest.fixture
def administrator(build: Builder) -> Account:
    return build.account("administrator", platform_role=PlatformRole.ADMINISTRATOR)


def entries(session: Session) -> list[tuple[Any, ...]]:
    """Everything recorded: action, actor, subject, group and facts; the chain is in order."""
    assert verify(session).fault is None
    rows = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.number))
    return [(row.action, row.actor, row.subject, row.group, json.loads(row.facts)) for row in rows]


def test_decisions_and_their_undoing(
    session: Session, build: Builder, group: Group, clock: StoppedClock
) -> None:
    """With the rule and both statuses; the reason stays where it can be erased."""
    moderator = build.member(group, role=GroupRole.MODERATOR)
    post = build.post(build.thread(group, build.member(group)), build.member(group))
    actor = build.actor(moderator)
    reason = "It names a person who did not agree to that."
    made = decide(
        session,
        actor,
        kind=SubjectKind.POST,
        public_id=post.public_id,
        action=Decision.HIDE,
        rule="civil",
        reason=reason,
        now=clock(),
    )
    undone = undo_decision(session, actor, made.public_id, now=clock())
    who, where = moderator.public_id, group.public_id
    published, hidden = Status.PUBLISHED.value, Status.HIDDEN.value
    assert entries(session) == [
        (
            "moderation.decided",
            who,
            post.public_id,
            where,
            {
                "decision": made.public_id,
                "decided": "hide",
                "before": published,
                "after": hidden,
                "rule": "civil",
            },
        ),
        (
            "moderation.undone",
            who,
            post.public_id,
            where,
            {
                "decision": undone.public_id,
                "decided": "undo",
                "before": hidden,
                "after": published,
                "rule": None,
            },
        ),
    ]


def test_flags(session: Session, build: Builder, group: Group, clock: StoppedClock) -> None:
    """With the reason's key, without the explanation."""
    reader = build.member(group)
    post = build.post(build.thread(group, build.member(group)), build.member(group))
    flag(
        session,
        build.actor(reader),
        kind=SubjectKind.POST,
        public_id=post.public_id,
        reason=FlagReason.OTHER,
        explanation="Something is wrong with this one.",
        now=clock(),
    )
    assert entries(session) == [
        ("moderation.flagged", reader.public_id, post.public_id, group.public_id, {"reason": "other"})
    ]


def test_seats_and_roles(
    session: Session, build: Builder, group: Group, chair: Account, clock: StoppedClock
) -> None:
    """Each role has its entry, also those that end with a seat or with a person's leaving."""
    actor, ada, bob = build.actor(chair), build.account(), build.account()
    body = build.organisation()
    seat = create_seat(session, group, SeatKind.ORGANISATION, organisation=body, now=clock(), by=actor)
    add_membership(session, group, ada, GroupRole.MEMBER, now=clock(), seat=seat, by=actor)
    add_membership(session, group, bob, GroupRole.MODERATOR, now=clock())
    end_role(session, actor, group, bob.public_id, GroupRole.MODERATOR, now=clock())
    end_seat(session, group, seat.public_id, now=clock(), by=actor)
    add_membership(session, group, bob, GroupRole.OBSERVER, now=clock(), by=actor)
    remove_person(session, group, bob, now=clock())
    who, where = chair.public_id, group.public_id
    on_seat = {"role": "member", "seat": seat.public_id, "is_alternate": False}
    facts = {"kind": "organisation", "body": body.public_id, "country": None}

    def loose(role: str) -> dict[str, Any]:
        return {"role": role, "seat": None, "is_alternate": False}

    assert entries(session) == [
        ("seat.added", who, seat.public_id, where, facts),
        ("member.added", who, ada.public_id, where, on_seat),
        ("member.added", None, bob.public_id, where, loose("moderator")),
        ("member.ended", who, bob.public_id, where, loose("moderator")),
        ("member.ended", who, ada.public_id, where, on_seat),
        ("seat.ended", who, seat.public_id, where, facts),
        ("member.added", who, bob.public_id, where, loose("observer")),
        ("member.ended", None, bob.public_id, where, loose("observer")),
    ]


def test_invitations(
    session: Session, build: Builder, group: Group, chair: Account, clock: StoppedClock
) -> None:
    """Made, accepted and withdrawn; never the address."""
    actor = build.actor(chair)
    guest = build.account("guest")

    def invited(email: str) -> Any:
        return invite(
            session,
            actor,
            email=email,
            secret=SECRET,
            now=clock(),
            days=14,
            group=group,
            role=GroupRole.MEMBER,
        )

    one, two = invited(str(guest.email)), invited("new@body.example")
    accept_invitation(session, build.actor(guest), invitation_token(SECRET, one), secret=SECRET, now=clock())
    revoke_invitation(session, actor, two.public_id, now=clock())
    found = entries(session)
    assert [(action, who, subject) for action, who, subject, *_ in found] == [
        ("invitation.made", chair.public_id, one.public_id),
        ("invitation.made", chair.public_id, two.public_id),
        ("member.added", guest.public_id, guest.public_id),
        ("invitation.accepted", guest.public_id, one.public_id),
        ("invitation.revoked", chair.public_id, two.public_id),
    ]
    assert found[3][4] == {
        "purpose": "account",
        "role": "member",
        "platform_role": "member",
        "account": guest.public_id,
    }
    assert "@" not in str(found)


def test_terms_and_the_relabelling_that_follows(
    session: Session, build: Builder, group: Group, chair: Account, clock: StoppedClock
) -> None:
    """Which terms changed; a new ceiling has an entry of its own."""
    names = [field.name for field in fields(CharterFields)]
    values = {name: getattr(group, name) for name in names} | {
        "ceiling": Ceiling.MEMBERS,
        "shown_as_choices": ["name"],
        "languages": ["en"],
        "title": "Another title",
    }

    def edit() -> None:
        edit_charter(
            session,
            build.actor(chair),
            group.slug,
            CharterFields(**values),
            based_on=group.lock_version,
            is_confirmed=True,
            now=clock(),
        )

    edit()
    (first,) = entries(session)
    assert first[:4] == ("group.charter_changed", chair.public_id, group.public_id, group.public_id)
    assert "title" in first[4]["terms"]
    edit()
    assert len(entries(session)) == 1, "nothing changed, so nothing happened"
    values["ceiling"] = Ceiling.ORGANISATIONS
    edit()
    assert [(action, facts) for action, *_, facts in entries(session)[1:]] == [
        ("group.charter_changed", {"terms": ["ceiling"]}),
        ("group.relabelled", {"ceiling": "organisations"}),
    ]


def test_accounts(session: Session, build: Builder, administrator: Account, clock: StoppedClock) -> None:
    """Switched off and on, and every role over the platform, wherever it comes from."""
    actor: Actor = build.actor(administrator)
    ada = build.account()
    disable_account(session, actor, ada.public_id, now=clock())
    enable_account(session, actor, ada.public_id, now=clock())
    change_platform_role(session, actor, ada.public_id, PlatformRole.SECRETARIAT, now=clock())
    change_platform_role(session, actor, ada.public_id, PlatformRole.SECRETARIAT, now=clock())
    boss = create_account(
        session, email="b@body.example", name="B", now=clock(), platform_role=PlatformRole.ADMINISTRATOR
    )
    set_password(session, ada, "new", now=clock(), by=actor)
    who = administrator.public_id
    assert entries(session) == [
        ("account.disabled", who, ada.public_id, None, {"role": "member"}),
        ("account.enabled", who, ada.public_id, None, {"role": "member"}),
        ("account.role_changed", who, ada.public_id, None, {"role": "secretariat"}),
        ("account.added", None, boss.public_id, None, {"role": "administrator"}),
        ("account.password_changed", who, ada.public_id, None, {"role": "secretariat"}),
    ]


def test_merged_organisations(
    session: Session, build: Builder, administrator: Account, clock: StoppedClock
) -> None:
    """Which stays, and which went."""
    kept, merged = build.organisation(), build.organisation()
    merge_organisations(
        session, build.actor(administrator), kept.slug, merged.slug, now=clock(), sealing_secret=SEALING
    )
    assert entries(session) == [
        (
            "organisation.merged",
            administrator.public_id,
            kept.public_id,
            None,
            {"merged": merged.public_id},
        )
    ]
