"""The search page: what was asked, what was found, what narrows it; nothing but links, and GET throughout."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, jsonify, redirect, render_template, request
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from forum.blueprints import wording
from forum.blueprints.identity import current_actor
from forum.blueprints.support import error_words, page_argument
from forum.domain.labels import Tlp
from forum.domain.organisations import StakeholderType
from forum.errors import Invalid
from forum.extensions import db, search_engine
from forum.search.grammar import MAX_NEARS, MAX_OPERANDS, MAX_PREFIXES
from forum.search.query import Filters
from forum.services.search import MAX_TEXT, SORTS, SearchPage, View, search
from forum.services.search_completion import complete_text
from forum.services.search_filters import read_filters, write_arguments

blueprint = Blueprint("search", __name__)

SHOWN_VALUES = 8
"""Values of a facet that are shown before "more"."""

_KINDS = {
    "post": lazy_gettext("Discussion"),
    "paper": lazy_gettext("Paper"),
    "attachment": lazy_gettext("Attachment"),
    "consultation": lazy_gettext("Consultation"),
    "answer": lazy_gettext("Answer to a consultation"),
    "entry": lazy_gettext("Entry of a register"),
    "meeting": lazy_gettext("Meeting"),
    "decision": lazy_gettext("Decision of the group"),
}
_FIELDS = {
    "group": lazy_gettext("Group"),
    "kind": lazy_gettext("Kind"),
    "organisation_type": lazy_gettext("Type of author"),
    "country": lazy_gettext("Country"),
    "language": lazy_gettext("Language"),
    "year": lazy_gettext("Year"),
    "organisation": lazy_gettext("Organisation"),
    "author": lazy_gettext("Author"),
    "label": lazy_gettext("Label"),
    "after": lazy_gettext("From"),
    "before": lazy_gettext("Before"),
    "versions": lazy_gettext("Versions"),
    "topic": lazy_gettext("Topic"),
    "term": lazy_gettext("Or"),
    "without": lazy_gettext("Left aside"),
}
_VERSIONS = {
    "current": lazy_gettext("current ones only"),
    "superseded": lazy_gettext("superseded ones only"),
}


@blueprint.get("/search")
def page() -> tuple[str, int] | str | Response:
    """Show what this person finds; a query that is too long comes back with what was typed."""
    text = " ".join(request.args.get("q", "").split())
    filters = read_filters(request.args.to_dict(flat=False))
    try:
        found = search(
            db.session(),
            current_actor(),
            search_engine(),
            text=text,
            filters=filters,
            sort=request.args.get("sort", SORTS[0]),
            page=page_argument(),
            view=_view(),
        )
    except Invalid as error:
        message = error_words(error)
        return render_template("search/page.html", **_shown(text, error=message), found=None), 422
    return render_template("search/page.html", **_shown(text), found=found, links=Links(found))


@blueprint.get("/search/complete")
def complete() -> Response:
    """Give what the text of the box could become, for the script of the page."""
    text = request.args.get("q", "")
    return jsonify(completions=complete_text(db.session(), current_actor(), search_engine(), text))


@blueprint.get("/search/")
def with_slash() -> Response:
    """Lead from the address with a slash to the page, with what was asked."""
    query = request.query_string.decode("ascii", "ignore")
    return redirect(f"/search?{query}" if query else "/search", 301)


def _shown(text: str, error: str = "") -> dict[str, Any]:
    return {
        "text": text,
        "error": error,
        "may_raise": bool(current_actor().group_roles),
        "raised_kinds": ("post", "paper", "answer", "attachment"),
        "most": MAX_TEXT,
        "limits": {"words": MAX_OPERANDS, "prefixes": MAX_PREFIXES, "nears": MAX_NEARS},
        "few": SHOWN_VALUES,
        "views": View,
        "field_name": field_name,
        "value_words": value_words,
        "kind_name": kind_name,
    }


def _view() -> View:
    try:
        return View(request.args.get("view", View.PASSAGES))
    except ValueError:
        return View.PASSAGES


def kind_name(kind: str) -> str:
    """Give a kind of document in words."""
    return str(_KINDS.get(kind, kind))


def field_name(field: str) -> str:
    """Give what a facet or a chip is about."""
    return str(_FIELDS[field])


def value_words(field: str, value: str, name: str | None = None) -> str:
    """Give a value of a filter in words; what stands for nothing stays as it was typed."""
    if name is not None:
        return name
    match field:
        case "kind":
            return kind_name(value)
        case "organisation_type" if value in set(StakeholderType):
            return wording.type_name(value)
        case "country":
            return wording.country_name(value)
        case "language":
            return wording.language_name(value)
        case "label" if value in set(Tlp):
            return f"TLP:{value}"
        case "versions":
            return str(_VERSIONS.get(value, value))
    return value


class Links:
    """The addresses of this search with something changed; each begins at the first page again."""

    def __init__(self, found: SearchPage) -> None:
        self._found = found

    def _write(
        self, words: str, filters: Filters, *, sort: str = "", view: View | None = None, number: int = 1
    ) -> str:
        arguments = [("q", words)] if words else []
        arguments += write_arguments(filters)
        sort, view = sort or self._found.sort, view or self._found.view
        if sort != SORTS[0]:
            arguments.append(("sort", sort))
        if view is not View.PASSAGES:
            arguments.append(("view", view.value))
        if number > 1:
            arguments.append(("page", str(number)))
        return f"/search?{urlencode(arguments)}" if arguments else "/search"

    def toggle(self, field: str, value: str) -> str:
        """Choose a value of a facet, or take the choice back."""
        filters = self._found.filters
        chosen = {v.casefold(): v for v in filters.chosen(field)}
        if value.casefold() in chosen:
            return self.filtered(filters.drop(field, chosen[value.casefold()]))
        return self.filtered(filters.choose(field, value))

    def filtered(self, filters: Filters) -> str:
        """The same words with other filters."""
        return self._write(self._found.words, filters)

    def worded(self, words: str, filters: Filters | None = None) -> str:
        """Other words."""
        return self._write(words, self._found.filters if filters is None else filters)

    def sorted(self, sort: str) -> str:
        """Another order."""
        return self._write(self._found.words, self._found.filters, sort=sort)

    def seen(self, view: View) -> str:
        """Another tab."""
        return self._write(self._found.words, self._found.filters, view=view)

    def of_body(self, slug: str) -> str:
        """What an organisation contributed, with the same words and nothing else chosen."""
        return self._write(self._found.words, Filters().choose("organisation", slug), view=View.PASSAGES)

    def numbered(self, number: int) -> str | None:
        """Another page; None where there is none."""
        if not 1 <= number <= self._found.pages:
            return None
        return self._write(self._found.words, self._found.filters, number=number)

    def saving(self) -> str:
        """The page that keeps this search."""
        return self._elsewhere("/me/searches/new")

    def topic(self) -> str:
        """The page that makes a topic of this search."""
        return self._elsewhere("/secretariat/positions/new")

    def export(self) -> str:
        """The page that makes a file of this search."""
        return self._elsewhere("/search/exports/new")

    def _elsewhere(self, path: str) -> str:
        return self._write(self._found.words, self._found.filters).replace("/search", path, 1)

    def hidden(self) -> Iterable[tuple[str, str]]:
        """What the form sends along with new words."""
        found = self._found
        yield from write_arguments(found.filters)
        if found.sort != SORTS[0]:
            yield "sort", found.sort
        if found.view is not View.PASSAGES:
            yield "view", found.view.value
