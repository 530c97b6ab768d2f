"""Versions: sending a draft, holding, receiving, withdrawing."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attribution import Attribution, Authorship, SubjectKind
from forum.domain.consultations import AnswersVisible
from forum.domain.groups import GroupRole, HoldingRule
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.outbox import OutboxEntry, Topic
from forum.domain.papers import Paper, PaperVersion
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.services import versions
from forum.services.paper_choices import PaperChoices
from forum.services.papers import get_paper
from tests.builders import Builder
from tests.services.consulting import consultation
from tests.services.paper_writing import PaperWriter


def test_sending_publishes_with_the_next_number(build: Builder, papers: PaperWriter) -> None:
    """The first is 1, its label is that of the group and its TLP, its writers are recorded."""
    body = build.organisation()
    group = build.group(Ceiling.PUBLIC)
    author = build.member(group)
    build.mandate(author, body)
    version = papers.publish(author, group, choices=PaperChoices(speaking_for=body.slug))
    assert (version.number, version.status, version.audience) == (1, Status.PUBLISHED, "public")
    assert version.published_at == build.clock()
    keys = papers.session.scalars(
        sa.select(Authorship.writer_key).where(Authorship.subject_kind == SubjectKind.VERSION)
    )
    assert set(keys) == {f"account:{author.id}", f"organisation:{body.id}"}
    second = papers.publish_next(author, version, "A second text.")
    assert (second.number, second.based_on) == (2, 1)


def test_later_versions_say_what_changed(build: Builder, papers: PaperWriter, session: Session) -> None:
    """Without a summary nothing is sent, and the draft stays."""
    group = build.group()
    author = build.member(group)
    version = papers.publish(author, group)
    paper = session.get_one(Paper, version.paper_id)
    draft = papers.next(author, paper, group, "Another.", based_on=1, change_summary=" ")
    with pytest.raises(Invalid) as caught:
        papers.send(author, draft)
    assert caught.value.field == "change_summary"
    session.rollback()
    assert draft.version.status is Status.DRAFT


def test_sending_takes_the_mandate_of_the_body(build: Builder, papers: PaperWriter) -> None:
    """Somebody whose mandate does not let them publish writes; a colleague whose does sends."""
    body = build.organisation()
    group = build.group()
    writer = build.member(group)
    build.mandate(writer, body, may_publish=False)
    draft = papers.start(writer, group, choices=PaperChoices(speaking_for=body.slug))
    with pytest.raises(NotAllowed):
        papers.send(writer, draft)
    papers.session.rollback()
    assert draft.version.status is Status.DRAFT


def test_two_who_send_at_once(build: Builder, papers: PaperWriter) -> None:
    """The second is told of the conflict, and there is one version."""
    group = build.group()
    author = build.member(group)
    draft = papers.start(author, group)
    papers.send(author, draft)
    with pytest.raises(Conflict):
        papers.send(author, draft)
    papers.session.rollback()
    assert papers.session.scalar(sa.select(sa.func.max(PaperVersion.number))) == 1


@pytest.mark.parametrize(
    ("rule", "known", "status"),
    [
        (HoldingRule.NONE, False, Status.PUBLISHED),
        (HoldingRule.NEWCOMER, False, Status.PENDING),
        (HoldingRule.NEWCOMER, True, Status.PUBLISHED),
        (HoldingRule.EVERYTHING, True, Status.PENDING),
    ],
)
def test_the_charter_holds(
    build: Builder, papers: PaperWriter, rule: HoldingRule, known: bool, status: Status
) -> None:
    """Nothing, a newcomer's first, or everything, as for posts; the author reads it and is told."""
    group = build.group(holding_rule=rule)
    author, reader = build.member(group), build.member(group)
    if known:
        build.thread(group, author)
    version = papers.publish(author, group)
    assert version.status is status
    paper = papers.session.get_one(Paper, version.paper_id)
    head = get_paper(papers.session, build.actor(author), group.slug, paper.public_id)
    assert [line.number for line in head.versions] == [1]
    told = papers.session.scalars(sa.select(OutboxEntry).where(OutboxEntry.topic == Topic.NOTIFY)).all()
    if status is Status.PENDING:
        with pytest.raises(NotFound):
            get_paper(papers.session, build.actor(reader), group.slug, paper.public_id)
        assert [entry.payload["kind"] for entry in told] == ["held"]
    else:
        assert not told


@pytest.mark.parametrize(
    ("visible", "status"),
    [
        (AnswersVisible.AT_ONCE, Status.PUBLISHED),
        (AnswersVisible.AFTER_CLOSING, Status.RECEIVED),
        (AnswersVisible.ON_PUBLICATION, Status.RECEIVED),
    ],
)
def test_an_answer_is_received_until_it_may_be_read(
    build: Builder, papers: PaperWriter, visible: AnswersVisible, status: Status
) -> None:
    """Where answers are not read at once, its authors and the group's secretariat read it."""
    group = build.group()
    author, reader, chair = (
        build.member(group),
        build.member(group),
        build.member(group, role=GroupRole.CHAIR),
    )
    secretariat = build.member(group, role=GroupRole.SECRETARIAT)
    asked = consultation(build, group, answers_visible=visible)
    version = papers.publish(author, group, choices=PaperChoices(consultation=asked.public_id))
    assert version.status is status
    paper = papers.session.get_one(Paper, version.paper_id)
    for person in (author, secretariat):
        assert get_paper(papers.session, build.actor(person), group.slug, paper.public_id).versions
    if status is Status.RECEIVED:
        for person in (reader, chair):
            with pytest.raises(NotFound):
                get_paper(papers.session, build.actor(person), group.slug, paper.public_id)


def test_an_answer_that_comes_late_stays_a_draft(
    build: Builder, papers: PaperWriter, session: Session
) -> None:
    """After the closing time nothing is taken, even while nobody has closed it yet."""
    group = build.group()
    author = build.member(group)
    asked = consultation(build, group, closes_at=build.clock().replace(hour=12))
    draft = papers.start(author, group, choices=PaperChoices(consultation=asked.public_id))
    build.clock.advance(hours=5)  # type: ignore[attr-defined]
    with pytest.raises(Invalid):
        papers.send(author, draft)
    session.rollback()
    assert draft.version.status is Status.DRAFT


def test_under_the_chatham_house_rule_authorship_is_sealed(build: Builder, papers: PaperWriter) -> None:
    """The record of who wrote it names nobody, and its author still reads what is held."""
    group = build.group(attribution=Attribution.CHATHAM_HOUSE, holding_rule=HoldingRule.EVERYTHING)
    author = build.member(group)
    version = papers.publish(author, group)
    keys = papers.session.scalars(sa.select(Authorship.writer_key)).all()
    assert keys
    assert all(key.startswith("sealed:") for key in keys)
    paper = papers.session.get_one(Paper, version.paper_id)
    assert get_paper(papers.session, build.actor(author), group.slug, paper.public_id).versions


def test_a_withdrawn_version_leaves_a_stub(build: Builder, papers: PaperWriter, session: Session) -> None:
    """Its text is gone, its number, date and hash stay; the version before stands for the paper."""
    group = build.group()
    author, reader = build.member(group), build.member(group)
    first = papers.publish(author, group, "The first text.")
    second = papers.publish_next(author, first, "The second text.")
    hashed = second.content_hash
    paper = session.get_one(Paper, first.paper_id)
    with pytest.raises(NotAllowed):
        versions.withdraw_version(
            session, build.actor(reader), group.slug, paper.public_id, 2, now=build.clock()
        )
    versions.withdraw_version(session, build.actor(author), group.slug, paper.public_id, 2, now=build.clock())
    session.commit()
    assert (second.status, second.source, second.html, second.text) == (Status.WITHDRAWN, "", "", "")
    assert second.content_hash == hashed
    head = get_paper(session, build.actor(reader), group.slug, paper.public_id)
    assert head.newest is not None
    assert head.newest.number == 1
    third = papers.publish_next(author, second, "The third text.", tlp=Tlp.RED)
    assert third.number == 3
