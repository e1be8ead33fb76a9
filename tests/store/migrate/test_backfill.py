"""A required field with a default reaches rows that are there, whatever its type."""

from __future__ import annotations

import json

import sqlalchemy as sa

from generator.compile import load_catalogs
from generator.field_types import Example, FieldType
from generator.model.text import Label
from runtime.store.migrate.apply import apply, create_all
from runtime.store.migrate.make import make_plan
from tests.store.migrate.shop import NOW, compiled, differences, entity, insert, values_of

IN_YAML = {
    "json": Example({"a": [1, None, True, "是"]}, {"a": [1, None, True, "是"]}, ""),
    "long_text": Example("Handle with care.\nKeep dry.", "Handle with care.\nKeep dry.", ""),
}
"""Where the type's own example cannot be written in YAML as it is."""


def examples() -> dict[str, tuple[FieldType, Example]]:
    """Return the first example of every type whose values an author may give as a default."""
    found = {}
    for word, kind in load_catalogs()["field_types"].words.items():
        plain = not kind.relation and not kind.generated and word not in {"file", "image", "user"}
        if plain and kind.examples:
            found[word] = (kind, IN_YAML.get(word, kind.examples[0]))
    return found


def label_texts(label: object) -> dict[str, str]:
    """Return a label as an author writes it."""
    assert isinstance(label, Label)
    return dict(label.texts)


def test_the_default_of_every_field_type_reaches_old_records(engine: sa.Engine) -> None:
    before = compiled(entity("thing", "note: {type: text}"))
    create_all(engine, before, now=NOW)
    with engine.begin() as connection:
        insert(connection, before, "thing", note="a")
    lines = ["note: {type: text}"]
    for word, (kind, example) in examples().items():
        given = {**kind.example_args, **example.args, "required": True, "default": example.api}
        written = ", ".join(
            f"{key}: {json.dumps(value, ensure_ascii=False, default=label_texts)}"
            for key, value in given.items()
        )
        lines.append(f"f_{word}: {{type: {word}, {written}}}")
    after = compiled(entity("thing", "\n".join(lines)))
    plan = make_plan(engine, after)
    assert plan.obstacles == ()
    apply(engine, after, plan, now=NOW)
    assert differences(engine, after) == []
    for word, (_, example) in examples().items():
        assert values_of(engine, after, "thing", f"f_{word}") == [example.stored], word
