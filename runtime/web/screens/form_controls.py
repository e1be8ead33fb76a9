"""One control of a form: a field, what it holds, and all that is said about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from babel.numbers import format_decimal

from runtime.web.screens.form_drawing import Drawing
from runtime.web.screens.form_model import Control, ControlOption
from runtime.web.screens.form_parts import address_parts, translated_parts
from runtime.web.screens.form_state import FormField
from runtime.web.screens.visit import Visit, new_url

NARROW = {"number", "date", "time", "color", "duration", "yesno"}
MEDIUM = {"tel", "datetime"}
LONG = {"email"}


def control(drawing: Drawing, one: FormField, prefix: str = "", path: str = "") -> Control:
    """Return the control of a field; `prefix` and `path` place it in a row of a grid."""
    visit, model = drawing.visit, one.field
    name, place = prefix + model.name, path + model.name
    given = visit.catalog[model.type].input(model)
    texts = drawing.state.get(name, ())
    made = Control(
        id=f"{drawing.ids}{name}",
        name=name,
        label=visit.text(model.label),
        kind=one.kind,
        text=texts[-1] if texts else "",
        attributes={key: value for key, value in given.attributes.items() if key != "data-of"},
        unit=given.unit,
        width=_width(one.kind),
        full=given.width == "full",
        help=visit.text(model.help) if model.help else "",
        placeholder=visit.text(model.placeholder)
        if model.placeholder
        else str(given.attributes.get("placeholder", "")),
        required=model.required,
        error=drawing.messages.get(place, ""),
        fixed=one.fixed,
    )
    return _standing(drawing, one, _completed(drawing, one, made, texts, place))


def _standing(drawing: Drawing, one: FormField, made: Control) -> Control:
    """Return a control as the conditions of its field have it now."""
    if not one.field.is_conditional:
        return made
    now = drawing.live.standings.get(made.name)
    if now is None:
        return replace(made, conditional=True)
    return replace(
        made,
        conditional=True,
        hidden=not now.visible,
        required=now.required,
        fixed_now=now.fixed,
    )


def _completed(
    drawing: Drawing, one: FormField, made: Control, texts: tuple[str, ...], place: str
) -> Control:
    visit, model = drawing.visit, one.field
    given = visit.catalog[model.type].input(model)
    match one.kind:
        case "select" | "multiselect":
            options = tuple(
                ControlOption(option.value, visit.text(option.label), option.value in texts)
                for option in given.options
            )
            return replace(made, options=options)
        case "picker" | "pickers" if model.target:
            named = tuple(
                ControlOption(text, drawing.titles.get((model.target, text), text), chosen=True)
                for text in texts
            )
            url = f"/{model.target}/choices?for={model.entity}.{model.name}"
            return replace(
                made,
                options=named,
                picker_url=url,
                picks_by=" ".join(model.picks_by),
                create_url=_create_url(visit, model.target),
            )
        case "picker":
            named = tuple(
                ControlOption(text, _person(visit, text), chosen=True) for text in texts[-1:]
            )
            url = f"/{model.entity}/people?for={model.name}"
            return replace(made, options=named, picker_url=url)
        case "address":
            return replace(
                made, parts=address_parts(drawing, made, place), error=_first(drawing, place)
            )
        case "translated":
            parts = translated_parts(drawing, made, place)
            return replace(made, parts=parts, error="" if _in(parts) else _first(drawing, place))
        case "file" | "image":
            return _file(drawing, model.name, made)
        case "duration":
            hint = visit.t("Hours and minutes, such as 1:30, or 1h 30m.")
            return replace(made, placeholder="1:30", help=made.help or hint)
    return made


def _file(drawing: Drawing, field: str, made: Control) -> Control:
    """Return the control of a file with what is known of the one it holds."""
    known = drawing.files.get(made.text)
    in_record = drawing.record_url and made.text and "-" not in made.name
    is_stored = made.text in drawing.state_held
    return replace(
        made,
        file_url=f"{drawing.record_url}/files/{field}" if in_record and is_stored else "",
        file_name=known.name if known else "",
        file_size=_size(drawing.visit, known.size) if known else "",
    )


def _size(visit: Visit, number: int) -> str:
    """Return a number of bytes as people say it."""
    step = 0 if number < 1000 else 1 if number < 1_000_000 else 2
    amount = format_decimal(number / 1000**step, "#,##0.#", visit.actor.locale)
    return f"{amount} {('B', 'KB', 'MB')[step]}"


def _create_url(visit: Visit, target: str) -> str:
    """Return where a record to pick is made without leaving the form, if this person may."""
    if visit.app.entities[target].child_of or not visit.may("create", target):
        return ""
    return new_url(target, _drawer="1")


def _person(visit: Visit, text: str) -> str:
    """Return what an account is called; its number when it is gone."""
    return visit.people.get(int(text), text) if text.isascii() and text.isdigit() else text


def _in(parts: Sequence[Control]) -> bool:
    return any(part.error for part in parts)


def _first(drawing: Drawing, place: str) -> str:
    """Return what is wrong with a value as a whole, or the first thing inside it."""
    if place in drawing.messages:
        return drawing.messages[place]
    return next((text for key, text in drawing.messages.items() if key.startswith(f"{place}.")), "")


def _width(kind: str) -> str:
    if kind in NARROW:
        return "w-s"
    if kind in MEDIUM:
        return "w-m"
    return "w-l" if kind in LONG else ""
