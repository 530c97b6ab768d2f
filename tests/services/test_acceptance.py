"""Accepting suggested wording: into the Markdown of the draft, or not at all."""

from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.comments import CommentAnswer
from forum.domain.labels import Ceiling, Status
from forum.domain.papers import Paper, PaperVersion
from forum.domain.paragraphs import Paragraph
from forum.domain.threads import Thread
from forum.errors import Conflict, NotAllowed
from forum.richtext import render
from forum.services.acceptance import (
    Obstacle,
    OpenSuggestion,
    Plan,
    _Change,
    _replace,
    accept,
    list_open_suggestions,
    plan_acceptance,
)
from forum.services.attribution import Byline
from forum.services.drafts import delete_draft, save_draft
from forum.services.papers import get_paper
from tests.builders import Builder
from tests.services.commenting import Commenting, commenting
from tests.services.paper_writing import text as draft_text

TEXT = """# Scope

Reports are *counted* in working hours,
and by **nobody else** than the [service](https://service.example).[^1]

> A desk that is open at night
> costs more than small services have.

- every service publishes;
- every authority answers.

| Size | Days |
|------|------|
| fifty | two |

[^1]: Of the survey.
"""
REASON = "The wording is clearer this way."


@dataclass
class Desk:
    """Who accepts suggestions on a paper."""

    world: Commenting
    session: Session
    build: Builder

    def plan(self, *threads: Thread, by: Account | None = None) -> Plan:
        world = self.world
        actor = self.build.actor(by or world.author)
        paper = self.session.get_one(Paper, world.first.paper_id)
        self.head = get_paper(self.session, actor, world.group.slug, paper.public_id)
        return plan_acceptance(self.session, actor, self.head, [one.public_id for one in threads])

    def accept(self, plan: Plan) -> PaperVersion:
        actor = self.build.actor(self.world.author)
        draft = accept(self.session, actor, self.head, plan, REASON, now=self.build.clock())
        self.session.commit()
        return draft.version


@pytest.fixture
def desk(session: Session, build: Builder) -> Desk:
    group = build.group(Ceiling.PUBLIC)
    return Desk(commenting(session, build, group, build.member(group), TEXT), session, build)


@pytest.mark.parametrize(
    ("exact", "replacement", "expected"),
    [
        ("working hours, and by", "days, by", "*counted* in days, by **nobody"),
        ("counted", "told", "are *told* in"),
        ("Reports are counted in", "We count in", "\nWe count in working"),
        ("by nobody else", "by none", "and by none than"),
        ("the service", "the body", "the body.[^1]"),
        ("open at night costs more", "open costs *much*", "open costs *much* than"),
        ("every authority answers", "authorities answer", "- authorities answer."),
        ("fifty", "sixty", "| sixty | two |"),
        (", and by nobody else than the service", "", "in working hours.[^1]"),
    ],
    ids=[
        "lines",
        "in emphasis",
        "with emphasis",
        "emphasis' end",
        "link",
        "quotation",
        "list",
        "cell",
        "out",
    ],
)
def test_a_passage_is_replaced_in_the_source(desk: Desk, exact: str, replacement: str, expected: str) -> None:
    """The draft of the next version has the new words where the old ones were, and everything else."""
    draft = desk.accept(desk.plan(desk.world.suggest(exact, replacement)))
    assert draft.status is Status.DRAFT
    assert expected in draft.source
    assert draft.source.count("[^1]") == 2


def test_several_at_once_land_together(desk: Desk) -> None:
    """One draft with all of them; each is answered, with the reason and where it landed."""
    threads = [
        desk.world.suggest("working hours", "working days"),
        desk.world.suggest("every authority answers", "every authority answers within a week"),
        desk.world.suggest("fifty", "sixty people"),
    ]
    draft = desk.accept(desk.plan(*reversed(threads)))
    for words in ("working days", "within a week", "| sixty people |"):
        assert words in draft.source
    answers = desk.session.scalars(sa.select(CommentAnswer)).all()
    assert [(one.disposition.value, one.reason, one.landed_in_id) for one in answers] == [
        ("accepted", REASON, draft.id)
    ] * 3
    assert list_open_suggestions(desk.session, desk.build.actor(desk.world.author), desk.head) == []


def test_overlapping_ones_are_named_and_nothing_is_changed(desk: Desk) -> None:
    """Each says which other it collides with, also where a long one covers several; the rest waits too."""
    wide = desk.world.suggest("in working hours, and by nobody", "somehow, by nobody")
    first, second = desk.world.suggest("working", "office"), desk.world.suggest("by nobody", "by no one")
    other = desk.world.suggest("fifty", "sixty")
    plan = desk.plan(wide, first, second, other)
    assert plan.rendered is None
    said = {(one.public_id, one.other) for one in plan.obstacles}
    assert said == {
        (wide.public_id, first.title), (first.public_id, wide.title),
        (wide.public_id, second.title), (second.public_id, wide.title),
    }  # fmt: skip
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(CommentAnswer)) == 0


@pytest.mark.parametrize(
    ("exact", "replacement"),
    [
        pytest.param("Of the survey", "Of a survey", id="in a footnote"),
        pytest.param("than small services have. every service", "and every service", id="over a list's mark"),
        pytest.param("Scope", "# Scope\n\nMore", id="a heading in a heading"),
        pytest.param("fifty", "fifty | sixty", id="a cell that would become two"),
    ],
)
def test_what_is_not_certain_is_left_to_people(desk: Desk, exact: str, replacement: str) -> None:
    """Said as such; the text is not touched."""
    plan = desk.plan(desk.world.suggest(exact, replacement))
    assert [one.message for one in plan.obstacles] == [
        "Its passage cannot be told for certain in the Markdown of the text."
    ]


def test_a_passage_reworded_since_is_not_replaced(desk: Desk) -> None:
    """In a newer version, or in the draft that is being written."""
    thread = desk.world.suggest("counted in working hours", "counted in days")
    draft = desk.world.papers.next(
        desk.world.author,
        desk.session.get_one(Paper, desk.world.first.paper_id),
        desk.world.group,
        TEXT.replace("working hours", "office hours"),
        based_on=1,
    )
    assert [one.message for one in desk.plan(thread).obstacles] == [
        "The draft no longer has the words of its passage."
    ]
    desk.world.papers.send(desk.world.author, draft)
    desk.world.place()
    assert desk.plan(thread).obstacles == [Obstacle(thread.public_id, "Its passage was reworded since.")]


def test_a_draft_that_was_edited_keeps_its_edits(desk: Desk) -> None:
    """The suggestion goes into the draft there is; one saved meanwhile is a conflict, and nothing is lost."""
    thread = desk.world.suggest("working hours", "working days")
    paper = desk.session.get_one(Paper, desk.world.first.paper_id)
    begun = desk.world.papers.next(
        desk.world.author, paper, desk.world.group, "New first words.\n\n" + TEXT, based_on=1
    )
    plan = desk.plan(thread)
    save_draft(
        desk.session,
        desk.build.actor(desk.world.author),
        begun.version.public_id,
        draft_text("Other words.\n\n" + TEXT),
        lock_version=begun.version.lock_version,
        now=desk.build.clock(),
    )
    desk.session.commit()
    with pytest.raises(Conflict):
        desk.accept(plan)
    desk.session.rollback()
    draft = desk.accept(desk.plan(thread))
    assert "Other words." in draft.source
    assert "working days" in draft.source


def test_a_deleted_draft_lets_its_suggestions_go(desk: Desk) -> None:
    """They stay accepted, and are in no text."""
    draft = desk.accept(desk.plan(desk.world.suggest("fifty", "sixty")))
    delete_draft(desk.session, desk.build.actor(desk.world.author), draft.public_id, now=desk.build.clock())
    desk.session.commit()
    answer = desk.session.scalars(sa.select(CommentAnswer)).one()
    assert (answer.disposition.value, answer.landed_in_id) == ("accepted", None)


def test_only_who_answers_for_the_paper_accepts(desk: Desk, build: Builder) -> None:
    """A member of the group who is no author of the paper does not."""
    thread = desk.world.suggest("fifty", "sixty")
    with pytest.raises(NotAllowed):
        desk.plan(thread, by=build.member(desk.world.group))


RENDERED = render(TEXT, profile="paper")


@given(st.data())
def test_whatever_is_replaced_says_what_was_meant(data: st.DataObject) -> None:
    """Any passage of the text, any words: the result has exactly those, or there is none."""
    start = data.draw(st.integers(0, len(RENDERED.text) - 1))
    end = data.draw(st.integers(start + 1, min(len(RENDERED.text), start + 80)))
    words = data.draw(
        st.sampled_from(["", "new", "two words", "a *b* c", "x | y", "- z", "# h", "`c`", "**"])
    )
    if not RENDERED.text[start:end].strip():
        return
    plain = render(words, profile="paper").text if words else ""
    one = OpenSuggestion(
        1, "a", "t", RENDERED.text[start:end], words, plain, "", "en", Byline(), None, start, end
    )
    paragraphs: list[Paragraph] = list(RENDERED.paragraphs)
    made = _replace(TEXT, RENDERED.text, paragraphs, _Change(one, start, end))
    if made is not None:
        meant = RENDERED.text[:start] + plain + RENDERED.text[end:]
        assert "".join(made.text.split()) == "".join(meant.split())
