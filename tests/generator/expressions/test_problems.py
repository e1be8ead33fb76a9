"""What an author is told about an expression that cannot be used, and where."""

from __future__ import annotations

import pytest

from generator.expressions import types as t
from generator.expressions.compile import parse
from generator.expressions.problems import suggestion
from generator.model.text import NOWHERE, Span
from generator.problems import CODES, Problem
from tests.generator.expressions.shop import SCOPE


def refusal(
    text: str, expected: t.Type | None = None, span: Span = NOWHERE, written: str = ""
) -> Problem:
    found, problems = parse(text, span, SCOPE, expected, written=written)
    assert found is None, f"{text} was accepted"
    (problem,) = problems
    assert problem.code in CODES
    assert problem.hint, problem
    return problem


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("", "D501", "empty"),
        ("total >", "D501", "not an expression"),
        ("total = 3", "D502", "=="),
        ("'open", "D501", "closing quote"),
        ("0x10", "D501", "not a number"),
        ("1e5", "D501", "not a number"),
        ("'a' 'b'", "D502", "directly after"),
        (r"'\d'", "D501", "escape"),
        ("status == 'payed'", "D510", "Did you mean 'paid'?"),
        ("totl > 3", "D504", "Did you mean 'total'?"),
        ("customer.nmae == 'x'", "D504", "Did you mean 'name'?"),
        ("actor.pasword", "D504", "There is no 'pasword' in 'actor'"),
        ("total.name", "D504", "it has no 'name'"),
        ("contians(note, 'x')", "D505", "Did you mean 'contains'?"),
        ("total == null", "D508", "total is null"),
        ("null != total", "D508", "total is not null"),
        ("status in ['paid', null]", "D508", "is null"),
        ("note < 'b'", "D506", "does not order"),
        ("total == note", "D506", "does not compare"),
        ("due == placed", "D506", "date(…)"),
        ("due + 3", "D506", "days(n)"),
        ("lead > 3", "D506", "days(n)"),
        ("due == '22.11.2026'", "D506", "2026-01-31"),
        ("placed > '2026-01-01'", "D506", "+08:00"),
        ("note + 1", "D506", "does not work"),
        ("total and urgent", "D506", "a condition is needed"),
        ("'a' in note", "D506", "contains(text, part)"),
        ("total / 2", "D511", "round(total / 2, 2)"),
        ("round(total / 2 * 3, 2)", "D511", "alone inside round()"),
        ("avg(lines.amount)", "D511", "round(avg(lines.amount), 2)"),
        ("rate * rate * rate", "D509", "decimals"),
        ("1234567890123456789", "D509", "digits"),
        ("lines.amount > 3", "D513", "sum(lines.amount)"),
        ("lines", "D513", "count(lines)"),
        ("levels is null", "D513", "exists(levels)"),
        ("levels == tags", "D506", "does not compare"),
        ("coalesce(levels, tags)", "D506", "do not go together"),
        ("sum(total)", "D507", "records are needed"),
        ("any(lines)", "D507", "any(lines, condition)"),
        ("round(total, quantity)", "D507", "written number"),
        ("total % 3", "D506", "whole numbers"),
        ("null", "D512", "always null"),
        ("actor", "D506", "group of values"),
        ("total is 3", "D502", "is"),
    ],
)
def test_a_fault_is_told_with_what_to_write_instead(text: str, code: str, says: str) -> None:
    problem = refusal(text)
    assert problem.code == code
    assert says in f"{problem.message} {problem.hint}"


def test_the_place_is_the_column_inside_the_yaml_line() -> None:
    text = "total > 1 and totl < 2"
    plain = refusal(text, span=Span("order.entity.yaml", 7, 10, 7, 10 + len(text)))
    assert plain.span == Span("order.entity.yaml", 7, 24, 7, 28)
    here = Span("order.entity.yaml", 7, 10, 7, 12 + len(text))
    assert refusal(text, span=here, written=f'"{text}"').span.column == 25


def test_the_place_behind_chinese_text_counts_characters() -> None:
    text = "note == '中文' and totl < 2"
    problem = refusal(text, span=Span("order.entity.yaml", 1, 1, 1, 1 + len(text)))
    assert problem.span.column == text.index("totl") + 1


def test_the_place_in_a_block_is_the_line_and_column_of_the_word() -> None:
    written = "|\n  total > 1\n  and totl < 2"
    problem = refusal("total > 1\nand totl < 2", None, Span("a.yaml", 3, 5, 5, 2), written)
    assert problem.span == Span("a.yaml", 5, 7, 5, 11)


@pytest.mark.parametrize(
    ("text", "code", "hint"),
    [
        ("total >", "D501", "Write a condition such as total > 0"),
        ("'open", "D501", "the same quote at its end"),
        ("(" * 60 + "1" + ")" * 60, "D503", "Split it"),
        ("total > 1 " + "and total > 1 " * 400, "D503", "Split it"),
        ("total.name", "D504", "Write total alone"),
        ("...", "D502", "The language has"),
        ("_total", "D502", "none begins with _"),
        ("if_null(total)", "D505", "Known: "),
        ("urgent < urgent", "D506", "Write == or !="),
        ("status == 3", "D506", "Write a whole number, such as 12."),
        ("3 == status", "D506", "Write one of its choices: 'draft'"),
        ("total == urgent", "D506", "Write a condition (true or false), such as total > 0."),
        ("urgent + urgent", "D506", "Numbers take + - * // %"),
        ("3 in ['a']", "D506", "Write a whole number, such as 12."),
        ("3 in total", "D506", "Write a list such as ['a', 'b']"),
        ("3 in tags", "D506", "Write a text, such as"),
        ("coalesce(total, note)", "D506", "Give all of them one type"),
        ("max(urgent, urgent)", "D507", "values that have an order"),
        ("sum(lines.sku)", "D507", "sum(lines.amount)"),
        ("abs(note)", "D507", "Write abs(number)."),
        ("days(1.5)", "D507", "Write days(n)."),
        ("date(total)", "D507", "Write date(moment)"),
        ("round(note)", "D507", "Write round(number, decimals)"),
        ("round(note / 2)", "D506", "Write round(number, decimals)"),
        ("contains(**note)", "D507", "not function(name=value)"),
        ("coalesce(null, null)", "D512", "instead of null"),
    ],
)
def test_no_fault_is_without_what_to_write(text: str, code: str, hint: str) -> None:
    problem = refusal(text)
    assert (problem.code, hint in problem.hint) == (code, True), problem


def test_among_too_many_names_the_author_is_told_where_they_are_listed() -> None:
    assert "`show` and the reference" in suggestion("zzz", [f"name_{n}" for n in range(99)])
    assert suggestion("zzz", []) == "None is defined here; write a value instead."


@pytest.mark.parametrize(
    ("text", "expected", "code"),
    [
        ("total", t.Boolean(), "D506"),
        ("total * rate", t.Number(2), "D512"),
        ("note", t.Number(2), "D512"),
        ("'soon'", t.Date(), "D506"),
        ("'open'", t.Choice(("draft", "paid")), "D510"),
    ],
)
def test_a_result_of_another_type_is_refused(text: str, expected: t.Type, code: str) -> None:
    assert refusal(text, expected).code == code


def test_a_result_gains_the_decimals_of_its_field() -> None:
    found, _ = parse("quantity", NOWHERE, SCOPE, t.Number(2))
    assert found is not None
    assert found.type == t.Number(2)
    assert found.function({"quantity": 3}, {}) == 300


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("customer.nmae == 'x'", "nmae"),
        ("customr.name == 'x'", "customr"),
        ("actor.pasword == 'x'", "pasword"),
        ("sum(lines.amuont) > 1", "amuont"),
        ("any(lines, this.totl > 1)", "totl"),
        ("any(lines, skuu == 'x')", "skuu"),
    ],
)
def test_of_a_path_only_the_unknown_word_is_marked(text: str, word: str) -> None:
    span = refusal(text, span=Span("a.yaml", 1, 1, 1, 1 + len(text))).span
    assert text[span.column - 1 : span.end_column - 1] == word
