"""The manifest of a backup: read back as written, and never believed too easily."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.backups import Contents, Damaged, Manifest, Member, parse_manifest

MANIFEST = Manifest(
    version="0.1.0",
    made_at=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
    engine="sqlite",
    contents=Contents("0001", {"account": 3, "alembic_version": 1}),
    members={
        "database/forum.sqlite3": Member("0" * 64, 4096),
        "attachments/ab/ü 1.pdf": Member("f" * 64, 0),
    },
)


def changed(**changes: Any) -> bytes:
    return json.dumps(json.loads(MANIFEST.to_json()) | changes).encode()


def test_it_is_read_as_it_was_written() -> None:
    """Nothing is lost, and the keys that are kept apart are named without their values."""
    assert parse_manifest(MANIFEST.to_json()) == MANIFEST
    assert json.loads(MANIFEST.to_json())["keys_not_included"] == ["SECRET_KEY", "SEALING_KEY"]
    assert (MANIFEST.database, MANIFEST.size) == ("database/forum.sqlite3", 4096)
    assert MANIFEST.attachments == ["attachments/ab/ü 1.pdf"]


MEMBER = {"sha256": "0" * 64, "size": 1}
DATABASE = {"database/forum.sqlite3": MEMBER}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"[" * 100_000, id="nested without end"),
        pytest.param(changed(product="another"), id="another program's"),
        pytest.param(changed(format="1"), id="a format that is no number"),
        pytest.param(changed(format=2), id="newer code's"),
        pytest.param(changed(made_at="yesterday"), id="no time"),
        pytest.param(changed(database={}), id="no database"),
        pytest.param(
            changed(database={"engine": "abacus", "schema": "1", "rows": {}}), id="an unknown database"
        ),
        pytest.param(
            changed(database={"engine": "sqlite", "schema": 1, "rows": {}}), id="a schema that is no text"
        ),
        pytest.param(
            changed(database={"engine": "sqlite", "schema": "1", "rows": {"a": -1}}), id="fewer than no rows"
        ),
        pytest.param(changed(members={}), id="no members"),
        pytest.param(changed(members=DATABASE | {"database/forum.dump": MEMBER}), id="two databases"),
        pytest.param(
            changed(members={"database/forum.sqlite3": MEMBER | {"size": True}}),
            id="a size that is no number",
        ),
        pytest.param(
            changed(members={"database/forum.sqlite3": MEMBER | {"sha256": "0" * 63}}), id="a short checksum"
        ),
    ],
)
def test_what_is_no_manifest_is_refused(text: bytes) -> None:
    """One sentence says so."""
    with pytest.raises(Damaged) as caught:
        parse_manifest(text)
    assert len(caught.value.faults) == 1


@pytest.mark.parametrize(
    "name",
    [
        "../forum.db",
        "/etc/passwd",
        "attachments/../../x",
        "attachments/..",
        "attachments//x",
        "attachments/./x",
        "attachments",
        "attachments/",
        "attachments/a\\..\\b",
        "attachments/c:x",
        "attachments/a\x00b",
        "attachments/a\nb",
        "database/other",
        "secrets.json",
        "index/x",
        "",
    ],
)
def test_a_name_that_no_backup_has_is_refused(name: str) -> None:
    """Whatever leads out of the folder, or has a second spelling."""
    with pytest.raises(Damaged, match="a name that no backup has"):
        parse_manifest(changed(members=DATABASE | {name: MEMBER}))


@given(st.text(max_size=12))
def test_no_name_leads_out_of_the_instance(name: str) -> None:
    """Whatever is accepted stays below attachments/."""
    try:
        manifest = parse_manifest(changed(members=DATABASE | {f"attachments/{name}": MEMBER}))
    except Damaged:
        return
    for member in manifest.attachments:
        parts = member.split("/")
        assert parts[0] == "attachments"
        assert all(part not in {"", ".", ".."} for part in parts)


def test_a_damaged_archive_says_everything_in_one_line() -> None:
    """Also where a fault has a percent sign."""
    assert str(Damaged(["100% wrong", "and more"])) == "100% wrong; and more"
