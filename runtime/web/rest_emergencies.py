"""Roles taken in an emergency, over REST: what can be taken, taking it, ending it, looking into it.

In: a request below `/api/v1/security/emergencies`, its caller known. Out: an `Answer`. It is the
session of a sign-in that takes a role: a personal token takes none.
"""

from __future__ import annotations

from typing import Any

from runtime import emergencies
from runtime.messages import Actor
from runtime.store.emergencies import Use
from runtime.web.context import Web
from runtime.web.rest_roles import decision_of, only, sent, texts_of
from runtime.web.trail import trail
from runtime.web.wire import Answer, Asked

SHOWN = (
    "id", "user_name", "role", "reason", "started_at", "until", "ended_at", "ended_name",
    "reviewed_at", "reviewed_name", "said",
)  # fmt: skip


def answer(asked: Asked, here: Web, actor: Actor, use_id: str) -> Answer:
    """Answer a request about emergencies."""
    runtime = here.runtime
    if use_id:
        only(asked, "POST")
        body = decision_of(asked, emergencies.DECISIONS)
        told = body["decision"], body.get("said", "")
        return sent(200, {"data": _shown(emergencies.decide(trail(actor, "rest"), use_id, *told))})
    only(asked, "GET", "POST")
    if asked.method == "POST":
        body = texts_of(asked, ("role", "reason"))
        role = body.get("role", "")
        second = here.gate.second_factors.is_demanded(frozenset({role}))
        done = emergencies.start(
            trail(actor, "rest"), role, body.get("reason", ""), demands_second=second
        )
        return sent(201, {"data": _shown(done)})
    uses = [_shown(one) for one in emergencies.known_to(runtime, actor)]
    return sent(200, {"data": uses, "roles": emergencies.can_be_taken(runtime, actor)})


def _shown(one: Use) -> dict[str, Any]:
    return {name: getattr(one, name) for name in SHOWN}
