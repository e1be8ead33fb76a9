"""Whether a field is asked of a record, read along with the record: what `visible:` says of it.

Comes in: the paths of a read. Goes out: a path more for each field with such a condition, which
only pages read. The condition is judged on the record as it is, like that of a form, so it may
speak of what the reader does not see; the answer is yes or no, unknown is no.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from generator.model.entity import Field
from runtime.messages import Incoming
from runtime.store.paths import Path

MARK = "_asked_"
"""No field begins like this: the answers stand among the values of the record."""


def is_shown(incoming: Incoming) -> bool:
    """Return whether a record is read for its page, or to be printed."""
    return incoming.source == "screen" or is_printed(incoming)


def is_printed(incoming: Incoming) -> bool:
    """Return whether records are read to be printed."""
    return "print" in incoming.also


def asked_paths(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Return what tells, for each record, which of these are asked of it."""
    fields = {path.steps[0].name: path.steps[0] for path in paths}
    return tuple(
        Path(MARK + name, (_answer(field),))
        for name, field in fields.items()
        if field.visible is not None
    )


def _answer(field: Field) -> Field:
    """Return the condition as what it is to a read: a formula that nobody keeps."""
    name = MARK + field.name
    return replace(field, name=name, type="boolean", computed=field.visible, stored=False)


def left_out(paths: Sequence[Path], row: Sequence[Any]) -> frozenset[str]:
    """Return the fields that are not asked of a record; none where nobody wanted to know."""
    return frozenset(
        path.text.removeprefix(MARK)
        for path, value in zip(paths, row, strict=False)
        if path.text.startswith(MARK) and not value
    )
