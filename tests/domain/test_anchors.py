"""Passages that survive a revision."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.anchors import MAX_LENGTH, Found, describe, describe_paragraph, find, follow
from forum.domain.paragraphs import Paragraph, fingerprint
from forum.domain.threads import AnchorState

Version = tuple[str, list[Paragraph]]

RISK = "Providers should assess the risk that their service is used for dissemination, and write it down."
COST = "The costs of an assessment fall on small bodies first, so thresholds belong in the instrument itself."
LAST = "National authorities report each year what they asked for and what came of it in the end."
OTHER = "Nothing in this paragraph has anything to do with what stood here in the version before it."


def _version(*texts: str) -> Version:
    paragraphs, position = [], 0
    for number, text in enumerate(texts, 1):
        paragraphs.append(Paragraph(number, "paragraph", position, position + len(text), fingerprint(text)))
        position += len(text) + 2
    return "\n\n".join(texts), paragraphs


def _follow(passage: str, old: Version, new: Version) -> tuple[Found, str]:
    start = old[0].index(passage)
    anchor = describe(old[0], start, start + len(passage), old[1])
    (found,) = follow([anchor], *old, *new)
    return found, new[0][found.start : found.end] if found.state is not AnchorState.ORPHANED else ""


@pytest.mark.parametrize(
    ("passage", "old", "new", "state", "words", "paragraph"),
    [
        pytest.param(
            "assess the risk", (RISK,), (RISK,), "kept", "assess the risk", "p1", id="nothing changed"
        ),
        pytest.param(
            "fall on small", (RISK, COST), (OTHER, RISK, COST), "kept", "fall on small", "p3", id="shifted"
        ),
        pytest.param(
            "assess the risk",
            (RISK,),
            ("All " + RISK.replace("down", "up"),),
            "kept",
            "assess the risk",
            "p1",
            id="the rest of the paragraph changed",
        ),
        pytest.param(
            "assess the risk that",
            (RISK,),
            (RISK.replace("assess", "weigh"),),
            "moved",
            "the risk that",
            "p1",
            id="its first word changed",
        ),
        pytest.param(
            "service is used for",
            (RISK,),
            (RISK.replace("used", "widely misused"),),
            "moved",
            "service is widely misused for",
            "p1",
            id="words came into it",
        ),
        pytest.param(
            "assess the\nrisk",
            (RISK.replace("the risk", "the\nrisk"),),
            (RISK + " Now.",),
            "kept",
            "assess the risk",
            "p1",
            id="wrapped anew",
        ),
        pytest.param(
            "Providers should assess",
            (RISK, COST, LAST),
            (COST, LAST, RISK),
            "moved",
            "Providers should assess",
            "p3",
            id="its paragraph moved",
        ),
        pytest.param(
            "so thresholds belong in the instrument itself.",
            (RISK, COST, LAST),
            (RISK, "It has been said: so thresholds belong in the instrument itself.", LAST),
            "kept",
            "so thresholds belong in the instrument itself.",
            "p2",
            id="its paragraph was rewritten around it",
        ),
        pytest.param(
            "fall on small", (RISK, COST, LAST), (RISK, OTHER, LAST), "orphaned", "", "", id="replaced"
        ),
        pytest.param("fall on small", (RISK, COST, LAST), (RISK, LAST), "orphaned", "", "", id="deleted"),
        pytest.param(
            "what came of it",
            (RISK, LAST),
            (RISK, LAST.replace(" and what came of it", "")),
            "orphaned",
            "",
            "",
            id="deleted within its paragraph",
        ),
        pytest.param(
            "the end",
            (COST, LAST),
            (COST, "This is not the end of something else altogether, or is it?"),
            "orphaned",
            "",
            "",
            id="the same two words elsewhere are not it",
        ),
    ],
)
def test_follow(
    passage: str, old: tuple[str, ...], new: tuple[str, ...], state: str, words: str, paragraph: str
) -> None:
    found, there = _follow(passage, _version(*old), _version(*new))
    assert (found.state.value, there, found.paragraph) == (state, words, paragraph)


def test_of_two_places_with_the_same_words_the_surroundings_choose() -> None:
    old = _version("First the rule applies to all of them. Then the rule applies to none of them.")
    new = _version("Now: first the rule applies to all of us. Then the rule applies to none of them, ever.")
    anchor = describe(old[0], old[0].rindex("the rule"), old[0].rindex("the rule") + 8, old[1])
    (found,) = follow([anchor], *old, *new)
    assert found.start == new[0].rindex("the rule")


@pytest.mark.parametrize(
    ("new", "state", "words"),
    [
        pytest.param((RISK, COST), "kept", "assess the risk", id="at its place"),
        pytest.param((OTHER, RISK, COST), "kept", "assess the risk", id="further down"),
        pytest.param(
            (OTHER, RISK.replace("the risk", "every risk")), "moved", "assess every risk", id="changed"
        ),
        pytest.param((OTHER, LAST), "orphaned", "", id="gone"),
    ],
)
def test_a_passage_is_found_without_the_older_version(new: tuple[str, ...], state: str, words: str) -> None:
    old = _version(RISK, COST)
    start = RISK.index("assess the risk")
    text, paragraphs = _version(*new)
    found = find(describe(old[0], start, start + 15, old[1]), text, paragraphs)
    assert (found.state.value, text[max(0, found.start) : max(0, found.end)]) == (state, words)


def test_an_anchor_follows_the_web_annotation_model() -> None:
    text, paragraphs = _version(RISK, COST)
    start = text.index("small bodies")
    anchor = describe(text, start - 1, start + 13, paragraphs)
    assert (anchor.exact, anchor.start, anchor.end, anchor.paragraph) == (
        "small bodies", start, start + 12, "p2",
    )  # fmt: skip
    assert anchor.to_selectors() == [
        {
            "type": "TextQuoteSelector",
            "exact": "small bodies",
            "prefix": " costs of an assessment fall on ",
            "suffix": " first, so thresholds belong in ",
        },
        {"type": "TextPositionSelector", "start": start, "end": start + 12},
    ]
    assert describe_paragraph(text, paragraphs[1]).exact == COST


@pytest.mark.parametrize(("start", "end"), [(3, 3), (5, 3), (-1, 4), (0, 9_999), (6, 8)])
def test_what_is_no_passage_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="passage"):
        describe("Alpha \n beta", start, end)


def test_too_long_a_passage_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        describe("a" * (MAX_LENGTH + 1), 0, MAX_LENGTH + 1)


WORDS = st.lists(st.sampled_from(["the", "risk", "a", "law.", "\n", "é", "x-y"]), min_size=1, max_size=12)
TEXTS = st.lists(WORDS.map(" ".join).map(str.strip).filter(bool), min_size=1, max_size=6)


@given(TEXTS, st.data())
def test_in_an_unchanged_text_every_passage_is_kept_where_it_was(
    texts: list[str], data: st.DataObject
) -> None:
    version = _version(*texts)
    holder = data.draw(st.sampled_from(version[1]))
    start = data.draw(st.integers(holder.start, holder.end - 1))
    anchor = describe_paragraph(version[0], holder)
    if version[0][start : holder.end].strip():
        anchor = describe(version[0], start, holder.end, version[1])
    (followed,) = follow([anchor], *version, *version)
    assert (followed.state, followed.start, followed.end, followed.paragraph) == (
        AnchorState.KEPT, anchor.start, anchor.end, holder.anchor,
    )  # fmt: skip
    assert find(anchor, *version) == followed


@given(TEXTS, TEXTS, st.data())
def test_whatever_is_found_lies_in_the_new_text(old: list[str], new: list[str], data: st.DataObject) -> None:
    before, after = _version(*old), _version(*new)
    anchor = describe_paragraph(before[0], data.draw(st.sampled_from(before[1])))
    for found in (*follow([anchor], *before, *after), find(anchor, *after)):
        if found.state is AnchorState.ORPHANED:
            assert (found.start, found.end, found.paragraph) == (-1, -1, "")
            continue
        assert 0 <= found.start < found.end <= len(after[0])
        assert found.paragraph
        if found.state is AnchorState.KEPT:
            assert after[0][found.start : found.end].split() == anchor.exact.split()
