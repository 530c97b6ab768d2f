"""A data file says which file, place and key is wrong."""

from pathlib import Path

import pytest

from forum.domain.datafile import DataFileError, open_table, refuse_twice


def read(tmp_path: Path, text: str, ask) -> object:
    """Writes a file, asks one thing of it, and finishes it."""
    path = tmp_path / "things.toml"
    path.write_text(text, encoding="utf-8")
    with open_table(path) as top:
        return ask(top)


@pytest.mark.parametrize(
    ("text", "ask", "message"),
    [
        pytest.param("", lambda t: t.text("title"), "things.toml: title: is missing", id="missing"),
        pytest.param("title = ' '", lambda t: t.text("title"), "title: must not be empty", id="blank"),
        pytest.param("title = 3", lambda t: t.text("title"), "title: must be a text", id="wrong type"),
        pytest.param(
            "n = true", lambda t: t.whole("n"), "n: must be a whole number", id="a flag is no number"
        ),
        pytest.param("n = 0", lambda t: t.whole("n", least=1), "n: must be at least 1", id="too small"),
        pytest.param("d = '2020-13'", lambda t: t.partial_date("d"), "is not a date", id="thirteenth month"),
        pytest.param("d = 'May 2020'", lambda t: t.partial_date("d"), "must be a date such as", id="words"),
        pytest.param("s = 'No Slug'", lambda t: t.slug("s"), "lower-case words joined", id="no slug"),
        pytest.param("c = 'blue'", lambda t: t.choice("c", ["red"]), "must be one of red", id="no choice"),
        pytest.param("l = ['a', 'a']", lambda t: t.texts("l"), "names something twice", id="twice in a list"),
        pytest.param("l = [1]", lambda t: t.texts("l"), "must be a list of texts", id="a list of others"),
        pytest.param("l = ['1']", lambda t: t.wholes("l"), "list of whole numbers", id="words as numbers"),
        pytest.param(
            "title = 'x'\ntilte = 'y'", lambda t: t.text("title"), "tilte: is not a key", id="misspelt key"
        ),
        pytest.param("title = ", lambda t: t.text("title"), "is not valid TOML", id="not TOML"),
        pytest.param(
            "[[rows]]\nkey = 'one'",
            lambda t: [row.text("title") for row in t.tables("rows", "key")],
            "things.toml: rows[one]: title: is missing",
            id="the place is named by the key of the row",
        ),
    ],
)
def test_a_fault_names_file_place_and_key(tmp_path, text, ask, message):
    with pytest.raises(DataFileError) as caught:
        read(tmp_path, text, ask)
    assert str(caught.value).startswith("things.toml: ")
    assert message in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    """No traceback from the operating system, but the name and the folder."""
    with (
        pytest.raises(DataFileError, match=r"absent\.toml: there is no such file"),
        open_table(tmp_path / "absent.toml"),
    ):
        pass


def test_values_that_must_be_unique_are_refused_the_second_time(tmp_path):
    """Two rows with one slug cannot both be loaded."""
    with pytest.raises(DataFileError, match="slug: 'a' is used twice"):
        read(
            tmp_path,
            "[[rows]]\nslug = 'a'\n[[rows]]\nslug = 'a'",
            lambda t: refuse_twice(
                rows := t.tables("rows", "slug"), "slug", [row.slug("slug") for row in rows]
            ),
        )
