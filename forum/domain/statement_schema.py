"""The schema of the DSA Transparency Database (version 2), and what of a statement's fields breaks it.

Our statements are modelled on it. `data/dsa_statement_of_reasons_v2.json` says the rules; this reads them.
"""

import functools
import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

SCHEMA_FILE = Path(__file__).parent / "data" / "dsa_statement_of_reasons_v2.json"
MAX_BATCH = 100
"""How many statements one file or answer holds at most."""
LAST_DAY = date(2038, 1, 1)
FIRST_CONTENT_DAY = date(2000, 1, 1)
FIRST_APPLICATION_DAY = date(2020, 1, 1)

_PUID = re.compile(r"[a-zA-Z0-9_-]{1,500}")
_OTHER = {
    "decision_visibility_other": ("decision_visibility", "DECISION_VISIBILITY_OTHER"),
    "decision_monetary_other": ("decision_monetary", "DECISION_MONETARY_OTHER"),
    "content_type_other": ("content_type", "CONTENT_TYPE_OTHER"),
    "category_specification_other": ("category_specification", "KEYWORD_OTHER"),
}
"""A free text that belongs to one value of an enumeration."""
_OF_GROUND = {
    "DECISION_GROUND_ILLEGAL_CONTENT": ("illegal_content_legal_ground", "illegal_content_explanation"),
    "DECISION_GROUND_INCOMPATIBLE_CONTENT": (
        "incompatible_content_ground",
        "incompatible_content_explanation",
    ),
}
_END_DATES = {
    "end_date_visibility_restriction": "decision_visibility",
    "end_date_monetary_restriction": "decision_monetary",
    "end_date_service_restriction": "decision_provision",
    "end_date_account_restriction": "decision_account",
}


@functools.cache
def load_schema() -> dict[str, Any]:
    """Give the schema as its file says it."""
    return dict(json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))


def codes(name: str) -> frozenset[str]:
    """Give the codes that an enumeration of the schema allows."""
    return frozenset(load_schema()["enumerations"][name])


def find_faults(fields: Mapping[str, Any]) -> list[str]:
    """Give a sentence for everything in a statement's fields that the schema does not allow."""
    return list(_faults(fields))


def _faults(fields: Mapping[str, Any]) -> Iterator[str]:
    rules = load_schema()["fields"]
    for name in rules["required"]:
        if not fields.get(name):
            yield f"{name} is missing."
    if not any(fields.get(name) for name in rules["at_least_one_of"]):
        yield f"One of {', '.join(rules['at_least_one_of'])} is needed."
    known = {*rules["required"], *rules["at_least_one_of"], *rules["optional"], *rules["required_if"]}
    for name in sorted(set(fields) - known):
        yield f"{name} is no field of the schema."
    yield from _fault_values(fields, rules)
    yield from _fault_conditions(fields)
    yield from _fault_dates(fields)


def _fault_values(fields: Mapping[str, Any], rules: Mapping[str, Any]) -> Iterator[str]:
    enumerations = load_schema()["enumerations"] | {"category_addition": codes("category")}
    for name, value in fields.items():
        is_list = name in rules["lists"]
        if is_list != isinstance(value, list):
            yield f"{name} must be {'a list' if is_list else 'one value'}."
            continue
        for one in value if is_list else [value]:
            if not isinstance(one, str):
                yield f"{name} must be text."
            elif name in enumerations and one not in enumerations[name]:
                yield f"{name} cannot be {one!r}."
            elif len(one) > rules["max_length"].get(name, 5000):
                yield f"{name} is too long."
    if not _PUID.fullmatch(str(fields.get("puid", ""))):
        yield "puid must be letters, digits, hyphens and underscores."
    language = fields.get("content_language")
    if language is not None and not re.fullmatch("[A-Z]{2}", str(language)):
        yield "content_language must be two capital letters."
    url = fields.get("decision_ground_reference_url")
    if url is not None and not re.fullmatch(r"https?://\S+", str(url)):
        yield "decision_ground_reference_url must be a URL."


def _fault_conditions(fields: Mapping[str, Any]) -> Iterator[str]:
    for name, (owner, code) in _OTHER.items():
        value = fields.get(owner) or []
        is_chosen = code in value if isinstance(value, list) else code == value
        is_optional = name == "category_specification_other"
        if is_chosen and not fields.get(name) and not is_optional:
            yield f"{name} is needed with {code}."
        if not is_chosen and name in fields:
            yield f"{name} is only for {code}."
    for ground, names in _OF_GROUND.items():
        is_chosen = fields.get("decision_ground") == ground
        for name in names:
            if is_chosen and not fields.get(name):
                yield f"{name} is needed with {ground}."
            if not is_chosen and name in fields:
                yield f"{name} is only for {ground}."
    if "incompatible_content_illegal" in fields and (
        fields.get("decision_ground") != "DECISION_GROUND_INCOMPATIBLE_CONTENT"
    ):
        yield "incompatible_content_illegal is only for DECISION_GROUND_INCOMPATIBLE_CONTENT."
    if "source_identity" in fields and fields.get("source_type") == "SOURCE_VOLUNTARY":
        yield "source_identity is only for what somebody notified."


def _fault_dates(fields: Mapping[str, Any]) -> Iterator[str]:
    first = {"content_date": FIRST_CONTENT_DAY, "application_date": FIRST_APPLICATION_DAY}
    for name in (*first, *_END_DATES):
        if name not in fields:
            continue
        try:
            day = date.fromisoformat(str(fields[name]))
        except ValueError:
            yield f"{name} must be a day such as 2026-03-01."
            continue
        if not first.get(name, date.min) <= day <= LAST_DAY:
            yield f"{name} lies outside what the schema allows."
    for name, owner in _END_DATES.items():
        if name in fields and not fields.get(owner):
            yield f"{name} needs {owner}."
