"""Rows → what leaves: a function made once per plan turns a tuple into JSON or into facts.

The function is generated Python, one dictionary display without a loop or a look-up, because it
runs for every row of every list. Its source is made of field names that passed the definition
reader and of column numbers, nothing a request could put there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from generator.field_types import FieldType
from generator.kinds import Catalog
from rules.masks import HIDDEN, Masked
from runtime.store.paths import Path

RowFunction = Callable[[Sequence[Any]], dict[str, Any]]


def json_function(
    paths: Sequence[Path], catalog: Catalog[FieldType], veiled: frozenset[str] = frozenset()
) -> RowFunction:
    """Return the function from a row to its API form; what lies behind a reference is nested.

    Of the paths in `veiled`, a masked cell becomes `{"v": "138****5678", "m": 1}`, so that nobody
    takes it for the value, and a hidden one has no key at all.
    """
    return _compile(paths, catalog, veiled, in_api_form=True)


def facts_function(paths: Sequence[Path], catalog: Catalog[FieldType]) -> RowFunction:
    """Return the function from a row to facts: stored values, nested along references."""
    return _compile(paths, catalog, frozenset(), in_api_form=False)


def is_masked_form(value: Any) -> bool:
    """Return whether a value is a masked cell that came back."""
    return isinstance(value, Mapping) and value.keys() == {"v", "m"} and value["m"] == 1


def _compile(
    paths: Sequence[Path],
    catalog: Catalog[FieldType],
    veiled: frozenset[str],
    *,
    in_api_form: bool,
) -> RowFunction:
    names: dict[str, Any] = {"Masked": Masked, "HIDDEN": HIDDEN}
    tree: dict[str, Any] = {}
    hidden: dict[tuple[str, ...], int] = {}
    for number, path in enumerate(paths):
        here = tree
        for step in path.parents:
            inner = here.get(step.name)
            if not isinstance(inner, dict):
                inner = {} if inner is None else {"id": inner}
                here[step.name] = inner
            here = inner
        cell = f"r[{number}]"
        dump = catalog[path.field.type].dump(path.field) if in_api_form else None
        if dump is not None:
            names[f"d{number}"] = dump
            cell = f"(None if {cell} is None else d{number}({cell}))"
        if path.text in veiled:
            masked = f"r[{number}].__class__ is Masked"
            cell = f"({{'v': r[{number}].text, 'm': 1}} if {masked} else {cell})"
            hidden[tuple(step.name for step in path.steps)] = number
        if isinstance(here.get(path.field.name), dict):
            here[path.field.name].setdefault("id", cell)
        else:
            here[path.field.name] = cell
    source = f"lambda r: {_display(tree, hidden, ())}"
    function: RowFunction = eval(compile(source, "<row>", "eval"), names)  # noqa: S307 (our own source)
    return function


def _display(
    tree: Mapping[str, Any], hidden: Mapping[tuple[str, ...], int], above: tuple[str, ...]
) -> str:
    parts = []
    for name, value in tree.items():
        here = (*above, name)
        text = f"{name!r}: {value}"
        if isinstance(value, dict):
            guard = value.get("id")
            inner = _display(value, hidden, here)
            shown = inner if guard is None else f"(None if {guard} is None else {inner})"
            text = f"{name!r}: {shown}"
        if here in hidden:
            text = f"**({{}} if r[{hidden[here]}] is HIDDEN else {{{text}}})"
        parts.append(text)
    return "{" + ", ".join(parts) + "}"
