"""Coming late: asked once, decided by the chair alone, with a reason, on record."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from forum.domain.attribution import Attribution
from forum.domain.audit import AuditEntry
from forum.domain.consultations import Consultation
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling
from forum.errors import Conflict, Invalid, NotAllowed
from forum.services.consultations import close_consultation
from forum.services.late_entries import ask_late, decide_late, offer_late
from tests.builders import SEALING, Builder
from tests.services.answering import asking, colleague, send

WHY = "Our office was closed for a week."


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC)


def closed(build: Builder, group: Group) -> Consultation:
    row = asking(build, group)
    chair = build.actor(build.member(group, role=GroupRole.CHAIR))
    close_consultation(build.session, chair, group.slug, row.public_id, now=build.clock())
    build.session.commit()
    return row


def test_it_is_asked_once_and_with_a_sentence(build: Builder, group: Group) -> None:
    """Not while it is open, not without a reason, not by who is not asked, not twice."""
    person = build.actor(build.member(group))
    more = {"now": build.clock(), "sealing_secret": SEALING}
    row = asking(build, group)
    with pytest.raises(Invalid):
        ask_late(build.session, person, group.slug, row.public_id, None, message=WHY, **more)  # type: ignore[arg-type]
    row = closed(build, group)
    place = (group.slug, row.public_id, None)
    with pytest.raises(Invalid):
        ask_late(build.session, person, *place, message="Late.", **more)  # type: ignore[arg-type]
    with pytest.raises(NotAllowed):
        ask_late(build.session, build.actor(build.account()), *place, message=WHY, **more)  # type: ignore[arg-type]
    ask_late(build.session, person, *place, message=WHY, **more)  # type: ignore[arg-type]
    with pytest.raises(Conflict):
        ask_late(build.session, person, *place, message=WHY, **more)  # type: ignore[arg-type]


def test_the_chair_offers_it_to_a_body_that_was_asked(build: Builder, group: Group) -> None:
    """To no other; the record has the decision and never its words."""
    body = build.organisation()
    person = colleague(build, group, body)
    row = closed(build, group)
    chair = build.actor(build.member(group, role=GroupRole.CHAIR))
    more = {"reason": WHY, "days": 3, "now": build.clock()}
    for key in (f"organisation:{build.organisation().id}", "account:1", "sealed:x", ""):
        with pytest.raises(Invalid):
            offer_late(build.session, chair, group.slug, row.public_id, key=key, **more)  # type: ignore[arg-type]
    secretariat = build.actor(build.member(group, role=GroupRole.SECRETARIAT))
    key = f"organisation:{body.id}"
    with pytest.raises(NotAllowed):
        offer_late(build.session, secretariat, group.slug, row.public_id, key=key, **more)  # type: ignore[arg-type]
    entry = offer_late(build.session, chair, group.slug, row.public_id, key=key, **more)  # type: ignore[arg-type]
    build.session.commit()
    assert entry.until == build.clock() + timedelta(days=3)
    assert send(build, person, group, row).answer.late_reason == WHY
    (facts,) = build.session.scalars(
        sa.select(AuditEntry.facts).where(AuditEntry.action == "consultation.late_decided")
    ).all()
    assert "office" not in facts


def test_a_refusal_keeps_it_closed(build: Builder, group: Group) -> None:
    """With its reason, which the asker reads."""
    account = build.member(group)
    row = closed(build, group)
    chair = build.actor(build.member(group, role=GroupRole.CHAIR))
    more = {"now": build.clock(), "sealing_secret": SEALING}
    entry = ask_late(
        build.session,
        build.actor(account),
        group.slug,
        row.public_id,
        None,
        message=WHY,
        **more,  # type: ignore[arg-type]
    )
    decide_late(
        build.session,
        chair,
        group.slug,
        row.public_id,
        entry.public_id,
        is_admitted=False,
        reason="The synopsis is written already.",
        days=1,
        now=build.clock(),
    )
    build.session.commit()
    with pytest.raises(Invalid):
        send(build, account, group, row)


def test_under_the_chatham_house_rule_the_chair_learns_no_name(build: Builder) -> None:
    """Neither who asks nor for whom, and only the day."""
    group = build.group(Ceiling.MEMBERS, attribution=Attribution.CHATHAM_HOUSE)
    account = build.member(group)
    row = closed(build, group)
    entry = ask_late(
        build.session,
        build.actor(account),
        group.slug,
        row.public_id,
        None,
        message=WHY,
        now=build.clock(),
        sealing_secret=SEALING,
    )
    assert (entry.name, entry.asked_by_id) == ("", None)
    assert entry.asked_at is not None
    assert entry.asked_at.hour == 0
