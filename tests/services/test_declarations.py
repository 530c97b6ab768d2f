"""Declarations of interest: each version kept, shown as the charter says, asked for where missing or due."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.declarations import MAX_DECLARATION, Declaration, DeclarationState
from forum.domain.groups import Group, GroupRole, MembersVisible
from forum.domain.labels import Ceiling
from forum.domain.notices import NoticeKind
from forum.domain.outbox import OutboxEntry
from forum.errors import Invalid, NotAllowed, NotFound
from forum.richtext import render
from forum.services import declarations
from forum.services.declarations import Declarations
from tests.builders import SEALING, Builder
from tests.conftest import StoppedClock
from tests.services.staging import seated
from tests.support import count_statements


class House:
    """A group with a chair and two members, of whom nobody has declared anything."""

    def __init__(
        self, session: Session, build: Builder, *, members_visible: str = "names", **practice: object
    ) -> None:
        self.session, self.build = session, build
        self.group: Group = build.group(
            Ceiling.PUBLIC, practice=practice, members_visible=MembersVisible(members_visible)
        )
        self.chair = build.member(self.group, build.account("Charlotte Chair"), GroupRole.CHAIR)
        self.mira = build.member(self.group, build.account("Mira Member"))
        self.otto = build.member(self.group, build.account("Otto Other"))

    @property
    def slug(self) -> str:
        return self.group.slug

    def file(self, person: Account, text: str = "", *, has_interests: bool = False) -> Declaration:
        """Somebody files a declaration."""
        made = declarations.file_declaration(
            self.session,
            self.build.actor(person),
            self.slug,
            has_interests=has_interests,
            rendered=render(text, profile="post"),
            now=self.build.clock(),
        )
        self.session.commit()
        return made

    def load(self, person: Account | None) -> Declarations:
        """What somebody sees of them."""
        actor, now = self.build.actor(person), self.build.clock()
        return declarations.load_declarations(self.session, actor, self.slug, now=now)

    def states(self, person: Account | None) -> dict[str, DeclarationState]:
        """How each member stands, as somebody sees it."""
        return {line.holder.name: line.state for line in self.load(person).lines}

    def remark(self, person: Account, declaration: Declaration, words: str = " Sold in March. ") -> None:
        """Somebody notes something on a declaration."""
        actor, now = self.build.actor(person), self.build.clock()
        declarations.remark_on(self.session, actor, self.slug, declaration.public_id, words, now=now)
        self.session.commit()


@pytest.fixture
def house(session: Session, build: Builder) -> House:
    return House(session, build)


def test_the_newest_is_in_force_and_those_before_are_kept(
    house: House, session: Session, clock: StoppedClock
) -> None:
    """Numbers count by member."""
    house.file(house.mira, "I hold **shares**.", has_interests=True)
    clock.advance(days=30)
    house.file(house.mira)
    assert house.file(house.otto).number == 1
    found = declarations.list_versions(
        session, house.build.actor(house.otto), house.slug, house.mira.public_id, now=clock()
    )
    assert [(one.number, one.has_interests) for one in found] == [(2, False), (1, True)]
    assert "<strong>shares</strong>" in found[1].html
    [line] = [one for one in house.load(house.chair).lines if one.holder.name == "Mira Member"]
    assert line.declaration is not None
    assert (line.declaration.number, line.due_at) == (2, clock().replace(year=2027))


def test_a_declaration_counts_in_its_own_group_alone(house: House, session: Session) -> None:
    """Who sits in two declares in both, and reads each there."""
    other = House(session, house.build)
    house.build.member(other.group, house.mira)
    house.file(house.mira)
    assert house.states(house.chair)["Mira Member"] is DeclarationState.VALID
    own = other.load(house.mira).own
    assert own is not None
    assert own.state is DeclarationState.MISSING
    assert other.file(house.mira).number == 1


def test_how_each_member_stands(house: House, clock: StoppedClock) -> None:
    """Missing, in force, and due again when the charter's months are over."""
    house.file(house.mira)
    clock.advance(days=200)
    house.file(house.otto)
    clock.advance(days=200)
    assert house.states(house.mira) == {
        "Charlotte Chair": DeclarationState.MISSING,
        "Mira Member": DeclarationState.EXPIRED,
        "Otto Other": DeclarationState.VALID,
    }


def test_interests_are_named_and_within_bounds(house: House) -> None:
    """Whoever has none need not write anything."""
    with pytest.raises(Invalid, match="Write which interests you have") as caught:
        house.file(house.mira, "  ", has_interests=True)
    assert caught.value.field == "body"
    with pytest.raises(Invalid, match="at most"):
        house.file(house.mira, "x" * (MAX_DECLARATION + 1), has_interests=True)
    assert house.file(house.mira).number == 1


def test_members_rapporteur_and_chair_declare_and_nobody_else(house: House) -> None:
    """An observer is told why; they are not listed as missing either."""
    build = house.build
    observer = build.member(house.group, build.account("Olga Observer"), GroupRole.OBSERVER)
    secretariat = build.member(house.group, build.account("Sam Secretariat"), GroupRole.SECRETARIAT)
    for person in (observer, secretariat):
        with pytest.raises(NotAllowed, match="your role in this group does not"):
            house.file(person)
        assert house.load(person).own is None
    for person in (build.account(), build.account(name="Former")):
        with pytest.raises(NotAllowed):
            house.file(person)
    build.member(house.group, build.account("Rita Rapporteur"), GroupRole.RAPPORTEUR)
    assert set(house.states(house.chair)) == {
        "Charlotte Chair",
        "Mira Member",
        "Otto Other",
        "Rita Rapporteur",
    }


@pytest.mark.parametrize(
    ("visible", "members_visible", "sees"),
    [
        ("managers", "names", {"chair"}),
        ("members", "names", {"chair", "member"}),
        ("listed", "names", {"chair", "member", "stranger", "visitor"}),
        ("listed", "bodies", {"chair", "member"}),
        ("listed", "numbers", {"chair", "member"}),
    ],
)
def test_who_sees_those_of_others_is_as_the_charter_says(
    session: Session, build: Builder, visible: str, members_visible: str, sees: set[str]
) -> None:
    """Outside it is never more than the charter shows of the member; whoever sees none finds no versions."""
    house = House(session, build, members_visible=members_visible, declarations_visible=visible)
    house.mira.name_is_public = True
    session.commit()
    house.file(house.mira, "I hold shares.", has_interests=True)
    people = {"chair": house.chair, "member": house.otto, "stranger": build.account(), "visitor": None}
    for name, person in people.items():
        try:
            lines = house.load(person).lines
        except NotFound:
            lines = []
        assert ("Mira Member" in [line.holder.name for line in lines]) == (name in sees), name
        actor, now = build.actor(person), build.clock()
        if name not in sees:
            with pytest.raises(NotFound):
                declarations.list_versions(session, actor, house.slug, house.mira.public_id, now=now)


def test_outside_nobody_is_told_who_has_not_declared_nor_a_name_that_is_not_public(
    session: Session, build: Builder
) -> None:
    """A visitor is shown those who let their names be known, somebody signed in all whom it names."""
    house = House(session, build, declarations_visible="listed")
    house.mira.name_is_public = True
    session.commit()
    for person in (house.mira, house.otto):
        house.file(person)
    assert set(house.states(None)) == {"Mira Member"}
    assert set(house.states(build.account())) == {"Mira Member", "Otto Other"}
    assert "Charlotte Chair" in house.states(house.otto)


def test_ones_own_is_seen_where_those_of_others_are_not(session: Session, build: Builder) -> None:
    house = House(session, build, declarations_visible="managers")
    house.file(house.mira)
    found = house.load(house.mira)
    assert (found.lines, found.may_see_all) == ([], False)
    assert found.own is not None
    assert found.own.state is DeclarationState.VALID
    actor, now = build.actor(house.mira), build.clock()
    assert len(declarations.list_versions(session, actor, house.slug, house.mira.public_id, now=now)) == 1
    with pytest.raises(NotFound):
        declarations.list_versions(session, actor, house.slug, house.otto.public_id, now=now)


def test_an_unlisted_group_has_no_declarations_for_outsiders(session: Session, build: Builder) -> None:
    group = build.group(Ceiling.MEMBERS, is_listed=False, practice={"declarations_visible": "listed"})
    build.member(group)
    for person in (None, build.account()):
        with pytest.raises(NotFound):
            declarations.load_declarations(session, build.actor(person), group.slug, now=build.clock())


def test_the_chair_remarks_on_a_members_and_nobody_on_their_own(house: House) -> None:
    """A remark is read with the declaration; members make none; that of another group is not there."""
    mine, theirs = house.file(house.chair), house.file(house.mira)
    house.remark(house.chair, theirs)
    assert (theirs.remark, theirs.remarked_at) == ("Sold in March.", house.build.clock())
    with pytest.raises(NotAllowed, match="on their own declaration"):
        house.remark(house.chair, mine)
    with pytest.raises(NotAllowed):
        house.remark(house.otto, theirs)
    elsewhere = House(house.session, house.build)
    with pytest.raises(NotFound):
        house.remark(house.chair, elsewhere.file(elsewhere.mira))


def test_whoever_is_missing_or_due_again_is_asked_after_a_look(
    house: House, session: Session, clock: StoppedClock
) -> None:
    """The list before shows the same people, each with the mail that they would get."""
    house.file(house.mira)
    clock.advance(days=200)
    house.file(house.chair)
    clock.advance(days=200)
    chair = house.build.actor(house.chair)
    listed = declarations.list_missing(session, chair, house.slug, now=clock(), sealing_secret=SEALING)
    assert [(one.name, one.gets_mail, one.letter is not None) for one in listed] == [
        ("Mira Member", True, True),
        ("Otto Other", True, True),
    ]
    assert declarations.ask_missing(session, chair, house.slug, now=clock()) == 2
    payloads = [row.payload for row in session.scalars(sa.select(OutboxEntry))]
    asked = [one["account_id"] for one in payloads if one.get("kind") == NoticeKind.DECLARATION_ASKED]
    assert asked == [house.mira.id, house.otto.id]


def test_members_ask_nobody(house: House, session: Session, clock: StoppedClock) -> None:
    actor = house.build.actor(house.mira)
    with pytest.raises(NotAllowed):
        declarations.list_missing(session, actor, house.slug, now=clock(), sealing_secret=SEALING)
    with pytest.raises(NotAllowed):
        declarations.ask_missing(session, actor, house.slug, now=clock())


def test_loading_costs_the_same_however_many_have_declared(
    house: House, session: Session, clock: StoppedClock
) -> None:
    """No statement a member, on a seat or without."""

    def cost() -> int:
        actor = house.build.actor(house.otto)
        with count_statements(session.get_bind()) as statements:  # type: ignore[arg-type]
            declarations.load_declarations(session, actor, house.slug, now=clock())
        return len(statements)

    house.file(house.mira)
    few = cost()
    for _ in range(4):
        house.file(seated(house.build, house.group)[0])
    assert cost() == few
