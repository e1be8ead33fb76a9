"""Two versions of a role as a whole, and of what is asked of a person: who must agree to them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from generator.compile import compile_definitions
from generator.model.app import App
from rules.comparing import Change, compare, unapproved
from runtime.commands.comparing import sentence
from tests.access.branches import FOLDER
from tests.rules.test_comparing import ACCESS

BASE = {
    "label: {en: Seller, zh: 销售}": "label: {en: Seller, zh: 销售}, owner: owner, "
    "second_factor: true",
    "label: {en: Reviewer, zh: 审阅}": "label: {en: Reviewer, zh: 审阅}, "
    "break_glass: {by: totals, tells: [owner, taxes]}",
}
APART = "conflicts:\n  two_sums: {roles: [totals, taxes]}\n"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("roles") / "base"
    shutil.copytree(FOLDER, folder)
    text = (folder / "roles.yaml").read_text("utf-8")
    for before, after in BASE.items():
        assert before in text
        text = text.replace(before, after)
    (folder / "roles.yaml").write_text(text + APART, "utf-8")
    return folder


def after(base: Path, into: Path, before: str, then: str, approval: str = "") -> tuple[App, App]:
    folder = into / "after"
    shutil.copytree(base, folder)
    text = (folder / "roles.yaml").read_text("utf-8")
    assert before in text
    (folder / "roles.yaml").write_text(text.replace(before, then, 1), "utf-8")
    if approval:
        rights = (folder / ACCESS).read_text("utf-8")
        (folder / ACCESS).write_text(f"{rights}approve:\n  {approval}: Wang agreed\n", "utf-8")
    return compile_definitions(base).app, compile_definitions(folder).app


def told(found: list[Change]) -> set[tuple[str, str, str, str]]:
    return {(one.role, one.entity, one.direction, one.kind) for one in found}


@pytest.mark.parametrize(
    ("before", "then", "expected", "words"),
    [
        (
            "second_factor: true",
            "second_factor: true, administers: log",
            ("seller", "widens", "administers"),
            "[log]",
        ),
        (", second_factor: true", "", ("seller", "widens", "second_factor"), "no longer needs"),
        ("owner: owner,", "owner: [owner, lead],", ("seller", "widens", "owner"), "[lead]"),
        ("by: totals", "by: [totals, temp]", ("reviewer", "widens", "taken_by"), "[temp]"),
        ("[owner, taxes]}", "owner}", ("reviewer", "widens", "told"), "[owner]"),
        ("[owner, taxes]}", "[owner, taxes], minutes: 60}", ("reviewer", "widens", "taken_for"),
         "60 min"),
        ("[totals, taxes]", "[totals, temp]", ("totals", "otherwise", "apart"), "[temp]"),
    ],
)  # fmt: skip
def test_a_role_that_is_easier_to_have_must_be_approved(
    base: Path, tmp_path: Path, before: str, then: str, expected: tuple[str, ...], words: str
) -> None:
    role, direction, kind = expected
    old, new = after(base, tmp_path, before, then)
    found = [one for one in compare(old, new) if one.role == role and one.entity == "*"]
    assert told(found) == {(role, "*", direction, kind)}
    assert words in sentence(found[0], "en")
    assert sentence(found[0], "zh") != sentence(found[0], "en")
    assert (role, "*", direction, kind) in told(unapproved(old, new))
    back = [one for one in compare(new, old) if one.role == role and one.entity == "*"]
    assert direction == "otherwise" or told(back) == {(role, "*", "narrows", kind)}
    approved = after(base, tmp_path / "yes", before, then, f"{role}.*")
    assert not [one for one in unapproved(*approved) if (one.role, one.entity) == (role, "*")]


def test_a_role_that_includes_one_loses_its_second_factor_with_it(
    base: Path, tmp_path: Path
) -> None:
    old, new = after(base, tmp_path, ", second_factor: true", "", "seller.*")
    assert ("lead", "*", "widens", "second_factor") in told(compare(old, new))
    assert unapproved(old, new) == []


def test_another_fact_of_a_person_is_told_where_conditions_ask_for_it(
    base: Path, tmp_path: Path
) -> None:
    old, new = after(base, tmp_path, "value: store}", "value: id}")
    asking = told(compare(old, new))
    assert asking >= {
        ("seller", entity, "otherwise", "person") for entity in ("store", "customer", "order")
    }
    assert {role for role, *_ in asking} == {"seller", "lead"}
    (store,) = (one for one in compare(old, new) if (one.role, one.entity) == ("seller", "store"))
    assert "store of staff" in sentence(store, "en")
    assert unapproved(old, new)
