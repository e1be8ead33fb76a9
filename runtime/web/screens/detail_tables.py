"""The small tables of a record's page: its parts with totals, and records that point here.

Parts come with the record; records that point here are asked for only when their tab is open.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from generator.field_types import EMPTY, Cell
from generator.model.entity import Entity, Field
from rules.masks import is_veiled
from runtime.messages import Result
from runtime.store.paths import Path
from runtime.web.screens import cells as drawing
from runtime.web.screens.cells import FILES
from runtime.web.screens.detail_parts import (
    Heading,
    Table,
    TableRow,
    include_of,
    record_facts,
    relates,
)
from runtime.web.screens.visit import Visit, new_url, record_url, single

RELATED_ROWS = 5
SHOWN_CHILDREN = 200


def child_table(visit: Visit, entity: Entity, name: str, result: Result) -> Table:
    """Return the table of one child field, with totals of what the record itself adds up."""
    include = include_of(result, name)
    if include is None:
        return Table((), ())
    child = visit.app.entities[include.plan.entity.name]
    record_id = str(record_facts(result, "id"))
    rows = result.included.get(name, {}).get(record_id, ())
    summed = _summed(entity, name)
    texts = [
        path for path in (*child.list.columns, *summed) if path.split(".")[0] != child.child_of
    ]
    paths = tuple(
        path
        for path in drawing.readable(visit, child.name, texts)
        if not relates(visit, path.field, "children")
        and not relates(visit, path.field, "references")
    )
    fixed = _fixed(child, result)
    draws = [drawing.draw(visit, path, include.plan.paths, fixed) for path in paths]
    columns = [drawing.column(visit, path) for path in paths]
    totals = tuple(
        _total(visit, path, include.plan.paths, rows, fixed) if path.text in summed else EMPTY
        for path in paths
    )
    drawn = [[draw(row) for draw in draws] for row in rows[:SHOWN_CHILDREN]]
    # the first column names the rows
    kept = [place for place in range(len(paths)) if place == 0 or _says_more(drawn, place)]
    totals = tuple(totals[place] for place in kept)
    return Table(
        headings=tuple(Heading(columns[place].label, columns[place].number) for place in kept),
        rows=tuple(TableRow(tuple(cells[place] for place in kept)) for cells in drawn),
        totals=totals if rows and any(drawing.filled(cell) for cell in totals) else (),
        more_text=visit.t("{n} more rows", n=len(rows) - SHOWN_CHILDREN)
        if len(rows) > SHOWN_CHILDREN
        else "",
    )


def _says_more(rows: Sequence[Sequence[Cell]], place: int) -> bool:
    """Return whether a column tells what no column before it does: of no rows, every one does.

    An empty one does not, nor a text that is in each row what was said before it, such as a code
    that was copied from the record whose title it is.
    """
    if not rows:
        return True
    if not any(drawing.filled(cells[place]) for cells in rows):
        return False
    if any(cells[place].kind not in ("text", "code", "") for cells in rows):
        return True
    return not any(
        all(cells[place].text == cells[before].text for cells in rows) for before in range(place)
    )


def _fixed(child: Entity, result: Result) -> Mapping[str, str]:
    """Return what children know of their parent, by the path they would ask for."""
    return {
        f"{child.child_of}.{path.text}": str(result.row[place] or "")
        for place, path in enumerate(result.plan.paths)
        if not path.parents
    }


def _summed(entity: Entity, name: str) -> tuple[str, ...]:
    """Return the fields of a child that a computed field of the record adds up."""
    pattern = re.compile(rf"\bsum\(\s*{re.escape(name)}\.([a-z0-9_]+)\s*\)")
    texts = [model.computed.text for model in entity.fields.values() if model.computed is not None]
    return tuple(dict.fromkeys(found for text in texts for found in pattern.findall(text)))


def _total(
    visit: Visit,
    path: Path,
    paths: Sequence[Path],
    rows: Sequence[Any],
    fixed: Mapping[str, str],
) -> Cell:
    """Add up one column; amounts in several currencies are not added."""
    place = [one.text for one in paths].index(path.text)
    draw = drawing.draw(visit, path, paths, fixed)
    if not rows or len({draw(row).unit for row in rows}) > 1:
        return EMPTY
    whole = list(rows[0])
    if any(is_veiled(row[place]) for row in rows):
        return EMPTY
    whole[place] = sum(row[place] or 0 for row in rows)
    return replace(draw(whole), title="")


def related_table(
    visit: Visit, tab: str, value: str, result: Result, sums: Mapping[str, Sequence[Cell]]
) -> Table:
    """Return the first records that point here by a field's value, and the way to all of them.

    `sums` are those of all of them, by column; amounts in several currencies are not added.
    """
    other, name = tab.split(".", 1)
    target = visit.app.entities[other]
    paths = related_paths(visit, tab)
    draws = [drawing.draw(visit, path, result.plan.paths) for path in paths]
    columns = [drawing.column(visit, path) for path in paths]
    at = [path.text for path in result.plan.paths].index("id")
    opens = visit.may("read", other)
    total = str(result.total or 0) + ("" if result.total_is_exact else "+")
    allowed = visit.may("create", other) and not target.child_of
    reference = target.fields[name]
    return Table(
        headings=tuple(Heading(column.label, column.number) for column in columns),
        rows=tuple(
            TableRow(
                tuple(draw(row) for draw in draws),
                record_url(other, str(row[at])) if opens else "",
            )
            for row in result.rows
        ),
        totals=tuple(
            found[0] if len(found := sums.get(path.text, ())) == 1 else EMPTY for path in paths
        )
        if result.rows and any(len(one) == 1 for one in sums.values())
        else (),
        more_url=record_url(other) + f"?{name}{_key(visit, reference)}={quote(value)}",
        more_text=visit.t("See all {n}", n=total) if result.rows else "",
        create_url=new_url(other, **{name: value}) if allowed else "",
        create_text=visit.t("New {name}", name=single(visit, target)),
    )


def _key(visit: Visit, reference: Field) -> str:
    if not reference.target:
        return "[eq]"
    return "[has_any]" if relates(visit, reference, "references") else "[in]"


def related_paths(visit: Visit, tab: str) -> tuple[Path, ...]:
    """Return the columns of a related tab: the list's, without the way back."""
    other, name = tab.split(".", 1)
    texts = [text for text in visit.app.entities[other].list.columns if text.split(".")[0] != name]
    return tuple(
        path
        for path in drawing.readable(visit, other, texts)
        if visit.catalog[path.field.type].relation not in {"children", "references"}
        and path.field.type not in FILES
    )[:6]


def related_query(visit: Visit, tab: str, value: str) -> Mapping[str, tuple[str, ...]]:
    """Return the query of a related tab: five rows and a capped count; of counts the largest."""
    other, name = tab.split(".", 1)
    reference = visit.app.entities[other].fields[name]
    operator = "has" if relates(visit, reference, "references") else "eq"
    fields = drawing.needs(visit, other, related_paths(visit, tab))
    pricing = visit.app.pricing
    counters = pricing.counters.values() if pricing is not None and not reference.target else ()
    counted = next((one.bucket for one in counters if one.ledger == other), "")
    # what a count is not about is `*`, which comes before what it is about
    order = (f"-{counted}", *visit.app.ledgers[other].key) if counted else ()
    return {
        **({"sort": (",".join(order),)} if order else {}),
        f"{name}[{operator}]": (value,),
        "fields": (",".join(("id", *fields)),),
        "limit": (str(RELATED_ROWS),),
        "count": ("capped",),
    }
