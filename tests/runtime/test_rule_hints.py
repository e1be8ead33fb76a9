"""What lints say of a rule, in the words of the screen where somebody writes it."""

import re
from pathlib import Path

import pytest

from generator.saying import in_language
from rules.lints.readable import SAID
from runtime.rule_names import ARGS, on_screen

LINTS = Path(__file__).parents[2] / "rules" / "lints"
WRITTEN = [hint for _, hint in SAID.values()] + [
    text
    for file in sorted(LINTS.glob("*.py"))
    for text in re.findall(r'(?<!")"([^"\n]*`[^"\n]*)"', file.read_text("utf-8"))
    if text[0].isupper() and text.endswith(".")
]


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_no_hint_names_a_key_of_a_file_on_a_screen(locale: str) -> None:
    assert len(WRITTEN) > 15
    for written in WRITTEN:
        for key in ARGS if "{key}" in written else ("",):
            said = in_language(written, locale).replace("{key}", key)
            told = on_screen(said, locale == "zh")
            assert "`" not in told, told
            assert ".yaml" not in told, told


def test_a_key_is_called_as_the_form_calls_it() -> None:
    said = "Write `base: current`, or put both into one `group`."
    assert on_screen(said, False) == (
        "Write “Looks at the price: as it is then”, "
        "or put both into one “Group of which only some hold”."
    )
    assert on_screen("请删除 `reserve_bought: false`。", True) == "请删除 “购买件不作赠品：否”。"
