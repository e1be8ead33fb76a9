"""A form is saved: only what somebody changed is sent, through the same door as everything else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from generator.model.text import Label
from runtime.errors import FieldError, Invalid
from runtime.messages import Result
from runtime.web.screens import form_live, form_state, merge
from runtime.web.screens.doors import ask, titles_of
from runtime.web.screens.form_live import NOTHING
from runtime.web.screens.form_model import MergeLine
from runtime.web.screens.form_opening import Opened
from runtime.web.screens.form_page import wanted_titles
from runtime.web.screens.form_state import FormField, State
from runtime.web.screens.visit import Visit

ENGINE_NAMES = {"csrf_token", "list"}
"""What every form sends besides its fields; all else of the engine begins with an underscore."""


def save(visit: Visit, opened: Opened, state: State, errors: list[FieldError]) -> Result:
    """Save what a form says.

    Raises:
        RequestError: it is refused; nothing is written.

    """
    if errors:
        raise Invalid(errors[0].message, tuple(errors))
    changes = bool(opened.record_id)
    values: dict[str, Any] = form_state.values_of(
        visit, opened.layout.fields, state, changes=changes
    )
    fields, entity = opened.layout.fields, opened.layout.entity
    is_asked = form_live.has_conditions(visit, fields, entity)
    known = form_live.live(visit, opened, state) if is_asked else NOTHING
    values = form_live.applied(opened.layout.fields, state, values, known, new=not changes)
    if changes and opened.base is not None:
        values = only_changed(opened.layout.fields, opened.base, state, values)
    return ask(
        visit,
        "update" if changes else "create",
        opened.layout.entity.name,
        opened.record_id,
        values=values,
        version=opened.version,
        idempotency_key=opened.key,
    )


def unknown_fields(opened: Opened, sent: Iterable[str]) -> list[FieldError]:
    """Return a refusal for each name that was sent and is no field of the form.

    Names of the engine begin with an underscore; a field may have parts, such as `address-city`.
    """
    known = {one.field.name for one in opened.layout.fields} | ENGINE_NAMES
    strange = {name.partition("-")[0] for name in sent if not name.startswith("_")} - known
    return [
        FieldError(
            name,
            "unknown_field",
            Label({"en": f"There is no field '{name}' here.", "zh": f"这里没有字段“{name}”。"}),
        )
        for name in sorted(strange)
    ]


def only_changed(
    fields: Sequence[FormField], base: State, state: State, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the payload without what is as the form showed it.

    A form shows less than a record holds: a moment without its microseconds, links without those
    to archived records. What nobody touched is not sent, so it stays as it is.
    """
    kept: dict[str, Any] = {}
    for one in fields:
        name = one.field.name
        if name not in values:
            continue
        if one.kind == "grid":
            kept[name] = _changed_rows(one, base, state, values[name])
        elif not merge.same(base, state, one):
            kept[name] = values[name]
    return kept


def _changed_rows(
    grid: FormField, base: State, state: State, rows: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the rows without untouched links and moments; the rest of a row is always whole."""
    name = grid.field.name
    shown = {
        base.get(f"{name}-{number}-id", ("",))[-1]: number
        for number in form_state.row_numbers(base, name)
    }
    loose = [
        part.field.name
        for part in grid.rows
        if part.kind in {"pickers", "datetime"} and not part.field.required
    ]
    found = []
    for number, row in zip(form_state.row_numbers(state, name), rows, strict=True):
        earlier = shown.get(str(row.get("id", "")))
        untouched = {
            inner
            for inner in loose
            if earlier is not None
            and base.get(f"{name}-{earlier}-{inner}") == state.get(f"{name}-{number}-{inner}")
        }
        found.append({key: value for key, value in row.items() if key not in untouched})
    return found


def merge_lines(visit: Visit, opened: Opened, mine: State, theirs: Opened) -> tuple[MergeLine, ...]:
    """Return the comparison after a stale save."""
    fields = opened.layout.fields
    wanted = wanted_titles(fields, mine)
    for target, ids in wanted_titles(fields, theirs.state).items():
        wanted[target] = (*wanted.get(target, ()), *ids)
    titles = titles_of(visit, wanted)
    return merge.lines(visit, fields, opened.base or {}, mine, theirs.state, titles)
