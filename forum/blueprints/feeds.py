"""Atom feeds: what everybody may know, for programs that look by themselves."""

from flask import Blueprint, Response, current_app, make_response, render_template

from forum.blueprints import moderation_words as words
from forum.blueprints.moderation_public import log_filters
from forum.extensions import db
from forum.policy.actor import ANONYMOUS
from forum.services.moderation_log import list_log

blueprint = Blueprint("feeds", __name__, url_prefix="/feeds")


@blueprint.get("/moderation.atom")
def moderation() -> Response:
    """Give the newest decisions of the public log, as a visitor finds them, whoever asks."""
    filters = log_filters()
    page = list_log(
        db.session(),
        ANONYMOUS,
        group_slug=filters["group"],
        kind=filters["kind"],
        action=filters["action"],
    )
    base = current_app.config["BASE_URL"].rstrip("/")
    response = make_response(render_template("feeds/moderation.xml", page=page, words=words, base=base))
    response.headers["Content-Type"] = "application/atom+xml; charset=utf-8"
    return response
