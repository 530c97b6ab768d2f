"""Topic.FILES: checks what was sent, in a child process with limits, and forgets what nobody has any more."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from forum.clock import Clock
from forum.delivery.scanner import Scanner
from forum.domain.uploads import FileKind, Refusal, Refused, check_head, kind_of
from forum.errors import NotFound
from forum.office.limited import check_file, private_folder, save_copy
from forum.services.attachment_files import Verdict, find_quarantined, is_kept, record_verdict
from forum.services.storage import Storage, new_key


@dataclass(frozen=True, slots=True)
class Files:
    """Prepares by scanning, judging, cleaning and reading one file; records what became of it."""

    storage: Storage
    scanner: Scanner
    clock: Clock
    batch_size: int = 1
    lease: timedelta = timedelta(minutes=5)

    def prepare(self, session: Session, payloads: Sequence[dict[str, Any]]) -> list[Verdict | None]:
        """Do one deed each; ScannerUnreachable puts a check off, and the file stays in quarantine."""
        return [self._do(session, payload) for payload in payloads]

    def record(self, session: Session, prepared: Verdict | None) -> None:
        """Write the verdict."""
        if prepared is not None:
            record_verdict(session, prepared, now=self.clock())

    def _do(self, session: Session, payload: dict[str, Any]) -> Verdict | None:
        if "forget" in payload:
            if not is_kept(session, payload["forget"]):
                self.storage.delete(payload["forget"])
            return None
        attachment = find_quarantined(session, payload["attachment_id"])
        if attachment is None or attachment.storage_key is None:
            return None
        number, key, kind = attachment.id, attachment.storage_key, kind_of(attachment.filename)
        session.rollback()  # a check takes seconds: no transaction stays open for it
        try:
            return self._check(number, key, kind)
        except Refused as refused:
            return Verdict(number, refused.reason)
        except NotFound:
            return Verdict(number, Refusal.DAMAGED)

    def _check(self, number: int, key: str, kind: FileKind) -> Verdict:
        with private_folder() as folder:
            source = folder / "source"
            with self.storage.open(key) as kept:
                save_copy(kept, source)
            with source.open("rb") as file:
                check_head(kind, file.read(4096))
            if not self.scanner.scan(source):
                raise Refused(Refusal.INFECTED)
            checked = check_file(kind, source)
            clean_key = new_key()
            with checked.path.open("rb") as clean:
                self.storage.put(clean_key, clean)
            size, digest = _measure(checked.path)
        return Verdict(number, None, clean_key, size, digest, tuple(checked.pages))


def _measure(path: Path) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(1024 * 1024):
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()
