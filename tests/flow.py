"""A shop of state machines for tests: orders with payments and parcels, people, and a clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from rules.proof import Proof
from runtime.errors import RequestError
from runtime.messages import Actor, Incoming, Result
from runtime.pipeline import handle
from tests.shop import NOON, Shop, open_shop, person

FLOW = Path(__file__).parent / "shops" / "flow"
CLERK, OTHER, BOSS = person("clerk"), person("clerk", number=2), person("manager", number=3)
SYSTEM = Actor(0, "system", frozenset(), kind="system")
LINE = {"item": "Cap", "amount": "10"}
ORDER: Mapping[str, Any] = {"name": "A", "address": "Street 1", "lines": [LINE]}


@dataclass
class Flow(Shop):
    """The shop, and the ways in which its records move."""

    def fire(
        self,
        record: str,
        transition: str,
        answers: Mapping[str, Any] | None = None,
        *,
        entity: str = "order",
        source: str = "screen",
        actor: Actor = CLERK,
        version: int | None = None,
        key: str = "",
        **more: Any,
    ) -> Result | RequestError:
        workflow, _, name = transition.rpartition(".")
        values = {
            "workflow": workflow or "fulfilment",
            "transition": name,
            "input": answers or {},
            **more,
        }
        incoming = Incoming(
            "transition",
            entity,
            actor,
            record,
            values,
            version=version,
            idempotency_key=key,
            source=source,
        )
        return handle(incoming, self.runtime)

    def fired(self, record: str, transition: str, *args: Any, **options: Any) -> Result:
        answer = self.fire(record, transition, *args, **options)
        assert isinstance(answer, Result), (answer, getattr(answer, "errors", ()))
        return answer

    def blocked(self, record: str, transition: str, *args: Any, **options: Any) -> RequestError:
        answer = self.fire(record, transition, *args, **options)
        assert isinstance(answer, RequestError), answer
        return answer

    def order(self, **values: Any) -> str:
        return str(self.row(self.done("create", "order", {**ORDER, **values}))["id"])

    def read(self, record: str, entity: str = "order") -> dict[str, Any]:
        return self.row(self.done("read", entity, record=record))

    def stored(self, table: str, **where: Any) -> list[dict[str, Any]]:
        """Return rows of one of the engine's tables, or of an entity, in the order of their ids."""
        tables = self.runtime.system
        found = getattr(tables, table, None)
        found = self.runtime.schema.tables[table] if found is None else found
        chosen = sa.select(found).order_by(*found.primary_key)
        for name, value in where.items():
            chosen = chosen.where(found.c[name] == value)
        with self.runtime.engine.connect() as connection:
            return [dict(row) for row in connection.execute(chosen).mappings()]

    def at(self, moment: datetime) -> None:
        """Let it be another time."""
        self.runtime.clock = lambda: moment


def open_flow(url: str, folder: Path = FLOW) -> Flow:
    """Return the shop over an empty database."""
    opened = open_shop(url, folder, "clerk")
    return Flow(opened.runtime, CLERK)


def proved(actor: Actor, typed: str = "") -> Actor:
    """Return somebody who gave their password just now, and typed something."""
    return replace(actor, proof=Proof(typed, NOON.timestamp()))
