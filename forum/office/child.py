"""The child process that opens strangers' files: `python child.py JOB KIND SOURCE TARGET SECONDS`.

It limits itself before it looks at a byte, gets no secrets, reaches no network where the kernel lets it be
cut off, and answers with JSON. What kills it is its parent's to report.
"""

import ctypes
import json
import resource
import signal
import sys
import types
from pathlib import Path
from typing import Any

MEMORY = 1536 * 1024 * 1024
"""Bytes of address space."""
WRITTEN = 64 * 1024 * 1024
"""Bytes of a file that it may write."""
_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000


def limit(seconds: int) -> None:
    """Take away what the job does not need: time, memory, files, core dumps, the network."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (WRITTEN, WRITTEN))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        library.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        library.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)  # not allowed everywhere; then it stays as it is


def check(kind: str, source: Path, target: Path) -> dict[str, Any]:
    """Judge a file, write it without metadata to the target, and give the text of its pages."""
    from forum.domain.uploads import FileKind

    file_kind = FileKind(kind)
    if file_kind is FileKind.PDF:
        from forum.office.pdf_reading import clean_pdf, open_pdf, read_pages

        reader = open_pdf(source)
        pages = read_pages(reader)
        clean_pdf(reader, target)
        return {"pages": pages}
    if file_kind in {FileKind.TXT, FileKind.MD}:
        from forum.office.plain_reading import read_text, text_pages

        text = read_text(source)
        pages = text_pages(text)
        target.write_text(text, encoding="utf-8")
        return {"pages": pages}
    from forum.office.cleaning import clean
    from forum.office.judging import judge
    from forum.office.packages import Package
    from forum.office.plain_reading import document_pages

    with Package(source) as package:
        judge(package, file_kind)
    document = _read(file_kind, source)
    with Package(source) as package:
        clean(package, file_kind, target)
    return {"pages": document_pages(document)}


def convert(kind: str, source: Path, _target: Path) -> dict[str, Any]:
    """Judge an office file and give it as Markdown, with what a paper cannot hold."""
    from forum.domain.document_markdown import count_tables, to_markdown
    from forum.domain.documents import Table, walk
    from forum.domain.uploads import FileKind
    from forum.office.judging import judge
    from forum.office.packages import Package

    file_kind = FileKind(kind)
    with Package(source) as package:
        judge(package, file_kind)
    document = _read(file_kind, source)
    remarks = {remark.kind: remark.count for remark in document.remarks}
    split = [count_tables(block) for block in walk(document.blocks) if isinstance(block, Table)]
    if any(count > 1 for count in split):
        remarks["tables_split"] = sum(count > 1 for count in split)
    return {"markdown": to_markdown(document), "title": document.title, "remarks": remarks}


def _read(kind: Any, source: Path) -> Any:
    from forum.domain.uploads import FileKind

    if kind is FileKind.DOCX:
        from forum.office.docx_reading import read_docx

        return read_docx(source)
    from forum.office.odt_reading import read_odt

    return read_odt(source)


def print_pdf(_kind: str, source: Path, target: Path) -> dict[str, Any]:
    """Set a paper, given as JSON, as PDF/UA."""
    from forum.office.pdf_writing import write_pdf

    return {"is_accessible": write_pdf(json.loads(source.read_text(encoding="utf-8")), target)}


JOBS = {"check": check, "convert": convert, "print": print_pdf}


def main(job: str, kind: str, source: str, target: str, seconds: str) -> None:
    """Do one job and print its result."""
    limit(int(seconds))
    # The package's own __init__ would load Flask and the database: six times the start, for nothing.
    package = types.ModuleType("forum")
    package.__path__ = [str(Path(__file__).resolve().parent.parent)]
    sys.modules["forum"] = package
    from forum.domain.uploads import Refused

    result: dict[str, Any]
    try:
        result = JOBS[job](kind, Path(source), Path(target))
    except Refused as refused:
        result = {"refused": refused.reason.value}
    except (MemoryError, RecursionError):
        result = {"refused": "effort"}
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
