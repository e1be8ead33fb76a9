"""What waits for somebody, by kind: the numbers beside the menu, in one statement.

In: who looks. Out: a number for each kind that has to do with them; a kind that never will is left
out. Every kind says by itself what it would count, within the rights of whoever asks; asked
together they cost a page one round trip, however many kinds there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from runtime import approvals, emergencies, role_requests, tasks
from runtime.messages import Actor
from runtime.operations import _incidents
from runtime.runtime import Runtime
from runtime.store.engine import read

TASKS, APPROVALS, ROLE_REQUESTS, INCIDENTS = "tasks", "approvals", "role_requests", "incidents"
EMERGENCIES = "emergencies"


def counts(runtime: Runtime, actor: Actor) -> Mapping[str, int]:
    """Return how much waits of each kind that concerns somebody: one statement, or none."""
    asked: dict[str, sa.Select[Any] | None] = {}
    if tasks.concern(runtime, actor):
        asked[TASKS] = tasks.counted(runtime, actor)
    if approvals.concern(runtime, actor):
        asked[APPROVALS] = approvals.counted(runtime, actor)
    if actor.kind == "user" and role_requests.can_be_asked(runtime):
        asked[ROLE_REQUESTS] = role_requests.counted(runtime, actor)
    if emergencies.concern(runtime, actor):
        asked[EMERGENCIES] = emergencies.counted(runtime, actor)
    if any(name in runtime.app.workflows for name in _incidents.operable(runtime, actor)):
        asked[INCIDENTS] = _incidents.counted(runtime, actor)
    found = dict.fromkeys(asked, 0)
    columns = [one.scalar_subquery().label(name) for name, one in asked.items() if one is not None]
    if columns:
        with read(runtime.engine) as connection:
            found.update(connection.execute(sa.select(*columns)).one()._mapping)
    return found
