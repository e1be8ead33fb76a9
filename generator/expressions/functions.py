"""The functions of the language, as a table: what they take, give, mean, and how people read them.

The plain functions here are null when an argument is null. Forms with rules of their own (`round`,
`coalesce`, the aggregates) are in `FORMS`, read by `calls.py`; both tables feed the documentation.
Their SQL is in `sql_functions.py`, so that the model can hold expressions without SQLAlchemy.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from generator.expressions.types import Boolean, Date, DateTime, Number, Text, Type

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_UPPER = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)


@dataclass(frozen=True)
class Function:
    """One function: `contains(text, part)`."""

    name: str
    arguments: tuple[tuple[type, ...], ...]
    """The types each argument may have; `Text` takes choices and references too."""
    result: Type
    python: Callable[..., Any]
    """What it does to values that are not null."""
    words: Mapping[str, str]
    """How it reads, by language; {0} and {1} are the arguments."""
    help: Mapping[str, str]
    signature: str


@dataclass(frozen=True)
class Form:
    """A word with rules of its own, listed for the documentation and for suggestions."""

    name: str
    signature: str
    help: Mapping[str, str]


def lower(text: str) -> str:
    """Return the text with A–Z in lower case; other letters stay, as in both databases."""
    return text.lower() if text.isascii() else text.translate(_LOWER)


def upper(text: str) -> str:
    """Return the text with a–z in upper case; other letters stay, as in both databases."""
    return text.upper() if text.isascii() else text.translate(_UPPER)


def _contains(text: str, part: str) -> bool:
    return part in text


_TABLE = (
    Function(
        "contains",
        ((Text,), (Text,)),
        Boolean(),
        _contains,
        {"en": "{0} contains {1}", "zh": "{0}包含{1}"},
        {"en": "The part occurs in the text; case matters.", "zh": "文本包含该片段，区分大小写。"},
        "contains(text, part)",
    ),
    Function(
        "starts_with",
        ((Text,), (Text,)),
        Boolean(),
        str.startswith,
        {"en": "{0} starts with {1}", "zh": "{0}以{1}开头"},
        {
            "en": "The text begins with the part; case matters.",
            "zh": "文本以该片段开头，区分大小写。",
        },
        "starts_with(text, part)",
    ),
    Function(
        "ends_with",
        ((Text,), (Text,)),
        Boolean(),
        str.endswith,
        {"en": "{0} ends with {1}", "zh": "{0}以{1}结尾"},
        {
            "en": "The text ends with the part; case matters.",
            "zh": "文本以该片段结尾，区分大小写。",
        },
        "ends_with(text, part)",
    ),
    Function(
        "lower",
        ((Text,),),
        Text(),
        lower,
        {"en": "{0} in lower case", "zh": "{0}（转小写）"},
        {"en": "A–Z in lower case; other letters stay.", "zh": "将 A–Z 转为小写，其他字符不变。"},
        "lower(text)",
    ),
    Function(
        "upper",
        ((Text,),),
        Text(),
        upper,
        {"en": "{0} in upper case", "zh": "{0}（转大写）"},
        {"en": "a–z in upper case; other letters stay.", "zh": "将 a–z 转为大写，其他字符不变。"},
        "upper(text)",
    ),
    Function(
        "length",
        ((Text,),),
        Number(0),
        len,
        {"en": "the length of {0}", "zh": "{0}的长度"},
        {"en": "The number of characters.", "zh": "字符数。"},
        "length(text)",
    ),
    Function(
        "year",
        ((Date, DateTime),),
        Number(0),
        lambda day: day.year,
        {"en": "the year of {0}", "zh": "{0}的年份"},
        {"en": "The year of a date or moment.", "zh": "日期或时间的年份。"},
        "year(date)",
    ),
    Function(
        "month",
        ((Date, DateTime),),
        Number(0),
        lambda day: day.month,
        {"en": "the month of {0}", "zh": "{0}的月份"},
        {"en": "The month of a date or moment, 1 to 12.", "zh": "日期或时间的月份，1 至 12。"},
        "month(date)",
    ),
    Function(
        "day",
        ((Date, DateTime),),
        Number(0),
        lambda day: day.day,
        {"en": "the day of the month of {0}", "zh": "{0}是几号"},
        {"en": "The day of the month, 1 to 31.", "zh": "当月的第几天，1 至 31。"},
        "day(date)",
    ),
)

FUNCTIONS: Mapping[str, Function] = {function.name: function for function in _TABLE}

_FORMS = (
    Form(
        "round",
        "round(number, decimals) · round(a / b, decimals)",
        {
            "en": "Rounds half away from zero; the only place for a division. x / 0 is null.",
            "zh": "四舍五入；除法只能写在这里，除以 0 的结果为空。",
        },
    ),
    Form(
        "abs",
        "abs(number)",
        {"en": "The number or duration without its sign.", "zh": "数值或时长的绝对值。"},
    ),
    Form(
        "min",
        "min(a, b, …) · min(lines.field)",
        {
            "en": "The smallest; null if one is null. Over records: without the nulls.",
            "zh": "取最小值；任一为空则为空。对子记录：忽略空值，没有记录则为空。",
        },
    ),
    Form(
        "max",
        "max(a, b, …) · max(lines.field)",
        {
            "en": "The largest; null if one is null. Over records: without the nulls.",
            "zh": "取最大值；任一为空则为空。对子记录：忽略空值，没有记录则为空。",
        },
    ),
    Form(
        "coalesce",
        "coalesce(a, b, …)",
        {"en": "The first that is not null.", "zh": "取第一个不为空的值。"},
    ),
    Form(
        "date",
        "date(moment) · date('2026-01-31')",
        {
            "en": "The calendar day of a moment in the shop's time zone, or a date written out.",
            "zh": "某一时刻在店铺时区的日期，或直接写出的日期。",
        },
    ),
    Form("days", "days(n)", {"en": "A duration of n days.", "zh": "n 天的时长。"}),
    Form("hours", "hours(n)", {"en": "A duration of n hours.", "zh": "n 小时的时长。"}),
    Form("minutes", "minutes(n)", {"en": "A duration of n minutes.", "zh": "n 分钟的时长。"}),
    Form(
        "sum",
        "sum(lines.field) · sum(lines, expression)",
        {
            "en": "The total over the records; nulls are left out, none is 0.",
            "zh": "子记录求和，忽略空值，没有记录为 0。",
        },
    ),
    Form(
        "avg",
        "round(avg(lines.field), decimals)",
        {"en": "The average, always inside round().", "zh": "平均值，必须写在 round() 里。"},
    ),
    Form(
        "count",
        "count(lines) · count(lines, condition) · lines.count",
        {
            "en": "How many records, or how many for which the condition is true.",
            "zh": "子记录数量，或满足条件的数量。",
        },
    ),
    Form(
        "any",
        "any(lines, condition)",
        {
            "en": "True if one record meets the condition; none is false.",
            "zh": "任一子记录满足条件；没有记录为假。",
        },
    ),
    Form(
        "all",
        "all(lines, condition)",
        {
            "en": "True if every record meets the condition; none is true.",
            "zh": "全部子记录满足条件；没有记录为真。",
        },
    ),
    Form(
        "exists",
        "exists(lines) · exists(lines, condition)",
        {"en": "True if there is a record.", "zh": "存在子记录。"},
    ),
)

FORMS: Mapping[str, Form] = {form.name: form for form in _FORMS}
