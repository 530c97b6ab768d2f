"""What a paper says before its text, and on every page, when it leaves as a file."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Front:
    """What stands before the text, and on every page."""

    title: str
    label: str
    """Who may read it, at the top of every page."""
    running: str
    address: str
    language: str
    facts: tuple[tuple[str, str], ...] = ()
    abstract: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    summary_words: str = "Summary"
    contents_words: str = "Contents"
