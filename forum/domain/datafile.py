"""Reading a data file: a TOML table that answers by type and says where it is wrong.

What belongs here is what the strategy, the charters and the demonstration content share: every fault names
the file, the place in it and the key, and a key that nobody asked for is a fault too (mostly a misspelling).
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
PARTIAL_DATE = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?")


class DataFileError(ValueError):
    """A data file that cannot be used; the message names the file, the place and the key."""


class Table:
    """One TOML table with the file and the place it stands in, so that each fault can name them."""

    def __init__(self, path: Path, place: str, values: dict[str, Any]) -> None:
        self.path = path
        self.place = place
        self._values = values
        self._asked: set[str] = set()

    def fault(self, key: str, why: str) -> DataFileError:
        """The error for a key of this table, ready to be raised."""
        where = f"{self.path.name}: {self.place}: " if self.place else f"{self.path.name}: "
        return DataFileError(f"{where}{key}: {why}" if key else f"{where}{why}")

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def _get(self, key: str, kind: type | tuple[type, ...], words: str, default: Any) -> Any:
        self._asked.add(key)
        if key not in self._values:
            if default is None:
                raise self.fault(key, "is missing")
            return default
        value = self._values[key]
        # bool is an int to Python, and never meant as one here.
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.fault(key, f"must be {words}")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """A text without blanks around it; it may be empty only where there is a default."""
        value = str(self._get(key, str, "a text", default)).strip()
        if not value and default is None:
            raise self.fault(key, "must not be empty")
        return value

    def slug(self, key: str, default: str | None = None) -> str:
        """A name for addresses: lower-case words joined by hyphens."""
        value = self.text(key, default)
        if value and not SLUG.fullmatch(value):
            raise self.fault(key, f"'{value}' must be lower-case words joined by hyphens")
        return value

    def choice(self, key: str, allowed: Collection[str], default: str | None = None) -> str:
        """One of the allowed words."""
        value = self.text(key, default)
        if value not in allowed:
            raise self.fault(key, f"'{value}' must be one of {', '.join(sorted(allowed))}")
        return value

    def whole(self, key: str, default: int | None = None, *, least: int = 0) -> int:
        """A whole number of at least `least`."""
        value = int(self._get(key, int, "a whole number", default))
        if value < least:
            raise self.fault(key, f"must be at least {least}")
        return value

    def number(self, key: str, default: float | None = None) -> float:
        """A number, whole or not."""
        return float(self._get(key, (int, float), "a number", default))

    def flag(self, key: str, default: bool | None = None) -> bool:
        """True or false."""
        return bool(self._get(key, bool, "true or false", default))

    def partial_date(self, key: str, default: str | None = None) -> str:
        """A date as precise as its source: `2020-07-24`, `2014-01` or `2019`."""
        value = self.text(key, default)
        if value:
            if not PARTIAL_DATE.fullmatch(value):
                raise self.fault(key, f"'{value}' must be a date such as 2020-07-24, 2014-01 or 2019")
            try:
                dt.date.fromisoformat(f"{value}-01-01"[:10])
            except ValueError:
                raise self.fault(key, f"'{value}' is not a date of the calendar") from None
        return value

    def texts(
        self, key: str, *, allowed: Collection[str] | None = None, required: bool = False
    ) -> tuple[str, ...]:
        """A list of texts, each once, from the allowed ones if there is such a list."""
        values = self._get(key, list, "a list of texts", None if required else [])
        for value in values:
            if not isinstance(value, str) or not value.strip():
                raise self.fault(key, "must be a list of texts")
            if allowed is not None and value not in allowed:
                raise self.fault(key, f"'{value}' must be one of {', '.join(sorted(allowed))}")
        if len(set(values)) != len(values):
            raise self.fault(key, "names something twice")
        if required and not values:
            raise self.fault(key, "must not be empty")
        return tuple(values)

    def wholes(self, key: str) -> tuple[int, ...]:
        """A list of whole numbers."""
        values = self._get(key, list, "a list of whole numbers", None)
        if any(not isinstance(value, int) or isinstance(value, bool) for value in values):
            raise self.fault(key, "must be a list of whole numbers")
        return tuple(values)

    def table(self, key: str) -> Table:
        """The table under a key."""
        return Table(self.path, _joined(self.place, key), self._get(key, dict, "a table", None))

    def tables(self, key: str, named_by: str, *, required: bool = False) -> tuple[Table, ...]:
        """The tables under a key; `named_by` is the key whose value names each in a fault."""
        rows = self._get(key, list, "a list of tables", None if required else [])
        if any(not isinstance(row, dict) for row in rows):
            raise self.fault(key, "must be a list of tables")
        if required and not rows:
            raise self.fault(key, "must not be empty")
        return tuple(
            Table(self.path, _joined(self.place, f"{key}[{row.get(named_by, n)}]"), row)
            for n, row in enumerate(rows, 1)
        )

    def everything(self) -> dict[str, Any]:
        """All values as they stand, of a table whose keys are data."""
        self._asked.update(self._values)
        return dict(self._values)

    def finish(self) -> None:
        """Refuses keys that nobody asked for."""
        for key in self._values:
            if key not in self._asked:
                raise self.fault(key, "is not a key of this table")


def _joined(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


@contextmanager
def open_table(path: Path) -> Iterator[Table]:
    """The whole file as one table, whose unknown keys are refused at the end of the block."""
    try:
        with path.open("rb") as stream:
            values = tomllib.load(stream)
    except FileNotFoundError:
        raise DataFileError(f"{path.name}: there is no such file in {path.parent}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataFileError(f"{path.name}: is not valid TOML: {error}") from None
    table = Table(path, "", values)
    yield table
    table.finish()


def refuse_twice(tables: Collection[Table], key: str, values: Collection[Any]) -> None:
    """Raises at the first table whose value for `key` has been seen in an earlier one."""
    seen: set[Any] = set()
    for table, value in zip(tables, values, strict=True):
        if value in seen:
            raise table.fault(key, f"'{value}' is used twice")
        seen.add(value)
