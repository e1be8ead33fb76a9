"""The page of a form: cards of controls that hold a state, with what was refused at its fields."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from generator.model.entity import Entity
from runtime.errors import RequestError, Stale
from runtime.files import StoredFile
from runtime.web.screens import merge
from runtime.web.screens.doors import titles_of
from runtime.web.screens.form_controls import control
from runtime.web.screens.form_drawing import Drawing
from runtime.web.screens.form_errors import error_lines, messages_of
from runtime.web.screens.form_grid import grid_control
from runtime.web.screens.form_layout import FormLayout, has_files
from runtime.web.screens.form_live import has_conditions, is_live, live
from runtime.web.screens.form_model import FormCard, FormPage, MergeLine
from runtime.web.screens.form_opening import Opened
from runtime.web.screens.form_state import FILES, ROW, FormField, State, row_numbers
from runtime.web.screens.visit import Visit, new_url, record_url, single

ID_LENGTH = 36
NO_FILES: Mapping[str, StoredFile] = MappingProxyType({})


def form_page(
    visit: Visit,
    opened: Opened,
    state: State,
    refusal: RequestError | None = None,
    lines: tuple[MergeLine, ...] = (),
    problem: str = "",
    files: Mapping[str, StoredFile] = NO_FILES,
    *,
    dirty: bool = False,
) -> FormPage:
    """Return the page of a form in a state, with what was refused."""
    layout, entity = opened.layout, opened.layout.entity
    titles = titles_of(visit, wanted_titles(layout.fields, state))
    url = record_url(entity.name, opened.record_id) if opened.record_id else ""
    held = held_files(layout.fields, opened.stored)
    ids = "q-" if opened.in_drawer else "f-"
    messages = messages_of(visit, refusal)
    known = live(visit, opened, state)
    made = Drawing(visit, state, titles, messages, url, files, held, known, ids)
    errors = error_lines(visit, layout, refusal, state, ids)
    told = problem
    if refusal is not None and not errors and not isinstance(refusal, Stale):
        told = visit.text(refusal.message) or visit.text(refusal.title)
    if opened.left_out and not told:
        told = visit.t(
            "Too many rows to edit here: {names}. They stay as they are.",
            names=", ".join(opened.left_out),
        )
    drawer = ("_drawer", "1" if opened.in_drawer else "")
    hidden = [drawer, ("_key", opened.key), ("list", opened.listed)]
    if opened.version is not None:
        hidden += [("_version", str(opened.version)), ("_was", merge.packed(opened.base or {}))]
    listed = {"list": opened.listed}
    return FormPage(
        entity=entity.name,
        title=form_title(visit, entity, opened.title),
        action=f"{url}/edit" if url else new_url(entity.name),
        cards=form_cards(made, layout),
        side=tuple(control(made, one) for one in layout.side),
        hidden=tuple((name, value) for name, value in hidden if value),
        back=record_url(entity.name, opened.record_id, **listed)
        if url
        else record_url(entity.name) + (f"?{opened.listed}" if opened.listed else ""),
        errors=errors,
        problem=told,
        merge=lines,
        dirty=dirty or bool(refusal or problem or lines),
        is_new=not opened.record_id,
        ids=ids,
        in_drawer=opened.in_drawer,
        may_refresh=has_conditions(visit, layout.fields, entity),
        has_files=has_files(layout.fields),
        live_url=f"{url or record_url(entity.name).rstrip('/')}/live"
        if is_live(visit, layout.fields, entity)
        else "",
    )


def form_cards(drawing: Drawing, layout: FormLayout) -> tuple[FormCard, ...]:
    """Return the cards of a form that have anything in them."""
    found = []
    for name, label, group in layout.groups:
        controls = tuple(
            grid_control(drawing, one, layout.entity)
            if one.kind == "grid"
            else control(drawing, one)
            for one in group
        )
        if controls:
            alone = len(controls) == 1 and controls[0].kind == "grid"
            names = {one.field.name for one in group}
            wrong = sum(path.partition(".")[0] in names for path in drawing.messages)
            found.append(FormCard(name, label, controls, alone, wrong))
    return tuple(found)


def form_title(visit: Visit, entity: Entity, record_title: str) -> str:
    """Return the heading of a form."""
    if record_title:
        return visit.t("Edit {name}", name=record_title)
    return visit.t("New {name}", name=single(visit, entity))


def wanted_titles(fields: Sequence[FormField], state: State) -> dict[str, tuple[str, ...]]:
    """Return the ids that a form's pickers hold, by entity."""
    found: dict[str, list[str]] = {}
    for one in fields:
        if one.kind in {"picker", "pickers"} and one.field.target:
            found.setdefault(one.field.target, []).extend(state.get(one.field.name, ()))
        if one.kind == "grid":
            for number in row_numbers(state, one.field.name):
                prefix = f"{one.field.name}-{number}-"
                inner = {
                    key.removeprefix(prefix): value
                    for key, value in state.items()
                    if key.startswith(prefix)
                }
                for target, ids in wanted_titles(one.rows, inner).items():
                    found.setdefault(target, []).extend(ids)
    return {target: tuple(dict.fromkeys(ids)) for target, ids in found.items() if ids}


def wanted_people(fields: Sequence[FormField], state: State) -> tuple[int, ...]:
    """Return the numbers of the accounts that a form's controls hold, rows included."""
    found = _texts_of(fields, state, {"user"})
    return tuple({int(text) for text in found if text.isascii() and text.isdigit()})


def held_files(fields: Sequence[FormField], state: State) -> frozenset[str]:
    """Return the ids of the files that a state holds, rows included."""
    return frozenset(text for text in _texts_of(fields, state, FILES) if len(text) == ID_LENGTH)


def _texts_of(fields: Sequence[FormField], state: State, types: Collection[str]) -> list[str]:
    """Return every text that fields of some types hold."""
    inner = {
        (one.field.name, part.field.name)
        for one in fields
        for part in one.rows
        if part.field.type in types
    }
    names = (one.field.name for one in fields if one.field.type in types)
    found = [text for name in names for text in state.get(name, ())]
    for key, texts in state.items() if inner else ():
        row = ROW.fullmatch(key)
        if row is not None and (row[1], row[3]) in inner:
            found += texts
    return found
