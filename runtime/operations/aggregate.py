"""`aggregate`: counts, sums, least and largest values of what matches, by up to three fields.

A date or a moment makes groups by `day`, `month` or `year`: `placed_at:month`. Each is told by its
first day, the latest first; a moment belongs to a day in the zone of who asks.

It reads through the same plan as the list, so a row out of scope is in no sum. A sum of money whose
currency is a field is only told by that currency, because apples and pears make no sum. What it may
cost is bounded: so many groups, so many seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from generator.build.tables import has_column
from generator.model.text import Label
from rules.permissions import Grant
from runtime.errors import BadRequest, FieldError
from runtime.messages import Incoming, Result
from runtime.operations import _asking, _columns, _reading
from runtime.runtime import Runtime
from runtime.store import deadline, fetch
from runtime.store.measures import FUNCTIONS, Measure
from runtime.store.paths import Path, Reader
from runtime.store.plan import QueryPlan
from runtime.store.spans import UNITS, Span

ACTION = "aggregate"
LONGEST = 3000
"""Milliseconds."""
MOST_GROUPS = 200
MOST_KEYS = 3
OWN = ("group", *FUNCTIONS)
"""Keys of the query that a list does not have."""
SPANNED = {"date", "datetime"}
NO_GROUPS = {"long_text", "rich_text", "json", "rule", "address", "translated", "file", "image"}


@dataclass(frozen=True)
class Call:
    """What is to be counted, by what, and which numbers of it."""

    read: _reading.ReadCall
    by: tuple[str, ...]
    measures: tuple[tuple[str, str], ...]
    limit: int


@dataclass(frozen=True)
class Plan:
    """The groups to be made; `paths` are their columns: keys, then the fields of the measures."""

    query: QueryPlan
    by: tuple[Path, ...]
    measures: tuple[Measure, ...]

    @property
    def paths(self) -> tuple[Path, ...]:
        """What the keys of a group are."""
        return self.by

    @property
    def asked(self) -> Mapping[str, str]:
        """What `explain` prints beside the SQL."""
        return {
            "group": ", ".join(path.text for path in self.by),
            "measures": ", ".join(each.name for each in self.measures),
        }


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Call:
    query = {key: texts for key, texts in incoming.query.items() if key not in OWN}
    by = _asking.names(incoming.query, "group", MOST_KEYS)
    measures = tuple(
        (function, name)
        for function in FUNCTIONS
        for name in _asking.names(incoming.query, function, 10)
    )
    read = _reading.parse_read(replace(incoming, query=query), grant, runtime)
    limit = min(read.limit, MOST_GROUPS) if "limit" in incoming.query else MOST_GROUPS
    return Call(replace(read, fields=("id",), includes=()), by, measures, limit)


def plan(call: Call, grant: Grant, runtime: Runtime) -> Plan:
    reads = _columns.reader(runtime, call.read.actor, grant)
    entity = call.read.entity
    query = _reading.plan_read(call.read, grant, runtime, ("id",))
    by = {name: _key(reads, entity, name, call.read.actor.time_zone) for name in call.by}
    measures = tuple(
        Measure(function, _number(reads, entity, function, name))
        for function, name in call.measures
    )
    for each in measures:
        currency = str(each.path.field.args.get("currency") or "")
        if each.path.field.type == "money" and currency and not currency.isupper():
            by.setdefault(currency, _key(reads, entity, currency, ""))
    query = query.with_values(cursor=None, limit=call.limit)
    return Plan(query, tuple(by.values()), measures)


def execute(plan: Plan, runtime: Runtime) -> Result:
    with fetch.connection(runtime.engine) as connection, deadline.within(connection, LONGEST):
        rows, more = fetch.groups(
            connection, runtime.statements, plan.query, plan.by, plan.measures
        )
    return Result(rows=rows, plan=plan, total=len(rows), total_is_exact=not more)


def _key(reads: Reader, entity: str, written: str, time_zone: str) -> Path:
    name, _, unit = written.partition(":")
    path = reads.ordered(entity, name)
    kind = reads.catalog[path.field.type]
    if (
        path.field.type in NO_GROUPS
        or kind.relation in {"children", "references"}
        or (not has_column(path.field, reads.catalog))
    ):
        raise _refuse("group", f"'{name}' makes no groups.", f"不能按“{name}”分组。")
    return _spanned(path, unit, time_zone) if unit else path


def _spanned(path: Path, unit: str, time_zone: str) -> Path:
    """Return a path to the first day of the stretch its value lies in."""
    field = path.field
    if unit not in UNITS or field.type not in SPANNED:
        raise _refuse(
            "group",
            f"'{path.text}' makes no groups by '{unit}'; a date makes them by {', '.join(UNITS)}.",
            f"“{path.text}”不能按“{unit}”分组；日期可按 {'、'.join(UNITS)} 分组。",
        )
    span = Span(unit, time_zone if field.type == "datetime" else "")
    day = replace(field, type="date", args={})
    return replace(path, text=f"{path.text}:{unit}", steps=(*path.parents, day), span=span)


def _number(reads: Reader, entity: str, function: str, name: str) -> Path:
    path = reads.ordered(entity, name)
    kind = reads.catalog[path.field.type]
    fits = kind.numeric or (function != "sum" and path.field.type in {"date", "datetime"})
    if path.parents or not fits or not has_column(path.field, reads.catalog):
        raise _refuse(function, f"'{name}' holds no number.", f"“{name}”不是数值字段。")
    return path


def _refuse(key: str, en: str, zh: str) -> BadRequest:
    message = Label({"en": en, "zh": zh})
    return BadRequest(message, (FieldError(key, "invalid", message),))
