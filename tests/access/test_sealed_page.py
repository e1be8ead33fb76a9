"""The history of a record on screen, where no log holds the values: it says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.model.access import LogRule
from runtime.memory import Memory
from runtime.operations.history import Entry
from tests.access.counter import open_counter
from tests.web.desk import token


def test_the_history_says_that_the_value_is_kept_in_no_log_and_brings_none_back(
    tmp_path: Path,
) -> None:
    desk, filled = open_counter(tmp_path)
    customer, owner = filled.records["customer"][0], desk.browser("owner")
    changes = {"id_no": "X9-4071-KW", "name": "Bo", "level": "vip"}
    filled.shop.done("update", "customer", changes, record=customer, version=1)
    page = owner.get(f"/customer/{customer}?tab=history")
    assert "kept in no log" in page.text
    assert page.text.count("X9-4071-KW") == 1  # where the record shows it
    assert 'name="field" value="level"' in page.text
    assert 'name="field" value="name"' not in page.text
    assert 'name="field" value="id_no"' not in page.text
    (changed, *_) = filled.shop.done("history", "customer", record=customer).rows
    assert isinstance(changed, Entry)
    sent = {"entry": changed.id, "field": "id_no", "version": "2", "csrf_token": token(page)}
    assert owner.client.post(f"/customer/{customer}/revert", data=sent).status_code == 404
    owner.client.set_cookie("locale", "zh")
    assert "不记入日志" in owner.get(f"/customer/{customer}?tab=history").text
    desk.runtime.engine.dispose()


def test_the_history_shows_what_is_personal_masked_and_offers_nothing_to_write_it_back(
    tmp_path: Path,
) -> None:
    desk, filled = open_counter(tmp_path)
    customer, owner = filled.records["customer"][0], desk.browser("owner")
    shop = filled.shop
    shop.done("update", "customer", {"phone": "+8613812345678"}, record=customer, version=1)
    shop.done("update", "customer", {"phone": "+8613899995678"}, record=customer, version=2)
    page = owner.get(f"/customer/{customer}?tab=history")
    timeline = page.text[page.text.index('<ul class="tl">') :]
    assert "138****5678" in timeline
    assert "(another value)" in timeline
    assert "The log keeps values about people masked" in timeline
    assert [one for one in ("13812345678", "138 1234 5678", "1389999") if one in timeline] == []
    assert 'name="field" value="phone"' not in timeline
    changed = shop.done("history", "customer", record=customer).rows[0]
    sent = {"entry": changed.id, "field": "phone", "version": "3", "csrf_token": token(page)}
    assert owner.client.post(f"/customer/{customer}/revert", data=sent).status_code == 404
    log = owner.get("/audit/?entity=customer").text
    assert "138****5678 → 138****5678 (another value)" in log
    assert "13812345678" not in log
    owner.client.set_cookie("locale", "zh")
    assert "内容已不同" in owner.get(f"/customer/{customer}?tab=history").text
    desk.runtime.engine.dispose()


def test_an_older_row_in_clear_can_still_be_brought_back(tmp_path: Path) -> None:
    desk, filled = open_counter(tmp_path)
    customer, owner = filled.records["customer"][0], desk.browser("owner")
    app = filled.shop.runtime.app
    at = app.entities["customer"].span
    with pytest.MonkeyPatch.context() as once:  # as it was before masks were kept
        once.setattr(filled.shop.runtime, "remembered", Memory())
        once.setitem(vars(app), "log", {"personal": LogRule("value", at)})
        filled.shop.done("update", "customer", {"name": "Bo"}, record=customer, version=1)
    page = owner.get(f"/customer/{customer}?tab=history")
    assert 'name="field" value="name"' in page.text
    (changed, *_) = filled.shop.done("history", "customer", record=customer).rows
    assert isinstance(changed, Entry)
    sent = {"entry": changed.id, "field": "name", "version": "2", "csrf_token": token(page)}
    assert owner.client.post(f"/customer/{customer}/revert", data=sent).status_code == 303
    (back, *_) = filled.shop.done("history", "customer", record=customer).rows
    assert isinstance(back, Entry)
    assert set(back.before["name"]) == {"masked", "sealed"}
    desk.runtime.engine.dispose()
