"""Records are created, read, changed and put away: through the pipeline, on both databases."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from runtime.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    Invalid,
    KeyReused,
    NotFound,
    Stale,
    Unauthenticated,
    VersionRequired,
)
from runtime.messages import Incoming
from runtime.pipeline import handle
from tests.databases import sqlite_url
from tests.shop import TINY, Shop, open_shop, person

SHIRT = {"item": "Shirt", "quantity": 2, "price": "10.50"}
CAP = {"item": "帽子", "price": "3"}
NOBODY = "01930000-0000-7000-8000-000000000009"


def customer(shop: Shop, code: str = "C1", name: str = "李伟") -> dict[str, Any]:
    return shop.row(shop.done("create", "customer", {"code": code, "name": name}))


def order(shop: Shop, **values: Any) -> dict[str, Any]:
    return shop.row(shop.done("create", "order", {"lines": [SHIRT, CAP], **values}))


def test_a_new_record_gets_its_defaults_numbers_and_formulas(shop: Shop) -> None:
    made = order(shop)
    assert made["number"] == "SO20261122-000001"
    assert made["status"] == "draft"
    assert made["total"] == "24.00"
    assert [line["amount"] for line in made["lines"]] == ["21.00", "3.00"]
    assert made["version"] == 1
    assert order(shop)["number"] == "SO20261122-000002"


def test_everything_wrong_with_a_payload_is_told_at_once_and_nothing_is_written(shop: Shop) -> None:
    refusal = shop.refused(
        "create",
        "order",
        {
            "status": "sold",
            "number": "SO1",
            "colour": "red",
            "lines": [{"item": "", "quantity": 1.5, "price": "1.005"}],
        },
    )
    assert isinstance(refusal, Invalid)
    assert {(error.field, error.code) for error in refusal.errors} == {
        ("status", "invalid"),
        ("number", "read_only"),
        ("colour", "unknown_field"),
        ("lines.0.item", "required"),
        ("lines.0.quantity", "invalid"),
        ("lines.0.price", "places"),
    }
    assert shop.count("order") == shop.count("order_line") == shop.count("sw_audit") == 0


def test_a_check_refuses_the_record_in_both_languages(shop: Shop) -> None:
    refusal = shop.refused("create", "order", {"discount": "100", "lines": [CAP]})
    (error,) = refusal.errors
    assert error.code == "NEGATIVE_TOTAL"
    assert error.message.text("zh_CN") == "订单金额不能为负。"
    assert shop.count("order") == 0


def test_a_reference_must_point_at_a_record_that_is_there(shop: Shop) -> None:
    refusal = shop.refused("create", "order", {"customer": NOBODY, "lines": [CAP]})
    assert [(error.field, error.code) for error in refusal.errors] == [("customer", "not_found")]


def test_an_archived_record_cannot_be_chosen_any_more(shop: Shop) -> None:
    gone = customer(shop)
    shop.done("delete", "customer", record=gone["id"], version=1)
    refusal = shop.refused("create", "order", {"customer": gone["id"], "lines": [CAP]})
    assert refusal.errors[0].code == "not_found"


def test_a_taken_value_is_refused_at_its_field(shop: Shop) -> None:
    customer(shop)
    refusal = shop.refused("create", "customer", {"code": "C1", "name": "Other"})
    assert isinstance(refusal, Invalid)
    assert [(error.field, error.code) for error in refusal.errors] == [("code", "not_unique")]
    assert shop.count("customer") == 1


def test_an_update_changes_what_it_names_and_nothing_else(shop: Shop) -> None:
    made = order(shop)
    changed = shop.row(
        shop.done("update", "order", {"status": "paid"}, record=made["id"], version=1)
    )
    assert changed["status"] == "paid"
    assert changed["version"] == 2
    kept = shop.row(shop.done("read", "order", record=made["id"], query={"include": "lines"}))
    assert kept["lines"] == made["lines"]


def test_an_update_without_the_version_read_is_refused(shop: Shop) -> None:
    made = order(shop)
    refusal = shop.refused("update", "order", {"status": "paid"}, record=made["id"])
    assert isinstance(refusal, VersionRequired)


def test_an_update_of_an_older_version_is_refused_and_says_the_current_one(shop: Shop) -> None:
    made = order(shop)
    shop.done("update", "order", {"status": "paid"}, record=made["id"], version=1)
    refusal = shop.refused("update", "order", {"discount": "1"}, record=made["id"], version=1)
    assert isinstance(refusal, Stale)
    assert refusal.params["version"] == 2


def test_an_update_that_changes_nothing_leaves_no_trace(shop: Shop) -> None:
    made = order(shop)
    before = shop.count("sw_audit")
    same = shop.done("update", "order", {"status": "draft"}, record=made["id"], version=1)
    assert shop.row(same)["version"] == 1
    assert shop.count("sw_audit") == before


def test_children_are_changed_added_and_removed_with_their_parent(shop: Shop) -> None:
    made = order(shop)
    shirt = made["lines"][0]
    changed = shop.row(
        shop.done(
            "update",
            "order",
            {"lines": [{"id": shirt["id"], "quantity": 3}, {"item": "Sock", "price": "2"}]},
            record=made["id"],
            version=1,
        )
    )
    assert [(line["item"], line["quantity"]) for line in changed["lines"]] == [
        ("Shirt", 3),
        ("Sock", 1),
    ]
    assert changed["lines"][0]["id"] == shirt["id"]
    assert changed["lines"][0]["version"] == 2
    assert changed["total"] == "33.50"
    assert shop.count("order_line") == 2


def test_a_child_of_another_record_cannot_be_taken_over(shop: Shop) -> None:
    mine, other = order(shop), order(shop)
    refusal = shop.refused(
        "update",
        "order",
        {"lines": [{"id": other["lines"][0]["id"], "quantity": 9}]},
        record=mine["id"],
        version=1,
    )
    assert [(error.field, error.code) for error in refusal.errors] == [("lines.0.id", "not_found")]


def test_a_record_that_is_used_cannot_be_put_away(shop: Shop) -> None:
    buyer = customer(shop)
    order(shop, customer=buyer["id"])
    refusal = shop.refused("delete", "customer", record=buyer["id"], version=1)
    assert isinstance(refusal, Conflict)
    assert refusal.errors[0].field == "order.customer"
    assert refusal.errors[0].code == "has_dependants"


def test_what_was_put_away_is_out_of_sight_and_comes_back(shop: Shop) -> None:
    buyer = customer(shop)
    shop.done("delete", "customer", record=buyer["id"], version=1)
    assert shop.rows(shop.done("list", "customer")) == []
    assert len(shop.done("list", "customer", query={"archived": "only"}).rows) == 1
    shop.done("restore", "customer", record=buyer["id"])
    assert len(shop.done("list", "customer").rows) == 1


def test_the_same_key_does_a_request_once_and_answers_it_twice(shop: Shop) -> None:
    values = {"lines": [CAP]}
    first = shop.done("create", "order", values, key="k-1")
    again = shop.done("create", "order", values, key="k-1")
    assert again.replayed
    assert shop.row(again) == shop.row(first)
    assert shop.count("order") == 1


def test_a_key_used_for_another_request_is_refused(shop: Shop) -> None:
    shop.done("create", "order", {"lines": [CAP]}, key="k-1")
    refusal = shop.refused("create", "order", {"lines": [SHIRT]}, key="k-1")
    assert isinstance(refusal, KeyReused)
    assert shop.count("order") == 1


def test_every_write_has_its_audit_row_and_its_event(shop: Shop) -> None:
    made = order(shop)
    shop.done("update", "order", {"status": "paid"}, record=made["id"], version=1)
    entries = shop.done("history", "order", record=made["id"]).rows
    assert [entry.operation for entry in entries] == ["update", "create"]
    assert entries[0].before == {"status": "draft"}
    assert entries[0].after == {"status": "paid"}
    assert shop.count("sw_outbox") == 2


def test_nobody_is_told_to_sign_in_first(shop: Shop) -> None:
    answer = handle(Incoming("list", "order", None), shop.runtime)
    assert isinstance(answer, Unauthenticated)


def test_what_no_role_gives_is_denied(shop: Shop) -> None:
    guest = person("guest")
    assert isinstance(shop.refused("list", "order", actor=guest), NotFound)
    assert isinstance(shop.refused("list", "nothing", actor=guest), NotFound)
    values = {"code": "X", "name": "X"}
    assert isinstance(shop.refused("create", "customer", values, actor=guest), Forbidden)
    assert isinstance(shop.refused("list", "customer", actor=person()), NotFound)


def test_a_hidden_and_a_missing_record_are_refused_alike(shop: Shop) -> None:
    refusal = shop.refused("read", "customer", record=NOBODY)
    assert isinstance(refusal, NotFound)


def test_a_line_cannot_be_made_without_its_order(shop: Shop) -> None:
    assert isinstance(shop.refused("create", "order_line", CAP), BadRequest)


@pytest.mark.parametrize("values", [None, [], "text", 7, {"lines": None}, {"lines": {}}])
def test_a_payload_of_another_form_is_refused(shop: Shop, values: Any) -> None:
    assert isinstance(shop.refused("create", "order", values), Invalid)


@pytest.mark.parametrize(
    ("lines", "fields"),
    [
        ([{"item": "Yacht", "quantity": 2**31, "price": "9999999999"}], {"lines.0.amount"}),
        ([{"item": "Yacht", "quantity": 90_000, "price": "9999999999"}] * 20, {"total"}),
    ],
)
def test_a_total_too_large_to_be_kept_is_refused_and_never_counts_as_nothing(
    shop: Shop, lines: list[dict[str, Any]], fields: set[str]
) -> None:
    refusal = shop.refused("create", "order", {"lines": lines})
    assert isinstance(refusal, Invalid)
    assert {error.field for error in refusal.errors if error.code == "out_of_range"} == fields


def test_a_check_that_cannot_be_computed_refuses_and_never_passes(tmp_path: Path) -> None:
    folder = tmp_path / "definitions"
    shutil.copytree(TINY, folder)
    file = folder / "shop" / "order.entity.yaml"
    huge = '{that: "total * 1000000000 * 1000000000 >= 0", code: HUGE, message: Too much.}'
    file.write_text(file.read_text("utf-8").replace("checks:\n", f"checks:\n  - {huge}\n"), "utf-8")
    shop = open_shop(sqlite_url(tmp_path), folder)
    dear = {"lines": [{"item": "Yacht", "quantity": 1000, "price": "9999999999"}]}
    refusal = shop.refused("create", "order", dear)
    assert [error.code for error in refusal.errors] == ["out_of_range"]
    shop.done("create", "order", {"lines": [{"item": "Cap", "quantity": 1, "price": "0"}]})
