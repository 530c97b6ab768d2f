"""Home: what needs me, before anything else; for visitors, what this is and what is new."""

from flask import Blueprint, render_template

from forum.blueprints import meeting_words
from forum.blueprints.datafiles import registers, strategy
from forum.blueprints.identity import current_actor
from forum.blueprints.support import now
from forum.extensions import db
from forum.services.home import load_desk, load_news

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
def index() -> str:
    """Show what needs this person first, or a visitor what this place is for."""
    session, actor = db.session(), current_actor()
    news = load_news(session, actor)
    if actor.is_signed_in:
        known = {register.key: register for register in registers()}
        finals = [(register.key, state.key) for register in known.values() for state in register.finals]
        desk = load_desk(session, actor, now=now(), finals=finals)
        return render_template(
            "home/desk.html",
            desk=desk,
            news=news,
            meeting_words=meeting_words,
            registers=known,
            today=now().date(),
        )
    return render_template("home/visitor.html", news=news, strategy=strategy())
