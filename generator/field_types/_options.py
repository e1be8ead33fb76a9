"""The options of `choice` and `choices`: a name for programs, a label and a badge for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.field_types import Cell, Option
from generator.kinds import Arg, Shape
from generator.model.entity import Field
from generator.model.text import Label, plain
from generator.saying import say

TONES = ("neutral", "info", "success", "warning", "critical", "attention")

OPTION = Shape(
    "option",
    "One option; a plain label is enough.",
    {
        "label": Arg("label", "What people see.", required=True),
        "tone": Arg("choice", "The badge's color.", default="neutral", options=TONES),
        "progress": Arg(
            "choice",
            "The shape beside the color, for people who do not see it.",
            default="",
            options=("none", "half", "full", "no"),
        ),
    },
)

OPTIONS = Arg(
    "map",
    "The options by name, in the order people see them.",
    required=True,
    of=Arg("shape", "An option.", shape=OPTION, or_label="label"),
)


def given_options(field: Field) -> Mapping[str, Option]:
    """Return a field's options by name, in the author's order."""
    return {name: _option(name, given) for name, given in field.args["options"].items()}


def shown_option(field: Field, name: str, locale: str) -> Cell:
    """Return the badge of one option without reading the others: a list asks for every cell."""
    given = field.args["options"].get(name)
    return badge(None if given is None else _option(name, given), name, locale)


def badge(option: Option | None, name: str, locale: str) -> Cell:
    """Return an option as a badge; a name that is no longer an option shows as it is."""
    if option is None:
        return Cell(name, "badge", tone="neutral")
    return Cell(option.label.text(locale), "badge", option.tone or "neutral", option.progress)


def named(text: str, options: Mapping[str, Option]) -> str:
    """Return the name of the option that a text means: its name, or its label in any language."""
    text = text.strip()
    if text in options:
        return text
    for name, option in options.items():
        if text in option.label.texts.values():
            return name
    return text


def _option(name: str, given: Any) -> Option:
    if isinstance(given, Label):
        return Option(name, given)
    label = given.get("label") or plain(name)
    label = label if isinstance(label, Label) else plain(str(label))
    return Option(name, label, given.get("tone") or "", given.get("progress") or "")


def options_faults(field: Field) -> Iterator[tuple[str, str, str]]:
    """Yield that there is nothing to choose from."""
    if not field.args["options"]:
        yield (
            "options",
            say("'{field}' has no options to choose from.", field=field.name),
            "Write them, such as `options: {red: {en: Red, zh: 红}}`.",
        )
