"""What the documents say is what happens: their files compile, their commands run."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from marshmallow import ValidationError

from generator.field_types import FieldType
from generator.kinds import load_catalog
from generator.model.entity import Field
from generator.model.text import NOWHERE, Label
from runtime.processes import kill_session
from tests.house.documents import Reader, blocks
from tests.house.places import ROOT, free_port, until

GUIDES = sorted((ROOT / "definitions").glob("GUIDE*.md"))
ORDERS = sorted((ROOT / "definitions").glob("ORDERS*.md"))
DEMO_PASSWORD = "demo-shop-2026"


class Office:
    """A back office that was started as the page says, and its owner's browser."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.port = folder, free_port()
        self.environment = {**environment, "SHOPWRIGHT_PORT": str(self.port)}
        self.process: subprocess.Popen[str] | None = None
        self.log = folder / "run.log"
        self.opened: list[str] = []
        self.browser = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=120)

    def start(self, command: str, exported: dict[str, str]) -> None:
        with self.log.open("w") as out:
            self.process = subprocess.Popen(
                ["bash", "-euc", f"exec {command.strip()}"],
                cwd=self.folder,
                env={**self.environment, **exported},
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                text=True,
            )
        until(self.is_ready, 300)
        self.sign_in()

    def is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        return "Ctrl-C stops it." in self.log.read_text()

    def sign_in(self) -> None:
        page = self.browser.get("/login/").text
        token = page.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
        form = {"username": "owner", "password": DEMO_PASSWORD, "csrf_token": token}
        answer = self.browser.post("/login/", data=form)
        assert answer.status_code == 302, answer.text
        assert "login" not in answer.headers["location"]

    def open(self, address: str) -> None:
        path = address.partition(":8080")[2] or "/"
        # what was saved a moment ago is loaded within a moment
        until(lambda: self.browser.get(path).status_code == 200)
        self.opened.append(path)

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            assert self.process.wait(120) == 0, self.log.read_text()
        finally:
            kill_session(self.process.pid)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A shell in which `shopwright` is this checkout's, and nothing is configured."""
    bin_folder = tmp_path / ".venv" / "bin"
    bin_folder.mkdir(parents=True)
    (bin_folder / "activate").write_text("")
    for name, words in (("shopwright", f'"{ROOT / "app.py"}"'), ("python", "")):
        (bin_folder / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n')
        (bin_folder / name).chmod(0o755)
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SHOPWRIGHT_", "DATABASE_URL", "REDIS_URL", "PYTEST", "PROMETHEUS"))
    }
    return {**kept, "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}"}


@pytest.fixture
def office(tmp_path: Path, environment: dict[str, str]) -> Iterator[Office]:
    opened = Office(tmp_path, environment)
    with contextlib.closing(opened.browser):
        try:
            yield opened
        finally:
            opened.stop()


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_every_step_of_the_guide_does_what_it_says(
    guide: Path, tmp_path: Path, environment: dict[str, str], office: Office
) -> None:
    reader = Reader(tmp_path, environment, open=office.open)
    reader.start = lambda command: office.start(command, reader.exported)
    reader.read(guide)
    assert office.opened == [
        "/repair/",
        "/repair/new",
        "/api/v1/repair",
        "/repair/?view=open",
    ]
    shown = office.browser.get("/repair/?view=open").text
    assert ("Not ready" in shown) or ("未完成" in shown)
    assert ("Cleo Rossi" in shown) or ("赵敏" in shown)
    assert not [name for name in ("Ada Berg", "李雷") if name in shown]


@pytest.mark.parametrize("page", ORDERS, ids=lambda page: page.stem)
def test_the_page_on_orders_that_may_be_changed_holds(
    page: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    Reader(tmp_path, environment).read(page)


def test_the_readme_holds_from_its_first_word_to_its_last(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    Reader(tmp_path, environment).read(ROOT / "README.md")


def test_the_word_of_the_readme_does_what_its_examples_say(
    tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for block in blocks(ROOT / "README.md"):
        if block.language == "python":
            (tmp_path / block.file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / block.file).write_text(block.text)
    monkeypatch.syspath_prepend(str(tmp_path))
    word = load_catalog("field_types", FieldType, ["generator", "acme"])["isbn"]
    field = word.schema(Field("isbn", "isbn", "book", Label({"en": "ISBN"}), NOWHERE, {}))
    for example in word.examples:
        assert field.deserialize(example.api) == example.stored
    for wrong in word.rejects:
        with pytest.raises(ValidationError):
            field.deserialize(wrong)


def test_the_commands_for_newcomers_are_those_of_the_makefile() -> None:
    typed = [block.text for block in blocks(ROOT / "README.md") if block.mark == "by-hand"]
    for target in re.findall(r"make (\w+)", "".join(typed)):
        done = subprocess.run(
            ["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_the_readme_names_every_variable_that_is_read_and_no_other() -> None:
    name = re.compile(r"\b(?:SHOPWRIGHT_\w+|DATABASE_URL|REDIS_URL|PROMETHEUS_\w+)\b")
    read = set(name.findall((ROOT / "runtime" / "settings.py").read_text("utf-8")))
    table = [
        line
        for line in (ROOT / "README.md").read_text("utf-8").splitlines()
        if line.startswith("| `")
    ]
    told = {found for line in table for found in name.findall(line.split("|")[1])}
    assert told == read - {"SHOPWRIGHT_"}


def test_every_page_a_document_points_at_is_there() -> None:
    for page in [ROOT / "README.md", *GUIDES, *ORDERS, *ROOT.glob("*/README.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page}: {target}"
