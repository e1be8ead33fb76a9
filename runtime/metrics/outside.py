"""How other systems fare, for Prometheus: asked of the database when somebody scrapes.

Calls are made in processes that live for one of them, so what they counted would be lost; the rows
say the same, whoever made them. Labels come from definitions and closed sets only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from runtime.runtime import Runtime
from runtime.store.audit_chain import first_id_of
from runtime.store.engine import read
from runtime.store.outside_tables import OPEN, WAITING

LATELY = timedelta(hours=1)


def render(runtime: Runtime) -> bytes:
    """Return the numbers of now as text: four statements, each along an index."""
    registry = CollectorRegistry()
    registry.register(_Standing(runtime))
    return generate_latest(registry)


class _Standing(Collector):
    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    def collect(self) -> Iterator[GaugeMetricFamily]:
        calls, incidents = self.runtime.system.call, self.runtime.system.incident
        since = first_id_of(self.runtime.clock() - LATELY)
        with read(self.runtime.engine) as connection:

            def counted(
                name: str,
                help: str,
                labels: Iterable[sa.Column[str]],
                *where: sa.ColumnElement[bool],
            ) -> GaugeMetricFamily:
                columns = tuple(labels)
                found = GaugeMetricFamily(name, help, labels=[one.name for one in columns])
                asked = sa.select(*columns, sa.func.count()).where(*where).group_by(*columns)
                for *values, count in connection.execute(asked):
                    found.add_metric([str(one) for one in values], count)
                return found

            yield counted(
                "shopwright_incidents",
                "Incidents that wait for a person.",
                (incidents.c.kind,),
                incidents.c.state == OPEN,
            )
            about = (calls.c.operation, calls.c.status)
            yield counted(
                "shopwright_calls_last_hour",
                "Calls of other systems that were asked for in the last hour.",
                about,
                calls.c.id >= since,
            )
            yield counted(
                "shopwright_calls_waiting",
                "Calls of other systems that are still to be made or tried again.",
                (calls.c.operation,),
                calls.c.status == WAITING,
            )
            yield _failures(connection, self.runtime)


def _failures(connection: sa.Connection, runtime: Runtime) -> GaugeMetricFamily:
    found = GaugeMetricFamily(
        "shopwright_connector_failures",
        "Failures in a row to reach another system.",
        labels=["connector"],
    )
    table = runtime.system.connector
    for name, failures in connection.execute(sa.select(table.c.name, table.c.failures)):
        found.add_metric([str(name)], failures)
    return found
