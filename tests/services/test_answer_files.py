"""Files that answer a question: sent to the draft, checked, taken along, read by who reads the answer."""

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.answers import Answer, AnswerDraft
from forum.domain.attachments import Attachment, AttachmentPage, AttachmentState
from forum.domain.attribution import Attribution, Authorship, SubjectKind
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling, Status
from forum.errors import Invalid, NotFound
from forum.policy import visible_to
from forum.services import answer_exports, consultations
from forum.services.answer_drafts import Written
from forum.services.answer_files import list_answer_files, remove_answer_file
from forum.services.answers import canonical_of, withdraw_answer
from forum.services.attachments import get_attachment
from forum.services.indexing import documents_for
from tests.builders import SEALING, Builder
from tests.conftest import StoppedClock
from tests.office.samples import bomb_bytes, pdf_bytes
from tests.services.answering import VALUES, asking_for_a_file, colleague, save, send, upload
from tests.services.sending_files import storage_of
from tests.support import deliver, look_again

PDF = pdf_bytes("Complete reports by month.")


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC)


@pytest.fixture
def writer(build: Builder, group: Group) -> Account:
    return colleague(build, group, build.organisation())


def only(session: Session) -> Attachment:
    look_again(session)
    return session.scalars(sa.select(Attachment)).one()


def readers(session: Session, build: Builder, people: list[Account | None]) -> list[bool]:
    return [
        session.scalar(sa.select(Attachment.id).where(visible_to(build.actor(person), Attachment)))
        is not None
        for person in people
    ]


def test_a_file_of_a_draft_is_nobodys_and_is_read_once_it_is_checked_and_sent(
    app: Flask, build: Builder, clock: StoppedClock, group: Group, writer: Account, session: Session
) -> None:
    """Before the answers are visible by its writers and this secretariat alone, afterwards by the public."""
    chair = build.member(group, role=GroupRole.CHAIR)
    secretariat = build.member(group, role=GroupRole.SECRETARIAT)
    people = [writer, secretariat, chair, build.account(), None]
    row = asking_for_a_file(build, group)
    value = upload(app, build, writer, group, row, PDF)
    deliver(app, clock)
    file = only(session)
    assert (file.state, file.status, file.audience) == (AttachmentState.CLEAN, Status.DRAFT, "nobody")
    assert readers(session, build, people) == [False] * 5
    answer = send(build, writer, group, row, VALUES | {"q6": value}).answer
    assert readers(session, build, people) == [True, True, False, False, False]
    assert (file.answer_id, file.answer_draft_id, file.audience) == (answer.id, None, answer.audience)
    with pytest.raises(NotFound):
        get_attachment(session, build.actor(build.account()), file.public_id)
    found = get_attachment(session, build.actor(secretariat), file.public_id)
    assert (found.paper, found.answer, found.consultation) == (None, answer, row)
    assert "Complete reports by month." in found.text
    assert value["sha256"] in canonical_of(answer, row)
    clock.advance(days=1)
    consultations.close_consultation(session, build.actor(chair), group.slug, row.public_id, now=clock())
    session.commit()
    assert readers(session, build, people) == [True] * 5
    assert (file.status, file.audience) == (Status.PUBLISHED, "public")
    (change,) = documents_for(session, [(SubjectKind.ATTACHMENT, file.id)])
    assert (change.document.thread, change.document.kind) == (f"consultation:{row.public_id}", "attachment")  # type: ignore[union-attr]
    line = answer_exports.export_answers(
        session, build.actor(None), group, row, "csv", base_url="https://forum.example"
    ).decode()
    assert f"figures.pdf https://forum.example/attachments/{file.public_id}" in line


def test_one_that_waits_for_its_check_goes_along_and_one_that_was_refused_does_not(
    app: Flask, build: Builder, clock: StoppedClock, group: Group, writer: Account, session: Session
) -> None:
    """An answer in time is not lost to a queue; a refusal is told at the question."""
    row = asking_for_a_file(build, group)
    bad = upload(app, build, writer, group, row, bomb_bytes(), "figures.docx")
    deliver(app, clock)
    assert only(session).state is AttachmentState.REFUSED
    with pytest.raises(Invalid) as caught:
        send(build, writer, group, row, VALUES | {"q6": bad})
    assert caught.value.field == "q6"
    session.rollback()
    good = upload(app, build, writer, group, row, PDF, version=1)
    answer = send(build, writer, group, row, VALUES | {"q6": good}).answer
    assert only(session).state is AttachmentState.QUARANTINED
    deliver(app, clock)
    assert only(session).state is AttachmentState.CLEAN
    files = list_answer_files(session, build.actor(writer), [answer.public_id])[answer.public_id]
    assert (files["q6"].name, files["q6"].sha256) == ("figures.pdf", good["sha256"])
    assert files["q6"].url == f"/attachments/{only(session).public_id}"


def test_a_value_that_names_no_file_of_this_answer_is_refused(
    app: Flask, build: Builder, group: Group, writer: Account, session: Session
) -> None:
    """Nor can somebody else's file be taken, though name and hash are known, nor typed into a draft."""
    row = asking_for_a_file(build, group)
    value = upload(app, build, writer, group, row, PDF)
    other = colleague(build, group, build.organisation())
    with pytest.raises(Invalid) as caught:
        send(build, other, group, row, VALUES | {"q6": value})
    assert caught.value.field == "q6"
    session.rollback()
    with pytest.raises(Invalid):
        save(build, other, group, row, {"q6": Written(value, 0)})


def test_the_next_version_replaces_the_file_and_leaves_nothing_of_the_one_before(
    app: Flask, build: Builder, clock: StoppedClock, group: Group, writer: Account, session: Session
) -> None:
    """Until it is sent anew the answer keeps the file that it came with."""
    row = asking_for_a_file(build, group)
    first = upload(app, build, writer, group, row, PDF)
    deliver(app, clock)
    answer = send(build, writer, group, row, VALUES | {"q6": first}).answer
    before = only(session).id
    second = upload(app, build, writer, group, row, pdf_bytes("Mended."), "mended.pdf", version=1)
    deliver(app, clock)
    assert session.get_one(Attachment, before).answer_id == answer.id
    hash_before = answer.content_hash
    send(build, writer, group, row, VALUES | {"q6": second})
    old = session.get_one(Attachment, before)
    assert (old.storage_key, old.filename, old.audience) == (None, "", "nobody")
    assert (
        session.scalars(
            sa.select(AttachmentPage.attachment_id).where(AttachmentPage.attachment_id == before)
        ).all()
        == []
    )
    assert answer.content_hash != hash_before
    (files,) = list_answer_files(session, build.actor(writer), [answer.public_id]).values()
    assert files["q6"].name == "mended.pdf"
    clock.advance(hours=2)
    deliver(app, clock)
    assert len(list(storage_of(app).list_keys())) == 1


def test_a_withdrawn_answer_gives_its_file_back_to_the_draft(
    app: Flask, build: Builder, clock: StoppedClock, group: Group, writer: Account, session: Session
) -> None:
    """Nobody reads it then, not even the secretariat; it can be sent again."""
    secretariat = build.member(group, role=GroupRole.SECRETARIAT)
    row = asking_for_a_file(build, group)
    value = upload(app, build, writer, group, row, PDF)
    deliver(app, clock)
    answer = send(build, writer, group, row, VALUES | {"q6": value}).answer
    withdraw_answer(
        session, build.actor(writer), group.slug, row.public_id, answer.public_id, now=build.clock()
    )
    session.commit()
    file = only(session)
    assert (file.answer_id, file.status, file.audience) == (None, Status.DRAFT, "nobody")
    assert readers(session, build, [writer, secretariat]) == [False, False]
    send(build, writer, group, row, VALUES | {"q6": value})
    assert readers(session, build, [writer, secretariat]) == [True, True]


def test_a_withdrawn_answer_whose_draft_has_no_file_any_more_loses_it(
    app: Flask, build: Builder, clock: StoppedClock, group: Group, writer: Account, session: Session
) -> None:
    """File, text and name are gone."""
    row = asking_for_a_file(build, group)
    value = upload(app, build, writer, group, row, PDF)
    deliver(app, clock)
    answer = send(build, writer, group, row, VALUES | {"q6": value}).answer
    remove_answer_file(
        session,
        build.actor(writer),
        group.slug,
        row.public_id,
        None,
        "q6",
        version=1,
        now=build.clock(),
        sealing_secret=SEALING,
    )
    withdraw_answer(
        session, build.actor(writer), group.slug, row.public_id, answer.public_id, now=build.clock()
    )
    session.commit()
    file = only(session)
    assert (file.storage_key, file.filename, file.audience) == (None, "", "nobody")
    assert session.scalars(sa.select(AttachmentPage.text)).all() == []


def test_two_colleagues_never_overwrite_each_others_file(
    app: Flask, build: Builder, group: Group, session: Session
) -> None:
    """The second is told at the question, and the first one's file stays; the same file twice is one."""
    body = build.organisation()
    first, second = colleague(build, group, body), colleague(build, group, body)
    row = asking_for_a_file(build, group)
    value = upload(app, build, first, group, row, PDF)
    assert upload(app, build, second, group, row, PDF) == value
    with pytest.raises(Invalid) as caught:
        upload(app, build, second, group, row, pdf_bytes("Others."), "others.pdf")
    assert caught.value.field == "q6"
    session.rollback()
    assert session.scalars(sa.select(AnswerDraft)).one().values == {"q6": value}
    assert only(session).filename == "figures.pdf"


def test_under_the_chatham_house_rule_no_row_ties_a_file_to_who_sent_it(
    app: Flask, build: Builder, clock: StoppedClock, session: Session
) -> None:
    """Its writers are sealed keys, and its time a day."""
    group = build.group(Ceiling.PUBLIC, attribution=Attribution.CHATHAM_HOUSE)
    writer = colleague(build, group, build.organisation())
    row = asking_for_a_file(build, group)
    value = upload(app, build, writer, group, row, PDF)
    answer = send(build, writer, group, row, VALUES | {"q6": value}).answer
    file = only(session)
    assert file.created_at.time().isoformat() == "00:00:00"
    keys = {
        kind: set(session.scalars(sa.select(Authorship.writer_key).where(Authorship.subject_kind == kind)))
        for kind in (SubjectKind.ATTACHMENT, SubjectKind.ANSWER)
    }
    assert keys[SubjectKind.ATTACHMENT] == keys[SubjectKind.ANSWER] != set()
    assert not any(key.startswith(("account:", "organisation:")) for key in keys[SubjectKind.ATTACHMENT])
    assert session.scalars(sa.select(Answer)).one().id == answer.id


def test_an_attachment_belongs_to_one_thing(build: Builder, group: Group, session: Session) -> None:
    """The database refuses one that belongs to nothing."""
    session.add(
        Attachment(
            group_id=group.id,
            filename="a.txt",
            status=Status.DRAFT,
            tlp=group.default_tlp,
            audience="",
            own="",
            created_at=build.clock(),
        )
    )
    with pytest.raises(sa.exc.IntegrityError):
        session.flush()
    session.rollback()
