"""The house: which room may import which, and the rules that a reader could not hold by eye."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from forum.policy.actions import Action
from forum.policy.routes import ENTRIES
from forum.policy.rules import RULES

ROOT = Path(__file__).parent.parent
FORUM = ROOT / "forum"

BELOW = {
    "errors": set(),
    "clock": set(),
    "domain": {"errors"},
    "richtext": {"domain", "errors"},
    "office": {"domain", "errors"},
    "policy": {"domain", "errors"},
    "search": {"policy", "richtext", "domain", "errors"},
    "services": {"search", "policy", "richtext", "domain", "errors", "clock"},
    "database": set(),
    "delivery": {
        "services",
        "search",
        "policy",
        "richtext",
        "office",
        "domain",
        "errors",
        "clock",
        "database",
    },
}
"""What each room may import besides itself; blueprints, cli, extensions and __init__ may import all."""

ONLY_IN = {
    "flask": ("__init__.py", "extensions.py", "cli/", "blueprints/"),
    "bleach": ("richtext",),
    "nh3": ("richtext",),
    "whoosh": ("search/whoosh_",),
    "wtforms": ("blueprints/",),
    "pypdf": ("office/",),
    "docx": ("office/",),
    "lxml": ("office/",),
    "typst": ("office/",),
}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(FORUM.rglob("*.py")):
        yield path.relative_to(FORUM).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            if node.module == "forum":
                yield from (f"forum.{alias.name}" for alias in node.names)


def room(path: str) -> str:
    return path.split("/")[0].removesuffix(".py")


@pytest.mark.parametrize(
    ("path", "tree"), list(modules()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_imports_go_down_only(path: str, tree: ast.Module) -> None:
    """A room imports only rooms below it."""
    here = room(path)
    if here not in BELOW:
        return
    for name in imported(tree):
        parts = name.split(".")
        if parts[0] == "forum" and len(parts) > 1 and parts[1] != here:
            assert parts[1] in BELOW[here], f"forum/{path} imports {name}"


@pytest.mark.parametrize("library", ONLY_IN)
def test_libraries_stay_in_their_room(library: str) -> None:
    """Flask, the sanitizers and Whoosh are imported in their rooms alone."""
    for path, tree in modules():
        top = {name.split(".")[0] for name in imported(tree)}
        if library in top or (library == "flask" and any(name.startswith("flask_") for name in top)):
            assert path.startswith(ONLY_IN[library]), f"forum/{path} imports {library}"


def test_only_relabel_writes_labels() -> None:
    """`audience` and `own` are assigned in services/labels.py and nowhere else."""
    for path, tree in modules():
        if path == "services/labels.py":
            continue
        for node in ast.walk(tree):
            targets = node.targets if isinstance(node, ast.Assign) else []
            for target in targets:
                for leaf in ast.walk(target):
                    assert not (isinstance(leaf, ast.Attribute) and leaf.attr in {"audience", "own"}), path


def test_only_the_edge_commits() -> None:
    """Services and delivery never commit: forum/database.py does, for blueprints, commands and worker."""
    for path, tree in modules():
        if path == "database.py" or path.startswith(("cli/", "blueprints/")):
            continue
        for node in ast.walk(tree):
            is_commit = isinstance(node, ast.Attribute) and node.attr == "commit"
            assert not is_commit or path.startswith("search/whoosh_"), path


def test_every_action_has_a_rule() -> None:
    """No action without a rule."""
    assert set(RULES) == set(Action)


def test_every_route_has_a_policy_entry(app: Flask) -> None:
    """A route without an entry fails the build; so does an entry without a route."""
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert endpoints - set(ENTRIES) == set(), "routes without an entry in forum/policy/routes.py"
    assert set(ENTRIES) - endpoints == set(), "entries without a route in forum/policy/routes.py"


def test_what_needs_no_csrf_token(app: Flask) -> None:
    """The link that stops a kind of mail, authenticated by its signed token, and the API by its own."""
    assert app.extensions["csrf"]._exempt_views == {"forum.blueprints.me.stop"}
    assert app.extensions["csrf"]._exempt_blueprints == {app.blueprints["api"]}


def test_no_script_makes_html_or_code() -> None:
    """What scripts write into a page is text; they keep one time in the browser, and hear no other window."""
    for path in (FORUM / "static").rglob("*.js"):
        text = path.read_text(encoding="utf-8")
        for forbidden in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            'addEventListener("message"',
            "sessionStorage",
            "indexedDB",
        ):
            assert forbidden not in text, f"{path.relative_to(ROOT)} has {forbidden!r}"
        assert path.name == "session.js" or "localStorage" not in text


def test_no_template_switches_escaping_off() -> None:
    """Text becomes HTML in richtext alone: no template says `safe`, no inline style or handler."""
    for path in (FORUM / "templates").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        for forbidden in (
            "|safe",
            "| safe",
            "autoescape false",
            " style=",
            " onclick=",
            " onchange=",
            " onsubmit=",
        ):
            assert forbidden not in text, f"{path.relative_to(ROOT)} has {forbidden!r}"
