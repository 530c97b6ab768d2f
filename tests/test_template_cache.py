"""Compiled templates: kept when the folder takes them, and never in the way when it does not."""

from pathlib import Path

from jinja2 import DictLoader, Environment

from forum.template_cache import TemplateCache


def say(folder: Path, source: str) -> str:
    return (
        Environment(loader=DictLoader({"a": source}), bytecode_cache=TemplateCache(folder))
        .get_template("a")
        .render()
    )


def test_a_template_is_kept_and_a_changed_one_is_compiled_anew(tmp_path: Path) -> None:
    folder = tmp_path / "templates"
    assert say(folder, "one") == "one"
    assert len(list(folder.iterdir())) == 1
    assert say(folder, "one") == "one"
    assert say(folder, "two") == "two"


def test_a_folder_that_cannot_be_made_or_read_only_costs_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert say(tmp_path / "file" / "templates", "one") == "one"


def test_a_damaged_entry_is_compiled_anew(tmp_path: Path) -> None:
    say(tmp_path, "one")
    for entry in tmp_path.iterdir():
        entry.write_bytes(entry.read_bytes()[:10])
    assert say(tmp_path, "one") == "one"
