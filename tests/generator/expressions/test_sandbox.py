"""Nothing but the language gets through, and nothing exhausts the one who reads it."""

from __future__ import annotations

import datetime as dt

import pytest

from generator.expressions.compile import parse
from generator.model.text import NOWHERE
from tests.generator.expressions.shop import SCOPE

ESCAPES = [
    "().__class__.__mro__[1].__subclasses__()",
    "'{0.__class__.__init__.__globals__}'.format(actor)",
    "f'{actor!r}'",
    "'%s' % actor",
    "'%s' % note",
    "order._sa_instance_state.session.execute('x')",
    "order.query",
    "order.metadata",
    "actor.password_hash",
    "actor.__class__",
    "note.__len__",
    "note.upper",
    "note.upper()",
    "__import__('os').system('id')",
    "__builtins__",
    "eval('1')",
    "exec('1')",
    "open('x')",
    "getattr(actor, 'id')",
    "globals()",
    "type(note)",
    "print(note)",
    "lambda: 1",
    "lambda x: x",
    "[x for x in lines]",
    "(x for x in lines)",
    "{x: 1 for x in lines}",
    "{'a': 1}",
    "{1, 2}",
    "(x := 1)",
    "x = 1",
    "2 ** 9",
    "9 ** 9 ** 9",
    "1 << 100",
    "~1",
    "total @ total",
    "tags[0]",
    "tags[0:1]",
    "'abc'[0]",
    "round(*tags)",
    "min(*tags, 1)",
    "contains(text=note, part='x')",
    "...",
    "await note",
    "yield note",
    "b'bytes'",
    "r'raw'",
    "u'text'",
    "1j",
    "1_000",
    "note # comment",
    "note; note",
    "note\\\n",
    "ｅｖａｌ('1')",
    "аctor.id == 'x'",
    "act\u200bor.id == 'x'",
    "total ＞ 1",
    "total \u2212 1 > 0",
    "note\x00",
    "note == '\\u0000'",
    "note == '\\ud800'",
    "note == '\\ud83d\\ude00'",
    "'''x'''",
    "'a' if True",
    "count(count(lines))",
    "sum(sum(lines.amount))",
    "today()",
    "timedelta(10)",
    "evaluate(facts, context)",
    "facts",
    "context",
    "round_half_away(1, 2)",
]


@pytest.mark.parametrize("text", ESCAPES)
def test_an_escape_is_refused_when_it_is_loaded(text: str) -> None:
    found, problems = parse(text, NOWHERE, SCOPE)
    assert found is None
    assert [problem.code[:2] for problem in problems] == ["D5"]


@pytest.mark.parametrize(
    "text",
    [
        "(" * 300 + "1" + ")" * 300,
        "(" * 10_000 + ")" * 10_000,
        "(" * 300,
        "[" * 300,
        "not " * 900 + "urgent",
        "-" * 3_900 + "1",
        "urgent and " * 100_000 + "urgent",
        " + ".join(["1"] * 900),
        "total" + ".name" * 700,
        "lower(" * 49 + "note" + ")" * 49 + " == 'x' and " + "not " * 60 + "urgent",
        "'a' if urgent else " * 180 + "'b'",
        "9" * 3_999,
        "a" * 3_999,
        "1 < " * 900 + "2",
        "'" * 3_999,
    ],
    ids=lambda text: f"{text[:12]}… {len(text)}",
)
def test_a_huge_expression_is_a_problem_and_no_exception(text: str) -> None:
    found, problems = parse(text, NOWHERE, SCOPE)
    assert found is None
    assert len(problems) == 1


def test_what_is_large_but_allowed_runs() -> None:
    chain, _ = parse(" and ".join(["urgent"] * 300), NOWHERE, SCOPE)
    assert chain is not None
    assert chain.function({"urgent": True}, {}) is True


def test_a_date_far_away_is_null_and_no_exception() -> None:
    found, problems = parse("today + days(1000000000)", NOWHERE, SCOPE)
    assert found is not None, problems
    assert found.function({}, {"today": dt.date(2026, 11, 22)}) is None
