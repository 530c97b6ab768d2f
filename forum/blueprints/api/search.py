"""Finding what one may read, as the search page ranks it."""

from typing import Any

from forum.blueprints.api.answers import (
    AUTHOR,
    ID,
    LABEL,
    LANGUAGE_SHOWN,
    SLUG,
    STATUS,
    author_of,
)
from forum.blueprints.api.schemas import component, fields, flag, many, maybe, moment, one_of, text, whole
from forum.blueprints.api.support import Asked, call, url, utc
from forum.blueprints.identity import current_actor
from forum.domain.papers import TranslationKind
from forum.extensions import db, search_engine
from forum.search.query import FACETS, VERSIONS
from forum.services.indexing import DOCUMENT_KINDS
from forum.services.search import MAX_PAGES, MAX_TEXT, SORTS, Facet, search
from forum.services.search_filters import read_filters
from forum.services.search_hits import Found

_DAY = r"^\d{4}(-\d{2}(-\d{2})?)?$"
_NOT = " With a minus before it, everything else."
_FILTERS = {
    "kind": one_of([*DOCUMENT_KINDS, *(f"-{kind}" for kind in DOCUMENT_KINDS)], _NOT.strip()),
    "group": text("Its slug." + _NOT, 100),
    "organisation": text("Slug or name of the body spoken for." + _NOT, 100),
    "organisation_type": text("A stakeholder type." + _NOT, 100),
    "country": text("ISO 3166-1." + _NOT, 100),
    "language": text("ISO 639-1." + _NOT, 100),
    "author": text("Words of the author's name, as far as you may see it." + _NOT, 100),
    "after": text("From this year, month or day on.", 10, pattern=_DAY),
    "before": text("Before this year, month or day.", 10, pattern=_DAY),
    "year": text("Of the date." + _NOT, 5, pattern=r"^-?\d{4}$"),
    "label": text("A TLP label." + _NOT, 100),
    "versions": one_of(VERSIONS, "Which versions of papers."),
    "topic": text("Slug or name of a topic: its terms are looked for as well." + _NOT, 100),
    "without": text("A term of the topic that is left aside.", 100),
}
HIT = component(
    "Hit",
    fields(
        {
            "kind": one_of(DOCUMENT_KINDS, "A paper is one version of it."),
            "id": ID,
            "container": maybe(ID | {"description": "The discussion or paper that it is a part of."}),
            "url": text("The passage on its page."),
            "cite": text("An address that lasts."),
            "title": text(),
            "snippet": text("The best passage, as plain text."),
            "pieces": many(
                fields({"text": text(), "is_hit": flag()}), "The passage in pieces, and which are hits."
            ),
            "group": SLUG,
            "author": maybe(AUTHOR),
            "at": moment(),
            "status": STATUS,
            "label": LABEL,
            "language": LANGUAGE_SHOWN,
            "translation": maybe(
                one_of(TranslationKind, "Who answers for it, where it is a translation; null: authentic.")
            ),
            "version": maybe(whole("Of the paper.", 1)),
            "newer_version": maybe(whole("The newest one that you may read, if this is not it.", 1)),
            "paragraph": maybe(whole("Of the paper, where the passage begins.", 1)),
            "page": maybe(whole("Of the attachment.", 1)),
        }
    ),
)
RESULTS = component(
    "Results",
    fields(
        {
            "total": whole("Exact, over what you may read."),
            "page": whole("", 1),
            "pages": whole("How many can be turned to.", 1),
            "understood": text("What was looked for, as the search box would write it."),
            "suggestion": maybe(text("The words spelled so that something is found.")),
            "widened": many(
                text(), "Nears whose sides stand together in too many texts: taken as both, anywhere."
            ),
            "items": many(HIT),
            "facets": many(
                fields(
                    {
                        "field": one_of(FACETS),
                        "values": many(
                            fields(
                                {
                                    "value": text(),
                                    "name": maybe(text("Of a group.")),
                                    "count": whole("How many results it leaves."),
                                    "is_chosen": flag(),
                                }
                            )
                        ),
                    }
                )
            ),
        }
    ),
)


@call(
    "GET",
    "/search",
    "What I may read of what was asked, the best first",
    answer=RESULTS,
    query={
        "q": text(
            "Words, phrases in quotation marks, -exclusions and filters, as in the search box.", MAX_TEXT
        ),
        **_FILTERS,
        "sort": one_of(SORTS),
        "page": whole("From 1.", 1, MAX_PAGES),
    },
)
def find(asked: Asked) -> dict[str, Any]:
    """Give a page of results with exact total and facets."""
    query = asked.query
    chosen = {name: [query[name]] for name in _FILTERS if name in query}
    page = search(
        db.session(),
        current_actor(),
        search_engine(),
        text=query.get("q", ""),
        filters=read_filters(chosen),
        sort=query.get("sort", SORTS[0]),
        page=query.get("page", 1),
    )
    return {
        "total": page.total,
        "page": page.number,
        "pages": page.pages,
        "understood": page.understood,
        "suggestion": page.suggestion,
        "widened": list(page.widened),
        "items": [_hit(found) for found in page.hits],
        "facets": [_facet(facet) for facet in page.facets],
    }


def _hit(found: Found) -> dict[str, Any]:
    return {
        "kind": found.kind,
        "id": found.public_id,
        "container": found.container_id,
        "url": url(found.url),
        "cite": url(found.cite),
        "title": found.title,
        "snippet": "".join(piece for piece, _ in found.passage),
        "pieces": [{"text": piece, "is_hit": is_hit} for piece, is_hit in found.passage],
        "group": found.group_slug,
        "author": author_of(found.byline) if found.byline is not None else None,
        "at": utc(found.at, day_only=found.is_day_only),
        "status": found.status,
        "label": found.tlp,
        "language": found.language,
        "translation": found.translation,
        "version": found.version,
        "newer_version": found.newer.number if found.newer is not None else None,
        "paragraph": found.paragraph,
        "page": found.page,
    }


def _facet(facet: Facet) -> dict[str, Any]:
    return {
        "field": facet.field,
        "values": [
            {"value": one.value, "name": one.name, "count": one.count, "is_chosen": one.is_chosen}
            for one in facet.values
        ],
    }
