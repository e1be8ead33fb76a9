"""What needs no server: start-up with a hundred entities, an expression, rows to JSON.

The expression of ten operators runs on one dictionary in our language (compiled to Python), in
`simpleeval` and in `cel-python`, where those are installed.
"""

from __future__ import annotations

import importlib.util
import shutil
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import orjson

from benchmarks.contenders import OURS, Server
from benchmarks.database import HERE
from generator.compile import compile_definitions
from runtime.store.paths import Path as FieldPath
from runtime.store.rows import json_function

FILLERS = 97
ENTITY = """entity: filler_{number}
label: {{en: Filler {number}, zh: 填充 {number}}}
title: "{{name}}"
fields:
  name:     {{type: text, label: {{en: Name, zh: 名称}}, required: true}}
  amount:   {{type: money, label: {{en: Amount, zh: 金额}}, currency: EUR}}
  count:    {{type: integer, label: {{en: Count, zh: 数量}}}}
  due:      {{type: date, label: {{en: Due, zh: 到期日}}}}
  customer: {{type: reference, to: customer, label: {{en: Customer, zh: 客户}}}}
  state:
    type: choice
    label: {{en: State, zh: 状态}}
    options: {{open: {{en: Open, zh: 打开}}, done: {{en: Done, zh: 完成}}}}
"""
RULE = "count * 2 + quantity * 3 - discount > 10 and (count < 100 or quantity >= 5) and active"
"""Ten operators: three products and sums, three comparisons, and, or, and what they join."""
ENTITY_OF_RULE = f"""entity: rule
label: {{en: Rule, zh: 规则}}
fields:
  count:    {{type: integer, label: {{en: Count, zh: 数量}}}}
  quantity: {{type: integer, label: {{en: Quantity, zh: 件数}}}}
  discount: {{type: integer, label: {{en: Discount, zh: 折扣}}}}
  active:   {{type: boolean, label: {{en: Active, zh: 启用}}}}
checks:
  - {{that: "{RULE}", code: RULE, message: {{en: "No.", zh: 不行。}}}}
"""
FACTS = {"count": 7, "quantity": 3, "discount": 2, "active": True}


def hundred_entities(folder: Path) -> Path:
    """Write definitions of a hundred entities into a folder and return it."""
    shutil.copytree(HERE / "definitions", folder, dirs_exist_ok=True)
    names = [f"filler_{number}" for number in range(FILLERS)]
    for number, name in enumerate(names):
        (folder / f"{name}.entity.yaml").write_text(ENTITY.format(number=number))
    grants = "".join(f"    {name}: all\n" for name in names)
    (folder / "fillers.access.yaml").write_text(f"access: fillers\ngrants:\n  clerk:\n{grants}")
    return folder


def start_up(environment: dict[str, str], rounds: int) -> dict[str, float]:
    """Return seconds until one worker is ready, and its resident megabytes after a request."""
    seconds, megabytes = [], []
    for _ in range(rounds):
        server = Server(OURS, "granian", environment)
        try:
            seconds.append(server.start(workers=1))
            megabytes.append(server.worker_bytes() / 1e6)
        finally:
            server.stop()
    return {"seconds": statistics.median(seconds), "megabytes": statistics.median(megabytes)}


def expression(folder: Path) -> dict[str, float]:
    """Return microseconds an evaluation, by language."""
    shutil.copytree(HERE / "definitions", folder, dirs_exist_ok=True)
    (folder / "rule.entity.yaml").write_text(ENTITY_OF_RULE)
    rule = compile_definitions(folder).app.entities["rule"].checks[0].that.function
    found = {"ours": _microseconds(lambda: rule(FACTS, {}))}
    if importlib.util.find_spec("simpleeval"):
        from simpleeval import SimpleEval  # noqa: PLC0415 (only when it is installed)

        parsed = SimpleEval().parse(RULE)
        evaluate = SimpleEval(names=FACTS)
        found["simpleeval"] = _microseconds(lambda: evaluate.eval(RULE, parsed))
    if importlib.util.find_spec("celpy"):
        import celpy  # noqa: PLC0415 (only when it is installed)

        environment = celpy.Environment()
        text = RULE.replace(" and ", " && ").replace(" or ", " || ")
        program = environment.program(environment.compile(text))
        found["cel-python"] = _microseconds(
            lambda: program.evaluate(celpy.json_to_cel(FACTS)), repeat=200
        )
    return found


def dump_rows() -> dict[str, float]:
    """Return microseconds a row of an order takes from tuple to JSON bytes, in thousands."""
    compiled = compile_definitions(HERE / "definitions")
    entity = compiled.app.entities["order"]
    names = ("id", "version", "number", "customer", "status", "placed_at", "note", "total")
    paths = [FieldPath(name, (entity.fields[name],)) for name in names]
    make = json_function(paths, compiled.field_types)
    from datetime import UTC, datetime  # noqa: PLC0415 (beside the one row it is for)

    moment = datetime(2026, 11, 22, 10, tzinfo=UTC)
    row = ("018e", 1, "SO1", "018f", "paid", moment, None, 123456)
    rows = [row] * 1000
    return {"ours": _microseconds(lambda: orjson.dumps([make(each) for each in rows]), 50) / 1000}


def _microseconds(run: Callable[[], object], repeat: int = 20_000) -> float:
    best = []
    for _ in range(5):
        begin = time.perf_counter()
        for _ in range(repeat):
            run()
        best.append((time.perf_counter() - begin) / repeat * 1e6)
    return min(best)
