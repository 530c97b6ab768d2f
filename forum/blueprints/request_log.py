"""One line in the log for each request: which route, how it was answered, how long; never who or what."""

import logging
import re
import secrets
import time

from flask import Flask, Response, current_app, g, request

from forum.logs import request_id

_LOGGER = logging.getLogger("forum.requests")


def _begin() -> None:
    g.began = time.perf_counter()
    sent = request.headers.get("X-Request-Id", "")
    is_ours = current_app.config["TRUSTED_PROXIES"] and re.fullmatch("[0-9a-f]{16,64}", sent)
    request_id.set(sent if is_ours else secrets.token_hex(16))


def _end(response: Response) -> Response:
    took = time.perf_counter() - g.get("began", time.perf_counter())
    told = {
        "method": request.method,
        # The rule, not the address: that may hold a token, a name or a word that somebody looks for.
        "route": str(request.url_rule or ""),
        "status": response.status_code,
        "ms": round(1000 * took, 1),
    }
    _LOGGER.info("answered", extra=told)
    return response


def init_app(app: Flask) -> None:
    """Note every request; first of all, so that everything else is within its time."""
    app.before_request_funcs.setdefault(None, []).insert(0, _begin)
    app.after_request(_end)
