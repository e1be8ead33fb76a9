"""The last line of defence: no statement of a request touches records without a plan.

A plan's statements are `Prepared` and pass by their nature. Every other statement on a table of the
model, such as the links that an include follows or the lock of a deletion, must say by `system()`
why the engine asks it for itself. Whatever else reads or writes records inside `store.engine.read`
and `write`, by a mistake or by a shop's own words, is refused before the database sees it.

The texts of statements are looked at, not their objects: raw SQL is caught as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from rules.permissions import Grant

SYSTEM = "shopwright_system"
"""The execution option that says why the engine asks a statement for itself."""

S = TypeVar("S", bound=sa.Executable)

_inside: ContextVar[bool] = ContextVar("inside", default=False)
_governed: WeakKeyDictionary[sa.Dialect, re.Pattern[str]] = WeakKeyDictionary()
"""By the dialect object of an engine, which its reading twin shares and `dispose` keeps."""


class Unplanned(RuntimeError):
    """A statement on records was neither planned nor the engine's own: a bug, never a request's."""


def system(statement: S, why: str) -> S:
    """Return a statement that the engine asks for itself; its rows are no answer to anybody."""
    marked: S = statement.execution_options(**{SYSTEM: why})
    return marked


def system_grant(entity: str) -> Grant:
    """Return the engine's own right to read values for expressions; never used for answers."""
    return Grant(entity, "read", "system", None, frozenset(), frozenset())


class Guarded:
    """A `with` block in which statements are watched."""

    __slots__ = ("_token",)

    def __enter__(self) -> None:
        self._token = _inside.set(True)

    def __exit__(self, *_: object) -> None:
        _inside.reset(self._token)


def watch(engine: sa.Engine, tables: Iterable[str]) -> None:
    """Refuse unplanned statements on these tables; asked again, the tables are the new ones."""
    names = "|".join(re.escape(name) for name in sorted(tables, key=len, reverse=True))
    pattern = re.compile(rf'\b(?:FROM|JOIN|INTO|UPDATE|USING)\s+"?(?:{names})"?(?![\w."])', re.I)
    if engine.dialect not in _governed:
        sa.event.listen(engine, "before_cursor_execute", _check)
    _governed[engine.dialect] = pattern


def _check(
    connection: sa.Connection, cursor: Any, text: str, parameters: Any, context: Any, many: bool
) -> None:
    if context is None or not _inside.get() or context.execution_options.get(SYSTEM):
        return
    pattern = _governed.get(connection.dialect)
    if pattern is not None and pattern.search(text):
        raise Unplanned(f"No plan for: {text[:200]}")
