"""What single words promise beyond the contract of the family."""

from __future__ import annotations

import datetime as dt
from typing import Any

import marshmallow as ma
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.field_types import ANYONE, FieldType, Option, Viewer
from generator.field_types._options import given_options
from generator.field_types.phone import shown
from generator.field_types.sequence import counter_key, format_number
from generator.kinds import load_catalog
from generator.model.entity import Field
from generator.model.text import NOWHERE, Label, plain

WORDS = load_catalog("field_types", FieldType, ["generator"]).words
SHANGHAI = Viewer("zh_CN", "Asia/Shanghai")


def field_of(word: str, **args: Any) -> Field:
    defaults = {name: arg.default for name, arg in WORDS[word].args.items()}
    return Field("value", word, "thing", plain("Value"), NOWHERE, {**defaults, **args})


def stored(word: str, value: Any, **args: Any) -> Any:
    return WORDS[word].schema(field_of(word, **args)).deserialize(value)


def refusal(word: str, value: Any, locale: str = "en", **args: Any) -> str:
    with pytest.raises(ma.ValidationError) as caught:
        stored(word, value, **args)
    text: str = caught.value.messages[0].text(locale)
    return text


def cell(word: str, value: Any, viewer: Viewer = ANYONE, **args: Any) -> str:
    return WORDS[word].cell(value, field_of(word, **args), viewer).text


def test_a_refusal_names_the_limit_in_both_languages() -> None:
    assert refusal("integer", 7, max=5) == "At most 5."
    assert refusal("integer", 7, "zh_CN", max=5) == "不能大于 5。"
    assert refusal("money", "1.234", "zh", currency="EUR") == "最多 2 位小数。"


def test_an_empty_text_is_null_and_refused_where_something_is_required() -> None:
    field = field_of("text")
    assert WORDS["text"].schema(field, allow_none=True).deserialize("  ") is None
    with pytest.raises(ma.ValidationError, match="required"):
        WORDS["text"].schema(field, required=True).deserialize("  ")


def test_chinese_people_see_dates_numbers_and_flags_their_way() -> None:
    moment = dt.datetime(2026, 11, 22, 8, 30, tzinfo=dt.UTC)
    assert cell("datetime", moment, SHANGHAI) == "2026年11月22日 16:30"
    assert cell("date", dt.date(2026, 11, 22), SHANGHAI) == "2026年11月22日"
    assert cell("boolean", True, SHANGHAI) == "是"
    assert cell("duration", 5400, SHANGHAI) == "1小时30分钟"
    assert cell("tags", ["甲", "乙"], SHANGHAI) == "甲、乙"


def test_a_form_shows_and_reads_a_moment_in_the_zone_of_its_reader() -> None:
    kind, field = WORDS["datetime"], field_of("datetime")
    moment = dt.datetime(2026, 11, 22, 8, 30, tzinfo=dt.UTC)
    assert kind.form_text(moment, field, SHANGHAI) == "2026-11-22T16:30:00"
    assert kind.from_text("2026-11-22T16:30", field, SHANGHAI) == "2026-11-22T08:30:00Z"
    assert kind.from_text("2026-11-22 16:30:00 +0800", field) == "2026-11-22T16:30:00+0800"


@pytest.mark.parametrize(
    ("word", "typed", "api"),
    [
        ("integer", "1,250", 1250),
        ("integer", "1_000", "1_000"),
        ("decimal", "1,250.5", "1250.5"),
        ("decimal", "12,5", "12,5"),
        ("percent", "12.5 %", "12.5"),
        ("boolean", "是", True),
        ("boolean", "No", False),
        ("date", "2026年1月5日", "2026-01-05"),
        ("date", "2026/1/5", "2026-01-05"),
        ("date", "２０２６／１／５", "2026-01-05"),
        ("datetime", "2026/1/5 9:05", "2026-01-05T01:05:00Z"),
        ("datetime", "2026年1月5日", "2026-01-04T16:00:00Z"),
        ("datetime", "2026/13/5", "2026-13-05 00:00:00"),
        ("datetime", "05.01.2026", "05.01.2026"),
        ("integer", "１，２５０", 1250),
        ("decimal", "１２．５０", "12.50"),
        ("percent", "１２％", "12"),
        ("time", "9:30", "09:30"),
        ("duration", "1:30", "PT1H30M"),
        ("duration", "1小时30分", "PT1H30M"),
        ("duration", "2d 4h", "P2DT4H"),
        ("tags", "a, b，a", ["a", "b", "a"]),
        ("translated", "衬衫", {"zh": "衬衫"}),
        ("translated", '{"en": "Shirt"}', {"en": "Shirt"}),
    ],
)
def test_what_people_type_is_understood(word: str, typed: str, api: Any) -> None:
    assert WORDS[word].from_text(typed, field_of(word), SHANGHAI) == api


def test_an_option_may_be_typed_by_its_label_in_any_language() -> None:
    field = field_of("choice", options={"paid": {"label": Label({"en": "Paid", "zh": "已付款"})}})
    assert WORDS["choice"].from_text("已付款", field) == "paid"
    assert WORDS["choice"].from_text("Paid", field) == "paid"
    assert WORDS["choice"].from_text("Unpaid", field) == "Unpaid"


def test_an_option_that_is_a_plain_label_has_no_badge_color() -> None:
    assert given_options(field_of("choice", options={"a": plain("A")})) == {
        "a": Option("a", plain("A"))
    }


def test_a_value_that_is_no_longer_an_option_is_still_shown() -> None:
    assert cell("choice", "gone", options={"a": plain("A")}) == "gone"


def test_money_shows_the_decimals_of_its_currency() -> None:
    kind = WORDS["money"]
    field = field_of("money", currency="currency")
    assert kind.cell(12500, field, ANYONE, "JPY").text == "12.5"  # type: ignore[call-arg]
    assert kind.cell(12000, field, ANYONE, "JPY").text == "12"  # type: ignore[call-arg]
    assert kind.cell(12500, field, ANYONE, "EUR").text == "12.50"  # type: ignore[call-arg]


def test_days_share_a_counter_exactly_when_their_numbers_would_be_written_alike() -> None:
    pattern = "SO{yyyy}{mm}-{n:04}"
    first, second = dt.date(2026, 11, 1), dt.date(2026, 11, 30)
    assert counter_key(pattern, first) == counter_key(pattern, second) == "SO202611-{n:04}"
    assert counter_key(pattern, dt.date(2026, 12, 1)) != counter_key(pattern, first)
    assert counter_key("INV-{n}", first) == counter_key("INV-{n}", dt.date(2030, 1, 1))


def test_a_number_longer_than_its_pattern_keeps_all_its_digits() -> None:
    day = dt.date(2026, 3, 9)
    assert format_number("A{yy}{mm}{dd}{n:02}", day, 7) == "A26030907"
    assert format_number("A{n:02}", day, 12345) == "A12345"


@given(st.dates(), st.integers(0, 10**9), st.integers(0, 10**9))
def test_two_numbers_of_one_counter_are_never_written_alike(
    day: dt.date, one: int, other: int
) -> None:
    pattern = "X{yyyy}{mm}{dd}-{n:03}"
    alike = format_number(pattern, day, one) == format_number(pattern, day, other)
    assert alike == (one == other)


@pytest.mark.parametrize(
    ("pattern", "right"),
    [
        ("SO{yyyy}{mm}{dd}-{n:06}", True),
        ("{n}", True),
        ("订单{n:08}/{yy}", True),
        ("SO{yyyy}", False),
        ("{n}{n}", False),
        ("{n:06", False),
        ("{m}{n}", False),
        ("{n:600}", False),
    ],
)
def test_a_pattern_has_exactly_one_number(pattern: str, right: bool) -> None:
    import re

    assert bool(re.fullmatch(WORDS["sequence"].args["pattern"].pattern, pattern)) is right


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>x",
        "<img src=x onerror=alert(1)>x",
        "<a href='java\nscript:alert(1)'>x</a>",
        "<svg><script>alert(1)</script></svg>x",
        "<p style='background:url(javascript:alert(1))'>x</p>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>x",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>x",
    ],
)
def test_rich_text_keeps_no_script(attack: str) -> None:
    try:
        html = str(stored("rich_text", attack)).lower()
    except ma.ValidationError:
        return
    assert "<script" not in html
    assert "javascript" not in html
    assert "<img" not in html
    assert "style" not in html
    assert "onerror=" not in html.replace("&lt;", "<") or "<" not in html


def test_a_barcode_with_a_wrong_check_digit_is_told_apart_from_a_short_one() -> None:
    assert "check digit" in refusal("code", "4006381333932", symbology="ean13")
    assert "13 digits" in refusal("code", "400638133393", symbology="ean13")


def test_a_json_value_is_held_to_its_schema_and_told_where_it_breaks() -> None:
    schema = {"type": "object", "properties": {"size": {"type": "integer"}}}
    assert stored("json", {"size": 4}, schema=schema) == {"size": 4}
    assert "$.size" in refusal("json", {"size": "4"}, schema=schema)


def test_json_nested_too_deeply_is_refused() -> None:
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    assert refusal("json", deep) == "This is nested too deeply."


def test_an_address_names_the_part_that_is_wrong() -> None:
    with pytest.raises(ma.ValidationError) as caught:
        stored("address", {"country": "XX", "city": 7, "planet": "Earth"})
    assert set(caught.value.messages) == {"country", "city", "planet"}


def test_a_chinese_address_runs_from_the_largest_part_to_the_smallest() -> None:
    address = {"country": "CN", "region": "上海市", "district": "黄浦区", "street": "南京东路1号"}
    assert cell("address", address, SHANGHAI) == "上海市黄浦区南京东路1号, 中国"


def test_the_parts_of_a_record_say_which_row_is_wrong() -> None:
    kind, field = WORDS["children"], field_of("children", of="part", min=1)
    schema = kind.schema(field, item=ma.fields.Nested({"amount": ma.fields.Integer()}))
    assert schema.deserialize([{"amount": 1}]) == [{"amount": 1}]
    with pytest.raises(ma.ValidationError) as caught:
        schema.deserialize([{"amount": 1}, {"amount": "x"}])
    assert set(caught.value.messages) == {1}
    with pytest.raises(ma.ValidationError, match="At least 1 entry"):
        schema.deserialize([])


def test_a_text_that_is_no_number_is_shown_as_it_is() -> None:
    assert shown("+") == "+"
