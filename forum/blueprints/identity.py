"""Who is asking: from the cookie to the Actor, once a request."""

from flask import Flask, current_app, g, session
from flask_login import UserMixin, current_user

from forum.database import find_state
from forum.domain.accounts import Account, LoginSession
from forum.extensions import clock, db, login_manager
from forum.policy.actor import ANONYMOUS, Actor
from forum.services.actors import actor_for, load_actor
from forum.services.login_sessions import find_session, needs_touch


class SignedIn(UserMixin):
    """What Flask-Login keeps: the id of the server-side session, never an account id."""

    def __init__(self, token: str, login: LoginSession | None, account: Account) -> None:
        self.id = token
        self.login = login
        self.account = account

    @property
    def login_public_id(self) -> str:
        """The public id of the session; empty for one that began in this request."""
        return self.login.public_id if self.login is not None else ""


def sealing_secret() -> bytes:
    """Give the key that seals authorship under the Chatham House Rule."""
    return str(current_app.config["SEALING_KEY"]).encode()


@login_manager.user_loader
def _load_user(token: str) -> SignedIn | None:
    now = clock()()
    found = find_session(
        db.session(), token, now=now, idle_minutes=current_app.config["SESSION_IDLE_MINUTES"]
    )
    if found is None:
        return None
    login, account = found
    if needs_touch(login, now=now):
        g.session_to_touch = login.id_hash
    g.has_shown_second_factor = login.has_second_factor
    return SignedIn(token, login, account)


def is_second_factor_waived() -> bool:
    """Whether nobody needs a second factor here: in a demonstration, and never in production."""
    settings = current_app.config
    return bool(settings["DEMONSTRATION"]) and settings["ENV"] != "production"


def as_proven(actor: Actor, *, has_shown: bool) -> Actor:
    """Give the actor with the rights that were proven: few where a second factor is needed and none shown."""
    if actor.needs_second_factor and not has_shown and not is_second_factor_waived():
        return actor.without_second_factor()
    return actor


def current_actor() -> Actor:
    """Give the actor of this request: an API token's (set by the API), the cookie's, or a visitor."""
    if "actor" not in g:
        g.actor = ANONYMOUS
        if "_user_id" in session and current_user.is_authenticated:
            actor = actor_for(
                db.session(), current_user.account, now=clock()(), sealing_secret=sealing_secret()
            )
            g.actor = as_proven(actor, has_shown=g.get("has_shown_second_factor", False))
            g.actor_state = find_state(db.session())
    return g.actor


def reload_actor() -> Actor:
    """Load the actor anew, inside a write transaction: rights may have changed since the page was read.

    Where the database tells that nothing at all was committed since, what was loaded then holds.
    """
    account_id = current_actor().account_id
    state = g.pop("actor_state", None)
    if state is not None and state == find_state(db.session()):
        return g.actor
    actor = load_actor(db.session(), account_id, now=clock()(), sealing_secret=sealing_secret())
    g.actor = as_proven(actor, has_shown=g.get("has_shown_second_factor", False))
    return g.actor


def init_app(app: Flask) -> None:
    """Tie Flask-Login to the application."""
    login_manager.init_app(app, add_context_processor=False)  # templates know `actor`
    login_manager.session_protection = None  # the session row is the authority, not the address
