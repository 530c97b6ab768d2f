"""What an assessment holds: from a draft's entries to what is stored, and back to what the form shows."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from forum.domain.assessments import Assessment, Catalogue
from forum.domain.catalogues import cells_of
from forum.domain.ratings import NO_VIEW, rating_of
from forum.richtext import Rendered


def entries_of(assessment: Assessment | None) -> dict[str, dict[str, str]]:
    """Give what was submitted as a form would have sent it."""
    if assessment is None:
        return {}
    return {
        key: {
            "rating": str(value["rating"]) if value["rating"] is not None else NO_VIEW,
            "confidence": value.get("confidence", ""),
            "reason": value.get("reason", ""),
            "evidence": value.get("evidence", ""),
        }
        for key, value in assessment.values.items()
    }


def fingerprint(entries: Mapping[str, Any]) -> str:
    """Give a hash of entries: a page that is sent back says by it what it showed."""
    canonical = json.dumps({key: one for key, one in entries.items() if one}, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def values_of(
    entries: Mapping[str, Mapping[str, str]], rendered: Mapping[str, tuple[Rendered, Rendered]]
) -> dict[str, Any]:
    """Give what is stored of a draft's cells, with their texts made ready."""
    values: dict[str, Any] = {}
    for name, entry in entries.items():
        if not entry.get("rating") or name not in rendered:
            continue
        reason, evidence = rendered[name]
        rating = None if entry["rating"] == NO_VIEW else int(entry["rating"])
        values[name] = {
            "rating": rating,
            "confidence": entry.get("confidence", ""),
            "reason": reason.source,
            "html": reason.html,
            "evidence": evidence.source,
            "evidence_html": evidence.html,
        }
    return values


def text_of(
    catalogue: Catalogue,
    values: Mapping[str, Any],
    rendered: Mapping[str, tuple[Rendered, Rendered]],
) -> str:
    """All of it in plain words, for whoever decides about it: a paragraph a cell."""
    parts = []
    for cell in cells_of(catalogue):
        if cell.key in values:
            rating = values[cell.key]["rating"]
            word = catalogue.scale[rating - 1] if rating else "–"
            head = f"{cell.solution['title']} · {cell.criterion['title']}: {word}"
            texts = (text.text.replace("\n\n", "\n") for text in rendered[cell.key])
            parts.append("\n".join([head, *(text for text in texts if text)]))
    return "\n\n".join(parts)


def changed_from(before: Assessment | None, now: Mapping[str, Any]) -> set[str]:
    """Give the cells whose rating is another than in the round before."""
    if before is None:
        return set()
    return {name for name in now if rating_of(before.values.get(name)) != rating_of(now[name])}
