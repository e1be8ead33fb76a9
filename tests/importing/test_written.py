"""Numbers and days as people write them: found out, and read in one form only."""

from __future__ import annotations

import pytest

from runtime.importing.written import days_of, in_order, numbers_of, with_comma


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["1.234,56"], "comma"),
        (["12,5", "1.234"], "comma"),
        (["1 234,56", "3,00"], "space"),
        (["1\u202f234,56 €"], "space"),
        (["1.234.567"], "comma"),
        (["€ 12,50", "n/a"], "comma"),
        (["1,234"], ""),
        (["1.234"], ""),
        (["1,234.56"], ""),
        (["12,5", "12.5"], ""),
        (["7", ""], ""),
        ([], ""),
    ],
)
def test_one_number_says_how_all_are_written(texts: list[str], found: str) -> None:
    assert numbers_of(texts) == found


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["31.01.2026"], "dmy"),
        (["01.02.2026", "03.02.2026"], "dmy"),
        (["01/31/2026"], "mdy"),
        (["31/01/2026 14:05", "unknown", "02/01/26"], "dmy"),
        (["01/02/2026"], ""),
        (["13/01/2026", "01/13/2026"], ""),
        (["2026-01-31"], ""),
        ([], ""),
    ],
)
def test_a_day_above_twelve_says_the_order(texts: list[str], found: str) -> None:
    assert days_of(texts) == found


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("1.234,56", "1234.56"),
        ("-1 234,5", "-1234.5"),
        ("12,5 %", "12.5%"),
        ("1.234", "1234"),
        ("12.5", "12.5"),
        ("1,234.56", "1,234.56"),
        ("many", "many"),
        (12.5, 12.5),
    ],
)
def test_a_comma_stands_before_decimals(text: object, read: object) -> None:
    assert with_comma(text) == read


@pytest.mark.parametrize(
    ("text", "order", "read"),
    [
        ("31.1.2026", "dmy", "2026-01-31"),
        ("1/31/26", "mdy", "2026-01-31"),
        ("31.01.1999 9:05", "dmy", "1999-01-31 09:05"),
        ("01/31/2026 12:30 AM", "mdy", "2026-01-31 00:30"),
        ("01/31/2026 2:30:15 pm", "mdy", "2026-01-31 14:30:15"),
        ("2026-01-31", "dmy", "2026-01-31"),
        ("soon", "mdy", "soon"),
    ],
)
def test_a_day_is_read_in_the_order_said(text: str, order: str, read: str) -> None:
    assert in_order(text, order) == read
