"""`readable`: what a promotion says can be: amounts, times, lanes, words that say one thing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from generator.lints import Finding, Lint, Offered
from generator.saying import say
from rules.lints import path_of, read

CODE: Mapping[str, str] = {
    "bad_amount": "D801",
    "bad_currency": "D801",
    "bad_decimals": "D801",
    "percent_out_of_range": "D801",
    "zero_step": "D801",
    "steps_not_rising": "D803",
    "window_never_opens": "D804",
    "bad_moment": "D805",
    "bad_date": "D805",
    "bad_time": "D805",
    "unknown_zone": "D805",
    "unknown_lane": "D806",
}
"""The code of each fault; a word that does not say one thing is D802."""


_AMOUNT = (
    "This amount cannot be.",
    "Write a number above zero, such as 12.50; a percent is from 0 to 100.",
)
_TIME = (
    "This is no moment, day or time.",
    "Write 2026-11-11T20:00 for a moment, 2026-11-11 for a day, 20:00 for a time.",
)
SAID: Mapping[str, tuple[str, str]] = {
    "bad_amount": _AMOUNT,
    "percent_out_of_range": _AMOUNT,
    "zero_step": _AMOUNT,
    "bad_currency": (
        "The shop has no such currency.",
        "The currencies of `pricing:` are: {codes}.",
    ),
    "bad_decimals": (
        "The currency does not have so many decimals.",
        "Write as many as `currencies:` of `pricing:` says.",
    ),
    "steps_not_rising": (
        "This step is not above the one before it.",
        "Write the steps from the lowest to the highest, each threshold once.",
    ),
    "window_never_opens": (
        "The promotion ends before it begins.",
        "Write an `until` that is later than `from`.",
    ),
    "bad_moment": _TIME,
    "bad_date": _TIME,
    "bad_time": _TIME,
    "unknown_zone": ("There is no such time zone.", "Write an IANA name such as Asia/Shanghai."),
    "unknown_lane": ("There is no such lane.", "Known: {names}."),
    "steps_mixed": (
        "Some steps are reached with an amount and some with a number of units.",
        "Write `from_amount` at every step, or `from_quantity` at every step.",
    ),
    "step_unclear": (
        "A step is reached in one way and takes off one thing.",
        "Write `from_amount` or `from_quantity`, and `percent`, `amount` or `price`.",
    ),
    "budget_unclear": (
        "A budget is an amount or a number of uses.",
        "Write `amount` or `uses`, and not both.",
    ),
    "refund_of_uses": (
        "A refund pays money back, and this budget is a number of uses.",
        "Write an `amount`, or leave `refund` out.",
    ),
    "no_gift": (
        "Nothing is given that could come back or be charged.",
        "Write an action of type gift in `then`, or leave `gift` out.",
    ),
    "gift_without_worth": (
        "A gift is charged, and nothing says what it is worth.",
        "Write `worth` at the gift.",
    ),
    "effect_unclear": (
        "The action does not say one thing.",
        "Write just one of `percent`, `amount` and `price`.",
    ),
    "missing": ("Something is not filled in.", "Fill in `{key}`."),
    "no_action": ("The promotion does nothing.", "Write an action in `then`."),
}
"""What an author is told of a fault, and what to write instead."""
OTHER = ("This cannot be read.", "Compare it with the reference of promotions.")


class Readable(Lint):
    def find(self, offered: Offered) -> Iterator[Finding]:
        codes = ", ".join(offered.pricing.currencies)
        for one in offered.promotions:
            for fault in read(offered, one)[1]:
                message, hint = SAID.get(fault.code, OTHER)
                names = ", ".join(fault.about.get("known", ()))
                parts = {"codes": codes} if "{codes}" in hint else {}
                parts |= {"names": names} if "{names}" in hint else {}
                code, path = CODE.get(fault.code, "D802"), path_of(fault.path)
                parts |= {"key": str(path[-1])} if "{key}" in hint else {}
                told = (say(message), say(hint, **parts))
                yield Finding(code, one.name, path, *told, "error")
