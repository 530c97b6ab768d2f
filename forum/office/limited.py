"""Running a job on an office file in a child process with limits of time, memory and rights."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from forum.domain.documents import Document, to_data
from forum.domain.uploads import FileKind, Refusal, Refused
from forum.office.front import Front

CHECK_SECONDS = 30
"""Of processor time, for the worker."""
CONVERT_SECONDS = 10
"""Of processor time, for a page that somebody waits for."""
PRINT_SECONDS = 20
"""Of processor time, over all processors."""
_CHILD = Path(__file__).with_name("child.py")
_MAX_ANSWER = 64 * 1024 * 1024


class JobCrashed(Exception):
    """The child ended in a way that no file should cause; its last words are the message."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that may be kept: its clean copy, and the text of its pages."""

    path: Path
    pages: list[str]


@dataclass(frozen=True, slots=True)
class Converted:
    """An office file as a paper: Markdown, title, and how often what was lost or accepted."""

    markdown: str
    title: str
    remarks: dict[str, int]


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder of one's own for the files of one job, gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="forum-file-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def save_copy(source: BinaryIO, target: Path) -> None:
    """Copy a stream into a file of a private folder."""
    with target.open("xb") as file:
        shutil.copyfileobj(source, file, 1024 * 1024)


def check_file(kind: FileKind, source: Path) -> Checked:
    """Judge a file and read its text; the clean copy lies beside it. Refused says why not."""
    target = source.with_name("clean")
    answer = run_job("check", kind.value, source, target, CHECK_SECONDS)
    return Checked(target, list(answer["pages"]))


def convert_file(kind: FileKind, source: Path) -> Converted:
    """Read an office file as a paper. Refused says why not."""
    answer = run_job("convert", kind.value, source, source.with_name("none"), CONVERT_SECONDS)
    return Converted(str(answer["markdown"]), str(answer["title"]), dict(answer["remarks"]))


def print_paper(document: Document, front: Front, fonts: str = "") -> bytes:
    """Set a paper as tagged PDF; Refused where that takes too long. `fonts` names a folder with more."""
    paper = {
        "title": front.title,
        "authors": list(front.authors),
        "language": front.language,
        "label": front.label,
        "running": front.running,
        "address": front.address,
        "facts": [list(fact) for fact in front.facts],
        "abstract": list(front.abstract),
        "words": {"summary": front.summary_words, "contents": front.contents_words},
        "font_folder": fonts,
        **to_data(document),
    }
    with private_folder() as folder:
        source, target = folder / "source.json", folder / "paper.pdf"
        source.write_text(json.dumps(paper), encoding="utf-8")
        run_job("print", "pdf", source, target, PRINT_SECONDS)
        return target.read_bytes()


def run_job(job: str, kind: str, source: Path, target: Path, seconds: int) -> dict[str, Any]:
    """Run a job of child.py and give its answer; Refused where it said so, or ran into its limits."""
    command = [sys.executable, "-I", str(_CHILD), job, kind, str(source), str(target), str(seconds)]
    with tempfile.TemporaryFile() as answer, tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=answer,
            stderr=errors,
            cwd=source.parent,
            env={"LANG": "C.UTF-8", "PATH": os.defpath},
            start_new_session=True,
        )
        try:
            code = child.wait(timeout=2 * seconds + 5)
        except BaseException as error:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            if isinstance(error, subprocess.TimeoutExpired):
                raise Refused(Refusal.EFFORT) from None
            raise
        return _answer(code, answer, errors)


def _answer(code: int, answer: Any, errors: Any) -> dict[str, Any]:
    if code in {-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGXFSZ, -signal.SIGABRT, -signal.SIGSEGV}:
        raise Refused(Refusal.EFFORT)
    errors.seek(0)
    last_words = errors.read(100_000).decode("utf-8", "replace")[-2_000:]
    if code != 0:
        if "MemoryError" in last_words:
            raise Refused(Refusal.EFFORT)
        raise Refused(Refusal.DAMAGED) from JobCrashed(last_words)
    answer.seek(0)
    result: dict[str, Any] = json.loads(answer.read(_MAX_ANSWER))
    if "refused" in result:
        raise Refused(Refusal(result["refused"]))
    return result
