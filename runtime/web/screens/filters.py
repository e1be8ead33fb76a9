"""The filters of a list: a control for each field that may be filtered, a chip for each in use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from generator.field_types import Input
from generator.model.entity import Entity, Field
from runtime.store.filters import CLAUSE, MANY
from runtime.store.paths import Path
from runtime.web.screens.cells import path_label, readable
from runtime.web.screens.filter_fields import month_text, periods
from runtime.web.screens.list_url import ListUrl
from runtime.web.screens.visit import Visit

Titles = Mapping[tuple[str, str], str]
"""(entity, id) → title, for what filters point at."""


@dataclass(frozen=True, slots=True)
class Chip:
    """An active filter."""

    label: str
    value: str
    remove: str
    joined: str = ""
    """"or" or "and" where it belongs together with the chip before it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a filter."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class FilterControl:
    """A field of the filter form; `kind` chooses how it is drawn."""

    kind: str
    """options, flag, picker, dates, range, text or presence."""
    label: str
    id: str
    names: tuple[str, ...]
    """The query keys it sets: one, or two for a range."""
    values: tuple[str, ...]
    options: tuple[Choice, ...] = ()
    url: str = ""
    """Where a picker searches."""
    unit: str = ""
    """The unit of a number; of a date the month that is chosen, as `2025-01`."""


def controls(
    visit: Visit, entity: Entity, url: ListUrl, titles: Titles
) -> tuple[FilterControl, ...]:
    """Return the filter form of a list."""
    found = (
        _control(visit, path, url, titles)
        if visit.reads.is_compared(path)
        else _whole(visit, path, url)
        for path in readable(visit, entity.name, entity.list.filters)
        if visit.reads.is_compared(path) or visit.looks_up(path)
    )
    return tuple(control for control in found if control is not None)


def _control(visit: Visit, path: Path, url: ListUrl, titles: Titles) -> FilterControl | None:
    field, operators = path.field, visit.catalog[path.field.type].operators
    label, identifier = path_label(visit, path), "filter-" + path.text.replace(".", "-")

    def made(kind: str, *keys: str, **more: object) -> FilterControl:
        names = tuple(f"{path.text}[{key}]" if key else path.text for key in keys)
        values = tuple(_value(url, name) for name in names)
        return FilterControl(kind, label, identifier, names, values, **more)  # type: ignore[arg-type]

    given = visit.catalog[field.type].input(field) if field.type != "id" else Input("text")
    if given.options and ("in" in operators or "has_any" in operators):
        key = "in" if "in" in operators else "has_any"
        chosen = set(_value(url, f"{path.text}[{key}]").split(","))
        options = tuple(
            Choice(one.value, visit.text(one.label), one.value in chosen) for one in given.options
        )
        return made("options", key, options=options)
    if field.type == "boolean":
        return made("flag", "")
    if visit.catalog[field.type].relation in {"reference", "references"}:
        return _picker(visit, path, url, titles, operators, made)
    if field.type == "user":
        return _people(visit, path, url)
    if field.type in {"date", "datetime"}:
        named = tuple(
            Choice(name, words, name == _value(url, f"{path.text}[within]"))
            for name, words in periods(visit).items()
        )
        return made("dates", "gte", "lte", "within", options=named, unit=_month(url, path.text))
    if "gte" in operators:
        return made("range", "gte", "lte", unit=given.unit)
    if "has_any" in operators:
        return made("text", "has_any")
    if "contains" in operators:
        return made("text", "contains")
    return made("presence", "empty") if "empty" in operators else None


def _whole(visit: Visit, path: Path, url: ListUrl) -> FilterControl:
    """Return the control of a masked field: its whole value is looked up."""
    identifier = "filter-" + path.text.replace(".", "-")
    values = (_value(url, path.text),)
    return FilterControl("text", path_label(visit, path), identifier, (path.text,), values)


def _month(url: ListUrl, path: str) -> str:
    value = _value(url, f"{path}[within]")
    return value if value[:1].isdigit() else ""


def _people(visit: Visit, path: Path, url: ListUrl) -> FilterControl:
    """Return a picker of accounts, by name."""
    name = f"{path.text}[in]"
    ids = [part for part in _value(url, name).split(",") if part]
    options = tuple(Choice(one, _one(visit, path.field, one, {}), chosen=True) for one in ids)
    return FilterControl(
        "pickers",
        path_label(visit, path),
        "filter-" + path.text.replace(".", "-"),
        (name,),
        (",".join(ids),),
        options,
        f"/{path.field.entity}/people?for={path.field.name}",
    )


def _picker(
    visit: Visit,
    path: Path,
    url: ListUrl,
    titles: Titles,
    operators: tuple[str, ...],
    made: object,
) -> FilterControl | None:
    target = path.field.target
    if not visit.may("read", target):
        return None
    key = "under" if "under" in operators else "in" if "in" in operators else "has_any"
    name = f"{path.text}[{key}]"
    ids = [part for part in _value(url, name).split(",") if part]
    options = tuple(Choice(one, titles.get((target, one), one), chosen=True) for one in ids)
    return FilterControl(
        "picker" if key == "under" else "pickers",
        path_label(visit, path),
        "filter-" + path.text.replace(".", "-"),
        (name,),
        (",".join(ids),),
        options,
        f"/{target}/choices",
    )


def _value(url: ListUrl, name: str) -> str:
    return next((value for key, value in url.filters if key == name), "")


def conditions(
    url: ListUrl, shown: Iterable[FilterControl], titles: Titles
) -> list[dict[str, str | int | list[dict[str, str]]]]:
    """Return what the builder begins with: every filter without a control of its own."""
    drawn = {name for control in shown for name in control.names}
    by_id = {key: title for (_, key), title in titles.items()}
    found: list[dict[str, str | int | list[dict[str, str]]]] = []
    for key, value in url.filters:
        written = CLAUSE.match(key)
        if key in drawn or written is None:
            continue
        named = [{"id": one, "label": by_id[one]} for one in value.split(",") if one in by_id]
        found.append(
            {
                "key": key,
                "path": written[1],
                "operator": written[2] or "eq",
                "value": value,
                "group": int(written[3] or 0),
                "named": named,
            }
        )
    return found


def hidden(url: ListUrl, shown: Iterable[FilterControl]) -> tuple[tuple[str, str], ...]:
    """Return what the filter form keeps without a control of its own."""
    drawn = {name for control in shown for name in control.names}
    keep = ("q", "view", "saved", "sort", "limit", "columns", "archived", "layout", "group", "sums")
    return (
        *((key, url.get(key)) for key in keep if url.get(key)),
        *(pair for pair in url.filters if pair[0] not in drawn),
    )


def chips(visit: Visit, entity: Entity, url: ListUrl, titles: Titles) -> tuple[Chip, ...]:
    """Return the active filters in words, each with the address of the list without it."""
    found = []
    before = 0
    matches_any = url.get("match") == "any"
    ordered = sorted(url.filters, key=lambda pair: _group(pair[0]))
    for place, (key, value) in enumerate(ordered):
        group = _group(key)
        together = place > 0 and (group == before)
        either = matches_any if not (together and group) else not matches_any
        joined = ""
        if place and (either or (together and group)):
            joined = visit.t("or", "filter") if either else visit.t("and", "filter")
        before = group
        written = CLAUSE.match(key)
        paths = readable(visit, entity.name, (written[1],)) if written else ()
        label = path_label(visit, paths[0]) if paths else key
        words = (
            _words(visit, paths[0].field, (written[2] or "") if written else "", value, titles)
            if paths
            else value
        )
        found.append(Chip(label, words, url.without((key, value)).text, joined))
    return tuple(found)


def _group(key: str) -> int:
    written = CLAUSE.match(key)
    return int(written[3] or 0) if written else 0


def _words(visit: Visit, field: Field, operator: str, value: str, titles: Titles) -> str:
    t = visit.t
    if operator == "empty":
        return t("empty", "filter") if value == "true" else t("not empty", "filter")
    if operator == "within":
        return periods(visit).get(value) or month_text(value, visit.viewer.locale)
    parts = value.split(",") if operator in MANY else [value]
    shown = [_one(visit, field, part, titles) for part in parts]
    if operator == "between" and len(shown) == 2:
        return t("{low} to {high}", "filter", low=shown[0], high=shown[1])
    text = ("、" if visit.chinese() else ", ").join(shown)
    return _phrase(visit, operator, text, timely=_is_time(field))


def _phrase(visit: Visit, operator: str, text: str, *, timely: bool) -> str:
    """Return an operator and its value as people say it."""
    t = visit.t
    phrases = {
        "gte": t("from {value}", "filter", value=text)
        if timely
        else t("{value} or more", "filter", value=text),
        "lte": t("until {value}", "filter", value=text)
        if timely
        else t("{value} or less", "filter", value=text),
        "gt": t("after {value}", "filter", value=text)
        if timely
        else t("more than {value}", "filter", value=text),
        "lt": t("before {value}", "filter", value=text)
        if timely
        else t("less than {value}", "filter", value=text),
        "ne": t("not {value}", "filter", value=text),
        "not_in": t("not {value}", "filter", value=text),
        "contains": t("contains “{value}”", "filter", value=text),
        "starts_with": t("starts with “{value}”", "filter", value=text),
        "under": t("in {value} and below", "filter", value=text),
    }
    return phrases.get(operator, text)


def _is_time(field: Field) -> bool:
    return field.type in {"date", "datetime", "time"}


def _one(visit: Visit, field: Field, text: str, titles: Titles) -> str:
    kind = visit.catalog[field.type]
    if kind.relation in {"reference", "references"}:
        return titles.get((field.target, text), text)
    if field.type == "user":
        return visit.people.get(int(text), text) if text.isascii() and text.isdigit() else text
    if field.type == "boolean":
        yes, no = visit.t("Yes", "flag"), visit.t("No", "flag")
        return {"true": yes, "false": no}.get(text, text)
    for option in kind.input(field).options:
        if option.value == text:
            return visit.text(option.label)
    return text


def wanted_titles(visit: Visit, entity: Entity, url: ListUrl) -> Mapping[str, tuple[str, ...]]:
    """Return the ids that filters point at, by entity, so that their titles can be looked up."""
    found: dict[str, list[str]] = {}
    for key, value in url.filters:
        written = CLAUSE.match(key)
        paths = readable(visit, entity.name, (written[1],)) if written else ()
        if not paths or not paths[0].field.target or (written and written[2] == "empty"):
            continue
        found.setdefault(paths[0].field.target, []).extend(value.split(",")[:50])
    return {target: tuple(dict.fromkeys(ids)) for target, ids in found.items()}


def wanted_people(visit: Visit, entity: Entity, url: ListUrl) -> tuple[int, ...]:
    """Return the accounts that filters point at, so that their names can be looked up."""
    found: list[str] = []
    for key, value in url.filters:
        written = CLAUSE.match(key)
        paths = readable(visit, entity.name, (written[1],)) if written else ()
        if paths and paths[0].field.type == "user":
            found += value.split(",")[:50]
    return tuple({int(text) for text in found if text.isascii() and text.isdigit()})
