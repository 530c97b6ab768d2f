"""What an entry of a register rests on: the address of a passage of this site, read."""

import hashlib
import re
from dataclasses import dataclass

from forum.domain.attribution import SubjectKind

_ID = "[0-9a-z]{13}"
_END = r"(?![0-9a-z])"
_PATTERNS: tuple[tuple[SubjectKind, re.Pattern[str]], ...] = (
    (
        SubjectKind.VERSION,
        re.compile(
            rf"/papers/(?P<id>{_ID})/(?:v|versions)/(?P<number>[0-9]{{1,6}})(?:/cite/|#)?(?P<place>p[0-9]{{1,5}})?{_END}"
        ),
    ),
    (SubjectKind.ANSWER, re.compile(rf"/consultations/{_ID}/answers/(?P<id>{_ID}){_END}")),
    (
        SubjectKind.ATTACHMENT,
        re.compile(rf"/attachments/(?P<id>{_ID})(?:/pages/(?P<place>[0-9]{{1,5}}))?{_END}"),
    ),
    (SubjectKind.POST, re.compile(rf"/posts/(?P<id>{_ID}){_END}")),
)


@dataclass(frozen=True, slots=True)
class Pointed:
    """A passage that an address points at; nobody has looked yet whether there is one."""

    kind: SubjectKind
    public_id: str
    """Of the paper, for a version."""
    number: int | None = None
    """Of the version."""
    place: str = ""
    """The paragraph ("p17") of a version, the page of a file."""


def read_address(text: str) -> Pointed | None:
    """Give the passage that an address of this site, with or without its host, points at; None for none."""
    for kind, pattern in _PATTERNS:
        found = pattern.search(text)
        if found is not None:
            parts = found.groupdict()
            number = parts.get("number")
            return Pointed(kind, parts["id"], int(number) if number else None, parts.get("place") or "")
    return None


def hash_of(words: str) -> str:
    """Give the hash under which the words of a passage are cited."""
    return hashlib.sha256(words.encode()).hexdigest()
