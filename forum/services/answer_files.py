"""Files that answer a question: sent to the shared draft, taken along when the answer is sent, and read."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.answers import Answer, AnswerDraft
from forum.domain.attachments import Attachment, AttachmentState
from forum.domain.attribution import Authorship, SubjectKind
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.questionnaires import Question, QuestionKind, Value
from forum.domain.uploads import Refusal
from forum.errors import Invalid, NotFound
from forum.policy import Actor, visible_to
from forum.services.addresses import attachment_path
from forum.services.answer_drafts import get_place, open_draft
from forum.services.attachment_files import delete_attachments, empty_attachment
from forum.services.labels import relabel
from forum.services.questionnaires import load_questionnaire
from forum.services.subjects import record_authorship, writer_keys_of
from forum.services.uploads import Upload, quarantine


@dataclass(frozen=True, slots=True)
class AnswerFile:
    """A file as a page shows it beside its question."""

    name: str
    size: int
    sha256: str
    """As it was sent."""
    state: AttachmentState
    refusal: Refusal | None
    url: str
    """Where it is read; empty until it is checked, and where it was refused."""


def add_answer_file(
    session: Session,
    actor: Actor,
    slug: str,
    consultation_id: str,
    respondent_slug: str | None,
    key: str,
    upload: Upload,
    *,
    version: int,
    now: datetime,
    sealing_secret: bytes,
) -> bool:
    """Put a file into the draft, in the place of the one before, and have it checked.

    `version` is that of the question as the page showed it: Invalid where somebody else has changed it
    since. False where the very same file is there already; the caller then forgets the upload.
    """
    place = get_place(session, actor, slug, consultation_id, respondent_slug)
    question = get_file_question(load_questionnaire(session, place.consultation.id).questions, key)
    draft, by, now_or_day = open_draft(session, actor, place, now=now, sealing_secret=sealing_secret)
    value = {"name": upload.filename, "sha256": upload.sha256}
    before = draft.values.get(question.key)
    if before == value and _is_there(session, draft, question.key, upload):
        return False
    _write(draft, question.key, value, version, by, now_or_day)
    _drop(session, draft, question.key, now=now)
    quarantine(
        session,
        place.group,
        upload,
        place.consultation,
        now=now_or_day,
        answer_draft_id=draft.id,
        question_key=question.key,
        sent_sha256=upload.sha256,
    )
    return True


def remove_answer_file(
    session: Session,
    actor: Actor,
    slug: str,
    consultation_id: str,
    respondent_slug: str | None,
    key: str,
    *,
    version: int,
    now: datetime,
    sealing_secret: bytes,
) -> None:
    """Take a file out of the draft; what was sent keeps it until the answer is sent anew."""
    place = get_place(session, actor, slug, consultation_id, respondent_slug)
    question = get_file_question(load_questionnaire(session, place.consultation.id).questions, key)
    draft, by, now_or_day = open_draft(session, actor, place, now=now, sealing_secret=sealing_secret)
    if question.key not in draft.values:
        return
    _write(draft, question.key, None, version, by, now_or_day)
    _drop(session, draft, question.key, now=now)


def get_file_question(questions: Sequence[Question], key: str) -> Question:
    """Give the question with this key; NotFound where there is none that is answered with a file."""
    for question in questions:
        if question.key == key and question.kind is QuestionKind.FILE:
            return question
    raise NotFound


def _is_there(session: Session, draft: AnswerDraft, key: str, upload: Upload) -> bool:
    """Whether the draft has this file, and it was not refused: then a second press changes nothing."""
    statement = sa.select(Attachment.id).where(
        Attachment.answer_draft_id == draft.id,
        Attachment.question_key == key,
        Attachment.sent_sha256 == upload.sha256,
        Attachment.state != AttachmentState.REFUSED,
    )
    return session.scalar(statement) is not None


def _write(
    draft: AnswerDraft, key: str, value: dict[str, str] | None, version: int, by: str | None, now: datetime
) -> None:
    entry = draft.entries.get(key, {"value": None, "version": 0})
    if entry["version"] != version:
        raise Invalid(
            "Somebody else changed the file of this question meanwhile. Look at it, and choose again.",
            field=key,
        )
    entries = dict(draft.entries)
    entries[key] = {"value": value, "version": version + 1, "by": by, "at": now.isoformat()}
    draft.entries, draft.edited_at = entries, now


def _drop(session: Session, draft: AnswerDraft, key: str, *, now: datetime) -> None:
    found = session.scalars(
        sa.select(Attachment).where(Attachment.answer_draft_id == draft.id, Attachment.question_key == key)
    ).all()
    delete_attachments(session, found, now=now)


def find_files(
    session: Session, draft: AnswerDraft | None, sent: Answer | None, values: Mapping[str, Any]
) -> dict[str, Attachment]:
    """Give the files that values name, by question: the draft's own, else those that were sent.

    The caller has loaded draft and answer for who may write on them.
    """
    owners = []
    if draft is not None:
        owners.append(Attachment.answer_draft_id == draft.id)
    if sent is not None:
        owners.append(Attachment.answer_id == sent.id)
    if not owners:
        return {}
    found: dict[str, Attachment] = {}
    statement = sa.select(Attachment).where(sa.or_(*owners), Attachment.question_key.is_not(None))
    for file in session.scalars(statement):
        key = str(file.question_key)
        is_named = values.get(key) == {"name": file.filename, "sha256": file.sent_sha256}
        if is_named and (key not in found or file.answer_draft_id is not None):
            found[key] = file
    return found


def check_files(
    session: Session,
    questions: Sequence[Question],
    values: Mapping[str, Value],
    draft: AnswerDraft | None,
    sent: Answer | None,
) -> list[Attachment]:
    """Give the files that an answer takes along; Invalid for one that is not here, or was refused.

    One that is still being checked goes along: an answer that is in time is not lost to a queue.
    """
    wanted = [one for one in questions if one.kind is QuestionKind.FILE and one.key in values]
    if not wanted:
        return []
    files = find_files(session, draft, sent, values)
    for question in wanted:
        file = files.get(question.key)
        if file is None:
            raise Invalid(
                "The file of this question was changed meanwhile: %(prompt)s Look at the preview anew.",
                field=question.key,
                prompt=question.prompt,
            )
        if file.state is AttachmentState.REFUSED:
            raise Invalid(
                "The file of this question was refused: %(prompt)s Replace it or take it out.",
                field=question.key,
                prompt=question.prompt,
            )
    return [files[question.key] for question in wanted]


def adopt_files(session: Session, answer: Answer, files: Collection[Attachment], *, now: datetime) -> None:
    """Give an answer the files that were sent with it, with its writers; those before are emptied.

    relabel() of the answer, which the caller does afterwards, labels them.
    """
    kept = {file.id for file in files}
    for file in _files_of(session, answer):
        if file.id not in kept:
            file.question_key = None
            empty_attachment(session, file, now=now)
    session.flush()
    writers = writer_keys_of(session, SubjectKind.ANSWER, answer.id)
    for file in files:
        file.answer_id, file.answer_draft_id = answer.id, None
        file.language = answer.language
        known = writer_keys_of(session, SubjectKind.ATTACHMENT, file.id)
        if missing := sorted(writers - known):
            record_authorship(session, SubjectKind.ATTACHMENT, file.id, missing)
    session.flush()


def release_files(session: Session, group: Group, answer: Answer, *, now: datetime) -> None:
    """Take the files from an answer that is withdrawn: back to the draft that still names them, else away.

    relabel() of the answer, which the caller does afterwards, labels what stays.
    """
    draft = session.scalars(
        sa.select(AnswerDraft).where(
            AnswerDraft.consultation_id == answer.consultation_id, AnswerDraft.writer_key == answer.writer_key
        )
    ).first()
    named = find_files(session, draft, answer, draft.values) if draft is not None else {}
    for file in _files_of(session, answer):
        session.execute(
            sa.delete(Authorship).where(
                Authorship.subject_kind == SubjectKind.ATTACHMENT, Authorship.subject_id == file.id
            )
        )
        if draft is not None and named.get(str(file.question_key)) is file:
            file.answer_id, file.answer_draft_id = None, draft.id
            file.status = Status.DRAFT
            session.flush()
            relabel(session, group, file, now=now)
        else:
            file.question_key = None
            empty_attachment(session, file, now=now)
    session.flush()


def _files_of(session: Session, answer: Answer) -> Sequence[Attachment]:
    return session.scalars(
        sa.select(Attachment).where(Attachment.answer_id == answer.id, Attachment.question_key.is_not(None))
    ).all()


def list_answer_files(
    session: Session, actor: Actor, answer_ids: Collection[str]
) -> dict[str, dict[str, AnswerFile]]:
    """Give the files of answers that the actor may read, by the answer's public id and the question's key."""
    rows = session.execute(
        sa.select(Answer.public_id, Attachment)
        .join(Answer, Answer.id == Attachment.answer_id)
        .where(
            Answer.public_id.in_(answer_ids),
            Attachment.question_key.is_not(None),
            visible_to(actor, Attachment),
        )
    )
    found: dict[str, dict[str, AnswerFile]] = {}
    for public_id, file in rows:
        found.setdefault(public_id, {})[str(file.question_key)] = shown_file(
            file, attachment_path(file.public_id)
        )
    return found


def shown_file(file: Attachment, url: str) -> AnswerFile:
    """Give a file as a page shows it, with its address once it is checked."""
    is_ready = file.state is AttachmentState.CLEAN
    return AnswerFile(
        name=file.filename,
        size=file.size,
        sha256=file.sent_sha256 or "",
        state=file.state,
        refusal=file.refusal,
        url=url if is_ready else "",
    )


def has_files(questions: Sequence[Question]) -> bool:
    """Whether any question is answered with a file: pages of others ask no further."""
    return any(question.kind is QuestionKind.FILE for question in questions)
