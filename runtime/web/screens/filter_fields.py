"""What a list can be filtered by, for the builder in the drawer: fields, their operators, values.

Own fields, and one step over each reference (`customer.region`). The words of an operator depend on
the kind of field: a number is "10 or more", a day "from 1 May". Only what the person may read is
in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from babel.dates import format_skeleton

from generator.field_types import Input
from generator.field_types._locales import babel_locale
from generator.model.entity import Entity
from runtime.store.paths import Path
from runtime.store.periods import PERIODS
from runtime.web.screens.cells import readable
from runtime.web.screens.visit import Visit

UNFIT = {"json", "rule", "address", "file", "image"}
TIMES = {"date", "datetime"}
HIDDEN = {"id", "version", "position"}


def fields(visit: Visit, entity: Entity) -> list[dict[str, Any]]:
    """Return the fields as the builder reads them: JSON, in the order of the entity."""
    return [_field(visit, entity, path) for path in _paths(visit, entity)]


def _paths(visit: Visit, entity: Entity) -> Iterator[Path]:
    for path in readable(visit, entity.name, (n for n in entity.fields if n not in HIDDEN)):
        if _fits(visit, path):
            yield path
        if visit.catalog[path.field.type].relation != "reference":
            continue
        target = visit.app.entities[path.field.target]
        inner = (f"{path.text}.{name}" for name in target.fields if name not in HIDDEN)
        yield from (one for one in readable(visit, entity.name, inner) if _fits(visit, one))


def _fits(visit: Visit, path: Path) -> bool:
    field = path.field
    kind = visit.catalog[field.type]
    if not (visit.reads.is_compared(path) or visit.looks_up(path)):
        return False
    if field.type in UNFIT or not kind.operators or kind.relation == "children":
        return False
    if kind.relation == "references" and path.parents:
        return False
    is_own = visit.reads.is_column(path) or kind.relation == "references"
    return (is_own or field.computed is not None) and not (
        kind.relation and not visit.may("list", field.target)
    )


def _field(visit: Visit, entity: Entity, path: Path) -> dict[str, Any]:
    field, kind = path.field, visit.catalog[path.field.type]
    given = kind.input(field) if field.type not in {"id", "user"} else Input("text")
    label = visit.text(field.label)
    if path.parents:
        label = f"{visit.text(path.parents[-1].label)} › {label}"
    found: dict[str, Any] = {
        "path": path.text,
        "label": label,
        "unit": given.unit,
        "operators": [
            {"name": name, "label": words, "value": _value(name, field.type, kind.relation, given)}
            for name, words in _operators(visit, path).items()
        ],
    }
    if given.options:
        found["options"] = [
            {"value": one.value, "label": visit.text(one.label)} for one in given.options
        ]
    if kind.relation in {"reference", "references"}:
        found["url"] = f"/{field.target}/choices"
    if field.type == "user":
        found["url"] = f"/{field.entity}/people?for={field.name}"
    return found


def _value(operator: str, field_type: str, relation: str, given: Input) -> str:
    """Return which control takes the value."""
    if operator.startswith("empty"):
        return "none"
    if operator == "within":
        return "period"
    if relation or field_type == "user":
        return "picker" if operator in {"eq", "ne", "under", "has"} else "pickers"
    if given.options:
        return "option" if operator in {"eq", "ne", "has"} else "options"
    if field_type == "boolean":
        return "yesno"
    if operator in {"contains", "starts_with", "has", "has_any"}:
        return "text"
    if field_type in TIMES:
        return "dates" if operator == "between" else "date"
    if field_type == "time":
        return "time"
    return "texts" if operator in {"in", "not_in", "between"} else "text"


def _operators(visit: Visit, path: Path) -> Mapping[str, str]:
    """Return the operators of a field with their words, the commonest first."""
    kind = visit.catalog[path.field.type]
    timely = path.field.type in {*TIMES, "time"}
    words = _words(visit, timely=timely)
    if not visit.reads.is_compared(path):
        return {"eq": words["eq"]}  # masked: only a whole value is looked up
    several = bool(kind.relation) or path.field.type in {"choice", "choices", "state", "user"}
    order = ("within", "in", "under", "contains", "has_any", "eq", "gte", "lte", "between")
    rest = ("gt", "lt", "ne", "not_in", "starts_with", "has", "empty")
    dropped = {"eq", "ne", "has"} if several else {"in", "not_in", "has"}
    if timely:
        dropped |= {"eq", "ne", "gt", "lt"}
    found: dict[str, str] = {}
    for name in (*order, *rest):
        if name not in kind.operators or name in dropped:
            continue
        if name == "empty":
            found["empty:true"] = words["empty"]
            found["empty:false"] = words["filled"]
        else:
            found[name] = words[name]
    return found


def _words(visit: Visit, *, timely: bool) -> Mapping[str, str]:
    t = visit.t
    return {
        "within": t("in the period", "operator"),
        "in": t("is one of", "operator"),
        "not_in": t("is none of", "operator"),
        "under": t("is in or below", "operator"),
        "contains": t("contains", "operator"),
        "starts_with": t("starts with", "operator"),
        "has_any": t("has one of", "operator"),
        "eq": t("is", "operator"),
        "ne": t("is not", "operator"),
        "gte": t("from", "operator") if timely else t("at least", "operator"),
        "lte": t("until", "operator") if timely else t("at most", "operator"),
        "gt": t("more than", "operator"),
        "lt": t("less than", "operator"),
        "between": t("between", "operator"),
        "empty": t("is empty", "operator"),
        "filled": t("is not empty", "operator"),
        "has": t("has", "operator"),
    }


def month_text(written: str, locale: str) -> str:
    """Return `2025-01` as people of a language write it: January 2025; other texts as they are."""
    try:
        first = date.fromisoformat(f"{written}-01")
    except ValueError:
        return written
    known = babel_locale(locale)
    return str(format_skeleton("yMMMM", first, locale=known))


def periods(visit: Visit) -> dict[str, str]:
    """Return the named periods in words, in the order people look for them."""
    t = visit.t
    words = {
        "today": t("Today", "period"),
        "yesterday": t("Yesterday", "period"),
        "tomorrow": t("Tomorrow", "period"),
        "last_7_days": t("Last 7 days", "period"),
        "last_30_days": t("Last 30 days", "period"),
        "last_90_days": t("Last 90 days", "period"),
        "next_7_days": t("Next 7 days", "period"),
        "next_30_days": t("Next 30 days", "period"),
        "this_week": t("This week", "period"),
        "last_week": t("Last week", "period"),
        "this_month": t("This month", "period"),
        "last_month": t("Last month", "period"),
        "next_month": t("Next month", "period"),
        "this_quarter": t("This quarter", "period"),
        "last_quarter": t("Last quarter", "period"),
        "this_year": t("This year", "period"),
        "last_year": t("Last year", "period"),
        "before_today": t("Before today", "period"),
        "after_today": t("After today", "period"),
    }
    return {name: words[name] for name in PERIODS}
