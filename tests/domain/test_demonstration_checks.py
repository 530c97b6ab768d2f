"""The demonstration obeys the rules of the product, and each breach is told in a sentence."""

from dataclasses import replace
from pathlib import Path

import pytest

from forum.domain.charters import load_charters
from forum.domain.demonstration import Decision, Demonstration, Flag, Group, Post
from forum.domain.demonstration_checks import check
from forum.domain.demonstration_files import load_demonstration
from forum.domain.labels import Status, Tlp
from forum.domain.moderation import Action, FlagReason

ROOT = Path(__file__).parents[2]
CHARTERS = {charter.slug: charter for charter in load_charters(ROOT / "config" / "groups.toml")}
WHOLE = load_demonstration(ROOT / "forum" / "demonstration", tuple(CHARTERS.values()))
CENTRE = next(group for group in WHOLE.groups if group.slug == "european-centre")


def faults(group: Group) -> list[str]:
    """What is wrong when the group of the European Centre is this one."""
    return list(check(Demonstration(WHOLE.organisations, WHOLE.people, (group,)), CHARTERS))


def with_post(number: int, **changes: object) -> Group:
    """The group with one post of its first discussion changed, counted from 0."""
    discussion = CENTRE.discussions[0]
    posts = list(discussion.posts)
    posts[number] = replace(posts[number], **changes)
    return replace(CENTRE, discussions=(replace(discussion, posts=tuple(posts)),))


def with_paper(**changes: object) -> Group:
    """The group with its first paper, a position, changed."""
    return replace(CENTRE, papers=(replace(CENTRE.papers[0], **changes),), discussions=())


def decided(
    by: str, days_ago: float = 1.0, action: Action = Action.HIDE, rule: str = "civil"
) -> tuple[Decision]:
    """One decision."""
    return (Decision(action=action, by=by, rule=rule, reason="For the test.", days_ago=days_ago),)


def flagged(by: str) -> tuple[Flag]:
    """One flag."""
    return (Flag(by=by, reason=FlagReason.OTHER, explanation="For the test.", days_ago=1.0),)


def chain(length: int) -> Group:
    """The group with one discussion in which each post answers the one before."""
    first = CENTRE.discussions[0].posts[0]
    posts: list[Post] = [first]
    for number in range(1, length):
        posts.append(
            replace(
                first,
                key=f"p{number + 1}",
                reply_to=f"p{number}",
                days_ago=first.days_ago - number,
                text=f"{number}",
            )
        )
    return replace(CENTRE, discussions=(replace(CENTRE.discussions[0], posts=tuple(posts)),))


def test_what_ships_has_no_fault():
    """All groups, people and bodies together."""
    assert list(check(WHOLE, CHARTERS)) == []


def test_replies_may_be_nested_four_deep_and_no_deeper():
    """Five posts in a row are well, the sixth is not."""
    assert faults(chain(5)) == []
    assert any("nested more than 4 deep" in fault for fault in faults(chain(6)))


@pytest.mark.parametrize(
    ("group", "sentence"),
    [
        pytest.param(with_post(1, days_ago=99.0), "older than what it answers", id="a reply before its post"),
        pytest.param(with_post(1, author="gabor-megfigyelo"), "may not write", id="an observer writes"),
        pytest.param(with_post(1, author="nobody"), "no person 'nobody'", id="an author nobody knows"),
        pytest.param(
            with_post(1, speaking_for="green-nowhere"), "has no mandate", id="speaking without a mandate"
        ),
        pytest.param(with_post(1, text="Ask @no-one."), "mentions 'no-one'", id="a mention of nobody"),
        pytest.param(with_post(1, flags=flagged("piotr-wzor")), "cannot flag it", id="flagging oneself"),
        pytest.param(with_post(1, status=Status.PENDING), "does not say why", id="pending without a rule"),
        pytest.param(with_post(1, status=Status.HIDDEN), "leave it published", id="hidden by nobody"),
        pytest.param(
            with_post(1, status=Status.HIDDEN, decisions=decided("helena-primer")),
            "no moderator",
            id="not a moderator",
        ),
        pytest.param(
            with_post(1, status=Status.HIDDEN, decisions=decided("tomas-pavyzdys", rule="")),
            "names a rule",
            id="a decision against a text without a rule",
        ),
        pytest.param(
            with_post(1, status=Status.HIDDEN, decisions=decided("tomas-pavyzdys", rule="unheard-of")),
            "no rule 'unheard-of'",
            id="a rule of another group",
        ),
        pytest.param(
            with_post(1, status=Status.HIDDEN, decisions=decided("tomas-pavyzdys", days_ago=80.0)),
            "decided before it could be",
            id="a decision before the text",
        ),
        pytest.param(
            with_post(1, decisions=decided("tomas-pavyzdys", action=Action.APPROVE)),
            "cannot approve what is published",
            id="approving what was never held",
        ),
        pytest.param(
            with_post(
                1,
                author="claire-modele",
                speaking_for="demonstration-secretariat",
                status=Status.HIDDEN,
                decisions=decided("tomas-pavyzdys"),
            ),
            "on their own or their organisation's",
            id="deciding on a colleague",
        ),
        pytest.param(with_paper(owners=()), "positions have owners", id="a position that nobody owns"),
        pytest.param(
            with_paper(consultation="absent"), "no consultation 'absent'", id="answering what was not asked"
        ),
        pytest.param(with_paper(translation_of="absent"), "no paper 'absent'", id="a translation of nothing"),
        pytest.param(
            with_paper(versions=tuple(reversed(CENTRE.papers[0].versions))),
            "older than the one before",
            id="time",
        ),
        pytest.param(
            with_paper(
                versions=(
                    replace(CENTRE.papers[0].versions[0], status=Status.DRAFT),
                    CENTRE.papers[0].current,
                )
            ),
            "a draft must be the last",
            id="a draft in the middle",
        ),
        pytest.param(replace(CENTRE, current_stage="absent"), "no stage 'absent'", id="an unknown stage"),
        pytest.param(
            replace(
                CENTRE,
                seats=(replace(CENTRE.seats[0], organisation="green-nowhere"),),
                discussions=(),
                papers=(),
            ),
            "has no mandate of green-nowhere",
            id="a seat filled by a stranger",
        ),
    ],
)
def test_a_breach_is_told(group, sentence):
    assert any(sentence in fault and fault.startswith("european-centre.toml: ") for fault in faults(group))


def test_a_label_wider_than_the_group_is_told():
    """In a group for participants nothing is public."""
    group = next(g for g in WHOLE.groups if g.slug == "euif-challenges")
    wider = replace(group, discussions=(replace(group.discussions[0], tlp=Tlp.CLEAR),))
    assert any("CLEAR is wider than the group" in fault for fault in faults(wider))
