"""What of a list goes into a file: which records, which columns, and each value as a file holds it.

Numbers are numbers, references are named, moments are local with their zone in the heading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from generator.field_types._locales import zone
from generator.model.entity import Entity
from rules.masks import HIDDEN, Masked, is_veiled
from rules.unmasking import EXPORT_PLAIN, lifted
from runtime.errors import RequestError
from runtime.messages import Result
from runtime.store.paths import Path
from runtime.web import parquet, spreadsheets
from runtime.web.screens import cells as drawing
from runtime.web.screens import doors, export_columns
from runtime.web.screens.export_columns import Group, groups, key_paths, needs
from runtime.web.screens.list_url import ListUrl, pipeline_query
from runtime.web.screens.numbers import number
from runtime.web.screens.visit import Visit, plural
from runtime.web.spreadsheets import Value


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody chose on the page already, where something of it was missing."""

    what: str = ""
    form: str = ""
    unmasked: bool = False
    reason: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class ExportPage:
    """Everything `export.html` draws."""

    title: str
    entity: str
    action: str
    query: str
    ids: tuple[str, ...]
    groups: tuple[Group, ...]
    formats: tuple[tuple[str, str], ...]
    total: str
    large: str
    """The number of rows from which the file is made in the background; empty where it is not."""
    on_page: str
    chosen: str
    unmasked: str
    """The fields that may leave in clear though they are masked; empty for none."""
    given: Given
    zone: str
    back: str


def page(
    visit: Visit,
    entity: Entity,
    url: ListUrl,
    columns: Sequence[Path],
    ids: Sequence[str],
    at_once: int,
    given: Given,
) -> ExportPage:
    """Return the page that asks what, which columns and which format."""
    query = pipeline_query(url, entity.name, visit)
    try:
        counted = doors.ask(visit, "count", entity.name, query=query)
        total, exact = counted.total or 0, counted.total_is_exact
    except RequestError as refusal:
        if refusal.status != 503:
            raise
        total, exact = 0, False
    limit = url.get("limit")
    size = int(limit) if limit.isascii() and limit.isdigit() else entity.list.page_size
    return ExportPage(
        title=plural(visit, entity),
        entity=entity.name,
        action=f"/{entity.name}/export",
        query=url.query,
        ids=tuple(ids),
        groups=groups(visit.asking("export", entity.name), entity, with_key(entity, columns)),
        formats=formats(visit),
        total=number(visit, total) + ("" if exact else "+"),
        large=number(visit, at_once) if not exact or total > at_once else "",
        on_page=number(visit, min(size, total) if exact else size),
        chosen=number(visit, len(ids)) if ids else "",
        unmasked=_unmasked(visit, entity),
        given=given,
        zone=visit.actor.time_zone,
        back=url.text,
    )


def _unmasked(visit: Visit, entity: Entity) -> str:
    """Return the labels of the fields that somebody may take out in clear where they ask for it."""
    matrix, roles = visit.runtime.matrix, visit.actor.roles
    usual, plain = (matrix.grant(roles, entity.name, one) for one in ("export", EXPORT_PLAIN))
    if usual is None or plain is None or visit.actor.real_id:
        return ""
    names = lifted(usual, plain)
    found = [visit.text(one.label) for one in entity.fields.values() if one.name in names]
    return ("、" if visit.chinese() else ", ").join(found)


def asked(
    visit: Visit, entity: Entity, url: ListUrl, columns: Sequence[Path], what: str, ids: str
) -> dict[str, tuple[str, ...]]:
    """Return the query of an export: the chosen records, or everything that matches."""
    fields = ("id", *needs(visit, entity.name, columns))
    query = dict(pipeline_query(url, entity.name, visit))
    for key in ("limit", "after", "before"):
        query.pop(key, None)
    if what == "chosen" and ids:
        query = {"ids": (ids,), "archived": ("all",), "sort": query.get("sort", ())}
    query["fields"] = (",".join(dict.fromkeys(fields)),)
    return {key: texts for key, texts in query.items() if texts}


def with_key(entity: Entity, columns: Sequence[Path]) -> list[str]:
    """Return the columns of a list and those by which an import finds its records again."""
    shown = [one.text for one in columns]
    named = {one.steps[0].name for one in columns}
    return [*shown, *(one for one in entity.key if one not in named)]


def formats(visit: Visit) -> tuple[tuple[str, str], ...]:
    """Return the formats there are here, with what each is for."""
    t = visit.t
    words = {
        "csv": t("CSV, for any spreadsheet"),
        "xlsx": t("Excel (.xlsx)"),
        "jsonl": t("JSON lines, for programs"),
        "parquet": t("Parquet, for analysis"),
    }
    known = spreadsheets.FORMATS if parquet.available() else spreadsheets.FORMATS[:-1]
    return tuple((one, words[one]) for one in known)


def heading(visit: Visit, columns: Sequence[Path]) -> list[str]:
    """Return the labels of the columns; moments say their zone."""
    return [
        export_columns.heading(visit, path)
        + (f" ({visit.actor.time_zone})" if path.field.type == "datetime" else "")
        for path in columns
    ]


def rows(visit: Visit, columns: Sequence[Path], result: Result) -> Iterator[list[Value]]:
    """Yield the rows of a file, as they are read."""
    makers = [maker(visit, path, result.plan.paths) for path in columns]
    for found in result.pages:
        for row in found:
            yield [make(row) for make in makers]


def maker(visit: Visit, path: Path, paths: Sequence[Path]) -> Callable[[Any], Value]:
    """Return the function from a row to one value of the file; a masked cell is its mask."""
    place = {found.text: number for number, found in enumerate(paths)}[path.text]
    clear = _clear(visit, path, paths, place)

    def made(row: Any) -> Value:
        value = row[place]
        if value is HIDDEN:
            return ""
        return value.text if value.__class__ is Masked else clear(row)

    return made


def _clear(visit: Visit, path: Path, paths: Sequence[Path], place: int) -> Callable[[Any], Value]:
    field, kind = path.field, visit.catalog[path.field.type]
    if field.type == "datetime":
        here = zone(visit.actor.time_zone)
        return lambda row: _local(row[place], here)
    if kind.relation == "reference":
        return _named(visit, path, paths, place)
    if kind.relation or field.type in {"choice", "choices", "state", "boolean", "user"}:
        drawn = drawing.draw(visit, path, paths)
        return lambda row: _words(drawn(row))
    if field.type == "translated":
        return lambda row: str((row[place] or {}).get(visit.actor.locale) or "")
    if kind.numeric:
        return lambda row: _number(kind.to_text(row[place], field))
    return lambda row: kind.to_text(row[place], field)


def _named(visit: Visit, path: Path, paths: Sequence[Path], place: int) -> Callable[[Any], Value]:
    """Return the function that names a referred record: its title, and its key where that is more.

    By its key an import finds the record again, however many have the same title; one that has no
    key, or none that may be seen here, is named by its id.
    """
    drawn = drawing.draw(visit, path, paths)
    places = {one.text: number for number, one in enumerate(paths)}
    inner = key_paths(visit, path.field.target)
    at = [places.get(f"{path.text}.{one}") for one in inner]

    def named(row: Any) -> Value:
        if row[place] is None:
            return ""
        title = _words(drawn(row))
        parts = [None if one is None else row[one] for one in at]
        plain = [str(one) for one in parts if one is not None and not is_veiled(one)]
        key = ".".join(plain) if plain and len(plain) == len(parts) else str(row[place])
        return title if title == key else f"{title} [{key}]"

    return named


def _local(value: datetime | None, here: Any) -> str:
    return "" if value is None else value.astimezone(here).replace(tzinfo=None).isoformat(" ")


def _words(cell: Any) -> str:
    return cell.text or ", ".join(item.text for item in cell.items)


def _number(text: str) -> Value:
    if not text:
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


def file_name(visit: Visit, entity: Entity, form: str) -> str:
    """Return the name of the file: what is in it, who took it out, and when."""
    now = visit.runtime.clock().astimezone(zone(visit.actor.time_zone))
    return spreadsheets.file_name(entity.name, visit.actor.name, now, form)
