"""Canaries: a word of its own in every text field of every row that belongs to a closed group.

Tables and columns come from the metadata, so that a new one is noticed: each column of text is filled unless
`PLAIN` says that nobody's words stand in it, and a table that holds text needs a row in the closed world.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.base import Base

WORD = re.compile(r"zqv[a-z]+q[a-z_]+q[0-9]+", re.IGNORECASE)
"""What a canary looks like: table, column, and the row's number in letters and digits."""

PLAIN = {
    "alias", "anchor_paragraph", "anchor_start", "appellant_key", "audience", "body_hash", "content_hash",
    "country", "digest", "email", "error", "feed_key", "governance_level", "handle", "hash", "held_because",
    "id_hash", "key", "language", "abstract_language", "match_key", "media_type", "occasion", "order_key",
    "own", "paragraph", "place", "act", "act_key", "article", "described_country",
    "password_hash", "platform_role", "previous", "public_id", "question_key",
    "reference", "register_id", "role", "rule", "scope", "sealed_owner", "sent_sha256", "sha256", "slug",
    "source_id",
    "source_key", "storage_key", "target", "text_hash", "time_zone", "token_hash", "translation_of",
    "writer_key", "canonical", "location",
}  # fmt: skip
"""Names of columns that hold keys, hashes, codes and addresses rather than words (in any table)."""

PLAIN_IN = {
    "audit_entry", "authorship", "citation", "imported_record", "outbox_entry", "submission_key",
    "idempotency_key", "library_document", "library_key", "one_time_code", "passkey", "recovery_code",
    "register_evidence", "solution_thread", "sign_in_throttle", "thread_topic", "thread_alias",
    "moderation_claim", "mail_preference",
}  # fmt: skip
"""Tables that hold no words of anybody: ids, keys and facts only."""

PLAIN_COLUMNS = {
    ("access_token", "scopes"),
    ("answer_receipt", "canonical"),
    ("consultation", "reminder_days"),
    ("draft_origin", "remarks"),
    ("moderation_decision", "details"),
    ("paper_version", "paragraphs"),
    ("register_entry", "register"),
    ("register_entry", "state"),
    ("register_event", "state"),
    ("register_value", "field"),
    ("saved_search", "arguments"),
    ("stage", "catalogue_key"),
    ("topic", "arguments"),
    ("stage", "kind"),
    ("working_group", "edited_fields"),
    ("working_group", "holding_rules"),
    ("working_group", "languages"),
    ("working_group", "shown_as_choices"),
}
"""Columns whose lists and numbers hold no words."""

OF_EVERYBODY = {"account", "organisation", "former_name", "mandate", "member_body"}
"""Tables that describe people and bodies, who exist whether or not a group is closed."""


def text_columns(table: sa.Table) -> list[sa.Column[Any]]:
    """Give the columns of a table in which words of people may stand."""
    if table.name in PLAIN_IN or table.name in OF_EVERYBODY:
        return []
    return [
        column
        for column in table.columns
        if isinstance(column.type, sa.String | sa.JSON)
        and not isinstance(column.type, sa.Enum)
        and column.name not in PLAIN
        and (table.name, column.name) not in PLAIN_COLUMNS
    ]


def tables_with_text() -> list[sa.Table]:
    """Give every table that holds words, those that others refer to first."""
    return [table for table in Base.metadata.sorted_tables if text_columns(table)]


def rows_of(session: Session, groups: list[int], accounts: list[int]) -> dict[str, set[Any]]:
    """Give the rows of each table that belong to the groups, or to those people alone.

    A row belongs to what it refers to: a passage to its paper, a paper to its group. What refers to no
    group and to one of the people is theirs.
    """
    found: dict[str, set[Any]] = {"working_group": set(groups)}
    for table in Base.metadata.sorted_tables * 2:
        if len(table.primary_key.columns) != 1 or table.name in OF_EVERYBODY | {
            "working_group",
            "audit_entry",
        }:
            continue
        mine = [
            column.in_(found.get(target_of(column), set()))
            for column in _references(table)
            if target_of(column) not in OF_EVERYBODY
        ]
        owner = [
            column.in_(accounts)
            for column in _references(table)
            if column.name == "account_id" and not any(c.name == "group_id" for c in table.columns)
        ]
        if clauses := mine + owner:
            ids = session.scalars(sa.select(key_of(table)).where(sa.or_(*clauses)))
            found.setdefault(table.name, set()).update(ids)
    return found


def key_of(table: sa.Table) -> sa.Column[Any]:
    """Give the (first) column of a table's key."""
    return next(iter(table.primary_key.columns))


def _references(table: sa.Table) -> Iterator[sa.Column[Any]]:
    return (column for column in table.columns if column.foreign_keys)


def target_of(column: sa.Column[Any]) -> str:
    """Give the name of the table that a column refers to."""
    return next(iter(column.foreign_keys)).column.table.name


def fill(session: Session, rows: Mapping[str, set[Any]]) -> int:
    """Put a canary into every text field of the rows; gives how many were put."""
    count = 0
    for table in tables_with_text():
        key = key_of(table)
        for row in session.execute(sa.select(table).where(chosen(table, rows))).mappings().all():
            values = {
                column.name: _with_canary(column, row[column.name], row[key.name])
                for column in text_columns(table)
            }
            session.execute(sa.update(table).where(key == row[key.name]).values(values))
            count += len(values)
    session.commit()
    return count


def chosen(table: sa.Table, rows: Mapping[str, set[Any]]) -> sa.ColumnElement[bool]:
    """Give the condition for the closed rows of a table."""
    if len(table.primary_key.columns) == 1:
        return key_of(table).in_(rows.get(table.name, set()))
    clauses = [
        column.in_(rows.get(target_of(column), set()))
        for column in _references(table)
        if target_of(column) not in OF_EVERYBODY
    ]
    return sa.or_(sa.false(), *clauses)


def tables_without(session: Session, rows: Mapping[str, set[Any]]) -> list[str]:
    """Give the tables that hold words but of which the closed world has no row."""
    missing = []
    for table in tables_with_text():
        if not session.scalar(sa.select(sa.func.count()).select_from(table).where(chosen(table, rows))):
            missing.append(table.name)
    return missing


def word(table: str, column: str, row: object) -> str:
    """Give the canary of a field: one word, which a search would find."""
    number = row if isinstance(row, int) else 0
    return f"zqv{table.replace('_', '')}q{column.replace('_', '')}q{number}"


def _with_canary(column: sa.Column[Any], value: Any, row: object) -> Any:
    canary = word(column.table.name, column.name, row)
    if isinstance(column.type, sa.JSON):
        return in_json(value, canary)
    text = str(value or "")
    if column.name == "html" or column.name.endswith("_html"):
        before, closing, after = text.rpartition("</p>")
        return f"{before} {canary}{closing}{after}" if closing else f"{text}<p>{canary}</p>"
    if column.name == "filename":
        stem, dot, extension = (text or "file.pdf").rpartition(".")
        return f"{stem}-{canary}{dot}{extension}"
    if column.name.endswith("_email"):
        return f"{canary}@members.example"
    return f"{text} {canary}".strip()


_CODES = re.compile(r"[a-z]{1,2}[0-9]{1,3}|[a-z_]+|[A-Z_]+|[0-9T:+.Z-]+")


def in_json(value: Any, canary: str) -> Any:
    """Put the canary behind every string that is no key or code."""
    if isinstance(value, dict):
        return {key: in_json(part, canary) for key, part in value.items()}
    if isinstance(value, list):
        return [in_json(part, canary) for part in value]
    if isinstance(value, str) and not _CODES.fullmatch(value):
        return f"{value} {canary}"
    return value


def found_in(text: str) -> set[str]:
    """Give the canaries in a text."""
    return {match.casefold() for match in WORD.findall(text)}
