"""What became of cited paragraphs."""

from hypothesis import given
from hypothesis import strategies as st

from forum.domain.fates import Fate, follow_paragraphs
from forum.richtext import render

OLD = "# Scope\n\nReports are counted in hours by every service.\n\nDesks cost money.\n\nThe end."
NEW = "# Scope\n\nNew words first.\n\nReports are counted in days by every service.\n\nThe\nend."


def test_unchanged_changed_and_gone() -> None:
    """Each with the anchor that it has now; white space alone is no change."""
    old, new = render(OLD, profile="paper"), render(NEW, profile="paper")
    followed = follow_paragraphs(old.text, old.paragraphs, new.text, new.paragraphs)
    assert followed == {
        "p1": (Fate.UNCHANGED, "p1"),
        "p2": (Fate.CHANGED, "p3"),
        "p3": (Fate.GONE, ""),
        "p4": (Fate.UNCHANGED, "p4"),
    }


@given(st.lists(st.sampled_from(["One.", "Two words.", "Three short words.", "Four"]), min_size=1))
def test_a_text_against_itself_is_unchanged(parts: list[str]) -> None:
    """Whatever is said twice in it."""
    made = render("\n\n".join(parts), profile="paper")
    followed = follow_paragraphs(made.text, made.paragraphs, made.text, made.paragraphs)
    assert followed == {one.anchor: (Fate.UNCHANGED, one.anchor) for one in made.paragraphs}
