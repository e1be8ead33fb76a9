"""A form as data: cards of controls that hold a state, with the errors at their fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from generator.field_types._locales import babel_locale
from generator.field_types.address import COUNTRIES, PARTS, country_name
from generator.model.entity import Entity, Field
from runtime.errors import FieldError, RequestError
from runtime.web.screens.doors import Titles
from runtime.web.screens.form_state import (
    FormField,
    State,
    default_state,
    form_fields,
    row_numbers,
)
from runtime.web.screens.visit import Visit, single

NARROW = {"number", "date", "time", "color", "duration", "yesno"}
MEDIUM = {"tel", "datetime"}
LONG = {"email"}
BLANK_ROWS = 3
ROW_MARK = "__n__"
LARGEST_SELECT = 3
"""A required choice of at most so many options is a row of radio buttons."""


@dataclass(frozen=True, slots=True)
class ControlOption:
    """One option of a select, or one chosen record of a picker."""

    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Control:
    """One control, its value and all that is said about it."""

    id: str
    name: str
    label: str
    kind: str
    text: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    options: tuple[ControlOption, ...] = ()
    parts: tuple[Control, ...] = ()
    """The parts of an address, the languages of a translated text."""
    grid: Grid | None = None
    unit: str = ""
    width: str = ""
    """w-s, w-m, w-l or empty: as wide as its type."""
    full: bool = False
    help: str = ""
    placeholder: str = ""
    required: bool = False
    error: str = ""
    fixed: bool = False
    picker_url: str = ""
    language: str = ""
    file_url: str = ""
    """Where the stored file can be seen."""


@dataclass(frozen=True, slots=True)
class GridRow:
    """A row of a children grid."""

    number: str
    id: str
    controls: tuple[Control, ...]
    blank: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """The children of a record, edited with it."""

    headings: tuple[Control, ...]
    """One control a column, for its label and kind."""
    rows: tuple[GridRow, ...]
    template: GridRow
    next: int


@dataclass(frozen=True, slots=True)
class FormCard:
    """A group of controls."""

    id: str
    title: str
    controls: tuple[Control, ...]
    flush: bool = False
    """Holds nothing but a grid, which reaches the card's edges."""


@dataclass(frozen=True, slots=True)
class ErrorLine:
    """One line of the summary; without an id it is about the record as a whole."""

    id: str
    label: str
    message: str


@dataclass(frozen=True, slots=True)
class MergeLine:
    """A field that two people changed: mine, theirs, and the control that chooses."""

    name: str
    label: str
    mine: str
    theirs: str
    both: bool
    """False: only they changed it, and their value was taken."""


@dataclass(frozen=True, slots=True)
class FormPage:
    """Everything `form.html` draws."""

    entity: str
    title: str
    action: str
    cards: tuple[FormCard, ...]
    side: tuple[Control, ...]
    hidden: tuple[tuple[str, str], ...]
    back: str
    errors: tuple[ErrorLine, ...] = ()
    problem: str = ""
    """A refusal that is about no field."""
    merge: tuple[MergeLine, ...] = ()
    dirty: bool = False
    is_new: bool = True
    has_files: bool = False


@dataclass(frozen=True)
class FormLayout:
    """Which fields stand where, within what the person may set."""

    entity: Entity
    changes: bool
    groups: tuple[tuple[str, str, tuple[FormField, ...]], ...]
    side: tuple[FormField, ...]

    @property
    def fields(self) -> tuple[FormField, ...]:
        """Every field of the form."""
        return (*(one for _, _, group in self.groups for one in group), *self.side)

    def only(self, names: Sequence[str]) -> FormLayout:
        """Return the layout without fields that are not among these names."""
        keep = set(names)
        groups = tuple(
            (name, label, tuple(one for one in group if one.field.name in keep))
            for name, label, group in self.groups
        )
        side = tuple(one for one in self.side if one.field.name in keep)
        return replace(self, groups=groups, side=side)

    def without(self, inner: frozenset[str]) -> FormLayout:
        """Return the layout without some fields of its rows, named as `lines.options`."""

        def cut(one: FormField) -> FormField:
            rows = tuple(
                part for part in one.rows if f"{one.field.name}.{part.field.name}" not in inner
            )
            return replace(one, rows=rows)

        if not inner:
            return self
        groups = tuple(
            (name, label, tuple(cut(one) for one in group)) for name, label, group in self.groups
        )
        return replace(self, groups=groups, side=tuple(cut(one) for one in self.side))


def form_layout(visit: Visit, entity: Entity, *, changes: bool) -> FormLayout:
    """Return the form of an entity for a person."""
    groups = tuple(
        (
            group.name,
            visit.text(group.label),
            form_fields(visit, entity, group.fields, changes=changes),
        )
        for group in entity.form.groups
    )
    side = form_fields(visit, entity, entity.form.side, changes=changes)
    return FormLayout(entity, changes, groups, side)


@dataclass(frozen=True)
class Drawing:
    """What controls are made from."""

    visit: Visit
    state: State
    titles: Titles
    messages: Mapping[str, str]
    """By path of the payload (`lines.2.quantity`): what is wrong there."""
    record_url: str = ""
    """The address of the stored record, for its files."""


def form_cards(drawing: Drawing, layout: FormLayout) -> tuple[FormCard, ...]:
    """Return the cards of a form that have anything in them."""
    found = []
    for name, label, group in layout.groups:
        controls = tuple(control(drawing, one) for one in group)
        if controls:
            alone = len(controls) == 1 and controls[0].kind == "grid"
            found.append(FormCard(name, label, controls, alone))
    return tuple(found)


def control(drawing: Drawing, one: FormField, prefix: str = "", path: str = "") -> Control:
    """Return the control of a field; `prefix` and `path` place it in a row of a grid."""
    visit, model = drawing.visit, one.field
    name, place = prefix + model.name, path + model.name
    if one.kind == "grid":
        return _grid(drawing, one)
    given = visit.catalog[model.type].input(model)
    texts = drawing.state.get(name, ())
    made = Control(
        id=f"f-{name}",
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
    return _completed(drawing, one, made, texts, place)


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
            return replace(made, options=named, picker_url=url)
        case "picker":
            return replace(made, kind="number", attributes={"inputmode": "numeric"})
        case "address":
            return replace(made, parts=_address(drawing, made, place), error=_first(drawing, place))
        case "translated":
            parts = _translated(drawing, made, place)
            return replace(made, parts=parts, error="" if _in(parts) else _first(drawing, place))
        case "file" | "image":
            held = f"{drawing.record_url}/files/{model.name}" if drawing.record_url else ""
            return replace(made, file_url=held if made.text and "-" not in made.name else "")
        case "duration":
            return replace(made, placeholder="1:30")
    return made


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


ADDRESS_LABELS = {
    "country": ("Country or region", "address"),
    "region": ("Province or state", "address"),
    "city": ("City", "address"),
    "district": ("District", "address"),
    "street": ("Street and number", "address"),
    "street2": ("Building, floor, room", "address"),
    "postal_code": ("Postal code", "address"),
    "name": ("Recipient", "address"),
    "phone": ("Phone", "address"),
}
"""What the parts are called; the texts stand in the catalogue under the context `address`."""


def _address(drawing: Drawing, made: Control, place: str) -> tuple[Control, ...]:
    visit, found = drawing.visit, []
    for part, most in PARTS.items():
        name = f"{made.name}-{part}"
        text = drawing.state.get(name, ("",))[-1]
        label = visit.t(*ADDRESS_LABELS[part])
        one = Control(
            id=f"f-{name}",
            name=name,
            label=label,
            kind="select" if part == "country" else "text",
            text=text,
            attributes={"maxlength": str(most), "autocomplete": "off"},
            full=part in {"street", "street2"},
            error=drawing.messages.get(f"{place}.{part}", ""),
        )
        if part == "country":
            one = replace(one, options=_countries(visit, text), attributes={})
        found.append(one)
    return tuple(found)


def _countries(visit: Visit, chosen: str) -> tuple[ControlOption, ...]:
    """Return every country by name, those of the app's languages first."""
    locale = visit.actor.locale
    home = {"zh": "CN", "en": "US"}.get(str(babel_locale(locale).language), "")
    named = sorted((code != home, country_name(code, locale), code) for code in COUNTRIES)
    return tuple(ControlOption(code, name, code == chosen) for _, name, code in named)


def _translated(drawing: Drawing, made: Control, place: str) -> tuple[Control, ...]:
    start = f"{made.name}-"
    held = [key.removeprefix(start) for key in drawing.state if key.startswith(start)]
    locales = dict.fromkeys((*drawing.visit.app.locales, *held))
    own = babel_locale(drawing.visit.actor.locale)
    multiline = made.attributes.get("data-multiline") == "true"
    maximum = made.attributes.get("maxlength", "200")
    return tuple(
        Control(
            id=f"f-{start}{locale}",
            name=f"{start}{locale}",
            label=str(babel_locale(locale).get_display_name(own) or locale),
            kind="textarea" if multiline else "text",
            text=drawing.state.get(f"{start}{locale}", ("",))[-1],
            attributes={"maxlength": maximum},
            language="zh-CN" if locale == "zh" else locale.replace("_", "-"),
            error=drawing.messages.get(f"{place}.{locale}", ""),
        )
        for locale in locales
    )


def _grid(drawing: Drawing, one: FormField) -> Control:
    visit, name = drawing.visit, one.field.name
    numbers = row_numbers(drawing.state, name)
    rows = [
        _row(drawing, one, str(number), index, drawing.state)
        for index, number in enumerate(numbers)
    ]
    start = (max(numbers) + 1) if numbers else 0
    blanks = [
        replace(_row(drawing, one, str(start + number), -1, None), blank=True)
        for number in range(BLANK_ROWS)
    ]
    template = _row(drawing, one, ROW_MARK, -1, None)
    return Control(
        id=f"f-{name}",
        name=name,
        label=visit.text(one.field.label),
        kind="grid",
        full=True,
        help=visit.text(one.field.help) if one.field.help else "",
        required=bool(one.field.args.get("min")),
        error=drawing.messages.get(name, ""),
        grid=Grid(template.controls, (*rows, *blanks), template, start),
    )


def _row(drawing: Drawing, one: FormField, number: str, index: int, state: State | None) -> GridRow:
    """Return a row of a grid; without a state it is an empty one, with its defaults."""
    prefix, path = f"{one.field.name}-{number}-", f"{one.field.name}.{index}."
    if state is None:
        state = {}
        for part in one.rows:
            state |= default_state(drawing.visit, part, prefix)
    inside = replace(drawing, state=state, record_url="")
    row_id = state.get(prefix + "id", ("",))[-1]
    controls = tuple(
        replace(
            control(inside, part if row_id else replace(part, fixed=False), prefix, path), help=""
        )
        for part in one.rows
    )
    return GridRow(number, row_id, controls, error=drawing.messages.get(path.rstrip("."), ""))


def has_files(fields: Sequence[FormField]) -> bool:
    """Return whether a form uploads anything, which decides how the browser sends it."""
    return any(one.kind in {"file", "image"} or has_files(one.rows) for one in fields)


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
    visit: Visit, layout: FormLayout, refusal: RequestError | None, state: State
) -> tuple[ErrorLine, ...]:
    """Return the summary: each error with a link to its control, where there is one."""
    if refusal is None:
        return ()
    known = {one.field.name: one for one in layout.fields}
    lines = [_line(visit, known, error, state) for error in refusal.errors]
    return tuple(dict.fromkeys(lines))


def _line(
    visit: Visit, known: Mapping[str, FormField], error: FieldError, state: State
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
        return ErrorLine(f"f-{first}{part}", label, message)
    numbers = row_numbers(state, first)
    index = int(rest[0])
    number = numbers[index] if index < len(numbers) else index
    where = visit.t("{name}, row {n}", name=label, n=index + 1)
    inner = next((part for part in one.rows if len(rest) > 1 and part.field.name == rest[1]), None)
    if inner is None:
        return ErrorLine(f"f-{first}", where, message)
    where = f"{where}, {visit.text(inner.field.label)}"
    return ErrorLine(f"f-{first}-{number}-{inner.field.name}", where, message)


def _label_elsewhere(visit: Visit, known: Mapping[str, FormField], name: str) -> str:
    """Return the label of a field that is not on this form, if it may be told."""
    some: Field | None = next((one.field for one in known.values()), None)
    entity = visit.app.entities.get(some.entity) if some else None
    found = entity.fields.get(name) if entity else None
    return visit.text(found.label) if found else ""


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
