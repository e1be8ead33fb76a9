"""What a scenario found otherwise, in Chinese: the sentences of `playing` and `surfaces`, by form.

Comes in: a sentence as those two make it, in English. Goes out: the same in Chinese, with every
name and value in it as it was. A sentence of no known form stays as it is, so nothing is lost.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

SURFACES: Mapping[str, str] = {
    "given": "给定记录",
    "outcome": "结果",
    "outcomes": "逐条结果",
    "errors": "错误",
    "audit": "日志",
    "list": "列表",
    "count": "计数",
    "export": "导出",
    "sums": "汇总",
    "page": "详情页",
    "history": "历史",
    "search": "搜索",
    "choices": "选项",
    "include": "关联",
    "sort": "排序",
    "filter": "筛选",
    "create": "新建",
    "update": "修改",
    "delete": "删除",
    "restore": "恢复",
    "erase": "删除个人信息",
    "read": "查看",
    "bulk": "批量",
}
FORMS: tuple[tuple[str, str], ...] = (
    (r"nobody had to approve it", r"此操作无需他人审批"),
    (r"shows nothing instead of (.+)", r"没有显示 \1"),
    (r"shows (.+) instead of nothing", r"显示了 \1，应为空"),
    (r"shows (.+) instead of (.+)", r"显示了 \1，应为 \2"),
    (r"(\d+) records instead of (\d+)", r"\1 条记录，应为 \2 条"),
    (r"(\d+) instead of (\d+)", r"\1，应为 \2"),
    (r"is not refused", r"没有被拒绝"),
    (r"(.+) can be opened", r"\1 可以打开"),
    (r"(.+) can be sorted by", r"可以按 \1 排序"),
    (r"(.+) tells of (.+)", r"\1 会透露 \2"),
    (r"('.*') does not find (.+)", r"\1 找不到 \2"),
    (r"('.*') finds (.+)", r"\1 找到了 \2"),
    (r"(\S+) offers (.+)", r"\1 提供了 \2"),
    (r"(\S+) shows (.+?): (.+)", r"\1 显示了 \2：\3"),
    (r"(.+) is not there", r"缺少 \1"),
    (r"(.+) is not shown at all", r"\1 完全没有显示"),
    (r"(.+) is not shown", r"\1 没有显示"),
    (r"(.+) is shown in clear", r"\1 以明文显示"),
    (r"(.+) is shown", r"\1 被显示"),
    (r"done, not (.+)", r"成功，应为 \1"),
    (r"none, not (.+)", r"无，应为 \1"),
    (r"nothing, not (.+)", r"无，应为 \1"),
    (r"(\S+) is not asked, not (\S+)(.*)", r"\1 未执行，应为 \2\3"),
    (r"(.+) is (.+), not (.+)", r"\1 为 \2，应为 \3"),
    (r"(.+), not nothing", r"\1，应为无"),
    (r"(.+), not (.+)", r"\1，应为 \2"),
)


def in_chinese(fault: str) -> str:
    """Return a fault in Chinese."""
    surface, sign, rest = fault.partition(": ")
    if not sign:
        return fault
    return f"{SURFACES.get(surface, surface)}：{_sentence(rest)}"


def _sentence(text: str) -> str:
    for form, chinese in FORMS:
        found = re.fullmatch(form, text, re.DOTALL)
        if found is not None:
            return found.expand(chinese)
    before, sign, after = text.partition(": ")
    return f"{before}：{_sentence(after)}" if sign else text
