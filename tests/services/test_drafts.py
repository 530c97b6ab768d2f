"""Drafts: read by their authors alone, written by several without a lost update."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attribution import Attribution, ShownAs
from forum.domain.groups import GroupRole
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.papers import Paper, PaperAuthor, PaperOwner, PaperVersion, Purpose
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.policy import Action
from forum.richtext import render
from forum.services import coauthors, drafts
from forum.services.drafts import DraftText
from forum.services.paper_choices import PaperChoices
from forum.services.papers import list_drafts
from tests.builders import Builder
from tests.services.paper_writing import PaperWriter, text


def save(papers: PaperWriter, account: object, draft: drafts.Draft, body: str, **options: object) -> None:
    options = {"lock_version": draft.version.lock_version} | options
    drafts.save_draft(
        papers.session,
        papers.build.actor(account),  # type: ignore[arg-type]
        draft.version.public_id,
        text(body),
        now=papers.build.clock(),
        **options,  # type: ignore[arg-type]
    )
    papers.session.commit()


def test_a_draft_is_read_by_its_authors_alone(build: Builder, papers: PaperWriter, session: Session) -> None:
    """Moderators, chair, secretariat and colleagues of the body included: nobody else."""
    body = build.organisation()
    group = build.group(Ceiling.PUBLIC)
    author = build.member(group)
    build.mandate(author, body)
    colleague = build.member(group)
    build.mandate(colleague, body)
    draft = papers.start(author, group, choices=PaperChoices(speaking_for=body.slug))
    assert drafts.get_draft(session, build.actor(author), draft.version.public_id).version is draft.version
    others = [build.member(group, role=role) for role in GroupRole] + [colleague, build.account(), None]
    for person in others:
        actor = build.actor(person)
        with pytest.raises(NotFound):
            drafts.get_draft(session, actor, draft.version.public_id)
        assert list(list_drafts(session, actor, group=group)) == []
    assert [line.title for line in list_drafts(session, build.actor(author), group=group)] == ["A position"]


def test_the_paper_belongs_to_the_body_it_is_written_for(build: Builder, papers: PaperWriter) -> None:
    """Owner, author's body, type and country are those of the mandate."""
    body = build.organisation(country="NL")
    group = build.group()
    author = build.member(group)
    build.mandate(author, body)
    draft = papers.start(author, group, choices=PaperChoices(speaking_for=body.slug))
    assert (draft.paper.organisation_id, draft.paper.country) == (body.id, "NL")
    assert papers.session.get(PaperOwner, (draft.paper.id, body.id)) is not None
    assert papers.session.get_one(PaperAuthor, (draft.paper.id, author.id)).organisation_id == body.id


@pytest.mark.parametrize(
    ("choices", "fields", "field"),
    [
        (PaperChoices(speaking_for="somebody-else"), {}, "speaking_for"),
        (PaperChoices(purpose=Purpose.GROUP_DRAFT), {}, "purpose"),
        (PaperChoices(purpose=Purpose.JOINT_POSITION), {}, "purpose"),
        (PaperChoices(language="xx"), {}, "language"),
        (PaperChoices(consultation="aaaaaaaaaaaaa"), {}, "consultation"),
        (PaperChoices(shown_as=ShownAs.NAME), {}, "shown_as"),
        (PaperChoices(), {"title": " "}, "title"),
        (PaperChoices(), {"title": "x" * 301}, "title"),
        (PaperChoices(), {"tlp": Tlp.CLEAR}, "label"),
        (PaperChoices(), {"abstract": "x" * 5001}, "abstract"),
        (PaperChoices(), {"body": " \n "}, "body"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_cannot_be_is_refused_at_its_field(
    build: Builder,
    papers: PaperWriter,
    session: Session,
    choices: PaperChoices,
    fields: dict[str, object],
    field: str,
) -> None:
    """An unknown body, a purpose that takes a role, a wider label than the group's, no text …"""
    group = build.group(Ceiling.MEMBERS, shown_as_choices=["organisation", "stakeholder_type"])
    author = build.member(group)
    with pytest.raises(Invalid) as caught:
        papers.start(author, group, choices=choices, **fields)  # type: ignore[arg-type]
    assert caught.value.field == field
    session.rollback()
    assert session.scalar(sa.select(sa.func.count()).select_from(Paper)) == 0


def test_rapporteurs_begin_group_drafts(build: Builder, papers: PaperWriter) -> None:
    """An opinion of the group is begun by who edits it."""
    group = build.group()
    rapporteur = build.member(group, role=GroupRole.RAPPORTEUR)
    draft = papers.start(rapporteur, group, choices=PaperChoices(purpose=Purpose.GROUP_DRAFT))
    assert draft.paper.purpose is Purpose.GROUP_DRAFT


@pytest.mark.parametrize("who", ["observer", "outsider", "suspended"])
def test_who_may_not_write_begins_nothing(build: Builder, papers: PaperWriter, who: str) -> None:
    """Observers and outsiders of a public group, and people whom it suspended, begin no papers."""
    group = build.group(Ceiling.PUBLIC)
    person = {
        "observer": lambda: build.member(group, role=GroupRole.OBSERVER),
        "outsider": build.account,
        "suspended": lambda: build.member(group, suspended_until=build.clock().replace(year=2027)),
    }[who]()
    with pytest.raises(NotAllowed):
        papers.start(person, group)


def test_two_who_save_at_once_lose_nothing(build: Builder, papers: PaperWriter, session: Session) -> None:
    """The second save is a conflict; the first one's text stays."""
    group = build.group()
    author, other = build.member(group), build.member(group)
    draft = papers.start(author, group)
    coauthors.add_coauthor(session, draft.paper, other.public_id, now=build.clock())
    session.commit()
    seen = draft.version.lock_version
    save(papers, author, draft, "What the first wrote.", lock_version=seen)
    with pytest.raises(Conflict):
        save(papers, other, draft, "What the second wrote.", lock_version=seen)
    session.rollback()
    assert session.get_one(PaperVersion, draft.version.id).source.strip() == "What the first wrote."


def test_who_leaves_the_group_loses_its_drafts(build: Builder, papers: PaperWriter, session: Session) -> None:
    """An ended membership or mandate ends the reading of drafts at once, with nothing else to end."""
    body = build.organisation()
    group = build.group()
    author, colleague = build.member(group), build.member(group)
    mandate = build.mandate(author, body)
    draft = papers.start(author, group, choices=PaperChoices(speaking_for=body.slug))
    coauthors.add_coauthor(session, draft.paper, colleague.public_id, now=build.clock())
    mandate.ends_on = build.clock().replace(year=2026, month=1).date()
    session.commit()
    with pytest.raises(NotFound):
        drafts.get_draft(session, build.actor(author), draft.version.public_id)
    assert drafts.get_draft(session, build.actor(colleague), draft.version.public_id)
    for membership in _memberships(session, colleague.id):
        membership.ended_at = build.clock()
    session.commit()
    with pytest.raises(NotFound):
        drafts.get_draft(session, build.actor(colleague), draft.version.public_id)
    assert coauthors.list_coauthors(session, draft.paper.id, now=build.clock()) == []


def _memberships(session: Session, account_id: int) -> list[object]:
    from forum.domain.groups import Membership

    return list(session.scalars(sa.select(Membership).where(Membership.account_id == account_id)))


def test_co_authors_come_from_the_group_and_one_stays(
    build: Builder, papers: PaperWriter, session: Session
) -> None:
    """Strangers cannot be added, observers neither; the last author cannot be removed."""
    group = build.group()
    author, member = build.member(group), build.member(group)
    draft = papers.start(author, group)
    for stranger in (build.account(), build.member(group, role=GroupRole.OBSERVER), author):
        with pytest.raises(Invalid):
            coauthors.add_coauthor(session, draft.paper, stranger.public_id, now=build.clock())
    with pytest.raises(Invalid):
        coauthors.remove_coauthor(session, draft.paper, author.public_id, now=build.clock())
    coauthors.add_coauthor(session, draft.paper, member.public_id, now=build.clock())
    coauthors.remove_coauthor(session, draft.paper, author.public_id, now=build.clock())
    session.commit()
    with pytest.raises(NotFound):
        drafts.get_draft(session, build.actor(author), draft.version.public_id)
    assert drafts.get_draft(session, build.actor(member), draft.version.public_id)


def test_deleting_the_first_draft_deletes_the_paper(
    build: Builder, papers: PaperWriter, session: Session
) -> None:
    """Nothing of it was sent, so nothing of it stays."""
    group = build.group()
    author = build.member(group)
    draft = papers.start(author, group)
    assert (
        drafts.delete_draft(session, build.actor(author), draft.version.public_id, now=build.clock()) is None
    )
    session.commit()
    for model in (Paper, PaperVersion, PaperAuthor, PaperOwner):
        assert session.scalar(sa.select(sa.func.count()).select_from(model)) == 0


def test_deleting_a_later_draft_keeps_what_was_sent(
    build: Builder, papers: PaperWriter, session: Session
) -> None:
    """Only the draft goes."""
    group = build.group()
    author = build.member(group)
    version = papers.publish(author, group)
    paper = session.get_one(Paper, version.paper_id)
    draft = papers.next(author, paper, group, "Another text.", based_on=1)
    assert (
        drafts.delete_draft(session, build.actor(author), draft.version.public_id, now=build.clock()) is paper
    )
    assert session.get(PaperVersion, version.id) is not None


def test_one_draft_a_paper(build: Builder, papers: PaperWriter, session: Session) -> None:
    """Beginning a second one is a conflict for its authors."""
    group = build.group()
    author = build.member(group)
    version = papers.publish(author, group)
    paper = session.get_one(Paper, version.paper_id)
    papers.next(author, paper, group, "Another text.", based_on=1)
    with pytest.raises(Conflict):
        papers.next(author, paper, group, "A third text.", based_on=1)


def test_a_draft_begins_from_the_newest_version(
    build: Builder, papers: PaperWriter, session: Session
) -> None:
    """`based_on` an older number is a conflict."""
    group = build.group()
    author = build.member(group)
    first = papers.publish(author, group)
    papers.publish_next(author, first, "A second text.")
    with pytest.raises(Conflict):
        papers.publish_next(author, first, "A third text.")


def test_strangers_cannot_write_a_next_version(build: Builder, papers: PaperWriter, session: Session) -> None:
    """Readers may not (403), who reads nothing of it finds nothing (404), the body's people may."""
    body = build.organisation()
    group, elsewhere = build.group(), build.group()
    author = build.member(group)
    build.mandate(author, body)
    version = papers.publish(author, group, choices=PaperChoices(speaking_for=body.slug))
    paper = session.get_one(Paper, version.paper_id)
    with pytest.raises(NotAllowed):
        papers.next(build.member(group), paper, group, "Mine.", based_on=1)
    with pytest.raises(NotFound):
        papers.next(build.member(elsewhere), paper, group, "Mine.", based_on=1)
    with pytest.raises(NotFound):
        papers.next(author, paper, elsewhere, "Mine.", based_on=1)
    colleague = build.member(group)
    build.mandate(colleague, body)
    papers.next(colleague, paper, group, "Ours.", based_on=1)


def test_a_draft_whose_authors_have_left_gives_way(
    build: Builder, papers: PaperWriter, session: Session
) -> None:
    """While one is there a colleague is told to ask them; afterwards the body can write again."""
    body = build.organisation()
    group = build.group()
    author, colleague = build.member(group), build.member(group)
    mandate = build.mandate(author, body)
    build.mandate(colleague, body)
    version = papers.publish(author, group, choices=PaperChoices(speaking_for=body.slug))
    paper = session.get_one(Paper, version.paper_id)
    papers.next(author, paper, group, "Begun.", based_on=1)
    with pytest.raises(NotAllowed):
        papers.next(colleague, paper, group, "Ours.", based_on=1)
    mandate.ends_on = build.clock().replace(year=2026, month=1).date()
    session.commit()
    draft = papers.next(colleague, paper, group, "Ours.", based_on=1)
    assert papers.send(colleague, draft).version.number == 2


def test_what_was_sent_is_never_written_again(build: Builder, papers: PaperWriter) -> None:
    """Saving a sent version is a conflict for its authors and refused to readers."""
    group = build.group()
    author, reader = build.member(group), build.member(group)
    draft = papers.start(author, group)
    papers.send(author, draft)
    with pytest.raises(Conflict):
        save(papers, author, draft, "Changed.")
    with pytest.raises(NotAllowed):
        save(papers, reader, draft, "Changed.")
    papers.session.rollback()
    assert draft.version.source.strip() == "The first paragraph."


def test_under_the_chatham_house_rule_the_paper_names_nobody(build: Builder, papers: PaperWriter) -> None:
    """Author, body, type and country stay empty; the alias is the kind of participant."""
    body = build.organisation()
    group = build.group(attribution=Attribution.CHATHAM_HOUSE)
    author = build.member(group)
    build.mandate(author, body)
    draft = papers.start(author, group, choices=PaperChoices(speaking_for=body.slug))
    paper = draft.paper
    assert (paper.author_id, paper.organisation_id, paper.stakeholder_type, paper.country) == (None,) * 4
    assert paper.alias == "Participant"
    assert draft.version.created_by_id is None


def test_choices_can_be_changed_until_the_first_version(build: Builder, papers: PaperWriter) -> None:
    """The body spoken for moves with the paper and its author's part in it."""
    body = build.organisation()
    group = build.group()
    author = build.member(group)
    build.mandate(author, body)
    draft = papers.start(author, group)
    assert draft.paper.organisation_id is None
    save(papers, author, draft, "Ours.", choices=PaperChoices(speaking_for=body.slug, language="fr"))
    assert (draft.paper.organisation_id, draft.paper.language) == (body.id, "fr")
    save(papers, author, draft, "Mine.", choices=PaperChoices())
    assert draft.paper.organisation_id is None
    assert papers.session.scalar(sa.select(sa.func.count()).select_from(PaperOwner)) == 0


def test_the_source_is_stored_as_it_was_rendered(build: Builder, papers: PaperWriter) -> None:
    """Paragraphs, hash and number of words are stored with the text."""
    group = build.group()
    author = build.member(group)
    version = papers.start(author, group, "# One\n\nTwo three.").version
    rendered = render("# One\n\nTwo three.", profile="paper")
    assert version.content_hash == rendered.content_hash
    assert [row[1] for row in version.paragraphs] == ["p1", "p2"]
    assert version.word_count == 3
    assert (version.status, version.number) == (Status.DRAFT, None)
    assert drafts.get_draft(papers.session, build.actor(author), version.public_id, Action.PUBLISH)
    assert isinstance(text(), DraftText)
