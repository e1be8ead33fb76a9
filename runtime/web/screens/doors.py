"""The doors to the pipeline that screens use; every one is a call of `handle`, nothing else.

A refusal is raised here, because a page has exactly one place that turns it into an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from generator.field_types._ids import WRITTEN
from runtime.errors import RequestError
from runtime.messages import Incoming, Result
from runtime.operations.read import not_found
from runtime.pipeline import handle
from runtime.web.screens.cells import title
from runtime.web.screens.visit import Visit

Titles = Mapping[tuple[str, str], str]


def ask(
    visit: Visit,
    operation: str,
    entity: str,
    record_id: str = "",
    query: Mapping[str, tuple[str, ...]] | None = None,
    **more: Any,
) -> Result:
    """Carry out an operation for the person.

    Raises:
        RequestError: it is refused.

    """
    if record_id and not WRITTEN.fullmatch(record_id):
        raise not_found()
    incoming = Incoming(
        operation=operation,
        entity=entity,
        actor=visit.actor,
        record_id=record_id,
        query=query or {},
        source="screen",
        request_id=visit.request_id,
        address=visit.address,
        **more,
    )
    answer = handle(incoming, visit.runtime)
    if isinstance(answer, RequestError):
        raise answer
    return answer


def titles_of(visit: Visit, wanted: Mapping[str, Iterable[str]]) -> Titles:
    """Return the titles of records by entity and id: one statement an entity.

    What the person may not read has no title here.
    """
    found: dict[tuple[str, str], str] = {}
    for entity, given in wanted.items():
        ids = [one for one in dict.fromkeys(given) if WRITTEN.fullmatch(one)]
        if not ids or not visit.may("read", entity):
            continue
        try:
            result = ask(visit, "choices", entity, query={"ids": (",".join(ids[:200]),)})
        except RequestError:
            continue
        named = title(visit, entity, result.plan.paths)
        place = [path.text for path in result.plan.paths].index("id")
        for row in result.rows:
            found[entity, str(row[place])] = named(row)
    return found
