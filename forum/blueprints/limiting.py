"""Limits: which routes count against which one, for whom; and the delay of guesses.

Each limit is a setting, FORUM_LIMIT_…, as times/seconds. Who is not signed in is counted by network address:
the proxies' word for it counts only as far as FORUM_TRUSTED_PROXIES says.
"""

import ipaddress

from flask import Flask, current_app, request
from sqlalchemy.orm import Session

from forum.blueprints.identity import current_actor
from forum.blueprints.support import now, transactional
from forum.errors import TooSoon
from forum.extensions import limits
from forum.policy import Actor
from forum.services import sign_in as attempts
from forum.services.limits import Limit, RedisAway

SENTENCE = "That was very often in a short time. Try again in %(seconds)d s."

LIMITED = {
    "accounts.accept_invitation": "LINKS",
    "accounts.confirm_address": "LINKS",
    "accounts.forgotten": "LINKS",
    "accounts.change_address": "LINKS",
    "accounts.request_account": "REQUESTS",
    "accounts.reset_password": "LINKS",
    "accounts.undo_address": "LINKS",
    "administration.send_invitation": "INVITATIONS",
    "administration.send_link": "INVITATIONS",
    "members.request_seat": "REQUESTS",
    "members.send_invitation": "INVITATIONS",
    "comments.new": "POSTS",
    "flags.answer": "POSTS",
    "flags.post": "POSTS",
    "flags.version": "POSTS",
    "posts.reply": "POSTS",
    "threads.ask_unit": "POSTS",
    "threads.new": "POSTS",
    "threads.show": "POSTS",
}
"""Endpoint -> limit of what is sent (POST) there."""
READ_LIMITED = {"search.page": "SEARCHES", "feeds.search": "SEARCHES"}
"""Endpoint -> limit of what is asked (GET) there."""


def network_address() -> str:
    """Give the address that asks, as it is counted: of IPv6 the network that one household has."""
    text = request.remote_addr or ""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return text


def count(name: str, who: str) -> None:
    """Count one against a limit; TooSoon where it was one too many."""
    limit = Limit.read(name, current_app.config[f"LIMIT_{name}"])
    wait = limits().hit(limit, who, now=now())
    if wait:
        raise TooSoon(SENTENCE, seconds=wait)


def who_asks() -> str:
    """Give by whom is counted: the account, or the network address of who is not signed in."""
    actor = current_actor()
    return f"account:{actor.account_id}" if actor.is_signed_in else f"address:{network_address()}"


def _check() -> None:
    table = READ_LIMITED if request.method in {"GET", "HEAD"} else LIMITED
    name = table.get(request.endpoint or "")
    if name is not None:
        count(name, who_asks())


def claim(key: str) -> int:
    """Count a guess at something of `key`, and from this address, before it is looked at; TooSoon in between.

    Gives how many failed in a row, this one included. `release` takes it back after a success.
    """
    settings = {"now": now(), "delay": current_app.config["SIGN_IN_DELAY"]}
    redis = limits().redis
    if redis is not None:
        try:
            wait, failures = redis.claim(
                attempts.attempt_keys(key, network_address()),
                longest=attempts.LONGEST_DELAY,
                free=attempts.FREE,
                **settings,
            )
        except RedisAway:
            pass
        else:
            if wait:
                raise TooSoon(attempts.SENTENCE, seconds=wait)
            return failures
    return _claim(key, network_address(), **settings)


@transactional
def _claim(database: Session, _actor: Actor, key: str, address: str, now: object, delay: int) -> int:
    return attempts.claim_attempt(database, email=key, address=address, now=now, delay=delay)  # type: ignore[arg-type]


def release(database: Session, key: str) -> None:
    """Take a claim back, in the transaction of the success."""
    redis = limits().redis
    if redis is not None:
        try:
            redis.release(attempts.attempt_keys(key, network_address()))
        except RedisAway:
            pass
    attempts.release_attempt(database, email=key, address=network_address())


def init_app(app: Flask) -> None:
    """Count before anything else is done; after the gate, which knows who asks."""
    app.before_request(_check)
