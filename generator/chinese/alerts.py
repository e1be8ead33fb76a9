"""Alerts: D931 and on, and the words of their shape."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "alert": "预警",
    "stretch of an alert": "预警的时间范围",
    "quiet hours": "免打扰时段",
    "escalation": "升级通知",
    "Such as 22:00.": "例如 22:00。",
    "Such as 08:00.": "例如 08:00。",
    "a field of numbers": "数值字段",
    "a field of people": "人员字段",
    "a field of moments": "时间字段",
    "'{key}' means nothing with 'measure: {measure}'.": (
        "'{key}' 与 'measure: {measure}' 不能同时使用。"
    ),
    "'{name}' does not say '{key}', which it needs.": "'{name}' 缺少必需的 '{key}'。",
    "'{key}' means nothing without 'against: weeks'.": (
        "'{key}' 只能与 'against: weeks' 一起使用。"
    ),
    "Write '{key}:'.": "请写 '{key}:'。",
    "Write it in 'where', or choose another measure.": "请写在 'where' 里，或改用其他 measure。",
    "'{name}' compares its number with no limit, or with two.": (
        "'{name}' 没有界限，或同时写了两个界限。"
    ),
    "Write 'above:' or 'below:', one of them.": "请写 'above:' 或 'below:'，二选一。",
    "'{name}' is not {kind}.": "'{name}' 不是{kind}。",
    "Name {kind} of {entity}.": "请填写 {entity} 的{kind}。",
    "'{role}' may not 'list' {entity}, so this alert sees nothing.": (
        "角色 '{role}' 没有 {entity} 的 'list' 权限，预警看不到任何记录。"
    ),
}
