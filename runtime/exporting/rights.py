"""Which rights a file was made with, as one short text; the same text means the same rights.

In: who asks, and for what. Out: a digest of the grant, of what is seen along every path, of what is
masked, and of what the definitions record about the person, for a row scope asks that. A file whose
digest is another one today is not given out: its reader would see in it what they may not see now.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from generator.model.text import Label
from runtime.errors import BadRequest, Forbidden, Invalid
from runtime.messages import Actor, Incoming
from runtime.operations import export
from runtime.operations.export import Plan
from runtime.pipeline import authorize
from runtime.runtime import Runtime

CHANGED = Label(
    {
        "en": "Your rights have changed since this file was made. Export it again.",
        "zh": "文件生成后您的权限已变更，请重新导出。",
    }
)


def planned(runtime: Runtime, incoming: Incoming) -> Plan:
    """Return the plan of an export.

    Raises:
        RequestError: it is refused.

    """
    grant = authorize(incoming, runtime)
    return export.plan(export.parse(incoming, grant, runtime), grant, runtime)


def digest(runtime: Runtime, incoming: Incoming) -> str:
    """Return what stands for the rights with which something is exported now.

    Raises:
        RequestError: it may not be exported at all.

    """
    plan, actor = planned(runtime, incoming), incoming.actor
    assert actor is not None
    told = [
        _about(actor),
        plan.query.grant.key,
        sorted(plan.query.veiled),
        [repr(path.key) for path in plan.query.paths],
        [
            (part.include.plan.grant.key, [repr(path.key) for path in part.include.plan.paths])
            for part in plan.parts
        ],
    ]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:32]


def check(runtime: Runtime, actor: Actor, told: Mapping[str, Any]) -> None:
    """Ask again, when a file is fetched, whether its reader may have it.

    Args:
        runtime: the back office.
        actor: whoever wants it now.
        told: what was kept with it: entity, query, digest and what the records must allow beside.

    Raises:
        RequestError: they may not export this any more, or with other rights.

    """
    query = {name: tuple(texts) for name, texts in told["query"].items()}
    also = tuple(told.get("also", ()))
    incoming = Incoming(
        export.ACTION, str(told["entity"]), actor, query=query, source="job", also=also
    )
    ask(runtime, incoming, str(told["rights"]))


def ask(runtime: Runtime, incoming: Incoming, made: str) -> None:
    """Ask whether something may still be had with the rights it was made with.

    Raises:
        RequestError: it may not be exported any more, or with other rights: a column that is not
            theirs any more is a right they lost, and no fault of what they ask for.

    """
    try:
        now = digest(runtime, incoming)
    except (BadRequest, Invalid) as error:
        raise Forbidden(CHANGED) from error
    if now != made:
        raise Forbidden(CHANGED)


def _about(actor: Actor) -> Any:
    """Return what a row scope may ask of somebody; how they signed in is no part of it."""
    return actor.id, sorted((name, sorted(map(str, value))) for name, value in actor.person.items())
