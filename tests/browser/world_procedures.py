"""Procedures for the browser to visit: rounds that ended, are open or about to begin; countries."""

from forum.domain.accounts import Account
from forum.domain.assessments import Stance, Unit
from forum.domain.groups import GroupRole
from forum.domain.labels import Ceiling
from forum.richtext import render
from forum.services.annexed_statements import annex_statement
from tests.builders import SEALING, Builder
from tests.services.staging import assessed, catalogue, fill, go_on, hand_in, procedure, seated


def add_procedures(build: Builder, people: dict[str, Account]) -> dict[str, str]:
    """Build everything and give the words that paths may use."""
    chair, member = people["chair"], people["member"]
    _second_round(build, chair, member, "lamps", "Lamps")
    # The journey goes on with one of its own.
    _second_round(build, chair, member, "desk-lamps", "Desk lamps")
    _countries(build, member)
    waiting = build.group(Ceiling.PUBLIC, slug="waiting-lamps", title="Waiting lamps", short_title="Waiting")
    build.member(waiting, chair, GroupRole.CHAIR)
    catalogue(build, waiting)
    procedure(build, waiting)
    return {"lamps": "/groups/lamps/", "assessed": "/groups/lamps/assessments/solutions/"}


def _second_round(build: Builder, chair: Account, member: Account, slug: str, title: str) -> None:
    """A group whose first round has ended, with a dissent, and whose second is open."""
    group = build.group(Ceiling.PUBLIC, slug=slug, title=title, short_title=title, initiative=7)
    build.member(group, chair, GroupRole.CHAIR)
    build.member(group, member, seat=build.seat(group, build.organisation(f"Example Readers of {title}")))
    build.seat(group, build.organisation(f"Example Empty Chair of {title}"))
    catalogue(build, group)
    procedure(build, group)
    others = [seated(build, group, f"Example {title} Body {number}")[0] for number in (1, 2, 3)]
    go_on(build, group, chair)
    go_on(build, group, chair)
    for person, rating in zip([member, *others], ("4", "1", "5", "none"), strict=True):
        assessed(build, person, group, rating)
    go_on(build, group, chair)
    _dissent(build, others[0], group.slug)
    go_on(build, group, chair)
    fill(build, member, group, "3")
    hand_in(build, others[1], group)


def _dissent(build: Builder, person: Account, slug: str) -> None:
    annex_statement(
        build.session,
        build.actor(person),
        slug,
        "solutions",
        seat_id="",
        stance=Stance.DISSENT,
        rendered=render("We hold that **neither** is safe.", profile="post"),
        now=build.clock(),
        sealing_secret=SEALING,
    )
    build.session.commit()


def _countries(build: Builder, member: Account) -> None:
    group = build.group(
        Ceiling.PUBLIC, slug="countries", title="Countries", short_title="Countries", initiative=8
    )
    build.member(group, member, seat=build.seat(group, build.organisation("Example Ministry of Lamps")))
    catalogue(
        build,
        group,
        key="model",
        title="Model by country",
        unit=Unit.COUNTRY,
        criteria=[{"key": "phase", "title": "Phase", "question": ""}],
        scale=["first phase", "second phase", "third phase", "fourth phase"],
    )
    for rating in ("1", "2"):
        fill(build, member, group, rating, country="KE")
        hand_in(build, member, group, key="model", country="KE")
