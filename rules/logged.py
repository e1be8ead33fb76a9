"""What a log keeps of a value: the value, its mask, or no more than a mark that tells it changed.

Comes in: a field, and what the roles file says of its class under `log:`. Goes out: the rule that
holds for it. Of personal data the mask stays, of what is sensitive or secret only a mark (PIPL
art. 51; GB/T 35273 6.3, 11.5). What points at a record or a file of the shop keeps its id, unless
the class keeps marks: an id says nothing of anybody, and what it leads to asks its own rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from generator.model.access import CLASSES
from generator.model.app import App
from generator.model.entity import Field
from rules.masks import MASKS, STARS

VALUE, MASKED, MARK = "value", "masked", "mark"
USUALLY: Mapping[str, str] = {"personal": MASKED, "sensitive": MARK, "secret": MARK}
"""By class, where the roles file says nothing; of every other class a log holds the values."""
AUTO = "auto"
SAYS_NOTHING = frozenset({"full", "set"})
"""Kinds of mask that are alike for every value: a mark tells more."""
BUCKET = "bucket"
FILES = frozenset({"file", "image"})


def log_rule(app: App, field: Field) -> str:
    """Return what a log keeps of a field: `VALUE`, `MASKED` or `MARK`."""
    rule = _of_class(app, field.sensitivity)
    if rule != MASKED:
        return rule
    if is_pointer(field):
        return VALUE if field.sensitivity == "personal" else MARK
    return MARK if _kind(app, field) in SAYS_NOTHING else MASKED


def is_pointer(field: Field) -> bool:
    """Return whether a field holds no more than the id of a record or a file."""
    return bool(field.target) or field.type in FILES


def log_mask(app: App, field: Field) -> Callable[[Any], str] | None:
    """Return what masks a value in API form for the log; None where only a mark stays."""
    if log_rule(app, field) != MASKED:
        return None
    kind = _kind(app, field)
    word = MASKS[kind]
    return (lambda value: word(_whole(value))) if kind == BUCKET else word


def title_mask(app: App, steps: tuple[Field, ...]) -> Callable[[Any], str] | None:
    """Return what stands in the title of a log row for a stored value behind a path; None where
    the value itself may stand there."""
    strictest = max((step.sensitivity for step in steps), key=CLASSES.index)
    if _of_class(app, strictest) == VALUE:
        return None
    last = steps[-1]
    if strictest == last.sensitivity and log_rule(app, last) == MASKED:
        return MASKS[_kind(app, last)]
    return lambda value: STARS


def _of_class(app: App, sensitivity: str) -> str:
    said = app.log.get(sensitivity)
    return said.keep if said is not None else USUALLY.get(sensitivity, VALUE)


def _kind(app: App, field: Field) -> str:
    kind = app.masks.get(field.sensitivity, AUTO)
    return field.mask if kind == AUTO else kind


def _whole(value: Any) -> Any:
    """Return the whole units of a number that travels as a text."""
    try:
        return int(Decimal(str(value)))
    except (InvalidOperation, OverflowError, ValueError):
        return value
