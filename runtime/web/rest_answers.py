"""What came out of an operation, as the answer of the REST API: status, headers, body.

In: a request and the `Result` of its operation. Out: an `Answer`. Each operation has one renderer;
the bytes of records are the `Renderer`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson

from generator.model.app import App
from runtime.errors import NeedsApproval, PriceChanged
from runtime.files import FileStore
from runtime.messages import Incoming, Result
from runtime.outside.incidents import Incident
from runtime.pricing_words import Words
from runtime.repricing_words import Repricings
from runtime.store.approvals import Approval
from runtime.web import rest_files, rest_ledgers, spreadsheets
from runtime.web.problems import problem
from runtime.web.render import Renderer, links
from runtime.web.urls import API, api_url
from runtime.web.wire import Answer, Asked


class Answers:
    """Renders results; made once for an app."""

    def __init__(
        self, app: App, renderer: Renderer, files: FileStore, clock: Callable[[], datetime]
    ) -> None:
        self.app, self.renderer, self.files, self.clock = app, renderer, files, clock

    def render(self, asked: Asked, incoming: Incoming, result: Result) -> Answer:
        """Return the answer to an operation that was done."""
        return self._BY_OPERATION[incoming.operation](self, asked, incoming, result)

    def _one(self, asked: Asked, incoming: Incoming, result: Result) -> Answer:
        record_id, version, is_whole = self.renderer.identify(result)
        answer = Answer(200)
        if version is not None:
            answer.headers["ETag"] = tag = f'"{version}"'
            if is_whole and tag in asked.headers.get("if-none-match", ""):
                answer.status = 304
                return answer
        answer.body = self.renderer.record(result)
        if result.created:
            answer.status = 201
            answer.headers["Location"] = api_url(incoming.entity, record_id)
        if result.replayed:
            answer.headers["Idempotency-Replayed"] = "true"
        return answer

    def _moved(self, asked: Asked, incoming: Incoming, result: Result) -> Answer:
        answer = self._one(asked, incoming, result)
        answer.status = 200
        answer.body = self.renderer.moved(result)
        return answer

    def _standing(self, asked: Asked, incoming: Incoming, result: Result) -> Answer:
        answer = Answer(200, self.renderer.standing(result.row, asked.locale))
        answer.headers["ETag"] = f'"{result.row.version}"'
        return answer

    def _page(self, asked: Asked, incoming: Incoming, result: Result) -> Answer:
        answer = Answer(200, self.renderer.page(result))
        beside = links(api_url(incoming.entity), asked.query, result)
        if beside:
            answer.headers["Link"] = beside
        return answer

    def _groups(self, asked: Asked, incoming: Incoming, result: Result) -> Answer:
        return Answer(200, self.renderer.groups(result))

    def export(self, incoming: Incoming, result: Result, form: str) -> Answer:
        """Answer with a file that is written while it is sent."""
        heading, make = self.renderer.cells(result.plan)
        rows = (make(row) for page in result.pages for row in page)
        answer = Answer(200, media_type=spreadsheets.MEDIA[form])
        who = incoming.actor.name if incoming.actor is not None else ""
        now = self.clock()
        mark = spreadsheets.marked(who, now, incoming.request_id)
        answer.stream = spreadsheets.write(form, heading, rows, mark)
        name = spreadsheets.file_name(incoming.entity, who, now, form)
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    def _nothing(self, asked: Asked, incoming: Incoming, result: Result) -> Answer:
        return Answer(204)

    def _outcomes(self, asked: Asked, incoming: Incoming, result: Result) -> Answer:
        if result.total is not None:
            data = {"run": result.row, "batch": result.batch_id, "count": result.total}
            return Answer(202, orjson.dumps({"data": data}))
        return Answer(200, self.renderer.outcomes(result.outcomes, asked.locale, result.batch_id))

    def _revealed(self, asked: Asked, incoming: Incoming, result: Result) -> Answer:
        field, value = result.row
        answer = Answer(200, orjson.dumps({"data": {"field": field, "value": value}}))
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _begun(self, asked: Asked, incoming: Incoming, result: Result) -> Answer:
        answer = Answer(202, orjson.dumps({"data": {"run": result.row}}))
        answer.headers["Location"] = f"{API}jobs/runs/{result.row}"
        return answer

    def _erasure(self, asked: Asked, incoming: Incoming, result: Result) -> Answer:
        """Return what an erasure would do, kind by kind."""
        data = [
            {
                "entity": kind.entity.name,
                "records": len(kind.ids),
                "fields": [field.name for field in kind.fields],
                "goes": kind.goes,
                "kept": len(kind.kept),
                "kept_until": kind.until,
                "under_way": len(kind.waits),
            }
            for kind in result.rows
        ]
        return Answer(200, orjson.dumps({"data": data}))

    def _history(self, asked: Asked, incoming: Incoming, result: Result) -> Answer:
        return Answer(200, self.renderer.entries(result))

    def _beside(self, asked: Asked, incoming: Incoming, result: Result) -> Answer:
        """Return what belongs to a record: one comment, or a page of comments or files."""
        if result.row is None:
            return Answer(200, self.renderer.entries(result))
        answer = Answer(201 if result.created else 200, self.renderer.entry(result.row))
        if result.replayed:
            answer.headers["Idempotency-Replayed"] = "true"
        answer.headers["ETag"] = f'"{result.row.version}"'
        return answer

    def _due(self, asked: Asked, incoming: Incoming, result: Result) -> Answer:
        """Return what a record waits for, or the one that was moved."""
        one = self.renderer.entries(result) if result.row is None else None
        return Answer(200, one or self.renderer.entry(result.row))

    def _attached(self, asked: Asked, incoming: Incoming, result: Result) -> Answer:
        answer = Answer(201, self.renderer.entry(result.row))
        place = f"{api_url(incoming.entity, incoming.record_id)}/attachments/{result.row.id}"
        answer.headers["Location"] = place
        if result.replayed:
            answer.headers["Idempotency-Replayed"] = "true"
        return answer

    def _incidents(self, asked: Asked, incoming: Incoming, result: Result) -> Answer:
        shown = [shown_incident(one) for one in result.rows]
        data = shown if result.row is None else shown_incident(result.row)
        return Answer(200, orjson.dumps({"data": data}, option=orjson.OPT_UTC_Z))

    def _posted(self, asked: Asked, incoming: Incoming, result: Result) -> Answer:
        return rest_ledgers.posted(result)

    def _file(self, asked: Asked, incoming: Incoming, result: Result) -> Answer:
        return rest_files.file_answer(asked, result, self.files)

    def _prices(self, asked: Asked, incoming: Incoming, result: Result) -> Answer:
        words = Words(result.row, self.app, asked.locale)
        return Answer(200, orjson.dumps({"data": words.as_json()}))

    def _previewed(self, asked: Asked, incoming: Incoming, result: Result) -> Answer:
        words = Repricings(result.row, self.app, self.renderer.types, asked.locale)
        return Answer(200, orjson.dumps({"data": words.as_json()}))

    def changed(self, asked: Asked, refusal: PriceChanged) -> Answer:
        """Answer that something costs something else by now, and what."""
        answer = problem(refusal, asked.locale, asked.request_id)
        words = Words(refusal.params["evaluated"], self.app, asked.locale)
        body = {**orjson.loads(answer.body), "prices": words.as_json()}
        return replace(answer, body=orjson.dumps(body))

    _BY_OPERATION: Mapping[str, Callable[[Answers, Asked, Incoming, Result], Answer]] = {
        "list": _page,
        "read": _one,
        "create": _one,
        "update": _one,
        "restore": _one,
        "delete": _nothing,
        "history": _history,
        "reveal": _revealed,
        "copy_person": _begun,
        "erasure": _erasure,
        "erase": _one,
        "comments": _beside,
        "comment": _beside,
        "edit_comment": _beside,
        "delete_comment": _nothing,
        "timers": _due,
        "extend": _due,
        "attachments": _beside,
        "attach": _attached,
        "attachment": _file,
        "detach": _nothing,
        "follow": _nothing,
        "unfollow": _nothing,
        "bulk": _outcomes,
        "aggregate": _groups,
        "transition": _moved,
        "transitions": _standing,
        "preview_transition": _previewed,
        "incidents": _incidents,
        "settle_incident": _incidents,
        **dict.fromkeys(rest_ledgers.ROUTES, _posted),
        "evaluate": _prices,
        "place": _one,
    }


def waits(outcome: NeedsApproval, locale: str) -> Answer:
    """Answer that something is kept until another person approves it."""
    data = {**shown_approval(outcome.params["approval"]), "detail": outcome.message.text(locale)}
    answer = Answer(202, orjson.dumps({"data": data}, option=orjson.OPT_UTC_Z), code=outcome.code)
    answer.headers["Location"] = f"{API}security/approvals/{data['id']}"
    return answer


def shown_incident(one: Incident) -> dict[str, Any]:
    """Return an incident as programs see it."""
    names = ("id", "kind", "entity", "record_id", "about", "facts", "state", "opened_at")
    more = ("closed_at", "closed_name", "outcome", "reason")
    return {name: getattr(one, name) for name in (*names, *more)}


def shown_approval(one: Approval) -> dict[str, Any]:
    """Return a request for approval as programs see it."""
    names = ("id", "entity", "record_id", "title", "operation", "before", "after", "reason")
    more = ("requester_name", "state", "created_at", "expires_at", "decided_name", "said")
    return {name: getattr(one, name) for name in (*names, *more)}
