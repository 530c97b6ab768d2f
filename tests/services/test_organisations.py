"""The directory of organisations and what is recorded of them."""

import pytest
from sqlalchemy.orm import Session

from forum.domain.accounts import PlatformRole
from forum.domain.organisations import StakeholderType
from forum.errors import Invalid, NotAllowed
from forum.policy import Actor
from forum.services.organisations import (
    OrganisationFields,
    add_former_name,
    add_member_body,
    create_organisation,
    edit_organisation,
    find_by_name,
    list_doubles,
    list_former_names,
    list_member_bodies,
    list_organisations,
    list_umbrellas,
    remove_member_body,
    require_by_name,
)
from tests.builders import Builder
from tests.conftest import StoppedClock


@pytest.fixture
def manager(build: Builder) -> Actor:
    return build.actor(build.account(platform_role=PlatformRole.SECRETARIAT))


def record(session: Session, clock: StoppedClock, name: str, **fields: object) -> str:
    values = {"name": name, "type": StakeholderType.NGO} | fields
    return create_organisation(session, OrganisationFields(**values), now=clock()).slug  # type: ignore[arg-type]


def test_addresses_come_from_names(session: Session, clock: StoppedClock) -> None:
    """Without accents and legal form, with a number where taken, of the Latin form where there is one."""
    assert record(session, clock, "Réseau d’Exemple ASBL") == "reseau-d-exemple"
    assert record(session, clock, "Reseau d Exemple") == "reseau-d-exemple-2"
    assert record(session, clock, "Παράδειγμα", latin_name="Paradeigma") == "paradeigma"
    assert record(session, clock, "Παράδειγμα") == "body"
    with pytest.raises(Invalid):
        record(session, clock, "  ")


def test_the_directory_pages_and_filters(session: Session, clock: StoppedClock) -> None:
    """By folded name, type, country, former name; every body once."""
    for number in range(5):
        record(session, clock, f"Body {number}", country="BE")
    record(session, clock, "Élan", type=StakeholderType.COMPANY, country="FR")
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page, cursor = list_organisations(session, after=cursor, limit=2)
        seen += [body.name for body in page]
        if cursor is None:
            break
    assert seen == [*(f"Body {number}" for number in range(5)), "Élan"]
    assert [b.name for b in list_organisations(session, words="ELAN")[0]] == ["Élan"]
    assert [b.name for b in list_organisations(session, type=StakeholderType.COMPANY)[0]] == ["Élan"]
    assert len(list_organisations(session, country="BE")[0]) == 5
    assert list_organisations(session, words="100%")[0] == []


def test_a_changed_name_is_kept(session: Session, clock: StoppedClock, manager: Actor) -> None:
    """The old one is a former name, and is still found."""
    slug = record(session, clock, "Old Name")
    body = edit_organisation(
        session, manager, slug, OrganisationFields("New Name", StakeholderType.NGO), now=clock()
    )
    session.commit()
    assert [former.name for former in list_former_names(session, body)] == ["Old Name"]
    assert list_organisations(session, words="old name")[0] == [body]
    assert body.slug == slug


def test_who_speaks_for_a_body_adds_its_former_names(
    session: Session, build: Builder, clock: StoppedClock
) -> None:
    """Nobody else does, nothing is added twice, and they change nothing else."""
    slug = record(session, clock, "A Body")
    body = require_by_name(session, slug)
    speaker = build.account()
    build.mandate(speaker, body)
    for _ in range(2):
        add_former_name(session, build.actor(speaker), slug, " Earlier  Body ", now=clock())
    session.commit()
    assert [former.name for former in list_former_names(session, body)] == ["Earlier Body"]
    with pytest.raises(NotAllowed):
        add_former_name(session, build.actor(build.account()), slug, "Stolen", now=clock())
    with pytest.raises(Invalid):
        add_former_name(session, build.actor(speaker), slug, "A Body", now=clock())
    with pytest.raises(NotAllowed):
        edit_organisation(
            session, build.actor(speaker), slug, OrganisationFields("Mine", StakeholderType.NGO), now=clock()
        )


def test_umbrellas_do_not_go_in_circles(session: Session, clock: StoppedClock, manager: Actor) -> None:
    """A member of a member cannot be the umbrella."""
    one, two, three = (record(session, clock, name) for name in ("One", "Two", "Three"))
    add_member_body(session, manager, one, two, now=clock())
    add_member_body(session, manager, two, three, now=clock())
    add_member_body(session, manager, two, three, now=clock())
    session.flush()
    for umbrella, member in ((three, one), (one, one), (two, one)):
        with pytest.raises(Invalid):
            add_member_body(session, manager, umbrella, member, now=clock())
    assert [body.slug for body in list_member_bodies(session, require_by_name(session, two))] == ["three"]
    assert [body.slug for body in list_umbrellas(session, require_by_name(session, two))] == ["one"]
    remove_member_body(session, manager, one, two, now=clock())
    assert list_umbrellas(session, require_by_name(session, two)) == []


def test_a_name_means_one_body_or_none(session: Session, clock: StoppedClock) -> None:
    """By address, exact or folded name; two of the same name are not guessed at."""
    first, second = record(session, clock, "Sample"), record(session, clock, "SAMPLE")
    assert find_by_name(session, second) is not None
    assert find_by_name(session, "SAMPLE") is not None
    assert find_by_name(session, "sample ltd") is None
    assert find_by_name(session, "") is None
    with pytest.raises(Invalid):
        require_by_name(session, "Nobody")
    assert [(one.slug, other.slug) for one, other in list_doubles(session)] == [(first, second)]
