"""A change after which a code holds no more: it goes back, once, and comes again if it is free."""

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from runtime.errors import GuardBlocked, PriceChanged, RequestError
from runtime.messages import Result
from runtime.repricing_words import Repricings, ToldCode
from tests.databases import postgres_url, sqlite_url
from tests.ledgers.counting import Clock
from tests.ledgers.test_placing import TILL, Till, cart, open_till, voucher
from tests.ledgers.test_repricing import asked, edit, sale
from tests.runtime.test_races import together
from tests.shop import open_shop

CUPS = cart("cup", codes=["ONE"])


@pytest.fixture(params=["sqlite", "postgresql"])
def till(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Till]:
    opened = open_till(sqlite_url(tmp_path) if request.param == "sqlite" else postgres_url())
    yield opened
    opened.runtime.engine.dispose()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Till]:
    opened = open_till(sqlite_url(tmp_path))
    yield opened
    opened.runtime.engine.dispose()


def token(shop: Till, rule: str = "bonus") -> None:
    shop.done("create", "token", {"code": "ONE", "rule": rule})


def held(shop: Till) -> tuple[str, Any]:
    """Return the state of the token, and the sale it says it is used in."""
    (found,) = shop.rows(shop.done("list", "token", query={"include": "sale"}))
    return found["status"], (found["sale"] or {}).get("id")


def told(shop: Till, record: str, items: Any, locale: str = "en") -> list[ToldCode]:
    """Return what a look at a change says of codes."""
    found = shop.done("preview_transition", "sale", asked(items), record=record).row
    return list(Repricings(found, shop.runtime.app, None, locale).codes())


def lose(shop: Till, record: str) -> None:
    """Change a sale of cups so that a code for cups does not hold any more."""
    assert isinstance(edit(shop, record, {"cup": 0, "cap": 1}), Result)


def regain(shop: Till, record: str) -> Any:
    return edit(shop, record, {"cap": 0, "cup": 1})


def test_a_code_that_is_only_counted_can_be_used_again(till: Till) -> None:
    voucher(till, "ONE")
    row = till.place(CUPS)
    assert (row["total"], till.used("bonus", code="ONE")) == ("6.00", 1)
    lose(till, row["id"])
    assert (sale(till, row["id"])["total"], till.used("bonus", code="ONE")) == ("9.00", 0)
    assert till.place(CUPS)["total"] == "6.00"
    assert till.used("bonus", code="ONE") == 1
    till.agrees()


def test_a_code_with_a_state_goes_back_and_is_used_again_by_who_has_it(till: Till) -> None:
    token(till)
    first = till.place(CUPS)
    lose(till, first["id"])
    assert held(till) == ("open", None)
    assert sale(till, first["id"])["tokens"] == []
    second = till.place(CUPS)
    assert (second["total"], held(till)) == ("6.00", ("used", second["id"]))
    # the first is as it was, but for the code
    assert isinstance(regain(till, first["id"]), Result)
    assert sale(till, first["id"])["total"] == "10.00"
    till.cancel(first["id"])
    assert (held(till), till.used("bonus", code="ONE")) == (("used", second["id"]), 1)
    till.agrees()


def test_what_holds_again_is_taken_again(till: Till) -> None:
    token(till)
    row = till.place(CUPS)
    for _ in range(2):
        lose(till, row["id"])
        assert (held(till), till.used("bonus", code="ONE")) == (("open", None), 0)
        assert isinstance(regain(till, row["id"]), Result)
        assert sale(till, row["id"])["total"] == "6.00"
        assert (held(till), till.used("bonus", code="ONE")) == (("used", row["id"]), 1)
    till.cancel(row["id"])
    assert (held(till), till.used("bonus", code="ONE")) == (("open", None), 0)
    assert isinstance(till.reinstate(row["id"]), Result)
    assert (held(till), till.used("bonus", code="ONE")) == (("used", row["id"]), 1)
    till.agrees()


def test_a_code_that_somebody_else_had_is_taken_when_it_is_free_again(till: Till) -> None:
    token(till)
    first = till.place(CUPS)
    lose(till, first["id"])
    second = till.place(CUPS)
    assert isinstance(regain(till, first["id"]), Result)
    assert isinstance(edit(till, first["id"], {"cup": 2}), Result)
    assert sale(till, first["id"])["total"] == "20.00"
    till.cancel(second["id"])
    assert isinstance(edit(till, first["id"], {"cup": 3}), Result)
    assert sale(till, first["id"])["total"] == "26.00"
    assert (held(till), till.used("bonus", code="ONE")) == (("used", first["id"]), 1)
    till.agrees()


def test_what_is_cancelled_after_it_gives_nothing_back_twice(till: Till) -> None:
    token(till)
    row = till.place(CUPS)
    lose(till, row["id"])
    for _ in range(2):
        till.cancel(row["id"])
        assert (held(till), till.used("bonus", code="ONE")) == (("open", None), 0)
        assert isinstance(till.reinstate(row["id"]), Result)
        assert (held(till), till.used("bonus", code="ONE")) == (("open", None), 0)
    till.agrees()


def test_the_same_change_twice_at_once_gives_it_back_once(till: Till) -> None:
    token(till)
    row = till.place(CUPS)
    change = {"cup": 0, "cap": 1}
    seen = till.ask("transition", "sale", asked(change), record=row["id"])
    mark = seen.params["evaluated"].priced.fingerprint
    body = asked(change, prices=mark)
    send = partial(till.ask, "transition", "sale", body, record=row["id"])
    results = together(*[partial(send, version=row["version"])] * 4)
    assert sum(isinstance(one, Result) for one in results) == 1, results
    assert (held(till), till.used("bonus", code="ONE")) == (("open", None), 0)
    till.agrees()


def test_a_repeated_request_is_answered_as_the_first(till: Till) -> None:
    token(till)
    row = till.place(CUPS)
    change = {"cup": 0, "cap": 1}
    seen = till.ask("transition", "sale", asked(change), record=row["id"])
    body = asked(change, prices=seen.params["evaluated"].priced.fingerprint)
    send = partial(till.ask, "transition", "sale", body, record=row["id"], key="a-change")
    assert isinstance(send(), Result)
    assert (held(till), till.used("bonus", code="ONE")) == (("open", None), 0)
    other = till.place(CUPS)
    assert isinstance(send(), Result), "it is answered as the first was"
    assert (held(till), till.used("bonus", code="ONE")) == (("used", other["id"]), 1)
    till.agrees()


def test_of_two_that_want_a_code_again_at_once_one_has_it(till: Till) -> None:
    token(till)
    rows = []
    for _ in range(2):
        row = till.place(CUPS)
        assert row["total"] == "6.00"
        lose(till, row["id"])
        rows.append(row["id"])
    change = {"cap": 0, "cup": 1}
    marks = [till.ask("transition", "sale", asked(change), record=one) for one in rows]
    bodies = [asked(change, prices=one.params["evaluated"].priced.fingerprint) for one in marks]
    results = together(*(
        partial(till.ask, "transition", "sale", body, record=one)
        for body, one in zip(bodies, rows, strict=True)
    ))  # fmt: skip
    done = [one for one, result in zip(rows, results, strict=True) if isinstance(result, Result)]
    assert len(done) == 1, results
    assert isinstance(next(one for one in results if not isinstance(one, Result)), RequestError)
    assert (held(till), till.used("bonus", code="ONE")) == (("used", done[0]), 1)
    till.agrees()


def test_a_change_and_a_cancel_at_once_give_it_back_once(till: Till) -> None:
    token(till)
    row = till.place(CUPS)
    change = {"cup": 0, "cap": 1}
    seen = till.ask("transition", "sale", asked(change), record=row["id"])
    body = asked(change, prices=seen.params["evaluated"].priced.fingerprint)
    results = together(
        partial(till.ask, "transition", "sale", body, record=row["id"]),
        partial(till.cancel, row["id"]),
        *[partial(till.placed, till.body(cart("cup")))] * 2,
    )
    assert isinstance(results[1], Result), results
    assert (held(till), till.used("bonus", code="ONE")) == (("open", None), 0)
    till.agrees()


def test_a_change_and_carts_that_wait_for_the_code_leave_it_with_one(till: Till) -> None:
    token(till)
    body = till.body(CUPS)
    row = till.placed(body)
    change = {"cup": 0, "cap": 1}
    seen = till.ask("transition", "sale", asked(change), record=row["id"])
    other = asked(change, prices=seen.params["evaluated"].priced.fingerprint)
    results = together(
        partial(till.ask, "transition", "sale", other, record=row["id"]),
        *[partial(till.placed, body)] * 5,
    )
    assert isinstance(results[0], Result), results
    taken = [one for one in results[1:] if isinstance(one, dict)]
    assert len(taken) <= 1
    assert held(till) == (("used", taken[0]["id"]) if taken else ("open", None))
    assert till.used("bonus", code="ONE") == len(taken)
    till.agrees()


def test_a_look_says_what_is_missing_and_what_becomes_of_the_code(small: Till) -> None:
    token(small, "bulk")
    row = small.place(cart("cup", 3, codes=["ONE"]))
    assert row["total"] == "25.00"
    (one,) = told(small, row["id"], {"cup": 2})
    assert (one.code, one.before, one.after, one.given_back, one.usable) == (
        "ONE", True, False, True, True,
    )  # fmt: skip
    assert one.message == (
        "Code ONE (Bulk) does not apply any more. Needs goods for €30.00; there are €20.00. "
        "It is given back and can be used again."
    )
    (one,) = told(small, row["id"], {"cup": 2}, "zh")
    assert one.message == (
        "券码“ONE”（满额减）不再适用：需满 €30.00，目前 €20.00。该券将退回，可再次使用。"
    )
    assert held(small) == ("used", row["id"]), "a look changes nothing"
    assert isinstance(edit(small, row["id"], {"cup": 2}), Result)
    assert told(small, row["id"], {"cup": 1})[0].message == (
        "Code ONE (Bulk) still does not apply. Needs goods for €30.00; there are €10.00."
    )
    assert told(small, row["id"], {"cup": 4})[0].message == (
        "Code ONE (Bulk) applies again and is used again."
    )
    small.place(cart("cup", 3, codes=["ONE"]))
    assert told(small, row["id"], {"cup": 4})[0].message == (
        "Code ONE (Bulk) still does not apply. This code is used up."
    )
    assert isinstance(edit(small, row["id"], {"cup": 4}), Result)
    assert sale(small, row["id"])["total"] == "40.00"
    assert told(small, row["id"], {"cup": 5})[0].after is False
    small.agrees()


def test_a_code_of_somebody_goes_back_to_its_owner(small: Till) -> None:
    ann = small.rows(small.done("list", "buyer", query={"code": "ann"}))[0]["id"]
    voucher(small, "ANNS", owner=ann)
    row = small.place(cart("cup", codes=["ANNS"], customer="ann"))
    (one,) = told(small, row["id"], {"cup": 0, "cap": 1})
    assert one.message.endswith("It is given back to its owner and can be used again.")


def test_a_code_that_is_out_of_date_goes_back_and_is_none(small: Till) -> None:
    voucher(small, "LATE", until="2026-12-01T00:00:00Z")
    row = small.place(cart("cup", codes=["LATE"]))
    small.clock.now = small.clock.now.replace(year=2027)
    assert isinstance(edit(small, row["id"], {"cup": 2}), Result)
    assert sale(small, row["id"])["total"] == "16.00"
    (one,) = told(small, row["id"], {"cup": 0, "cap": 1})
    assert (one.given_back, one.usable) == (True, False)
    assert one.message.endswith("It is given back, but cannot be used any more.")
    assert isinstance(edit(small, row["id"], {"cup": 0, "cap": 1}), Result)
    assert small.used("bonus", code="LATE") == 0
    # it is a code like any other now, and that is out of date
    (one,) = told(small, row["id"], {"cap": 0, "cup": 1})
    assert one.message.endswith("This code has expired.")
    assert isinstance(edit(small, row["id"], {"cap": 0, "cup": 1}), Result)
    assert sale(small, row["id"])["total"] == "10.00"
    small.agrees()


def test_a_promotion_that_gives_no_use_back_keeps_it_here_too(till: Till) -> None:
    token(till, "secret")
    row = till.place(cart("mug", codes=["ONE"]))
    assert (row["total"], till.used("secret", code="ONE")) == ("5.00", 1)
    (one,) = told(till, row["id"], {"mug": 0, "cap": 1})
    assert (one.given_back, one.usable) == (False, False)
    assert one.message.endswith("It stays used, for its promotion gives no code back.")
    for _ in range(2):
        assert isinstance(edit(till, row["id"], {"mug": 0, "cap": 1}), Result)
        assert (held(till), till.used("secret", code="ONE")) == (("used", row["id"]), 1)
        # a change of what has lost it keeps it still
        assert isinstance(edit(till, row["id"], {"cap": 2}), Result)
        assert (held(till), till.used("secret", code="ONE")) == (("used", row["id"]), 1)
        # it is still its own
        assert isinstance(edit(till, row["id"], {"cap": 0, "mug": 1}), Result)
        assert sale(till, row["id"])["total"] == "5.00"
        assert (held(till), till.used("secret", code="ONE")) == (("used", row["id"]), 1)
    till.agrees()


def test_a_code_that_anybody_may_type_says_why_it_is_gone(small: Till) -> None:
    row = small.place(cart("mug", codes=["OPEN"]))
    (one,) = told(small, row["id"], {"mug": 0, "cap": 1})
    assert one.message.startswith("Code OPEN (Secret) does not apply any more.")
    assert one.message.endswith("It stays used, for its promotion gives no code back.")
    assert isinstance(edit(small, row["id"], {"mug": 0, "cap": 1}), Result)
    assert small.used("secret", code="OPEN") == 1
    other = small.place(cart("cup", 3, codes=["BULK"]))
    (one,) = told(small, other["id"], {"cup": 1})
    assert one.message == (
        "Code BULK (Bulk) does not apply any more. Needs goods for €30.00; there are €10.00."
    )


def test_what_no_change_could_give_back_is_refused_with_its_code(tmp_path: Path) -> None:
    shop = _without(tmp_path, ", use: status.use, back: status.come_back")
    shop.done("create", "token", {"code": "ONE", "rule": "bonus"})
    row = shop.place(CUPS)
    refusal = edit(shop, row["id"], {"cup": 0, "cap": 1})
    assert isinstance(refusal, GuardBlocked)
    (reason,) = refusal.params["reasons"]
    assert (reason.code, "'ONE'" in reason.message.text("en")) == ("CODE_LOST", True)
    assert held(shop) == ("used", row["id"])
    # a code that no workflow holds goes back by the counters alone
    voucher(shop, "TWO")
    other = shop.place(cart("cup", codes=["TWO"]))
    assert isinstance(edit(shop, other["id"], {"cup": 0, "cap": 1}), Result)
    assert shop.used("bonus", code="TWO") == 0
    shop.runtime.engine.dispose()


def test_what_belongs_to_its_code_stays_with_it(tmp_path: Path) -> None:
    with_it = "usable: [open], limit: uses, into: voucher}"
    shop = _without(tmp_path, "usable: [open], limit: uses}", with_it)
    voucher(shop, "ONE")
    row = shop.place(CUPS)
    refusal = edit(shop, row["id"], {"cup": 0, "cap": 1})
    assert isinstance(refusal, GuardBlocked), refusal
    (reason,) = refusal.params["reasons"]
    assert reason.code == "CODE_LOST"
    assert "belongs" in reason.message.text("en")
    shop.runtime.engine.dispose()


def _without(tmp_path: Path, text: str, instead: str = "") -> Till:
    """Return a till whose `pricing:` says something else."""
    folder = tmp_path / "definitions"
    shutil.copytree(TILL, folder)
    app, entity = folder / "app.yaml", folder / "sales" / "sale.entity.yaml"
    written = app.read_text(encoding="utf-8")
    assert text in written
    app.write_text(written.replace(text, instead), encoding="utf-8")
    if "into: voucher" in instead:
        field = "fields:\n  voucher: {type: reference, to: voucher, label: {en: Voucher, zh: 券}}\n"
        fields = entity.read_text(encoding="utf-8").replace("fields:\n", field, 1)
        entity.write_text(fields, encoding="utf-8")
    opened = open_shop(sqlite_url(tmp_path), folder)
    shop = Till(opened.runtime, opened.actor, Clock())
    shop.runtime.clock = shop.clock
    for code in ("cap", "cup"):
        shop.done("create", "ware", {"code": code, "price": "10.00"})
    return shop


def test_prices_that_nobody_saw_give_nothing_back(small: Till) -> None:
    token(small)
    row = small.place(CUPS)
    body = asked({"cup": 0, "cap": 1}, prices="another")
    refusal = small.ask("transition", "sale", body, record=row["id"])
    assert isinstance(refusal, PriceChanged)
    assert held(small) == ("used", row["id"])
