"""An expression reads as a sentence in both languages."""

from __future__ import annotations

import pytest

from generator.expressions.compile import parse
from generator.expressions.words import words
from generator.model.text import NOWHERE
from tests.generator.expressions.shop import SCOPE

LABELS = {
    "total": ("Total", "总额"),
    "status": ("Status", "状态"),
    "urgent": ("Urgent", "加急"),
    "customer": ("Customer", "客户"),
    "name": ("Name", "名称"),
    "lines": ("Lines", "明细"),
    "amount": ("Amount", "金额"),
    "sku": ("SKU", "货号"),
    "due": ("Due", "到期日"),
    "placed": ("Placed", "下单时间"),
    "tags": ("Tags", "标签"),
    "quantity": ("Quantity", "数量"),
    "discount": ("Discount", "折扣"),
    "paid": ("Paid", "已付款"),
    "draft": ("Draft", "草稿"),
}


class Labels:
    """The labels of the shop of the tests."""

    def field(self, entity: str, name: str, locale: str) -> str:
        return LABELS[name][locale == "zh"]

    def value(self, entity: str, name: str, value: str, locale: str) -> str:
        return LABELS[value][locale == "zh"]


@pytest.mark.parametrize(
    ("text", "en", "zh"),
    [
        ("total >= 100", "Total is at least 100.00", "总额不低于100.00"),
        ("status == 'paid'", "Status is Paid", "状态为已付款"),
        ("not (status == 'paid')", "Status is not Paid", "状态不为已付款"),
        (
            "status not in ['paid', 'draft']",
            "Status is none of Paid, Draft",
            "状态不是已付款、草稿中的任何一个",
        ),
        (
            "urgent and total > 5",
            "Urgent is yes and Total is above 5.00",
            "加急为是，且总额高于5.00",
        ),
        (
            "total > 5 and (urgent or customer is null)",
            "Total is above 5.00 and (Urgent is yes or Customer is empty)",
            "总额高于5.00，且（加急为是，或客户为空）",
        ),
        ("not urgent", "Urgent is no", "加急为否"),
        ("customer.name == '张三'", "Customer › Name is “张三”", "客户的名称为“张三”"),
        ("customer == actor.id", "Customer is the signed-in user", "客户为当前用户"),
        ("due < today + days(3)", "Due is before today plus 3 days", "到期日早于今天加3 天"),
        (
            "sum(lines.amount) > total",
            "The total of Amount over Lines is above Total",
            "明细的金额合计高于总额",
        ),
        (
            "any(lines, sku == 'x')",
            "At least one of Lines fulfils: SKU is “x”",
            "明细中至少有一条满足：货号为“x”",
        ),
        ("not exists(lines)", "There are no Lines", "没有明细"),
        ("lines.count >= 2", "The number of Lines is at least 2", "明细的数量不低于2"),
        ("'new' in tags", "Tags has “new”", "标签包含“new”"),
        (
            "round(total / quantity, 2)",
            "Total ÷ Quantity rounded to 2 decimals",
            "总额 ÷ 数量（保留 2 位小数）",
        ),
        ("(total - discount) * 2", "(Total − Discount) × 2", "（总额 − 折扣） × 2"),
        (
            "total if urgent else 0",
            "Total if Urgent is yes, otherwise 0.00",
            "若加急为是则为总额，否则为0.00",
        ),
        (
            "starts_with(customer.name, '中')",
            "Customer › Name starts with “中”",
            "客户的名称以“中”开头",
        ),
    ],
)
def test_an_expression_reads_in_both_languages(text: str, en: str, zh: str) -> None:
    found, problems = parse(text, NOWHERE, SCOPE)
    assert found is not None, problems
    assert words(found, "en", Labels()) == en
    assert words(found, "zh_CN", Labels()) == zh
