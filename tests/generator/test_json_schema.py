"""The published JSON Schemas, the reader and the reference accept the same keys."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from generator.build.json_schema import json_schema, reference
from generator.compile import load_catalogs
from generator.kinds import ACTION, CONDITION, Arg, Shape
from generator.resolve.app import SHAPES
from generator.shape import Reader
from generator.source import read_folder
from generator.source_nodes import Source, plain

ROOT = Path(__file__).parents[2]
CATALOGS = load_catalogs()
SCHEMAS = {
    kind: jsonschema.Draft202012Validator(json_schema(shape, CATALOGS))
    for kind, shape in SHAPES.items()
}
SHIPPED = [
    source
    for folder in (ROOT / "definitions", ROOT / "tests/problems/sound", ROOT / "tests/shops/tiny")
    if folder.exists()
    for source in read_folder(folder)[0]
]
FAULTY = [
    source
    for folder in sorted((ROOT / "tests/problems").glob("D2*"))
    if folder.is_dir()
    for source in read_folder(folder)[0]
]


def as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: as_json(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(inner) for inner in value]
    return float(value) if isinstance(value, Decimal) else value


def accepted_by_reader(source: Source) -> bool:
    reader = Reader(CATALOGS)
    reader.read(source.node, SHAPES[source.kind])
    return not [problem for problem in reader.problems if problem.code.startswith("D2")]


@pytest.mark.parametrize("source", SHIPPED, ids=lambda source: source.file)
def test_a_definition_that_runs_is_accepted_by_the_published_schema(source: Source) -> None:
    if source.kind in SCHEMAS:
        SCHEMAS[source.kind].validate(as_json(plain(source.node)))


@pytest.mark.parametrize("source", FAULTY, ids=lambda source: source.file)
def test_a_schema_refuses_what_the_reader_refuses(source: Source) -> None:
    valid = SCHEMAS[source.kind].is_valid(as_json(plain(source.node)))
    assert valid == accepted_by_reader(source)


@pytest.mark.parametrize("kind", SHAPES)
def test_every_schema_is_a_schema(kind: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[kind].schema)


def keys_of_schema(schema: Any) -> set[str]:
    found: set[str] = set()
    if isinstance(schema, dict):
        for name, inner in schema.items():
            if name == "properties":
                found |= set(inner)
            found |= keys_of_schema(inner)
    elif isinstance(schema, list):
        for inner in schema:
            found |= keys_of_schema(inner)
    return found


def keys_of_shape(shape: Shape) -> set[str]:
    found = set(shape.args)
    families = [CATALOGS[shape.family]] if shape.family else []
    for word, held in (("condition", CONDITION), ("action", ACTION)):
        if any(word in (arg.type, arg.of and arg.of.type) for arg in shape.args.values()):
            found |= keys_of_shape(held)
    args = [*shape.args.values(), *(a for f in families for w in f for a in f[w].args.values())]
    found |= {key for family in families for word in family for key in family[word].args}
    for arg in args:
        inner: Arg | None = arg
        while inner is not None:
            if inner.shape is not None:
                found |= keys_of_shape(inner.shape)
            inner = inner.of
    return found


@pytest.mark.parametrize("kind", SHAPES)
def test_schema_and_reader_know_the_same_keys(kind: str) -> None:
    assert keys_of_schema(SCHEMAS[kind].schema) == keys_of_shape(SHAPES[kind])


@pytest.mark.parametrize("kind", SHAPES)
def test_every_key_stands_in_the_reference(kind: str) -> None:
    text = reference(SHAPES, CATALOGS)
    missing = [key for key in keys_of_shape(SHAPES[kind]) if f"| `{key}` |" not in text]
    assert missing == []


def test_the_reference_in_the_repository_is_fresh() -> None:
    kept = (ROOT / "definitions" / "REFERENCE.md").read_text(encoding="utf-8")
    assert kept == reference(SHAPES, CATALOGS), (
        "run `python app.py reference definitions/REFERENCE.md`"
    )
