"""What a transition costs: one over REST, and many in bulk beside bare SQL that writes the same.

`python benchmarks/transitions.py` makes a small database and prints milliseconds and records a
second. The bare side locks the record, changes it and inserts the very rows that ours left (log,
audit, two events), each record in a transaction of its own, as ours does. Both are measured in one
run, in turn, so that what else the machine does hits them alike.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from benchmarks.shop import open_shop  # noqa: E402 (the path comes first)
from runtime.files import FileStore  # noqa: E402 (likewise)
from runtime.jobs.outbox import OUTBOX  # noqa: E402 (likewise)
from runtime.messages import Actor, Incoming, Result  # noqa: E402 (likewise)
from runtime.operations import _bulk_firing  # noqa: E402 (likewise)
from runtime.pipeline import handle  # noqa: E402 (likewise)
from runtime.runtime import Runtime  # noqa: E402 (likewise)
from runtime.store.engine import write  # noqa: E402 (likewise)
from runtime.store.guard import system  # noqa: E402 (likewise)
from runtime.store.system_tables import own_tables  # noqa: E402 (likewise)
from runtime.web.rest import Api  # noqa: E402 (likewise)
from runtime.web.wire import Asked  # noqa: E402 (likewise)

FILES = {
    "app.yaml": "app: desk\nlabel: {en: Desk, zh: 柜台}\n",
    "roles.yaml": "roles: {clerk: {label: {en: Clerk, zh: 职员}}}\n",
    "desk.access.yaml": "access: desk\ngrants: {clerk: {case: all}}\n",
    "case.entity.yaml": """entity: case
label: {en: Case, zh: 个案}
title: "{name}"
fields:
  name: {type: text, required: true}
  amount: {type: money}
  closed: {type: datetime}
  note: {type: text}
""",
    "case.workflow.yaml": """entity: case
workflows:
  handling:
    field: status
    initial: open
    states:
      open: {label: {en: Open, zh: 未结}}
      done: {label: {en: Done, zh: 已结}, final: true}
    transitions:
      close:
        label: {en: Close, zh: 结案}
        from: open
        to: done
        roles: clerk
        guard: [{if: "amount > 0", code: EMPTY}]
        do:
          - set: {closed: now}
          - set: {note: "'closed'"}
        after_commit: [{notify: closed, for: clerk}]
        bulk: {max: 10000}
""",
}
CLERK = Actor(1, "clerk", frozenset({"clerk"}))
BODY = {"operation": "transition", "workflow": "handling", "transition": "close"}
CHUNK = 500


@click.command()
@click.option("--database-url", help="Another database than a SQLite file; it must be empty.")
@click.option("--rows", default=10_000, show_default=True, help="Records of the bulk change.")
@click.option("--calls", default=300, show_default=True, help="Single transitions over REST.")
def main(database_url: str | None, rows: int, calls: int) -> None:
    """Print what a transition costs."""
    with tempfile.TemporaryDirectory() as place:
        for name, text in FILES.items():
            (Path(place) / name).write_text(text, encoding="utf-8")
        runtime = open_shop(Path(place), database_url or f"sqlite:///{place}/desk.db")
        ids = _filled(runtime, 2 * (calls + rows))
        single, plain = _over_rest(runtime, Path(place), ids[: 2 * calls])
        click.echo(
            f"one transition over REST: median {statistics.median(single):.2f} ms, "
            f"95 of 100 within {statistics.quantiles(single, n=20)[-1]:.2f} ms; "
            f"bare SQL of the same rows: median {statistics.median(plain):.2f} ms"
        )
        others = ids[2 * calls :]
        ours, bare = _in_turn(runtime, others[:rows], others[rows:])
        click.echo(
            f"{rows} in bulk: {rows / ours:.0f} a second; bare SQL {rows / bare:.0f} a second; "
            f"{bare / ours:.2f} of the bare rate"
        )
        runtime.engine.dispose()


def _filled(runtime: Runtime, count: int) -> list[str]:
    table, now = runtime.schema.tables["case"], runtime.clock()
    ids = [runtime.make_id() for _ in range(count)]
    rows = [
        {
            "id": one,
            "name": f"Case {number}",
            "amount": 1250,
            "status": "open",
            "version": 1,
            "created_at": now,
            "updated_at": now,
            "created_by": 1,
            "updated_by": 1,
        }
        for number, one in enumerate(ids)
    ]
    with write(runtime.engine) as connection:
        for at in range(0, count, CHUNK):
            connection.execute(system(table.insert(), "a benchmark"), rows[at : at + CHUNK])
    return ids


def _over_rest(
    runtime: Runtime, place: Path, ids: Sequence[str]
) -> tuple[list[float], list[float]]:
    """Return milliseconds, in turn: of each request, up to the answer's bytes, and of bare SQL."""
    kept = runtime.system.file
    files = FileStore(place / "files", runtime.engine, kept, runtime.clock, runtime.make_id)
    api = Api(runtime, files)
    headers: Mapping[str, str] = {}
    rows, spent, plain = _rows_of_one(runtime), [], []
    for one, other in zip(ids[::2], ids[1::2], strict=True):
        asked = Asked(
            method="POST",
            path=f"case/{one}/transitions/handling/close",
            query="",
            headers=headers,
            body=lambda *_: b"",
            actor=CLERK,
            locale="en",
            request_id=one,
            address="",
        )
        began = time.perf_counter()
        answer = api.answer(asked)
        spent.append((time.perf_counter() - began) * 1000)
        assert answer.status == 200, answer.body
        began = time.perf_counter()
        _bare(runtime, rows, other)
        plain.append((time.perf_counter() - began) * 1000)
    return spent, plain


def _in_turn(runtime: Runtime, mine: Sequence[str], theirs: Sequence[str]) -> tuple[float, float]:
    """Return the seconds of the bulk change and of bare SQL, a few hundred of each in turn."""
    rows = _rows_of_one(runtime)
    ours = bare = 0.0
    for at in range(0, len(mine), CHUNK):
        targets = [(one, 1) for one in mine[at : at + CHUNK]]
        incoming = Incoming("bulk", "case", CLERK, values=BODY, source="job")
        batch = _bulk_firing.batch_of(runtime, incoming, BODY)
        began = time.perf_counter()
        outcomes = list(_bulk_firing.fire_each(runtime, batch, targets))
        ours += time.perf_counter() - began
        assert all(one.status == "ok" for one in outcomes), outcomes[0]
        began = time.perf_counter()
        for one in theirs[at : at + CHUNK]:
            _bare(runtime, rows, one)
        bare += time.perf_counter() - began
    return ours, bare


def _rows_of_one(runtime: Runtime) -> dict[str, list[dict[str, Any]]]:
    """Return the rows that one transition of ours leaves beside the record, by table."""
    answer = handle(Incoming("create", "case", CLERK, values=CASE), runtime)
    assert isinstance(answer, Result)
    one = str(answer.row[0])
    values = {"workflow": "handling", "transition": "close"}
    before = datetime.now(UTC)  # noqa: TID251 (what was created before has earlier rows)
    done = handle(Incoming("transition", "case", CLERK, one, values), runtime)
    assert isinstance(done, Result), done
    tables = own_tables()
    found = {}
    with runtime.engine.connect() as connection:
        for table, moment in (
            (tables.workflow_log, tables.workflow_log.c.at),
            (tables.audit, tables.audit.c.at),
            (OUTBOX, OUTBOX.c.created_at),
        ):
            asked = sa.select(table).where(table.c.record_id == one, moment >= before)
            found[table.name] = [dict(row) for row in connection.execute(asked).mappings()]
    return found


CASE = {"name": "Case", "amount": "12.50"}


def _bare(runtime: Runtime, rows: Mapping[str, list[dict[str, Any]]], one: str) -> None:
    """Write what a transition writes, with nothing decided and nothing asked."""
    table = runtime.schema.tables["case"]
    tables = {each.name: each for each in (own_tables().workflow_log, own_tables().audit, OUTBOX)}
    now = runtime.clock()
    with runtime.engine.begin() as connection:
        locked = sa.select(table).where(table.c.id == one).with_for_update()
        version = connection.execute(locked).one().version
        change = table.update().where(table.c.id == one, table.c.version == version)
        connection.execute(
            change.values(
                status="done",
                closed=now,
                note="closed",
                version=version + 1,
                updated_at=now,
                updated_by=1,
            )
        )
        for name, told in rows.items():
            fresh = [{**row, "id": runtime.make_id(), "record_id": one} for row in told]
            connection.execute(tables[name].insert(), fresh)


if __name__ == "__main__":
    main()
