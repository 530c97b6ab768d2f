"""The canonical form and its hash."""

import hashlib

from forum.domain.answers import canonical_form, content_hash, fingerprint


def test_the_same_answer_has_one_form() -> None:
    """Whatever the order in which it was written, and however accents are composed."""
    first = canonical_form("abc", "en", {"q1": "Caf\u00e9", "q2": ["o1"]})
    second = canonical_form("abc", "en", {"q2": ["o1"], "q1": "Cafe\u0301"})
    assert (
        first == second == '{"answers":{"q1":"Caf\u00e9","q2":["o1"]},"consultation":"abc","language":"en"}'
    )


def test_the_hash_can_be_checked_with_any_tool() -> None:
    """It is the SHA-256 of the form's bytes in UTF-8."""
    form = canonical_form("abc", "en", {"q1": "é"})
    assert content_hash(form) == hashlib.sha256(form.encode("utf-8")).hexdigest()
    assert content_hash(form) != content_hash(canonical_form("abc", "fr", {"q1": "é"}))


def test_a_fingerprint_tells_answers_apart() -> None:
    """None, text and lists, each its own."""
    marks = {fingerprint(value) for value in (None, "", "a", ["a"], {"a": "a"}, 1, "1")}
    assert len(marks) == 7
