"""What a call asks of another system, and what became of one that may have been made before.

Comes in: the row of a call. Goes out: `Asked`, with the values as they travel, or an incident when
the connector is not ready; `status` asks by the key of an earlier try.
"""

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from generator.connectors import Answer, Asked, ConnectorType
from generator.model.connector import DONE, Connector, Retry
from rules.workflow import outside as rules
from runtime.outside import incidents, settings
from runtime.runtime import Runtime
from runtime.store import outside_tables as t


def asked_of(
    connection: sa.Connection, runtime: Runtime, row: Any, step: rules.Next
) -> Asked | None:
    """Return what to ask; None, and an incident, when the connector is not ready for it."""
    name, _, operation = step.operation.rpartition(".")
    connector = runtime.app.connectors.get(name)
    model = connector.operations.get(operation) if connector is not None else None
    if connector is None or model is None:
        _not_ready(connection, runtime, row, {"operation": step.operation, "why": "unknown"})
        return None
    reach = settings.reach(runtime, connection, connector)
    if not reach.is_ready:
        why = {"connector": name, "why": reach.mode, "missing": list(reach.missing)}
        _not_ready(connection, runtime, row, {"operation": step.operation, **why})
        return None
    own = None if step.operation != row.operation else _own_retry(runtime, row)
    model = model if own is None else replace(model, retry=own)
    given = {**(row.output or {}), **_in_api_form(runtime, connector, row)}
    values = {key: given[key] for key in model.input if given.get(key) is not None}
    return Asked(connector, model, values, step.key, reach.settings, allowed=reach.allowed)


def _not_ready(connection: sa.Connection, runtime: Runtime, row: Any, facts: Any) -> None:
    table = runtime.system.call
    incidents.open_incident(
        connection,
        runtime,
        "call_not_ready",
        (incidents.CALL, row.id),
        (row.entity, row.record_id),
        facts,
    )
    connection.execute(
        table.update().where(table.c.id == row.id).values(status=t.STUCK, lease_until=None)
    )


def _own_retry(runtime: Runtime, row: Any) -> Retry | None:
    """Return what the transition itself says of trying again; None when it says nothing."""
    workflow = runtime.app.workflows.get(row.entity, {}).get(row.workflow)
    for edge in workflow.named(row.transition) if workflow is not None else ():
        for effect in edge.effects:
            if effect.given.get("call") == row.operation and effect.given.get("retry"):
                found: Retry = effect.given["retry"]
                return found
    return None


def _in_api_form(runtime: Runtime, connector: Connector, row: Any) -> dict[str, Any]:
    """Return the values of a call as they travel; stored numbers get their point again."""
    operation = connector.operations.get(row.operation.rpartition(".")[2])
    types = runtime.compiled.field_types
    found = {}
    for name, value in row.values.items():
        field = operation.input.get(name) if operation is not None else None
        dump = types[field.type].dump(field) if field is not None else None
        # what JSON cannot hold was written as text, in API form already
        is_stored = dump is not None and value is not None and not isinstance(value, str)
        found[name] = dump(value) if dump is not None and is_stored else value
    return found


def ask_about(kind: ConnectorType, asked: Asked) -> Answer:
    """Ask what became of a call, by its key."""
    status = asked.connector.operations[asked.operation.status]
    about = Asked(asked.connector, status, {}, asked.key, asked.settings, True, asked.allowed)
    answer = kind.call(about)
    if answer.outcome != DONE:
        return answer
    kept = {name: value for name, value in answer.output.items() if name in asked.operation.output}
    return Answer(DONE, kept)
