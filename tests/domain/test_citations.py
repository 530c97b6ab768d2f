"""What a text points at."""

import pytest

from forum.domain.citations import MAX_CITATIONS, Cited, find_cited

POST, PAPER = "c66vwxs4lr6y6", "cpmue77i7zsry"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"as said in /posts/{POST}", [Cited(POST)]),
        (f"see https://forum.example/papers/{PAPER}/v/2#p17.", [Cited(PAPER, 2)]),
        (f"[paper](/groups/lab/papers/{PAPER}/versions/3)", [Cited(PAPER, 3)]),
        (f"[paper](/groups/lab/papers/{PAPER}/)", [Cited(PAPER)]),
        (f"/posts/{POST} and again /posts/{POST}", [Cited(POST)]),
        (f"/posts/{POST}x", []),
        ("/posts/short /papers/new /papers/drafts/", []),
        ("", []),
    ],
)
def test_addresses_of_posts_and_papers_are_found(text: str, expected: list[Cited]) -> None:
    """Wherever they stand, with or without a host, each once."""
    assert find_cited(text) == expected


def test_a_text_of_addresses_is_cut() -> None:
    """No text makes more than so many."""
    text = " ".join(f"/papers/{PAPER}/v/{number}" for number in range(MAX_CITATIONS * 3))
    assert len(find_cited(text)) == MAX_CITATIONS
