"""The table of docs/reliability.md: what was tried, and what came of it on each database."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

DOCUMENT = Path(__file__).parent.parent / "docs" / "reliability.md"
ENGINES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
_BEGIN, _END = "<!-- figures: python -m bench reliability --write -->\n", "<!-- end of figures -->"
_RULE = "|---|---|---|\n"


@dataclass
class Table:
    """Rows by what was tried, each with its figures by database."""

    rows: dict[str, dict[str, str]] = field(default_factory=dict)

    def note(self, engine: str, line: str) -> None:
        """Print a line of the form `what: figures`, and keep it."""
        print(f"{engine}: {line}", flush=True)
        what, _, figures = line.partition(": ")
        self.rows.setdefault(what, {})[engine] = figures

    def markdown(self) -> str:
        """Give it as Markdown."""
        head = f"| what | {' | '.join(ENGINES.values())} |\n{_RULE}"
        lines = (
            f"| {what} | {' | '.join(figures.get(engine, 'not measured') for engine in ENGINES)} |\n"
            for what, figures in self.rows.items()
        )
        return head + "".join(lines)

    def write(self, document: Path = DOCUMENT) -> None:
        """Put it into the document; what was not measured this time stays as it was."""
        text = document.read_text(encoding="utf-8")
        before, _, rest = text.partition(_BEGIN)
        old, _, after = rest.partition(_END)
        merged = _parse(old)
        for what, figures in self.rows.items():
            merged.rows.setdefault(what, {}).update(figures)
        document.write_text(f"{before}{_BEGIN}{merged.markdown()}{_END}{after}", encoding="utf-8")


def _parse(text: str) -> Table:
    found = Table()
    for line in text.partition(_RULE)[2].splitlines():
        what, *figures = (cell.strip() for cell in line.strip().strip("|").split("|"))
        known = dict(zip(ENGINES, figures, strict=True))
        found.rows[what] = {name: value for name, value in known.items() if value != "not measured"}
    return found
