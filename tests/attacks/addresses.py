"""Every address of the URL map, with what somebody might have heard of in place of its variables.

A new route whose variables are not known yet fails the build with a sentence. To register one, name the
column its values come from: in `VARIABLES` if every route means the same by that name, else in `OF_ROUTE`.
"""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from forum.domain.base import Base
from tests.attacks.canaries import key_of

VARIABLES = {
    "answer_id": "answer.public_id",
    "attachment_id": "attachment.public_id",
    "consultation": "consultation.public_id",
    "consultation_id": "consultation.public_id",
    "evidence_id": "register_evidence.public_id",
    "stance_id": "passage_stance.public_id",
    "topic_id": "topic.public_id",
    "draft_id": "paper_version.public_id",
    "paper": "paper.public_id",
    "paper_id": "paper.public_id",
    "post": "post.public_id",
    "section_id": "questionnaire_section.public_id",
    "ballot_id": "ballot.public_id",
    "call_id": "seat_call.public_id",
    "declaration_id": "declaration.public_id",
    "meeting_id": "meeting.public_id",
    "remark_id": "minutes_remark.public_id",
    "export_id": "search_export.public_id",
    "person": "account.public_id",
    "request_id": "access_request.public_id",
    "slug": "working_group.slug",
    "statement": "statement_of_reasons.public_id",
    "thread": "thread.public_id",
    "thread_id": "thread.public_id",
}
"""Variable -> the column whose values it takes."""

GIVEN = {
    "catalogue": ["solutions"],
    "anchor": ["p1"],
    "article": ["3"],
    "country": ["FR"],
    "criterion": ["privacy"],
    "kind": ["post", "version"],
    "solution": ["on-device"],
    "form": ["csv", "json", "xlsx", "jsonl"],
    "key": ["q1", "q6", "solutions", "gaps"],
    "number": ["1", "2"],
    "token": ["x" * 43],
    "of": ["post", "version", "answer"],
}
"""Variable -> values that it takes whatever there is."""

OF_ROUTE = {
    ("accounts.remove_passkey", "public_id"): "passkey.public_id",
    ("accounts.revoke_session", "public_id"): "login_session.public_id",
    ("accounts.revoke_token", "public_id"): "access_token.public_id",
    ("administration.*", "public_id"): "account.public_id",
    ("administration.decide_request", "public_id"): "access_request.public_id",
    ("administration.erasure", "public_id"): "erasure.public_id",
    ("administration.withdraw_invitation", "public_id"): "invitation.public_id",
    ("administration.end_mandate", "public_id"): "account.public_id",
    ("administration.*", "slug"): "organisation.slug",
    ("administration.*", "member"): "organisation.slug",
    ("assessment_links.*", "public_id"): "assessment.public_id",
    ("directive.*", "public_id"): "article_status.public_id",
    ("feeds.meetings", "public_id"): "account.public_id",
    ("feeds.search", "public_id"): "saved_search.public_id",
    ("flags.answer", "public_id"): "answer.public_id",
    ("flags.assessment", "public_id"): "assessment.public_id",
    ("flags.entry", "public_id"): "register_entry.public_id",
    ("flags.post", "public_id"): "post.public_id",
    ("flags.version", "public_id"): "paper.public_id",
    ("members.decide_request", "public_id"): "access_request.public_id",
    ("members.end_seat", "public_id"): "seat.public_id",
    ("members.withdraw_invitation", "public_id"): "invitation.public_id",
    ("moderation.appeal", "public_id"): "appeal.public_id",
    ("moderation.appeal_against", "public_id"): "moderation_decision.public_id",
    ("moderation.disclosure", "public_id"): "flag.public_id",
    ("moderation.locked*", "public_id"): "protected_case.public_id",
    ("moderation.outcome", "public_id"): "moderation_decision.public_id",
    ("moderation.statement*", "public_id"): "statement_of_reasons.public_id",
    ("moderation.undo", "public_id"): "moderation_decision.public_id",
    ("moderation.*", "public_id"): "post.public_id paper_version.public_id answer.public_id",
    ("notices.read", "public_id"): "notice.public_id",
    ("organisations.*", "slug"): "organisation.slug",
    ("people.profile", "public_id"): "account.public_id",
    ("posts.*", "public_id"): "post.public_id",
    ("positions.*", "public_id"): "post.public_id paper_version.public_id",
    ("register_entries.*", "public_id"): "register_entry.public_id",
    ("registers.*", "public_id"): "register_entry.public_id",
    ("saved_searches.*", "public_id"): "saved_search.public_id",
    ("threads.remove_note", "note"): "staff_note.public_id",
    ("threads.*", "public_id"): "thread.public_id",
    ("unsealing.ask", "public_id"): "post.public_id paper_version.public_id",
    ("unsealing.*", "public_id"): "unsealing.public_id",
}
"""(endpoint, variable) -> the column(s); the first line that fits counts, `*` stands for any ending."""

ELSEWHERE = ("static", "bootstrap.static")
"""Files that are the same for everybody."""


class Unknown(AssertionError):
    """Nobody said what a route's variable stands for."""


def column_of(endpoint: str, variable: str) -> list[str]:
    """Give the columns that a variable of a route takes its values from."""
    for (route, name), columns in OF_ROUTE.items():
        fits = endpoint.startswith(route[:-1]) if route.endswith("*") else endpoint == route
        if fits and name == variable:
            return columns.split()
    if variable in VARIABLES:
        return [VARIABLES[variable]]
    table = Base.metadata.tables.get(variable.removesuffix("_id"))
    if table is not None and "public_id" in table.columns:
        return [f"{table.name}.public_id"]
    raise Unknown(
        f"the route {endpoint} is new and its <{variable}> is not known: name the column its values "
        "come from in OF_ROUTE (or VARIABLES) of tests/attacks/addresses.py, so that it is attacked too"
    )


class Values:
    """What variables may stand for: the closed rows' ids, those of a parent beside those of its parts."""

    def __init__(self, session: Session, rows: Mapping[str, set[Any]], *, most: int = 2) -> None:
        self.session = session
        self.rows = rows
        self.most = most
        """How many rows of one group and status are tried."""
        self._known: dict[tuple[str, ...], list[tuple[str, ...]]] = {}

    def of(self, columns: tuple[str, ...]) -> list[tuple[str, ...]]:
        """Give what the columns hold together: a passage's id beside its paper's and its group's."""
        if columns not in self._known:
            self._known[columns] = list(dict.fromkeys(self._read(columns)))
        return self._known[columns]

    def _read(self, columns: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        tables = list(dict.fromkeys(Base.metadata.tables[column.partition(".")[0]] for column in columns))
        best = max((_joined(table, tables) for table in tables), key=lambda join: len(join[1]))
        source, inside = best
        first = inside[0]
        fields = [
            Base.metadata.tables[name].c[key]
            for name, _, key in (column.partition(".") for column in columns)
        ]
        near = [field for field in fields if field.table in inside]
        sorts = [first.c[name] for name in ("group_id", "status") if name in first.columns]
        query = sa.select(*near, *sorts).select_from(source).order_by(key_of(first))
        if first.name in self.rows:
            query = query.where(key_of(first).in_(self.rows[first.name]))
        seen: dict[tuple[object, ...], int] = {}
        far = {field: self.of((f"{field.table.name}.{field.name}",)) for field in fields if field not in near}
        for number, row in enumerate(self.session.execute(query)):
            kind = tuple(row[len(near) :])
            seen[kind] = seen.get(kind, 0) + 1
            if seen[kind] <= (self.most if kind else 4 * self.most):
                known = dict(zip(near, row, strict=False))
                others = {field: values[number % len(values)][0] for field, values in far.items() if values}
                yield tuple(str((known | others)[field]) for field in fields)


def _joined(first: sa.Table, wanted: list[sa.Table]) -> tuple[sa.FromClause, list[sa.Table]]:
    """Join a table with those of the wanted that it refers to, directly or by one of them."""
    source: sa.FromClause = first
    inside = [first]
    for table in [*wanted, *wanted]:
        if table in inside:
            continue
        for child in inside:
            column = next(
                (c for c in child.columns for key in c.foreign_keys if key.column.table is table), None
            )
            if column is not None:
                source = source.join(table, column == key_of(table))
                inside.append(table)
                break
    return source, inside


def fill_rule(rule: Rule, values: Values) -> Iterator[dict[str, str]]:
    """Give every filling of a route's variables."""
    names = sorted(rule.arguments)
    given = [name for name in names if name in GIVEN]
    others = [name for name in names if name not in GIVEN]
    for columns in itertools.product(*(column_of(rule.endpoint, name) for name in others)):
        for found in values.of(columns) if columns else [()]:
            for chosen in itertools.product(*(GIVEN[name] for name in given)):
                yield dict(zip(others, found, strict=True)) | dict(zip(given, chosen, strict=True))


def addresses(app: Flask, values: Values, method: str = "GET") -> list[tuple[str, str]]:
    """Give (endpoint, address) for everything that the URL map takes this method at."""
    adapter = app.url_map.bind("localhost")
    found = {}
    for rule in app.url_map.iter_rules():
        if method not in (rule.methods or set()) or rule.endpoint in ELSEWHERE:
            continue
        for filling in fill_rule(rule, values):
            fitting = {
                name: int(value) if _is_number(rule, name) else value for name, value in filling.items()
            }
            try:
                found[adapter.build(rule.endpoint, fitting, method=method)] = rule.endpoint
            except ValueError:  # an `any(…)` that does not take this kind
                continue
    return [(endpoint, path) for path, endpoint in found.items()]


def _is_number(rule: Rule, name: str) -> bool:
    return type(rule._converters[name]).__name__ == "Number"
