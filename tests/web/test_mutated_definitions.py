"""Definitions as people break them: either `check` says so, or the back office runs.

The definitions of the test shops are changed at random places: a key is left out, added or given
another's value, an item stands twice, a name is another's. Compiling raises nothing but problems
that a person can act on; what passes has tables, opens its pages and answers over REST.
"""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generator.compile import Compiled, compile_definitions, load_catalogs
from generator.problems import CODES, DefinitionError
from generator.resolve.app import SHAPES
from generator.shapes.entity import FIELD
from generator.source import read_folder
from generator.source_nodes import plain
from tests.web.office import Office, open_office

SHOPS = Path(__file__).resolve().parents[1] / "shops"
DOMAINS = Path(__file__).resolve().parents[1] / "domains"
FOLDERS = (SHOPS / "desk", SHOPS / "club", SHOPS / "tiny", DOMAINS / "clinic")

Files = dict[str, Any]
Place = tuple[Any, Any]
"""A mapping or list, and the key or position in it."""


def read(folder: Path) -> Files:
    """Return the definitions of a folder as plain data by file."""
    sources, problems = read_folder(folder)
    assert not problems
    return {source.file: plain(source.node) for source in sources}


BASES = [read(folder) for folder in FOLDERS]


def places(value: Any) -> Iterator[Place]:
    """Yield every key and item of plain data."""
    if isinstance(value, (dict, list)):
        for step in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, step
            yield from places(value[step])


def words(value: Any) -> Iterator[Any]:
    """Yield every key and single value."""
    for holder, step in places(value):
        if isinstance(step, str):
            yield step
        if not isinstance(holder[step], (dict, list)):
            yield holder[step]


ODD = (
    "", " ", "x", "no", "yes", "null", "id", "version", "history", "name.name", "-name", "{name}",
    "select", "_", "名称", "a" * 41, "x" * 300, "{}", "2026-13-40", "1 / 0", "sum(name)",
    0, -1, 1, 7, 10**6, 10**20, True, False, None, [], {}, [[]], {"en": "X"}, [1], {"x": 1},
)  # fmt: skip
KEYS = tuple(
    sorted(
        {key for shape in SHAPES.values() for key in shape.args}
        | set(FIELD.args)
        | {key for kind in load_catalogs()["field_types"].words.values() for key in kind.args}
    )
)
TYPES = tuple(load_catalogs()["field_types"])


def mutated(files: Files, draw: Any) -> None:
    """Change one place of some definitions."""
    every = [place for file in sorted(files) for place in places(files[file])]
    holder, step = draw(st.sampled_from(every))
    value = draw(st.sampled_from([*words(files), *ODD, *TYPES, True, True]))
    match draw(st.sampled_from(("drop", "set", "set", "add", "add", "twice", "rename", "borrow"))):
        case "drop":
            del holder[step]
        case "set":
            holder[step] = value
        case "add" if isinstance(holder, dict):
            holder[draw(st.sampled_from(KEYS))] = value
        case "twice" if isinstance(holder, list):
            holder.append(copy.deepcopy(holder[step]))
        case "rename" if isinstance(holder, dict):
            holder[value if isinstance(value, str) else "x"] = holder.pop(step)
        case _:
            other, place = draw(st.sampled_from(every))
            holder[step] = copy.deepcopy(other[place])


@st.composite
def definitions(draw: Any) -> Files:
    """Return the definitions of a test shop with a change or three."""
    files = copy.deepcopy(draw(st.sampled_from(BASES)))
    for _ in range(draw(st.sampled_from((1, 1, 2, 3)))):
        mutated(files, draw)
    return files


def write(files: Files, folder: Path) -> None:
    for file, data in files.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), "utf-8")


def compiled(files: Files, folder: Path) -> Compiled | None:
    """Return the model, or None when `check` refuses, which it does in words."""
    write(files, folder)
    try:
        return compile_definitions(folder)
    except DefinitionError as refusal:
        for problem in refusal.problems:
            assert problem.code in CODES
            assert problem.message.endswith((".", "?", ")")), problem
            assert problem.span.file, problem
        return None


def test_changed_definitions_are_refused_in_words_or_run(request: pytest.FixtureRequest) -> None:
    examples = 2_000 if request.config.getoption("--long") else 20

    @settings(max_examples=examples, suppress_health_check=list(HealthCheck))
    @given(files=definitions())
    def one(files: Files) -> None:
        with tempfile.TemporaryDirectory() as name:
            model = compiled(files, Path(name) / "definitions")
            if model is not None and model.app.roles:
                with open_office(model, Path(name)) as office:
                    opens(office)

    one()


def test_changed_definitions_are_never_a_fault_of_the_compiler(
    request: pytest.FixtureRequest,
) -> None:
    examples = 5_000 if request.config.getoption("--long") else 60

    @settings(max_examples=examples, suppress_health_check=list(HealthCheck))
    @given(files=definitions())
    def one(files: Files) -> None:
        with tempfile.TemporaryDirectory() as name:
            compiled(files, Path(name))

    one()


def opens(office: Office) -> None:
    """Open every page of every entity and of a record, and ask for both over REST."""
    for entity in office.compiled.app.entities.values():
        office.opened(f"/api/v1/{entity.name}")
        if entity.child_of:
            continue
        record = office.made(entity)
        office.opened(f"/{entity.name}/")
        for view in entity.list.views:
            office.opened(f"/{entity.name}/?view={view.name}")
        office.opened(f"/{entity.name}/new")
        if record:
            office.opened(f"/api/v1/{entity.name}/{record}")
            office.opened(f"/{entity.name}/{record}")
            office.opened(f"/{entity.name}/{record}/edit")
