"""A shop is kept in one archive and is there again: proved on both databases."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
import sqlalchemy as sa

from generator.compile import compile_definitions
from runtime.backup import restoring, taking
from runtime.backup.archive import MANIFEST, BadArchive
from runtime.backup.restoring import NotEmpty
from runtime.jobs.starting import start_run
from runtime.store.copies import CopyDoesNotFit
from runtime.store.engine import make_engine
from runtime.store.migrate.apply import create_all
from tests.databases import url_of
from tests.jobs.office import CHIEF, CLERK, FILES, Office
from tests.shop import NOON, Shop, reopen_shop, write_folder

KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
STRANGE = "ünï\\tcode \\N \\. 备份 'quoted'"
"""A text that means something to COPY."""
JOB = """
job: keep_all
label: {en: Backup, zh: 备份}
role: robot
operators: chief
do:
  - {backup: everything, keep: 2}
"""


@pytest.fixture(params=KINDS)
def office(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Office]:
    monkeypatch.setitem(FILES, "work/keep_all.job.yaml", JOB)
    opened = open_released(url_of(request.param, tmp_path), tmp_path)
    yield opened
    opened.runtime.engine.dispose()


def open_released(url: str, folder: Path) -> Office:
    """Open the office over a database that definitions were applied to, as a real one is."""
    definitions = write_folder(folder / "office", FILES)
    engine = make_engine(url)
    create_all(engine, compile_definitions(definitions), now=NOON)
    engine.dispose()
    opened = reopen_shop(url, definitions)
    office = Office(opened.runtime, CLERK, results=folder / "results")
    opened.runtime.clock = lambda: office.now[0]
    return office


def archives(folder: Path) -> list[Path]:
    return sorted((folder / taking.FOLDER).glob("*.tar.gz"))


def test_what_the_job_kept_at_night_is_a_working_shop_elsewhere(
    office: Office, tmp_path: Path
) -> None:
    ids = office.errands(30, note=STRANGE)
    (tmp_path / "files" / "ab").mkdir(parents=True)
    (tmp_path / "files" / "ab" / "cd").write_bytes(b"a picture")
    run_id = start_run(office.runtime, "keep_all", {}, by=CHIEF)
    assert office.work() == ["succeeded"]
    told = office.run(run_id)["result"]
    assert told["tried"] == told["kept_rows"] > 60
    (path,) = archives(tmp_path)
    assert path.stat().st_mode & 0o077 == 0
    # what comes after the backup is not in it
    office.errands(1)
    kind = office.runtime.engine.dialect.name
    engine = make_engine(url_of(kind, tmp_path))
    elsewhere, files = tmp_path / "definitions", tmp_path / "elsewhere"
    restoring.restore(path, engine, files, elsewhere, NOON)
    assert (files / "ab" / "cd").read_bytes() == b"a picture"
    kept = (elsewhere / "work" / "keep_all.job.yaml").read_text("utf-8")
    assert kept.strip() == JOB.strip()
    again = Shop(replace(office.runtime, engine=engine), office.actor)
    found = [again.row(again.done("read", "errand", record=one)) for one in ids]
    assert {one["note"] for one in found} == {STRANGE}
    # it goes on: constraints, guards of the log and numbers are there
    made = again.row(again.done("create", "errand", {"name": "New"}))
    assert made["version"] == 1
    with pytest.raises(sa.exc.DBAPIError), engine.begin() as connection:
        connection.execute(sa.text("delete from sw_audit"))
    engine.dispose()


def test_a_restore_writes_over_nothing_and_believes_no_archive_that_was_touched(
    office: Office, tmp_path: Path
) -> None:
    office.errands(2)
    runtime, folder = office.runtime, tmp_path / "kept"
    made = taking.take(runtime.engine, "office", tmp_path / "none", folder, NOON)
    with pytest.raises(NotEmpty):
        restoring.restore(made.path, runtime.engine, tmp_path / "f", None, NOON)
    kind = runtime.engine.dialect.name
    empty = make_engine(url_of(kind, tmp_path))
    whole = made.path.read_bytes()
    for number, content in enumerate((whole[: len(whole) // 2], b"", b"no archive at all")):
        broken = folder / f"broken-{number}.tar.gz"
        broken.write_bytes(content)
        with pytest.raises(BadArchive):
            restoring.restore(broken, empty, tmp_path / "f", None, NOON)
    for name, text in (("database/../../out", b"x"), ("database/new.copy", b"x")):
        with pytest.raises(BadArchive):
            restoring.restore(_with(made.path, name, text), empty, tmp_path / "f", None, NOON)
    assert not (tmp_path / "out").exists()
    assert sa.inspect(empty).get_table_names() == []
    restoring.restore(made.path, empty, tmp_path / "f", None, NOON)
    empty.dispose()


def test_a_backup_whose_rows_are_not_all_there_is_none(office: Office, tmp_path: Path) -> None:
    office.errands(2)
    runtime, folder = office.runtime, tmp_path / "kept"
    made = taking.take(runtime.engine, "office", tmp_path / "none", folder, NOON)
    with tarfile.open(made.path) as tar:
        held = {one.name: tar.extractfile(one) for one in tar}
        texts = {name: file.read() for name, file in held.items() if file is not None}
    wrong = texts[MANIFEST].replace(b'"errand":2', b'"errand":3')
    assert wrong != texts[MANIFEST]
    path = folder / "wrong.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for name, content in {**texts, MANIFEST: wrong}.items():
            _add(tar, name, content)
    with pytest.raises(CopyDoesNotFit, match="errand has 2 rows, not 3"):
        taking.prove(runtime.engine, path)
    assert taking.prove(runtime.engine, made.path).rows["errand"] == 2


def test_old_archives_go_and_a_failed_one_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FILES, "work/keep_all.job.yaml", JOB)
    here = open_released(url_of("sqlite", tmp_path), tmp_path)
    for _ in range(4):
        start_run(here.runtime, "keep_all", {}, by=CHIEF)
        assert here.work() == ["succeeded"]
        here.later(hours=1)
    assert len(archives(tmp_path)) == 2

    def broken(*_: object) -> dict[str, int]:
        raise OSError("no space left")

    monkeypatch.setattr(taking, "copy_out", broken)
    with pytest.raises(OSError, match="no space"):
        taking.take(here.runtime.engine, "x", tmp_path, tmp_path / taking.FOLDER, NOON)
    names = {path.name for path in (tmp_path / taking.FOLDER).iterdir()}
    assert names == {path.name for path in archives(tmp_path)}
    here.runtime.engine.dispose()


def _with(path: Path, name: str, content: bytes) -> Path:
    """Return a copy of an archive with one more member."""
    changed = path.with_name("changed.tar.gz")
    with tarfile.open(path) as old, tarfile.open(changed, "w:gz") as tar:
        _add(tar, name, content)
        for one in old:
            tar.addfile(one, old.extractfile(one))
    return changed


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    one = tarfile.TarInfo(name)
    one.size = len(content)
    tar.addfile(one, BytesIO(content))
