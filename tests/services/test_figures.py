"""Figures: counted over what the reader may read, a coalition once as text and as bodies."""

import pytest

from forum.domain.answers import Publication
from forum.domain.consultations import AnswersVisible
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling
from forum.domain.organisations import MemberBody, StakeholderType
from forum.services.figures import load_figures
from tests.builders import Builder
from tests.services.answering import VALUES, asking, colleague, send


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC)


def test_counts_by_choice_and_type(build: Builder, group: Group) -> None:
    """Each kind of question in its own way; confidential ones only to the secretariat."""
    row = asking(build, group, answers_visible=AnswersVisible.AT_ONCE)
    kinds = (StakeholderType.COMPANY, StakeholderType.COMPANY, StakeholderType.NGO)
    for number, kind in enumerate(kinds, 1):
        person = colleague(build, group, build.organisation(type=kind))
        more = {"q1": f"Text {number}.", "q3": ["o1", "o2"], "q4": number, "q5": {"r1": "o1"}}
        send(build, person, group, row, VALUES | more)
    hidden = colleague(build, group, build.organisation())
    send(build, hidden, group, row, publication=Publication.CONFIDENTIAL)
    figures = load_figures(build.session, build.actor(None), group, row)
    assert (figures.answers, figures.texts, figures.bodies) == (3, 3, 3)
    text, one, several, scale, matrix = figures.questions
    assert (text.answered, text.rows) == (3, ())
    assert [(line.words, line.count, line.share) for line in one.rows] == [
        ("Yes", 3, 100),
        ("No", 0, 0),
        ("Only in part", 0, 0),
    ]
    assert one.rows[0].by_type == {StakeholderType.COMPANY: 2, StakeholderType.NGO: 1}
    assert [line.count for line in several.rows] == [3, 3, 0]
    assert (scale.mean, [line.count for line in scale.rows]) == (2.0, [1, 1, 1, 0, 0])
    assert [(words, rows[0].count) for words, rows in matrix.tables] == [("Cost", 3), ("Effect", 0)]
    secretariat = build.actor(build.member(group, role=GroupRole.SECRETARIAT))
    assert load_figures(build.session, secretariat, group, row).answers == 4


def test_a_coalition_is_one_text_of_several_bodies(build: Builder, group: Group) -> None:
    """And a member of an umbrella that answered too is pointed out."""
    row = asking(build, group, answers_visible=AnswersVisible.AT_ONCE)
    umbrella, member = build.organisation(), build.organisation()
    build.session.add(MemberBody(umbrella_id=umbrella.id, member_id=member.id))
    for body in (umbrella, member):
        send(build, colleague(build, group, body), group, row)
    figures = load_figures(build.session, build.actor(None), group, row)
    assert (figures.answers, figures.texts, figures.bodies, figures.umbrellas) == (2, 1, 2, 1)


def test_before_the_closing_nobody_else_counts_anything(build: Builder, group: Group) -> None:
    """A writer's figures are of their own answer alone."""
    row = asking(build, group)
    people = [build.member(group) for _ in range(3)]
    for person in people:
        send(build, person, group, row)
    assert load_figures(build.session, build.actor(None), group, row).answers == 0
    assert load_figures(build.session, build.actor(people[0]), group, row).answers == 1
