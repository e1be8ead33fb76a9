"""Codes on labels: whole at every size."""

from __future__ import annotations

import re

import pytest

from runtime.web import codes


@pytest.mark.parametrize("text", ["A", "APRON-KIDS-21156", "https://shop.example/" + "x" * 200])
def test_a_square_is_drawn_whole_however_small_its_place(text: str) -> None:
    drawn = str(codes.square(text))
    head = drawn.partition(">")[0]
    box = re.search(r'viewBox="0 0 (\d+) (\d+)"', head)
    assert box is not None
    assert box[1] == box[2]
    assert " width=" not in head
    assert " height=" not in head
