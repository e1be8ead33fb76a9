"""The REST API: one thin view that decodes a request, calls `handle`, and renders what came out.

In: `Asked`. Out: `Answer`. The routes stand in `ROUTES`, by the parts of the path that follow the
entity; what an operation does is in `runtime/operations/`. Flask is not used here, so the same code
answers behind Flask and in front of it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, unquote

import orjson

from generator.model.text import Label
from runtime.errors import (
    BadRequest,
    FieldError,
    NeedsApproval,
    NotFound,
    PriceChanged,
    RequestError,
    Unauthenticated,
)
from runtime.files import FileStore
from runtime.messages import Actor, Incoming, Result
from runtime.outside.incidents import Incident
from runtime.pipeline import authorize, handle
from runtime.pricing_words import Words
from runtime.runtime import Runtime
from runtime.store.approvals import Approval
from runtime.store.engine import prove
from runtime.store.idempotency import no_key
from runtime.store.questions import Mistaken
from runtime.web import attached, rest_files, rest_ledgers, spreadsheets
from runtime.web.bodies import read_json
from runtime.web.denials import note_denial
from runtime.web.problems import WrongMedia, WrongMethod, bug, problem
from runtime.web.render import Renderer, links
from runtime.web.urls import API, api_url
from runtime.web.wire import JSON, Answer, Asked

LIST, RECORD = "", "{id}"
ROUTES: Mapping[str, Mapping[str, str]] = {
    LIST: {"GET": "list", "POST": "create"},
    RECORD: {"GET": "read", "PATCH": "update", "DELETE": "delete"},
    "{id}/restore": {"POST": "restore"},
    "{id}/history": {"GET": "history"},
    "{id}/reveal": {"POST": "reveal"},
    "{id}/comments": {"GET": "comments", "POST": "comment"},
    "{id}/comments/{part}": {"PATCH": "edit_comment", "DELETE": "delete_comment"},
    "{id}/attachments": {"GET": "attachments", "POST": "attach"},
    "{id}/attachments/{part}": {"GET": "attachment", "DELETE": "detach"},
    "{id}/follow": {"PUT": "follow", "DELETE": "unfollow"},
    "{id}/transitions": {"GET": "transitions"},
    "{id}/transitions/{workflow}/{transition}": {"GET": "transitions", "POST": "transition"},
    "bulk": {"POST": "bulk"},
    "aggregate": {"GET": "aggregate"},
    "export": {"GET": "export"},
    "incidents": {"GET": "incidents", "POST": "settle_incident"},
    **rest_ledgers.ROUTES,
}
"""What follows the entity → method → operation."""

PRICES, PLACING = "pricing/evaluate", "pricing/place"
"""Not below an entity: `pricing:` of app.yaml says whose grants count."""
OF_PRICES: Mapping[str, Mapping[str, str]] = {
    PRICES: {"POST": "evaluate"},
    PLACING: {"POST": "place"},
}

FIXED = frozenset(route for route in ROUTES if route and "{" not in route)
WITH_BODY = frozenset(
    {
        *("create", "update", "bulk", "comment", "edit_comment", "reveal", "settle_incident"),
        *rest_ledgers.ROUTES,
        "evaluate",
        "place",
    }
)
OF_AN_EDGE = "{id}/transitions/{workflow}/{transition}"
FIRING_KEYS = frozenset({"input", "reason"})
"""What the body of a transition may hold; without a body nothing is answered."""
WRITTEN_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
NO_RECORD = "00000000-0000-0000-0000-000000000000"
"""Stands for an id that cannot exist: asked for after the rights, found by nobody."""

NO_KEY = "\0"
"""Stands for a header that was not sent; no header holds it."""

READS_QUERY = frozenset({"list", "read", "aggregate", "export"})
"""Operations that refuse an unknown key themselves."""
KEYS = {
    "history": frozenset({"before"}),
    "comments": frozenset({"before"}),
    "transitions": frozenset({"id"}),
    "incidents": frozenset({"state", "record"}),
}
"""Keys of the other operations that take some."""

IF_MATCH = re.compile(r'"(\d{1,10})"\Z')
MOST_KEYS = 100

log = logging.getLogger(__name__)


class Api:
    """Answers requests below `/api/v1/` that are about records."""

    def __init__(self, runtime: Runtime, files: FileStore) -> None:
        self.runtime, self.files = runtime, files
        self.renderer = Renderer(runtime.compiled.field_types)
        self._known = runtime.operations

    def answer(self, asked: Asked) -> Answer:
        """Answer a request, whatever it is: this is the boundary where a bug becomes a 500."""
        operation, entity = "other", ""
        try:
            entity, route, record_id, part = self._where(asked.path)
            operation = self._operation(route, asked.method)
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

    def _where(self, path: str) -> tuple[str, str, str, str]:
        """Return entity, route, record id and part id of a path."""
        if path in OF_PRICES and self._of_prices(path):
            return self._of_prices(path), path, "", ""
        parts = path.split("/")
        entity = parts[0]
        if entity not in self.runtime.app.entities:
            raise nothing_here()
        if len(parts) == 1:
            return entity, LIST, "", ""
        if len(parts) == 2:
            place = (entity, parts[1], "", "")
            if parts[1] in rest_ledgers.ROUTES:
                if not rest_ledgers.offers(self.runtime.app, entity, parts[1]):
                    raise nothing_here()
                return place
            return place if parts[1] in FIXED else (entity, RECORD, parts[1], "")
        route, part = "{id}/" + "/".join(parts[2:]), ""
        if len(parts) == 5 and parts[2] == "transitions":
            return entity, OF_AN_EDGE, parts[1], f"{parts[3]}.{parts[4]}"
        if len(parts) == 4:
            route, part = f"{{id}}/{parts[2]}/{{part}}", parts[3]
        if route not in ROUTES:
            raise nothing_here()
        return entity, route, parts[1], part

    def _of_prices(self, path: str) -> str:
        """Return whose grants count for a cart; '' where there is no such address."""
        pricing = self.runtime.app.pricing
        if pricing is None:
            return ""
        if path == PRICES:
            return pricing.entity
        return pricing.placing.creates if pricing.placing is not None else ""

    def _operation(self, route: str, method: str) -> str:
        routes = OF_PRICES.get(route) or ROUTES[route]
        offered = {
            verb: operation for verb, operation in routes.items() if operation in self._known
        }
        if not offered:
            raise nothing_here()
        wanted = "GET" if method == "HEAD" else method
        if wanted not in offered:
            raise wrong_method(offered)
        return offered[wanted]

    def _carry_out(
        self, asked: Asked, operation: str, entity: str, record_id: str, part: str
    ) -> Answer:
        headers = asked.headers
        query = read_query(asked.query)
        form = ""
        if operation == "export":
            form, query = _file_format(query)
        if operation not in READS_QUERY:
            _only_keys(query, KEYS.get(operation, frozenset()))
        incoming = Incoming(
            operation=operation,
            entity=entity,
            actor=_with_proof(asked),
            record_id=record_id if WRITTEN_ID.match(record_id) or not record_id else NO_RECORD,
            part=part if WRITTEN_ID.match(part) or not part else NO_RECORD,
            values=self._payload(asked) if operation in WITH_BODY and asked.actor else None,
            query=query,
            version=read_version(headers.get("if-match", "")),
            idempotency_key=_key(headers.get("idempotency-key", NO_KEY)),
            source="rest",
            reason=headers.get("x-reason", "")[:500],
            request_id=asked.request_id,
            address=asked.address,
        )
        if operation == "attach":
            incoming = self._with_file(asked, incoming)
        if operation in ("transition", "transitions"):
            incoming = self._about_edge(asked, incoming, part)
        outcome = handle(incoming, self.runtime)
        if isinstance(outcome, NeedsApproval):
            return _waits(outcome, asked.locale)
        if isinstance(outcome, PriceChanged):
            return self._changed(asked, outcome)
        if isinstance(outcome, RequestError):
            raise outcome
        if form:
            return self._export(incoming, outcome, form)
        return self._renderers[operation](self, asked, incoming, outcome)

    def _about_edge(self, asked: Asked, incoming: Incoming, edge: str) -> Incoming:
        """Put the transition that an address names where its operation looks for it."""
        if incoming.operation == "transitions":
            return replace(incoming, query={"id": (edge,)}) if edge else incoming
        has_body = asked.headers.get("content-length", "0") not in ("", "0")
        body = self._payload(asked) if has_body and asked.actor else {}
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

    def _payload(self, asked: Asked) -> Any:
        media, _, rest = asked.headers.get("content-type", "").partition(";")
        charset = rest.strip().lower()
        if media.strip().lower() != JSON or charset not in ("", "charset=utf-8"):
            raise WrongMedia(
                Label(
                    {
                        "en": f"Send the body as {JSON} in UTF-8.",
                        "zh": f"请以 UTF-8 编码的 {JSON} 提交内容。",
                    }
                )
            )
        return read_json(asked.body())

    def _with_file(self, asked: Asked, incoming: Incoming) -> Incoming:
        """Keep the file that was sent, once the caller's right to attach one is known."""
        authorize(incoming, self.runtime)
        assert incoming.actor is not None
        name, content = rest_files.sent_file(asked)
        kept = attached.keep(self.files, name, content, incoming.actor.id)
        return replace(incoming, values={"file": kept.id}, same=rest_files.told_alike(kept))

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

    def _export(self, incoming: Incoming, result: Result, form: str) -> Answer:
        heading, make = self.renderer.cells(result.plan)
        rows = (make(row) for page in result.pages for row in page)
        answer = Answer(200, media_type=spreadsheets.MEDIA[form])
        answer.stream = spreadsheets.write(form, heading, rows)
        name = f"{incoming.entity}.{form}"
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
        words = Words(result.row, self.runtime.app, asked.locale)
        return Answer(200, orjson.dumps({"data": words.as_json()}))

    def _changed(self, asked: Asked, refusal: PriceChanged) -> Answer:
        """Answer that something costs something else by now, and what."""
        answer = problem(refusal, asked.locale, asked.request_id)
        words = Words(refusal.params["evaluated"], self.runtime.app, asked.locale)
        body = {**orjson.loads(answer.body), "prices": words.as_json()}
        return replace(answer, body=orjson.dumps(body))

    _renderers: Mapping[str, Callable[[Api, Asked, Incoming, Result], Answer]] = {
        "list": _page,
        "read": _one,
        "create": _one,
        "update": _one,
        "restore": _one,
        "delete": _nothing,
        "history": _history,
        "reveal": _revealed,
        "comments": _beside,
        "comment": _beside,
        "edit_comment": _beside,
        "delete_comment": _nothing,
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
        "incidents": _incidents,
        "settle_incident": _incidents,
        **dict.fromkeys(rest_ledgers.ROUTES, _posted),
        "evaluate": _prices,
        "place": _one,
    }


def _with_proof(asked: Asked) -> Actor | None:
    """Return who asks with what they confirm: `X-Confirm` holds `yes`, or the record's title."""
    actor, said = asked.actor, asked.headers.get("x-confirm", "")
    if actor is None or not said:
        return actor
    text = unquote(said, errors="replace")[:500]
    return replace(actor, proof=replace(actor.proof, confirmed=text))


def _waits(outcome: NeedsApproval, locale: str) -> Answer:
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


def _key(sent: str) -> str:
    """Return the key of a request, or nothing where none was sent.

    Raises:
        BadRequest: it was sent and says nothing: whoever meant to be protected would not be.

    """
    if sent == NO_KEY:
        return ""
    if not sent.strip():
        raise no_key()
    return sent


def read_query(text: str) -> Mapping[str, tuple[str, ...]]:
    """Return the query string's values by key, in order.

    Raises:
        BadRequest: too many keys, broken UTF-8 or a NUL.

    """
    if not text:
        return {}
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_KEYS)
    except ValueError as error:
        raise _bad_query() from error
    found: dict[str, tuple[str, ...]] = {}
    for key, value in pairs:
        if "\x00" in key or "\x00" in value:
            raise _bad_query()
        found[key] = (*found.get(key, ()), value)
    return found


def read_version(header: str) -> int | None:
    """Return the version that `If-Match` names; None without the header.

    Raises:
        BadRequest: it is not one version in quotes.

    """
    if not header:
        return None
    written = IF_MATCH.match(header.strip())
    if written is None:
        message = Label(
            {
                "en": 'Write If-Match with the one version you read, such as "3".',
                "zh": 'If-Match 应为读取到的版本号，例如 "3"。',
            }
        )
        raise BadRequest(message, (FieldError("If-Match", "invalid", message),))
    return int(written[1])


def nothing_here() -> NotFound:
    """Refuse an address: the same words as for an entity that the caller may not know."""
    return NotFound(Label({"en": "There is nothing here.", "zh": "这里没有内容。"}))


def sign_in_first() -> Unauthenticated:
    """Refuse somebody who did not say who they are."""
    return Unauthenticated(Label({"en": "Sign in first.", "zh": "请先登录。"}))


def wrong_method(offered: Mapping[str, str]) -> WrongMethod:
    """Refuse a method and say which are offered."""
    allowed = ", ".join(sorted({*offered, *(("HEAD",) if "GET" in offered else ())}))
    return WrongMethod(
        Label({"en": f"Use {allowed} here.", "zh": f"此处可用的请求方法：{allowed}。"}),
        allow=allowed,
    )


def _only_keys(query: Mapping[str, tuple[str, ...]], known: frozenset[str]) -> None:
    for key in query:
        if key not in known:
            message = Label(
                {"en": f"There is no '{key}' to ask for here.", "zh": f"此处不支持参数“{key}”。"}
            )
            raise BadRequest(message, (FieldError(key, "unknown_field", message),))


def _file_format(
    query: Mapping[str, tuple[str, ...]],
) -> tuple[str, Mapping[str, tuple[str, ...]]]:
    """Return the kind of file asked for, and the query without it."""
    form = query.get("format", ("csv",))[-1]
    if form not in spreadsheets.FORMATS:
        known = ", ".join(spreadsheets.FORMATS)
        message = Label({"en": f"Write one of: {known}.", "zh": f"可用的值：{known}。"})
        raise BadRequest(message, (FieldError("format", "invalid", message),))
    return form, {key: texts for key, texts in query.items() if key != "format"}


def _bad_query() -> BadRequest:
    return BadRequest(
        Label(
            {
                "en": f"The query string is not UTF-8 text of at most {MOST_KEYS} keys.",
                "zh": f"查询字符串须为 UTF-8 文本，且最多 {MOST_KEYS} 项。",
            }
        )
    )
