"""The answer of a write made of what was written, without reading it back.

Comes in: the plan of the answer and the saved draft. Goes out: the `Result` that reading would
give, or None where the draft does not say everything: a row scope might hide the record, a column
lies behind a reference, or a formula has no column. A draft holds stored values, as rows do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from runtime.messages import Result
from runtime.operations._work import Draft
from runtime.store.plan import Include, QueryPlan

if TYPE_CHECKING:
    from runtime.operations._writing import WritePlan

Row = tuple[Any, ...]


def known(plan: WritePlan, draft: Draft, created: bool) -> Result | None:
    """Return the outcome of a write, or None when it must be read."""
    query = plan.answer
    if query is None or not plan.is_said:
        return None
    record_id = str(draft.facts["id"])
    row = _row(query, draft.facts)
    return Result(
        row=row,
        rows=(row,),
        plan=query.with_values(ids=(record_id,)),
        included={each.name: {record_id: _children(each, draft)} for each in query.includes},
        created=created,
    )


def is_said(query: QueryPlan) -> bool:
    """Return whether a draft of the entity holds every value of a plan, and nothing hides rows."""
    return (
        query.grant.is_wide
        and not query.veiled
        and all(
            not path.parents and (path.field.computed is None or path.field.stored)
            for path in query.paths
        )
    )


def _children(include: Include, draft: Draft) -> Sequence[Row]:
    saved = draft.children.get(include.name)
    if saved is not None:
        return [_row(include.plan, child.facts) for child in saved]
    before: Sequence[Mapping[str, Any]] = (draft.before or {}).get(include.name, ())
    return [_row(include.plan, facts) for facts in before]


def _row(query: QueryPlan, facts: Mapping[str, Any]) -> Row:
    return tuple([facts.get(path.text) for path in query.paths])
