"""Reading: what a text means, where each value stands, and that any text at all is survived."""

from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from generator import source
from generator.model.text import Span
from generator.problems import Problem
from generator.report import as_json, as_text
from generator.source import read_folder, read_text
from generator.source_faults import DEEPEST, LARGEST, MOST_FAULTS, MOST_FILES
from generator.source_nodes import Items, Mapped, Node, Scalar, find, plain, within


def read(text: str) -> Mapped:
    node, problems = read_text(text, "order.entity.yaml")
    assert problems == ()
    assert isinstance(node, Mapped)
    return node


def codes(text: str) -> list[str]:
    return [problem.code for problem in read_text(text, "order.entity.yaml")[1]]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("0", 0),
        ("-12", -12),
        ("12.50", Decimal("12.50")),
        ("-0.5", Decimal("-0.5")),
        ("'5'", "5"),
        ('"true"', "true"),
        ("''", ""),
        ("paid", "paid"),
        ("中文", "中文"),
    ],
)
def test_a_word_means_what_it_says(written: str, value: object) -> None:
    found = plain(read(f"a: {written}\n"))["a"]
    assert found == value
    assert type(found) is type(value)


WORDS = [
    "yes",
    "no",
    "on",
    "off",
    "Yes",
    "NO",
    "True",
    "FALSE",
    "y",
    "n",
    "Null",
    "NULL",
    "None",
    "0123",
    "0x1F",
    "0b11",
    "0o17",
    "1_000",
    "12:30",
    "30:00",
    "12:30:00",
    "2024-01-31",
    "2024-01-31T10:00:00Z",
    ".inf",
    "-.inf",
    ".nan",
    "1e5",
    "1.5e3",
    "+5",
    "5.",
    ".5",
    "01.5",
    "１２",
    "=",
    "٣",
    "12.5.1",
    "--1",
]
"""What YAML 1.1 or a number parser would make something else of."""


@pytest.mark.parametrize(
    "word",
    WORDS,
)
def test_nothing_is_guessed(word: str) -> None:
    assert plain(read(f"a: {word}\n")) == {"a": word}


def test_keys_that_yaml_takes_for_booleans_are_names() -> None:
    assert plain(read("on: 1\nno: 2\ny: 3\n")) == {"on": 1, "no": 2, "y": 3}


def test_the_order_of_keys_and_items_is_that_of_the_file() -> None:
    node = read("b: [2, 1]\na: {d: 1, c: 2}\n")
    assert list(node.entries) == ["b", "a"]
    assert plain(node) == {"b": [2, 1], "a": {"d": 1, "c": 2}}


def test_every_value_knows_its_place() -> None:
    node = read("entity: order\nfields:\n  total: {type: money}\n  lines:\n    - a\n    - bc\n")
    assert node.at("fields") == Span("order.entity.yaml", 2, 1, 2, 7)
    kind = find(node, ["fields", "total", "type"])
    assert kind.span == Span("order.entity.yaml", 3, 17, 3, 22)
    assert find(node, ["fields", "total"]).span == Span("order.entity.yaml", 3, 10, 3, 23)
    lines = find(node, ["fields", "lines"])
    assert isinstance(lines, Items)
    assert lines.span == Span("order.entity.yaml", 5, 5, 6, 9)
    assert find(node, ["fields", "lines", 1]).span == Span("order.entity.yaml", 6, 7, 6, 9)
    assert find(node, ["fields", "nothing", 3]) is node.get("fields")


def test_columns_count_characters_not_bytes() -> None:
    node = read("标签: {中文: 订单, b: x}\n")
    assert find(node, ["标签", "b"]).span == Span("order.entity.yaml", 1, 17, 1, 18)


@pytest.mark.parametrize(
    "text",
    [
        "a: total >= MARK\n",
        "a: 'it''s >= MARK'\n",
        'a: "\\u4e2d \\" \\x41 >= MARK"\n',
        "a: |\n  total\n    >= \n\n  MARK\n",
        "a: >-\n  total >=\n  other and\n  MARK\n",
        "a: total >=\n  MARK\n",
        'a: "total \\\n   >= MARK"\n',
        "a: {b: [x, 'y MARK']}\n",
    ],
)
def test_a_place_inside_a_text_is_found_however_the_text_is_written(text: str) -> None:
    node: Node = read(text)
    while not isinstance(node, Scalar):
        node = node.items[-1] if isinstance(node, Items) else next(iter(node.entries.values())).node
    assert isinstance(node.value, str)
    start = node.value.index("MARK")
    span = within(node.span, node.value, node.text, start, start + 4)
    line = text.split("\n")[span.line - 1]
    assert line[span.column - 1 : span.end_column - 1] == "MARK"


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    plainly = read("a: 1\nb: x\n")
    assert read("\ufeffa: 1\r\nb: x\r\n") == plainly


def test_a_document_may_begin_and_end_with_marks() -> None:
    assert plain(read("---\na: 1\n...\n")) == {"a": 1}


def test_all_faults_of_a_file_are_told_at_once() -> None:
    assert codes("a: 1\na: 2\nb:\n<<: {c: 1}\n1: x\nd: !x y\n") == [
        "D102",
        "D105",
        "D109",
        "D104",
        "D108",
    ]


def test_a_fault_of_syntax_is_the_only_one_told_of_its_file() -> None:
    assert codes("a: 1\na: 2\nb: [1\n") == ["D101"]


def test_two_thousand_brackets_are_one_fault() -> None:
    assert codes("a: " + "[" * 2000) == ["D112"]
    assert codes("a: " + "{a: " * 2000) == ["D112"]
    assert codes("".join(" " * depth + "a:\n" for depth in range(1000))) == ["D112"]
    assert codes("- " * 2000) == ["D112"]


def test_twenty_levels_are_allowed() -> None:
    assert codes("a: " + "[" * (DEEPEST - 1) + "1" + "]" * (DEEPEST - 1)) == []
    assert codes("a: " + "[" * DEEPEST + "1" + "]" * DEEPEST) == ["D112"]


def test_an_alias_bomb_is_refused_without_being_built() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(
        f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 30)
    )
    assert set(codes(bomb)) == {"D107"}


def test_more_faults_than_anyone_reads_end_with_a_word_about_the_rest() -> None:
    found = codes("".join(f"k{n}:\n" for n in range(5000)))
    assert len(found) == MOST_FAULTS + 1
    assert found[-1] == "D121"
    assert codes("\x00" * 5000)[-1] == "D121"


def test_a_file_that_is_too_large_is_not_read() -> None:
    assert codes("a: " + "x" * LARGEST) == ["D113"]
    assert codes("a: " + "订" * (LARGEST // 3)) == ["D113"]


def test_one_digit_more_than_a_database_holds_is_a_fault() -> None:
    assert codes("a: " + "9" * 38) == []
    assert codes("a: " + "9" * 5000) == ["D119"]
    assert codes("a: 0." + "9" * 5000) == ["D119"]


def test_a_folder_is_read_in_the_order_of_its_paths(tmp_path: Path) -> None:
    for name in (
        "orders/order.entity.yaml",
        "orders/late/overdue.alert.yaml",
        "app.yaml",
        "roles.yaml",
        "catalog/brand.entity.yaml",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a: 1\n", encoding="utf-8")
    sources, problems = read_folder(tmp_path)
    assert problems == ()
    assert [(one.file, one.kind, one.name, one.module) for one in sources] == [
        ("app.yaml", "app", "app", ""),
        ("roles.yaml", "roles", "roles", ""),
        ("catalog/brand.entity.yaml", "entity", "brand", "catalog"),
        ("orders/order.entity.yaml", "entity", "order", "orders"),
        ("orders/late/overdue.alert.yaml", "alert", "overdue", "orders"),
    ]


def test_files_that_are_no_definitions_are_passed_over(tmp_path: Path) -> None:
    for name in (
        "README.md",
        "orders.csv",
        "logo.png",
        ".order.entity.yaml.swp",
        ".hidden.yaml",
        ".git/x.yaml",
        "data/rows.yaml",
        "schemas/entity.yaml",
        "templates/x.yaml",
        "orders/data/rows.yaml",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\xff")
    assert read_folder(tmp_path) == ((), ())


def test_a_folder_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    found = read_folder(tmp_path / "nowhere")[1]
    assert [one.code for one in found] == ["D123"]
    assert "D123 nowhere\n" in as_text(found, {}, folder="nowhere/")
    assert "D123 .\n" in as_text(found, {})


def test_a_file_that_cannot_be_opened_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "order.entity.yaml").symlink_to(tmp_path / "nowhere")
    assert [one.code for one in read_folder(tmp_path)[1]] == ["D123"]


def test_a_large_file_is_refused_by_its_size_alone(tmp_path: Path) -> None:
    (tmp_path / "order.entity.yaml").write_bytes(b"\xff" * (LARGEST + 1))
    assert [one.code for one in read_folder(tmp_path)[1]] == ["D113"]


def test_too_many_files_are_one_fault(tmp_path: Path) -> None:
    for number in range(MOST_FILES + 2):
        (tmp_path / f"e{number}.entity.yaml").touch()
    found = [one.code for one in read_folder(tmp_path)[1]]
    assert found.count("D114") == 1
    assert found.count("D111") == MOST_FILES


SYNTAX = sorted((Path(__file__).parent.parent / "problems").glob("D1*.entity.yaml"))


@pytest.mark.parametrize("path", SYNTAX, ids=lambda path: path.name)
def test_both_parsers_of_pyyaml_tell_the_same_faults(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = path.read_bytes().decode("utf-8", "replace")
    found = read_text(text, path.name)[1]
    monkeypatch.setattr(source, "PARSER", yaml.SafeLoader)
    again = read_text(text, path.name)[1]
    assert [(one.code, one.span.line) for one in again] == [
        (one.code, one.span.line) for one in found
    ]


PIECES = st.sampled_from(
    [
        *"abc:-[]{},#&*!|>'\"%@`?~\\",
        "\n",
        "\n  ",
        "\n    ",
        "\n\t",
        "  ",
        ": ",
        "- ",
        "<<: ",
        "---\n",
        "...\n",
        "%YAML 1.1\n",
        "&x ",
        "*x",
        "!!str ",
        "!x!y ",
        "\\U0011FFFF",
        "\\ud800",
        "\\x00",
        '"',
        "true",
        "12",
        "1.5",
        "订单",
        "\r",
        "\u2028",
        "\ufeff",
        "\x00",
        "|2-\n",
        ">+\n",
        "key: value\n",
        "other:\n  - 1\n  - {a: b}\n",
    ]
)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)


def assert_sound(text: str) -> None:
    node, problems = read_text(text, "f.yaml")
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    assert node is not None or problems
    for problem in problems:
        assert_inside(problem, lines)
    if node is not None:
        plain(node)
    as_text(problems, {"f.yaml": text})
    as_json(problems)


def assert_inside(problem: Problem, lines: list[str]) -> None:
    span = problem.span
    assert 1 <= span.line <= span.end_line <= len(lines), problem
    assert 1 <= span.column <= len(lines[span.line - 1]) + 1, problem
    assert 1 <= span.end_column <= len(lines[span.end_line - 1]) + 1, problem
    assert (span.line, span.column) <= (span.end_line, span.end_column), problem
    assert problem.message
    assert problem.hint


@given(st.text())
@example("\ufeff")
@example("\r")
@example("a: 'x\n\n\n")
@example("? \n")
@example('"\\U0011FFFF"')
def test_any_text_is_read_or_refused_at_a_place_inside_it(text: str) -> None:
    assert_sound(text)


@settings(max_examples=400)
@given(st.lists(PIECES, max_size=40).map("".join))
@example("a: - b")
@example("[a]: b\n")
@example("- \n-")
@example("{a: , b}")
def test_any_heap_of_yaml_signs_is_read_or_refused_at_a_place_inside_it(text: str) -> None:
    assert_sound(text)


@given(st.lists(PIECES, max_size=25).map("".join))
def test_the_slower_parser_is_as_safe(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "PARSER", yaml.SafeLoader)
        assert_sound(text)


@given(st.dictionaries(st.text(max_size=8), VALUES, max_size=5), st.data())
def test_a_valid_file_with_a_slip_is_read_or_refused(value: object, data: st.DataObject) -> None:
    text = yaml.safe_dump(value, allow_unicode=True)
    at = data.draw(st.integers(0, len(text)))
    assert_sound(text[:at] + data.draw(PIECES) + text[at + data.draw(st.integers(0, 2)) :])


@given(st.integers(1, 3000), st.sampled_from(["[", "{a: ", "- ", "? ", "[{a: ", "!x [", "&a ["]))
def test_any_depth_is_read_or_refused(depth: int, opening: str) -> None:
    assert_sound("a: " + opening * depth)
    assert_sound(opening * depth)


WORD = st.text(st.sampled_from("abcxyz_中 -:#'\"\\,[]{}0123456789.\n"), max_size=15)


@given(st.dictionaries(WORD.filter(str.strip), st.lists(WORD), min_size=1))
@example({"<<": ["<<", "1", "", "\n"]})
def test_any_text_in_quotes_is_read_back(value: dict[str, list[str]]) -> None:
    assert plain(read(yaml.safe_dump(value, default_style='"', allow_unicode=True))) == value
