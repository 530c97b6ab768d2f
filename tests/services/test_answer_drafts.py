"""Drafts of answers: shared by colleagues, saved by question, and nobody's words lost."""

import pytest
import sqlalchemy as sa

from forum.domain.answers import AnswerDraft, fingerprint
from forum.domain.attribution import Attribution
from forum.domain.consultations import ConsultationState
from forum.domain.groups import Group
from forum.domain.labels import Ceiling
from forum.errors import Invalid, NotAllowed
from forum.services.answer_drafts import Written
from tests.builders import Builder
from tests.services.answering import VALUES, asking, colleague, save, send


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC)


def test_colleagues_share_one_draft_and_meet_only_on_the_same_question(build: Builder, group: Group) -> None:
    """Two questions, two people: both are kept. One question: the second is shown the first."""
    body = build.organisation()
    ada, bo = colleague(build, group, body), colleague(build, group, body)
    row = asking(build, group)
    save(build, ada, group, row, {"q1": Written("Ada's.", 0)})
    assert not save(build, bo, group, row, {"q2": Written("o2", 0)}).conflicts
    clash = save(build, bo, group, row, {"q1": Written("Bo's.", 0), "q3": Written(["o1"], 0)})
    assert clash.draft.values == {"q1": "Ada's.", "q2": "o2", "q3": ["o1"]}
    theirs = clash.conflicts["q1"]
    assert (theirs.value, theirs.name, theirs.version) == ("Ada's.", ada.name, 1)
    decided = save(build, bo, group, row, {"q1": Written("Bo's.", theirs.version)})
    assert decided.draft.values["q1"] == "Bo's."
    assert build.session.scalar(sa.select(sa.func.count()).select_from(AnswerDraft)) == 1


def test_what_was_left_alone_is_neither_a_conflict_nor_written_back(build: Builder, group: Group) -> None:
    """A page sends all its questions; the one that only a colleague changed stays the colleague's."""
    body = build.organisation()
    ada, bo = colleague(build, group, body), colleague(build, group, body)
    row = asking(build, group)
    save(build, ada, group, row, {"q1": Written("Old.", 0)})
    save(build, ada, group, row, {"q1": Written("New.", 1)})
    saved = save(
        build, bo, group, row, {"q1": Written("Old.", 1, fingerprint("Old.")), "q2": Written("o1", 0)}
    )
    assert not saved.conflicts
    assert saved.draft.values == {"q1": "New.", "q2": "o1"}
    assert saved.stored == {"q2"}


def test_a_draft_begins_with_what_was_sent(build: Builder, group: Group) -> None:
    """So that a new version changes one thing and keeps the rest."""
    person = build.member(group)
    row = asking(build, group)
    send(build, person, group, row)
    saved = save(build, person, group, row, {"q2": Written("o3", 1)})
    assert saved.draft.values == VALUES | {"q2": "o3"}


def test_strangers_write_on_no_draft(build: Builder, group: Group) -> None:
    """Not who is not asked, nor in another body's name, nor before it opens."""
    body = build.organisation()
    row = asking(build, group)
    with pytest.raises(NotAllowed):
        save(build, build.account(), group, row, {"q1": Written("x", 0)})
    with pytest.raises(NotAllowed):
        save(build, build.member(group), group, row, {"q1": Written("x", 0)}, body.slug)
    early = asking(build, group, state=ConsultationState.DRAFT)
    with pytest.raises(NotAllowed):
        save(build, build.member(group), group, early, {"q1": Written("x", 0)})


def test_a_wrong_answer_saves_nothing_of_the_page(build: Builder, group: Group) -> None:
    """The complaint names the question."""
    person = build.member(group)
    row = asking(build, group)
    with pytest.raises(Invalid) as caught:
        save(build, person, group, row, {"q1": Written("Fine.", 0), "q4": Written("77", 0)})
    assert caught.value.field == "q4"
    build.session.rollback()
    assert build.session.scalar(sa.select(AnswerDraft.id)) is None


def test_under_the_chatham_house_rule_a_draft_names_nobody(build: Builder) -> None:
    """Neither whose it is nor who saved."""
    group = build.group(Ceiling.MEMBERS, attribution=Attribution.CHATHAM_HOUSE)
    person = build.member(group)
    row = asking(build, group)
    draft = save(build, person, group, row, {"q1": Written("x", 0)}).draft
    assert draft.writer_key.startswith("sealed:")
    assert draft.entries["q1"]["by"] is None
