"""`verify`: what a scenario says of rows and cells holds on every surface, or each one is named."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from generator.compile import compile_definitions
from generator.shapes.scenario import CODES, OUTCOMES
from runtime import errors
from runtime.operations.bulk import _STATUS
from runtime.verify.playing import CaseVerdict, Played, play
from runtime.verify.words import in_chinese
from tests.access.branches import FOLDER

ROOT = Path(__file__).resolve().parents[2]

STORY = """
scenario: story
label: {en: A story, zh: 故事}
on: 2026-11-22
people:
  lin: seller
given:
  store:
    north: {code: S1, name: North}
    south: {code: S2, name: South}
  staff:
    lin_in_the_north: {account: "lin", store: north}
  customer:
    fang: {code: C1, store: north, name: 王芳, phone: "+8613812345678", id_no: X-1}
    lei:  {code: C2, store: south, name: 李雷, phone: "+8613987654321", id_no: X-2}
  order:
    first:
      {number: O1, store: north, customer: fang, total: "10.00", cost: "7.00", status: placed,
       lines: [{product: Tea, amount: "1.00"}]}
    second: {number: O2, store: south, customer: lei, total: "20.00", cost: "8.00", status: paid}
cases:
"""


def played(
    tmp_path: Path, cases: str, change: tuple[str, str] = ("", ""), locale: str = "en"
) -> Played:
    """Play cases on the branches; `change` replaces a text of the matrix first."""
    folder = tmp_path / "branches"
    shutil.copytree(FOLDER, folder)
    (folder / "trade" / "story.scenario.yaml").write_text(STORY + cases, encoding="utf-8")
    access = folder / "trade" / "trade.access.yaml"
    before = access.read_text("utf-8")
    assert change[0] in before
    access.write_text(before.replace(*change), encoding="utf-8")
    work = tmp_path / "work"
    work.mkdir()
    return play(compile_definitions(folder), work, locale=locale)


def told(
    tmp_path: Path, case: str, change: tuple[str, str] = ("", ""), locale: str = "en"
) -> tuple[str, ...]:
    """Return what is found otherwise in the only case."""
    (verdict,) = played(tmp_path, f"  it:\n{case}", change, locale).verdicts
    return verdict.faults


SURFACES = {"list", "count", "export", "sums", "page", "history", "search", "choices"}

SEES_THE_OWN_STORE = """
    as: lin
    when: {list: order}
    then:
      rows: [first]
      cells: {first: {total: "10.00", customer: fang}}
      hidden: {first: [cost]}
"""


def test_what_is_so_holds_on_every_surface(tmp_path: Path) -> None:
    assert told(tmp_path, SEES_THE_OWN_STORE) == ()


def test_a_matrix_that_opens_too_many_rows_is_found_on_every_surface(tmp_path: Path) -> None:
    allow = "    order:\n      allow: [edit, delete, restore, import"
    wide = (f'{allow}]\n      rows: "store in actor.stores"', f"{allow}, export]")
    faults = told(tmp_path, SEES_THE_OWN_STORE, wide)
    surfaces = {fault.partition(":")[0] for fault in faults}
    assert surfaces == SURFACES


def test_a_matrix_that_shows_a_cell_is_found_on_every_surface(tmp_path: Path) -> None:
    open_cost = ("fields: {hidden: [cost]}", "fields: {hidden: [tax_id]}")
    faults = told(tmp_path, SEES_THE_OWN_STORE, open_cost)
    assert {fault.partition(":")[0] for fault in faults} == {
        "list", "page", "include", "sort", "filter",
    }  # fmt: skip
    assert "page: first.cost is shown" in faults


def test_records_behind_a_reference_are_looked_at_too(tmp_path: Path) -> None:
    every_customer = (
        '    customer:\n      allow: [edit, import]\n      rows: "store in actor.stores"',
        "    customer:\n      allow: [edit, import]",
    )
    case = """
    as: lin
    when: {list: customer}
    then: {rows: [fang], masked: {fang: [phone]}, hidden: {fang: [id_no]}}
"""
    (tmp_path / "before").mkdir()
    (tmp_path / "after").mkdir()
    assert told(tmp_path / "before", case) == ()
    faults = told(tmp_path / "after", case, every_customer)
    assert "choices: order.customer offers lei" in faults
    assert "page: lei can be opened" in faults


OTHERWISE = [
    ("when: {read: second}\n    then: done", "R404 There is no such record., not done"),
    ("when: {read: first}\n    then: R404", "outcome: done, not R404"),
    (
        "when: {update: first, values: {cost: '1.00'}}\n"
        "    then: {outcome: R422, errors: {cost: read_only}}",
        "errors: cost: unknown_field, not cost: read_only",
    ),
    (
        "when: {update: first, values: {note: Hi}}\n    then: {audit: []}",
        "audit: update, not nothing",
    ),
    (
        "when: {bulk: order, records: [second], values: {note: Hi}}\n"
        "    then: {outcomes: {second: ok}}",
        "outcomes: second is gone, not ok",
    ),
    (
        "when: {list: order}\n    then: {cells: {first: {total: '11.00'}}}",
        "list: first.total is '10.00', not '11.00'",
    ),
    (
        "when: {list: order}\n    then: {masked: {first: [total]}}",
        "list: first.total is shown in clear",
    ),
    (
        "when: [{update: second, values: {note: Hi}}, {read: first}]\n    then: done",
        "update: R404",
    ),
]


@pytest.mark.parametrize(("case", "fault"), OTHERWISE)
def test_what_is_not_so_is_told(tmp_path: Path, case: str, fault: str) -> None:
    faults = told(tmp_path, f"    as: lin\n    {case}\n")
    assert any(fault in one for one in faults), faults


@pytest.mark.parametrize(("case", "fault"), OTHERWISE)
def test_what_is_not_so_is_told_in_chinese(tmp_path: Path, case: str, fault: str) -> None:
    faults = told(tmp_path, f"    as: lin\n    {case}\n", locale="zh")
    said = [in_chinese(one) for one in faults]
    assert all(re.search(r"[\u4e00-\u9fff]", one) for one in said)
    english = re.compile(r"\b(is|not|shown?|shows|instead|nothing|such|outcome|errors)\b")
    assert not [one for one in said if english.search(one)], said


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("list: shows first, second instead of first", "列表：显示了 first, second，应为 first"),
        ("count: 3 instead of 2", "计数：3，应为 2"),
        ("sums: 3 records instead of 2", "汇总：3 条记录，应为 2 条"),
        ("export: is not refused", "导出：没有被拒绝"),
        ("page: second can be opened", "详情页：second 可以打开"),
        ("search: 'tea' finds second", "搜索：'tea' 找到了 second"),
        ("search: 'tea' does not find first", "搜索：'tea' 找不到 first"),
        ("choices: order.customer offers ann", "选项：order.customer 提供了 ann"),
        ("sort: cost can be sorted by", "排序：可以按 cost 排序"),
        ("filter: cost tells of second", "筛选：cost 会透露 second"),
        ("list: first is not there", "列表：缺少 first"),
        ("outcomes: second is gone, not ok", "逐条结果：second 为 gone，应为 ok"),
        ("a sentence of no known form", "a sentence of no known form"),
    ],
)
def test_each_form_of_a_verdict_has_its_chinese(fault: str, said: str) -> None:
    assert in_chinese(fault) == said


def test_every_case_begins_with_the_given_records(tmp_path: Path) -> None:
    found = played(
        tmp_path,
        """
  one_deletes:
    as: lin
    when: {delete: first}
    then: {rows: [], audit: [delete]}
  the_next_finds_it:
    as: lin
    when: {list: order}
    then: {rows: [first]}
""",
    )
    assert [one.holds for one in found.verdicts] == [True, True]


def test_a_line_ends_when_days_pass(tmp_path: Path) -> None:
    found = played(
        tmp_path,
        """
  stores_are_open_from_today:
    as: temp
    when: {list: store}
    then: {rows: [north, south]}
  and_after_a_year:
    as: temp
    when: [{wait: 400}, {list: store}]
    then: {rows: [north, south]}
  orders_were_open_until_yesterday:
    as: temp
    when: {list: order}
    then: R404
""",
    )
    assert [one.faults for one in found.verdicts] == [(), (), ()]


EDITS = "    customer:\n      allow: [edit, import]"
ERASES = (EDITS, EDITS.replace("import]", "import, erase]"))
BY_TWO = (
    'access: trade\ngrants:\n  owner:\n    "*": all\n',
    "access: trade\nsensitive:\n"
    "  erasure: {entities: customer, actions: erase, ask: approve}\n"
    'grants:\n  owner:\n    "*": all\n    customer: [erase, approve]\n',
)


def test_a_person_is_erased_and_what_stays_is_looked_at(tmp_path: Path) -> None:
    case = """
    as: lin
    when: {erase: fang, reason: She asked for it.}
    then:
      cells: {fang: {code: C1, phone: null}}
      audit: [erase, person_erased]
"""
    assert told(tmp_path, case, ERASES) == ()


def test_an_erasure_that_leaves_something_otherwise_is_told(tmp_path: Path) -> None:
    case = """
    as: lin
    when: {erase: fang, reason: She asked for it.}
    then: {cells: {fang: {name: 王芳}}, audit: []}
"""
    faults = told(tmp_path, case, ERASES)
    assert "audit: erase, person_erased, not nothing" in faults
    assert any(one.startswith("list: fang.name is ") for one in faults)


@pytest.mark.parametrize(
    ("step", "then", "faults"),
    [
        ("{erase: fang}", "{outcome: R422, errors: {reason: required}}", ()),
        ("{erase: lei, reason: She asked.}", "R404", ()),
        (
            "{erase: fang, reason: She asked., approved_by: reviewer}",
            "done",
            ("erase: nobody had to approve it",),
        ),
    ],
)
def test_an_erasure_is_refused_as_anywhere(
    tmp_path: Path, step: str, then: str, faults: tuple[str, ...]
) -> None:
    assert told(tmp_path, f"    as: lin\n    when: {step}\n    then: {then}\n", ERASES) == faults


@pytest.mark.parametrize(
    ("second", "then"),
    [
        (
            ", approved_by: owner",
            "{cells: {fang: {name: —, phone: null}},"
            " audit: [approval_requested, approval_approved, erase, person_erased]}",
        ),
        (", approved_by: lin", "{outcome: R404, cells: {fang: {name: 王芳}}}"),
        ("", "{outcome: R202, audit: [approval_requested]}"),
    ],
)
def test_a_second_person_decides_about_an_erasure(tmp_path: Path, second: str, then: str) -> None:
    step = f"{{erase: fang, reason: She asked for it.{second}}}"
    case = f"    as: owner\n    when: {step}\n    then: {then}\n"
    assert told(tmp_path, case, BY_TWO) == ()


def test_a_given_record_that_is_refused_fails_its_cases_with_the_reason(tmp_path: Path) -> None:
    folder = tmp_path / "branches"
    shutil.copytree(FOLDER, folder)
    text = STORY.replace("code: S1", "code: S2") + "  it:\n" + SEES_THE_OWN_STORE
    (folder / "trade" / "story.scenario.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "work").mkdir()
    (verdict,) = play(compile_definitions(folder), tmp_path / "work").verdicts
    assert verdict.faults[0].startswith("given: south: R422")


def test_what_nobody_tried_is_told(tmp_path: Path) -> None:
    found = played(
        tmp_path,
        """
  a_paid_order_stays:
    as: owner
    when: {delete: second}
    then: {outcome: R403}
""",
    )
    assert found.failed == 0
    left = {(one.kind, one.name): one for one in found.coverage.untouched()}
    assert ("message", "Paid orders are kept.") not in left
    assert ("message", "A paid order keeps its total.") in left
    owner = left["grant", "owner × *"]
    assert "delete" not in owner.actions
    assert "create" in owner.actions
    assert str(owner.span).startswith("trade/trade.access.yaml:")


def test_the_shipped_scenarios_hold(tmp_path: Path) -> None:
    found = play(compile_definitions(ROOT / "definitions"), tmp_path)
    wrong: list[CaseVerdict] = [one for one in found.verdicts if not one.holds]
    assert wrong == []
    modules = {one.span.file.partition("/")[0] for one in found.verdicts}
    assert modules >= {"order", "catalog", "member", "core"}
    asked = ("transition", "guard", "course")
    left = [one for one in found.coverage.untouched() if one.kind in asked]
    assert left == [], "every step, refusal and late hour of the shipped workflows is a case"


def test_the_codes_of_scenarios_are_those_of_refusals() -> None:
    kinds = [errors.RequestError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    ours = {kind.code for kind in kinds if kind.__module__ == errors.__name__}
    assert ours == set(CODES)
    assert {name for _, name in _STATUS} | {"ok"} == set(OUTCOMES)
    assert all(re.fullmatch(r"R\d{3}|[a-z_]+", code) for code in CODES)
