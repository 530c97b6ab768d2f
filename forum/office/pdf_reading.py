"""PDF: the text of each page, and the file without metadata and without anything that acts by itself."""

from pathlib import Path

from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, NameObject

from forum.domain.text import normalise
from forum.domain.uploads import Refusal, Refused

MAX_PAGES = 2_000
MAX_PAGE_TEXT = 200_000
"""Characters kept of one page."""
_ACTING = frozenset({
    "/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToE", "/GoToR", "/Rendition",
})  # fmt: skip
_DROPPED = ("/Metadata", "/PieceInfo", "/OpenAction", "/AA", "/JS", "/XFA", "/LastModified")


def open_pdf(path: Path) -> PdfReader:
    """Open a PDF; Refused where it is protected, damaged or too long."""
    try:
        reader = PdfReader(path, strict=False)
        if reader.is_encrypted:
            raise Refused(Refusal.PROTECTED)
        count = len(reader.pages)
    except Refused:
        raise
    except (MemoryError, RecursionError):
        raise Refused(Refusal.EFFORT) from None
    except Exception:
        # pypdf raises whatever a damaged file makes its code trip over.
        raise Refused(Refusal.DAMAGED) from None
    if count > MAX_PAGES:
        raise Refused(Refusal.PAGES)
    if not count:
        raise Refused(Refusal.DAMAGED)
    return reader


def read_pages(reader: PdfReader) -> list[str]:
    """Give the text of each page; a page that cannot be read is empty."""
    pages = []
    for page in reader.pages:
        try:
            text = page.extract_text()
        except (MemoryError, RecursionError):
            raise Refused(Refusal.EFFORT) from None
        except Exception:
            text = ""
        pages.append(normalise(text[:MAX_PAGE_TEXT]).strip())
    return pages


def clean_pdf(reader: PdfReader, target: Path) -> None:
    """Write the file anew without metadata, scripts, actions and files inside it; tags are kept."""
    try:
        writer = PdfWriter(clone_from=reader)
        writer.metadata = None
        names = writer.root_object.get("/Names")
        if names is not None:
            for name in ("/JavaScript", "/EmbeddedFiles"):
                names.get_object().pop(NameObject(name), None)
        for item in writer._objects:
            _disarm(item)
        writer.compress_identical_objects(remove_unreferenced=True)
        with target.open("wb") as file:
            writer.write(file)
    except (MemoryError, RecursionError):
        raise Refused(Refusal.EFFORT) from None
    except Exception:
        raise Refused(Refusal.DAMAGED) from None


def _disarm(item: object, depth: int = 0) -> None:
    """Take out of an object, and of what lies directly in it, all that acts or tells."""
    if depth > 50 or isinstance(item, IndirectObject):
        return
    if isinstance(item, ArrayObject):
        for part in item:
            _disarm(part, depth + 1)
        return
    if not isinstance(item, DictionaryObject):
        return
    for name in _DROPPED:
        item.pop(NameObject(name), None)
    if item.get("/S") in _ACTING:
        item.clear()
        return
    if item.get("/Type") == "/Filespec":
        item.pop(NameObject("/EF"), None)
    for value in list(item.values()):
        _disarm(value, depth + 1)
