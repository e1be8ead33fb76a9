"""The history of a record on screen, where no log holds the values: it says so."""

from __future__ import annotations

from pathlib import Path

from runtime.operations.history import Entry
from tests.access.counter import open_counter
from tests.web.desk import token


def test_the_history_says_that_the_value_is_kept_in_no_log_and_brings_none_back(
    tmp_path: Path,
) -> None:
    desk, filled = open_counter(tmp_path)
    customer, owner = filled.records["customer"][0], desk.browser("owner")
    filled.shop.done(
        "update", "customer", {"id_no": "X9", "name": "Bo"}, record=customer, version=1
    )
    page = owner.get(f"/customer/{customer}?tab=history")
    assert "kept in no log" in page.text
    assert page.text.count("X9") == 1  # where the record shows it
    assert 'name="field" value="name"' in page.text
    assert 'name="field" value="id_no"' not in page.text
    (changed, *_) = filled.shop.done("history", "customer", record=customer).rows
    assert isinstance(changed, Entry)
    sent = {"entry": changed.id, "field": "id_no", "version": "2", "csrf_token": token(page)}
    assert owner.client.post(f"/customer/{customer}/revert", data=sent).status_code == 404
    owner.client.set_cookie("locale", "zh")
    assert "不记入日志" in owner.get(f"/customer/{customer}?tab=history").text
    desk.runtime.engine.dispose()
