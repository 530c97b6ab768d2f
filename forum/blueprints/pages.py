"""Pages that say how the site works: help, privacy, accessibility, who can read what, the glossary."""

import functools

from flask import Blueprint, current_app, render_template
from markupsafe import Markup

import config
from forum import richtext
from forum.blueprints.datafiles import glossary
from forum.domain.pages import load_page

blueprint = Blueprint("pages", __name__)


@functools.lru_cache(maxsize=64)
def rendered_page(name: str, site: str, owner: str, contact: str) -> tuple[str, Markup]:
    """Give title and text of a page, with the names of this site in it."""
    names = {"site_name": site, "owner": owner, "contact": contact}
    page = load_page(config.CONFIG_DIR / "pages" / f"{name}.md", names)
    return page.title, richtext.to_markup(richtext.render(page.source, profile="paper").html)


def _show(name: str) -> str:
    settings = current_app.config
    title, text = rendered_page(name, settings["SITE_NAME"], settings["OWNER"], settings["CONTACT"])
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
    return _show("privacy")


@blueprint.get("/who-can-read-what")
def who_can_read_what() -> str:
    """Show how labels decide who reads."""
    return _show("who-can-read-what")
