"""Every regular expression of the program on thousands of repetitions of what it looks for; run as a child.

    python -m tests.attacks.patterns

It prints each pattern before it tries it, and at the end how many there were.
"""

import ast
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

Pattern = tuple[str, int]

WAYS = {"match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}
_UNITS = (
    " ", "a", "A1", "1", "-", ".", "<", "<a ", "<a b='", "&#", "&amp;", "[", "[[", "](", "(", "\n", "\t ",
    "a,", "a b ", "https://a", "@a.", "\u00e9", "\u0300", "_", "*", "\\", "//a", ":", "'", "<p>", "</p>",
    "=?utf-8?q?", "; ", "1.",
)  # fmt: skip
TEXTS = [
    unit * (2000 // len(unit)) + end for unit in _UNITS for end in ("", "\x00!])>")
]  # an end that fits nothing makes a pattern look for other ways


def used(trees: Sequence[ast.Module]) -> Iterator[tuple[Pattern, str]]:
    """Give each pattern with how it is used, also where it is compiled under a name first."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    named: dict[str, Pattern | None] = {}
    for node in nodes:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and is_re(node.value, {"compile"})
        ):
            named[node.targets[0].id] = pattern_of(node.value)
    for node in nodes:
        if is_re(node, WAYS):
            found, way = pattern_of(node), node.func.attr  # type: ignore[attr-defined]
        elif isinstance(node, ast.Attribute) and node.attr in WAYS:
            name = getattr(node.value, "id", getattr(node.value, "attr", ""))
            found, way = named.get(name), node.attr
        else:
            continue
        if found is not None:
            yield found, way


def is_re(node: ast.AST, names: set[str]) -> bool:
    """Say whether this is a call of one of these functions of `re`."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in names
        and getattr(node.func.value, "id", "") == "re"
        and bool(node.args)
    )


def pattern_of(node: ast.AST) -> Pattern | None:
    """Give the pattern and flags that a call names; None where they are put together elsewhere."""
    assert isinstance(node, ast.Call)
    words = {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute) and part.attr.isupper()}
    flags = sum(flag for word in words if isinstance(flag := getattr(re, word, None), re.RegexFlag))
    try:
        return str(ast.literal_eval(node.args[0])), int(flags)
    except ValueError:
        return None


def main() -> None:
    """Try them all."""
    warnings.simplefilter("ignore")
    every: dict[tuple[Pattern, str], Path] = {}
    for path in sorted((Path(__file__).parent.parent.parent / "forum").rglob("*.py")):
        for pattern, way in used([ast.parse(path.read_text(encoding="utf-8"))]):
            every[pattern, way if way in {"match", "fullmatch"} else "search"] = path
    for ((pattern, flags), way), path in every.items():
        sys.stdout.write(f"{path.name} {way} {pattern[:120]!r}\n")
        sys.stdout.flush()
        made = re.compile(pattern, flags)
        for text in TEXTS:
            if way == "search":
                for _ in made.finditer(text):
                    pass
            else:
                getattr(made, way)(text)
    sys.stdout.write(f"patterns: {len(every)}\n")


if __name__ == "__main__":
    main()
