"""A group with a procedure of its own, for tests: stages, seats, and what they assess."""

from datetime import timedelta
from typing import Any

from forum.domain.accounts import Account
from forum.domain.assessments import Catalogue, Unit
from forum.domain.groups import Group, GroupRole, Seat, Stage
from forum.richtext import render
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
