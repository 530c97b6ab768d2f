"""An indexer that is killed while others write loses nothing: the short form of `python -m bench kills`."""

from pathlib import Path

import sqlalchemy as sa

from bench.kills import kill_indexer

KILLS = 5


def test_five_kills_leave_no_drift(tmp_path: Path) -> None:
    """On SQLite and the embedded index."""
    found = kill_indexer({"FORUM_INSTANCE": str(tmp_path), "FORUM_ENV": "development"}, KILLS)
    assert (found.kills, found.drift) == (KILLS, 0)
    assert found.documents > 0


def test_five_kills_leave_no_drift_on_postgresql(tmp_path: Path, postgresql_url: str) -> None:
    """Data and index in one database, of its own."""
    url = sa.make_url(postgresql_url)
    admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE killed"))
    admin.dispose()
    settings = {
        "FORUM_INSTANCE": str(tmp_path),
        "FORUM_ENV": "development",
        "FORUM_DATABASE_URL": url.set(database="killed").render_as_string(hide_password=False),
        "FORUM_SEARCH": "postgresql",
    }
    found = kill_indexer(settings, KILLS)
    assert (found.kills, found.drift) == (KILLS, 0)
    assert found.documents > 0
