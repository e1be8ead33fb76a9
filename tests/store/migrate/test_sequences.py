"""Any sequence of changes, applied with rows inside: the rows stay, nothing is left to do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generator.compile import Compiled
from runtime.store.engine import make_engine
from runtime.store.migrate.apply import apply, create_all
from runtime.store.migrate.make import make_plan
from tests.databases import postgres_url, sqlite_url
from tests.store.migrate.shop import NOW, compiled, differences, entity, insert

EVERYTHING = frozenset({"drop", "narrow"})
LOST = object()
"""A value that went through a conversion: this test does not follow it."""

VALUES: dict[str, tuple[Any, ...]] = {
    "{type: text}": ("red", "12", "2026-01-31", None, ""),
    "{type: text, max: 3}": ("red", "12", None),
    "{type: text, index: true}": ("red", "true", None),
    "{type: text, required: true, default: x}": ("red", "x"),
    "{type: long_text}": ("a long\ntext", None),
    "{type: integer}": (0, 1, -7, None),
    "{type: money}": (1250, -5, 0, None),
    "{type: money, places: 4}": (12500, None),
    "{type: boolean, required: true, default: false}": (True, False),
    "{type: date}": (dt.date(2026, 2, 28), None),
    "{type: datetime}": (dt.datetime(2026, 2, 28, 9, tzinfo=dt.UTC), None),
    "{type: choice, options: {red: Red, blue: Blue}}": ("red", "blue", None),
    "{type: tags}": (["red"], [], None),
    "{type: reference, to: @}": (None,),
    "{type: references, to: @}": (),
}
NAMES = ("a", "b", "c", "d", "e", "note")
ENTITIES = ("order", "group", "item", "thing", "user")


@dataclass(frozen=True)
class OneField:
    """A field; `uid` stays the same through renames and other types."""

    uid: int
    name: str
    kind: str
    was: str = ""


@dataclass(frozen=True)
class OneEntity:
    """An entity and what is known of its rows: per row the value of each field by uid."""

    uid: int
    name: str
    fields: tuple[OneField, ...]
    was: str = ""
    rows: tuple[dict[int, Any], ...] = field(default=(), compare=False)


Model = tuple[OneEntity, ...]


def files(model: Model) -> dict[str, str]:
    """Return the definitions of a model."""
    found: dict[str, str] = {}
    for one in model:
        lines = []
        for place, each in enumerate(one.fields):
            kind = each.kind.replace("@", model[place % len(model)].name)
            if each.was:
                kind = kind[:-1] + f", renamed_from: {each.was}}}"
            lines.append(f"{each.name}: {kind}")
        more = f"renamed_from: {one.was}\n" if one.was else ""
        found |= entity(one.name, "\n".join(lines), more + 'title: "{id}"')
    return found


class Story:
    """Draws one change after the other; `uid`s never repeat."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw, self.last = draw, 0

    def uid(self) -> int:
        self.last += 1
        return self.last

    def field(self, taken: set[str]) -> OneField:
        name = self.draw(st.sampled_from([one for one in NAMES if one not in taken]))
        return OneField(self.uid(), name, self.draw(st.sampled_from(sorted(VALUES))))

    def entity(self, taken: set[str]) -> OneEntity:
        name = self.draw(st.sampled_from([one for one in ENTITIES if one not in taken]))
        first = self.field(set())
        return OneEntity(self.uid(), name, (first, self.field({first.name})))

    def next(self, model: Model) -> Model:
        """Return the model after one to four changes; names in use before are not given anew."""
        taken = {one.name for one in model}
        after = tuple(self.changed(one) for one in settled(model))
        action = self.draw(st.sampled_from(("keep", "keep", "add", "remove", "rename")))
        free = [name for name in ENTITIES if name not in taken]
        if action == "add" and free:
            after = (*after, self.entity(taken))
        elif action == "remove" and len(after) > 1:
            after = after[:-1]
        elif action == "rename" and free:
            first = after[0]
            after = (
                replace(first, name=self.draw(st.sampled_from(free)), was=first.name),
                *after[1:],
            )
        return after

    def changed(self, one: OneEntity) -> OneEntity:
        taken = {each.name for each in one.fields}
        fields = list(one.fields)
        action = self.draw(st.sampled_from(("keep", "add", "remove", "rename", "retype")))
        place = self.draw(st.integers(0, len(fields) - 1))
        free = [name for name in NAMES if name not in taken]
        if action == "add" and free:
            fields.append(self.field(taken))
        elif action == "remove" and len(fields) > 1:
            del fields[place]
        elif action == "rename" and free:
            name = self.draw(st.sampled_from(free))
            fields[place] = replace(fields[place], name=name, was=fields[place].name)
        elif action == "retype":
            kind = self.draw(st.sampled_from(sorted(VALUES)))
            fields[place] = replace(fields[place], kind=kind)
        return replace(one, fields=tuple(fields))


def settled(model: Model) -> Model:
    """Return a model whose renames have been carried out."""
    return tuple(
        replace(one, was="", fields=tuple(replace(each, was="") for each in one.fields))
        for one in model
    )


def followed(before: Model, after: Model) -> Model:
    """Return the model with the rows that must be there after the change."""
    old = {one.uid: one for one in before}
    result = []
    for one in after:
        earlier = old.get(one.uid)
        rows: tuple[dict[int, Any], ...] = ()
        if earlier is not None:
            kinds = {each.uid: each.kind for each in earlier.fields}
            rows = tuple(
                {
                    each.uid: row.get(each.uid, LOST) if kinds.get(each.uid) == each.kind else LOST
                    for each in one.fields
                }
                for row in earlier.rows
            )
        result.append(replace(one, rows=rows))
    return tuple(result)


def fill(engine: sa.Engine, shop: Compiled, model: Model) -> Model:
    """Insert a row more into every table and return the model with it."""
    filled = []
    with engine.begin() as connection:
        for one in model:
            kept = [each for each in one.fields if VALUES[each.kind]]
            picked = {
                each: VALUES[each.kind][len(one.rows) % len(VALUES[each.kind])] for each in kept
            }
            insert(connection, shop, one.name, **{each.name: v for each, v in picked.items()})
            row = {each.uid: value for each, value in picked.items()}
            filled.append(replace(one, rows=(*one.rows, row)))
    return tuple(filled)


def check_rows(engine: sa.Engine, shop: Compiled, model: Model) -> None:
    """Every row that was put in is there, with the values that no conversion touched."""
    from runtime.store.migrate.target import build_target

    tables = build_target(shop, engine.dialect).metadata.tables
    with engine.connect() as connection:
        for one in model:
            table = tables[one.name]
            found = connection.execute(sa.select(table).order_by(table.c.id)).mappings().all()
            assert len(found) == len(one.rows)
            for row, known in zip(found, one.rows, strict=True):
                for each in one.fields:
                    value = known.get(each.uid, LOST)
                    if value is not LOST and VALUES[each.kind]:
                        assert row[each.name] == value


def live(story: Story, engine: sa.Engine, steps: int) -> None:
    """Tell one story on one database."""
    first = story.entity(set())
    model: Model = (first, story.entity({first.name}))
    shop = compiled(files(model))
    create_all(engine, shop, now=NOW)
    for _ in range(steps):
        model = fill(engine, shop, settled(model))
        after = followed(model, story.next(model))
        wanted = compiled(files(after))
        plan = make_plan(engine, wanted)
        if plan.obstacles:
            assert make_plan(engine, compiled(files(settled(model)))).is_empty
            continue
        apply(engine, wanted, plan, now=NOW, allow=EVERYTHING)
        model, shop = after, wanted
        assert make_plan(engine, shop).steps == ()
        assert differences(engine, shop) == []
        check_rows(engine, shop, model)


def told(examples: int) -> settings:
    """Return how many stories are told."""
    hurry = [HealthCheck.too_slow]
    return settings(
        max_examples=examples, deadline=None, suppress_health_check=hurry, print_blob=True
    )


def test_any_sequence_of_changes_keeps_the_rows_on_sqlite(request: pytest.FixtureRequest) -> None:
    @told(100 if request.config.getoption("--long") else 6)
    @given(data=st.data())
    def one(data: st.DataObject) -> None:
        with TemporaryDirectory() as folder:
            engine = make_engine(sqlite_url(Path(folder)))
            live(Story(data.draw), engine, 4)
            engine.dispose()

    one()


@pytest.mark.postgres
def test_any_sequence_of_changes_keeps_the_rows_on_postgresql(
    request: pytest.FixtureRequest,
) -> None:
    @told(30 if request.config.getoption("--long") else 3)
    @given(data=st.data())
    def one(data: st.DataObject) -> None:
        engine = make_engine(postgres_url())
        live(Story(data.draw), engine, 4)
        engine.dispose()

    one()
