"""The contract of every word after `type:`, run over all members of the folder.

Each word brings `examples` (one value in its API, stored and shown form) and `rejects`; what is
asserted here therefore holds for a shop's own words as well.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema
import marshmallow as ma
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.expressions.types import Type
from generator.field_types import ANYONE, EMPTY, Cell, Example, FieldType, Viewer
from generator.kinds import load_catalog
from generator.model.entity import Field
from generator.model.text import NOWHERE, plain
from tests.databases import postgres_url

WORDS = load_catalog("field_types", FieldType, ["generator"]).words
OPERATORS = {
    "eq", "ne", "lt", "lte", "gt", "gte", "between", "in", "not_in",
    "contains", "starts_with", "empty", "has", "has_any", "under", "within",
}  # fmt: skip
CHINESE = Viewer("zh", "Asia/Shanghai")


def field_of(word: str, args: dict[str, Any] | None = None) -> Field:
    kind = WORDS[word]
    defaults = {name: arg.default for name, arg in kind.args.items()}
    given = {**defaults, **kind.example_args, **(args or {})}
    return Field("value", word, "thing", plain("Value"), NOWHERE, given)


def examples() -> list[Any]:
    return [
        pytest.param(word, example, id=f"{word}-{index}")
        for word, kind in WORDS.items()
        for index, example in enumerate(kind.examples)
    ]


def rejects() -> list[Any]:
    return [
        pytest.param(word, value, id=f"{word}-{index}")
        for word, kind in WORDS.items()
        for index, value in enumerate(kind.rejects)
    ]


def dumped(kind: FieldType, field: Field, stored: Any) -> Any:
    dump = kind.dump(field)
    return stored if dump is None else dump(stored)


@pytest.mark.parametrize("word", WORDS)
def test_a_word_explains_itself_and_its_arguments(word: str) -> None:
    kind = WORDS[word]
    assert len(kind.help()) > 10
    assert "`" not in kind.help()[:1]
    assert kind.help()[-1] == "."
    for name, arg in kind.args.items():
        assert arg.help[-1:] == ".", name
        assert arg.help[:1].isupper() or arg.help[:1].isdigit(), name


@pytest.mark.parametrize("word", WORDS)
def test_a_word_has_examples_rejects_and_known_operators(word: str) -> None:
    kind = WORDS[word]
    assert kind.examples
    assert kind.rejects
    assert set(kind.operators) <= OPERATORS
    assert len(set(kind.operators)) == len(kind.operators)
    assert kind.relation in {"", "reference", "references", "children"}
    assert isinstance(kind.expression_type(field_of(word)), Type)
    assert kind.input(field_of(word)).kind


@pytest.mark.parametrize(("word", "example"), examples())
def test_an_api_value_is_stored_and_shown_as_the_example_says(word: str, example: Example) -> None:
    kind, field = WORDS[word], field_of(word, dict(example.args))
    stored = kind.schema(field).deserialize(example.api)
    assert stored == example.stored
    assert type(stored) is type(example.stored)
    assert kind.cell(stored, field, ANYONE).text == example.shown


@pytest.mark.parametrize(("word", "example"), examples())
def test_a_stored_value_survives_api_text_and_form(word: str, example: Example) -> None:
    kind, field = WORDS[word], field_of(word, dict(example.args))
    schema = kind.schema(field)
    assert schema.deserialize(dumped(kind, field, example.stored)) == example.stored
    text = kind.to_text(example.stored, field)
    assert schema.deserialize(kind.from_text(text, field)) == example.stored
    typed = kind.form_text(example.stored, field, CHINESE)
    assert schema.deserialize(kind.from_text(typed, field, CHINESE)) == example.stored


@pytest.mark.parametrize(("word", "value"), rejects())
def test_a_wrong_value_is_refused_in_both_languages(word: str, value: Any) -> None:
    schema = WORDS[word].schema(field_of(word))
    with pytest.raises(ma.ValidationError) as refusal:
        schema.deserialize(value)
    for words in flat(refusal.value.messages):
        assert words.isascii() or "…" in words or "’" in words
        assert words[-1] == "."
        assert any("\u4e00" <= letter <= "\u9fff" for letter in words.text("zh_CN"))


def flat(messages: Any) -> Iterator[Any]:
    if isinstance(messages, str):
        yield messages
    else:
        for part in messages.values() if isinstance(messages, dict) else messages:
            yield from flat(part)


@pytest.mark.parametrize(("word", "example"), examples())
def test_the_json_schema_accepts_what_the_api_takes_and_gives(word: str, example: Example) -> None:
    kind, field = WORDS[word], field_of(word, dict(example.args))
    schema = kind.json_schema(field)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(example.api, schema)
    jsonschema.validate(dumped(kind, field, example.stored), schema)
    json.dumps(dumped(kind, field, example.stored), allow_nan=False)


@pytest.mark.parametrize("word", WORDS)
def test_the_json_schema_refuses_a_value_of_another_kind(word: str) -> None:
    validator = jsonschema.Draft202012Validator(WORDS[word].json_schema(field_of(word)))
    refused = [value for value in WORDS[word].rejects if not validator.is_valid(value)]
    assert refused or word == "json"


@pytest.mark.parametrize("word", WORDS)
def test_nothing_is_shown_and_written_as_nothing(word: str) -> None:
    kind, field = WORDS[word], field_of(word)
    assert kind.cell(None, field, ANYONE) == EMPTY
    assert kind.to_text(None, field) == ""
    assert kind.form_text(None, field, CHINESE) == ""
    assert kind.from_text("  ", field) is None
    assert kind.schema(field, allow_none=True).deserialize(None) is None


@pytest.mark.parametrize(("word", "example"), examples())
def test_a_cell_reads_in_chinese_too(word: str, example: Example) -> None:
    kind, field = WORDS[word], field_of(word, dict(example.args))
    cell = kind.cell(example.stored, field, CHINESE)
    assert isinstance(cell, Cell)
    assert cell.text
    assert cell == kind.cell(example.stored, field, Viewer("zh_CN", "Asia/Shanghai"))


@cache
def engine_of(server: str) -> sa.Engine:
    return sa.create_engine("sqlite://" if server == "sqlite" else postgres_url())


@pytest.mark.parametrize("server", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
@pytest.mark.parametrize("word", WORDS)
def test_a_column_gives_back_what_it_was_given(word: str, server: str) -> None:
    kind = WORDS[word]
    with engine_of(server).begin() as connection:
        if server == "postgres":
            connection.execute(sa.text("SET TIME ZONE 'America/New_York'"))
        for number, example in enumerate(kind.examples):
            column = kind.column(field_of(word, dict(example.args)))
            if column is None:
                assert kind.relation in {"children", "references"}
                continue
            table = sa.Table(
                f"thing_{word}_{number}", sa.MetaData(), sa.Column("value", column, nullable=True)
            )
            table.create(connection)
            connection.execute(table.insert(), [{"value": example.stored}, {"value": None}])
            rows = connection.execute(sa.select(table.c.value)).scalars().all()
            assert rows == [example.stored, None]
            assert type(rows[0]) is type(example.stored)
            empty = sa.select(sa.func.count()).where(table.c.value.is_(None))
            assert connection.scalar(empty) == 1
            if "eq" in kind.operators:
                same = sa.select(table.c.value).where(table.c.value == example.stored)
                assert connection.scalar(same) == example.stored
            table.drop(connection)


@pytest.mark.parametrize("sign", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
@pytest.mark.parametrize("word", ["text", "long_text", "rich_text", "code", "url"])
def test_what_turns_the_direction_of_a_text_is_refused(word: str, sign: str) -> None:
    with pytest.raises(ma.ValidationError) as refusal:
        WORDS[word].schema(field_of(word)).deserialize(f"https://a.example/{sign}txt")
    if word != "url":
        label = refusal.value.messages[0]
        assert label.text("en") == "Control characters are not allowed."
        assert label.text("zh") == "不能包含控制字符。"


@pytest.mark.parametrize(("text", "said"), [("two\nlines", "line break"), ("a\rb", "line break"),
    ("a\n\x00", "Control"), ("a\x07", "Control")])  # fmt: skip
def test_a_line_break_is_told_as_one(text: str, said: str) -> None:
    with pytest.raises(ma.ValidationError) as refusal:
        WORDS["text"].schema(field_of("text")).deserialize(text)
    assert said in refusal.value.messages[0]
    assert ("换行" in refusal.value.messages[0].text("zh")) == (said == "line break")


@pytest.mark.parametrize("word", ["text", "long_text", "rich_text"])
def test_joiners_and_marks_of_direction_stay(word: str) -> None:
    written = "\u0646\u200c\u0647 \u200f(\u05d0)\u200e \U0001f468\u200d\U0001f469"
    assert written in WORDS[word].schema(field_of(word)).deserialize(written)


@pytest.mark.parametrize("word", WORDS)
def test_ten_megabytes_are_refused_at_once(word: str) -> None:
    schema, huge = WORDS[word].schema(field_of(word)), "1" * 10_000_000
    started = time.process_time()
    for value in (huge, huge + "\x00", " " * 10_000_000, "\r\n" * 5_000_000, "<b>" * 3_000_000):
        with pytest.raises(ma.ValidationError):
            schema.deserialize(value)
    assert time.process_time() - started < 2


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(["\x00", "１２", "NaN", "2026-11-22", "P1D", "#ffffff", "+8613800138000"])
    | st.text("0123456789-+:.TZPHMS@/#{}", max_size=30)
    | st.sampled_from([10**100, -(2**63), "http://[::1", "a@b", "CN"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5) | st.sampled_from(["en", "zh", "country"]), inner)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize("word", WORDS)
@settings(max_examples=60, deadline=None)
@given(value=json_values)
def test_any_json_is_stored_or_refused(word: str, value: Any) -> None:
    kind, field = WORDS[word], field_of(word)
    schema = kind.schema(field, allow_none=True)
    try:
        stored = schema.deserialize(value)
    except ma.ValidationError:
        return
    if stored is not None:
        assert schema.deserialize(dumped(kind, field, stored)) == stored
        back = schema.deserialize(kind.from_text(kind.to_text(stored, field), field))
        assert back == stored or (back is None and stored == [])
        kind.cell(stored, field, CHINESE)


@pytest.mark.parametrize("word", WORDS)
@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=60) | st.text('0123456789-+:.,TZPHMS {}[]"年月日', max_size=40))
def test_any_typed_text_is_understood_or_refused(word: str, text: str) -> None:
    kind, field = WORDS[word], field_of(word)
    schema = kind.schema(field, allow_none=True)
    try:
        schema.deserialize(kind.from_text(text, field, CHINESE))
    except ma.ValidationError:
        return


def test_a_moment_sorts_and_compares_alike_in_both_databases() -> None:
    column = WORDS["datetime"].column(field_of("datetime"))
    table = sa.Table("moment", sa.MetaData(), sa.Column("value", column))
    moments = [
        dt.datetime(2026, 11, 22, 8, 30, tzinfo=dt.UTC),
        dt.datetime(2026, 11, 22, 8, 30, 0, 5, tzinfo=dt.UTC),
        dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.timezone(dt.timedelta(hours=8))),
        dt.datetime(1999, 1, 1, tzinfo=dt.UTC),
    ]
    for server in ("sqlite", "postgres"):
        with engine_of(server).begin() as connection:
            table.create(connection)
            connection.execute(table.insert(), [{"value": moment} for moment in moments])
            rows = connection.execute(sa.select(table).order_by(table.c.value)).scalars().all()
            assert rows == sorted(moments)
            later = sa.select(table).where(table.c.value > moments[0]).order_by(table.c.value)
            assert connection.execute(later).scalars().all() == [moments[1]]
            table.drop(connection)


@pytest.mark.parametrize("word", WORDS)
def test_an_integer_too_long_to_print_is_refused(word: str) -> None:
    with pytest.raises(ma.ValidationError):
        WORDS[word].schema(field_of(word)).deserialize(10**5000)
