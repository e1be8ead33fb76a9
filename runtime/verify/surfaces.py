"""Every way to a record: what must be seen is looked for in each, and what must not be too.

Comes in: who looks, at which entity, which given records they must see and how the cells must look.
Goes out: a sentence for each surface that says otherwise. A surface that the person has no right to
at all must refuse; one that cannot be asked of this entity is left out. A record counts as unseen
only if the list, the count, the search, the export, its own page, its history, the choices, the
sums and every record that points at it keep silent about it.

A filter that looks up a masked value (`match`) is for the list alone: the others must refuse it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from generator.model.entity import Entity, Field
from generator.model.scenario import Expected
from rules.permissions import Grant
from runtime.errors import BadRequest, Forbidden, NotFound, RequestError
from runtime.messages import Actor, Result
from runtime.operations import _looking
from runtime.verify.coverage import Coverage
from runtime.verify.stage import Stage, told

REFUSALS = (Forbidden, NotFound)
MOST = "200"


@dataclass(frozen=True)
class Look:
    """Somebody who looks at an entity, and what they must see."""

    stage: Stage
    actor: Actor
    entity: Entity
    expected: Expected
    query: Mapping[str, str]
    """The filter under which they look."""
    action: str
    """As what they look: the rows are told of a list, unless of an export."""
    coverage: Coverage

    @cached_property
    def given(self) -> Mapping[str, str]:
        """The records of the entity, names by id."""
        made = self.stage.scenario.records
        here = {one.name for one in made if one.entity == self.entity.name}
        added = set(self.stage.ids) - {one.name for one in made}
        wanted = {*(self.expected.rows or ()), *self.expected.cells}
        known = here | (added & wanted)
        return {self.stage.ids[name]: name for name in known if name in self.stage.ids}

    @cached_property
    def seen(self) -> frozenset[str] | None:
        """Ids that must be seen, and no others; None if nothing is said of rows."""
        if self.expected.rows is None:
            return None
        return frozenset(self.stage.ids[name] for name in self.expected.rows)

    @cached_property
    def unseen(self) -> frozenset[str]:
        """Ids that nothing may show. What is deleted is in no list, but keeps its page."""
        assert self.seen is not None
        table = self.stage.runtime.schema.tables[self.entity.name]
        if "archived_at" not in table.c:
            return frozenset(self.given) - self.seen
        with self.stage.runtime.engine.connect() as connection:
            chosen = sa.select(table.c.id).where(table.c.archived_at.is_not(None))
            gone = {str(row[0]) for row in connection.execute(chosen)}
        return frozenset(self.given) - self.seen - gone

    @cached_property
    def looks_up(self) -> bool:
        """Whether the filter asks for what the person sees masked."""
        query = {key: (text,) for key, text in self.query.items()}
        return _looking.asks(self.stage.runtime, self.actor, self.entity.name, query)

    @cached_property
    def named(self) -> frozenset[str]:
        """Names of the records of which cells are told."""
        told_of = self.expected
        return frozenset({*told_of.cells, *told_of.masked, *told_of.hidden})

    def grant(self, action: str, entity: str = "") -> Grant | None:
        """Return what the person may do."""
        matrix = self.stage.runtime.matrix
        return matrix.grant(self.actor.roles, entity or self.entity.name, action)

    def alike(self, action: str) -> bool:
        """Return whether an action opens the very rows that are told of; else it may open fewer."""
        told_of, asked = self.grant(self.action), self.grant(action)
        if told_of is None or asked is None:
            return False
        return told_of.tests_by_text == asked.tests_by_text and told_of.is_wide == asked.is_wide

    def ask(self, operation: str, entity: str = "", **more: Any) -> Result | RequestError:
        """Send a request and note it for the coverage."""
        name = entity or self.entity.name
        action = self.stage.runtime.operations[operation].ACTION
        found = self.stage.ask(operation, name, self.actor, **more)
        self.coverage.asked(self.actor, name, action)
        if isinstance(found, RequestError):
            self.coverage.refused(found)
        return found

    def names(self, ids: Any) -> str:
        """Return ids as the names of records, for people."""
        return ", ".join(sorted(self.given.get(one, "another record") for one in ids)) or "nothing"


def differences(look: Look) -> Iterator[str]:
    """Yield what the surfaces show otherwise than expected."""
    if look.seen is not None:
        yield from _rows(look)
    if look.named:
        yield from _cells(look)


def _rows(look: Look) -> Iterator[str]:
    yield from _list(look)
    yield from _count(look)
    yield from _export(look)
    yield from _sums(look)
    if not look.query:
        yield from _pages(look)
        yield from _history(look)
        yield from _search(look)
        yield from _choices(look)
        yield from _behind(look)


def _list(look: Look) -> Iterator[str]:
    assert look.seen is not None
    found = look.ask("list", query={**look.query, "limit": MOST})
    if isinstance(found, RequestError):
        if look.action == "list":
            yield f"list: {told(found)}"
        return
    ids = {str(row["id"]) for row in look.stage.rows(found, found.rows)}
    yield from _same(look, "list", "list", ids)


def _same(look: Look, surface: str, action: str, ids: set[str]) -> Iterator[str]:
    assert look.seen is not None
    if ids - look.seen or (look.alike(action) and ids != look.seen):
        yield f"{surface}: shows {look.names(ids)} instead of {look.names(look.seen)}"


def _count(look: Look) -> Iterator[str]:
    assert look.seen is not None
    if look.grant("list") is None:
        return
    found = look.ask("count", query={**look.query, "count": "exact"})
    if look.looks_up:
        if not isinstance(found, BadRequest):
            yield "count: is not refused"
    elif isinstance(found, RequestError):
        yield f"count: {told(found)}"
    elif _miscounted(look, "list", found.total or 0):
        yield f"count: {found.total} instead of {len(look.seen)}"


def _miscounted(look: Look, action: str, number: int) -> bool:
    assert look.seen is not None
    return number > len(look.seen) or (look.alike(action) and number != len(look.seen))


def _export(look: Look) -> Iterator[str]:
    query = {key: text for key, text in look.query.items() if key != "limit"}
    found = look.ask("export", query=query)
    if look.grant("export") is None:
        if not isinstance(found, REFUSALS):
            yield "export: is not refused"
    elif look.looks_up:
        if not isinstance(found, BadRequest):
            yield "export: is not refused"
    elif isinstance(found, RequestError):
        yield f"export: {told(found)}"
    else:
        rows = [row for page in found.pages for row in look.stage.rows(found, page)]
        limit = found.plan.grant.limits.get("export")
        if limit is None or len(rows) < limit:
            yield from _same(look, "export", "export", {str(row["id"]) for row in rows})


def _sums(look: Look) -> Iterator[str]:
    assert look.seen is not None
    if look.grant("aggregate") is None or look.query:
        return
    found = look.ask("aggregate", query={})
    if isinstance(found, RequestError):
        yield f"sums: {told(found)}"
        return
    counted = found.rows[0][0] if found.rows else 0
    if _miscounted(look, "aggregate", counted):
        yield f"sums: {counted} records instead of {len(look.seen)}"


def _pages(look: Look) -> Iterator[str]:
    """A record that must not be seen has no page, and says so as one that never was."""
    assert look.seen is not None
    for record, name in look.given.items():
        found = look.ask("read", record_id=record)
        if record in look.seen:
            if isinstance(found, RequestError) and look.alike("read"):
                yield f"page: {name}: {told(found)}"
        elif record in look.unseen and not isinstance(found, REFUSALS):
            yield f"page: {name} can be opened"


def _history(look: Look) -> Iterator[str]:
    assert look.seen is not None
    for record, name in look.given.items():
        found = look.ask("history", record_id=record)
        if record in look.unseen and not isinstance(found, REFUSALS):
            yield f"history: {name} can be opened"
        if record in look.seen and isinstance(found, RequestError) and look.alike("history"):
            yield f"history: {name}: {told(found)}"


def _search(look: Look) -> Iterator[str]:
    """Search for each record by a text of its own: only what must be seen may be found."""
    assert look.seen is not None
    grant = look.grant("list")
    if grant is None:
        return
    for record in look.stage.scenario.records:
        at = look.stage.ids.get(record.name)
        if record.entity != look.entity.name or at is None:
            continue
        for name in look.entity.list.search:
            text = record.values.get(name)
            if not isinstance(text, str) or not text:
                continue
            found = look.ask("list", query={"q": text, "limit": MOST})
            if isinstance(found, RequestError):
                yield f"search: {told(found)}"
                continue
            ids = {str(row["id"]) for row in look.stage.rows(found, found.rows)}
            if ids - look.seen:
                yield f"search: '{text}' finds {look.names(ids - look.seen)}"
            if at in look.seen and name in grant.open and at not in ids:
                yield f"search: '{text}' does not find {record.name}"


def _choices(look: Look) -> Iterator[str]:
    """No field that points here offers a record that must not be seen."""
    assert look.seen is not None
    for field in _pointing(look):
        if look.grant("read") is None:
            continue
        query = {"for": f"{field.entity}.{field.name}"}
        found = look.ask("choices", query=query)
        if isinstance(found, RequestError):
            continue
        ids = {str(row["id"]) for row in look.stage.rows(found, found.rows)}
        if ids & look.unseen:
            yield f"choices: {field.entity}.{field.name} offers {look.names(ids & look.unseen)}"


def _pointing(look: Look) -> Iterator[Field]:
    app = look.stage.runtime.app
    for entity in app.entities.values():
        for field in entity.fields.values():
            if field.target == look.entity.name and field.type == "reference":
                yield field


def _behind(look: Look) -> Iterator[str]:
    """A record that points here shows nothing of one that must not be seen."""
    for field in _pointing(look):
        if look.grant("list", field.entity) is None:
            continue
        found = look.ask("list", field.entity, query={"include": field.name, "limit": MOST})
        if isinstance(found, RequestError):
            continue
        for row in look.stage.rows(found, found.rows):
            there = row.get(field.name)
            if isinstance(there, Mapping) and str(there.get("id")) in look.unseen:
                shown = [k for k, v in there.items() if k != "id" and v is not None]
                if shown:
                    record = look.names({str(there["id"])})
                    yield f"include: {field.entity}.{field.name} shows {record}: {shown[0]}"


def _cells(look: Look) -> Iterator[str]:
    for surface, action, rows in _tables(look):
        by_id = {str(row["id"]): row for row in rows}
        for name in sorted(look.named):
            row = by_id.get(look.stage.ids.get(name, ""))
            if row is None:
                if look.alike(action):
                    yield f"{surface}: {name} is not there"
                continue
            yield from (f"{surface}: {name}.{text}" for text in _wrong(look, name, row))
    for field in _pointing(look):
        yield from _included(look, field)
    yield from _asked(look)


def _tables(look: Look) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """Yield the rows of every surface that shows cells, and by which action it does."""
    if look.grant("list") is not None:
        found = look.ask("list", query={"limit": MOST})
        if isinstance(found, Result):
            yield "list", "list", look.stage.rows(found, found.rows)
    if look.grant("export") is not None:
        found = look.ask("export")
        if isinstance(found, Result):
            rows = [row for page in found.pages for row in look.stage.rows(found, page)]
            yield "export", "export", rows
    if look.grant("read") is not None:
        pages = []
        for name in sorted(look.named):
            found = look.ask("read", record_id=look.stage.ids.get(name, name))
            if isinstance(found, Result):
                pages += look.stage.rows(found, found.rows)
        yield "page", "read", pages


def _included(look: Look, field: Field) -> Iterator[str]:
    """The records behind a reference show no more than on their own page."""
    if look.grant("list", field.entity) is None:
        return
    found = look.ask("list", field.entity, query={"include": field.name, "limit": MOST})
    if isinstance(found, RequestError):
        return
    rows = [row.get(field.name) for row in look.stage.rows(found, found.rows)]
    behind = {str(row["id"]): row for row in rows if isinstance(row, Mapping) and "id" in row}
    for name in sorted(look.named):
        row = behind.get(look.stage.ids.get(name, ""))
        if row is not None:
            for text in _wrong(look, name, row, partly=True):
                yield f"include: {field.entity}.{field.name}: {name}.{text}"


def _wrong(look: Look, name: str, row: Mapping[str, Any], *, partly: bool = False) -> Iterator[str]:
    """Yield the cells of a row that are otherwise; `partly` if the surface shows not every cell."""
    for field in look.expected.hidden.get(name, ()):
        if field in row:
            yield f"{field} is shown"
    for field in look.expected.masked.get(name, ()):
        cell = row.get(field)
        if field not in row and not partly:
            yield f"{field} is not shown at all"
        elif cell is not None and not (isinstance(cell, Mapping) and cell.get("m") == 1):
            yield f"{field} is shown in clear"
    values = look.stage.values(look.expected.cells.get(name, {}), look.entity)
    for field, value in values.items():
        cell = row.get(field)
        if field not in row:
            if not partly and look.entity.fields[field].type != "children":
                yield f"{field} is not shown"
        elif not _equal(cell, value):
            yield f"{field} is {_text(look, cell)}, not {_text(look, value)}"


def _equal(cell: Any, value: Any) -> bool:
    if isinstance(cell, Mapping) and "id" in cell:
        cell = cell["id"]
    if isinstance(cell, (list, tuple)) and isinstance(value, (list, tuple)):
        return [str(one) for one in cell] == [str(one) for one in value]
    return cell == value or (cell is not None and value is not None and str(cell) == str(value))


def _text(look: Look, value: Any) -> str:
    if isinstance(value, Mapping) and "id" in value:
        value = value["id"]
    names = {at: name for name, at in look.stage.ids.items()}
    return names.get(str(value), f"'{value}'")


def _asked(look: Look) -> Iterator[str]:
    """What is hidden or masked cannot be asked for either: no filter and no order tells it."""
    if look.grant("list") is None:
        return
    hidden = {field for names in look.expected.hidden.values() for field in names}
    masked = {field for names in look.expected.masked.values() for field in names}
    for field in sorted(hidden | masked):
        if look.entity.fields[field].type == "children":
            continue
        found = look.ask("list", query={"sort": field})
        if not isinstance(found, BadRequest):
            yield f"sort: {field} can be sorted by"
    for field in sorted(hidden):
        found = look.ask("list", query={f"{field}[empty]": "false", "limit": MOST})
        if isinstance(found, Result):
            ids = {str(row["id"]) for row in look.stage.rows(found, found.rows)}
            told_by = {
                name
                for name, fields in look.expected.hidden.items()
                if field in fields and look.stage.ids.get(name) in ids
            }
            if told_by:
                yield f"filter: {field} tells of {', '.join(sorted(told_by))}"
