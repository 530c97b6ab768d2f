"""Citations: which contribution points at which other one, found by the addresses in its text."""

import re
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.attribution import SubjectKind
from forum.domain.base import Base
from forum.domain.references import find_references

MAX_CITATIONS = 200
"""Addresses noticed in one text."""

_ADDRESS = re.compile(
    r"/(?:posts/(?P<post>[0-9a-z]{13})"
    r"|papers/(?P<paper>[0-9a-z]{13})(?:/(?:v|versions)/(?P<number>[0-9]{1,6}))?)(?![0-9a-z])"
)


class Citation(Base):
    """One contribution's text holds the address of another one; who may know is asked when it is shown."""

    __tablename__ = "citation"
    __table_args__ = (sa.Index("ix_citation_target", "target", "target_number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source_kind: Mapped[SubjectKind]
    source_id: Mapped[int] = mapped_column(index=True)
    target: Mapped[str] = mapped_column(sa.String(64))
    """Public id of a post or a paper, or key of a document; nobody has to have checked that there is one."""
    target_number: Mapped[int | None]
    """The version of the paper, where the address names one."""


@dataclass(frozen=True, slots=True)
class Cited:
    """What a text points at."""

    target: str
    number: int | None = None


def find_cited(source: str) -> list[Cited]:
    """Give what addresses and references in a text point at, each once, addresses first, in their order."""
    found: dict[Cited, None] = {}
    for match in _ADDRESS.finditer(source):
        number = match["number"]
        found[Cited(match["post"] or match["paper"], int(number) if number else None)] = None
        if len(found) == MAX_CITATIONS:
            return list(found)
    for reference in find_references(source, MAX_CITATIONS - len(found)):
        found[Cited(reference.key)] = None
    return list(found)
