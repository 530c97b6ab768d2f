"""The description of the API: the OpenAPI document, made of the declared calls, and a page to read it on."""

import functools
import re
from typing import Any

from flask import Blueprint, Response, current_app, json, render_template

from forum.blueprints.api.schemas import COMPONENTS, Schema, component, fields, text, whole
from forum.blueprints.api.support import CALLS, Call
from forum.blueprints.problems import MEDIA_TYPE, PREFIX, TITLES
from forum.services.access_tokens import Scope
from forum.services.idempotency import HEADER

blueprint = Blueprint("api_docs", __name__, url_prefix=PREFIX.rstrip("/"))

PROBLEM = component(
    "Problem",
    fields(
        {
            "type": text("Leads to what it means."),
            "title": text(),
            "status": whole("", 400, 599),
            "detail": text("One sentence for a person."),
        },
        {
            "errors": {
                "type": "object",
                "additionalProperties": {"type": "array", "items": {"type": "string"}},
                "description": "For each field, in dotted form where it is nested, what has to be mended.",
            }
        },
    ),
)
NOUNS = {
    "me": "Me",
    "groups": "Groups",
    "threads": "Discussions",
    "posts": "Posts",
    "procedures": "Procedures",
    "papers": "Papers",
    "comments": "Comments on papers",
    "consultations": "Consultations",
    "search": "Search",
    "statements": "Statements of reasons",
    "moderation": "Moderation",
    "audit": "The record",
    "transparency": "Moderation in public",
}
INTRODUCTION = (
    "What people do on the pages, for programs: with the same rights, through the same doors. "
    "A person makes a token in their settings and it is sent as `Authorization: Bearer …`; without one the "
    "visitor's part can be read. Ids are random, times are RFC 3339 in UTC, texts are Markdown in `body` "
    "with safe HTML beside it in `html`. Fields and parameters that a call does not know are refused."
)
_ALWAYS = (401, 403, 404, 422, 429, 500, 503)


def problems_of(call: Call) -> list[int]:
    """Give the statuses of the problems that a call can answer."""
    body = (400, 413, 415) if call.body is not None else ()
    repeated = (409,) if call.method != "GET" else ()
    return sorted({*_ALWAYS, *body, *repeated, *call.problems})


def build_document(*, title: str, base_url: str) -> dict[str, Any]:
    """Give the OpenAPI document of every declared call."""
    paths: dict[str, dict[str, Any]] = {}
    for call in CALLS:
        paths.setdefault(call.path, {})[call.method.lower()] = _operation(call)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1", "description": INTRODUCTION},
        "servers": [{"url": base_url.rstrip("/") + PREFIX.rstrip("/")}],
        "tags": [{"name": name} for noun, name in NOUNS.items() if any(c.noun == noun for c in CALLS)],
        "paths": paths,
        "components": {
            "schemas": COMPONENTS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "responses": {
                str(status): {
                    "description": str(words),
                    "content": {MEDIA_TYPE: {"schema": PROBLEM}},
                }
                for status, words in TITLES.items()
            },
        },
    }


def _operation(call: Call) -> dict[str, Any]:
    token: dict[str, list[str]] = {"token": [call.scope.value]}
    answer: dict[str, Any] = {"description": "Done."}
    if call.answer is not None:
        answer["content"] = {"application/json": {"schema": call.answer}}
    if call.location:
        answer["headers"] = {"Location": {"schema": text("The call that reads what was made.")}}
    operation: dict[str, Any] = {
        "operationId": call.name.replace(".", "_"),
        "summary": call.summary,
        "tags": [NOUNS[call.noun]],
        "parameters": _parameters(call),
        "security": [token] if call.needs_token else [{}, token],
        "responses": {
            str(call.status): answer,
            **{str(status): {"$ref": f"#/components/responses/{status}"} for status in problems_of(call)},
        },
    }
    if call.body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": call.body}}}
    return operation


def _parameters(call: Call) -> list[dict[str, Any]]:
    found = [
        {"name": name, "in": "path", "required": True, "schema": text()}
        for name in re.findall(r"\{(\w+)\}", call.path)
    ]
    found += [
        {"name": name, "in": "query", "required": False, "schema": schema}
        for name, schema in call.query.items()
    ]
    if call.method != "GET":
        words = "Sent again within a day, nothing is made twice and the first answer is given again."
        found.append({"name": HEADER, "in": "header", "required": False, "schema": text(words, 200)})
    return found


@functools.cache
def _document(title: str, base_url: str) -> str:
    return json.dumps(build_document(title=title, base_url=base_url), ensure_ascii=False, indent=1) + "\n"


@blueprint.get("/openapi.json")
def document() -> Response:
    """Give the OpenAPI document."""
    settings = current_app.config
    return Response(_document(settings["SITE_NAME"], settings["BASE_URL"]), content_type="application/json")


@blueprint.get("/docs")
def page() -> str:
    """Show the document to people."""
    settings = current_app.config
    shown = build_document(title=settings["SITE_NAME"], base_url=settings["BASE_URL"])
    return render_template(
        "api/docs.html",
        document=shown,
        sections=_sections(),
        schemas=[(name, rows_of(schema)) for name, schema in sorted(COMPONENTS.items())],
        problems=TITLES.items(),
        scopes=list(Scope),
        header=HEADER,
    )


def _sections() -> list[tuple[str, str, list[dict[str, Any]]]]:
    return [
        (noun, name, [_shown(call) for call in CALLS if call.noun == noun])
        for noun, name in NOUNS.items()
        if any(call.noun == noun for call in CALLS)
    ]


def _shown(call: Call) -> dict[str, Any]:
    """Give a call as the page shows it."""
    return {
        "anchor": call.name.replace(".", "-"),
        "method": call.method,
        "path": PREFIX.rstrip("/") + call.path,
        "summary": call.summary,
        "scope": call.scope.value,
        "needs_token": call.needs_token,
        "query": [
            (name, kind_of(schema), "", schema.get("description", "")) for name, schema in call.query.items()
        ],
        "body": rows_of(call.body) if call.body else [],
        "status": call.status,
        "answer": kind_of(call.answer) if call.answer else "",
        "problems": problems_of(call),
    }


def rows_of(schema: Schema) -> list[tuple[str, str, bool, str]]:
    """Give the fields of an object as (name, kind, is needed, words)."""
    return [
        (name, kind_of(part), name in schema["required"], part.get("description", ""))
        for name, part in schema["properties"].items()
    ]


def kind_of(schema: Schema) -> str:
    """Say in words what a schema takes."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(kind_of(part) for part in schema["anyOf"])
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if "enum" in schema:
        return " | ".join("null" if choice is None else str(choice) for choice in schema["enum"])
    if "array" in kinds:
        return f"list of {kind_of(schema['items'])}"
    if "object" in kinds and "properties" in schema:
        inner = ", ".join(
            f"{name}: {kind_of(part)}" if "$ref" in part or part.get("type") == "array" else name
            for name, part in schema["properties"].items()
        )
        return f"{{{inner}}}" + (" or null" if "null" in kinds else "")
    return " or ".join(kinds) + (f", up to {schema['maxLength']} characters" if "maxLength" in schema else "")
