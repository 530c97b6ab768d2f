"""Files that people send: which kinds are taken, how big, and why one is refused."""

import enum
from pathlib import PurePosixPath

from forum.domain.text import one_line
from forum.errors import Invalid

MAX_FILE = 20 * 1024 * 1024
"""Bytes."""
MAX_FILES = 20
"""Attachments of one version."""
MAX_NAME = 120


class FileKind(enum.StrEnum):
    """The kinds that are taken, by extension."""

    PDF = "pdf"
    DOCX = "docx"
    ODT = "odt"
    TXT = "txt"
    MD = "md"


MEDIA_TYPES = {
    FileKind.PDF: "application/pdf",
    FileKind.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    FileKind.ODT: "application/vnd.oasis.opendocument.text",
    FileKind.TXT: "text/plain; charset=utf-8",
    FileKind.MD: "text/markdown; charset=utf-8",
}
CONVERTIBLE = (FileKind.DOCX, FileKind.ODT)
"""The kinds that a paper can start from."""


class Refusal(enum.StrEnum):
    """Why a file was not taken."""

    KIND = "kind"
    EMPTY = "empty"
    SIZE = "size"
    DISGUISED = "disguised"
    DAMAGED = "damaged"
    PROTECTED = "protected"
    UNPACKS = "unpacks"
    NAMES = "names"
    MACROS = "macros"
    EXTERNAL = "external"
    EMBEDDED = "embedded"
    EFFORT = "effort"
    INFECTED = "infected"
    TEXT = "text"
    PAGES = "pages"


ERRORS: dict[Refusal, Invalid] = {
    Refusal.KIND: Invalid("Only PDF, DOCX, ODT, TXT and MD files are taken.", field="file"),
    Refusal.EMPTY: Invalid("The file is empty.", field="file"),
    Refusal.SIZE: Invalid("The file is larger than 20 MB.", field="file"),
    Refusal.DISGUISED: Invalid(
        "The file is not what its name says. Save it anew in the program that made it.", field="file"
    ),
    Refusal.DAMAGED: Invalid(
        "The file is damaged and cannot be read. Save it anew in the program that made it.", field="file"
    ),
    Refusal.PROTECTED: Invalid(
        "The file is protected by a password or encrypted. Save it without protection.", field="file"
    ),
    Refusal.UNPACKS: Invalid(
        "The file unpacks to far more than a document has. It was not opened.", field="file"
    ),
    Refusal.NAMES: Invalid(
        "The file holds parts with names that point outside of it. It was not opened.", field="file"
    ),
    Refusal.MACROS: Invalid("The file holds macros or scripts. Save it without them.", field="file"),
    Refusal.EXTERNAL: Invalid(
        "The file loads parts from elsewhere. Save it with its pictures and parts embedded.", field="file"
    ),
    Refusal.EMBEDDED: Invalid(
        "The file holds other files. Take them out, or send them as attachments of their own.", field="file"
    ),
    Refusal.EFFORT: Invalid(
        "Reading the file took too much time or memory. Save it as a simpler file, or in parts.", field="file"
    ),
    Refusal.INFECTED: Invalid("The virus scanner found something in the file.", field="file"),
    Refusal.TEXT: Invalid("The file is no plain text in UTF-8 or UTF-16.", field="file"),
    Refusal.PAGES: Invalid("The file has more than 2,000 pages. Send it in parts.", field="file"),
}
"""The sentence for each."""


class Refused(Exception):
    """A file that is not taken, and why."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


def kind_of(filename: str) -> FileKind:
    """Return the kind that a file's name claims; Refused for any other."""
    suffix = PurePosixPath(filename.replace("\\", "/")).suffix.lower().removeprefix(".")
    try:
        return FileKind(suffix)
    except ValueError:
        raise Refused(Refusal.KIND) from None


def check_head(kind: FileKind, head: bytes) -> None:
    """Raise Refused unless the first bytes are those of the kind."""
    if not head:
        raise Refused(Refusal.EMPTY)
    begins = {FileKind.PDF: b"%PDF-", FileKind.DOCX: b"PK\x03\x04", FileKind.ODT: b"PK\x03\x04"}.get(kind)
    if begins is not None:
        if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") and kind is FileKind.DOCX:
            raise Refused(Refusal.PROTECTED)  # an encrypted DOCX is wrapped in an OLE file
        # A PDF may have a few bytes before its mark, and readers accept that.
        is_there = begins in head[:1024] if kind is FileKind.PDF else head.startswith(begins)
        if not is_there or head.startswith((b"MZ", b"\x7fELF", b"#!")):
            raise Refused(Refusal.DISGUISED)
    elif head.startswith((b"MZ", b"\x7fELF", b"%PDF-", b"PK\x03\x04", b"{\\rtf", b"\xd0\xcf\x11\xe0")):
        raise Refused(Refusal.DISGUISED)


def safe_name(filename: str, kind: FileKind) -> str:
    """Return a name to offer for download: one line, no path, no quotes, with the kind's extension."""
    name = one_line(PurePosixPath(filename.replace("\\", "/")).name)
    stem = "".join("_" if character in '<>:"/|?*%;' else character for character in name)
    stem = stem.rpartition(".")[0].strip(" .") or "document"
    return f"{stem[: MAX_NAME - 5]}.{kind}"


def refusal_error(reason: Refusal) -> Invalid:
    """Return the error that says why a file was not taken."""
    return Invalid(ERRORS[reason].message, field="file")
