"""What a writer's rights ask of a record before and after, of each field, and of references."""

from typing import Any

import pytest

from runtime.errors import RequestError
from runtime.messages import Actor
from tests.access.branches import MASKED_PHONE, OWNER, PHONE, Branches


def change(branches: Branches, actor: Actor, number: str, **values: Any) -> RequestError | None:
    """Change an order as somebody; return the refusal, if it is one."""
    answer = branches.shop.ask(
        "update",
        "order",
        values,
        record=branches.orders[number],
        version=branches.version(number),
        actor=actor,
    )
    return answer if isinstance(answer, RequestError) else None


def test_a_record_of_another_store_cannot_be_touched(fresh: Branches) -> None:
    seller = fresh.person("seller", stores=("S1",))
    record = fresh.orders["O2"]
    for operation, values in (("update", {"note": "x"}), ("delete", None), ("restore", None)):
        refusal = fresh.shop.refused(
            operation, "order", values, record=record, version=1, actor=seller
        )
        assert (refusal.status, refusal.code) == (404, "R404"), operation
    outcome = fresh.shop.done(
        "bulk",
        "order",
        {"operation": "update", "values": {"note": "b"}, "ids": [fresh.orders["O1"], record]},
        actor=OWNER,
    )
    assert [one.status for one in outcome.outcomes] == ["ok", "ok"]


def test_a_record_cannot_be_moved_out_of_the_writers_rows(fresh: Branches) -> None:
    seller = fresh.person("seller", stores=("S1", "S2"))
    assert change(fresh, seller, "O1", store=fresh.stores["S2"]) is None
    alone = fresh.person("seller", stores=("S2",))
    refusal = change(fresh, alone, "O1", store=None)
    assert refusal is not None
    assert refusal.status == 403
    assert fresh.one(OWNER, "O1")["store"] == fresh.stores["S2"]


def test_a_new_record_must_lie_in_the_writers_rows(fresh: Branches) -> None:
    seller = fresh.person("seller", stores=("S1",))
    wanted = {"number": "N1", "store": fresh.stores["S1"]}
    made = fresh.shop.done("create", "order", wanted, actor=seller)
    assert fresh.shop.row(made)["owner"] == seller.id
    before = fresh.shop.count("order")
    refusal = fresh.shop.refused("create", "order", {"number": "N2"}, actor=seller)
    assert refusal.status == 403
    assert fresh.shop.count("order") == before


def test_a_reference_points_only_at_what_the_writer_sees(fresh: Branches) -> None:
    seller = fresh.person("seller", stores=("S1",))
    hidden = fresh.customers["C2"]
    missing = "0" * 8 + hidden[8:]
    answers = [change(fresh, seller, "O1", customer=one) for one in (hidden, missing)]
    assert all(answer is not None and answer.status == 422 for answer in answers)
    said = [[(e.field, e.code, e.message) for e in answer.errors] for answer in answers if answer]
    assert said[0] == said[1]
    refusal = change(fresh, seller, "O1", watchers=[hidden])
    assert refusal is not None
    refusal = change(fresh, seller, "O1", store=fresh.stores["S2"])
    assert refusal is not None
    assert change(fresh, seller, "O1", note="fine") is None


def test_a_check_of_the_grant_holds_before_and_after(fresh: Branches) -> None:
    seller = fresh.person("seller", stores=("S1",))
    refusal = change(fresh, seller, "O1", discount="0.30")
    assert refusal is not None
    assert refusal.status == 403
    assert change(fresh, seller, "O1", discount="0.20") is None
    assert change(fresh, OWNER, "O1", discount="0.50") is None
    refusal = change(fresh, seller, "O1", discount="0.10")
    assert refusal is not None


def test_rows_of_one_role_do_not_go_with_fields_of_another(fresh: Branches) -> None:
    both = fresh.person("seller", "taxes", stores=("S1",))
    assert change(fresh, both, "O2", tax_id="new") is None
    refusal = change(fresh, both, "O2", note="mine now")
    assert refusal is not None
    assert refusal.status == 422
    assert [(e.field, e.code) for e in refusal.errors] == [("note", "read_only")]
    assert change(fresh, both, "O1", note="mine", tax_id="new") is None


def test_what_is_forced_cannot_be_sent(fresh: Branches) -> None:
    seller = fresh.person("seller", stores=("S1",), number=9)
    refusal = change(fresh, seller, "O1", owner=1)
    assert refusal is not None
    assert refusal.errors[0].field == "owner"
    assert change(fresh, seller, "O1", note="x") is None
    assert fresh.one(OWNER, "O1")["owner"] == 9


def test_hidden_and_unwritable_fields_are_refused_before_they_are_judged(fresh: Branches) -> None:
    seller = fresh.person("seller", stores=("S1",))
    refusal = change(fresh, seller, "O1", cost="not a number", nonsense=1, version=3, worth="1")
    assert refusal is not None
    assert {e.field: e.code for e in refusal.errors} == {
        "cost": "unknown_field",
        "nonsense": "unknown_field",
        "version": "read_only",
        "worth": "read_only",
    }


def test_a_mask_that_comes_back_changes_nothing(fresh: Branches) -> None:
    seller = fresh.person("seller", stores=("S1",))
    record = fresh.customers["C1"]
    sent = {"phone": MASKED_PHONE, "level": "plain"}
    answer = fresh.shop.done("update", "customer", sent, record=record, version=1, actor=seller)
    assert fresh.shop.row(answer)["phone"] == MASKED_PHONE
    seen = fresh.seen(OWNER, "customer")["C1"]
    assert (seen["phone"], seen["level"]) == (PHONE, "plain")
    for half in ("138****0000", "138****5678"):
        refusal = fresh.shop.refused(
            "update", "customer", {"phone": half}, record=record, version=2, actor=seller
        )
        assert refusal.status == 422
    assert fresh.seen(OWNER, "customer")["C1"]["phone"] == PHONE


def test_an_import_finds_and_changes_only_what_its_caller_reaches(fresh: Branches) -> None:
    seller = fresh.person("seller", stores=("S1",))
    records = [
        {"number": "O1", "note": "imported"},
        {"number": "O2", "note": "stolen"},
        {"number": "N9", "store": fresh.stores["S1"]},
        {"number": "N8"},
    ]
    done = fresh.shop.done("import", "order", {"records": records}, actor=seller)
    assert [one.status for one in done.outcomes] == ["updated", "invalid", "created", "invalid"]
    assert fresh.one(OWNER, "O2")["note"] is None
    assert "N8" not in fresh.seen(OWNER)
    masked = [{"code": "C1", "name": "W****"}]
    done = fresh.shop.done("import", "customer", {"records": masked}, actor=seller)
    assert done.outcomes[0].status == "invalid"
    assert fresh.seen(OWNER, "customer")["C1"]["name"] == "Wang Fang"


def test_a_bulk_filter_reaches_only_the_callers_rows(fresh: Branches) -> None:
    lead = fresh.person("seller", stores=("S1",))
    body = {"operation": "delete", "all": True}
    refusal = fresh.shop.refused("bulk", "order", {**body, "filter": {}}, actor=lead)
    assert refusal.status == 422
    done = fresh.shop.done("bulk", "order", body, actor=lead)
    assert len(done.outcomes) == 2
    assert set(fresh.seen(OWNER)) == {"O2", "O4"}
    hidden = {"operation": "delete", "filter": {"cost[gt]": "0"}}
    refusal = fresh.shop.refused("bulk", "order", hidden, actor=lead)
    assert refusal.status == 400


def test_a_guardrail_binds_everyone_and_says_why(fresh: Branches) -> None:
    assert change(fresh, OWNER, "O1", status="paid") is None
    refusal = fresh.shop.refused(
        "delete", "order", record=fresh.orders["O1"], version=fresh.version("O1")
    )
    assert (refusal.status, refusal.message.text("en")) == (403, "Paid orders are kept.")
    kept = change(fresh, OWNER, "O1", total="99.00")
    assert kept is not None
    assert kept.errors[0].message.text("zh") == "已付款订单的合计不能修改。"
    assert change(fresh, OWNER, "O1", note="still writable") is None
    assert change(fresh, OWNER, "O1", total="10.00", note="the same total") is None


@pytest.mark.parametrize("values", [{"number": "O2"}, {"number": "O4"}])
def test_a_value_taken_by_a_hidden_record_is_only_taken(
    fresh: Branches, values: dict[str, str]
) -> None:
    seller = fresh.person("seller", stores=("S1",))
    wanted = {**values, "store": fresh.stores["S1"]}
    refusal = fresh.shop.refused("create", "order", wanted, actor=seller)
    assert refusal.status == 422
    assert refusal.errors[0].message.text("en") == "This value is not available."
    assert fresh.orders["O2"] not in str(refusal.errors)
