"""What is logged, and how: one JSON object a line, without anything that people wrote or are called."""

import json
import logging
import time
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that is being answered: it ties the lines of one request together."""

FIELDS = ("method", "route", "status", "ms", "statement", "slow_ms")
"""What a line may hold besides its message."""


class JsonLines(logging.Formatter):
    """Gives a record as one JSON object; of an error its kind and places, never its message."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "request": request_id.get() or None,
        }
        line |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info and record.exc_info[0] is not None:
            frames = traceback.extract_tb(record.exc_info[2])
            line["error"] = record.exc_info[0].__name__
            line["places"] = [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in frames[-8:]]
        else:
            line["message"] = record.getMessage()
        return json.dumps({name: value for name, value in line.items() if value is not None})


def log_as_json(*loggers: str) -> None:
    """Have these loggers write JSON lines to stderr, and nothing else."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    for name in loggers:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.INFO)


def log_slow_statements(engine: sa.Engine, longest: int) -> None:
    """Log each statement that takes longer than so many milliseconds, without its values; 0: none."""
    if not longest:
        return
    logger = logging.getLogger("forum.statements")

    @event.listens_for(engine, "before_cursor_execute")
    def _begin(connection: sa.Connection, *_: Any) -> None:
        connection.info["forum_began"] = time.perf_counter()

    @event.listens_for(engine, "after_cursor_execute")
    def _end(connection: sa.Connection, _cursor: Any, statement: str, *_: Any) -> None:
        took = 1000 * (time.perf_counter() - connection.info["forum_began"])
        if took >= longest:
            told = {"statement": " ".join(statement.split())[:1000], "slow_ms": round(took)}
            logger.warning("slow statement", extra=told)
