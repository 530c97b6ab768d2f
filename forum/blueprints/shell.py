"""The shell of every page: language and zone of the reader, style sheets, counts in the navigation, help."""

import functools
import hashlib
from pathlib import Path
from typing import Any

from flask import Flask, g, request
from flask_babel import get_locale, get_translations

from forum.blueprints import collection, wording
from forum.blueprints.datafiles import directive_board, duty_of_care, find_slug
from forum.blueprints.identity import current_actor
from forum.extensions import babel, db
from forum.services.navigation import NO_COUNTS, Counts, load_counts

INTERFACE_LANGUAGES = ("en",)
"""The languages that the interface has been translated into."""


def select_locale() -> str:
    """Give the language of the interface: the person's choice, else what the browser asks for."""
    actor = current_actor()
    if actor.is_signed_in and actor.language in INTERFACE_LANGUAGES:
        return actor.language
    return request.accept_languages.best_match(INTERFACE_LANGUAGES) or INTERFACE_LANGUAGES[0]


def select_zone() -> str:
    """Give the reader's time zone."""
    return current_actor().time_zone


def html_language() -> str:
    """Give the language that this page is in, for <html lang>."""
    return str(get_locale() or "en").replace("_", "-")


@functools.cache
def asset(name: str) -> str:
    """Give the address of a file of ours under static/, with a mark of what is in it."""
    content = (Path(__file__).parent.parent / "static" / name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(content).hexdigest()[:10]}"


def navigation_counts() -> Counts:
    """Give what waits for this person; one statement a request, none for visitors."""
    if "navigation_counts" not in g:
        actor = current_actor()
        g.navigation_counts = load_counts(db.session(), actor) if actor.is_signed_in else NO_COUNTS
    return g.navigation_counts


def without_counts() -> None:
    """Leave the database alone for the rest of this request: it may be what broke."""
    g.navigation_counts = NO_COUNTS


def translations() -> Any:
    """Give the catalogue of this page's language, looked up once a page: a page asks a hundred times."""
    if "translations" not in g:
        g.translations = get_translations()
    return g.translations


def init_app(app: Flask) -> None:
    """Install Babel's selectors and what base.html and the macros call."""
    babel.init_app(app, locale_selector=select_locale, timezone_selector=select_zone)
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda message: translations().ugettext(message),
        ngettext=lambda one, many, count: translations().ungettext(one, many, count),
        newstyle=True,
        pgettext=lambda context, message: translations().upgettext(context, message),
        npgettext=lambda context, one, many, count: translations().unpgettext(context, one, many, count),
    )
    app.jinja_env.globals.update(
        asset=asset,
        html_language=html_language,
        navigation_counts=navigation_counts,
        duty_of_care=duty_of_care,
        board_group=lambda: directive_board().group,
        find_slug=find_slug,
        wording=wording,
        collection=collection,
    )
