"""A group with a procedure of its own, for tests: stages, seats, and what they assess."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from forum.domain.accounts import Account
from forum.domain.assessments import Assessment, Catalogue, Unit
from forum.domain.catalogues import sheets_of
from forum.domain.groups import Group, GroupRole, Seat, Stage
from forum.richtext import render
from forum.services.assessment_values import fingerprint
from forum.services.assessments import get_desk, save_page, submit_assessment
from forum.services.stage_advance import advance_stage, load_outlook
from tests.builders import SEALING, Builder

STAGES = (
    ("list", "List the solutions", "discussion"),
    ("assess", "Assessment", "assessment"),
    ("differences", "Differences", "discussion"),
    ("again", "Second round", "assessment"),
    ("report", "Report", "meeting"),
)


def catalogue(build: Builder, group: Group, **columns: Any) -> Catalogue:
    """Two solutions under two headings, two criteria, five words; commits."""
    columns = {
        "key": "solutions",
        "title": "Technical solutions",
        "unit": Unit.SEAT,
        "parts": [{"key": "device", "title": "Device-related"}, {"key": "server", "title": "Server-related"}],
        "solutions": [
            {"key": "on-device", "part": "device", "title": "On the device", "summary": "Before sending."},
            {"key": "enclave", "part": "server", "title": "Secure enclave", "summary": "In the service."},
        ],
        "criteria": [
            {"key": "privacy", "title": "Privacy", "question": "What is learned of whom?"},
            {"key": "security", "title": "Security", "question": "What can be broken?"},
        ],
        "scale": ["very poor", "poor", "fair", "good", "very good"],
        "created_at": build.clock(),
    } | columns
    row = Catalogue(group_id=group.id, **columns)
    build.session.add(row)
    build.session.commit()
    return row


def procedure(build: Builder, group: Group, stages: Any = STAGES, **columns: Any) -> list[Stage]:
    """The stages of a group, none of them begun; a week from now the assessments are due. Commits."""
    rows = [
        Stage(
            group_id=group.id,
            position=number,
            key=key,
            title=title,
            kind=kind,
            summary="What happens here, in a sentence.",
            catalogue_key="solutions" if kind == "assessment" else "",
            closes_at=build.clock() + timedelta(days=7) if kind == "assessment" else None,
            **columns,
        )
        for number, (key, title, kind) in enumerate(stages, 1)
    ]
    build.session.add_all(rows)
    build.session.commit()
    return rows


def seated(build: Builder, group: Group, name: str | None = None) -> tuple[Account, Seat]:
    """A body with a seat and its representative."""
    seat = build.seat(group, build.organisation(name))
    return build.member(group, seat=seat), seat


def go_on(build: Builder, group: Group, chair: Account, *, is_confirmed: bool = True) -> Stage | None:
    """Take the next step as the chair, from what the chair's page shows; commits."""
    actor = build.actor(chair)
    outlook = load_outlook(build.session, actor, group, now=build.clock())
    stage = advance_stage(
        build.session,
        actor,
        group.slug,
        expected_key=outlook.current.key if outlook.current else "",
        expects_begun=outlook.ends_stage,
        is_confirmed=is_confirmed,
        rendered={one.source: render(one.source, profile="post") for one in outlook.openings},
        now=build.clock(),
        sealing_secret=SEALING,
    )
    build.session.commit()
    return stage


def chair_of(build: Builder, group: Group) -> Account:
    """The chair of a group."""
    return build.member(group, role=GroupRole.CHAIR)


def fill(build: Builder, person: Account, group: Group, rating: str = "3", **more: Any) -> None:
    """Write a whole draft for the seat of a person: the same rating and words in every cell; commits."""
    row = build.session.scalars(sa.select(Catalogue).where(Catalogue.group_id == group.id)).first()
    assert row is not None
    where = {"seat_id": None, "country": "", "sealing_secret": SEALING} | more
    for sheet in sheets_of(row):
        desk = get_desk(build.session, build.actor(person), group.slug, row.key, **where)
        typed = {
            cell.key: {
                "rating": rating,
                "confidence": "high",
                "reason": f"Because of what {person.name} knows of {cell.solution['title']}.",
                "evidence": "Report of 2025, page 3.",
            }
            for cell in sheet.cells
        }
        held = {cell.key: desk.entries.get(cell.key, {}) for cell in sheet.cells}
        saved = save_page(
            build.session,
            build.actor(person),
            group.slug,
            row.key,
            sheet.cells,
            typed,
            seen=fingerprint(held),
            received_at=build.clock(),
            now=build.clock(),
            **where,
        )
        assert saved.theirs is None
    build.session.commit()


def hand_in(build: Builder, person: Account, group: Group, key: str = "solutions", **more: Any) -> Assessment:
    """Submit what the seat's draft holds; commits."""
    where = {"seat_id": None, "country": "", "sealing_secret": SEALING} | more
    tlp, seen = where.pop("tlp", None), where.pop("seen", None)
    desk = get_desk(build.session, build.actor(person), group.slug, key, **where)
    sent = submit_assessment(
        build.session,
        build.actor(person),
        group.slug,
        key,
        seen=seen or fingerprint(desk.entries),
        based_on=desk.based_on,
        rendered={
            name: (render(one["reason"], profile="post"), render(one["evidence"], profile="post"))
            for name, one in desk.entries.items()
        },
        tlp=tlp,
        received_at=build.clock(),
        now=build.clock(),
        **where,
    )
    build.session.commit()
    return sent


def assessed(build: Builder, person: Account, group: Group, rating: str = "3", **more: Any) -> Assessment:
    """A seat's assessment, written and submitted."""
    fill(build, person, group, rating, **more)
    return hand_in(build, person, group, **more)
