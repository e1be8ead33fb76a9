"""States that records hold and the definitions no longer know: counted, mapped, or in the way.

Comes in: a prober of the database as it is. Goes out: findings, and the statements that move the
records a workflow's `map:` names to another state, each with a row in the log. What waits in a
state that goes (timers, tasks, requests for approval) ends with it and is counted.
"""

from __future__ import annotations

from collections.abc import Iterator

from generator.model.workflow import Workflow
from runtime.store.migrate import changes as ch
from runtime.store.migrate.ddl import Work
from runtime.store.migrate.facts import workflow_facts
from runtime.store.migrate.plan import Finding
from runtime.store.migrate.probes import Prober
from runtime.store.system_tables import own_tables

NEW_ID = {
    "postgresql": (
        "lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0')",
        "md5(random()::text || r.id::text)",
    ),
    "sqlite": (
        "printf('%012x', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER))",
        "lower(hex(randomblob(16)))",
    ),
}
"""By dialect: the time and the chance that an id is made of; both are hexadecimal."""
NOW = {"postgresql": "now()", "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', 'now')"}


def state_changes(prober: Prober) -> tuple[tuple[Work, ...], tuple[Finding, ...]]:
    """Return what is done about unknown states, and what is told of them."""
    works: list[Work] = []
    findings: list[Finding] = []
    for entity, own in prober.target.compiled.app.workflows.items():
        for workflow in own.values():
            for state, count in _unknown(prober, workflow):
                findings += _told(prober, workflow, state, count)
                if state in workflow.mapped:
                    works.append(_mapped(prober, workflow, state))
            findings += _gone(prober, entity, workflow)
            findings += _changed(prober, workflow)
            findings += _under_way(prober, entity, workflow)
    return tuple(works), tuple(findings)


def _unknown(prober: Prober, workflow: Workflow) -> Iterator[tuple[str, int]]:
    """Yield the stored states that the workflow does not have, with how many records hold them."""
    yield from (one for one in _held(prober, workflow) if one[0] not in workflow.states)


def _held(prober: Prober, workflow: Workflow) -> Iterator[tuple[str, int]]:
    """Yield every stored state with how many records hold it."""
    table, column = workflow.entity, workflow.field
    shape = prober.current.get(prober.renames.old_table(table))
    old = prober.renames.old_column(table, column)
    if shape is None or old not in shape.columns or not prober.rows(table):
        return
    name = prober.quote(old)
    rows = prober.read(
        f"SELECT {name}, count(*) FROM {prober.quote(shape.name)}"
        f" WHERE {name} IS NOT NULL GROUP BY {name} ORDER BY {name}"
    )
    yield from ((str(row[0]), int(row[1])) for row in rows)


def _told(prober: Prober, workflow: Workflow, state: str, count: int) -> Iterator[Finding]:
    where = workflow.entity, (workflow.field,)
    if state not in workflow.mapped:
        yield prober.finding("STATE_REMOVED", *where, count, blocking=True, option=state)
        return
    yield prober.finding("STATE_MAPPED", *where, count, option=state)
    waiting = prober.waiting("sw_timer", f"{_of(workflow, state)} AND status = 'armed'")
    yield prober.finding("TIMERS_END", *where, waiting, option=state)


def _gone(prober: Prober, entity: str, workflow: Workflow) -> Iterator[Finding]:
    """Yield what waits for transitions that are no longer there."""
    names = sorted({edge.name for edge in workflow.transitions})
    known = ", ".join(f"'{name}'" for name in names) or "''"
    mine = f"entity = '{entity}' AND workflow = '{workflow.name}' AND kind = 'transition'"
    where = entity, (workflow.field,)
    armed = f"{mine} AND status = 'armed' AND transition NOT IN ({known})"
    yield prober.finding("TIMERS_LOST", *where, prober.waiting("sw_timer", armed))
    rules = ", ".join(f"'{workflow.name}.{name}'" for name in names) or "''"
    asked = (
        f"entity = '{entity}' AND operation = 'transition' AND state = 'pending'"
        f" AND rule LIKE '{workflow.name}.%' AND rule NOT IN ({rules})"
    )
    yield prober.finding("APPROVALS_LOST", *where, prober.waiting("sw_approval", asked))


def _changed(prober: Prober, workflow: Workflow) -> Iterator[Finding]:
    """Yield what stands in states that stay, where other ways lead out of them.

    Records follow the new graph by themselves, so these are told and stop nothing.
    """
    table = prober.renames.old_table(workflow.entity)
    known = prober.facts.get(table, {}).get("workflows", {}).get(workflow.name)
    if known is None:
        return
    now = workflow_facts(workflow)
    where = workflow.entity, (workflow.field,)
    ways = known["ways"]
    held = dict(_held(prober, workflow)) if now["ways"] != ways else {}
    for state, count in held.items():
        if state in ways and state in now["ways"] and ways[state] != now["ways"][state]:
            yield prober.finding("STATE_HELD", *where, count, option=state)


def _under_way(prober: Prober, entity: str, workflow: Workflow) -> Iterator[Finding]:
    """Yield calls that are made or about to be, and whose answer no transition takes any more."""
    table = prober.renames.old_table(workflow.entity)
    known = prober.facts.get(table, {}).get("workflows", {}).get(workflow.name)
    if known is None:
        return
    earlier = {way.partition(">")[0] for ways in known["ways"].values() for way in ways}
    where = entity, (workflow.field,)
    for name in sorted(earlier - {edge.name for edge in workflow.transitions}):
        answers = " OR ".join(
            f"({key} ->> 0 = '{workflow.name}' AND {key} ->> 1 = '{name}')"
            for key in ("on_success", "on_failure")
        )
        made = prober.waiting("sw_call", f"entity = '{entity}' AND NOT is_settled AND ({answers})")
        left = " OR ".join(
            f"({row} ->> 0 = '{workflow.name}' AND {row} ->> 1 = '{name}')"
            for row in ("payload -> 'on_success'", "payload -> 'on_failure'")
        )
        asked = prober.waiting(
            "sw_outbox",
            f"topic = 'workflow.call' AND entity = '{entity}' AND sent_at IS NULL AND ({left})",
        )
        yield prober.finding("CALLS_LOST", *where, made + asked, option=name)


def _mapped(prober: Prober, workflow: Workflow, state: str) -> Work:
    """Return the statements that move records out of a state, with a row in the log for each."""
    dialect, quote = prober.target.dialect.name, prober.quote
    table, column = quote(workflow.entity), quote(workflow.field)
    new = workflow.mapped[state]
    time, chance = NEW_ID[dialect]
    values = {
        "id": (
            f"substr({time}, 1, 8) || '-' || substr({time}, 9, 4) || '-7' || "
            "substr(c, 1, 3) || '-8' || substr(c, 4, 3) || '-' || substr(c, 7, 12)"
        ),
        "at": NOW[dialect],
        "entity": f"'{workflow.entity}'",
        "record_id": "r.id",
        "workflow": f"'{workflow.name}'",
        "transition": "''",
        "from_state": f"'{state}'",
        "to_state": f"'{new}'",
        "outcome": "'fired'",
        "digest": f"'{prober.target.compiled.app.digest}'",
        "actor_name": "'system'",
        "actor_kind": "'system'",
        "source": "'migration'",
        "record_version": "r.version",
    }
    log, names = own_tables().workflow_log.name, ", ".join(quote(name) for name in values)
    told = (
        f"INSERT INTO {log} ({names}) SELECT {', '.join(values.values())} FROM "
        f"(SELECT r.*, {chance} AS c FROM {table} r WHERE r.{column} = '{state}') r"
    )
    moved = f"UPDATE {table} SET {column} = '{new}' WHERE {column} = '{state}'"
    ended = (
        f"UPDATE sw_timer SET status = 'cancelled' WHERE {_of(workflow, state)}"
        " AND status = 'armed'"
    )
    closed = (
        f"UPDATE sw_task SET closed_at = {NOW[dialect]} WHERE {_of(workflow, state)}"
        " AND closed_at IS NULL"
    )
    change = ch.MapState(workflow.entity, workflow.field, state, new)
    return Work(change, (told, moved, ended, closed))


def _of(workflow: Workflow, state: str) -> str:
    return f"entity = '{workflow.entity}' AND workflow = '{workflow.name}' AND state = '{state}'"
