"""Signing in with the organisation's OpenID provider, where one is configured.

The provider sends the browser back by GET: that one GET begins a session. Its state is the session's own, and
works once.
"""

from typing import TYPE_CHECKING

from flask import current_app, flash, redirect, request, session, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session

from forum.blueprints import limiting
from forum.blueprints.accounts import View, blueprint, enter, own_path
from forum.blueprints.identity import current_actor
from forum.blueprints.invitations import secret_key
from forum.blueprints.proving import grave
from forum.blueprints.support import error_words, now, transactional
from forum.errors import Invalid, NotAllowed, NotFound
from forum.policy import Actor
from forum.services import external_identities as services
from forum.services.accounts import own_account

if TYPE_CHECKING:
    from forum.services.openid import Client, Person

KEPT = "openid"
MOST_SECONDS = 600


def _client() -> "Client":
    """Give the configured client; NotFound where there is no provider."""
    settings = current_app.config
    if not settings["OIDC_ISSUER"]:
        raise NotFound
    from forum.services.openid import Client  # Authlib, only where it is used

    return Client(
        settings["OIDC_ISSUER"],
        settings["OIDC_CLIENT_ID"],
        settings["OIDC_CLIENT_SECRET"],
        settings["BASE_URL"].rstrip("/") + url_for("accounts.openid_back"),
    )


def _begin(purpose: str) -> View:
    client = _client()
    from forum.services.openid import begin

    limiting.count("LINKS", limiting.who_asks())
    try:
        begun = begin(client)
    except Invalid as error:
        flash(gettext(error.message), "error")
        return redirect(url_for("accounts.sign_in"), 303)
    target = own_path(request.args.get("next")) or ""
    until = int(now().timestamp()) + MOST_SECONDS
    session[KEPT] = [begun.state, begun.nonce, begun.verifier, purpose, target, until]
    return redirect(begun.address, 303)


@blueprint.get("/openid")
def openid_begin() -> View:
    """Go to the provider to sign in."""
    return _begin("")


@blueprint.get("/openid/link")
@grave(lazy_gettext("Add sign-in with your organisation"))
def openid_link() -> View:
    """Go to the provider to let this account be signed in to from there."""
    return _begin(current_actor().public_id)


@blueprint.get("/openid/back")
def openid_back() -> View:
    """Come back from the provider."""
    client = _client()
    from forum.services.openid import FAILED, Begun, finish

    kept = session.pop(KEPT, None)
    try:
        if not isinstance(kept, list) or kept[5] < now().timestamp():
            raise Invalid(FAILED)
        state, nonce, verifier, purpose, target, _until = kept
        begun = Begun("", state, nonce, verifier)
        sent = request.args
        person = finish(
            client,
            begun,
            state=sent.get("state", ""),
            code=sent.get("code", ""),
            issuer=sent.get("iss"),
            now=now(),
        )
        if purpose:
            _link(person, purpose)
            flash(gettext("You can sign in with your organisation now."), "success")
            return redirect(url_for("accounts.settings"), 303)
        is_in = _enter(person)
    except Invalid as error:
        flash(error_words(error), "error")
        return redirect(url_for("accounts.sign_in"), 303)
    if not is_in:
        return redirect(url_for("accounts.second_factor", next=own_path(target)), 303)
    return redirect(own_path(target) or url_for("home.index"), 303)


@transactional
def _enter(database: Session, _actor: Actor, person: "Person") -> bool:
    account = services.account_for(
        database,
        issuer=person.issuer,
        subject=person.subject,
        email=person.email,
        name=person.name,
        may_register=current_app.config["OIDC_REGISTER"],
        secret=secret_key(),
        now=now(),
    )
    return enter(database, account)


@transactional
def _link(database: Session, actor: Actor, person: "Person", purpose: str) -> None:
    if actor.public_id != purpose:
        raise NotAllowed("Sign in first.")
    account = own_account(database, actor)
    services.link(database, actor, account, issuer=person.issuer, subject=person.subject, now=now())


@blueprint.post("/openid/unlink")
@grave(lazy_gettext("Take off sign-in with your organisation"))
def openid_unlink() -> View:
    """Take the provider's sign-in off this account."""
    _unlink()
    flash(gettext("Sign-in with your organisation is off."), "success")
    return redirect(url_for("accounts.settings"), 303)


@transactional
def _unlink(database: Session, actor: Actor) -> None:
    account = own_account(database, actor)
    services.unlink(database, actor, account, issuer=current_app.config["OIDC_ISSUER"], now=now())
