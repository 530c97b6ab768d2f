"""Real texts that this machine has: manual pages in many languages, package documentation, docstrings.

Each is cut into passages of a few hundred words, as long as posts and papers are, and kept once.
"""

from __future__ import annotations

import ast
import gzip
import html
import json
import re
import sys
import sysconfig
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MOST_WORDS, FEWEST_WORDS = 420, 25
MOST_BYTES = 1_500_000
_ROFF_FONT = re.compile(r"\\f(?:\[[A-Z]*\]|\(..|.)|\\s[-+]?\d")
_ROFF_CHARACTERS = {"\\-": "-", "\\(aq": "'", "\\(dq": '"', "\\(co": "©", "\\&": "", "\\e": "\\", "\\ ": " "}
_ROFF_ESCAPE = re.compile(r"\\\[[^]]*\]|\\\(..|\\.")
_TAG = re.compile(r"<(script|style)\b.*?</\1>|<[^>]+>", re.DOTALL)
_MARKUP = re.compile(r"^[=\-~#*`^\"'_]{3,}$", re.MULTILINE)
_POD = re.compile(r"[BCFILSXZE]<([^<>]*)>")


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a real text; `source` is what it was cut from."""

    title: str
    text: str
    language: str
    source: str
    date: str = ""
    author: str = ""
    organisation: str = ""
    country: str = ""
    kind: str = ""


def read_corpora(folder: Path) -> Iterator[Passage]:
    """The records of every JSON Lines file below a folder that has texts."""
    for path in sorted(folder.rglob("*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                if not record.get("text"):
                    continue
                source = f"{path.parent.name}/{record.get('thread') or record['id']}"
                for part in cut(record["text"], fewest=4):
                    yield Passage(
                        title=record.get("title") or "",
                        text=part,
                        language=record.get("lang") or "",
                        source=source,
                        date=record.get("date") or "",
                        author=record.get("author") or "",
                        organisation=record.get("organisation") or "",
                        country=record.get("country") or "",
                        kind=record.get("kind") or "",
                    )


def read_machine() -> Iterator[Passage]:
    """Everything that the packages on this machine ship."""
    yield from read_manuals(Path("/usr/share/man"))
    yield from read_documentation(Path("/usr/share/doc"))
    yield from read_pods(Path("/usr/share/perl"))
    paths = {sysconfig.get_path("stdlib"), sysconfig.get_path("purelib")}
    for path in sorted({*paths, *(p for p in sys.path if p.endswith("-packages"))}):
        yield from read_docstrings(Path(path))


def cut(text: str, fewest: int = FEWEST_WORDS) -> Iterator[str]:
    """The text in pieces of whole paragraphs, each of at most a few hundred words."""
    held: list[str] = []
    count = 0
    for paragraph in re.split(r"\n\s*\n", text):
        words = paragraph.split()
        while words:
            taken, words = words[:MOST_WORDS], words[MOST_WORDS:]
            if count + len(taken) > MOST_WORDS and count >= fewest:
                yield "\n".join(held)
                held, count = [], 0
            held.append(" ".join(taken))
            count += len(taken)
    if count >= fewest:
        yield "\n".join(held)


def _read(path: Path) -> str:
    data = path.read_bytes()[:MOST_BYTES]
    if path.suffix == ".gz":
        reader = zlib.decompressobj(31)
        data = reader.decompress(data, MOST_BYTES)
    return data.decode("utf-8", "replace")


def read_manuals(folder: Path) -> Iterator[Passage]:
    """Manual pages by section, in the language of their folder."""
    for path in sorted(folder.rglob("*.gz")):
        if path.is_symlink() or not path.parent.name.startswith("man"):
            continue
        above = path.parent.parent.name
        language = "en" if above == "man" else above.partition("_")[0]
        try:
            text = plain_roff(_read(path))
        except (OSError, zlib.error, gzip.BadGzipFile):
            continue
        name = path.name.split(".")[0]
        for heading, body in _sections(text):
            for part in cut(body):
                yield Passage(f"{name}: {heading}"[:120], part, language, f"man/{above}/{name[:14]}")


def _sections(text: str) -> Iterator[tuple[str, str]]:
    heading, lines = "", list[str]()
    for line in [*text.split("\n"), "\x01"]:
        if line.startswith("\x01"):
            yield heading, "\n".join(lines)
            heading, lines = line[1:].strip(), []
        else:
            lines.append(line)


def plain_roff(source: str) -> str:
    """The words of a manual page; its headings are lines that begin with a \\x01."""
    lines = []
    for line in source.split("\n"):
        if line.startswith(('.\\"', "'", ".TH", ".de", ".so", ".if", ".ie", ".el", ".nr", ".ds", ".tr")):
            continue
        if line.startswith((".SH", ".SS", ".Sh")):
            line = "\x01" + line[3:].replace('"', "")
        elif line.startswith((".PP", ".P", ".TP", ".IP", ".Pp", ".LP")):
            line = "\n"
        elif line.startswith("."):
            line = " ".join(line.split(" ")[1:])
        line = _ROFF_FONT.sub("", line)
        for escape, character in _ROFF_CHARACTERS.items():
            line = line.replace(escape, character)
        lines.append(_ROFF_ESCAPE.sub(" ", line))
    return "\n".join(lines)


def read_documentation(folder: Path) -> Iterator[Passage]:
    """Text, Markdown, HTML and change logs of Debian packages, without their licences."""
    suffixes = {".txt", ".md", ".rst", ".html", ".htm", ""}
    for path in sorted(folder.rglob("*")):
        bare = path.with_suffix("") if path.suffix == ".gz" else path
        named = bare.name.lower().startswith(("changelog", "readme", "news", "faq", "history", "changes"))
        if path.is_symlink() or not path.is_file() or bare.name == "copyright":
            continue
        if bare.suffix not in suffixes and not named:
            continue
        try:
            text = _read(path)
        except (OSError, zlib.error):
            continue
        if "\x00" in text[:1_000]:
            continue
        if bare.suffix in (".html", ".htm"):
            text = html.unescape(_TAG.sub("\n", text))
        text = _MARKUP.sub("", text)
        title = f"{bare.parent.name} {bare.stem}".replace("_", " ")[:120]
        for part in cut(text):
            yield Passage(title, part, "en", f"doc/{bare.parent.name}")


def read_pods(folder: Path) -> Iterator[Passage]:
    """Perl's manuals."""
    for path in sorted([*folder.rglob("*.pod"), *folder.rglob("*.pm")]):
        if path.is_symlink():
            continue
        text = _read(path)
        begin = text.find("\n=head1")
        if begin < 0:
            continue
        kept = [p for p in text[begin:].split("\n\n") if p and not p.startswith((" ", "=cut", "sub "))]
        for part in cut(_POD.sub(r"\1", "\n\n".join(kept))):
            yield Passage(f"{path.stem} in Perl", part, "en", f"perl/{path.stem}")


def read_docstrings(folder: Path) -> Iterator[Passage]:
    """What Python packages say of their modules, classes and functions."""
    for path in sorted(folder.rglob("*.py")):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(_read(path))
        except (SyntaxError, ValueError, OSError, RecursionError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and (
                text := ast.get_docstring(node)
            ):
                title = path.stem if isinstance(node, ast.Module) else f"{path.stem} {node.name}"
                for part in cut(text):
                    yield Passage(title.replace("_", " ").strip(), part, "en", f"py/{path.parent.name}")
