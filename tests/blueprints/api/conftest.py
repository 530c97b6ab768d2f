"""Calls of the API as somebody, every answer held to the document."""

import json
from collections.abc import Callable
from functools import cached_property
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from forum.domain.accounts import Account
from forum.services.access_tokens import Scope, create_token
from tests.blueprints.api.checker import PREFIX, assert_as_documented


class Api:
    """`api.get(path, account)`, `api.post(path, account, {...})` …; paths below /api/v1."""

    def __init__(self, app: Flask, session: Session, clock: Callable[[], Any]) -> None:
        self.app, self.session, self.clock = app, session, clock
        self.tokens: dict[tuple[int, tuple[Scope, ...]], str] = {}

    @cached_property
    def document(self) -> dict[str, Any]:
        answer = self.app.test_client().get(f"{PREFIX}/openapi.json")
        assert answer.status_code == 200
        return json.loads(answer.text)  # type: ignore[no-any-return]

    def token(self, account: Account, *scopes: Scope) -> str:
        """The text of a token of somebody, made once for the same scopes."""
        key = (account.id, scopes)
        if key not in self.tokens:
            _, self.tokens[key] = create_token(
                self.session, account, name="tests", scopes=scopes, now=self.clock()
            )
            self.session.commit()
        return self.tokens[key]

    def call(
        self,
        method: str,
        path: str,
        who: Account | None = None,
        body: Any = None,
        *,
        scope: Scope = Scope.MODERATE,
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> TestResponse:
        """Call as somebody (a visitor for None); the token has one scope."""
        headers = dict(headers or {})
        if who is not None:
            headers.setdefault("Authorization", f"Bearer {self.token(who, scope)}")
        if body is not None:
            options["data"] = json.dumps(body)
            options.setdefault("content_type", "application/json")
        self.session.rollback()
        answer = self.app.test_client().open(PREFIX + path, method=method, headers=headers, **options)
        assert_as_documented(self.document, method, PREFIX + path, answer)
        assert "Set-Cookie" not in answer.headers
        self.session.rollback()
        self.session.expire_all()
        return answer

    def get(self, path: str, who: Account | None = None, **options: Any) -> TestResponse:
        return self.call("GET", path, who, **options)

    def post(self, path: str, who: Account | None, body: Any, **options: Any) -> TestResponse:
        return self.call("POST", path, who, body, **options)

    def patch(self, path: str, who: Account | None, body: Any, **options: Any) -> TestResponse:
        return self.call("PATCH", path, who, body, **options)

    def delete(self, path: str, who: Account | None, **options: Any) -> TestResponse:
        return self.call("DELETE", path, who, **options)


@pytest.fixture
def api(app: Flask, session: Session, clock: Callable[[], Any]) -> Api:
    """Call the API as somebody."""
    return Api(app, session, clock)
