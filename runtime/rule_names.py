"""What the words, arguments and options of promotions are called on screens, in both languages.

A shop's own word that is not here is called by its name. The words themselves, their arguments and
what these mean are declared once, in `rules/conditions` and `rules/actions`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

Texts = tuple[str, str]
"""English and Chinese."""

# what is written most stands first; a screen offers them in this order
WORDS: Mapping[str, Texts] = {
    "amount": ("Amount of goods", "商品金额"),
    "quantity": ("Number of pieces", "商品件数"),
    "contains": ("Certain items", "包含指定商品"),
    "customer": ("Who buys", "顾客分组"),
    "fact": ("Another fact", "其他条件"),
    "method": ("Way of delivery", "配送方式"),
    "order_number": ("First or later order", "第几单"),
    "all": ("All of these", "同时满足"),
    "any": ("One of these", "满足其一"),
    "not": ("Not this", "不满足"),
    "percent_off": ("Percent off", "按比例打折"),
    "amount_off": ("Amount off", "立减金额"),
    "every_amount_off": ("Amount off for every …", "每满减"),
    "tiered": ("Steps: the more, the more off", "阶梯优惠"),
    "first_and_next": ("Off the first and further pieces", "首件与续件立减"),
    "cheapest": ("Cheapest piece for less", "最便宜的优惠"),
    "unit_groups": ("Every so many pieces for less", "每组件数优惠"),
    "bundle_price": ("So many pieces at one price", "任选组合价"),
    "buy_get": ("Buy some, get some", "买赠"),
    "nth": ("Every n-th piece for less", "第 N 件优惠"),
    "fixed_price": ("Own price", "专属价"),
    "gift": ("Gift", "赠品"),
    "add_on": ("Add-on at a low price", "加价购"),
    "delivery_percent_off": ("Percent off delivery", "运费打折"),
    "delivery_amount_off": ("Amount off delivery", "运费立减"),
    "delivery_price": ("Price of delivery", "运费一口价"),
    "deposit_bonus": ("Deposit counts for more", "定金膨胀"),
}
ARGS: Mapping[str, Texts] = {
    "of": ("Conditions", "条件"),
    "op": ("Compared", "比较方式"),
    "value": ("Value", "数值"),
    "base": ("Looks at the price", "计算依据"),
    "delivery": ("Count delivery, too", "含运费"),
    "include": ("Only these items", "适用商品"),
    "exclude": ("Not these items", "不适用商品"),
    "items": ("Item numbers", "商品编码"),
    "labels": ("Labels", "商品标签"),
    "methods": ("Ways of delivery", "配送方式"),
    "price_from": ("Price from", "单价不低于"),
    "price_to": ("Price to", "单价不高于"),
    "list_from": ("List price from", "原价不低于"),
    "list_to": ("List price to", "原价不高于"),
    "reduced": ("Already reduced", "已降价商品"),
    "which": ("Which", "匹配方式"),
    "units": ("Pieces", "件数"),
    "groups": ("Customer groups", "顾客分组"),
    "not_groups": ("Not these groups", "排除的分组"),
    "known": ("Signed in", "已登录"),
    "name": ("Name", "名称"),
    "in": ("One of", "属于"),
    "not_in": ("None of", "不属于"),
    "over": ("Measured over", "统计范围"),
    "offers": ("Offers", "换购商品"),
    "item": ("Item number", "商品编码"),
    "price": ("Price", "价格"),
    "cap": ("At most altogether", "优惠上限"),
    "lane": ("Level", "优惠层级"),
    "apply": ("Taken off", "优惠方式"),
    "max_units": ("At most so many pieces", "最多件数"),
    "quantity": ("Pieces", "件数"),
    "max_times": ("At most so many times", "最多次数"),
    "buy": ("Buy", "购买"),
    "get": ("Get", "赠送"),
    "percent": ("Percent off", "减百分之"),
    "amount": ("Amount off", "减金额"),
    "pick": ("Which pieces", "选取"),
    "all_or_nothing": ("Only whole exchanges", "不足不送"),
    "reserve_bought": ("Bought pieces are not given", "购买件不作赠品"),
    "get_first": ("Choose the gift first", "先选赠品"),
    "every": ("For every", "每满"),
    "first": ("Off the first", "首件减"),
    "next": ("Off each further", "续件减"),
    "holder_price": ("Price for whoever has the code", "持码人专享价"),
    "stock": ("Pieces of each item", "活动库存"),
    "per_customer": ("For each customer", "每人限购"),
    "worth": ("Worth", "价值"),
    "deposit": ("Deposit", "定金"),
    "n": ("Number n", "第几件"),
    "steps": ("Steps", "阶梯"),
    "from_amount": ("From an amount of", "满金额"),
    "from_quantity": ("From so many pieces", "满件数"),
    "size": ("Pieces of a group", "每组件数"),
    "fill": ("Groups are filled with", "成组顺序"),
    "target": ("About", "作用对象"),
    "priority": ("Priority", "优先级"),
    "window": ("Runs", "有效期"),
    "from": ("From", "开始"),
    "until": ("Until", "结束"),
    "zone": ("Time zone", "时区"),
    "recurs": ("Days and hours", "周期"),
    "weekdays": ("Weekdays", "星期"),
    "days": ("Days of the month", "每月日期"),
    "dates": ("Dates", "指定日期"),
    "hours": ("Hours", "时段"),
    "channels": ("Channels", "渠道"),
    "currencies": ("Currencies", "币种"),
    "needs_code": ("Only with a code", "需要优惠码"),
    "codes": ("Codes for everybody", "通用优惠码"),
    "when": ("Conditions", "使用条件"),
    "then": ("What customers get", "优惠内容"),
    "group": ("Group of which only some hold", "互斥组"),
    "most": ("At most", "最多生效"),
    "policy": ("Which one holds", "择优方式"),
    "exclusive": ("Nothing beside it", "不与其他优惠同享"),
    "exclusive_policy": ("Which one holds", "择优方式"),
    "combines_with": ("Only together with", "可叠加"),
    "targets": ("Kinds", "类型"),
    "promotions": ("Promotions", "促销"),
    "limits": ("How often", "使用次数"),
    "total": ("Altogether", "总次数"),
    "per_code": ("For each code", "每码次数"),
    "release_on_cancel": ("A canceled order gives it back", "取消订单后退回次数"),
    "budget": ("Budget", "预算"),
    "uses": ("Uses", "次数"),
    "overrun": ("When it runs out", "超出预算时"),
    "refund": ("After a return", "退货时"),
    "on_break": ("When a condition breaks", "条件不再满足时"),
    "gift": ("The gift", "赠品"),
    "code": ("The code", "优惠码"),
}
OPTIONS: Mapping[str, Texts] = {
    ">=": ("at least", "不少于"),
    ">": ("more than", "大于"),
    "==": ("exactly", "等于"),
    "!=": ("not", "不等于"),
    "<=": ("at most", "不多于"),
    "<": ("less than", "小于"),
    "current": ("as it is then", "当前价"),
    "lane_start": ("before others of this level", "本层优惠前的价格"),
    "list": ("the list price", "原价"),
    "each_unit": ("from each piece", "每件减"),
    "each_line": ("from each line", "每行减"),
    "spread": ("once, from all together", "整单减"),
    "with_delivery": ("once, delivery included", "整单含运费减"),
    "cart": ("all pieces together", "全部商品"),
    "line": ("each line", "每行"),
    "order": ("the whole order", "整单"),
    "scope": ("the items meant", "适用商品"),
    "unit": ("by piece", "按件"),
    "lines": ("items", "商品"),
    "shipping": ("delivery", "运费"),
    "any": ("any of them", "任意一种"),
    "all": ("all of them", "全部"),
    "only": ("nothing else", "仅限这些"),
    "none": ("none of them", "一种也没有"),
    "cheapest": ("the cheapest", "最便宜的"),
    "dearest": ("the dearest", "最贵的"),
    "largest_line": ("the largest line", "件数最多的行"),
    "best": ("the best for the customer", "对顾客最优"),
    "priority": ("by priority", "按优先级"),
    "stack": ("all of them", "全部叠加"),
    "lane": ("of its level", "同层级"),
    "cap": ("give what is left", "用完为止"),
    "refuse": ("give nothing", "不再优惠"),
    "keep": ("keeps it", "保留"),
    "clawback": ("is priced again", "重新计价"),
    "return": ("comes back", "退回"),
    "charge": ("is charged", "按价收取"),
    "never": ("stays used", "不退回"),
    "reissue_on_full_return": ("comes back with everything", "全部退货后退回"),
    "each": ("each", "每个"),
    "monday": ("Monday", "周一"),
    "tuesday": ("Tuesday", "周二"),
    "wednesday": ("Wednesday", "周三"),
    "thursday": ("Thursday", "周四"),
    "friday": ("Friday", "周五"),
    "saturday": ("Saturday", "周六"),
    "sunday": ("Sunday", "周日"),
}


ANSWERS: Mapping[str, Texts] = {"true": ("yes", "是"), "false": ("no", "否")}
ELSEWHERE: Mapping[str, str] = {
    "Declare it in `pricing:` of app.yaml.": "Choose one that there is.",
    "请在 app.yaml 的 `pricing:` 中声明它。": "请选择已有的名称。",
    "The currencies of `pricing:` are": "The currencies of the shop are",
    "`pricing:` 中的币种有": "本店的币种有",
    "Write as many as `currencies:` of `pricing:` says.": "Write no more than the currency has.",
    "请按 `pricing:` 中 `currencies:` 的位数书写。": "小数位数不能超过该币种的位数。",
}
"""What authors of files are told of files, and what operators are told in its place."""
OF_THE_SHOP: Mapping[re.Pattern[str], str] = {
    re.compile(r"Write `[^`]*` in `pricing:`, or leave this out\."): "Leave this out.",
    re.compile(r"请在 `pricing:` 中写上 `[^`]*`，或去掉此项。"): "请去掉此项。",
}
"""The same, where what is told names what the shop lacks."""
KEY = re.compile(r"`([a-z_]+)(?:: ?([a-z_]+))?:?`")


def on_screen(text: str, chinese: bool) -> str:
    """Return a hint in the words that stand on the screen, where it names keys of a file."""
    for written, instead in ELSEWHERE.items():
        text = text.replace(written, instead)
    for pattern, instead in OF_THE_SHOP.items():
        text = pattern.sub(instead, text)

    def named(found: re.Match[str]) -> str:
        key, value = found.groups()
        told = called(ARGS if key in ARGS else WORDS, key, chinese)
        if value:
            answers = ANSWERS if value in ANSWERS else OPTIONS
            told += f"{'：' if chinese else ': '}{called(answers, value, chinese)}"
        return f"“{told}”"

    return KEY.sub(named, text)


def called(names: Mapping[str, Texts], name: str, chinese: bool) -> str:
    """Return what something is called; its own name where nobody says."""
    found = names.get(name)
    return found[chinese] if found else name.replace("_", " ")
