"""Whatever stands in the cells, an import ends with a verdict for it and not with a crash."""

from __future__ import annotations

import csv
import io

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.importing.conftest import Desk

COLUMNS = (
    *("code", "name.en", "group.code", "shelves.code", "price", "state", "since", "seen_at"),
    *("tags", "fragile", "place.country", "sizes.label", "sizes.stock", "sizes.shelf.code"),
)
SAID = st.sampled_from(
    ["", "A", "B", "A1", "1", "-1", "1e9", "NaN", "2026-02-30", "true", "sold", "{}", "[", "\x00"]
)
CELL = st.one_of(SAID, st.text(max_size=8), st.text(alphabet="0123456789.,- :T", max_size=12))
ROWS = st.lists(
    st.lists(CELL, min_size=len(COLUMNS), max_size=len(COLUMNS)), min_size=1, max_size=6
)


@settings(
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rows=ROWS)
def test_no_cell_whatever_brings_an_import_down(desk: Desk, rows: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    done = desk.load(text.getvalue().encode("utf-8", "surrogatepass"), "good")
    assert done.tally.saved + done.tally.rejected > 0 or not any(map(any, rows))
    assert all(one.message.text("zh") for one in done.verdicts)
    assert desk.shop.count("sw_audit") == desk.shop.count("sw_outbox")
