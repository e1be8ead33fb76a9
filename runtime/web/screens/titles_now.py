"""What records of the log are called today, where the log itself keeps their titles masked.

Comes in: records that rows of the log are about. Goes out: the titles of those that the person may
read, as they see them; one statement for all. Of others the log's own title is all there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from runtime.operations._finding import Found, named
from runtime.store.titles import is_masked_in_log
from runtime.web.screens.cells import title
from runtime.web.screens.visit import Visit

Place = tuple[str, str]
"""An entity and the id of a record."""


def titles_now(visit: Visit, places: Iterable[Place]) -> Mapping[Place, str]:
    """Return the titles of these records of today, as far as the log keeps none for people."""
    wanted: dict[str, list[str]] = {}
    for entity, record_id in places:
        model = visit.app.entities.get(entity)
        if model is not None and record_id and is_masked_in_log(visit.runtime, model):
            wanted.setdefault(entity, []).append(record_id)
    if not wanted:
        return {}
    return titles_of_found(visit, named(visit.runtime, visit.actor, wanted))


def titles_of_found(visit: Visit, found: Mapping[Place, Found]) -> Mapping[Place, str]:
    """Return the titles of records that were read, where the log keeps them masked."""
    return {
        place: title(visit, place[0], one.plan.paths)(one.row)
        for place, one in found.items()
        if is_masked_in_log(visit.runtime, one.entity)
    }
