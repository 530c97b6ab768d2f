"""An OpenID provider for tests, built with Authlib's own server half, on a port of this machine."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from flask import Flask, jsonify, request
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

CLIENT, SECRET = "forum", "a secret between the two"


class Client:
    """The forum as the provider knows it."""

    client_id = CLIENT

    def __init__(self, redirect_uri: str) -> None:
        self.redirect_uri = redirect_uri

    def get_client_id(self) -> str:
        return CLIENT

    def get_default_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, uri: str) -> bool:
        return uri == self.redirect_uri

    def check_client_secret(self, secret: str) -> bool:
        return secret == SECRET

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, kind: str) -> bool:
        return kind == "code"

    def check_grant_type(self, kind: str) -> bool:
        return kind == "authorization_code"


class Code(SimpleNamespace):
    """An authorization code on its way."""

    def get_redirect_uri(self) -> Any:
        return self.redirect_uri

    def get_scope(self) -> Any:
        return self.scope

    def get_nonce(self) -> Any:
        return self.nonce

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


class Provider:
    """A provider: `person` signs in, `tampered` overrides claims, `algorithm` and `key` sign them."""

    def __init__(self, redirect_uri: str) -> None:
        self.issuer = ""
        self.person = {"sub": "p-1", "email": "ada@members.example", "email_verified": True, "name": "Ada"}
        self.tampered: dict[str, Any] = {}
        self.algorithm = "RS256"
        self.published = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        self.key = self.published
        self.metadata: dict[str, Any] = {}
        self.codes: dict[str, Code] = {}
        self.client = Client(redirect_uri)
        self.asked: list[str] = []
        self.app = self._build()

    def _build(self) -> Flask:
        app = Flask("provider")
        app.secret_key = "provider"
        server = AuthorizationServer(app, query_client=lambda _id: self.client, save_token=lambda *_: None)
        server.register_grant(_grant(self), [_OpenID(self), CodeChallenge(required=True)])

        @app.before_request
        def _note() -> None:
            self.asked.append(request.path)

        @app.get("/.well-known/openid-configuration")
        def metadata() -> Any:
            return jsonify(
                {
                    "issuer": self.issuer,
                    "authorization_endpoint": self.issuer + "/authorize",
                    "token_endpoint": self.issuer + "/token",
                    "jwks_uri": self.issuer + "/keys",
                    "authorization_response_iss_parameter_supported": True,
                }
                | self.metadata
            )

        @app.get("/keys")
        def keys() -> Any:
            return jsonify({"keys": [self.published.as_dict(private=False)]})

        @app.get("/authorize")
        def authorize() -> Any:
            grant = server.get_consent_grant(end_user=self.person)
            answer = server.create_authorization_response(
                grant=grant, grant_user=SimpleNamespace(**self.person)
            )
            answer.headers["Location"] += f"&iss={self.issuer}"
            return answer

        @app.post("/token")
        def token() -> Any:
            return server.create_token_response()

        return app


def _grant(provider: Provider) -> type[grants.AuthorizationCodeGrant]:
    class Grant(grants.AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

        def save_authorization_code(self, code: str, request: Any) -> None:
            data = request.payload.data
            provider.codes[code] = Code(
                redirect_uri=request.payload.redirect_uri,
                scope=request.payload.scope,
                nonce=data.get("nonce"),
                code_challenge=data.get("code_challenge"),
                code_challenge_method=data.get("code_challenge_method"),
            )

        def query_authorization_code(self, code: str, _client: Any) -> Any:
            return provider.codes.get(code)

        def delete_authorization_code(self, authorization_code: Any) -> None:
            provider.codes = {k: v for k, v in provider.codes.items() if v is not authorization_code}

        def authenticate_user(self, _authorization_code: Any) -> Any:
            return SimpleNamespace(**provider.person)

    return Grant


class _OpenID(OpenIDCode):  # type: ignore[misc]
    def __init__(self, provider: Provider) -> None:
        super().__init__(require_nonce=True)
        self.provider = provider

    def exists_nonce(self, _nonce: str, _request: Any) -> bool:
        return False

    def resolve_client_private_key(self, _client: Any) -> Any:
        return self.provider.key

    def get_client_algorithm(self, _client: Any) -> str:
        return "RS256"

    def get_client_claims(self, _client: Any) -> dict[str, Any]:
        return {"iss": self.provider.issuer}

    def get_encode_header(self, _client: Any) -> dict[str, Any]:
        return {"alg": "RS256", "kid": "one"}

    def generate_user_info(self, _user: Any, _scope: str) -> UserInfo:
        return UserInfo(**(self.provider.person | self.provider.tampered))

    def encode_id_token(self, token: Any, request: Any) -> str:
        made = str(super().encode_id_token(token, request))
        if self.provider.algorithm == "none":
            head = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).decode().rstrip("=")
            return f"{head}.{made.split('.')[1]}."
        return made


@contextmanager
def openid_provider(redirect_uri: str) -> Iterator[Provider]:
    """Run a provider until the end of the block."""
    provider = Provider(redirect_uri)
    server = make_server("127.0.0.1", 0, provider.app, threaded=True)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
