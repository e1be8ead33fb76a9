"""Result → JSON bytes: rows become objects by functions made once for each form of a plan."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

import orjson

from generator.field_types import FieldType
from generator.kinds import Catalog
from generator.model.entity import Field
from generator.model.text import Label
from rules.masks import HIDDEN, Masked
from runtime.messages import Outcome, Result
from runtime.operations._unfired import said
from runtime.store.paths import Path
from runtime.store.plan import QueryPlan
from runtime.store.rows import RowFunction, json_function

OPTIONS = orjson.OPT_UTC_Z
REMEMBERED = 2000
PLACES = ("after=", "before=")
SAFE = "=&%+-._~[]*:@!$'()/?,"
PLAIN = re.compile(rf"[A-Za-z0-9{re.escape(SAFE)}]*\Z")
"""What may stand in an address in a header as it is."""


@dataclass(frozen=True, slots=True)
class Form:
    """How the rows of plans of one form are written."""

    make: RowFunction
    id_place: int
    version_place: int | None
    includes: tuple[tuple[str, RowFunction], ...]
    is_whole: bool
    """The version says everything: no value of another record or of the moment is in the row."""


class Renderer:
    """Writes results; remembers the functions it made."""

    def __init__(self, catalog: Catalog[FieldType]) -> None:
        self._catalog = catalog
        self._forms: dict[Any, Form] = {}

    @property
    def types(self) -> Catalog[FieldType]:
        """The field types."""
        return self._catalog

    def form(self, plan: QueryPlan) -> Form:
        """Return how rows of a plan are written."""
        key = plan.look, tuple([(each.name, each.plan.look) for each in plan.includes])
        found = self._forms.get(key)
        if found is None:
            if len(self._forms) >= REMEMBERED:
                self._forms.clear()
            found = self._forms[key] = self._make(plan)
        return found

    def _make(self, plan: QueryPlan) -> Form:
        texts = [path.text for path in plan.paths]
        return Form(
            make=json_function(plan.shown, self._catalog, plan.veiled),
            id_place=texts.index("id"),
            version_place=texts.index("version") if "version" in texts else None,
            includes=tuple(
                (each.name, json_function(each.plan.shown, self._catalog, each.plan.veiled))
                for each in plan.includes
            ),
            is_whole=not plan.includes
            and not plan.veiled
            and all(
                len(path.steps) == 1 and (path.field.computed is None or path.field.stored)
                for path in plan.shown
            ),
        )

    def record(self, result: Result) -> bytes:
        """Return the body of one record."""
        if result.plan is None:
            return orjson.dumps({"data": {"id": str(result.row[0])}})
        form = self.form(result.plan)
        return orjson.dumps({"data": _object(form, result.row, result.included)}, option=OPTIONS)

    def moved(self, result: Result) -> bytes:
        """Return the body of a transition: the record as it is now, and each step it took."""
        told = {"steps": [dict(one) for one in result.steps], "repeated": result.repeated}
        return self.record(result)[:-1] + b"," + orjson.dumps(told)[1:]

    def standing(self, row: Any, locale: str) -> bytes:
        """Return the body of what can be done with a record: each transition with its reasons."""
        offered = [
            {
                "id": one.id,
                "workflow": one.workflow,
                "transition": one.name,
                "label": one.label.text(locale),
                "allowed": one.allowed,
                "reasons": [reason_form(reason, locale) for reason in one.reasons],
                "targets": one.targets,
                "confirm": one.confirm,
                "input_schema": self._questions(one.questions, locale),
            }
            for one in row.offered
        ]
        data = {"states": row.states, "version": row.version, "transitions": offered}
        return orjson.dumps({"data": data})

    def _questions(self, questions: Mapping[str, Any], locale: str) -> dict[str, Any]:
        """Return the questions of a transition as a JSON Schema."""
        properties = {
            name: {
                "title": one.field.label.text(locale),
                **self._catalog[one.field.type].json_schema(one.field),
            }
            for name, one in questions.items()
        }
        return {
            "type": "object",
            "properties": properties,
            "required": [name for name, one in questions.items() if one.field.required],
            "additionalProperties": False,
        }

    def page(self, result: Result) -> bytes:
        """Return the body of a page of records."""
        form = self.form(result.plan)
        make = form.make
        if form.includes:
            data = [_object(form, row, result.included) for row in result.rows]
        else:
            data = [make(row) for row in result.rows]
        page = {
            "next": result.next_cursor or None,
            "previous": result.previous_cursor or None,
            "limit": result.plan.limit,
            "total": result.total,
            "total_is_exact": result.total_is_exact if result.total is not None else None,
        }
        return orjson.dumps({"data": data, "page": page}, option=OPTIONS)

    def groups(self, result: Result) -> bytes:
        """Return the body of an aggregate: each group's keys, its count, its measures."""
        by, measures = result.plan.by, result.plan.measures
        dumps = [self._dump(path) for path in (*by, *(each.path for each in measures))]

        def made(row: Sequence[Any]) -> dict[str, Any]:
            keys = {path.text: dumps[n](row[n]) for n, path in enumerate(by)}
            group: dict[str, Any] = {"group": keys, "count": row[len(by)]}
            for n, each in enumerate(measures, len(by)):
                group.setdefault(each.function, {})[each.path.text] = dumps[n](row[n + 1])
            return group

        page = {"limit": result.plan.query.limit, "is_complete": result.total_is_exact}
        return orjson.dumps({"data": [made(row) for row in result.rows], "page": page})

    def _dump(self, path: Path) -> Callable[[Any], Any]:
        dump = self._catalog[path.field.type].dump(path.field)
        return lambda value: value if value is None or dump is None else dump(value)

    def cells(self, plan: QueryPlan) -> tuple[list[str], Callable[[Sequence[Any]], list[Any]]]:
        """Return the heading of an export, and the function from a row to its cells."""
        writers = [
            (place, self._catalog[path.field.type], path.field)
            for place, path in enumerate(plan.shown)
        ]

        def made(row: Sequence[Any]) -> list[Any]:
            return [_exported(kind, field, row[place]) for place, kind, field in writers]

        return [path.text for path in plan.shown], made

    def entries(self, result: Result) -> bytes:
        """Return the body of a record's history."""
        page = {"next": result.next_cursor or None}
        data = [_fields(entry) for entry in result.rows]
        return orjson.dumps({"data": data, "page": page}, option=OPTIONS)

    def entry(self, row: Any) -> bytes:
        """Return the body of one thing beside a record, such as a comment."""
        return orjson.dumps({"data": _fields(row)}, option=OPTIONS)

    def outcomes(self, outcomes: Sequence[Outcome], locale: str, batch: str = "") -> bytes:
        """Return the body of a bulk request: what became of each record."""
        data = [
            {
                "id": each.record_id or None,
                "status": each.status,
                "version": each.version,
                "message": each.message.text(locale) if each.message else "",
                "errors": [
                    {
                        "field": error.field,
                        "code": error.code,
                        "message": error.message.text(locale),
                    }
                    for error in each.errors
                ],
            }
            for each in outcomes
        ]
        return orjson.dumps({"data": data, **({"batch": batch} if batch else {})})

    def identify(self, result: Result) -> tuple[str, int | None, bool]:
        """Return a record's id, its version, and whether the version says everything."""
        if result.plan is None:
            return str(result.row[0]), None, False
        form = self.form(result.plan)
        place = form.version_place
        version = None if place is None else int(result.row[place])
        return str(result.row[form.id_place]), version, form.is_whole


def reason_form(reason: Any, locale: str) -> dict[str, Any]:
    """Return one reason of a transition in words, with what it is about."""
    params = {
        name: value.text(locale) if isinstance(value, Label) else value
        for name, value in reason.params.items()
    }
    return {
        "code": reason.code,
        "message": said(reason).text(locale),
        "params": orjson.loads(orjson.dumps(params, default=str)),
    }


def _fields(entry: Any) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in entry.__dataclass_fields__}


def _exported(kind: FieldType, field: Field, value: Any) -> Any:
    """Return a value as a file holds it: numbers as numbers, the rest as an import reads it."""
    if value is None or value is HIDDEN:
        return None
    if value.__class__ is Masked:
        return value.text
    text = kind.to_text(value, field)
    return _number(text) if kind.numeric else text


def _number(text: str) -> Any:
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


def _object(
    form: Form, row: Any, included: Mapping[str, Mapping[str, Sequence[Any]]]
) -> dict[str, Any]:
    made = form.make(row)
    for name, make in form.includes:
        rows = included.get(name, {}).get(str(row[form.id_place]), ())
        made[name] = [make(each) for each in rows]
    return made


def links(path: str, query: str, result: Result) -> str:
    """Return the `Link` header to the pages beside this one; empty when there are none.

    `query` is the query string as it came; it is kept as it is, but for the place in the list.
    """
    if not (result.next_cursor or result.previous_cursor):
        return ""
    parts = [part for part in query.split("&") if part and not part.startswith(PLACES)]
    kept = "&".join(parts)
    if not PLAIN.match(kept):
        kept = quote(kept, safe=SAFE)
    address = f"{path}?{kept}&" if kept else f"{path}?"
    found = []
    if result.next_cursor:
        found.append(f'<{address}after={result.next_cursor}>; rel="next"')
    if result.previous_cursor:
        found.append(f'<{address}before={result.previous_cursor}>; rel="prev"')
    return ", ".join(found)
