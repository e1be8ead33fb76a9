"""Python and both databases decide alike, for random lines, rows and people."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from generator.compile import compile_definitions
from rules.masks import HIDDEN, Masked, mask
from rules.permissions import Grant
from runtime.messages import Actor
from runtime.operations._reading import context
from runtime.runtime import Runtime
from runtime.store import fetch
from runtime.store.paths import Path as FieldPath
from runtime.store.plan import QueryPlan, Sort
from tests.access.branches import FOLDER, Branches
from tests.access.canaries import facts_of, raw

ROWS = (
    "store in actor.stores",
    "not (store in actor.stores)",
    "owner == actor.id",
    "not (owner == actor.id)",
    "total > 15",
    "not (total > 15)",
    "store.code == 'S1'",
    "store is null",
    "customer.level == 'vip' and status != 'paid'",
    "not (customer.store in actor.stores)",
    "any(lines, amount > 0.5)",
    "not any(lines, amount > 5)",
    "all(lines, amount < 5)",
    "discount <= 0.2 or total < cost",
    "placed_on is null or placed_on < today",
    "'cnry' in tags",
    "status in ['draft', 'placed']",
    "customer.name == 'Wang Fang'",
)
FIELDS = ("number", "total", "cost", "tax_id", "note", "status", "store", "customer", "placed_on")
MASKS = ("full", "name", "bucket", "last4")
ROLES = ("seller", "totals", "taxes", "lead")
CASES = 40


def line(pick: random.Random) -> str:
    """Return one line of the matrix, as an author might write it."""
    parts = ["allow: view"]
    if pick.random() < 0.85:
        one, two = pick.sample(ROWS, 2)
        rows = pick.choice((one, f"({one}) and ({two})", f"({one}) or ({two})", f"not ({one})"))
        parts.append(f'rows: "{rows}"')
    cells = []
    if pick.random() < 0.7:
        cells.append(f"read: [{', '.join(pick.sample(FIELDS, pick.randint(1, 6)))}]")
    veiled = [name for name in pick.sample(FIELDS, 2) if name not in {"store", "customer"}]
    if veiled and pick.random() < 0.6:
        cells.append(f"masked: {{{', '.join(f'{n}: {pick.choice(MASKS)}' for n in veiled)}}}")
    if cells:
        parts.append(f"fields: {{{', '.join(cells)}}}")
    return "{" + ", ".join(parts) + "}"


def access(pick: random.Random) -> str:
    """Return a random access file: one to three lines for each role, and some guardrails."""
    lines = ["access: trade", "grants:", '  owner: {"*": all}']
    for role in ROLES:
        several = ", ".join(line(pick) for _ in range(pick.randint(1, 3)))
        lines.append(f"  {role}: {{order: [{several}]}}")
    if pick.random() < 0.4:
        rows = pick.choice(ROWS)
        lines += ["guardrails:", f'  wall: {{entities: order, where: "{rows}"}}']
    elif pick.random() < 0.5:
        rows = pick.choice(ROWS)
        lines += ["guardrails:", f'  wall: {{entities: order, deny: [list, read], when: "{rows}"}}']
    return "\n".join(lines) + "\n"


def vary(branches: Branches, pick: random.Random) -> None:
    """Make the orders differ in everything that lines ask for, nulls among it."""
    owner = branches.shop.actor
    for number in range(10, 22):
        values: dict[str, Any] = {
            "number": f"R{number}",
            "store": pick.choice([*branches.stores.values(), None]),
            "customer": pick.choice([*branches.customers.values(), None]),
            "total": pick.choice(["5.00", "15.00", "25.00", None]),
            "cost": pick.choice(["1.00", "15.00", None]),
            "owner": pick.choice([1, 7, None]),
            "discount": pick.choice(["0.10", "0.30"]),
            "status": pick.choice(["draft", "placed", "paid"]),
            "placed_on": pick.choice(["2026-11-01", "2026-12-24", None]),
            "tags": pick.choice([[], ["cnry"], ["x", "cnry"]]),
            "note": pick.choice(["text", None]),
            "lines": [{"product": "p", "amount": pick.choice(["0.10", "9.00"])}]
            * pick.randint(0, 2),
        }
        branches.shop.done("create", "order", values, actor=owner)


def plan_of(runtime: Runtime, grant: Grant, actor: Actor) -> QueryPlan:
    """Return the plan of every own cell of every order."""
    entity = runtime.app.entities["order"]
    paths = tuple(FieldPath(name, (entity.fields[name],)) for name in ("id", *FIELDS))
    return QueryPlan(
        entity=entity,
        grant=grant,
        roles=actor.roles,
        paths=paths,
        sort=(Sort(paths[0], descending=False),),
        limit=1000,
        archived="all",
        facts=context(runtime, actor),
    )


def expected(grant: Grant, facts: dict[str, Any], row: dict[str, Any], asked: Any) -> Any:
    """Return what Python decides of a row: None, or its cells."""
    lines = grant.covers(facts, asked)
    if not lines:
        return None
    cells = {}
    for name in FIELDS:
        sight = grant.sight(name, lines)
        if name not in grant.read:
            continue
        places = 2 if name in {"total", "cost"} else 0
        cells[name] = (
            row[name]
            if sight == "clear"
            else HIDDEN
            if sight == "hidden"
            else mask(sight, row[name], places)
        )
    return cells


@pytest.mark.parametrize("seed", range(CASES))
def test_python_and_the_database_decide_alike(
    branches: Branches, tmp_path: Path, seed: int
) -> None:
    if seed == 0:
        vary(branches, random.Random("rows"))
    pick = random.Random(f"lines {seed}")
    folder = tmp_path / "shop"
    shutil.copytree(FOLDER, folder)
    (folder / "trade" / "trade.access.yaml").write_text(access(pick), encoding="utf-8")
    compiled = compile_definitions(folder)
    shop = branches.shop.runtime
    runtime = Runtime(compiled, shop.engine, shop.schema, shop.system, clock=shop.clock)
    entity = runtime.app.entities["order"]
    rows = raw(runtime, entity)
    for roles in (pick.sample(ROLES, count) for count in (1, 2, 3, 4)):
        stores = tuple(code for code in ("S1", "S2") if pick.random() < 0.5)
        actor = branches.person(*roles, stores=stores)
        grant = runtime.matrix.grant(actor.roles, "order", "list")
        assert grant is not None
        asked = context(runtime, actor)
        wanted = {}
        for row in rows:
            cells = expected(grant, facts_of(runtime, entity, row), row, asked)
            if cells is not None:
                wanted[row["id"]] = cells
        plan = plan_of(runtime, grant, actor)
        with fetch.connection(runtime.engine) as connection:
            found = fetch.page(connection, runtime.statements, plan).rows
        seen = {
            str(row[0]): {n: c for n, c in zip(FIELDS, row[1:], strict=True) if n in grant.read}
            for row in found
        }
        assert seen == wanted, access(pick)


def test_every_mask_is_short_and_keeps_the_value_to_itself() -> None:
    secret = "canary-secret-value-13812345678"
    for kind in ("full", "phone", "email", "name", "last4", "district", "bucket", "set"):
        for value in (secret, "+8613812345678", "somebody@example.com", {"street": secret}, 12345):
            masked = mask(kind, value)
            assert isinstance(masked, Masked)
            assert str(value) not in masked.text
            assert "secret" not in masked.text
        assert mask(kind, None) is None
    assert str(mask("phone", "+8613812345678")) == "138****5678"
    assert str(mask("bucket", 123456, 2)) == "1000-9999"
    assert str(mask("district", {"city": "上海市", "district": "徐汇区", "street": "x"})) == (
        "上海市 徐汇区 ****"
    )
