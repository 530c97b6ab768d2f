"""Saved searches: keeping one, what it finds now, when one is told, and its feed."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from forum.blueprints.identity import current_actor
from forum.blueprints.search import kind_name
from forum.blueprints.support import Form, now, remember_submission, submitted_before, transactional
from forum.domain.saved_searches import MAX_NAME, Frequency, SavedSearch, Watched
from forum.errors import Invalid
from forum.extensions import db, search_engine
from forum.policy import Actor
from forum.search.grammar import parse
from forum.search.query import Filters
from forum.services.saved_searches import (
    change_search,
    delete_search,
    filters_of,
    get_feed_key,
    get_saved,
    list_newest,
    list_saved,
    reset_feed_key,
    save_search,
)
from forum.services.search import check_text
from forum.services.search_filters import read_filters, write_arguments

blueprint = Blueprint("saved_searches", __name__)

View = str | Response | tuple[str, int]

SHOWN = 20

_FREQUENCIES = {
    Frequency.NEVER: lazy_gettext("Do not tell me; I come and look"),
    Frequency.AT_ONCE: lazy_gettext("At once"),
    Frequency.DAILY: lazy_gettext("Every morning, where there is something"),
    Frequency.WEEKLY: lazy_gettext("On Monday mornings, where there is something"),
}
_WATCHED = {
    Watched.NEW: lazy_gettext("New contributions and new versions"),
    Watched.CHANGES: lazy_gettext("Edits as well"),
}


class SearchForm(Form):
    """What a search is called, and when its owner is told."""

    name = StringField(lazy_gettext("Name"), [InputRequired(lazy_gettext("Give it a name."))])
    frequency = RadioField(
        lazy_gettext("Tell me of what is new"),
        [InputRequired()],
        choices=[SelectChoice(value.value, words) for value, words in _FREQUENCIES.items()],
        default=Frequency.DAILY.value,
    )
    watched = RadioField(
        lazy_gettext("What counts"),
        [InputRequired()],
        choices=[SelectChoice(value.value, words) for value, words in _WATCHED.items()],
        default=Watched.NEW.value,
    )

    def choices(self) -> dict[str, Any]:
        """Give what was chosen, as the services take it."""
        return {
            "name": self.name.data or "",
            "frequency": Frequency(self.frequency.data),
            "watched": Watched(self.watched.data),
        }


@blueprint.get("/me/searches/")
def index() -> str:
    """List the searches that this person keeps, with the addresses of their feeds."""
    actor = current_actor()
    saved = list_saved(db.session(), actor)
    key = get_feed_key(db.session(), actor)
    return render_template(
        "saved_searches/index.html",
        searches=[(one, frequency_words(one), search_url(one)) for one in saved],
        feeds={one.public_id: _feed_url(one, key) for one in saved},
        form=Form(),
    )


@blueprint.route("/me/searches/new", methods=["GET", "POST"])
def new() -> View:
    """Keep the search of the address."""
    text = " ".join(request.args.get("q", "").split())
    filters = read_filters(request.args.to_dict(flat=False))
    check_text(text)
    form = SearchForm(name=text[:MAX_NAME])
    if form.validate_on_submit():
        if location := submitted_before(db.session(), form):
            return redirect(location, 303)
        try:
            location = _save(form, text, filters)
        except Invalid as error:
            form.add_error(error)
        else:
            flash(gettext("Saved."), "success")
            return redirect(location, 303)
    merged = parse(text).filters.merge(filters)
    page = render_template("saved_searches/new.html", form=form, understood=_understood(text, merged))
    return page, 422 if form.errors or form.form_errors else 200


@transactional
def _save(session: Session, actor: Actor, form: SearchForm, text: str, filters: Filters) -> str:
    saved = save_search(session, actor, text=text, filters=filters, now=now(), **form.choices())
    return remember_submission(session, actor, form, url_for(".show", public_id=saved.public_id))


@blueprint.route("/me/searches/<public_id>/", methods=["GET", "POST"])
def show(public_id: str) -> View:
    """Show the newest that a saved search finds; change its name or when one is told."""
    actor = current_actor()
    saved = get_saved(db.session(), actor, public_id)
    form = SearchForm(name=saved.name, frequency=saved.frequency.value, watched=saved.watched.value)
    if form.validate_on_submit():
        try:
            _change(public_id, form)
        except Invalid as error:
            form.add_error(error)
        else:
            flash(gettext("Saved."), "success")
            return redirect(url_for(".show", public_id=public_id), 303)
    found = list_newest(db.session(), actor, search_engine(), saved, limit=SHOWN)
    page = render_template(
        "saved_searches/show.html",
        saved=saved,
        form=form,
        total=found.total,
        hits=found.load(found.hits),
        understood=_understood(saved.text, filters_of(saved)),
        search_url=search_url(saved),
        feed_url=_feed_url(saved, get_feed_key(db.session(), actor)),
        kind_name=kind_name,
    )
    return page, 422 if form.errors or form.form_errors else 200


@transactional
def _change(session: Session, actor: Actor, public_id: str, form: SearchForm) -> None:
    change_search(session, actor, get_saved(session, actor, public_id), now=now(), **form.choices())


@blueprint.post("/me/searches/<public_id>/delete")
def delete(public_id: str) -> Response:
    """Forget a saved search."""
    get_saved(db.session(), current_actor(), public_id)
    if Form().validate():
        _delete(public_id)
        flash(gettext("Deleted. You are not told of it any more."), "success")
    return redirect(url_for(".index"), 303)


@transactional
def _delete(session: Session, actor: Actor, public_id: str) -> None:
    delete_search(session, actor, get_saved(session, actor, public_id))


@blueprint.post("/me/searches/feeds")
def reset_feeds() -> Response:
    """Give all feeds of this person new addresses."""
    if Form().validate():
        _reset()
        flash(gettext("Your feeds have new addresses; the old ones lead nowhere now."), "success")
    return redirect(url_for(".index"), 303)


@transactional
def _reset(session: Session, actor: Actor) -> None:
    reset_feed_key(session, actor)


def frequency_words(saved: SavedSearch) -> str:
    """Give when the owner of a search is told."""
    return str(_FREQUENCIES[saved.frequency])


def search_url(saved: SavedSearch) -> str:
    """Give the address of the search page that asks the same."""
    return _address("/search", saved.text, filters_of(saved))


def _address(path: str, text: str, filters: Filters) -> str:
    arguments: Iterable[tuple[str, str]] = [*([("q", text)] if text else []), *write_arguments(filters)]
    return f"{path}?{urlencode(list(arguments))}"


def _understood(text: str, filters: Filters) -> str:
    parsed = parse(text)
    return type(parsed)(parsed.query, filters).text


def _feed_url(saved: SavedSearch, key: str) -> str:
    base = current_app.config["BASE_URL"].rstrip("/")
    return f"{base}/feeds/searches/{saved.public_id}.atom?{urlencode({'key': key})}"
