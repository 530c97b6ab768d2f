"""Topic.EXPORT: makes the file of a search, with progress, by its owner's rights of now."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from babel.support import NullTranslations, Translations
from sqlalchemy.orm import Session

from forum.clock import Clock
from forum.database import writing
from forum.domain.search_exports import ExportFormat
from forum.domain.spreadsheets import safe_cell
from forum.office.table_writing import Sheet, to_docx, to_xlsx
from forum.search.protocol import SearchEngine
from forum.services.search_exports import Gathered, Made, digest_of, gather, record_made, record_progress
from forum.services.search_hits import Found
from forum.services.storage import Storage, new_key

_TRANSLATIONS = Path(__file__).parent.parent / "translations"


@dataclass(frozen=True, slots=True)
class Exports:
    """Prepares by searching, loading a part at a time and writing the file; records that it is there."""

    engine: SearchEngine
    storage: Storage
    clock: Clock
    sealing_secret: bytes
    batch_size: int = 1
    lease: timedelta = timedelta(minutes=10)

    def prepare(self, session: Session, payloads: Sequence[dict[str, Any]]) -> list[Made | None]:
        """Make the files; safe to repeat, a file that nobody points at is pruned."""
        return [self._make(session, payload["export_id"]) for payload in payloads]

    def record(self, session: Session, prepared: Made | None) -> None:
        """Say that the file is there."""
        if prepared is not None:
            record_made(session, prepared, now=self.clock())

    def _make(self, session: Session, export_id: int) -> Made | None:
        def progress(done: int, total: int) -> None:
            with writing(session):
                record_progress(session, export_id, done, total)

        gathered = gather(
            session,
            self.engine,
            export_id,
            now=self.clock(),
            sealing_secret=self.sealing_secret,
            progress=progress,
        )
        if gathered is None:
            return None
        key = new_key()
        self.storage.put(key, io.BytesIO(write_export(gathered)))
        hits = gathered.hits
        return Made(export_id, key, [hit.id for hit in hits], digest_of(hits), len(hits), gathered.found)


def write_export(gathered: Gathered) -> bytes:
    """Give the bytes of the file, in the language of its reader."""
    translations = Translations.load(str(_TRANSLATIONS), [gathered.actor.language])
    sheet = _sheet(gathered, translations)
    match gathered.export.form:
        case ExportFormat.XLSX:
            return to_xlsx(sheet)
        case ExportFormat.DOCX:
            return to_docx(_narrow(sheet))
        case ExportFormat.CSV:
            return _csv(sheet)


def _sheet(gathered: Gathered, translations: NullTranslations) -> Sheet:
    _ = translations.gettext
    export = gathered.export
    words = [export.text, *(f"{name}:{value}" for name, value in export.arguments)]
    about = [
        _("Search: %(words)s") % {"words": " ".join(filter(None, words))},
        _("Everything that %(name)s may read, as it was then.") % {"name": gathered.actor.name},
    ]
    if gathered.found > len(gathered.hits):
        about.append(
            _("%(total)d found; the first %(shown)d are in this file.")
            % {"total": gathered.found, "shown": len(gathered.hits)}
        )
    columns = [
        _("Date"), _("Author"), _("Organisation"), _("Title"), _("Passage"), _("Citation"), _("Kind"),
        _("Group"), _("Stakeholder type"), _("Country"), _("Language"), _("Label"), _("Status"), _("Version"),
        _("Paragraph"), _("Page"), _("Newer version"),
    ]  # fmt: skip
    return Sheet(_("Search results"), about, columns, [_row(export.base_url, hit) for hit in gathered.hits])


def _row(base: str, hit: Found) -> list[str | int | None]:
    byline = hit.byline
    return [
        hit.at.date().isoformat() if hit.is_day_only else hit.at.isoformat(timespec="minutes"),
        (byline.name or byline.alias) if byline else None,
        byline.organisation if byline else None,
        hit.title,
        "".join(text for text, _ in hit.passage),
        base + hit.cite,
        hit.kind,
        hit.group_title,
        byline.stakeholder_type.value if byline and byline.stakeholder_type else None,
        byline.country if byline else None,
        hit.language,
        f"TLP:{hit.tlp.value}",
        hit.status.value,
        hit.version,
        hit.paragraph,
        hit.page,
        hit.newer.number if hit.newer else None,
    ]


def _narrow(sheet: Sheet) -> Sheet:
    """The columns that a page is wide enough for: when, who, for whom, what, the passage, where."""
    return Sheet(sheet.title, sheet.about, sheet.columns[:6], [row[:6] for row in sheet.rows])


def _csv(sheet: Sheet) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([safe_cell(name) for name in sheet.columns])
    writer.writerows([safe_cell(value) for value in row] for row in sheet.rows)
    return text.getvalue().encode("utf-8-sig")
