"""Patterns of authors that would stop a worker are refused; those that people write are not."""

import pytest

from generator.patterns import why_not


@pytest.mark.parametrize(
    "pattern",
    [
        "[A-Z]{3}",
        "[a-z0-9]+(-[a-z0-9]+)*",
        r"SO\d+-\d+",
        r"[^@\s]+@[^@\s]+\.[a-z]+",
        "(ab|ac)*",
        r"\d{3}(-\d{4}){2}",
        "[a-z]*[0-9]*[a-z]*",
        "(é+,)+",
        r"(\d+\.)+\d+",
        r"(\w|\d)+",
        "([A-Z]-?)+",
        r"[A-Z]{3}(\s?[A-Z]{3})*",
    ],
)
def test_an_ordinary_pattern_is_accepted(pattern: str) -> None:
    assert why_not(pattern) == ""


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+",
        "(a*)*b",
        "(a|aa)+$",
        "(.*)*",
        "(a[a-z]+)+",
        r"\w*\w*\w*x",
        ".*.*.*=",
        r"([a-z]+)*\d",
        "(a?){30}",
        "(x+x+)+y",
        "(a|b|ab)*c",
    ],
)
def test_a_pattern_that_can_take_for_ever_is_refused(pattern: str) -> None:
    assert "for ever" in why_not(pattern)


@pytest.mark.parametrize("pattern", ["(", "[z-a]", "a{99999999999}", "*"])
def test_what_is_no_regular_expression_is_refused(pattern: str) -> None:
    assert "no regular expression" in why_not(pattern)
