"""What the API answers when something is wrong: problem details (RFC 9457), the same for every reason."""

from collections.abc import Mapping
from http import HTTPStatus

from flask import Response, current_app, json, request
from flask_babel import gettext, lazy_gettext
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed

from forum.blueprints.support import error_words
from forum.errors import ForumError, Invalid, NotFound, TooSoon

PREFIX = "/api/v1/"
MEDIA_TYPE = "application/problem+json"

TITLES = {
    400: lazy_gettext("The request could not be understood"),
    401: lazy_gettext("A token is needed"),
    403: lazy_gettext("Not yours to do"),
    404: lazy_gettext("Nothing here"),
    405: lazy_gettext("Not that method"),
    409: lazy_gettext("Somebody else was faster"),
    413: lazy_gettext("Too long"),
    415: lazy_gettext("Not JSON"),
    422: lazy_gettext("Something has to be mended first"),
    429: lazy_gettext("Too soon"),
    500: lazy_gettext("Something broke on our side"),
    503: lazy_gettext("Not just now"),
}
"""The statuses of every problem, each with its title; the readable page explains them."""

_SENTENCES = {
    400: lazy_gettext("The body is not JSON that can be read, or a field is in it twice."),
    405: lazy_gettext("This address does not take that method."),
    413: lazy_gettext("That is more than this call takes. Shorten it and send it again."),
    415: lazy_gettext("Send JSON, with Content-Type: application/json."),
    500: lazy_gettext("Nothing was changed. Try again in a moment; if it stays, tell the operator."),
}


class TokenNeeded(ForumError):
    """There is no token, or none that works; what was asked for is not told."""

    status_code = 401


def is_api_request() -> bool:
    """Whether this is a call of the API (a wrong address below it too), where no cookie counts."""
    return request.path.startswith(PREFIX) and request.blueprint != "api_docs"


def problem(
    status: int,
    detail: str,
    *,
    errors: Mapping[str, list[str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Give the answer for something wrong; `errors` says for each field what has to be mended."""
    body: dict[str, object] = {
        "type": f"{current_app.config['BASE_URL'].rstrip('/')}{PREFIX}docs#problem-{status}",
        "title": str(TITLES[status]) if status in TITLES else HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    return Response(json.dumps(body) + "\n", status, headers, content_type=MEDIA_TYPE)


def problem_of_crash() -> Response:
    """Give the answer for a fault of ours."""
    return problem_of_http(InternalServerError())


def problem_of_database() -> Response:
    """Give the answer where the database cannot be read or written for now."""
    sentence = gettext("Nothing was changed and nothing was lost. Try again in a few minutes.")
    return problem(503, sentence, headers={"Retry-After": "120"})


def problem_of(error: ForumError) -> Response:
    """Give the answer for an error of ours."""
    if isinstance(error, NotFound):
        return nothing_here()
    detail = error_words(error)
    errors = {error.field: [detail]} if isinstance(error, Invalid) and error.field else None
    headers = {}
    if isinstance(error, TooSoon):
        headers["Retry-After"] = str(error.seconds)
    if isinstance(error, TokenNeeded):
        headers["WWW-Authenticate"] = 'Bearer realm="api"'
    return problem(error.status_code, detail, errors=errors, headers=headers)


def problem_of_http(error: HTTPException) -> Response:
    """Give the answer for what Flask itself refuses."""
    status = error.code or 500
    headers = {}
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        headers["Allow"] = ", ".join(sorted(error.valid_methods))
    sentence = _SENTENCES.get(status, lazy_gettext("That did not work."))
    return problem(status, str(sentence), headers=headers)


def nothing_here() -> Response:
    """One answer for what is absent and for what this person may not know of."""
    return problem(404, gettext("There is nothing at this address, or nothing that you may read."))
