"""The Chatham House Rule: aliases, and what must not be written down."""

import json
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from forum.cli import cli
from forum.domain.accounts import Account
from forum.domain.attribution import Attribution, Authorship
from forum.domain.audit import AuditAction, AuditEntry
from forum.domain.groups import Group, HoldingRule
from forum.domain.labels import Ceiling, Status
from forum.domain.organisations import Mandate, StakeholderType
from forum.domain.outbox import OutboxEntry, Topic
from forum.domain.papers import Paper, PaperAuthor, PaperOwner, PaperVersion
from forum.domain.threads import Post, ThreadAlias
from forum.errors import NotAllowed, NotFound
from forum.policy import Action, can
from forum.services.attribution import present
from forum.services.audit import record
from forum.services.chatham import letters
from forum.services.coauthors import add_coauthor
from forum.services.paper_choices import PaperChoices
from forum.services.subjects import subject_of
from tests.builders import Builder
from tests.services.paper_writing import PaperWriter
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


def names_of_papers(session: Session) -> list[object]:
    """Every row and column that could say whose paper it is."""
    held: list[object] = [*session.scalars(sa.select(PaperAuthor)), *session.scalars(sa.select(PaperOwner))]
    for paper in session.scalars(sa.select(Paper)):
        held += [paper.author_id, paper.organisation_id, paper.stakeholder_type, paper.country]
    for version in session.scalars(sa.select(PaperVersion)):
        held.append(version.created_by_id)
    return [one for one in held if one is not None]


def test_a_paper_that_was_sent_names_nobody(
    session: Session, build: Builder, group: Group, papers: PaperWriter
) -> None:
    """While it is a draft its authors must know each other; once sent only sealed keys are left."""
    person, body_id = speaker(build, group, StakeholderType.COMPANY)
    slug = build.actor(person).mandates[0].slug
    draft = papers.start(person, group, choices=PaperChoices(speaking_for=slug))
    assert names_of_papers(session) != []
    version = papers.send(person, draft).version
    assert names_of_papers(session) == []
    keys = session.scalars(sa.select(Authorship.writer_key)).all()
    assert len(keys) == 2
    assert all(key.startswith("sealed:") for key in keys)
    paper = session.get_one(Paper, version.paper_id)
    assert paper.sealed_owner in build.actor(person).writer_keys
    assert paper.alias == "Company"
    assert paper.sealed_owner not in build.actor(build.member(group)).writer_keys
    assert body_id not in [paper.author_id, paper.organisation_id]


def test_the_author_of_a_sealed_paper_still_reads_it_while_it_is_held(
    session: Session, build: Builder, group: Group, papers: PaperWriter
) -> None:
    """And writes its next version; nobody else of the group does either."""
    group.holding_rule = HoldingRule.EVERYTHING
    person, _body = speaker(build, group, StakeholderType.COMPANY)
    version = papers.publish(person, group)
    assert version.status is Status.PENDING
    subject = subject_of(session, version)
    assert can(build.actor(person), Action.READ, subject)
    other = build.member(group)
    assert not can(build.actor(other), Action.READ, subject)
    group.holding_rule = HoldingRule.NONE
    session.commit()
    paper = session.get_one(Paper, version.paper_id)
    following = papers.next(person, paper, group, "Another text.", based_on=1)
    papers.send(person, following)
    assert names_of_papers(session) == []
    with pytest.raises((NotFound, NotAllowed)):
        papers.next(other, paper, group, "Not mine.", based_on=2)


def test_whose_mandate_has_ended_sends_no_version_for_the_body(
    session: Session, build: Builder, group: Group, papers: PaperWriter
) -> None:
    """Though they wrote the first one and nothing names the body."""
    person, body_id = speaker(build, group, StakeholderType.COMPANY)
    slug = build.actor(person).mandates[0].slug
    version = papers.publish(person, group, choices=PaperChoices(speaking_for=slug))
    paper = session.get_one(Paper, version.paper_id)
    following = papers.next(person, paper, group, "Another text.", based_on=1)
    session.execute(
        sa.update(Mandate).where(Mandate.organisation_id == body_id).values(ends_on=date(2026, 1, 1))
    )
    session.commit()
    with pytest.raises(NotAllowed, match="written for an organisation"):
        papers.send(person, following)


def test_the_record_does_not_name_an_author(
    session: Session, build: Builder, group: Group, write: Writer, papers: PaperWriter
) -> None:
    """What an author does with their own text is done by 'author'; a co-author is not named at all."""
    person, _body = speaker(build, group, StakeholderType.COMPANY)
    other = build.member(group)
    post = write.reply(person, write.open(other, group))
    now = build.clock()
    about = {"subject_kind": "post", "subject": post.public_id, "group": group}
    record(session, build.actor(person), AuditAction.DECIDED, now=now, **about)
    record(session, build.actor(other), AuditAction.FLAGGED, now=now, **about)
    draft = papers.start(person, group)
    add_coauthor(session, draft.paper, other.public_id, now=now, by=build.actor(person))
    session.commit()
    rows = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.number)).all()
    assert [(row.actor, row.read_facts()) for row in rows] == [
        (None, {"by": "author"}),
        (other.public_id, {}),
        (None, {"by": "author", "account": None}),
    ]


def test_what_is_imported_into_a_sealed_group_names_nobody(
    app: Flask, session: Session, group: Group, tmp_path: Path
) -> None:
    """Author, body, type, country and language of the record are not taken over."""
    base = {"group": group.title, "date": "2025-03-19", "text": "Words.", "lang": "fr", "country": "FRA"}
    base |= {"author": "Ada", "organisation": "Some Body", "org_type": "company"}
    file = tmp_path / "records.jsonl"
    kinds = ({"id": "a", "kind": "post"}, {"id": "b", "kind": "paper", "title": "A paper"})
    file.write_text("\n".join(json.dumps(base | one) for one in kinds))
    done = app.test_cli_runner().invoke(cli, ["import", "--group", group.slug, str(file)])
    assert done.output.startswith("2 imported")
    post = session.scalars(sa.select(Post)).one()
    assert (post.author_id, post.organisation_id, post.stakeholder_type, post.country) == (None,) * 4
    assert post.language == "en"
    assert names_of_papers(session) == []
    assert session.scalars(sa.select(Authorship)).all() == []
