"""Suggested wording: a comment that says what should stand in place of its passage."""

from sqlalchemy.orm import Session

from forum.domain.comments import MAX_REPLACEMENT, Suggestion
from forum.domain.text import normalise
from forum.domain.threads import Thread
from forum.errors import Invalid
from forum.richtext import render


def words_of(replacement: str) -> tuple[str, str]:
    """Give a replacement made ready to store, and its plain words; Invalid where it is too long.

    Rendered before a transaction, as every text.
    """
    replacement = normalise(replacement).strip()
    if len(replacement) > MAX_REPLACEMENT:
        raise Invalid(
            "Up to %(limit)d characters are accepted here. Shorten it.",
            field="replacement",
            limit=MAX_REPLACEMENT,
        )
    return replacement, render(replacement, profile="paper").text if replacement else ""


def add_suggestion(session: Session, thread: Thread, replacement: str, words: str) -> Suggestion:
    """Write down what a comment on a passage suggests; Invalid where that is what stands there."""
    if thread.anchor_exact is None:
        raise Invalid("Choose the passage or the paragraph that should read otherwise.", field="exact")
    if " ".join(words.split()) == " ".join(thread.anchor_exact.split()):
        raise Invalid("That is what stands there now. Write what it should say.", field="replacement")
    suggestion = Suggestion(thread_id=thread.id, replacement=replacement, words=words)
    session.add(suggestion)
    session.flush()
    return suggestion
