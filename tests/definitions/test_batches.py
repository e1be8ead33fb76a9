"""Codes in batches: so many of a pattern, each once, as a file, and none twice when begun again."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from runtime.jobs import results
from runtime.jobs.starting import every_kind, start_run
from runtime.jobs.tables import FILE
from runtime.jobs.worker import WorkerSetup, work_on
from runtime.steps import create
from runtime.store.engine import read, write
from runtime.store.guard import system
from tests.databases import sqlite_url
from tests.offices import open_office

DEFINITIONS = Path(__file__).resolve().parents[2] / "definitions"


def test_a_batch_is_made_once_however_often_it_is_begun_and_comes_as_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = open_office(DEFINITIONS, sqlite_url(tmp_path))
    days = {"starts_at": "2026-01-01T00:00:00Z", "ends_at": "2026-12-31T00:00:00Z"}
    name = {"en": "Fly", "zh": "传单"}
    template = office.create("coupon_template", {"code": "FLY", "name": name, "value": "5", **days})
    runs = office.runtime.schema.tables["coupon_template"].update().values(status="active")
    with write(office.runtime.engine) as connection:  # as if it had been approved and begun
        connection.execute(system(runs, "a coupon that runs"))
    asked = {"template": template, "pattern": "FLY-????-????", "count": 450,
             "valid_until": "2026-12-24T00:00:00Z"}  # fmt: skip
    batch = office.create("coupon_batch", asked)
    number = str(office.read("coupon_batch", batch)["number"])
    told = {**asked, "batch": number, "template": "FLY"}
    kinds = every_kind(office.runtime.app)
    runtime = office.runtime
    setup = WorkerSetup(runtime.engine, runtime.clock, kinds, runtime, results=tmp_path / "files")
    # the second chunk finds its worker gone; the run that follows makes what is missing
    made = create.create_inside
    count = iter(range(10_000))

    def dying(*args: object) -> object:
        if next(count) == 300:
            raise MemoryError
        return made(*args)  # type: ignore[arg-type]  # as it was asked

    monkeypatch.setattr(create, "create_inside", dying)
    for _ in range(3):
        run = start_run(runtime, "make_coupons", {"parameters": told})
        state = work_on(setup, "make_coupons", run, "test")
    assert state == "succeeded"
    codes = [str(one["code"]) for one in office.all("coupon", "code", batch=batch)]
    assert len(codes) == len(set(codes)) == 450
    assert all(code.startswith("FLY-") and len(code) == 13 for code in codes)
    with read(runtime.engine) as connection:
        file_id = str(connection.execute(FILE.select().where(FILE.c.run_id == run)).one().id)
    text = results.path_of(tmp_path / "files", run, file_id).read_text("utf-8-sig")
    assert sorted(row[0] for row in csv.reader(text.splitlines()[1:])) == sorted(codes)
    runtime.engine.dispose()
