"""`bulk`: one change to many records; each is its own transaction and has its own outcome.

The records are named by id, or by a filter that is frozen to ids before anything is changed. A bad
row never fails the others, and nothing is changed twice. A filter that says nothing is refused:
changing everything must be asked for with `"all": true`. To a list, such as tags, something may be
added or taken from it (`{"tags": {"add": ["new"], "remove": ["old"]}}`): the rest of it stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy.exc

from generator.field_types._ids import WRITTEN
from generator.model.entity import Entity
from generator.model.text import Label
from rules.permissions import Grant
from runtime.errors import (
    Conflict,
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    RequestError,
    Stale,
    TooLarge,
)
from runtime.jobs import runs
from runtime.messages import Actor, Incoming, Outcome, Result
from runtime.operations import (
    _bulk_firing,
    _bulk_lists,
    _reading,
    _sensitive,
    delete,
    restore,
    update,
)
from runtime.operations._bulk_firing import Batch, Targets
from runtime.operations._bulk_lists import Listed
from runtime.operations._work import Work
from runtime.operations._writing import WriteCall, invalid_shape, load_payload, written_alone
from runtime.runtime import Runtime
from runtime.store import fetch, violations
from runtime.store.engine import write
from runtime.store.plan import QueryPlan
from runtime.store.trail import DENIED, Note, Trail

ACTION = "bulk"
MOST = 1000
"""Records of one request; more belong into a job."""
OPERATIONS = ("update", "delete", "restore", "transition")
JOB = "transitions"
"""The job that fires a transition of more records than somebody waits for."""
CHANGES = "changes"
"""The job that changes, deletes or restores as many."""
MOST_LATER = 50_000
"""Records of one such job."""
Within = Callable[[sqlalchemy.Connection, Outcome], object]
"""What is written in the transaction that changes a record, such as that it was done."""


@dataclass(frozen=True)
class Call:
    """A change and to what."""

    incoming: Incoming
    actor: Actor
    entity: Entity
    operation: str
    values: Mapping[str, Any]
    targets: tuple[tuple[str, int | None], ...]
    """Ids with the version the caller read, if they said."""
    query: Mapping[str, tuple[str, ...]] | None
    preview: bool = False
    """Every change is tried and undone: what would become of each record."""
    batch: Batch | None = None
    """The transition that is wanted of each."""
    waits: bool = True
    """False: a job does it, and the answer names its run."""
    lists: tuple[Listed, ...] = ()
    """What is added to lists and taken from them; `values` holds all of it, to be checked."""


@dataclass(frozen=True)
class Plan:
    """The change within the grant of its operation."""

    call: Call
    grant: Grant | None
    """None for a transition, whose right is asked of each record."""
    matching: QueryPlan | None
    """What freezes the filter to ids."""


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Call:
    body = incoming.values
    assert incoming.actor is not None
    if not isinstance(body, Mapping):
        raise invalid_shape()
    operation = _operation(body)
    entity = runtime.app.entities[incoming.entity]
    if operation == _bulk_firing.OPERATION:
        return _parse_transition(incoming, body, runtime)
    written_alone(entity)
    values: Mapping[str, Any] = {}
    lists: tuple[Listed, ...] = ()
    if operation == "update":
        given, lists = _bulk_lists.apart(body.get("values"), entity, runtime)
        inner = replace(incoming, values=given)
        values = load_payload(inner, runtime, entity, incoming.actor, changes=True)
        if not values:
            raise _refuse("values", "Say what to change.", "请指明要修改的内容。")
    _known_keys(body, {"operation", "values", "ids", "filter", "all", "preview", "background"})
    waits = body.get("background") is not True
    targets = _targets(body, MOST if waits else MOST_LATER)
    query, preview = _filter(body), body.get("preview") is True
    actor = incoming.actor
    return Call(
        incoming,
        actor,
        entity,
        operation,
        values,
        targets,
        query,
        preview,
        waits=waits,
        lists=lists,
    )


def _parse_transition(incoming: Incoming, body: Mapping[str, Any], runtime: Runtime) -> Call:
    _known_keys(body, {"operation", "ids", "filter", "all", "background", *_bulk_firing.KEYS})
    assert incoming.actor is not None
    batch = _bulk_firing.batch_of(runtime, incoming, body)
    most = max(MOST, batch.most)
    return Call(
        incoming,
        incoming.actor,
        runtime.app.entities[incoming.entity],
        _bulk_firing.OPERATION,
        {},
        _targets(body, most),
        _filter(body),
        batch=batch,
        waits=body.get("background") is not True,
    )


def plan(call: Call, grant: Grant, runtime: Runtime) -> Plan:
    inner = None
    if call.batch is None:
        inner = runtime.matrix.grant(call.actor.roles, call.entity.name, call.operation)
    if inner is None and call.batch is None:
        raise Forbidden(
            Label(
                {
                    "en": f"Your roles do not include '{call.operation}' here.",
                    "zh": f"您的角色没有此处的“{call.operation}”权限。",
                }
            )
        )
    if call.query is None:
        return Plan(call, inner, None)
    listing = runtime.matrix.grant(call.actor.roles, call.entity.name, "list")
    if listing is None:
        raise Forbidden()
    asked = _reading.parse_read(replace(call.incoming, query=call.query), listing, runtime)
    matching = _reading.plan_read(replace(asked, fields=("id",), includes=()), listing, runtime)
    return Plan(call, inner, replace(matching, limit=_most(call), cursor=None))


def _most(call: Call) -> int:
    if call.batch is not None:
        return max(MOST, call.batch.most)
    return MOST if call.waits else MOST_LATER


def execute(plan: Plan, runtime: Runtime) -> Result:
    if not plan.call.preview:
        _sensitive.ask_to_begin(runtime, plan.call.incoming, ACTION)
    targets = plan.call.targets
    if plan.matching is not None:
        targets = frozen(plan.matching, runtime)
    if plan.call.batch is not None:
        return _fire(plan.call, plan.call.batch, targets, runtime)
    if not plan.call.waits:
        return _later(plan.call, targets, runtime)
    outcomes = tuple(
        change_one(plan, runtime, record_id, version) for record_id, version in targets
    )
    _tell_denied(plan, runtime, outcomes)
    return Result(outcomes=outcomes)


def _later(call: Call, targets: Targets, runtime: Runtime) -> Result:
    """Have a job change the records as they are now."""
    body = {
        key: value
        for key, value in dict(call.incoming.values).items()
        if key in ("operation", "values", "preview")
    }
    told = _bulk_firing.asked_by(call.incoming, body)
    told["targets"] = [
        list(one) for one in _bulk_firing.with_versions(runtime, call.entity.name, targets)
    ]
    run = runs.NewRun(CHANGES, queue="bulk", input=told, created_by=str(call.actor.id))
    with write(runtime.engine) as connection:
        run_id = runs.create(connection, run, runtime.clock())
    return Result(row=run_id, total=len(targets))


def _tell_denied(plan: Plan, runtime: Runtime, outcomes: tuple[Outcome, ...]) -> None:
    """Tell in the audit how many records were out of reach: one row, however many."""
    call = plan.call
    count = sum(one.status in DENIED_AS for one in outcomes)
    if count and not call.preview:
        told = {"action": call.operation, "code": "R404", "why": "not_found", "rows": count}
        incoming = call.incoming
        trail = Trail(runtime, call.actor, incoming.source, incoming.request_id, incoming.address)
        trail.alone(Note(DENIED, call.entity.name, after=told, reason=incoming.reason))


def _fire(call: Call, batch: Batch, targets: Targets, runtime: Runtime) -> Result:
    """Fire the transition of each record now, or have a job do it."""
    _bulk_firing.capped(batch, targets)
    targets = _bulk_firing.with_versions(runtime, call.entity.name, targets)
    if call.waits:
        _bounded(targets)
        outcomes = tuple(_bulk_firing.fire_each(runtime, batch, targets))
        return Result(outcomes=outcomes, batch_id=batch.id)
    given = _bulk_firing.told(batch, call.actor, targets)
    run = runs.NewRun(JOB, queue="bulk", input=given, created_by=str(call.actor.id))
    with write(runtime.engine) as connection:
        run_id = runs.create(connection, run, runtime.clock())
    return Result(row=run_id, total=len(targets), batch_id=batch.id)


def _bounded(targets: Targets) -> None:
    if len(targets) > MOST:
        raise TooLarge(
            Label(
                {
                    "en": f'More than {MOST} records: send "background": true.',
                    "zh": f"超过 {MOST} 条记录，请加上 background: true 在后台执行。",
                }
            )
        )


def frozen(matching: QueryPlan, runtime: Runtime) -> tuple[tuple[str, int | None], ...]:
    """Return the ids of what matches now.

    Raises:
        TooLarge: more records match than one request changes.

    """
    with fetch.connection(runtime.engine) as connection:
        page = fetch.page(connection, runtime.statements, matching)
    if page.next_cursor:
        raise TooLarge(
            Label(
                {
                    "en": f"More than {matching.limit} records match; narrow the filter.",
                    "zh": f"匹配的记录超过 {matching.limit} 条，请缩小筛选范围。",
                }
            )
        )
    return tuple((str(row[0]), None) for row in page.rows)


def change_one(
    plan: Plan,
    runtime: Runtime,
    record_id: str,
    version: int | None,
    within: Within | None = None,
) -> Outcome:
    """Change one record in a transaction of its own; `within` writes in it what it came to."""
    call, grant = plan.call, plan.grant
    assert grant is not None
    try:
        with write(runtime.engine) as connection:
            context = _reading.context(runtime, call.actor)
            work = Work(connection, runtime, call.incoming, runtime.clock(), context)
            values = _bulk_lists.merged(connection, runtime, call.entity, record_id, call)
            single = WriteCall(call.incoming, call.actor, call.entity, values, record_id)
            _CHANGES[call.operation](work, single, grant, version)
            outcome = _done(work, record_id, call.operation, version)
            if call.preview:
                raise _Tried
            if within is not None:
                within(connection, outcome)
    except _Tried:
        return outcome
    except sqlalchemy.exc.IntegrityError as error:
        refusal = violations.translate(error, call.entity, runtime.engine.dialect.name)
        return refused(record_id, refusal)
    except RequestError as refusal:
        return refused(record_id, refusal)
    return outcome


class _Tried(Exception):
    """Ends the transaction of a preview: nothing of it stays."""


def _done(work: Work, record_id: str, operation: str, version: int | None) -> Outcome:
    if operation != "update":
        # one that was so already keeps its version, and is then not taken for changed
        return Outcome(record_id, "ok", None if version is None else version + 1)
    if work.saved is None:
        return Outcome(record_id, "ok", changed=False)
    return Outcome(record_id, "ok", version=work.saved.facts["version"])


def _update(work: Work, call: WriteCall, grant: Grant, version: int | None) -> None:
    update.change(work, call, grant, call.values, version)


_CHANGES: Mapping[str, Callable[[Work, WriteCall, Grant, int | None], None]] = {
    "update": _update,
    "delete": delete.remove,
    "restore": restore.bring_back,
}

DENIED_AS = frozenset({"gone", "forbidden"})
"""What became of a record that the caller does not reach, or may not change."""

_STATUS: tuple[tuple[type[RequestError], str], ...] = (
    (NotFound, "gone"),
    (Stale, "conflict"),
    (Conflict, "blocked"),
    (Forbidden, "forbidden"),
    (Invalid, "invalid"),
)


def refused(record_id: str, refusal: RequestError) -> Outcome:
    """Return what became of a record that was refused."""
    status = next((name for kind, name in _STATUS if isinstance(refusal, kind)), "invalid")
    return Outcome(record_id, status, errors=refusal.errors, message=refusal.message)


def _known_keys(body: Mapping[str, Any], known: set[str]) -> None:
    unknown = set(body) - known
    if unknown:
        name = sorted(unknown)[0]
        raise _refuse(name, f"There is no '{name}' here.", f"这里没有“{name}”。", "unknown_field")


def _operation(body: Mapping[str, Any]) -> str:
    operation = body.get("operation")
    if operation not in OPERATIONS:
        known = ", ".join(OPERATIONS)
        raise _refuse("operation", f"Write one of: {known}.", f"可用的操作：{known}。")
    return str(operation)


def _targets(body: Mapping[str, Any], most: int = MOST) -> tuple[tuple[str, int | None], ...]:
    items = body.get("ids", [])
    if not isinstance(items, list) or len(items) > most:
        raise _refuse("ids", f"Send a list of at most {most} ids.", f"请提交最多 {most} 个 ID。")
    targets: dict[str, int | None] = {}
    for item in items:
        record_id, version = (item, None)
        if isinstance(item, Mapping):
            record_id, version = item.get("id"), item.get("version")
        is_id = isinstance(record_id, str) and WRITTEN.fullmatch(record_id) is not None
        if not is_id or isinstance(version, bool):
            raise _refuse("ids", "Each is an id, or {id, version}.", "每项为 ID 或 {id, version}。")
        if version is not None and not isinstance(version, int):
            raise _refuse("ids", "A version is a whole number.", "版本号应为整数。")
        targets[record_id] = version
    return tuple(targets.items())


def _filter(body: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]] | None:
    """Return the filter to freeze; ids and a filter exclude each other, and one must be given."""
    given, everything = body.get("filter"), body.get("all") is True
    if "ids" in body:
        if given is not None or everything:
            raise _refuse("filter", "Send ids or a filter, not both.", "ids 与 filter 只能选一个。")
        if not body["ids"]:
            raise _refuse("ids", "Name at least one record.", "请至少选择一条记录。")
        return None
    if given is None and everything:
        return {}
    if not isinstance(given, Mapping) or not given:
        raise _refuse(
            "filter",
            'Send ids, a filter, or "all": true.',
            "请提交 ids、filter 或 all: true。",
        )
    query: dict[str, tuple[str, ...]] = {}
    for key, value in given.items():
        texts = value if isinstance(value, list) else [value]
        if not all(isinstance(text, str) for text in texts) or key in {"after", "before", "limit"}:
            raise _refuse(str(key), "Write filters as texts.", "筛选条件应为文本。")
        query[str(key)] = tuple(texts)
    return query


def _refuse(key: str, en: str, zh: str, code: str = "invalid") -> Invalid:
    message = Label({"en": en, "zh": zh})
    return Invalid(message, (FieldError(key, code, message),))
