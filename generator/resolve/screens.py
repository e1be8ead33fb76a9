"""List, detail, form and labels of one entity: what the author laid out, or what is sensible."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.model.entity import (
    DetailScreen,
    Field,
    FormScreen,
    Layout,
    ListScreen,
    Panel,
    PrintLabel,
    Section,
    View,
)
from generator.model.text import Label
from generator.shape import Given, Written

WIDE = {"children", "references", "long_text", "rich_text", "json", "address", "file"}
"""Words whose values do not fit into a column of a list."""
DETAILS = Label({"en": "Details", "zh": "详情"})
DEFAULT_COLUMNS = 6
SHEET = "100x150"
"""The label of a parcel."""


def list_screen(given: Given | None, fields: Mapping[str, Field]) -> ListScreen:
    """Return the list: its columns are the first six that fit unless the author names them."""
    own = _own(fields)
    read: Mapping[str, Any] = given.values if given else {}
    columns = (
        _texts(read.get("columns"))
        or tuple(name for name in own if fields[name].type not in WIDE)[:DEFAULT_COLUMNS]
    )
    views = tuple(
        View(
            name.text,
            view.get("label") or Label({"": name.text}),
            None,
            _texts(view.get("sort")),
            _texts(view.get("columns")),
            name.span,
        )
        for name, view in read.get("views", {}).items()
    )
    return ListScreen(
        columns=columns,
        search=_texts(read.get("search")),
        filters=_texts(read.get("filters")) or columns,
        sort=_texts(read.get("sort")) or ("-created_at",),
        views=views,
        bulk=tuple(read.get("bulk", ())),
        page_size=read.get("page_size", 50),
        layouts=_layouts(read.get("layouts")),
        sums=_texts(read.get("sums")),
    )


def _layouts(given: Given | None) -> tuple[Layout, ...]:
    read: Mapping[str, Any] = given.values if given else {}
    return tuple(
        Layout(name, value.text if isinstance(value, Written) else "", given.at(name))
        for name, value in read.items()
        if given is not None and value
    )


def detail_screen(given: Given | None, fields: Mapping[str, Field]) -> DetailScreen:
    """Return the page of a record: one card with every plain field unless laid out otherwise."""
    read: Mapping[str, Any] = given.values if given else {}
    side = _texts(read.get("side"))
    tabs = _texts(read.get("tabs")) or (
        *(name for name in _own(fields) if fields[name].type == "children"),
        "history",
    )
    sections = _sections(read.get("sections", {})) or (
        Section(
            "details",
            DETAILS,
            tuple(n for n in _own(fields) if n not in side and fields[n].type != "children"),
        ),
    )
    return DetailScreen(
        facts=_texts(read.get("facts")),
        badges=_texts(read.get("badges")),
        sections=sections,
        tabs=tabs,
        side=side,
        panels=tuple(
            Panel(
                name.text,
                panel.get("label") or Label({"": name.text}),
                str(panel.get("file") or f"{name.text}.html"),
                _texts(panel.get("fields")),
                panel.get("place") == "side",
            )
            for name, panel in read.get("panels", {}).items()
        ),
    )


def form_screen(given: Given | None, fields: Mapping[str, Field]) -> FormScreen:
    """Return the form: one card with every field a person may set unless the author lays it out."""
    read: Mapping[str, Any] = given.values if given else {}
    side = _texts(read.get("side"))
    groups = _sections(read.get("groups", {})) or (
        Section(
            "details",
            DETAILS,
            tuple(n for n in _own(fields) if n not in side and not fields[n].readonly),
        ),
    )
    return FormScreen(groups=groups, side=side)


def print_labels(given: Given | None) -> tuple[PrintLabel, ...]:
    """Return the small sheets of an entity."""
    read: Mapping[Written, Given] = given.get("labels", {}) if given else {}
    return tuple(
        PrintLabel(
            name.text,
            label.get("label") or Label({"": name.text}),
            int(str(label.get("size", SHEET)).partition("x")[0]),
            int(str(label.get("size", SHEET)).partition("x")[2]),
            _texts(label.get("lines")),
            str(label.get("barcode") or ""),
            str(label.get("qr") or ""),
            name.span,
        )
        for name, label in read.items()
    )


def _own(fields: Mapping[str, Field]) -> tuple[str, ...]:
    return tuple(name for name, field in fields.items() if field.span.line and not _is_link(field))


def _is_link(field: Field) -> bool:
    return field.readonly and field.type == "reference"


def _texts(written: Any) -> tuple[str, ...]:
    return tuple(str(item) for item in written or ())


def _sections(given: Mapping[Any, Given]) -> tuple[Section, ...]:
    return tuple(
        Section(
            name.text,
            section.get("label") or Label({"": name.text}),
            _texts(section.get("fields")),
        )
        for name, section in given.items()
    )
