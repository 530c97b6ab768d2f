"""Raising entries, moving them on, saying whose they are, and what is refused with which sentence."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from forum.domain.attribution import Attribution
from forum.domain.audit import AuditEntry
from forum.domain.groups import Group, GroupRole, HoldingRule
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.register_entries import EntryChange, RegisterEntry, RegisterEvent
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.policy import Actor
from forum.services.register_entries import (
    choose_owner,
    edit_entry,
    move_entry,
    put_back,
    take_out,
)
from forum.services.registers import get_entry
from tests.builders import SEALING, Builder
from tests.conftest import StoppedClock
from tests.services.registering import entry_text, raised, registers, strategy
from tests.support import body_of, deliver

GAPS = "gaps"


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.MEMBERS)


@pytest.fixture
def chair(build: Builder, group: Group) -> Actor:
    return build.actor(build.member(group, role=GroupRole.CHAIR))


def moved(session: Session, actor: Actor, entry: RegisterEntry, state: str, **given: Any) -> RegisterEntry:
    given = {"reason": "The study confirms it.", "based_on": entry.lock_version} | given
    return move_entry(
        session,
        actor,
        registers()[GAPS],
        entry.public_id,
        state,
        given["reason"],
        based_on=given["based_on"],
        now=given["now"],
    )


def test_an_entry_begins_with_the_first_status_and_the_label_of_its_group(
    build: Builder, session: Session, group: Group, chair: Actor
) -> None:
    """It is read by the group, and by nobody else."""
    entry = raised(build, session, chair, group.slug)
    assert (entry.state, entry.status, entry.audience) == ("raised", Status.PUBLISHED, f"group:{group.id}")
    member, outsider = build.actor(build.member(group)), build.actor(build.account())
    assert get_entry(session, member, registers()[GAPS], entry.public_id)[0].row is entry
    with pytest.raises(NotFound):
        get_entry(session, outsider, registers()[GAPS], entry.public_id)


def test_a_label_wider_than_the_group_is_refused(
    build: Builder, session: Session, group: Group, chair: Actor
) -> None:
    """An entry of a closed group is never public."""
    with pytest.raises(Invalid, match="wider than what this group"):
        raised(build, session, chair, group.slug, tlp=Tlp.CLEAR)


def test_a_narrower_label_is_kept(build: Builder, session: Session) -> None:
    """A public group can have an entry that its members alone read."""
    public = build.group(Ceiling.PUBLIC)
    actor = build.actor(build.member(public, role=GroupRole.CHAIR))
    entry = raised(build, session, actor, public.slug, tlp=Tlp.RED)
    assert entry.audience == f"group:{public.id}"


def test_who_only_observes_raises_nothing(build: Builder, session: Session, group: Group) -> None:
    """Raising takes a role that the register names."""
    observer = build.actor(build.member(group, role=GroupRole.OBSERVER))
    with pytest.raises(NotAllowed):
        raised(build, session, observer, group.slug)


def test_a_register_of_one_group_takes_no_entry_of_another(
    build: Builder, session: Session, group: Group, chair: Actor
) -> None:
    """The catalogue of programmes is the prevention network's."""
    with pytest.raises(Invalid, match="not a register of this group"):
        raised(build, session, chair, group.slug, register="programmes")


def test_what_a_moderator_must_read_first_is_refused(build: Builder, session: Session) -> None:
    """A register has no queue: where everything is held, a member is sent to the discussions."""
    held = build.group(Ceiling.MEMBERS, holding_rule=HoldingRule.EVERYTHING)
    member = build.actor(build.member(held))
    with pytest.raises(Invalid, match="A moderator has to read this first"):
        raised(build, session, member, held.slug)


def test_a_missing_term_is_named(build: Builder, session: Session, group: Group, chair: Actor) -> None:
    """What the register requires is required."""
    with pytest.raises(Invalid, match="Kind of gap: this is needed") as refused:
        raised(build, session, chair, group.slug, values={})
    assert refused.value.field == "gap-kind"


def test_a_term_that_is_not_in_the_taxonomy_is_refused(
    build: Builder, session: Session, group: Group, chair: Actor
) -> None:
    """Only words of the data file."""
    with pytest.raises(Invalid, match="choose from the list"):
        raised(build, session, chair, group.slug, values={"gap-kind": ("mystery",)})


@pytest.mark.parametrize(
    ("links", "field", "sentence"),
    [
        (
            {"act": "Directive 2011/93/EU", "country": "DK"},
            "country",
            "DK is not bound by Directive 2011/93/EU",
        ),
        ({"act": "32011L0093", "article": "99"}, "article", "99 is none of them"),
        ({"act": "Directive 2011/93/EU", "article": "of old"}, "article", "Write the article as a number"),
        ({"act": "the usual one"}, "act", r"Write it as COM\(2020\) 607"),
        ({"article": "15"}, "act", "Say of which act"),
        ({"initiative": 9}, "initiative", "no initiative 9"),
    ],
)
def test_what_is_not_known_is_refused_with_a_sentence(
    build: Builder,
    session: Session,
    group: Group,
    chair: Actor,
    links: dict[str, Any],
    field: str,
    sentence: str,
) -> None:
    """A State that is not bound, an unknown article, an act that is none, an initiative that is none."""
    with pytest.raises(Invalid, match=sentence) as refused:
        raised(build, session, chair, group.slug, **links)
    assert refused.value.field == field


def test_links_are_kept_as_the_library_knows_them(
    build: Builder, session: Session, group: Group, chair: Actor
) -> None:
    """However the number of the act was typed."""
    entry = raised(
        build, session, chair, group.slug, act="directive 2011/93/eu", article="Article 15(4)", country="MT"
    )
    assert (entry.act, entry.act_key) == ("Directive 2011/93/EU", "directive-2011-93")
    assert (entry.article, entry.country) == ("15(4)", "MT")


def test_evidence_that_the_raiser_may_not_read_is_refused(
    build: Builder, session: Session, group: Group, chair: Actor
) -> None:
    """With the sentence that answers for what is not there at all."""
    elsewhere = build.thread(build.group(Ceiling.MEMBERS))
    post = session.scalars(sa.text("SELECT public_id FROM post")).one()
    assert elsewhere is not None
    for address in (f"/posts/{post}", "/posts/aaaaaaaaaaaaa", "not an address"):
        with pytest.raises(Invalid, match="no passage that you may read at") as refused:
            raised(build, session, chair, group.slug, evidence=address)
        assert refused.value.field == "evidence"


def test_the_status_moves_as_the_register_says_with_a_reason(
    build: Builder, session: Session, group: Group, chair: Actor, clock: StoppedClock
) -> None:
    """Each step stands in the history with its date."""
    entry = raised(build, session, chair, group.slug)
    moved(session, chair, entry, "examined", now=clock.advance(days=1))
    moved(session, chair, entry, "confirmed", now=clock.advance(days=1))
    session.commit()
    events = session.scalars(sa.select(RegisterEvent).order_by(RegisterEvent.id)).all()
    assert [(event.change, event.state) for event in events] == [
        (EntryChange.RAISED, "raised"),
        (EntryChange.STATE, "examined"),
        (EntryChange.STATE, "confirmed"),
    ]
    assert events[-1].reason == "The study confirms it."
    assert entry.changed_at == clock()


def test_a_transition_that_the_register_does_not_have_is_refused(
    build: Builder, session: Session, group: Group, chair: Actor, clock: StoppedClock
) -> None:
    """The sentence says what is possible."""
    entry = raised(build, session, chair, group.slug)
    with pytest.raises(Invalid, match="goes on to: Being examined, Not a gap"):
        moved(session, chair, entry, "addressed", now=clock())


def test_a_status_needs_a_reason(
    build: Builder, session: Session, group: Group, chair: Actor, clock: StoppedClock
) -> None:
    """A sentence, not a word."""
    entry = raised(build, session, chair, group.slug)
    with pytest.raises(Invalid, match="Say in a sentence why"):
        moved(session, chair, entry, "examined", reason="Yes.", now=clock())


def test_two_people_who_change_one_entry_are_told(
    build: Builder, session: Session, group: Group, chair: Actor, clock: StoppedClock
) -> None:
    """The second one's text is not written over the first one's."""
    entry = raised(build, session, chair, group.slug)
    seen = entry.lock_version
    given: dict[str, Any] = {"based_on": seen, "strategy": strategy(), "sealing_secret": SEALING}
    edit_entry(
        session,
        chair,
        registers()[GAPS],
        entry.public_id,
        entry_text("Mine"),
        **given,
        now=clock.advance(days=1),
    )
    session.commit()
    with pytest.raises(Conflict, match="Somebody else changed this entry"):
        edit_entry(
            session, chair, registers()[GAPS], entry.public_id, entry_text("Theirs"), **given, now=clock()
        )
    with pytest.raises(Conflict):
        moved(session, chair, entry, "examined", based_on=seen, now=clock())
    assert entry.title == "Mine"


def test_a_member_neither_moves_nor_edits_what_is_not_theirs(
    build: Builder, session: Session, group: Group, chair: Actor, clock: StoppedClock
) -> None:
    """They read it."""
    entry = raised(build, session, chair, group.slug)
    member = build.actor(build.member(group))
    with pytest.raises(NotAllowed):
        moved(session, member, entry, "examined", now=clock())
    with pytest.raises(NotAllowed):
        choose_owner(session, member, registers()[GAPS], entry.public_id, "", now=clock())


def test_an_owner_is_told_and_may_move_the_entry(
    app: Flask, build: Builder, session: Session, group: Group, chair: Actor, clock: StoppedClock
) -> None:
    """By a notice and a mail; and again when somebody else moves it."""
    entry = raised(build, session, chair, group.slug)
    owner = build.member(group)
    choose_owner(session, chair, registers()[GAPS], entry.public_id, f"person:{owner.public_id}", now=clock())
    session.commit()
    moved(session, build.actor(owner), entry, "examined", now=clock.advance(minutes=5))
    session.commit()
    moved(session, chair, entry, "confirmed", now=clock.advance(minutes=5))
    session.commit()
    mails = deliver(app, clock)
    assert [mail["To"].addresses[0].addr_spec for mail in mails] == [owner.email] * 2
    assert mails[0]["Subject"] == "Something new in Group 1"  # RED: no title leaves
    assert f"/registers/gaps/{entry.public_id}/" in body_of(mails[0])


def test_an_owner_is_a_member_or_a_body_of_the_group(
    build: Builder, session: Session, group: Group, chair: Actor, clock: StoppedClock
) -> None:
    """Others would not read it."""
    entry = raised(build, session, chair, group.slug)
    stranger, body = build.account(), build.organisation()
    for owner in (f"person:{stranger.public_id}", f"body:{body.slug}", "crowd:all"):
        with pytest.raises(Invalid) as refused:
            choose_owner(session, chair, registers()[GAPS], entry.public_id, owner, now=clock())
        assert refused.value.field == "owner"


def test_colleagues_of_the_body_that_owns_an_entry_may_move_it(
    build: Builder, session: Session, group: Group, chair: Actor, clock: StoppedClock
) -> None:
    """Whoever holds its mandate, and reads the entry."""
    body = build.organisation()
    colleague = build.member(group, seat=build.seat(group, body))
    build.mandate(colleague, body)
    entry = raised(build, session, chair, group.slug, owner=f"body:{body.slug}")
    assert entry.owner_body_id == body.id
    moved(session, build.actor(colleague), entry, "examined", now=clock())
    assert entry.state == "examined"


def test_what_is_taken_out_is_read_by_moderators_alone(
    build: Builder, session: Session, group: Group, chair: Actor, clock: StoppedClock
) -> None:
    """They put it back."""
    entry = raised(build, session, chair, group.slug)
    moderator = build.actor(build.member(group, role=GroupRole.MODERATOR))
    take_out(session, chair, registers()[GAPS], entry.public_id, "It names a person in it.", now=clock())
    session.commit()
    with pytest.raises(NotFound):
        get_entry(session, chair, registers()[GAPS], entry.public_id)
    with pytest.raises(NotAllowed):
        moved(session, moderator, entry, "examined", now=clock())
    put_back(session, moderator, registers()[GAPS], entry.public_id, "The name is gone now.", now=clock())
    session.commit()
    assert get_entry(session, chair, registers()[GAPS], entry.public_id)[0].row.status is Status.PUBLISHED


def test_it_is_all_on_record_without_a_word_of_it(
    build: Builder, session: Session, group: Group, chair: Actor, clock: StoppedClock
) -> None:
    """Ids, keys and statuses."""
    entry = raised(build, session, chair, group.slug)
    moved(session, chair, entry, "examined", now=clock())
    session.commit()
    found = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.number)).all()
    assert [row.action for row in found] == ["register.raised", "register.moved"]
    assert {row.actor for row in found} == {chair.public_id}
    assert found[1].read_facts()["state"] == "examined"
    assert not any("preservation" in row.facts for row in found)


def test_under_the_chatham_house_rule_nobody_is_named_on_record(
    build: Builder, session: Session, clock: StoppedClock
) -> None:
    """Whoever raises an entry from a discussion took part in it."""
    sealed = build.group(Ceiling.MEMBERS, attribution=Attribution.CHATHAM_HOUSE)
    raised(build, session, build.actor(build.member(sealed)), sealed.slug)
    row = session.scalars(sa.select(AuditEntry)).one()
    assert (row.actor, row.read_facts()["by"]) == (None, "author")
