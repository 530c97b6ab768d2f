"""A consultation with questions, and people who answer it, for tests."""

import hashlib
import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask

from forum.domain.accounts import Account
from forum.domain.answers import Publication
from forum.domain.attribution import ShownAs
from forum.domain.consultations import AnswersVisible, Consultation
from forum.domain.groups import Group
from forum.domain.organisations import Organisation
from forum.domain.questionnaires import Question, QuestionKind, Section
from forum.domain.uploads import kind_of
from forum.services.answer_drafts import Saved, Written, save_draft
from forum.services.answer_files import add_answer_file
from forum.services.storage import new_key
from forum.services.submissions import Received, Submission, submit_answer
from forum.services.uploads import Upload
from tests.builders import SEALING, Builder
from tests.services.consulting import consultation
from tests.services.sending_files import storage_of

VALUES: dict[str, Any] = {"q1": "Count complete reports.", "q2": "o1"}
"""An answer to what is required."""


def questionnaire(build: Builder, row: Consultation) -> list[Question]:
    """Give a consultation two pages with a question of each kind; commits."""
    options = [["o1", "Yes"], ["o2", "No"], ["o3", "Only in part"]]
    first = Section(consultation_id=row.id, position=1, title="What to count", intro="Two questions.")
    second = Section(consultation_id=row.id, position=2, title="How")
    build.session.add_all([first, second])
    build.session.flush()
    rows = [["r1", "Cost"], ["r2", "Effect"]]
    kinds: list[tuple[Section, QuestionKind, dict[str, Any]]] = [
        (first, QuestionKind.TEXT, {"is_required": True}),
        (first, QuestionKind.ONE, {"options": options, "is_required": True}),
        (second, QuestionKind.SEVERAL, {"options": options}),
        (second, QuestionKind.SCALE, {"low_words": "never", "high_words": "always"}),
        (second, QuestionKind.MATRIX, {"options": options, "rows": rows}),
    ]
    questions = [
        Question(
            consultation_id=row.id,
            section_id=section.id,
            key=f"q{number}",
            position=number,
            kind=kind,
            prompt=f"Question {number}?",
            **columns,
        )
        for number, (section, kind, columns) in enumerate(kinds, 1)
    ]
    build.session.add_all(questions)
    build.session.commit()
    return questions


def asking_for_a_file(build: Builder, group: Group, **columns: Any) -> Consultation:
    """The same with a sixth question, which a file answers; commits."""
    row = asking(build, group, **columns)
    last = build.session.scalars(
        sa.select(Section).where(Section.consultation_id == row.id, Section.position == 2)
    ).one()
    build.session.add(
        Question(
            consultation_id=row.id,
            section_id=last.id,
            key="q6",
            position=6,
            kind=QuestionKind.FILE,
            prompt="Your figures?",
        )
    )
    build.session.commit()
    return row


def upload(
    app: Flask,
    build: Builder,
    person: Account,
    group: Group,
    row: Consultation,
    data: bytes,
    name: str = "figures.pdf",
    *,
    version: int = 0,
) -> dict[str, str]:
    """Send a file to the draft as somebody, and give the value that names it; commits."""
    key = new_key()
    storage_of(app).put(key, io.BytesIO(data))
    file = Upload(name, kind_of(name), len(data), hashlib.sha256(data).hexdigest(), key)
    add_answer_file(
        build.session,
        build.actor(person),
        group.slug,
        row.public_id,
        None,
        "q6",
        file,
        version=version,
        now=build.clock(),
        sealing_secret=SEALING,
    )
    build.session.commit()
    return {"name": name, "sha256": file.sha256}


def asking(build: Builder, group: Group, **columns: Any) -> Consultation:
    """An open consultation with a questionnaire, whose answers wait for the closing; commits."""
    row = consultation(build, group, **({"answers_visible": AnswersVisible.AFTER_CLOSING} | columns))
    questionnaire(build, row)
    return row


def colleague(build: Builder, group: Group, body: Organisation, **mandate: Any) -> Account:
    """A member who speaks for a body on its seat in the group."""
    person = build.account()
    build.mandate(person, body, **mandate)
    build.member(group, person, seat=build.seat(group, body))
    return person


def save(
    build: Builder,
    person: Account,
    group: Group,
    row: Consultation,
    written: Mapping[str, Written],
    respondent: str | None = None,
) -> Saved:
    """Save part of a draft as somebody; commits."""
    saved = save_draft(
        build.session,
        build.actor(person),
        group.slug,
        row.public_id,
        respondent,
        written,
        now=build.clock(),
        sealing_secret=SEALING,
    )
    build.session.commit()
    return saved


def send(
    build: Builder,
    person: Account,
    group: Group,
    row: Consultation,
    values: Mapping[str, Any] | None = None,
    *,
    respondent: str | None = None,
    received_at: datetime | None = None,
    shown_as: ShownAs | None = None,
    publication: Publication = Publication.PUBLISH,
) -> Received:
    """Send an answer as somebody; commits."""
    found = submit_answer(
        build.session,
        build.actor(person),
        group.slug,
        row.public_id,
        respondent,
        Submission(VALUES if values is None else values, "en", shown_as, publication),
        received_at=received_at or build.clock(),
        now=build.clock(),
        sealing_secret=SEALING,
    )
    build.session.commit()
    return found
