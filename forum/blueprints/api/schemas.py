"""JSON Schema as plain data, and the check of what is sent against it: one description, nothing to drift."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from flask_babel import gettext

Schema = dict[str, Any]

MAX_TEXT = 200
"""Characters of a string that says nothing else about its length."""

COMPONENTS: dict[str, Schema] = {}
"""The named schemas of the document."""


def component(name: str, schema: Schema) -> Schema:
    """Name a schema in the document, and give the reference to it."""
    COMPONENTS[name] = schema
    return {"$ref": f"#/components/schemas/{name}"}


def text(words: str = "", limit: int | None = None, **more: Any) -> Schema:
    """A string; `limit` in characters, None where the service measures it."""
    schema: Schema = {"type": "string"}
    if limit is not None:
        schema["maxLength"] = limit
    return _with(schema | more, words)


def whole(words: str = "", low: int = 0, high: int = 2**31 - 1) -> Schema:
    """A whole number."""
    return _with({"type": "integer", "minimum": low, "maximum": high}, words)


def flag(words: str = "") -> Schema:
    """True or false."""
    return _with({"type": "boolean"}, words)


def one_of(kinds: Iterable[StrEnum] | Iterable[str], words: str = "") -> Schema:
    """One of a few words."""
    return _with({"type": "string", "enum": [str(kind) for kind in kinds]}, words)


def moment(words: str = "") -> Schema:
    """A time in UTC; only its day where a time of day would tell who wrote."""
    schema = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}Z)?$"}
    return _with(schema, words or "RFC 3339 in UTC; the day alone under the Chatham House Rule")


def many(items: Schema, words: str = "") -> Schema:
    """A list."""
    return _with({"type": "array", "items": items}, words)


def maybe(schema: Schema) -> Schema:
    """The same, or null."""
    if "$ref" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    more = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return schema | {"type": [schema["type"], "null"]} | more


def fields(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """An object with these fields and no others."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def page_of(item: Schema) -> Schema:
    """One page of a list, and the cursor of the next (null on the last)."""
    return fields({"items": many(item), "next": maybe(text("Pass it as `cursor` for the next page."))})


def _with(schema: Schema, words: str) -> Schema:
    return schema | {"description": words} if words else schema


def check(value: Any, schema: Schema, path: str = "") -> dict[str, list[str]]:
    """Give what is wrong with a value, as sentences by field (dotted where nested); nothing if all is well.

    Knows the part of JSON Schema that the builders above make for what is sent.
    """
    complaint = _check_type(value, schema)
    if complaint:
        return {path: [complaint]}
    if isinstance(value, dict):
        return _check_fields(value, schema, path)
    if isinstance(value, list):
        errors: dict[str, list[str]] = {}
        for number, part in enumerate(value):
            errors |= check(part, schema["items"], f"{path}.{number}" if path else str(number))
        return errors
    complaint = _check_value(value, schema)
    return {path: [complaint]} if complaint else {}


def _check_fields(value: dict[str, Any], schema: Schema, path: str) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    prefix = f"{path}." if path else ""
    for name in schema["required"]:
        if name not in value:
            errors[prefix + name] = [gettext("This is needed.")]
    for name, part in value.items():
        known = schema["properties"].get(name)
        if known is None:
            errors[prefix + name[:MAX_TEXT]] = [gettext("There is no such field.")]
        else:
            errors |= check(part, known, prefix + name)
    return errors


def _check_type(value: Any, schema: Schema) -> str | None:
    match schema["type"]:
        case "string" if not isinstance(value, str):
            return gettext("This has to be a text.")
        case "integer" if not isinstance(value, int) or isinstance(value, bool):
            return gettext("This has to be a whole number.")
        case "boolean" if not isinstance(value, bool):
            return gettext("This has to be true or false.")
        case "object" if not isinstance(value, dict):
            return gettext("This has to be an object.")
        case "array" if not isinstance(value, list):
            return gettext("This has to be a list.")
    return None


def _check_value(value: Any, schema: Schema) -> str | None:
    if "enum" in schema and value not in schema["enum"]:
        return gettext("Choose one of: %(choices)s.", choices=", ".join(schema["enum"]))
    limit = schema.get("maxLength")
    if limit is not None and len(value) > limit:
        return gettext("Up to %(limit)d characters are accepted here.", limit=limit)
    if "minimum" in schema and not schema["minimum"] <= value <= schema["maximum"]:
        return gettext("From %(low)d to %(high)d.", low=schema["minimum"], high=schema["maximum"])
    if "pattern" in schema and not re.search(schema["pattern"], value):
        return gettext("That is not of the form that is asked for.")
    return None
