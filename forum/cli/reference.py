"""The reference pages of docs/, drawn from what they describe so that they cannot be wrong."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from config import default
from forum.policy.routes import ENTRIES

PAGES = Path(__file__).parent.parent.parent / "docs" / "reference"

_HEAD = "<!-- Drawn by `make reference`; a test holds it to the code. -->\n"
_FLASKS_OWN = frozenset({"db", "routes", "run", "shell"})


@click.command(hidden=True)
@with_appcontext
def reference() -> None:
    """Write docs/reference/ anew."""
    PAGES.mkdir(exist_ok=True)
    for name, text in reference_pages(current_app._get_current_object()).items():  # type: ignore[attr-defined]
        (PAGES / name).write_text(text, encoding="utf-8")


def reference_pages(app: Flask) -> dict[str, str]:
    """Give the pages by file name."""
    return {
        "settings.md": _settings(),
        "commands.md": _commands(),
        "addresses.md": _addresses(app),
    }


def _settings() -> str:
    """One row a setting, from the comments of config/default.py."""
    lines = [_HEAD, "# Settings", "", *_SETTINGS_INTRO]
    comment: list[str] = []
    is_used = True
    for line in inspect.getsource(default).splitlines():
        section = re.match(r"# --- (.*?) -+$", line)
        setting = re.match(r"([A-Z][A-Z0-9_]*)(?:: [^=]+)? = (.*)$", line)
        if section:
            lines += [
                "",
                f"## {section[1].capitalize()}",
                "",
                "| variable | default | what it does |",
                "|---|---|---|",
            ]
            comment = []
        elif line.startswith("# "):
            # A comment stands over one setting, or over several that follow each other.
            comment = [line[2:]] if is_used else [*comment, line[2:]]
            is_used = False
        elif setting:
            is_used = True
            value = setting[2].split("  #")[0].strip()
            lines.append(f"| `FORUM_{setting[1]}` | `{value}` | {' '.join(comment)} |")
    return "\n".join(lines) + "\n"


_SETTINGS_INTRO = [
    "Environment variables override `config/`; `FORUM_ENV` chooses `development`, `testing` or `production`.",
    "`forum doctor` prints the values in force, secrets masked. A list is separated by commas.",
]


def _commands() -> str:
    """Each command's own help."""
    from forum.cli import cli

    lines = [
        _HEAD,
        "# Commands",
        "",
        "Exit codes: 0 success, 1 a failure explained in one line, 2 wrong usage.",
        "",
    ]
    context = click.Context(cli, info_name="forum")
    for path, command in _walk(cli, ("forum",)):
        if command.hidden or path[1] in _FLASKS_OWN:
            continue
        own = click.Context(command, info_name=" ".join(path[1:]), parent=context)
        lines += [f"## {' '.join(path)}", "", "```text", command.get_help(own).rstrip(), "```", ""]
    return "\n".join(lines)


def _walk(group: click.Group, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from _walk(command, (*path, name))
        else:
            yield (*path, name), command


def _addresses(app: Flask) -> str:
    """Each route with who may open it at all and what its view says of itself."""
    lines = [
        _HEAD,
        "# Addresses",
        "",
        "Who may open a route at all. Whether this person may see *this* thing, the policy is asked besides:",
        "what one may not see answers 404, what one may see but not do answers 403.",
        "",
        "| address | methods | open to | does |",
        "|---|---|---|---|",
    ]
    for rule in sorted(app.url_map.iter_rules(), key=lambda r: (r.rule, r.endpoint)):
        view = app.view_functions.get(rule.endpoint)
        said = (inspect.getdoc(view) or "").split("\n")[0] if view and rule.endpoint in ENTRIES else ""
        if rule.endpoint.endswith("static"):
            said = "Style sheets and scripts."
        methods = ", ".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        entry = ENTRIES[rule.endpoint].value.replace("_", " ")
        lines.append(f"| `{rule.rule}` | {methods} | {entry} | {said} |")
    return "\n".join(lines) + "\n"
