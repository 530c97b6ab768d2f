"""The demonstration's assessments: read from a group's file, ratings by solution and reasons by criterion."""

from dataclasses import dataclass, field

from forum.domain.charters import Charter
from forum.domain.datafile import Table
from forum.domain.labels import Tlp
from forum.domain.ratings import CONFIDENCES


@dataclass(frozen=True)
class AssessmentOf:
    """What the seat of `by` gave: in a round, or of a country at any time (round 0).

    `ratings` has a number for each criterion, 0 for no view; `reasons` a text for each criterion, or, where
    there is one criterion alone, for each solution.
    """

    catalogue: str
    by: str
    round: int
    country: str
    tlp: Tlp
    days_ago: float
    confidence: str
    ratings: dict[str, list[int]] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    evidence: dict[str, str] = field(default_factory=dict)


def read_assessments(top: Table, charter: Charter) -> tuple[AssessmentOf, ...]:
    """Read all of a group; DataFileError names what does not fit the charter's catalogue."""
    return tuple(_read(table, charter) for table in top.tables("assessments", "by"))


def _read(table: Table, charter: Charter) -> AssessmentOf:
    catalogues = {one.key: one for one in charter.catalogues}
    found = AssessmentOf(
        catalogue=table.choice("catalogue", catalogues),
        by=table.slug("by"),
        round=table.whole("round", 0),
        country=table.text("country", ""),
        tlp=Tlp(table.choice("tlp", [tlp.value for tlp in Tlp], charter.default_tlp.value)),
        days_ago=table.number("days_ago", 30.0),
        confidence=table.choice("confidence", CONFIDENCES, "medium"),
    )
    catalogue = catalogues[found.catalogue]
    criteria = [one["key"] for one in catalogue.criteria]
    solutions = [one["key"] for one in catalogue.solutions]
    ratings = table.table("ratings")
    for key in solutions:
        if key in ratings:
            found.ratings[key] = list(ratings.wholes(key))
            if len(found.ratings[key]) != len(criteria) or max(found.ratings[key]) > len(catalogue.scale):
                raise ratings.fault(key, "must have a rating of the scale for each criterion")
    ratings.finish()
    for name, texts in (("reasons", found.reasons), ("evidence", found.evidence)):
        if name in table:
            rows = table.table(name)
            for key in (*criteria, *solutions):
                if key in rows:
                    texts[key] = rows.text(key)
            rows.finish()
    table.finish()
    return found
