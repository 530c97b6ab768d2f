"""Unsealing takes two people of two bodies, a reason, entries on record, and the person is told."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.attribution import Attribution, SubjectKind
from forum.domain.audit import AuditEntry
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling
from forum.domain.notices import Notice, NoticeKind
from forum.domain.organisations import Organisation, StakeholderType
from forum.domain.threads import Post
from forum.domain.unsealing import Unsealing, UnsealingState
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.policy import Actor
from forum.services.memberships import remove_person
from forum.services.own_record import list_own_record
from forum.services.unsealing import (
    decide_unsealing,
    get_unsealing,
    list_told,
    list_unsealings,
    read_identity,
    request_unsealing,
)
from tests.builders import SEALING, Builder
from tests.conftest import StoppedClock
from tests.services.writing import Writer
from tests.support import body_of, deliver

REASON = "A threat was made, and the police has to be told by whom."
DELAY = timedelta(days=14)


class House:
    """A Chatham House group with a moderator and a chair of two bodies, and a post by a third."""

    def __init__(self, session: Session, build: Builder, write: Writer, clock: StoppedClock) -> None:
        self.session, self.build, self.clock = session, build, clock
        self.group = build.group(Ceiling.MEMBERS, attribution=Attribution.CHATHAM_HOUSE, languages=["en"])
        self.moderator = self.person("Mona", GroupRole.MODERATOR)
        self.chair = self.person("Chris", GroupRole.CHAIR)
        self.author = self.person("Ada Author", GroupRole.MEMBER, "Author Body")
        body = self.actor(self.author).mandates[0].organisation_id
        thread = write.open(build.member(self.group), self.group)
        self.post: Post = write.reply(self.author, thread, speaking_for=body)

    def person(self, name: str, role: GroupRole, body: str | None = None, **columns: object) -> Account:
        """Somebody with a role in the group and a body of their own (none for an empty name)."""
        account = self.build.account(name)
        self.build.member(self.group, account, role)
        if body != "":
            kind = StakeholderType.NGO
            self.build.mandate(account, self.build.organisation(body, type=kind), **columns)
        return account

    def actor(self, account: Account | None) -> Actor:
        return self.build.actor(account)

    def ask(self, account: Account | None = None, reason: str = REASON) -> Unsealing:
        made = request_unsealing(
            self.session,
            self.actor(account or self.moderator),
            SubjectKind.POST,
            self.post.public_id,
            reason=reason,
            now=self.clock(),
        )
        self.session.commit()
        return made

    def decide(
        self, made: Unsealing, account: Account | None = None, *, is_approved: bool = True, answer: str = ""
    ) -> Unsealing:
        decide_unsealing(
            self.session,
            self.actor(account or self.chair),
            made.public_id,
            is_approved=is_approved,
            answer=answer,
            now=self.clock(),
            tell_after=DELAY,
        )
        self.session.commit()
        return made

    def look(self, made: Unsealing, account: Account | None = None) -> tuple[list[str], list[str]]:
        found = read_identity(
            self.session,
            self.actor(account or self.moderator),
            made.public_id,
            now=self.clock(),
            sealing_secret=SEALING,
        )
        self.session.commit()
        return list(found.people), list(found.organisations)


@pytest.fixture
def house(session: Session, build: Builder, write: Writer, clock: StoppedClock) -> House:
    return House(session, build, write, clock)


def test_two_people_of_two_bodies_may_look(house: House) -> None:
    """The one who asked and the one who agreed, and each look is counted and on record."""
    made = house.decide(house.ask())
    for account in (house.moderator, house.chair):
        assert house.look(made, account) == (["Ada Author"], ["Author Body"])
    assert made.read_count == 2
    rows = house.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.number)).all()
    assert [(row.action, row.actor) for row in rows] == [
        ("unsealing.asked", house.moderator.public_id),
        ("unsealing.approved", house.chair.public_id),
        ("unsealing.read", house.moderator.public_id),
        ("unsealing.read", house.chair.public_id),
    ]
    assert house.author.public_id not in str([row.facts for row in rows])


def test_nothing_stored_says_who_it_is(house: House) -> None:
    """Not even once it was approved and looked at."""
    made = house.decide(house.ask())
    house.look(made)
    values = [getattr(made, column.name) for column in Unsealing.__table__.columns]
    assert made.alias == "Participant B"
    assert house.author.id not in (made.asked_by_id, made.decided_by_id)
    assert not any("Ada" in str(value) or "sealed:" in str(value) for value in values)


@pytest.mark.parametrize("reason", ["", "Because.", "   ", "x" * 2001])
def test_a_request_needs_a_sentence(house: House, reason: str) -> None:
    """It is what the second person weighs, and what the author reads."""
    with pytest.raises(Invalid) as error:
        house.ask(reason=reason)
    assert error.value.field == "reason"


def test_whoever_asked_does_not_decide(house: House) -> None:
    """Four eyes are two people."""
    made = house.ask()
    with pytest.raises(NotAllowed, match="takes two people"):
        house.decide(made, house.moderator)


def test_a_colleague_does_not_decide(house: House) -> None:
    """Nor anybody of the same body."""
    made = house.ask()
    colleague = house.person("Carl", GroupRole.MODERATOR, "")
    body = house.actor(house.moderator).mandates[0].organisation_id
    house.session.commit()
    house.build.mandate(colleague, house.session.get_one(Organisation, body))
    with pytest.raises(NotAllowed, match="different bodies"):
        house.decide(made, colleague)


def test_two_of_no_body_are_of_one(house: House) -> None:
    """The secretariat's own people cannot do it among themselves."""
    one, two = (house.person(name, GroupRole.SECRETARIAT, "") for name in ("One", "Two"))
    made = house.ask(one)
    for person, may in ((one, False), (two, False), (house.chair, True)):
        line = get_unsealing(house.session, house.actor(person), made.public_id, now=house.clock())
        assert line.may_decide is may
    with pytest.raises(NotAllowed, match="different bodies"):
        house.decide(made, two)
    house.decide(made, house.chair)
    assert house.look(made, one)[0] == ["Ada Author"]


def test_a_refusal_needs_a_reason_and_ends_it(house: House) -> None:
    """Nobody may look; another request may be made."""
    made = house.ask()
    with pytest.raises(Invalid) as error:
        house.decide(made, is_approved=False)
    assert error.value.field == "answer"
    house.session.rollback()
    house.decide(made, is_approved=False, answer="A warning to the alias is enough here.")
    with pytest.raises(NotAllowed, match="until a second person"):
        house.look(made)
    with pytest.raises(Conflict, match="already decided"):
        house.decide(made)
    assert house.ask().id != made.id


def test_nobody_looks_before_the_second_person_agreed(house: House) -> None:
    """Neither of the two."""
    made = house.ask()
    with pytest.raises(NotAllowed, match="until a second person"):
        house.look(made)


def test_a_third_person_with_the_right_may_not_look(house: House) -> None:
    """Only the two."""
    made = house.decide(house.ask())
    with pytest.raises(NotAllowed, match="Only the two people"):
        house.look(made, house.person("Third", GroupRole.MODERATOR))


def test_one_request_at_a_time(house: House) -> None:
    """While one waits there is no other about the same text."""
    house.ask()
    with pytest.raises(Conflict, match="asked this already"):
        house.ask(house.chair)


def test_a_request_lapses(house: House) -> None:
    """After 14 days nobody can approve it any more, and it may be asked anew."""
    made = house.ask()
    house.clock.advance(days=15)
    with pytest.raises(Conflict, match="lapsed"):
        house.decide(made)
    line = get_unsealing(house.session, house.actor(house.chair), made.public_id, now=house.clock())
    assert (line.state, line.may_decide) == (UnsealingState.LAPSED, False)
    house.ask(house.chair)


def test_the_time_to_look_ends(house: House) -> None:
    """14 days after the approval it takes a new request."""
    made = house.decide(house.ask())
    house.clock.advance(days=15)
    with pytest.raises(NotAllowed, match="time to look is over"):
        house.look(made)


@pytest.mark.parametrize("role", [GroupRole.MEMBER, GroupRole.RAPPORTEUR, GroupRole.OBSERVER])
def test_who_has_no_right_can_neither_ask_nor_see(house: House, role: GroupRole) -> None:
    """Members, rapporteurs and observers."""
    made, person = house.ask(), house.person("Other", role)
    with pytest.raises(NotAllowed):
        house.ask(person)
    for account in (person, house.build.account(), None):
        with pytest.raises(NotAllowed, match="moderate or manage"):
            list_unsealings(house.session, house.actor(account), now=house.clock())
        with pytest.raises(NotFound):
            house.decide(made, account or house.build.account())


def test_of_another_group_nothing_is_seen(house: House) -> None:
    """A moderator elsewhere learns nothing."""
    made = house.ask()
    elsewhere = house.build.member(house.build.group(), role=GroupRole.MODERATOR)
    assert list_unsealings(house.session, house.actor(elsewhere), now=house.clock()) == []
    with pytest.raises(NotFound):
        get_unsealing(house.session, house.actor(elsewhere), made.public_id, now=house.clock())


def test_nobody_decides_about_their_own(house: House, write: Writer) -> None:
    """Nor about what a colleague wrote: they see no request at all."""
    made = house.ask()
    body = house.actor(house.author).mandates[0].organisation_id
    colleague = house.person("Carl", GroupRole.MODERATOR, "")
    house.build.mandate(colleague, house.session.get_one(Organisation, body))
    assert list_unsealings(house.session, house.actor(colleague), now=house.clock()) == []
    with pytest.raises(NotFound):
        house.decide(made, colleague)


def test_where_nothing_is_sealed_nothing_is_unsealed(house: House, write: Writer) -> None:
    """A named group says so."""
    group = house.build.group()
    moderator = house.build.member(group, role=GroupRole.MODERATOR)
    post = write.reply(house.build.member(group), write.open(house.build.member(group), group))
    with pytest.raises(Invalid, match="nothing is sealed"):
        request_unsealing(
            house.session,
            house.actor(moderator),
            SubjectKind.POST,
            post.public_id,
            reason=REASON,
            now=house.clock(),
        )


@pytest.mark.parametrize("is_gone", [False, True])
def test_the_person_is_told_after_the_delay(
    house: House, app: Flask, clock: StoppedClock, is_gone: bool
) -> None:
    """By notice and mail, not earlier, with the reason on their own page; also who has left the group."""
    made = house.decide(house.ask())
    house.look(made)
    if is_gone:
        remove_person(house.session, house.group, house.author, now=clock())
        house.session.commit()
    clock.advance(days=13)
    house.session.commit()
    assert deliver(app, clock) == []
    assert list_told(house.session, house.actor(house.author), now=clock()) == []
    clock.advance(days=2)
    house.session.commit()
    (mail,) = deliver(app, clock)
    assert mail["To"].addresses[0].addr_spec == house.author.email
    assert "/me/record" in body_of(mail)
    assert REASON not in body_of(mail)
    house.session.commit()
    (notice,) = house.session.scalars(sa.select(Notice))
    assert (notice.kind, notice.subject_id, notice.key.split(":")[0]) == (NoticeKind.UNSEALED, None, "sealed")
    (told,) = list_told(house.session, house.actor(house.author), now=clock())
    assert (told.reason, told.read_count, told.path is None) == (REASON, 1, is_gone)
    assert list_told(house.session, house.actor(house.chair), now=clock()) == []


def test_a_refused_request_is_told_to_nobody(house: House, app: Flask, clock: StoppedClock) -> None:
    """Nothing happened to them."""
    house.decide(house.ask(), is_approved=False, answer="A warning to the alias is enough here.")
    clock.advance(days=30)
    house.session.commit()
    assert deliver(app, clock) == []


def test_the_own_log_says_nothing_early(house: House) -> None:
    """The record page of the author has no entry of the request, the approval or the look."""
    house.look(house.decide(house.ask()))
    page = list_own_record(house.session, house.actor(house.author), sealing_secret=SEALING)
    assert not [line for line in page.lines if line.action.startswith("unsealing")]


def test_group_is_the_one_asked_about(house: House) -> None:
    """The list names alias, group and both people."""
    made = house.decide(house.ask())
    (line,) = list_unsealings(house.session, house.actor(house.chair), now=house.clock())
    group: Group = house.group
    assert (line.unsealing.id, line.group.id) == (made.id, group.id)
    assert (line.asked_by, line.decided_by, line.is_mine, line.may_read) == ("Mona", "Chris", True, True)
