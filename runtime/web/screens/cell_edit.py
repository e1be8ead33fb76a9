"""One cell edited in its place: its control, the save at the version that was read, and conflicts.

It is the ordinary update of one field; what comes back is the row as the server has it now, because
other cells may follow from this one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from generator.model.entity import Entity
from runtime.errors import NotFound, RequestError, Stale
from runtime.messages import Result
from runtime.web.screens import cells as drawing
from runtime.web.screens import doors, form_state, list_rows
from runtime.web.screens.form_controls import control
from runtime.web.screens.form_drawing import Drawing
from runtime.web.screens.form_model import Control
from runtime.web.screens.form_opening import stored
from runtime.web.screens.form_state import FormField, State, form_fields
from runtime.web.screens.list_columns import fields_to_ask
from runtime.web.screens.list_page import Listing
from runtime.web.screens.list_rows import ListRow
from runtime.web.screens.visit import Visit


@dataclass(frozen=True, slots=True)
class CellForm:
    """Everything `cell.html` draws: a control in a cell."""

    control: Control
    action: str
    version: int
    query: str
    theirs: str = ""
    """What somebody else made of the value meanwhile, in words."""
    conflict: bool = False


def field_of(visit: Visit, entity: Entity, name: str) -> FormField:
    """Return the field that is edited.

    Raises:
        NotFound: it cannot be edited in its place by this person.

    """
    found = form_fields(visit, entity, (name,), changes=True)
    if not found or found[0].fixed or found[0].kind not in list_rows.IN_PLACE:
        raise NotFound()
    return found[0]


def opened(visit: Visit, entity: Entity, record_id: str, name: str, query: str) -> CellForm:
    """Return the control with the value as it is stored now."""
    one = field_of(visit, entity, name)
    result, _ = stored(visit, entity, (one,), record_id)
    state = form_state.state_of_record(visit, (one,), result)
    return _form(visit, entity, record_id, one, state, _version(result), query, {})


def save(
    visit: Visit,
    entity: Entity,
    record_id: str,
    name: str,
    posted: Mapping[str, Sequence[str]],
    version: int,
    query: str,
) -> CellForm | None:
    """Save a cell; return None, or the control again with what was typed and what is wrong.

    Raises:
        RequestError: it is refused for another reason than the value or the version.

    """
    one = field_of(visit, entity, name)
    state = form_state.state_of_post(visit, (one,), posted)
    values = form_state.values_of(visit, (one,), state, changes=True)
    try:
        doors.ask(visit, "update", entity.name, record_id, values=values, version=version)
    except Stale:
        return _conflict(visit, entity, record_id, one, state, query)
    except RequestError as refusal:
        if refusal.status != 422:
            raise
        texts = [visit.text(error.message) for error in refusal.errors]
        message = " ".join(dict.fromkeys(texts)) or visit.text(refusal.message)
        errors = {name: message}
        return _form(visit, entity, record_id, one, state, version, query, errors)
    return None


def _conflict(
    visit: Visit, entity: Entity, record_id: str, one: FormField, mine: State, query: str
) -> CellForm | None:
    """Return both values; when both are the same there is nothing to decide."""
    result, _ = stored(visit, entity, (one,), record_id)
    theirs = form_state.state_of_record(visit, (one,), result)
    if theirs.get(one.field.name) == mine.get(one.field.name):
        return None
    paths = result.plan.paths
    found = next((path for path in paths if path.text == one.field.name), None)
    words = drawing.draw(visit, found, paths)(result.row).text if found is not None else ""
    form = _form(visit, entity, record_id, one, mine, _version(result), query, {})
    empty = visit.t("empty", "value")
    return CellForm(form.control, form.action, form.version, query, words or empty, conflict=True)


def _form(
    visit: Visit,
    entity: Entity,
    record_id: str,
    one: FormField,
    state: State,
    version: int,
    query: str,
    errors: Mapping[str, str],
) -> CellForm:
    made = control(Drawing(visit, state, {}, errors), one)
    action = f"/{entity.name}/{record_id}/cell/{one.field.name}"
    return CellForm(made, action, version, query)


def _version(result: Result) -> int:
    return int(result.row[[path.text for path in result.plan.paths].index("version")])


def row(visit: Visit, listing: Listing, result: Result) -> ListRow:
    """Return one row of a list as it is now."""
    shown = [drawing.column(visit, path) for path in listing.columns]
    roles = list_rows.roles_of(shown)
    widths = listing.kept.widths
    made = list_rows.rows(
        visit, listing.entity, listing.url, listing.columns, shown, roles, result, widths
    )
    if not made:
        raise NotFound()
    return made[0]


def row_query(visit: Visit, listing: Listing, record_id: str) -> dict[str, tuple[str, ...]]:
    """Return the query that reads one row of a list."""
    fields = fields_to_ask(visit, listing.entity, listing.columns)
    return {
        "ids": (record_id,),
        "fields": (",".join(dict.fromkeys(fields)),),
        "archived": ("all",),
        "limit": ("1",),
    }
