"""The address of a list: every bit of its state is in the query string, and only there.

Comes in: what the browser sent, with the odd shapes that plain HTML forms send (empty fields, one
pair for each ticked box). Goes out: a `ListUrl` in its shortest form, and the query the pipeline
understands: days become moments in the reader's time zone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from generator.field_types import Viewer
from generator.field_types._locales import zone
from generator.field_types.datetime import api_text
from generator.model.text import Label
from runtime.errors import BadRequest
from runtime.store.filters import CLAUSE, MANY
from runtime.web.screens.visit import Visit

OWN = {
    "sort",
    "limit",
    "q",
    "view",
    "saved",
    "archived",
    "match",
    "count",
    "columns",
    "layout",
    "group",
    "sums",
    "month",
    "under",
    "after",
    "before",
    "at",
}
"""Keys of the list itself; every other key is a filter."""
PANEL = "panel"
"""Opens the filters without script."""
PAGE_KEYS = ("after", "before", "at", "count", "under", PANEL)
ARRANGED = ("limit", "saved")
"""Keys that are no part of what a saved view says."""
LONGEST = 4000
MOST_PAIRS = 100
"""As many as the API takes; a page draws a chip for each, with an address of all the others."""


@dataclass(frozen=True)
class ListUrl:
    """The state of a list."""

    path: str
    pairs: tuple[tuple[str, str], ...]

    def get(self, key: str, default: str = "") -> str:
        """Return the value of a key of the list itself."""
        return next((value for name, value in self.pairs if name == key), default)

    @property
    def filters(self) -> tuple[tuple[str, str], ...]:
        """The pairs that filter, in their order."""
        return tuple(pair for pair in self.pairs if pair[0] not in OWN and pair[0] != PANEL)

    @property
    def query(self) -> str:
        """The query string, without the question mark."""
        return urlencode(self.pairs)

    @property
    def text(self) -> str:
        """The address."""
        return f"{self.path}?{self.query}" if self.pairs else self.path

    def to(self, **changes: str | None) -> ListUrl:
        """Return the address with these keys changed; None or "" removes one.

        Anything but the place in the pages begins at the first page again.
        """
        drop = set(changes)
        if not drop <= set(PAGE_KEYS):
            drop |= set(PAGE_KEYS)
        kept = [pair for pair in self.pairs if pair[0] not in drop]
        added = [(key, value) for key, value in changes.items() if value]
        return ListUrl(self.path, (*kept, *added))

    def without(self, *gone: tuple[str, str]) -> ListUrl:
        """Return the address without some filters."""
        kept = tuple(pair for pair in self.pairs if pair not in gone and pair[0] not in PAGE_KEYS)
        return ListUrl(self.path, kept)

    def arranged(self) -> frozenset[tuple[str, str]]:
        """Return what makes this list another than the same one plain: filters, order, columns."""
        return frozenset(
            pair for pair in self.pairs if pair[0] not in PAGE_KEYS and pair[0] not in ARRANGED
        )

    def bare(self) -> ListUrl:
        """Return the address without search and filters."""
        keep = {"view", "saved", "sort", "limit", "columns", "archived", "layout", "group", "sums"}
        return ListUrl(self.path, tuple(pair for pair in self.pairs if pair[0] in keep))


def read_url(path: str, pairs: Iterable[tuple[str, str]]) -> ListUrl:
    """Return the state that a browser's query string says, in its shortest form."""
    found: dict[str, list[str]] = {}
    for key, value in pairs:
        if value.strip() and len(value) <= LONGEST:
            found.setdefault(key, []).append(value)
    short: list[tuple[str, str]] = []
    for key, values in found.items():
        written = CLAUSE.match(key)
        if key in OWN or key == PANEL:
            short.append((key, ",".join(values) if key == "columns" else values[-1]))
        elif written is not None and written[2] in MANY:
            parts = [part for value in values for part in value.split(",") if part]
            short.append((key, ",".join(dict.fromkeys(parts))))
        else:
            short += [(key, value) for value in dict.fromkeys(values)]
    return ListUrl(path, tuple(short))


def refuse_flood(url: ListUrl) -> None:
    """Refuse an address that no person has put together.

    Raises:
        BadRequest: it holds too many conditions.

    """
    if len(url.pairs) > MOST_PAIRS:
        raise BadRequest(
            Label(
                {
                    "en": f"An address holds at most {MOST_PAIRS} conditions.",
                    "zh": f"一个地址最多包含 {MOST_PAIRS} 个条件。",
                }
            )
        )


def pipeline_query(url: ListUrl, entity: str, visit: Visit) -> Mapping[str, tuple[str, ...]]:
    """Return the query of the pipeline; what it does not understand it refuses, nothing is lost."""
    query: dict[str, tuple[str, ...]] = {}
    for key in ("sort", "limit", "q", "view", "archived", "match", "after", "before"):
        if url.get(key):
            query[key] = (url.get(key),)
    for key, value in url.filters:
        query[key] = (*query.get(key, ()), _moment(key, value, entity, visit))
    return query


def _moment(key: str, value: str, entity: str, visit: Visit) -> str:
    """Return a filter's value; a day or local time on a moment is told in UTC."""
    written = CLAUSE.match(key)
    if written is None:
        return value
    try:
        field = visit.reads.path(entity, written[1]).field
    except BadRequest:
        return value
    if field.type != "datetime":
        return value
    if written[2] == "within":
        return value
    late = written[2] in {"lte", "gt"}
    texts = value.split(",") if written[2] == "between" else [value]
    moments = [
        _utc(text, visit.viewer, end=late or number == 1) for number, text in enumerate(texts)
    ]
    return ",".join(moments)


def _utc(text: str, viewer: Viewer, *, end: bool) -> str:
    """Return the first moment of a local day, or its last one; other texts as they are."""
    try:
        day = dt.date.fromisoformat(text)
        local = dt.datetime.combine(day, dt.time(), zone(viewer.time_zone))
        if end:
            local += dt.timedelta(days=1) - dt.timedelta(microseconds=1)
        return api_text(local.astimezone(dt.UTC))
    except (ValueError, OverflowError):
        return text
