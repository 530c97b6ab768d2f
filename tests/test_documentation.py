"""Every setting, command and route is documented, and what the documentation links to is there."""

import re
from pathlib import Path

import click
import pytest
from flask import Flask

import config
from forum.cli import cli
from forum.cli.reference import PAGES, reference_pages

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", ["settings.md", "commands.md", "addresses.md"])
def test_reference_pages_are_those_of_the_code(app: Flask, name: str) -> None:
    """`make reference` draws them anew."""
    assert (PAGES / name).read_text(encoding="utf-8") == reference_pages(app)[name], "run `make reference`"


def test_every_setting_says_what_it_does(app: Flask) -> None:
    """No setting without a sentence in config/default.py."""
    page = reference_pages(app)["settings.md"]
    for name in config.setting_names():
        row = re.search(rf"\| `FORUM_{name}` \| [^|]*\| ([^|]*)\|", page)
        assert row, name
        assert len(row[1].split()) >= 3, name


def test_every_route_says_what_it_does(app: Flask) -> None:
    """The first line of each view's docstring."""
    for line in reference_pages(app)["addresses.md"].splitlines()[9:]:
        cells = [cell.strip() for cell in line.split("|")]
        assert cells[4], line


def test_every_command_has_an_example() -> None:
    """`--help` shows how it is used."""

    def walk(group: click.Group) -> None:
        for name, command in group.commands.items():
            if isinstance(command, click.Group):
                if name != "db":
                    walk(command)
            elif name not in {"routes", "run", "shell"} and not command.hidden:
                assert "Example" in (command.help or ""), name

    walk(cli)


def test_links_between_documents_lead_somewhere() -> None:
    """Every relative link in README and docs/ points to a file that is there."""
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if not target.startswith(("http:", "https:", "mailto:")):
                assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} -> {target}"
