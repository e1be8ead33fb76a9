"""Job kinds are found by listing a folder, and nothing else can be run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.jobs.registry import find_kinds

RUN = "def run(run_id, runtime):\n    return None\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    package = tmp_path / "acme_work"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield package
    for name in [each for each in sys.modules if each.startswith("acme_work")]:
        del sys.modules[name]


def test_every_file_of_the_house_declares_a_job() -> None:
    for name, kind in find_kinds().items():
        assert name == kind.name
        assert kind.queue in ("critical", "default", "bulk")


def test_a_shop_adds_its_own_jobs_as_files(folder: Path) -> None:
    (folder / "recount.py").write_text(f"NAME = 'recount'\nQUEUE = 'bulk'\nATTEMPTS = 2\n{RUN}")
    (folder / "greet.py").write_text(f"NAME = 'greet'\n{RUN}")
    kinds = find_kinds(("acme_work",))
    assert list(kinds) == ["greet", "recount"]
    assert (kinds["recount"].queue, kinds["recount"].attempts) == ("bulk", 2)
    assert (kinds["greet"].queue, kinds["greet"].attempts) == ("default", 5)


@pytest.mark.parametrize(
    "text", [RUN, "NAME = 'x'", f"NAME = 'Two Words'\n{RUN}", "NAME = 7\nrun = 1"]
)
def test_a_file_that_is_no_job_is_named(folder: Path, text: str) -> None:
    (folder / "broken.py").write_text(text)
    with pytest.raises(ValueError, match=r"acme_work\.broken is no job"):
        find_kinds(("acme_work",))


def test_a_queue_that_does_not_exist_is_refused(folder: Path) -> None:
    (folder / "broken.py").write_text(f"NAME = 'x'\nQUEUE = 'slow'\n{RUN}")
    with pytest.raises(ValueError, match="no queue is called 'slow'"):
        find_kinds(("acme_work",))


def test_two_files_with_one_name_are_refused(folder: Path) -> None:
    for file in ("a", "b"):
        (folder / f"{file}.py").write_text(f"NAME = 'same'\n{RUN}")
    with pytest.raises(ValueError, match=r"two files declare the job 'same'; the second is b\.py"):
        find_kinds(("acme_work",))
