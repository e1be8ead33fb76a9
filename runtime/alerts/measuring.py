"""What an alert sees: its records, or its number, through the plans that lists and sums use.

Comes in: an alert. Goes out: `Seen`, within the rights of the alert's role. Sums are exact; an
average and a share are decimals, rounded to four places.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, DivisionByZero, InvalidOperation
from statistics import median
from typing import Any

from generator.expressions import types
from generator.expressions.compile import Expression
from generator.model.alert import AVERAGE, COUNT, EACH, SHARE, WEEKS, Alert
from rules.alerts import Seen
from runtime.errors import Forbidden
from runtime.messages import Actor, Incoming
from runtime.operations import _reading, aggregate
from runtime.runtime import Runtime
from runtime.store import fetch
from runtime.store.engine import read
from runtime.store.plan import QueryPlan

MOST = 500
"""Records of one alert that are told one by one."""
FINEST = Decimal("0.0001")
PERCENT = 100


def see(runtime: Runtime, alert: Alert) -> Seen:
    """Look once.

    Raises:
        Forbidden: the alert's role may not list such records any more.

    """
    now = runtime.clock()
    span = alert.during
    since = now - timedelta(seconds=span.seconds) if span is not None else None
    if alert.measure == EACH:
        return _records(runtime, alert, range_of(alert, since, None))
    value = _number(runtime, alert, range_of(alert, since, None))
    if not alert.is_multiple or value is None or span is None or since is None:
        return Seen(value)
    if alert.against == WEEKS:
        return Seen(_divided(value, _usual(runtime, alert, since, now)))
    earlier = since - timedelta(seconds=span.seconds)
    return Seen(_divided(value, _number(runtime, alert, range_of(alert, earlier, since))))


def _usual(runtime: Runtime, alert: Alert, since: datetime, until: datetime) -> Decimal | None:
    """Return what is usual: the median of the same stretch in past weeks, by the shop's clocks.

    Weeks without anything say nothing: the shop may be younger, or have been closed. None where
    fewer than half of them know.
    """
    found = []
    for week in range(1, alert.weeks + 1):
        ends = [_weeks_before(runtime, at, week) for at in (since, until)]
        found.append(_number(runtime, alert, range_of(alert, *ends)))
    known = [one for one in found if one]
    return median(known) if len(known) * 2 >= alert.weeks else None


def _weeks_before(runtime: Runtime, at: datetime, weeks: int) -> datetime:
    """Return the same weekday and hour earlier, where clocks may have been changed since."""
    local = at.astimezone(runtime.time_zone).replace(tzinfo=None)
    earlier = local - timedelta(weeks=weeks)
    return earlier.replace(tzinfo=runtime.time_zone).astimezone(UTC)


def actor_of(runtime: Runtime, alert: Alert) -> Actor:
    """Return who looks: the alert's role, and nobody's person."""
    zone = runtime.app.time_zone
    return Actor(0, alert.name, frozenset({alert.role}), kind="job", time_zone=zone)


def _records(runtime: Runtime, alert: Alert, query: Mapping[str, tuple[str, ...]]) -> Seen:
    plan = plan_of(runtime, alert, query, (alert.where,))
    plan = plan.with_values(limit=MOST)
    with read(runtime.engine) as connection:
        page = fetch.page(connection, runtime.statements, plan)
        count = len(page.rows)
        if page.next_cursor:
            count, _ = fetch.count(connection, runtime.statements, plan, exact=True)
    place = [path.text for path in plan.paths].index("id")
    return Seen(Decimal(count), tuple(str(row[place]) for row in page.rows))


def _number(runtime: Runtime, alert: Alert, query: Mapping[str, tuple[str, ...]]) -> Decimal | None:
    if alert.measure == COUNT:
        return _count(runtime, alert, query, (alert.where,))
    if alert.measure == SHARE:
        whole = _count(runtime, alert, query, (alert.among,))
        part = _count(runtime, alert, query, (alert.among, alert.where))
        return _divided(part * PERCENT, whole)
    return _summed(runtime, alert, query)


def _count(
    runtime: Runtime,
    alert: Alert,
    query: Mapping[str, tuple[str, ...]],
    where: tuple[Expression | None, ...],
) -> Decimal:
    plan = plan_of(runtime, alert, query, where)
    with read(runtime.engine) as connection:
        found, _ = fetch.count(connection, runtime.statements, plan, exact=True)
    return Decimal(found)


def _summed(runtime: Runtime, alert: Alert, query: Mapping[str, tuple[str, ...]]) -> Decimal | None:
    """Add the field up; sums of several currencies make no number."""
    actor = actor_of(runtime, alert)
    grant = runtime.matrix.grant(actor.roles, alert.entity, "list")
    if grant is None:
        raise Forbidden()
    asked = Incoming(
        "aggregate", alert.entity, actor, query={**query, "sum": (alert.field,)}, source="job"
    )
    planned = aggregate.plan(aggregate.parse(asked, grant, runtime), grant, runtime)
    plan = _narrowed(planned.query, (alert.where,))
    with read(runtime.engine) as connection:
        rows, _ = fetch.groups(connection, runtime.statements, plan, planned.by, planned.measures)
    if len(rows) != 1 or rows[0][-1] is None:
        return None
    count, total = int(rows[0][-2]), int(rows[0][-1])
    field = runtime.app.entities[alert.entity].fields[alert.field]
    kind = runtime.compiled.field_types[field.type].expression_type(field)
    places = kind.scale if isinstance(kind, types.Number) else 0
    value = Decimal(total).scaleb(-places)
    return _divided(value, Decimal(count)) if alert.measure == AVERAGE else value


def plan_of(
    runtime: Runtime,
    alert: Alert,
    query: Mapping[str, tuple[str, ...]],
    where: tuple[Expression | None, ...],
) -> QueryPlan:
    actor = actor_of(runtime, alert)
    grant = runtime.matrix.grant(actor.roles, alert.entity, "list")
    if grant is None:
        raise Forbidden()
    asked = Incoming("list", alert.entity, actor, query=query, source="job")
    call = _reading.parse_read(asked, grant, runtime)
    call = call.but(fields=("id",), includes=(), sort=("id",))
    return _narrowed(_reading.plan_read(call, grant, runtime), where)


def _narrowed(plan: QueryPlan, where: tuple[Expression | None, ...]) -> QueryPlan:
    wanted = tuple(one for one in where if one is not None)
    return replace(plan, where=(*plan.where, *wanted))


def range_of(
    alert: Alert, since: datetime | None, until: datetime | None
) -> dict[str, tuple[str, ...]]:
    """Return the filter of a stretch of time, as an address says it."""
    found: dict[str, tuple[str, ...]] = {}
    if alert.during is not None and since is not None:
        found[f"{alert.during.field}[gte]"] = (since.isoformat(),)
        if until is not None:
            found[f"{alert.during.field}[lt]"] = (until.isoformat(),)
    return found


def _divided(value: Decimal, by: Decimal | None) -> Decimal | None:
    if by is None:
        return None
    try:
        return (value / by).quantize(FINEST, ROUND_HALF_UP)
    except (DivisionByZero, InvalidOperation):
        return None


def shown(value: Decimal | Any | None) -> str | None:
    """Return a number as it is kept: plain, without zeros at its end."""
    if value is None:
        return None
    text = format(Decimal(value), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
