"""Problems as text and as data: one order, one wording, a caret under the fault."""

from generator.model.text import NOWHERE, Span
from generator.problems import Problem, in_order, unknown_name
from generator.report import as_json, as_text

ORDER = "orders/order.workflow.yaml"
SOURCE = "a: 1\n  from: payed\n\t订单: 付歀 x\n"


def fault(line: int, column: int, end: int, **other: str) -> Problem:
    given = {"code": "D301", "message": "It is wrong.", "hint": "Write it right.", **other}
    return Problem(span=Span(ORDER, line, column, line, end), **given)


def test_a_problem_is_shown_as_the_style_guide_shows_it() -> None:
    problem = unknown_name(
        "state",
        "payed",
        Span(ORDER, 2, 9, 2, 14),
        ["cancelled", "paid", "pending", "shipped"],
        defined_in="workflow 'order'",
    )
    assert as_text([problem], {ORDER: SOURCE}, folder="definitions/") == (
        "1 problem in the definitions\n"
        "\n"
        "D301 definitions/orders/order.workflow.yaml:2:9\n"
        "  There is no state 'payed' in workflow 'order'.\n"
        "\n"
        "  2 |   from: payed\n"
        "    |         ^^^^^\n"
        "\n"
        "  Did you mean 'paid'? The others are: cancelled, pending, shipped.\n"
    )


def test_the_caret_stands_under_chinese_and_after_tabs() -> None:
    assert "  3 | \t订单: 付歀 x\n    | \t      ^^^^\n" in as_text(
        [fault(3, 6, 8)], {ORDER: SOURCE}
    )
    assert "  3 | \t订单: 付歀 x\n    | \t           ^\n" in as_text(
        [fault(3, 9, 10)], {ORDER: SOURCE}
    )


def test_warnings_come_last_and_are_counted_apart() -> None:
    problems = [fault(1, 1, 2, severity="warning"), fault(2, 9, 14), fault(1, 4, 5)]
    text = as_text(problems, {ORDER: SOURCE})
    assert text.startswith("2 problems and 1 warning in the definitions\n")
    assert text.endswith("\n\n2 problems and 1 warning in 1 file.\n")
    places = [line for line in text.split("\n") if line.startswith("D301")]
    assert places == [
        f"D301 {ORDER}:1:4",
        f"D301 {ORDER}:2:9",
        f"D301 warning {ORDER}:1:1",
    ]


def test_no_problem_is_said_in_one_line() -> None:
    assert as_text([], {}) == "No problems in the definitions.\n"


def test_the_same_fault_is_told_once() -> None:
    assert as_text([fault(1, 1, 2), fault(1, 1, 2)], {}).count("D301") == 1


def test_what_could_not_be_read_is_not_judged_again() -> None:
    read, judged = fault(1, 1, 2, code="D105"), fault(1, 1, 2, code="D203")
    assert in_order([judged, read]) == (read,)


def test_a_file_that_is_not_at_hand_has_no_source_line() -> None:
    assert "|" not in as_text([fault(1, 1, 2)], {})
    assert "|" not in as_text([fault(99, 1, 2)], {ORDER: SOURCE})
    assert "built in" in as_text([Problem("D301", NOWHERE, "Wrong.")], {})


def test_a_long_line_is_cut_around_the_fault() -> None:
    text = as_text([fault(1, 5001, 5005)], {ORDER: "x" * 5000 + "HERE" + "y" * 5000})
    shown, carets = text.split("\n")[5:7]
    assert len(shown) < 120
    assert shown[carets.index("^") :].startswith("HEREy")


def test_a_fault_over_several_lines_is_marked_on_its_first() -> None:
    problem = Problem("D203", Span(ORDER, 1, 4, 3, 2), "Wrong.")
    assert "  1 | a: 1\n    |    ^\n" in as_text([problem], {ORDER: SOURCE})


def test_nothing_an_author_wrote_reaches_the_terminal_as_a_command() -> None:
    text = as_text([fault(1, 1, 2, message="a\x1b[2Jb")], {ORDER: "\x1b]0;title\x07\n"})
    assert "\x1b" not in text
    assert "\x07" not in text


def test_color_changes_nothing_but_color() -> None:
    problems = [fault(2, 9, 14), fault(1, 1, 2, severity="warning")]
    colored = as_text(problems, {ORDER: SOURCE}, color=True)
    bare = colored
    for code in ("\x1b[31m", "\x1b[33m", "\x1b[1m", "\x1b[0m"):
        assert code in bare
        bare = bare.replace(code, "")
    assert bare == as_text(problems, {ORDER: SOURCE})


def test_data_says_the_same_in_the_same_order() -> None:
    problems = [fault(2, 9, 14), fault(1, 1, 2, severity="warning")]
    assert as_json(problems)[0] == {
        "code": "D301",
        "severity": "error",
        "file": ORDER,
        "line": 2,
        "column": 9,
        "end_line": 2,
        "end_column": 14,
        "message": "It is wrong.",
        "message_zh": "It is wrong.",
        "hint": "Write it right.",
        "hint_zh": "Write it right.",
    }
    assert [one["severity"] for one in as_json(problems)] == ["error", "warning"]
