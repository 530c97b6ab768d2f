"""Talking with the one OpenID provider that is configured: code flow with PKCE, state and nonce.

Requests go to the issuer's own host and to no other, whatever its metadata names, follow no redirect and
read a bounded answer. Loaded when somebody signs in with it.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.base import OAuth2Error
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from forum.domain.email import parse_email
from forum.errors import Invalid

TIMEOUT = 5
LEEWAY = 60
"""Seconds by which the provider's clock may be wrong."""
MAX_ANSWER = 200_000
ALGORITHMS = ("RS256", "PS256", "ES256")
FAILED = "Signing in with your organisation did not work. Try again, or sign in with your password."


@dataclass(frozen=True, slots=True)
class Client:
    """What the provider knows of this site."""

    issuer: str
    client_id: str
    client_secret: str
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in on its way: where to go, and what the browser's session keeps of it meanwhile."""

    address: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Person:
    """Who the provider says it is; `email` only where it has verified it."""

    issuer: str
    subject: str
    email: str | None
    name: str


def _get(client: Client, address: str) -> dict[str, Any]:
    """Fetch JSON from the issuer's host; Invalid for anything else."""
    _require_issuer(client, address)
    try:
        answer = requests.get(address, timeout=TIMEOUT, allow_redirects=False, stream=True)
        answer.raise_for_status()
        raw = answer.raw.read(MAX_ANSWER + 1, decode_content=True)
        answer.close()
        if answer.status_code != 200 or len(raw) > MAX_ANSWER:
            raise Invalid(FAILED)
        found = requests.models.complexjson.loads(raw)
    except (requests.RequestException, ValueError):
        raise Invalid(FAILED) from None
    if not isinstance(found, dict):
        raise Invalid(FAILED)
    return found


def _require_issuer(client: Client, address: object) -> str:
    """Give an address if it is at the issuer's scheme and host: this server asks no other."""
    ours, theirs = urlsplit(client.issuer), urlsplit(str(address))
    if (ours.scheme, ours.netloc) != (theirs.scheme, theirs.netloc):
        raise Invalid(FAILED)
    return str(address)


def _discover(client: Client) -> dict[str, Any]:
    found = _get(client, client.issuer.rstrip("/") + "/.well-known/openid-configuration")
    if found.get("issuer") != client.issuer:
        raise Invalid(FAILED)
    return found


def _session(client: Client, **more: Any) -> OAuth2Session:
    return OAuth2Session(
        client.client_id,
        client.client_secret,
        scope="openid email profile",
        redirect_uri=client.redirect_uri,
        code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_basic",  # noqa: S106
        **more,
    )


def begin(client: Client) -> Begun:
    """Give where the browser goes to sign in."""
    endpoint = _require_issuer(client, _discover(client).get("authorization_endpoint"))
    nonce, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    address, state = _session(client).create_authorization_url(endpoint, nonce=nonce, code_verifier=verifier)
    return Begun(address, state, nonce, verifier)


def finish(
    client: Client, begun: Begun, *, state: str, code: str, issuer: str | None, now: datetime
) -> Person:
    """Give who has signed in; Invalid with one sentence where anything is not as it must be.

    `issuer` is what came back beside the code (RFC 9207), so that another provider's answer is noticed.
    """
    if not hmac.compare_digest(state.encode(), begun.state.encode()) or not code:
        raise Invalid(FAILED)
    metadata = _discover(client)
    if issuer is None and metadata.get("authorization_response_iss_parameter_supported"):
        raise Invalid(FAILED)
    if issuer is not None and issuer != client.issuer:
        raise Invalid(FAILED)
    endpoint = _require_issuer(client, metadata.get("token_endpoint"))
    try:
        with _session(client) as session:
            session.max_redirects = 0
            token = session.fetch_token(
                endpoint, code=code, code_verifier=begun.verifier, timeout=TIMEOUT, allow_redirects=False
            )
        keys = KeySet.import_key_set(_get(client, str(metadata.get("jwks_uri"))))  # type: ignore[arg-type]
        claims = jwt.decode(str(token["id_token"]), keys, algorithms=ALGORITHMS).claims
    except (OAuth2Error, JoseError, requests.RequestException, ValueError, KeyError, TypeError):
        raise Invalid(FAILED) from None
    return _person(client, begun, claims, now)


def _person(client: Client, begun: Begun, claims: dict[str, Any], now: datetime) -> Person:
    at = now.timestamp()
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    is_for_us = client.client_id in named and (len(named) == 1 or claims.get("azp") == client.client_id)
    expires, issued, subject = claims.get("exp"), claims.get("iat"), claims.get("sub")
    if (
        claims.get("iss") != client.issuer
        or not is_for_us
        or not isinstance(expires, int | float)
        or not isinstance(issued, int | float)
        or expires <= at - LEEWAY
        or issued > at + LEEWAY
        or not hmac.compare_digest(str(claims.get("nonce", "")).encode(), begun.nonce.encode())
        or not isinstance(subject, str)
        or not 0 < len(subject) <= 255
    ):
        raise Invalid(FAILED)
    email = None
    if claims.get("email_verified") is True:
        email = parse_email(str(claims.get("email", "")))
    return Person(client.issuer, subject, email, str(claims.get("name") or "")[:120])
