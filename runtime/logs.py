"""Structured logs: one event a request and a job, as a JSON line or as a line for people.

`fields` given as `extra={"fields": {...}}` become keys of the event; the request id comes from a
context variable, so every line of one request carries it. Control characters are escaped in both
formats: a value cannot forge a second line. Nothing here decides what is logged.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

import orjson

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request or run in hand; empty outside of one."""

_LINE_ENDS = {each: f"\\u{each:04x}" for each in (0x7F, 0x85, 0x2028, 0x2029)}
"""What JSON leaves bare and a terminal or a reader of lines takes for an end of line."""

NOISY = dict.fromkeys(
    ("rq.worker", "alembic", "urllib3", "flask_appbuilder", "sqlalchemy", "authlib", "httpx"),
    logging.WARNING,
)
"""Below a warning they tell what nobody asked, or what nobody may read: rows, tokens."""


def configure(
    style: Literal["json", "human"], level: str = "INFO", stream: TextIO | None = None
) -> None:
    """Send every log line to stderr (or a stream) in one format; replaces earlier handlers.

    What no line of ours tells (thread, process, the place in the source) is no longer found out for
    each, as the handbook of `logging` describes: it takes longer than writing the line.
    """
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if style == "json" else HumanLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name, least in NOISY.items():
        logging.getLogger(name).setLevel(least)


@contextmanager
def within(identifier: str) -> Iterator[None]:
    """Mark every line logged inside the block with a request id."""
    token = request_id.set(identifier)
    try:
        yield
    finally:
        request_id.reset(token)


def event(logger: logging.Logger, name: str, fields: Mapping[str, Any]) -> None:
    """Log one event such as `request` or `job` with its fields."""
    if logger.isEnabledFor(logging.INFO):
        record = logging.LogRecord(logger.name, logging.INFO, "", 0, name, None, None)
        record.fields = fields
        logger.handle(record)


class JsonLines(logging.Formatter):
    """One JSON object a line: at, level, logger, event, request, the fields, exception."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        if identifier := request_id.get():
            line["request"] = identifier
        # what the line says itself is not overwritten by a field of the same name
        line = {**line, **_fields(record), **line}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return _json(line)


class HumanLines(logging.Formatter):
    """`12:30:05 info  request  operation=list entity=order status=200`."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).astimezone()
        words = [f"{at:%H:%M:%S} {record.levelname.lower():7}", _one_line(record.getMessage())]
        words += [f"{key}={_one_line(str(value))}" for key, value in _fields(record).items()]
        if identifier := request_id.get():
            words.append(f"request={identifier}")
        line = " ".join(words)
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


def _json(line: Mapping[str, Any]) -> str:
    try:
        text = orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:
        # numbers beyond 64 bits and broken surrogates are rare in a log, and must not lose its line
        return json.dumps(line, default=str)
    if text.isascii() and "\x7f" not in text:
        return text
    return text.translate(_LINE_ENDS)


def _fields(record: logging.LogRecord) -> Mapping[str, Any]:
    fields = getattr(record, "fields", None)
    return fields if isinstance(fields, Mapping) else {}


def _one_line(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)
