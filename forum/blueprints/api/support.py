"""What every call needs: who asks by which token, what was sent, writing once, and saying what it is.

A call is declared beside its view with `@call(…)`; the same data checks what is sent and is printed by
openapi.py, so that the two cannot drift.
"""

import functools
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from flask import Blueprint, Response, current_app, g, json, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from forum.blueprints.api.schemas import MAX_TEXT, Schema, check, text, whole
from forum.blueprints.identity import as_proven, sealing_secret
from forum.blueprints.limiting import count, network_address
from forum.blueprints.problems import PREFIX, TokenNeeded, is_api_request, problem
from forum.blueprints.support import now, transactional
from forum.database import writing
from forum.domain.text import normalise
from forum.errors import Invalid, NotAllowed, NotFound
from forum.extensions import csrf, db
from forum.policy import ANONYMOUS, Actor
from forum.richtext import Profile, Rendered, render
from forum.services.access_tokens import TOUCH_INTERVAL, Scope, find_token, touch_token
from forum.services.actors import actor_for
from forum.services.idempotency import HEADER, make_once
from forum.services.login_sessions import hash_token

Answer = dict[str, Any] | None
View = Callable[..., Answer]

blueprint = Blueprint("api", __name__, url_prefix=PREFIX.rstrip("/"))
# No cookie counts here (see _identify), so there is nothing that another site could make a browser send.
csrf.exempt(blueprint)

DEFAULT_LIMIT, MAX_LIMIT = 50, 200
PAGING: dict[str, Schema] = {
    "cursor": text("Where the page begins: `next` of the page before.", MAX_TEXT),
    "limit": whole(f"How many at most; {DEFAULT_LIMIT} if not said.", 1, MAX_LIMIT),
}


class Token(NamedTuple):
    """The token that a request carries."""

    text: str
    id: int
    scopes: tuple[str, ...]
    is_to_touch: bool


@dataclass(frozen=True, slots=True)
class Call:
    """One call, as it is checked and as the document describes it."""

    method: str
    path: str
    """Below the prefix, with {names} in braces."""
    name: str
    summary: str
    answer: Schema | None
    scope: Scope
    needs_token: bool
    status: int = 200
    query: Mapping[str, Schema] = field(default_factory=dict)
    body: Schema | None = None
    problems: Sequence[int] = ()
    """The statuses beyond those that every call can answer."""
    location: str = ""
    """The address of what was made, with {names} of the answer."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """What a service calls a field -> what this call does."""
    max_size: int | None = None
    """Bytes of a request; None: the application's."""

    @property
    def noun(self) -> str:
        """What the call is about: the module it stands in."""
        return self.name.partition(".")[0]


CALLS: list[Call] = []


@dataclass(frozen=True, slots=True)
class Asked:
    """What was sent, checked in shape."""

    query: dict[str, Any]
    body: dict[str, Any]

    @property
    def cursor(self) -> str | None:
        """Where the page asked for begins."""
        return self.query.get("cursor")

    @property
    def limit(self) -> int:
        """How much is asked for."""
        return int(self.query.get("limit", DEFAULT_LIMIT))


def call(
    method: str,
    path: str,
    summary: str,
    *,
    answer: Schema | None,
    scope: Scope | None = None,
    needs_token: bool | None = None,
    **more: Any,
) -> Callable[[View], View]:
    """Declare a call: f(asked, **parts of the path) -> the answer's body, None for none.

    Reading takes the scope read and no token; writing takes the scope write and one.
    """
    is_reading = method == "GET"

    def declare(view: View) -> View:
        noun = view.__module__.rpartition(".")[2]
        declared = Call(
            method=method,
            path=path,
            name=f"{noun}.{view.__name__.rstrip('_')}",
            summary=summary,
            answer=answer,
            scope=scope or (Scope.READ if is_reading else Scope.WRITE),
            needs_token=not is_reading if needs_token is None else needs_token,
            **more,
        )
        CALLS.append(declared)

        @functools.wraps(view)
        def run(**parts: str) -> Response:
            return _run(declared, view, parts)

        rule = re.sub(r"\{(\w+)\}", r"<\1>", path)
        endpoint = declared.name.replace(".", "_")
        blueprint.add_url_rule(rule, endpoint, run, methods=[method], provide_automatic_options=False)
        return view

    return declare


def _run(declared: Call, view: View, parts: dict[str, str]) -> Response:
    _require_scope(declared)
    try:
        asked = Asked(_query(declared.query), _body(declared) if declared.body is not None else {})
        body = view(asked, **parts)
    except BadInput as error:
        return problem(422, error.message, errors=error.errors)
    except Invalid as error:
        if error.field is not None:
            error.field = declared.renamed.get(error.field, error.field)
        raise
    response = Response(status=declared.status)
    if body is None:
        del response.headers["Content-Type"]
        return response
    response.set_data(json.dumps(body) + "\n")
    response.content_type = "application/json"
    if declared.location:
        response.headers["Location"] = PREFIX.rstrip("/") + declared.location.format(**body)
    return response


# --- who asks ---------------------------------------------------------------------------------


@blueprint.before_app_request
def _identify() -> None:
    """Take the actor from the token, or nobody; a session's cookie is not looked at."""
    if not is_api_request():
        return
    g.actor = ANONYMOUS
    header = request.headers.get("Authorization")
    who = f"token:{hash_token(header)}" if header is not None else f"address:{network_address()}"
    count("API", who)
    if header is None:
        return
    scheme, _, credentials = header.partition(" ")
    credentials = credentials.strip()
    found = None
    if scheme.lower() == "bearer" and len(credentials) <= MAX_TEXT:
        found = find_token(db.session(), credentials, now=now())
    if found is None:
        count("TOKENS", f"address:{network_address()}")
        raise TokenNeeded("This token is not one of ours, or it is over or revoked.")
    token, account = found
    is_to_touch = token.last_used_at is None or now() - token.last_used_at >= TOUCH_INTERVAL
    g.api_token = Token(credentials, token.id, tuple(token.scopes), is_to_touch)
    g.has_shown_second_factor = token.has_second_factor
    actor = actor_for(db.session(), account, now=now(), sealing_secret=sealing_secret())
    g.actor = as_proven(actor, has_shown=token.has_second_factor)


@blueprint.after_request
def _touch(response: Response) -> Response:
    """Record once a minute that a token is in use, as for the sessions of browsers."""
    token: Token | None = g.pop("api_token", None)
    if token is not None and token.is_to_touch and response.status_code < 500:
        with writing(db.session()) as session:
            touch_token(session, token.id, now=now())
    return response


def _require_scope(declared: Call) -> None:
    token: Token | None = g.get("api_token")
    if token is None:
        if declared.needs_token:
            raise TokenNeeded("Send a token: Authorization: Bearer …. People make theirs in their settings.")
        return
    if not declared.scope.is_covered_by(token.scopes):
        raise NotAllowed(
            "This token may not be used for that: it lacks the scope %(scope)s.", scope=declared.scope.value
        )


def token_scopes() -> list[str]:
    """Give the scopes of the token that asks."""
    return list(g.api_token.scopes)


# --- what was sent ----------------------------------------------------------------------------


class BadInput(Invalid):
    """Several things to be mended at once."""

    def __init__(self, message: str, errors: dict[str, list[str]]) -> None:
        super().__init__(message)
        self.errors = errors


def _query(known: Mapping[str, Schema]) -> dict[str, Any]:
    """Give the query's parameters; unknown and repeated ones are refused."""
    errors: dict[str, list[str]] = {}
    found: dict[str, Any] = {}
    for name, values in request.args.lists():
        schema = known.get(name)
        if schema is None:
            errors[name[:MAX_TEXT]] = ["There is no such parameter."]
        elif len(values) > 1:
            errors[name] = ["This was sent more than once."]
        else:
            is_number = schema["type"] == "integer" and re.fullmatch("[0-9]{1,9}", values[0])
            found[name] = int(values[0]) if is_number else normalise(values[0])
            errors |= check(found[name], schema, name)
    if errors:
        raise BadInput("Something in the address is not right.", errors)
    return found


def _body(declared: Call) -> dict[str, Any]:
    assert declared.body is not None
    if declared.max_size is not None:
        request.max_content_length = declared.max_size
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    try:
        sent = json.loads(
            request.get_data(cache=False).decode(), object_pairs_hook=_object, parse_constant=_refuse
        )
        sent = _normalised(sent)
    except (ValueError, RecursionError):
        raise BadRequest from None
    if not isinstance(sent, dict):
        raise Invalid("Send an object with the fields of this call.")
    g.api_sent = sent
    errors = check(sent, declared.body)
    if errors:
        raise BadInput("Something in what was sent is not right.", errors)
    return sent


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(found := dict(pairs)) < len(pairs):
        raise ValueError("a field is there twice")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _normalised(value: Any) -> Any:
    """Take out of every text what is never stored, such as half letters that no database takes."""
    match value:
        case str():
            return normalise(value)
        case dict():
            return {normalise(name): _normalised(part) for name, part in value.items()}
        case list():
            return [_normalised(part) for part in value]
    return value


def rendered(source: str, profile: Profile) -> Rendered:
    """Make a text ready to store; Invalid at the field `body`."""
    try:
        return render(source, profile=profile)
    except Invalid as error:
        raise Invalid(error.message, field="body", **error.parameters) from None


def numbered(part: str) -> int:
    """Give a number in an address; NotFound for anything else."""
    if not re.fullmatch("[1-9][0-9]{0,8}", part):
        raise NotFound
    return int(part)


def organisation_id(actor: Actor, slug: str | None) -> int | None:
    """Give the key of a body that the actor speaks for; Invalid where they do not."""
    for mandate in actor.mandates:
        if mandate.slug == slug:
            return mandate.organisation_id
    if slug is not None:
        raise Invalid("You hold no mandate to speak for that organisation now.", field="organisation")
    return None


# --- writing ----------------------------------------------------------------------------------


def once(make: Callable[[Session, Actor], str]) -> str:
    """Run the writing half of a call in its transaction and give its reference to what was made.

    With an Idempotency-Key that this account has sent before, nothing runs and the first reference is
    given again.
    """
    key = request.headers.get(HEADER)
    if key is not None and not re.fullmatch(r"[\x21-\x7e]{1,200}", key):
        raise Invalid("Use from 1 to 200 visible ASCII characters.", field=HEADER)
    return _write(make, key)


@transactional
def _write(session: Session, actor: Actor, make: Callable[[Session, Actor], str], key: str | None) -> str:
    if find_token(session, g.api_token.text, now=now()) is None or actor.account_id is None:
        raise TokenNeeded("This token is not one of ours, or it is over or revoked.")
    if key is None:
        return make(session, actor)
    sent = hashlib.sha256(json.dumps(g.get("api_sent"), sort_keys=True).encode()).hexdigest()
    return make_once(
        session,
        account_id=actor.account_id,
        key=key,
        request=f"{request.method} {request.path} {sent}",
        make=lambda: make(session, actor),
        sealing_secret=sealing_secret(),
        now=now(),
    )


# --- what is answered -------------------------------------------------------------------------


def utc(at: datetime, *, day_only: bool = False) -> str:
    """Give a time as the API writes it."""
    at = at.astimezone(UTC)
    return at.date().isoformat() if day_only else at.strftime("%Y-%m-%dT%H:%M:%SZ")


def maybe_utc(at: datetime | None, *, day_only: bool = False) -> str | None:
    """Give a time, or null."""
    return utc(at, day_only=day_only) if at is not None else None


def url(path: str) -> str:
    """Give the address of a page from the configured base, never from the request's host."""
    return str(current_app.config["BASE_URL"]).rstrip("/") + path
