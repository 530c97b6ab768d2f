"""A small strict check of answers against the OpenAPI document: what it does not know, it refuses."""

import json
import re
from typing import Any

from werkzeug.test import TestResponse

PREFIX = "/api/v1"
KINDS = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}
KNOWN = {
    "$ref",
    "additionalProperties",
    "anyOf",
    "description",
    "enum",
    "items",
    "maxLength",
    "maximum",
    "minimum",
    "pattern",
    "properties",
    "required",
    "type",
}


def wrong_with(value: Any, schema: dict[str, Any], document: dict[str, Any], at: str = "$") -> list[str]:
    """Say what in a value is not as its schema says."""
    if unknown := set(schema) - KNOWN:
        return [f"{at}: the checker does not know {unknown}"]
    if "$ref" in schema:
        part: Any = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            part = part[step]
        return wrong_with(value, part, document, at)
    if "anyOf" in schema:
        tries = [wrong_with(value, part, document, at) for part in schema["anyOf"]]
        return [] if any(not one for one in tries) else [line for one in tries for line in one]
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(
        isinstance(value, KINDS[kind])
        and not (kind == "integer" and value in (True, False) and isinstance(value, bool))
        for kind in kinds
    ):
        return [f"{at}: {value!r} is no {kinds}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{at}: {value!r} is none of {schema['enum']}"]
    if isinstance(value, str):
        return _wrong_text(value, schema, at)
    if isinstance(value, int) and "minimum" in schema and not schema["minimum"] <= value <= schema["maximum"]:
        return [f"{at}: {value} is out of range"]
    if isinstance(value, list):
        return [
            line
            for n, part in enumerate(value)
            for line in wrong_with(part, schema["items"], document, f"{at}[{n}]")
        ]
    if isinstance(value, dict):
        return _wrong_fields(value, schema, document, at)
    return []


def _wrong_text(value: str, schema: dict[str, Any], at: str) -> list[str]:
    if len(value) > schema.get("maxLength", len(value)):
        return [f"{at}: longer than {schema['maxLength']}"]
    if "pattern" in schema and not re.search(schema["pattern"], value):
        return [f"{at}: {value!r} does not match {schema['pattern']}"]
    return []


def _wrong_fields(
    value: dict[str, Any], schema: dict[str, Any], document: dict[str, Any], at: str
) -> list[str]:
    known = schema.get("properties", {})
    more = schema.get("additionalProperties", True)
    wrong = [f"{at}: lacks {name}" for name in schema.get("required", ()) if name not in value]
    for name, part in value.items():
        if name in known:
            wrong += wrong_with(part, known[name], document, f"{at}.{name}")
        elif isinstance(more, dict):
            wrong += wrong_with(part, more, document, f"{at}.{name}")
        elif not more:
            wrong.append(f"{at}: has {name}")
    return wrong


def operation_of(document: dict[str, Any], method: str, path: str) -> dict[str, Any] | None:
    """Give the operation that answers a call; None where the document has none."""
    for template, operations in document["paths"].items():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path) and method.lower() in operations:
            return operations[method.lower()]  # type: ignore[no-any-return]
    return None


def assert_as_documented(document: dict[str, Any], method: str, path: str, answer: TestResponse) -> None:
    """Hold an answer to the document: its status, its media type and every field of its body."""
    operation = operation_of(document, method, path.partition("?")[0].removeprefix(PREFIX))
    if operation is None:
        assert answer.status_code in {401, 404, 405}, f"{method} {path} is not in the document"
        wanted = document["components"]["responses"][str(answer.status_code)]
    else:
        wanted = operation["responses"].get(str(answer.status_code))
        assert wanted is not None, (
            f"{method} {path} does not say that it answers {answer.status_code}: {answer.text}"
        )
        if "$ref" in wanted:
            wanted = document["components"]["responses"][wanted["$ref"].rpartition("/")[2]]
    if "content" not in wanted:
        assert answer.data == b""
        return
    ((media_type, content),) = wanted["content"].items()
    assert answer.mimetype == media_type
    assert wrong_with(json.loads(answer.text), content["schema"], document) == []
