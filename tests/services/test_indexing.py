"""What the index holds of a contribution: nothing that its widest reader may not be shown."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attachments import Attachment, AttachmentPage, AttachmentState
from forum.domain.attribution import Attribution, ShownAs, SubjectKind
from forum.domain.consultations import Consultation, ConsultationState
from forum.domain.groups import Group
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.outbox import OutboxEntry
from forum.domain.papers import Paper, PaperVersion
from forum.domain.threads import Post, Thread
from forum.extensions import db
from forum.search.protocol import Add, Remove, SearchDocument
from forum.services.indexing import (
    all_documents,
    all_subjects,
    count_subjects,
    documents_for,
    enqueue_author,
)
from forum.services.labels import relabel
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import count_statements

POST, VERSION, THREAD = SubjectKind.POST, SubjectKind.VERSION, SubjectKind.THREAD


def document_of(session: Session, kind: SubjectKind, id_: int) -> SearchDocument:
    """The one document of a contribution."""
    (change,) = documents_for(session, [(kind, id_)])
    assert isinstance(change, Add)
    return change.document


def opening_of(session: Session, thread: Thread) -> Post:
    return session.scalars(sa.select(Post).where(Post.thread_id == thread.id, Post.number == 1)).one()


def next_version(session: Session, build: Builder, version: PaperVersion, **columns: object) -> PaperVersion:
    """A later published version of a paper."""
    group = session.get_one(Group, version.group_id)
    columns = {"number": (version.number or 0) + 1, "tlp": version.tlp, "status": Status.PUBLISHED} | columns
    names = ("paper_id", "group_id", "title", "source", "html", "text", "content_hash", "render_version")
    later = PaperVersion(
        **{name: getattr(version, name) for name in names},
        **columns,
        audience="",
        own="",
        created_at=build.clock(),
        edited_at=build.clock(),
        published_at=build.clock(),
    )
    session.add(later)
    session.flush()
    relabel(session, group, later, now=build.clock())
    session.commit()
    return later


def attachment_of(session: Session, build: Builder, version: PaperVersion, *pages: str) -> Attachment:
    """An attachment of a paper, labelled as its version."""
    attachment = Attachment(
        paper_id=version.paper_id,
        group_id=version.group_id,
        filename="annex.pdf",
        title="",
        state=AttachmentState.TEXT_ONLY,
        created_at=build.clock(),
        tlp=version.tlp,
        audience="",
        own="",
    )
    session.add(attachment)
    session.flush()
    session.add_all(
        AttachmentPage(attachment_id=attachment.id, number=number, text=text)
        for number, text in enumerate(pages, 1)
    )
    relabel(session, session.get_one(Group, version.group_id), version, now=build.clock())
    session.commit()
    return attachment


def test_an_opening_post_carries_the_title_and_a_reply_does_not(session: Session, build: Builder) -> None:
    """Both carry the key of their discussion."""
    thread = build.thread(build.group(Ceiling.PUBLIC), title="On scope", text="First.")
    reply = build.post(thread, text="Second.")
    opening = document_of(session, POST, opening_of(session, thread).id)
    assert (opening.title, opening.text, opening.kind) == ("On scope", "First.", "post")
    second = document_of(session, POST, reply.id)
    assert (second.title, second.text, second.thread) == ("", "Second.", f"thread:{thread.public_id}")
    assert opening.thread == second.thread
    assert second.id == f"post:{reply.public_id}"


def test_a_discussion_stands_for_its_opening_post(session: Session, build: Builder) -> None:
    """So that a changed title is found."""
    thread = build.thread(build.group(Ceiling.PUBLIC), title="On scope")
    assert document_of(session, THREAD, thread.id).title == "On scope"


def test_what_is_labelled_is_indexed_under_its_audience(session: Session, build: Builder) -> None:
    """The document's audience is the row's, its label the TLP."""
    group = build.group(Ceiling.COMMUNITY)
    thread = build.thread(group, tlp=Tlp.RED)
    document = document_of(session, POST, opening_of(session, thread).id)
    assert (document.audience, document.label, document.group) == (f"group:{group.id}", "RED", group.slug)


@pytest.mark.parametrize(
    "status", [Status.PENDING, Status.HIDDEN, Status.REJECTED, Status.WITHDRAWN], ids=lambda s: s.value
)
def test_what_is_not_published_is_removed(session: Session, build: Builder, status: Status) -> None:
    """Neither a post nor a version."""
    group = build.group(Ceiling.PUBLIC)
    post = build.post(build.thread(group), status=status)
    version = build.paper(group, status=status)
    changes = documents_for(session, [(POST, post.id), (VERSION, version.id)])
    assert changes == [Remove(f"post:{post.public_id}"), Remove(f"version:{version.public_id}")]


def test_a_published_reply_in_a_held_discussion_is_removed(session: Session, build: Builder) -> None:
    """Nobody but moderators reads the discussion."""
    thread = build.thread(build.group(Ceiling.PUBLIC), status=Status.PENDING)
    post = build.post(thread)
    assert documents_for(session, [(POST, post.id)]) == [Remove(f"post:{post.public_id}")]


def test_drafts_and_text_for_named_people_are_removed(session: Session, build: Builder) -> None:
    """They are no document."""
    group = build.group()
    author = build.member(group)
    draft = build.paper(group, author, status=Status.DRAFT)
    named = build.paper(group, author, tlp=Tlp.RED, named_list=build.named_list(group, [author]))
    changes = documents_for(session, [(VERSION, draft.id), (VERSION, named.id)])
    assert {type(change) for change in changes} == {Remove}


def test_strangers_are_shown_a_name_only_by_choice(session: Session, build: Builder) -> None:
    """In public text the index knows no name that an anonymous visitor may not be shown."""
    group = build.group(Ceiling.PUBLIC)
    shy, open_ = build.account("Shy Example"), build.account("Open Example", name_is_public=True)
    by_shy = build.post(build.thread(group), shy)
    by_open = build.post(build.thread(group), open_)
    assert document_of(session, POST, by_shy.id).author is None
    assert document_of(session, POST, by_open.id).author == f"Open Example {open_.handle}"


def test_participants_are_shown_names(session: Session, build: Builder) -> None:
    """What only signed-in people read is found by its author, in any spelling of the name."""
    author = build.account("Ζωή Example", latin_name="Zoi Example")
    post = build.post(build.thread(build.group(Ceiling.COMMUNITY)), author)
    document = document_of(session, POST, post.id)
    assert document.author == f"Ζωή Example Zoi Example {author.handle}"


@pytest.mark.parametrize(
    ("shown_as", "has_organisation"), [(ShownAs.ORGANISATION, True), (ShownAs.STAKEHOLDER_TYPE, False)]
)
def test_shown_as_holds_in_the_index(
    session: Session, build: Builder, shown_as: ShownAs, has_organisation: bool
) -> None:
    """Who shows less is found by less."""
    body = build.organisation(country="FR")
    thread = build.thread(build.group(Ceiling.COMMUNITY))
    post = build.post(thread, build.account(), organisation=body, shown_as=shown_as)
    document = document_of(session, POST, post.id)
    assert document.author is None
    assert document.organisation == (body.slug if has_organisation else None)
    assert (document.organisation_type, document.country) == ("company", "FR")


def test_under_the_chatham_house_rule_only_text_and_day_are_left(session: Session, build: Builder) -> None:
    """No author, body, type, country, time or language of one's own."""
    group = build.group(attribution=Attribution.CHATHAM_HOUSE, languages=["en"])
    thread = build.thread(group)
    post = build.post(thread, text="Eine Antwort.", alias="Company A", language="de", country="DE")
    document = document_of(session, POST, post.id)
    assert (document.author, document.organisation) == (None, None)
    assert (document.organisation_type, document.country) == (None, None)
    assert document.language == "en"
    assert document.date == datetime(2026, 3, 2, tzinfo=UTC)
    assert document.text == "Eine Antwort."


def test_a_new_version_supersedes_the_one_before(session: Session, build: Builder) -> None:
    """With the new one comes the old one, marked; taken back, it is current again."""
    first = build.paper(build.group(Ceiling.PUBLIC), build.account())
    second = next_version(session, build, first)
    marks = {
        change.document.id: change.document.is_superseded
        for change in documents_for(session, [(VERSION, second.id)])
        if isinstance(change, Add)
    }
    assert marks == {f"version:{first.public_id}": True, f"version:{second.public_id}": False}
    second.status = Status.HIDDEN
    relabel(session, session.get_one(Group, second.group_id), second, now=build.clock())
    changes = documents_for(session, [(VERSION, second.id)])
    assert [type(change) for change in changes] == [Add, Remove]
    assert not document_of_first(changes).is_superseded


def document_of_first(changes: list[Add | Remove]) -> SearchDocument:
    assert isinstance(changes[0], Add)
    return changes[0].document


def test_a_narrower_version_supersedes_nothing_for_others(session: Session, build: Builder) -> None:
    """Who may not read the new one is not told that there is one."""
    first = build.paper(build.group(Ceiling.PUBLIC), build.account())
    second = next_version(session, build, first, tlp=Tlp.RED)
    changes = documents_for(session, [(VERSION, second.id)])
    assert not document_of_first(changes).is_superseded


def test_an_attachment_is_found_by_the_text_of_all_its_pages(session: Session, build: Builder) -> None:
    """Under its paper's author, and its file's name where it has no title."""
    body = build.organisation()
    version = build.paper(build.group(Ceiling.COMMUNITY), build.account(), organisation=body)
    attachment = attachment_of(session, build, version, "One.", "Two.")
    document = document_of(session, SubjectKind.ATTACHMENT, attachment.id)
    assert (document.title, document.text) == ("annex.pdf", "One.\n\nTwo.")
    assert document.organisation == body.slug
    assert document.thread == f"paper:{session.get_one(Paper, version.paper_id).public_id}"


@pytest.mark.parametrize("state", [AttachmentState.QUARANTINED, AttachmentState.REFUSED])
def test_an_unchecked_attachment_is_not_found(
    session: Session, build: Builder, state: AttachmentState
) -> None:
    """Nor one that was refused."""
    attachment = attachment_of(session, build, build.paper(build.group(), build.account()), "One.")
    attachment.state = state
    session.commit()
    (change,) = documents_for(session, [(SubjectKind.ATTACHMENT, attachment.id)])
    assert isinstance(change, Remove)


def test_a_consultation_is_found_by_what_it_asks(session: Session, build: Builder) -> None:
    """Title, text and what happens with the answers; it has no author."""
    group = build.group(Ceiling.PUBLIC)
    consultation = Consultation(
        group_id=group.id,
        title="Which criteria?",
        text="Tell us.",
        what_happens="We read them.",
        state=ConsultationState.OPEN,
        tlp=Tlp.CLEAR,
        audience="",
        own="",
        created_at=build.clock(),
    )
    session.add(consultation)
    session.flush()
    relabel(session, group, consultation, now=build.clock())
    session.commit()
    document = document_of(session, SubjectKind.CONSULTATION, consultation.id)
    assert (document.kind, document.title) == ("consultation", "Which criteria?")
    assert document.text == "Tell us.\n\nWe read them."
    assert document.author is None


def test_the_fingerprint_changes_with_what_is_indexed(session: Session, build: Builder) -> None:
    """The text, the label, the author's name; and with nothing else."""
    author = build.account("Ada Example")
    group = build.group(Ceiling.COMMUNITY)
    post = build.post(build.thread(group), author)
    seen = [document_of(session, POST, post.id).version]
    post.html = "<p>other</p>"
    session.flush()
    assert document_of(session, POST, post.id).version == seen[0]
    post.text = "Other."
    session.flush()
    seen.append(document_of(session, POST, post.id).version)
    author.name = "Ada Sample"
    session.flush()
    seen.append(document_of(session, POST, post.id).version)
    assert len(set(seen)) == 3


def test_statements_do_not_grow_with_the_batch(session: Session, build: Builder) -> None:
    """Ten of each kind cost what one costs."""
    group = build.group()
    author = build.member(group)

    def add(times: int) -> list[tuple[SubjectKind, int]]:
        subjects = []
        for _ in range(times):
            thread = build.thread(group, author)
            version = build.paper(group, author)
            attachment = attachment_of(session, build, version, "One.", "Two.")
            subjects += [(THREAD, thread.id), (POST, build.post(thread, author).id), (VERSION, version.id)]
            subjects.append((SubjectKind.ATTACHMENT, attachment.id))
        return subjects

    one, ten = add(1), add(10)
    counts = []
    for subjects in (one, ten):
        session.expire_all()
        with count_statements(db.engine) as seen:
            documents_for(session, subjects)
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_a_rebuild_reads_what_single_changes_give(session: Session, build: Builder) -> None:
    """all_documents() and documents_for() agree on everything there is."""
    group = build.group(Ceiling.PUBLIC)
    author = build.member(group)
    thread = build.thread(group, author)
    build.post(thread, author, status=Status.PENDING)
    version = build.paper(group, author)
    next_version(session, build, version)
    attachment_of(session, build, version, "One.")
    subjects = list(all_subjects(session))
    assert len(subjects) == count_subjects(session) == 5
    single = [c.document for c in documents_for(session, subjects) if isinstance(c, Add)]
    assert sorted(all_documents(session), key=lambda d: d.id) == sorted(single, key=lambda d: d.id)


def test_a_changed_name_has_everything_indexed_anew(
    session: Session, build: Builder, clock: StoppedClock
) -> None:
    """Posts, and every version of the papers."""
    group = build.group()
    author = build.member(group)
    post = build.post(build.thread(group), author)
    version = build.paper(group, author)
    session.execute(sa.delete(OutboxEntry))
    enqueue_author(session, author.id, now=clock() + timedelta(seconds=1))
    session.flush()
    wanted = {(one["kind"], one["id"]) for one in session.scalars(sa.select(OutboxEntry.payload))}
    assert wanted == {("post", post.id), ("version", version.id)}
