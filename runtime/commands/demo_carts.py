"""Carts of a demo are placed as any till places one: priced, shown, taken, carried on by steps.

`carts.json` beside the rows is a list of objects: `cart` as `evaluate` takes it, `record` with what
else the record says (another record by its natural key: `{"store": {"code": "N"}}`), and `steps`,
each a transition `do` with its `input`, of the record or `of` those that belong to it
(`"of": "payment.order"`). Sent again, nothing is placed or done twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from generator.model.text import Label, in_both
from runtime.errors import RequestError
from runtime.messages import Actor, Incoming, Result
from runtime.pipeline import handle
from runtime.runtime import Runtime
from runtime.seed import SeedRefused
from runtime.store.engine import read
from runtime.store.guard import system

FILE = "carts.json"
WHY = "the carts of a demo"


def place_carts(runtime: Runtime, folder: Path, actor: Actor) -> int:
    """Place every cart of a folder that was not placed yet; return how many there are.

    Raises:
        SeedRefused: one of them, or a step, is refused.

    """
    file, pricing = folder / FILE, runtime.app.pricing
    if not file.is_file() or pricing is None or pricing.placing is None:
        return 0
    carts = orjson.loads(file.read_bytes())
    counter = _Counter(runtime, actor, pricing.entity, pricing.placing.creates)
    for number, one in enumerate(carts, 1):
        counter.place(f"demo-cart/{number}", one)
    return len(carts)


@dataclass(frozen=True)
class _Counter:
    """Where carts are placed, and by whom."""

    runtime: Runtime
    actor: Actor
    promotions: str
    placed: str

    def place(self, key: str, given: Mapping[str, Any]) -> None:
        seen: Any = self._do("evaluate", self.promotions, given["cart"])
        body = {
            "cart": given["cart"],
            "fingerprint": seen.row.priced.fingerprint,
            "record": {name: self._id(name, one) for name, one in given["record"].items()},
        }
        made: Any = self._do("place", self.placed, body, key=key)
        record = str(made.row[0])
        for number, step in enumerate(given.get("steps", ()), 1):
            entity, _, field = step.get("of", self.placed).partition(".")
            for each in self._belonging(entity, field, record) if field else (record,):
                values = {"workflow": self._workflow(entity, step["do"]), "transition": step["do"]}
                values["input"] = step.get("input", {})
                self._do("transition", entity, values, key=f"{key}/{number}/{each}", record=each)

    def _do(self, name: str, entity: str, values: Any, *, key: str = "", record: str = "") -> Any:
        asked = Incoming(
            name, entity, self.actor, record, values, idempotency_key=key, source="seed", same=key
        )
        answer = handle(asked, self.runtime)
        if isinstance(answer, RequestError):
            raise SeedRefused(in_both(lambda locale: _said(key or name, answer, locale)))
        assert isinstance(answer, Result)
        return answer

    def _workflow(self, entity: str, step: str) -> str:
        """Return the workflow of an entity that has a step; empty where none has."""
        flows = self.runtime.app.workflows.get(entity, {})
        return next((name for name, flow in flows.items() if flow.named(step)), "")

    def _id(self, name: str, value: Any) -> Any:
        """Return what a field says, another record by its id."""
        if not isinstance(value, Mapping):
            return value
        target = self.runtime.app.entities[self.placed].fields[name].target
        found = next(self._ids(target, value), None)
        if found is None:
            raise SeedRefused(in_both(lambda locale: _nobody(target, value, locale)))
        return found

    def _belonging(self, entity: str, field: str, record: str) -> tuple[str, ...]:
        return tuple(self._ids(entity, {field: record}))

    def _ids(self, entity: str, where: Mapping[str, Any]) -> Iterator[str]:
        table = self.runtime.schema.tables[entity]
        asked = sa.select(table.c.id).where(*(table.c[name] == one for name, one in where.items()))
        with read(self.runtime.engine) as connection:
            for row in connection.execute(system(asked.order_by(table.c.id), WHY)).all():
                yield str(row[0])


def _nobody(entity: str, where: Mapping[str, Any], locale: str) -> str:
    wanted = ", ".join(f"{name}={one}" for name, one in where.items())
    told = Label({"en": "There is no such record: {what}.", "zh": "没有这条记录：{what}。"})
    return f"{FILE}: {told.text(locale).format(what=f'{entity} {wanted}')}"


def _said(what: str, refused: RequestError, locale: str) -> str:
    reasons = [f"{one.field}: {one.message.text(locale)}" for one in refused.errors]
    return f"{FILE}: {what}: {refused.message.text(locale)} {'; '.join(reasons)}".strip()
