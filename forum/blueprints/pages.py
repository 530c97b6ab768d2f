"""Pages that say how the site works: help, privacy, accessibility, who can read what, the glossary."""

import functools
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask import Blueprint, current_app, render_template
from flask_babel import gettext
from markupsafe import Markup

import config
from forum import richtext
from forum.blueprints.datafiles import glossary
from forum.domain.pages import load_page
from forum.domain.retention import Retention

blueprint = Blueprint("pages", __name__)


REGIMES = {
    "gdpr": "Regulation (EU) 2016/679 (General Data Protection Regulation)",
    "eu-institutions": "Regulation (EU) 2018/1725 (data protection in the institutions of the Union)",
}
"""LEGAL_REGIME -> the law as the privacy page names it."""


@functools.lru_cache(maxsize=64)
def rendered_page(
    name: str, site: str, owner: str, contact: str, more: tuple[tuple[str, str], ...] = ()
) -> tuple[str, Markup]:
    """Give title and text of a page, with the names of this site and `more` values in it."""
    names = {"site_name": site, "owner": owner, "contact": contact, **dict(more)}
    page = load_page(config.CONFIG_DIR / "pages" / f"{name}.md", names)
    return page.title, richtext.to_markup(richtext.render(page.source, profile="paper").html)


def _show(name: str, more: tuple[tuple[str, str], ...] = ()) -> str:
    settings = current_app.config
    title, text = rendered_page(name, settings["SITE_NAME"], settings["OWNER"], settings["CONTACT"], more)
    return render_template("pages/page.html", title=title, text=text, name=name)


@blueprint.get("/accessibility")
def accessibility() -> str:
    """Show what is done for accessibility, what is missing, and whom to tell."""
    return _show("accessibility")


@blueprint.get("/glossary")
def words() -> str:
    """Show the glossary."""
    entries = glossary()
    terms = {entry.slug: entry.term for entry in entries}
    return render_template("pages/glossary.html", entries=entries, terms=terms)


@blueprint.get("/help/")
def help_page() -> str:
    """Show how things are done here."""
    return _show("help")


@blueprint.get("/help/moderation")
def moderation() -> str:
    """Show how moderation works."""
    return _show("moderation")


@blueprint.get("/privacy")
def privacy() -> str:
    """Show what is stored about people, and why."""
    return _show("privacy", privacy_values(current_app.config))


def privacy_values(settings: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Give what the privacy page says by settings: who answers, under which law, how long data are kept."""
    periods = Retention.from_config(settings)
    return (
        ("controller", settings["CONTROLLER"] or settings["OWNER"]),
        ("data_protection_contact", settings["DATA_PROTECTION_CONTACT"] or settings["CONTACT"]),
        ("legal_regime", REGIMES[settings["LEGAL_REGIME"]]),
        *((f"{name}_days", _kept(days)) for name, days in asdict(periods).items()),
    )


def _kept(days: int) -> str:
    return gettext("%(days)d days", days=days) if days else gettext("without end")


@blueprint.get("/who-can-read-what")
def who_can_read_what() -> str:
    """Show how labels decide who reads."""
    return _show("who-can-read-what")
