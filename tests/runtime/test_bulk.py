"""Many records at once: each has its own outcome, and an unclear wish changes nothing."""

from typing import Any

import pytest

from runtime.errors import BadRequest, Forbidden, Invalid, RequestError, TooLarge
from runtime.operations import bulk
from tests.shop import Shop, person

NOBODY = "01930000-0000-7000-8000-000000000009"


@pytest.fixture
def people(shop: Shop) -> tuple[Shop, list[str]]:
    ids = [
        shop.row(shop.done("create", "customer", {"code": f"C{number}", "name": f"N{number}"}))[
            "id"
        ]
        for number in range(4)
    ]
    return shop, ids


def outcomes(shop: Shop, values: Any) -> dict[str, str]:
    result = shop.done("bulk", "customer", values)
    return {outcome.record_id: outcome.status for outcome in result.outcomes}


def test_a_bad_row_costs_only_itself(people: tuple[Shop, list[str]]) -> None:
    shop, ids = people
    found = outcomes(
        shop, {"operation": "update", "ids": [*ids[:2], NOBODY], "values": {"vip": True}}
    )
    assert found == {ids[0]: "ok", ids[1]: "ok", NOBODY: "gone"}
    assert len(shop.done("list", "customer", query={"vip": "true"}).rows) == 2


def test_a_value_that_only_one_may_have_goes_to_the_first(people: tuple[Shop, list[str]]) -> None:
    shop, ids = people
    found = outcomes(shop, {"operation": "update", "ids": ids, "values": {"code": "SAME"}})
    assert sorted(found.values()) == ["invalid", "invalid", "invalid", "ok"]


def test_a_row_that_changed_meanwhile_is_left_alone(people: tuple[Shop, list[str]]) -> None:
    shop, ids = people
    shop.done("update", "customer", {"name": "Newer"}, record=ids[0], version=1)
    wish = {
        "operation": "update",
        "ids": [{"id": ids[0], "version": 1}, {"id": ids[1], "version": 1}],
        "values": {"vip": True},
    }
    assert outcomes(shop, wish) == {ids[0]: "conflict", ids[1]: "ok"}


def test_a_filter_is_frozen_to_records_before_anything_changes(
    people: tuple[Shop, list[str]],
) -> None:
    shop, ids = people
    wish = {"operation": "delete", "filter": {"code[in]": "C1,C2"}}
    assert outcomes(shop, wish) == {ids[1]: "ok", ids[2]: "ok"}
    assert outcomes(shop, {"operation": "restore", "ids": ids[1:3]}) == {
        ids[1]: "ok",
        ids[2]: "ok",
    }
    assert set(outcomes(shop, {"operation": "delete", "all": True}).values()) == {"ok"}


def test_a_record_in_use_is_blocked_with_its_reason(people: tuple[Shop, list[str]]) -> None:
    shop, ids = people
    shop.done("create", "order", {"customer": ids[0], "lines": [{"item": "Cap", "price": "1"}]})
    result = shop.done("bulk", "customer", {"operation": "delete", "ids": ids})
    blocked = [one for one in result.outcomes if one.status == "blocked"]
    assert [one.record_id for one in blocked] == [ids[0]]
    assert "1" in blocked[0].message.text("zh")


@pytest.mark.parametrize(
    ("wish", "refusal"),
    [
        ({}, Invalid),
        ({"operation": "burn", "ids": [NOBODY]}, Invalid),
        ({"operation": "delete"}, Invalid),
        ({"operation": "delete", "ids": []}, Invalid),
        ({"operation": "delete", "filter": {}}, Invalid),
        ({"operation": "delete", "all": False}, Invalid),
        ({"operation": "delete", "ids": [NOBODY], "all": True}, Invalid),
        ({"operation": "delete", "ids": [7]}, Invalid),
        ({"operation": "delete", "ids": [{"id": NOBODY, "version": True}]}, Invalid),
        ({"operation": "delete", "filter": {"nothing": "x"}}, BadRequest),
        ({"operation": "delete", "filter": {"vip": "perhaps"}}, BadRequest),
        ({"operation": "delete", "filter": {"limit": "1"}}, Invalid),
        ({"operation": "update", "ids": [NOBODY]}, Invalid),
        ({"operation": "update", "ids": [NOBODY], "values": {"id": NOBODY}}, Invalid),
        ({"operation": "update", "ids": [NOBODY], "values": {}, "more": 1}, Invalid),
        ([], Invalid),
        (None, Invalid),
    ],
)
def test_an_unclear_wish_changes_nothing(
    people: tuple[Shop, list[str]], wish: Any, refusal: type[RequestError]
) -> None:
    shop, _ = people
    before = shop.count("sw_audit")
    assert isinstance(shop.refused("bulk", "customer", wish), refusal)
    assert shop.count("sw_audit") == before


def test_more_than_one_request_may_change_is_refused_before_anything_changes(
    people: tuple[Shop, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, _ = people
    monkeypatch.setattr(bulk, "MOST", 3)
    assert isinstance(
        shop.refused("bulk", "customer", {"operation": "delete", "all": True}), TooLarge
    )
    assert len(shop.done("list", "customer").rows) == 4


def test_who_may_only_look_may_not_change_in_bulk(people: tuple[Shop, list[str]]) -> None:
    shop, ids = people
    wish = {"operation": "delete", "ids": ids}
    assert isinstance(shop.refused("bulk", "customer", wish, actor=person("guest")), Forbidden)
