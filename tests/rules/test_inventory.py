"""What is kept about people, and who reads it in clear: made of the matrix, for every field."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import app
from generator.compile import compile_definitions
from rules.inventory import inventory
from rules.matrix import Matrix
from tests.access.branches import FOLDER


def test_every_field_about_people_is_told_with_what_each_role_sees_of_it() -> None:
    made = compile_definitions(FOLDER).app
    found = {(one.entity, one.field): one for one in inventory(Matrix(made))}
    about = {
        (entity.name, field.name): field.sensitivity
        for entity in made.entities.values()
        for field in entity.fields.values()
        if field.sensitivity in ("personal", "sensitive", "secret")
    }
    assert {place: one.sensitivity for place, one in found.items()} == about
    assert next(iter(found)) == ("customer", "pin"), "what matters most stands first"
    phone, number = found["customer", "phone"], found["customer", "id_no"]
    assert phone.seen == {
        "owner": "clear", "seller": "masked", "lead": "masked", "reviewer": "masked",
    }  # fmt: skip
    assert phone.exported == ("owner",)
    assert number.seen == {"owner": "clear", "reviewer": "masked"}, "it is hidden from sellers"
    remark = found["order_line", "remark"]
    assert remark.seen["totals"] == "some", "they see the lines of some orders"
    assert (remark.seen["taxes"], remark.seen["seller"]) == ("clear", "masked")
    assert not found["customer", "pin"].seen, "what is secret nobody reads"
    assert (phone.logged, number.logged) == ("masked", "mark")


def test_a_role_that_sees_a_class_masked_is_told_apart() -> None:
    made = compile_definitions(FOLDER.parents[2] / "definitions").app
    found = {(one.entity, one.field): one for one in inventory(Matrix(made), ("personal",))}
    phone = found["customer", "phone"]
    assert phone.seen["auditor"] == "masked"
    assert phone.seen["administrator"] == "clear"
    assert "customer_service" in phone.revealed
    assert "merchandiser" not in phone.seen


def test_the_command_lists_a_class_in_both_languages_and_for_programs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHOPWRIGHT_DEFINITIONS", str(FOLDER))
    runner = CliRunner()
    command = ["access", "personal", "--class", "sensitive"]
    told = runner.invoke(app.main, command).output
    assert "customer.id_no  sensitive" in told
    assert "in clear: owner" in told
    assert "customer.phone" not in told
    assert "in the log: a mark" in told
    assert "明文可见：owner" in runner.invoke(app.main, [*command, "--locale", "zh"]).output
    (one,) = json.loads(runner.invoke(app.main, [*command, "--json"]).output)
    assert (one["entity"], one["field"], one["exported"]) == ("customer", "id_no", ["owner"])
