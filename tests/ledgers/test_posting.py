"""What posting does, on both databases, through the one door."""

from datetime import timedelta

from runtime.errors import Blocked, Forbidden, Invalid, KeyReused, NotFound
from runtime.messages import Result
from tests.ledgers.counting import Counting, code
from tests.shop import person


def test_entries_make_a_balance_and_formulas_follow(shop: Counting) -> None:
    told = shop.post("receive", 10)
    assert told["entries"][0]["after"] == {"on_hand": "10", "held": "0", "available": "10"}
    shop.post("ship", 3)
    assert shop.now_at() == {"on_hand": 7, "held": 0, "available": 7}
    shop.agrees()


def test_a_guard_stops_what_would_break_it_and_says_what_there_is(shop: Counting) -> None:
    shop.post("receive", 2)
    refusal = shop.post("ship", 3)
    assert isinstance(refusal, Blocked)
    assert refusal.message.text("en") == "Only 2 are there."
    assert code(refusal) == "NOT_ENOUGH"
    assert shop.now_at()["on_hand"] == 2
    assert shop.count("stock_entry") == 1


def test_who_may_not_read_a_balance_is_not_told_it_by_its_guard(shop: Counting) -> None:
    shop.post("receive", 2)
    shop.actor = person("packer")
    refusal = shop.post("ship", 3)
    assert (refusal.message.text("en"), code(refusal)) == ("Only **** are there.", "NOT_ENOUGH")
    assert refusal.errors[0].params == {"on_hand": "2", "held": "0", "q": "3"}


def test_a_guard_may_ask_a_field_of_the_key(shop: Counting) -> None:
    shop.done("update", "item", {"most": "5"}, record=shop.ids["cap"], version=1)
    shop.post("receive", 5)
    assert code(shop.post("receive", 1)) == "NO_ROOM"
    assert shop.post("receive", 900, shop.key("hat"))["entries"]
    shop.agrees()


def test_a_key_is_posted_once(shop: Counting) -> None:
    first = shop.post("receive", 4, post_key="delivery-1")
    again = shop.post("receive", 4, post_key="delivery-1")
    assert again["entries"][0]["replayed"]
    assert again["entries"][0]["id"] == first["entries"][0]["id"]
    assert code(shop.post("receive", 5, post_key="delivery-1")) == "OTHER_POST"
    assert shop.now_at()["on_hand"] == 4


def test_an_idempotency_key_answers_alike(shop: Counting) -> None:
    values = {"kind": "receive", "key": shop.key(), "quantity": "4"}
    first = shop.done("post", "stock", values, key="click")
    again = shop.done("post", "stock", values, key="click")
    assert again.replayed
    assert again.row == first.row
    assert shop.count("stock_entry") == 1


def test_an_idempotency_key_answers_alike_also_when_all_is_prepared(shop: Counting) -> None:
    values = {"kind": "receive", "key": shop.key(), "quantity": "1"}
    told = [shop.done("post", "stock", values, key=f"click-{number}") for number in range(9)]
    for number, first in enumerate(told):
        again = shop.done("post", "stock", values, key=f"click-{number}")
        assert (again.replayed, again.row) == (True, first.row)
    other = shop.ask("post", "stock", {**values, "quantity": "2"}, key="click-1")
    assert isinstance(other, KeyReused)
    assert shop.now_at()["on_hand"] == shop.count("stock_entry") == 9
    shop.agrees()


def test_what_is_refused_keeps_no_key(shop: Counting) -> None:
    shop.post("receive", 2)
    values = {"kind": "ship", "key": shop.key(), "quantity": "3"}
    for _ in range(7):
        refusal = shop.ask("post", "stock", values, key="click")
        assert code(refusal) == "NOT_ENOUGH"
    shop.post("receive", 1)
    assert not shop.done("post", "stock", values, key="click").replayed
    assert shop.done("post", "stock", values, key="click").replayed
    assert shop.now_at()["on_hand"] == 0


def test_what_was_possible_then_is_answered_as_then(shop: Counting) -> None:
    end = (shop.clock.now + timedelta(days=1)).isoformat()
    values = {"kind": "earn", "key": {"owner": shop.ids["north"]}, "quantity": 5}
    first = shop.done("post", "points", {**values, "expires_at": end}, key="click")
    shop.clock.now += timedelta(days=2)
    again = shop.done("post", "points", {**values, "expires_at": end}, key="click")
    assert (again.replayed, again.row) == (True, first.row)
    anew = shop.ask("post", "points", {**values, "expires_at": end}, key="another")
    assert isinstance(anew, Invalid)
    shop.agrees()


def test_several_entries_are_all_or_none(shop: Counting) -> None:
    shop.post("receive", 5)
    entries = [
        {"kind": "receive", "key": shop.key("hat"), "quantity": "9"},
        {"kind": "ship", "key": shop.key(), "quantity": "6"},
    ]
    assert code(shop.do("post", entries=entries)) == "NOT_ENOUGH"
    assert shop.now_at("hat") == {}
    entries[1]["quantity"] = "5"
    told = shop.do("post", entries=entries)
    assert [one["kind"] for one in told["entries"]] == ["receive", "ship"]
    assert (shop.now_at("hat")["on_hand"], shop.now_at()["on_hand"]) == (9, 0)
    shop.agrees()


def test_a_transfer_moves_both_sides_or_none(shop: Counting) -> None:
    shop.post("receive", 5)
    there = shop.key(place="south")
    move = {"kind": "carry", "from": shop.key(), "to": there, "quantity": "3"}
    assert len(shop.told(shop.ask("transfer", "stock", move))["entries"]) == 2
    assert code(shop.told(shop.ask("transfer", "stock", move))) == "NOT_ENOUGH"
    assert shop.now_at()["on_hand"] == 2
    assert shop.now_at(place="south")["on_hand"] == 3
    shop.agrees()


def test_a_hold_sets_aside_is_used_in_parts_and_given_back(shop: Counting) -> None:
    shop.post("receive", 10)
    held = shop.do("hold", key=shop.key(), quantity="6")["hold"]
    assert shop.now_at() == {"on_hand": 10, "held": 6, "available": 4}
    assert code(shop.do("hold", key=shop.key(), quantity="5")) == "NOT_ENOUGH"
    assert shop.do("commit", hold=held["id"], quantity="2")["hold"]["remaining"] == "4"
    assert code(shop.do("commit", hold=held["id"], quantity="5")) == "MORE_THAN_HELD"
    assert shop.do("release", hold=held["id"])["hold"]["state"] == "released"
    assert code(shop.do("release", hold=held["id"])) == "HOLD_CLOSED"
    assert shop.now_at() == {"on_hand": 8, "held": 0, "available": 8}
    shop.agrees()


def test_a_hold_that_ran_out_cannot_be_used(shop: Counting) -> None:
    shop.post("receive", 10)
    held = shop.do("hold", key=shop.key(), quantity="6", **{"for": "PT5M"})["hold"]
    shop.clock.now += timedelta(minutes=5)
    assert code(shop.do("commit", hold=held["id"])) == "HOLD_EXPIRED"
    shop.agrees()


def test_only_holds_post_what_is_held(shop: Counting) -> None:
    shop.post("receive", 10)
    assert code(shop.post("reserve", 1)) == "OF_A_HOLD"
    entry = shop.do("hold", key=shop.key(), quantity="6")["entries"][0]
    assert code(shop.do("reverse", entry=entry["id"])) == "OF_A_HOLD"


def test_a_reversal_restores_and_happens_once(shop: Counting) -> None:
    came = shop.post("receive", 10)["entries"][0]
    went = shop.post("ship", 4)["entries"][0]
    assert code(shop.do("reverse", entry=came["id"])) == "NOT_ENOUGH"
    back = shop.do("reverse", entry=went["id"])["entries"][0]
    assert shop.now_at()["on_hand"] == 10
    assert code(shop.do("reverse", entry=went["id"])) == "REVERSED"
    assert code(shop.do("reverse", entry=back["id"])) == "IS_REVERSAL"
    assert shop.do("reverse", entry=came["id"])["entries"]
    shop.agrees()


def test_a_reversed_transfer_goes_back_on_both_sides(shop: Counting) -> None:
    shop.post("receive", 5)
    there = shop.key(place="south")
    move = {"kind": "carry", "from": shop.key(), "to": there, "quantity": "3"}
    sides = shop.told(shop.ask("transfer", "stock", move))["entries"]
    shop.do("reverse", entry=sides[1]["id"])
    assert (shop.now_at()["on_hand"], shop.now_at(place="south")["on_hand"]) == (5, 0)
    assert code(shop.do("reverse", entry=sides[0]["id"])) == "REVERSED"
    shop.agrees()


def test_lots_go_out_as_they_expire(shop: Counting) -> None:
    day = timedelta(days=1)
    shop.points("earn", 10, expires_at=(shop.clock.now + 9 * day).isoformat(), lot="late")
    shop.points("earn", 10, expires_at=(shop.clock.now + 2 * day).isoformat(), lot="soon")
    shop.points("spend", 12)
    left = {one["code"]: one["remaining"] for one in _lots(shop)}
    assert left == {"late": 8, "soon": 0}
    shop.agrees()


def test_what_has_expired_is_not_spent(shop: Counting) -> None:
    shop.points("earn", 10, expires_at=(shop.clock.now + timedelta(days=1)).isoformat())
    shop.clock.now += timedelta(days=1)
    refusal = shop.points("spend", 1)
    assert code(refusal) == "LOTS_SHORT"
    shop.points("earn", 3)
    assert code(shop.points("spend", 4)) == "LOTS_SHORT"
    assert shop.points("spend", 3)["entries"]
    shop.agrees()


def test_a_reversal_restores_the_same_lots(shop: Counting) -> None:
    shop.points("earn", 5, lot="one")
    shop.clock.now += timedelta(days=1)
    earned = shop.points("earn", 5, lot="two")["entries"][0]
    spent = shop.points("spend", 7)["entries"][0]
    assert code(shop.do("reverse", "points", entry=earned["id"])) == "NO_POINTS"
    shop.do("reverse", "points", entry=spent["id"])
    assert {one["code"]: one["remaining"] for one in _lots(shop)} == {"one": 5, "two": 5}
    shop.points("spend", 6)
    assert code(shop.do("reverse", "points", entry=earned["id"])) == "NO_POINTS"
    shop.points("earn", 9)
    assert code(shop.do("reverse", "points", entry=earned["id"])) == "LOT_USED"
    shop.agrees()


def test_lots_keep_their_names_and_ends_when_they_move(shop: Counting) -> None:
    shop.points("earn", 5, lot="one")
    move = {"kind": "give", "from": {"owner": shop.ids["north"]}, "quantity": 3}
    shop.done("transfer", "points", {**move, "to": {"owner": shop.ids["south"]}})
    lots = _lots(shop)
    assert {(one["code"], one["remaining"]) for one in lots} == {("one", 2), ("one", 3)}
    assert len({one["expires_at"] for one in lots}) == 1
    shop.agrees()


def test_lines_say_who_may_post_which_kind_where(shop: Counting) -> None:
    shop.post("receive", 5)
    shop.post("receive", 5, shop.key(place="south"))
    packer, keeper = person("packer", number=3), person("keeper", number=7)
    ship = {"kind": "ship", "key": shop.key(), "quantity": "1"}
    told = shop.done("post", "stock", ship, actor=packer).row
    assert told["entries"][0]["after"] == {"on_hand": "4", "held": "0"}
    refusal = shop.refused("post", "stock", {**ship, "kind": "receive"}, actor=packer)
    assert isinstance(refusal, Forbidden)
    assert isinstance(shop.refused("post", "stock", ship, actor=keeper), Forbidden)
    south = {**ship, "key": shop.key(place="south")}
    assert shop.done("post", "stock", south, actor=keeper).row["entries"]
    new = {"kind": "receive", "key": shop.key("hat"), "quantity": "1"}
    assert isinstance(shop.refused("post", "stock", new, actor=keeper), Forbidden)
    assert shop.now_at("hat") == {}
    assert isinstance(shop.refused("post", "stock", ship, actor=person("guest")), NotFound)


def test_a_wide_line_for_one_kind_opens_no_row_for_another(shop: Counting) -> None:
    shop.post("receive", 5)
    porter = person("porter", number=7)
    for kind, place, may in (
        ("ship", "north", True),
        ("receive", "north", False),
        ("receive", "south", True),
        ("adjust", "south", False),
    ):
        values = {"kind": kind, "key": shop.key(place=place), "quantity": "1", "reason": "count"}
        answer = shop.ask("post", "stock", values, actor=porter)
        assert isinstance(answer, Result) is may, (kind, place)
        assert may or isinstance(answer, Forbidden)
    shop.agrees()


def test_nobody_writes_balances_or_entries_by_hand(shop: Counting) -> None:
    shop.post("receive", 5)
    (row,) = shop.rows(shop.done("list", "stock"))
    for operation in ("update", "delete"):
        values = {"on_hand": "9"} if operation == "update" else None
        refusal = shop.refused(operation, "stock", values, record=row["id"], version=1)
        assert isinstance(refusal, Forbidden)
    values = {**shop.key(), "on_hand": "9"}
    assert isinstance(shop.refused("create", "stock", values), Forbidden)


def test_balances_and_entries_are_lists_like_any_other(shop: Counting) -> None:
    shop.post("receive", 5, reason="first delivery")
    shop.post("receive", 2, shop.key("hat"))
    few = shop.done("list", "stock", query={"available[lt]": "3", "sort": "-available"})
    assert [row["on_hand"] for row in shop.rows(few)] == ["2"]
    entries = shop.done("list", "stock_entry", query={"item": shop.ids["cap"]})
    (row,) = shop.rows(entries)
    assert (row["kind"], row["quantity"], row["on_hand_after"]) == ("receive", "5", "5")
    assert row["reason"] == "first delivery"
    seen = shop.done("list", "stock", actor=person("packer", number=3))
    assert all("available" not in row for row in shop.rows(seen))
    assert shop.rows(shop.done("list", "stock", actor=person("keeper", number=7))) == []


def test_a_post_is_in_the_audit_and_the_outbox(shop: Counting) -> None:
    before = shop.count("sw_audit"), shop.count("sw_outbox")
    shop.post("receive", 5)
    shop.post("ship", 9)
    assert (shop.count("sw_audit"), shop.count("sw_outbox")) == (before[0] + 1, before[1] + 1)


def test_what_cannot_be_posted_is_refused_with_its_place(shop: Counting) -> None:
    nowhere = {"item": shop.ids["north"], "place": shop.ids["north"]}
    wrong = {
        "UNKNOWN_KIND": {"kind": "steal"},
        "IS_TRANSFER": {"kind": "carry"},
        "QUANTITY": {"quantity": "0"},
        "REASON_MISSING": {"kind": "adjust"},
        "invalid": {"quantity": "a lot"},
        "required": {"quantity": None},
        "unknown_field": {"price": 3},
        "not_found": {"key": nowhere},
    }
    for expected, part in wrong.items():
        values = {"kind": "receive", "key": shop.key(), "quantity": "1", **part}
        refusal = shop.told(shop.ask("post", "stock", values))
        assert code(refusal) == expected, part
        assert isinstance(refusal, Invalid), part
    for quantity in ("-1", "1.5", "1e3", "NaN", True, [], {}, "9" * 40):
        values = {"kind": "receive", "key": shop.key(), "quantity": quantity}
        assert code(shop.told(shop.ask("post", "stock", values))) in {"invalid", "QUANTITY"}
    for key in (None, "cap", [], {"item": shop.ids["cap"]}, {**shop.key(), "lot": "1"}):
        values = {"kind": "receive", "key": key, "quantity": "1"}
        assert isinstance(shop.told(shop.ask("post", "stock", values)), Invalid)
    for values in (None, [], "x", {"entries": []}, {"entries": [3]}, {"entries": {}}):
        assert isinstance(shop.told(shop.ask("post", "stock", values)), Invalid)
    assert shop.count("stock_entry") == 0


def _lots(shop: Counting) -> list[dict[str, object]]:
    book = shop.runtime.book("points")
    return [dict(one) for one in shop.read(book.lots.select())]
