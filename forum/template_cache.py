"""Compiled templates kept in the instance folder, so that not each process of a server compiles them anew."""

from pathlib import Path

from jinja2.bccache import Bucket, FileSystemBytecodeCache


class TemplateCache(FileSystemBytecodeCache):
    """A folder of compiled templates.

    What is kept is known by a hash of the template's source, so an upgrade finds nothing stale. A folder
    that cannot be written costs time and nothing else: then each process compiles for itself.
    """

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
        except OSError:
            pass
        super().__init__(str(folder))

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read a compiled template, if it is there and can be read."""
        try:
            super().load_bytecode(bucket)
        except OSError:
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a compiled template, if the folder takes it."""
        try:
            super().dump_bytecode(bucket)
        except OSError:
            pass
