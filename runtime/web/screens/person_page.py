"""What is kept about one person, before a copy of it is made: by kind of record, and how many.

Comes in: a person, and what the reader may export. Goes out: a line for each kind that tells of
them, with their number or that it is left out. One statement a kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rules import privacy
from runtime.errors import RequestError
from runtime.web.screens import doors
from runtime.web.screens.numbers import number
from runtime.web.screens.visit import Visit, plural, record_url


@dataclass(frozen=True, slots=True)
class KindLine:
    """A kind of record that tells of the person."""

    label: str
    count: str
    """Empty where it is left out."""
    url: str


@dataclass(frozen=True, slots=True)
class PersonPage:
    """Everything `person_copy.html` draws."""

    title: str
    back: str
    action: str
    kinds: tuple[KindLine, ...]
    formats: tuple[tuple[str, str], ...]
    reason: str = ""
    error: str = ""


def person_page(
    visit: Visit, entity: str, record_id: str, title: str, reason: str = "", error: str = ""
) -> PersonPage:
    """Return the page that asks why a copy is made."""
    url, t = record_url(entity, record_id), visit.t
    kinds = privacy.kinds_about(visit.app, entity)
    return PersonPage(
        title=title,
        back=url,
        action=f"{url}/copy",
        kinds=tuple(_line(visit, kind, way, record_id) for kind, way in kinds.items()),
        formats=(
            ("xlsx", t("Excel (.xlsx)")),
            ("csv", t("CSV, for any spreadsheet")),
            ("jsonl", t("JSON lines, for programs")),
        ),
        reason=reason,
        error=error,
    )


def _line(visit: Visit, kind: str, way: Sequence[str], record_id: str) -> KindLine:
    entity = visit.app.entities[kind]
    label = plural(visit, entity)
    if not visit.may("export", kind):
        return KindLine(label, "", "")
    key = ".".join(way)
    query = {key: (record_id,)} if way else {"ids": (record_id,)}
    try:
        found = doors.ask(
            visit, "count", kind, query={**query, "archived": ("all",), "count": ("exact",)}
        )
    except RequestError as refusal:
        if refusal.status not in (400, 403, 404):
            raise
        return KindLine(label, "", "")
    url = f"/{kind}/?{key}={record_id}" if way and not entity.child_of else ""
    return KindLine(label, number(visit, found.total or 0), url)
