"""Raising entries, moving them on, saying whose they are, and what is refused with which sentence."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from forum.domain.attribution import Attribution, SubjectKind
from forum.domain.audit import AuditEntry
from forum.domain.groups import Group, GroupRole, HoldingRule
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.moderation import Action as Decision
from forum.domain.moderation import FlagReason, Why
from forum.domain.notices import NoticeKind
from forum.domain.outbox import OutboxEntry, Topic
from forum.domain.register_entries import EntryChange, RegisterEntry, RegisterEvent
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.policy import Actor
from forum.services.flags import flag
from forum.services.moderation import decide
from forum.services.moderation_cases import get_case
from forum.services.moderation_queue import QueueFilters, list_queue
from forum.services.register_entries import (
    choose_owner,
    edit_entry,
    move_entry,
    put_back,
    take_out,
)
from forum.services.registers import get_entry
from forum.services.sealing import account_key, sealed_key
from forum.services.subjects import writer_keys_of
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


def test_what_a_moderator_must_read_first_waits_in_the_queue(
    build: Builder, session: Session, clock: StoppedClock
) -> None:
    """Until then its writer and the moderators read it; its owner is told once it stands in the register."""
    held = build.group(Ceiling.MEMBERS, holding_rule=HoldingRule.EVERYTHING)
    member, owner = build.member(held), build.member(held)
    writer, moderator = build.actor(member), build.actor(build.member(held, role=GroupRole.MODERATOR))
    entry = raised(build, session, writer, held.slug, owner=f"person:{owner.public_id}")
    assert (entry.status, entry.held_because) == (Status.PENDING, "everything")
    assert get_entry(session, writer, registers()[GAPS], entry.public_id)[0].row is entry
    with pytest.raises(NotFound):
        get_entry(session, build.actor(owner), registers()[GAPS], entry.public_id)
    (waiting,) = list_queue(session, moderator, filters=QueueFilters(), now=clock()).entries
    assert (waiting.title, waiting.held_because) == ("No rule on preservation", "everything")
    assert not waiting.byline.is_recorded, "an entry speaks for its group"
    assert _notices(session, NoticeKind.ENTRY_GIVEN) == []
    decide(
        session,
        moderator,
        kind=SubjectKind.ENTRY,
        public_id=entry.public_id,
        action=Decision.APPROVE,
        now=clock(),
    )
    session.commit()
    assert get_entry(session, build.actor(owner), registers()[GAPS], entry.public_id)[0].row is entry
    assert (entry.held_because, entry.published_at) == (None, clock())
    assert _notices(session, NoticeKind.ENTRY_GIVEN) == [owner.id]
    assert _notices(session, NoticeKind.HELD) == [member.id]


def _notices(session: Session, kind: NoticeKind) -> list[int]:
    """Whom the outbox has been told to tell."""
    entries = session.scalars(sa.select(OutboxEntry).where(OutboxEntry.topic == Topic.NOTIFY)).all()
    return [one.payload["account_id"] for one in entries if one.payload["kind"] == kind.value]


def test_whoever_tends_the_register_answers_for_it_but_not_for_what_the_rules_look_for(
    build: Builder, session: Session, clock: StoppedClock
) -> None:
    """A chair's entry is published where everything is held; an edit that leads elsewhere waits again."""
    group = build.group(
        Ceiling.MEMBERS, holding_rule=HoldingRule.EVERYTHING, holding_rules={"contacts": True}
    )
    chair = build.actor(build.member(group, role=GroupRole.CHAIR))
    entry = raised(build, session, chair, group.slug)
    assert entry.status is Status.PUBLISHED
    other = build.actor(build.member(group, role=GroupRole.CHAIR))
    edit_entry(
        session,
        other,
        registers()[GAPS],
        entry.public_id,
        entry_text(body="Write to somebody@quarry.example."),
        based_on=entry.lock_version,
        strategy=strategy(),
        sealing_secret=SEALING,
        now=clock(),
    )
    session.commit()
    assert (entry.status, entry.held_because) == (Status.PENDING, "contacts")
    for writer in (chair, other):
        assert get_entry(session, writer, registers()[GAPS], entry.public_id)[0].row is entry
    with pytest.raises(NotAllowed, match="A moderator reads this entry first"):
        take_out(session, other, registers()[GAPS], entry.public_id, "We do not want it.", now=clock())
    with pytest.raises(NotAllowed):
        moved(session, other, entry, "examined", now=clock())


def test_what_could_tell_who_a_person_is_is_refused(build: Builder, session: Session, group: Group) -> None:
    """There is no draft to be locked: it is mended before it is sent."""
    group.holding_rules = {"protected_words": ["mill girl"]}
    session.commit()
    member = build.actor(build.member(group))
    with pytest.raises(Invalid, match="may identify somebody who must be protected"):
        raised(build, session, member, group.slug, body="It concerns the mill girl.")


def test_a_flag_brings_it_before_a_moderator_and_what_is_removed_is_not_put_back(
    build: Builder, session: Session, group: Group, chair: Actor, clock: StoppedClock
) -> None:
    """Not by its writer's flag or decision; whoever wrote it appeals instead."""
    group.rules = [{"key": "civil", "text": "Argue with the point."}]
    entry = raised(build, session, chair, group.slug)
    reader = build.actor(build.member(group))
    moderator = build.actor(build.member(group, role=GroupRole.MODERATOR))
    about = {"kind": SubjectKind.ENTRY, "public_id": entry.public_id}
    with pytest.raises(NotAllowed):
        flag(session, chair, reason=FlagReason.OFF_TOPIC, now=clock(), **about)
    flag(session, reader, reason=FlagReason.OFF_TOPIC, now=clock(), **about)
    session.commit()
    case = get_case(session, moderator, SubjectKind.ENTRY, entry.public_id, now=clock())
    assert (case.why, case.title, case.record) == (Why.FLAGGED, entry.title, None)
    decision = decide(
        session, moderator, action=Decision.HIDE, rule="civil", reason="It is about a person.",
        now=clock(), **about,
    )  # fmt: skip
    session.commit()
    assert decision.status_after is Status.HIDDEN
    with pytest.raises(NotAllowed, match="A moderator removed this from view"):
        put_back(session, chair, registers()[GAPS], entry.public_id, "We want it back.", now=clock())
    decide(session, moderator, action=Decision.RESTORE, now=clock(), **about)
    session.commit()
    assert entry.status is Status.PUBLISHED


@pytest.mark.parametrize("sealed", [False, True], ids=["open", "sealed"])
def test_who_wrote_an_entry_is_kept_for_moderation_alone(
    build: Builder, session: Session, sealed: bool
) -> None:
    """As a key, which the Chatham House Rule seals; no column of the entry says it."""
    attribution = Attribution.CHATHAM_HOUSE if sealed else Attribution.NAMED
    group = build.group(Ceiling.MEMBERS, attribution=attribution)
    person = build.member(group, role=GroupRole.CHAIR)
    entry = raised(build, session, build.actor(person), group.slug)
    (key,) = writer_keys_of(session, SubjectKind.ENTRY, entry.id)
    assert key == (sealed_key(SEALING, account_key(person.id)) if sealed else account_key(person.id))


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


def test_what_is_taken_out_is_read_by_moderators_and_its_writer_alone(
    build: Builder, session: Session, group: Group, chair: Actor, clock: StoppedClock
) -> None:
    """They put it back."""
    entry = raised(build, session, chair, group.slug)
    moderator = build.actor(build.member(group, role=GroupRole.MODERATOR))
    take_out(session, chair, registers()[GAPS], entry.public_id, "It names a person in it.", now=clock())
    session.commit()
    with pytest.raises(NotFound):
        get_entry(session, build.actor(build.member(group)), registers()[GAPS], entry.public_id)
    assert get_entry(session, chair, registers()[GAPS], entry.public_id)[0].row is entry
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
