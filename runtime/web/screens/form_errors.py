"""What is wrong with a form: texts at their controls, and the summary that leads to each."""

from __future__ import annotations

from collections.abc import Mapping

from generator.model.entity import Field
from runtime.errors import FieldError, RequestError
from runtime.web.screens.form_layout import FormLayout
from runtime.web.screens.form_model import ErrorLine
from runtime.web.screens.form_state import FormField, State, row_numbers
from runtime.web.screens.visit import Visit


def messages_of(visit: Visit, refusal: RequestError | None) -> dict[str, str]:
    """Return what is wrong, by path of the payload; several things at one place are joined."""
    found: dict[str, str] = {}
    for error in refusal.errors if refusal is not None else ():
        text = visit.text(error.message)
        if error.field in found and text not in found[error.field]:
            found[error.field] = f"{found[error.field]} {text}"
        else:
            found.setdefault(error.field, text)
    return found


def error_lines(
    visit: Visit, layout: FormLayout, refusal: RequestError | None, state: State, ids: str
) -> tuple[ErrorLine, ...]:
    """Return the summary: each error with a link to its control, where there is one."""
    if refusal is None:
        return ()
    known = {one.field.name: one for one in layout.fields}
    lines = [_line(visit, known, error, state, ids) for error in refusal.errors]
    return tuple(dict.fromkeys(lines))


def _line(
    visit: Visit, known: Mapping[str, FormField], error: FieldError, state: State, ids: str
) -> ErrorLine:
    message = visit.text(error.message)
    first, *rest = error.field.split(".")
    one = known.get(first)
    if one is None:
        label = _label_elsewhere(visit, known, first)
        return ErrorLine("", label, message)
    label = visit.text(one.field.label)
    if one.kind != "grid" or not rest or not rest[0].isdigit():
        part = f"-{rest[0]}" if rest and one.kind in {"address", "translated"} else ""
        return ErrorLine(f"{ids}{first}{part}", label, message)
    numbers = row_numbers(state, first)
    index = int(rest[0])
    number = numbers[index] if index < len(numbers) else index
    where = visit.t("{name}, row {n}", name=label, n=index + 1)
    inner = next((part for part in one.rows if len(rest) > 1 and part.field.name == rest[1]), None)
    if inner is None:
        return ErrorLine(f"{ids}{first}", where, message)
    where = f"{where}, {visit.text(inner.field.label)}"
    return ErrorLine(f"{ids}{first}-{number}-{inner.field.name}", where, message)


def _label_elsewhere(visit: Visit, known: Mapping[str, FormField], name: str) -> str:
    """Return the label of a field that is not on this form, if it may be told."""
    some: Field | None = next((one.field for one in known.values()), None)
    entity = visit.app.entities.get(some.entity) if some else None
    found = entity.fields.get(name) if entity else None
    return visit.text(found.label) if found else ""
