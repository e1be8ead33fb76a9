"""The REST API: one thin view that decodes a request, calls `handle`, and renders what came out.

In: `Asked`. Out: `Answer`. Addresses are read by `rest_routes`, headers and queries by
`rest_asking`, results written by `rest_answers`; what an operation does is in
`runtime/operations/`. Flask is not used here, so the same code answers behind it and before it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import replace

from generator.model.text import Label
from runtime.errors import BadRequest, NeedsApproval, PriceChanged, RequestError
from runtime.files import FileStore
from runtime.messages import Incoming
from runtime.pipeline import authorize, handle
from runtime.runtime import Runtime
from runtime.store.engine import prove
from runtime.store.questions import Mistaken
from runtime.web import attached, rest_files, rest_ledgers
from runtime.web.denials import note_denial
from runtime.web.problems import bug, problem
from runtime.web.render import Renderer
from runtime.web.rest_answers import Answers, waits
from runtime.web.rest_asking import (
    NO_KEY,
    file_format,
    only_keys,
    payload,
    read_key,
    read_query,
    read_version,
    unmasked,
    with_proof,
)
from runtime.web.rest_routes import operation_of, place_of
from runtime.web.wire import Answer, Asked

WITH_BODY = frozenset(
    {
        *("create", "update", "bulk", "comment", "edit_comment", "reveal", "settle_incident"),
        "extend",
        *("copy_person", "erase"),
        *rest_ledgers.ROUTES,
        "evaluate",
        "place",
    }
)
FIRING_KEYS = frozenset({"input", "reason"})
"""What the body of a transition may hold; without a body nothing is answered."""
WRITTEN_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
NO_RECORD = "00000000-0000-0000-0000-000000000000"
"""Stands for an id that cannot exist: asked for after the rights, found by nobody."""

READS_QUERY = frozenset({"list", "read", "aggregate", "export"})
"""Operations that refuse an unknown key themselves."""
KEYS = {
    "history": frozenset({"before"}),
    "comments": frozenset({"before"}),
    "transitions": frozenset({"id"}),
    "incidents": frozenset({"state", "record"}),
}
"""Keys of the other operations that take some."""

log = logging.getLogger(__name__)


class Api:
    """Answers requests below `/api/v1/` that are about records."""

    def __init__(self, runtime: Runtime, files: FileStore) -> None:
        self.runtime, self.files = runtime, files
        renderer = Renderer(runtime.compiled.field_types)
        self.answers = Answers(runtime.app, renderer, files, lambda: runtime.clock())
        self._known = runtime.operations

    def answer(self, asked: Asked) -> Answer:
        """Answer a request, whatever it is: this is the boundary where a bug becomes a 500."""
        operation, entity = "other", ""
        try:
            entity, route, record_id, part = place_of(asked.path, self.runtime.app)
            operation = operation_of(route, asked.method, self._known)
            answer = self._carry_out(asked, operation, entity, record_id, part)
        except Mistaken:
            raise
        except RequestError as refusal:
            prove()  # a refusal tells something, and is noted, of whoever asks
            answer = problem(refusal, asked.locale, asked.request_id)
            note_denial(self.runtime, refusal, asked.actor, asked.address)
        except Exception:  # the boundary: noqa: BLE001
            log.exception("a request failed")
            answer = bug(asked.locale, asked.request_id)
        answer.operation, answer.entity = operation, entity
        return answer

    def _carry_out(
        self, asked: Asked, operation: str, entity: str, record_id: str, part: str
    ) -> Answer:
        headers = asked.headers
        query = read_query(asked.query)
        form = ""
        also: tuple[str, ...] = ()
        if operation == "export":
            form, query = file_format(query)
            also, query = unmasked(query)
        if operation not in READS_QUERY:
            only_keys(query, KEYS.get(operation, frozenset()))
        incoming = Incoming(
            operation=operation,
            entity=entity,
            actor=with_proof(asked),
            record_id=record_id if WRITTEN_ID.match(record_id) or not record_id else NO_RECORD,
            part=part if WRITTEN_ID.match(part) or not part else NO_RECORD,
            values=payload(asked) if operation in WITH_BODY and asked.actor else None,
            query=query,
            version=read_version(headers.get("if-match", "")),
            idempotency_key=read_key(headers.get("idempotency-key", NO_KEY)),
            source="rest",
            reason=headers.get("x-reason", "")[:500],
            request_id=asked.request_id,
            address=asked.address,
            also=also,
        )
        if operation == "attach":
            incoming = self._with_file(asked, incoming)
        if operation in ("transition", "transitions", "preview_transition"):
            incoming = self._about_edge(asked, incoming, part)
        outcome = handle(incoming, self.runtime)
        if isinstance(outcome, NeedsApproval):
            return waits(outcome, asked.locale)
        if isinstance(outcome, PriceChanged):
            return self.answers.changed(asked, outcome)
        if isinstance(outcome, RequestError):
            raise outcome
        if form:
            return self.answers.export(incoming, outcome, form)
        return self.answers.render(asked, incoming, outcome)

    def _about_edge(self, asked: Asked, incoming: Incoming, edge: str) -> Incoming:
        """Put the transition that an address names where its operation looks for it."""
        if incoming.operation == "transitions":
            return replace(incoming, query={"id": (edge,)}) if edge else incoming
        has_body = asked.headers.get("content-length", "0") not in ("", "0")
        body = payload(asked) if has_body and asked.actor else {}
        if not isinstance(body, Mapping) or body.keys() - FIRING_KEYS:
            message = Label(
                {
                    "en": "Send an object with 'input', and 'reason' if there is one.",
                    "zh": "请提交包含 input（以及可选的 reason）的对象。",
                }
            )
            raise BadRequest(message)
        workflow, _, name = edge.partition(".")
        values = {**body, "workflow": workflow, "transition": name}
        return replace(incoming, values=values, part="")

    def _with_file(self, asked: Asked, incoming: Incoming) -> Incoming:
        """Keep the file that was sent, once the caller's right to attach one is known."""
        authorize(incoming, self.runtime)
        prove()  # a file is kept beside the database
        assert incoming.actor is not None
        name, content = rest_files.sent_file(asked)
        kept = attached.keep(self.files, name, content, incoming.actor.id)
        return replace(incoming, values={"file": kept.id}, same=rest_files.told_alike(kept))
