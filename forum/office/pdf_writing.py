"""A paper as tagged PDF (PDF/UA-1) through typst, in a child process. Text reaches typst as strings only."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typst

FONTS = ["Libertinus Serif", "New Computer Modern", "DejaVu Sans Mono"]
"""What the wheel of typst brings along: Latin, Greek, Cyrillic, Hebrew, Arabic, Georgian, Armenian."""
_TEMPLATE = Path(__file__).with_name("paper.typ")


def write_pdf(paper: dict[str, Any], target: Path) -> bool:
    """Set a paper; gives whether it is PDF/UA-1.

    Where no font has a character the system's fonts are tried, and if those lack it too the file is still
    tagged, but shows a box there and does not claim the standard.
    """
    folder = target.parent
    extra = str(paper.pop("font_folder", "") or "")
    shutil.copy(_TEMPLATE, folder / "paper.typ")
    attempts = [(False, True), (True, True), (True, False)]
    for with_system, is_accessible in attempts:
        paths = [extra] if extra and with_system else []
        fonts = typst.Fonts(include_system_fonts=with_system, include_embedded_fonts=True, font_paths=paths)
        families = [*FONTS, *(sorted(set(fonts.families()) - set(FONTS)) if with_system else [])]
        _prepare(folder / "paper.json", paper, families)
        compiler = typst.Compiler(folder / "paper.typ", root=folder, font_paths=fonts)
        standards: Any = ["ua-1"] if is_accessible else []
        try:
            pdf = compiler.compile(format="pdf", pdf_standards=standards)
        except typst.TypstError as error:
            if is_accessible and "could not be displayed" in str(error):
                continue
            raise
        assert isinstance(pdf, bytes)
        target.write_bytes(pdf)
        return is_accessible
    raise AssertionError("the last attempt asks for no standard")


def _prepare(path: Path, paper: dict[str, Any], families: list[str]) -> None:
    notes = paper["notes"]
    for note in notes:
        for span in _spans(note):
            if span.pop("note", 0):
                span["text"] = "*"  # a note within a note: marked, not followed
    seen: set[int] = set()
    for span in _spans(paper["blocks"]):
        number = span.get("note", 0)
        if number > len(notes):
            span.clear()
            span["text"] = ""
        elif number and number in seen:
            span["again"] = True
        elif number:
            seen.add(number)
    headings = _even_levels(paper["blocks"])
    path.write_text(json.dumps(paper | {"fonts": families, "headings": headings}), encoding="utf-8")


def _spans(blocks: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for block in blocks:
        yield from block.get("spans", ())
        for row in block.get("rows", ()):
            for cell in row:
                yield from cell
        for item in block.get("items", ()):
            yield from _spans(item)
        yield from _spans(block.get("blocks", []))


def _even_levels(blocks: list[dict[str, Any]]) -> int:
    """Let no heading skip a level, as PDF/UA asks; gives how many there are.

    A heading inside a list or a quotation would be one in the middle of nowhere: it becomes strong text.
    """
    last = count = 0
    for block in blocks:
        if block["kind"] == "heading":
            last = block["level"] = min(block["level"], last + 1)
            count += 1
        for inner in [*block.get("items", ()), block.get("blocks", ())]:
            _demote(list(inner))
    return count


def _demote(blocks: list[dict[str, Any]]) -> None:
    for block in blocks:
        if block["kind"] == "heading":
            block["kind"] = "paragraph"
            for span in block["spans"]:
                span["bold"] = True
        for inner in [*block.get("items", ()), block.get("blocks", ())]:
            _demote(list(inner))
