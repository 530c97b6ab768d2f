"""The Chatham House Rule: aliases, and what must not be written down."""

import json

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.attribution import Attribution, Authorship
from forum.domain.groups import Group, HoldingRule
from forum.domain.labels import Ceiling
from forum.domain.organisations import StakeholderType
from forum.domain.outbox import OutboxEntry, Topic
from forum.domain.threads import Post, ThreadAlias
from forum.policy import Action, can
from forum.services.attribution import present
from forum.services.chatham import letters
from tests.builders import Builder
from tests.services.writing import Writer


@pytest.fixture
def group(build: Builder) -> Group:
    """Three companies and one NGO sit here."""
    group = build.group(Ceiling.MEMBERS, attribution=Attribution.CHATHAM_HOUSE, languages=["en"])
    for _ in range(3):
        build.seat(group, build.organisation(type=StakeholderType.COMPANY))
    build.seat(group, build.organisation(type=StakeholderType.NGO))
    return group


def speaker(build: Builder, group: Group, kind: StakeholderType) -> tuple[Account, int]:
    person, body = build.member(group), build.organisation(type=kind, country="FR")
    build.mandate(person, body)
    return person, body.id


def test_aliases_are_stable_within_a_discussion(build: Builder, group: Group, write: Writer) -> None:
    """The same speaker keeps the alias; the next gets the next letter; few seats show no type."""
    company, first = speaker(build, group, StakeholderType.COMPANY)
    other, second = speaker(build, group, StakeholderType.COMPANY)
    ngo, third = speaker(build, group, StakeholderType.NGO)
    thread = write.open(company, group, speaking_for=first)
    aliases = [
        write.reply(person, thread, speaking_for=body).alias
        for person, body in [(other, second), (company, first), (ngo, third), (other, second)]
    ]
    assert aliases == ["Company B", "Company A", "Participant C", "Company B"]


def test_aliases_start_anew_in_the_next_discussion(build: Builder, group: Group, write: Writer) -> None:
    """Nothing links the aliases of two discussions."""
    company, first = speaker(build, group, StakeholderType.COMPANY)
    other, second = speaker(build, group, StakeholderType.COMPANY)
    write.open(company, group, speaking_for=first)
    thread = write.open(other, group, speaking_for=second)
    assert write.reply(company, thread, speaking_for=first).alias == "Company B"


def test_own_capacity_is_a_participant(build: Builder, group: Group, write: Writer) -> None:
    """Who speaks for no body has no type."""
    thread = write.open(build.member(group), group)
    assert write.reply(build.member(group), thread).alias == "Participant B"


def test_nothing_stored_names_the_author(
    session: Session, build: Builder, group: Group, write: Writer
) -> None:
    """Row, authorship, alias and outbox hold neither the account nor the body, the language or country."""
    group.holding_rule = HoldingRule.EVERYTHING
    person, body = speaker(build, group, StakeholderType.COMPANY)
    thread = write.open(person, group, speaking_for=body, language="fr")
    post = session.scalars(sa.select(Post).where(Post.thread_id == thread.id)).one()
    assert (post.author_id, post.organisation_id, post.stakeholder_type, post.country) == (None,) * 4
    assert (post.language, thread.language) == ("en", "en")
    keys = [*session.scalars(sa.select(Authorship.writer_key))]
    keys += session.scalars(sa.select(ThreadAlias.writer_key))
    assert keys
    assert all(key.startswith("sealed:") for key in keys)
    payloads = [json.dumps(payload) for payload in session.scalars(sa.select(OutboxEntry.payload))]
    assert payloads
    assert not any("account" in payload for payload in payloads)


def test_the_author_still_holds_what_they_wrote(build: Builder, group: Group, write: Writer) -> None:
    """The sealed key lets the author read and edit their held text, and no other member."""
    group.holding_rule = HoldingRule.EVERYTHING
    person = build.member(group)
    subject = write.subject(write.open(person, group))
    assert can(build.actor(person), Action.READ, subject)
    assert can(build.actor(person), Action.EDIT, subject)
    assert not can(build.actor(build.member(group)), Action.READ, subject)


def test_a_second_contribution_is_no_newcomers(build: Builder, group: Group, write: Writer) -> None:
    """The newcomer rule recognises its people by their sealed keys."""
    person = build.member(group)
    thread = write.open(person, group)
    group.holding_rule = HoldingRule.NEWCOMER
    assert write.reply(person, thread).held_because is None
    assert write.reply(build.member(group), thread).held_because == "newcomer"


def test_a_reply_tells_no_author(session: Session, build: Builder, group: Group, write: Writer) -> None:
    """A notice to the author answered would be a record of the authorship: there is none."""
    thread = write.open(build.member(group), group)
    parent = write.reply(build.member(group), thread)
    write.reply(build.member(group), thread, parent=parent.public_id)
    assert not session.scalars(sa.select(OutboxEntry).where(OutboxEntry.topic == Topic.NOTIFY)).all()


def test_only_the_alias_is_presented(build: Builder, group: Group, write: Writer) -> None:
    """The presenter has nothing else to show."""
    person, body = speaker(build, group, StakeholderType.COMPANY)
    post = write.reply(person, write.open(build.member(group), group), speaking_for=body)
    byline = present(build.actor(person), group, post, None)
    assert byline.alias == "Company B"
    assert (byline.name, byline.organisation, byline.stakeholder_type, byline.country) == (None,) * 4


@pytest.mark.parametrize(
    ("index", "text"), [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (701, "ZZ"), (702, "AAA")]
)
def test_letters(index: int, text: str) -> None:
    """After Z comes AA."""
    assert letters(index) == text
