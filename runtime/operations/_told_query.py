"""What the log tells of a question: its filters, and of what somebody looked for by name a mark.

Comes in: a query as it was asked. Goes out: the same for the audit, where a value that is compared
with a field whose values the logs do not keep is a mark: equal questions are told apart from
others, and nobody reads from the log whom one looked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.model.entity import Entity
from rules.logged import title_mask
from runtime.runtime import Runtime
from runtime.store.filters import CLAUSE
from runtime.store.sealed import SEALED, mark_of

SEARCH = "q"


def told_query(
    query: Mapping[str, tuple[str, ...]], entity: Entity, runtime: Runtime
) -> dict[str, list[Any]]:
    """Return a query as the log holds it."""
    return {
        key: [
            {SEALED: mark_of(runtime, entity, "", key, text)}
            if text and _is_masked(key, entity, runtime)
            else text
            for text in texts
        ]
        for key, texts in query.items()
    }


def _is_masked(key: str, entity: Entity, runtime: Runtime) -> bool:
    """Return whether a key of a query compares with what the logs do not keep."""
    if key == SEARCH:
        return any(_is_kept_out(path, entity, runtime) for path in entity.list.search)
    written = CLAUSE.match(key)
    return written is not None and _is_kept_out(written[1], entity, runtime)


def _is_kept_out(path: str, entity: Entity, runtime: Runtime) -> bool:
    steps = runtime.app.walk(entity.name, path)
    return bool(steps) and title_mask(runtime.app, tuple(steps or ())) is not None
