"""The audit of what people do beside records, for the request in hand."""

from __future__ import annotations

from flask import request

from runtime import alarms
from runtime.errors import Forbidden, RequestError
from runtime.messages import Actor
from runtime.store.trail import DENIED, Note, Trail
from runtime.web.context import present, web
from runtime.web.denials import note_denial

PAGE = "@page"
"""What a refusal is about that no operation made, such as the list of accounts."""


def trail(actor: Actor | None = None, source: str = "screen") -> Trail:
    """Return what writes notes for the request in hand, by its actor or another."""
    here = present()
    return Trail(
        web().runtime, actor or here.actor, source, here.request_id, request.remote_addr or ""
    )


def note_refusal(refusal: RequestError) -> None:
    """Tell in the audit of a refusal to the request in hand, where a right was missing."""
    here = present()
    address = request.remote_addr or ""
    if refusal.incoming is not None or here.actor is None:
        note_denial(web().runtime, refusal, here.actor, address)
    elif isinstance(refusal, Forbidden):
        told = {"action": request.method, "code": refusal.code}
        trail().alone(Note(DENIED, PAGE, title=request.path, after=told))
        alarms.count_denials(web().runtime, here.actor)
        if request.method != "GET" and not here.actor.real_id:
            alarms.tell(web().runtime, here.actor, alarms.TRIED, request.path, {})
