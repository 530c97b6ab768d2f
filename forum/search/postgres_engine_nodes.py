"""What matches and what that is worth, chunk by chunk: the plan of a query as sets and scores.

Every node knows for each chunk the set of documents that it matches (a whole number with a bit for each),
and can score one document. Sets are cheap and exact; scores are asked for the few that can be among the best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from forum.search.postgres_engine_blocks import Posting
from forum.search.weighing import coverage, rarity, worth_of


@dataclass(slots=True)
class Operand:
    """Something to look for: its postings in each chunk, and what its impacts are worth."""

    postings: Sequence[Posting | None]
    order: tuple[str, ...] = ()
    found: int = 0
    """In how many documents it stands."""
    worth: list[float] = field(default_factory=list)
    _top: float = -1.0

    @property
    def top(self) -> float:
        """The most that it adds to a score."""
        if self._top < 0:
            self._top = self.worth[max((p.top for p in self.postings if p), default=0)]
        return self._top

    def weigh(self, documents: int) -> Operand:
        """Fix what each impact is worth among so many documents."""
        self.found = sum(p.bits.bit_count() for p in self.postings if p)
        self.worth = worth_of(rarity(documents, self.found))
        return self

    def bits(self, chunk: int) -> int:
        """The documents of a chunk that match."""
        posting = self.postings[chunk]
        return posting.bits if posting else 0

    def score(self, chunk: int, place: int) -> float:
        """What a document is worth; 0 where it does not match."""
        posting = self.postings[chunk]
        return self.worth[posting.get(place) or 0] if posting else 0.0


@dataclass(slots=True)
class AnyOf:
    """The best of several alternatives."""

    parts: Sequence[Node]

    def bits(self, chunk: int) -> int:
        """The documents of a chunk that match."""
        found = 0
        for part in self.parts:
            found |= part.bits(chunk)
        return found

    def score(self, chunk: int, place: int) -> float:
        """What a document is worth; 0 where it does not match."""
        return max((part.score(chunk, place) for part in self.parts), default=0.0)


@dataclass(slots=True)
class Together:
    """A group: wanted operands add up, required parts must match, exclusions rule out.

    Whoever types a whole title wants that document first: `titled` adds to what matches anyway.
    """

    wanted: Sequence[Operand]
    required: Sequence[Node]
    excluded: Sequence[Sequence[int]]
    """For each exclusion the set of documents in each chunk."""
    live: Sequence[int] | None = None
    """All documents of each chunk, where nothing is asked for but exclusions."""
    titled: Operand | None = None

    def bits(self, chunk: int) -> int:
        """The documents of a chunk that match."""
        if self.live is not None:
            found = self.live[chunk]
        elif self.required:
            found = self.required[0].bits(chunk)
            for part in self.required[1:]:
                found &= part.bits(chunk)
        else:
            found = 0
            for operand in self.wanted:
                found |= operand.bits(chunk)
        for exclusion in self.excluded:
            found &= ~exclusion[chunk]
        return found

    def score(self, chunk: int, place: int) -> float:
        """What a document is worth; 0 where it does not match."""
        if not self.bits(chunk) >> place & 1:
            return 0.0
        if self.live is not None:
            return 1.0
        score, held = 0.0, 0
        for operand in self.wanted:
            part = operand.score(chunk, place)
            if part:
                score += part
                held += 1
        if held and len(self.wanted) > 1:
            score *= self.more(held)
        for node in self.required:
            score += node.score(chunk, place)
        return score + self.title(chunk, place)

    def more(self, held: int) -> float:
        """How much more a document is worth that holds so many of the wanted words."""
        return coverage(held, len(self.wanted))

    def title(self, chunk: int, place: int) -> float:
        """What a document is worth more whose title is the query."""
        return self.titled.score(chunk, place) if self.titled else 0.0


Node = Operand | AnyOf | Together
