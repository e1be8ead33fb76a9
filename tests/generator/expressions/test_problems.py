"""What an author is told about an expression that cannot be used, and where."""

from __future__ import annotations

import pytest

from generator.expressions import types as t
from generator.expressions.compile import parse
from generator.model.text import NOWHERE, Span
from generator.problems import CODES, Problem
from tests.generator.expressions.shop import SCOPE


def refusal(text: str, expected: t.Type | None = None, span: Span = NOWHERE) -> Problem:
    found, problems = parse(text, span, SCOPE, expected)
    assert found is None, f"{text} was accepted"
    (problem,) = problems
    assert problem.code in CODES
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
    quoted = refusal(text, span=Span("order.entity.yaml", 7, 10, 7, 12 + len(text)))
    assert quoted.span.column == 25


def test_the_place_behind_chinese_text_counts_characters() -> None:
    text = "note == '中文' and totl < 2"
    problem = refusal(text, span=Span("order.entity.yaml", 1, 1, 1, 1 + len(text)))
    assert problem.span.column == text.index("totl") + 1


def test_a_text_over_several_lines_names_the_column_in_words() -> None:
    problem = refusal("total > 1\nand totl < 2", span=Span("a.yaml", 3, 5, 5, 2))
    assert problem.span == Span("a.yaml", 3, 5, 5, 2)
    assert "column 15 of the expression" in problem.message


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
