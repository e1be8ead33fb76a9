"""What is wrong with jobs and working calendars: D921 and on."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "minute": "“分”",
    "hour": "“时”",
    "day": "“日”",
    "month": "“月”",
    "weekday": "“星期”",
    "job": "任务",
    "a job": "任务",
    "job '{name}'": "任务 '{name}' ",
    "job step": "任务步骤",
    "Two runs with this key never work at once; the job's own name if missing. Write `''` "
    "where they may.": "同一个键的两次运行不会同时进行；不写则用任务名。允许同时进行时写 `''`。",
    "schedule": "运行计划",
    "parameter": "参数",
    "this job": "此任务",
    "a parameter": "参数",
    "calendar": "工作日历",
    "the engine has a job of that name": "系统已有同名任务",
    "every run is told something of that name": "每次运行都自带这一项",
    "it cannot be read as one": "无法按该类型读取",
    "A schedule has one rule: 'cron' or 'every'.": "运行计划只能有一条规则：'cron' 或 'every'。",
    "Write `cron: '30 2 * * *'` or `every: 15m`.": (
        "请写 `cron: '30 2 * * *'` 或 `every: 15m`，二选一。"
    ),
    "Write an IANA name such as Asia/Shanghai or UTC.": (
        "请写 IANA 时区名称，如 Asia/Shanghai 或 UTC。"
    ),
    "The {part} of the rule {rule} cannot be read.": "规则 {rule} 中的 {part} 一项无法识别。",
    "The rule {rule} does not have five fields.": "规则 {rule} 不是五项。",
    "Write minute, hour, day, month, weekday: `30 2 * * *`, `*/15 8-20 * * mon-fri`.": (
        "请依次写分、时、日、月、星期：`30 2 * * *`、`*/15 8-20 * * mon-fri`。"
    ),
    "Write at least {seconds} seconds: 30s, 15m, 2h or PT1H.": (
        "请写不少于 {seconds} 秒的时长：30s、15m、2h 或 PT1H。"
    ),
    "Write {least} to {most} seconds: 30s, 15m, 2h or PT1H.": (
        "请写 {least} 到 {most} 秒之间的时长：30s、15m、2h 或 PT1H。"
    ),
    "A parameter is a plain value: write type: text and its id.": (
        "参数是普通值：请写 type: text，并传它的编号。"
    ),
    "The rule '{rule}' never comes due.": "规则 '{rule}' 永远不会到期。",
    "Write a day that its months have; `L` is the last one.": (
        "请写这些月份里有的日期；`L` 表示当月最后一天。"
    ),
    "The calendar '{name}' has no working day.": "工作日历 '{name}' 没有工作日。",
    "From when until when.": "起止时间，如 09:00-18:00。",
    "The working hours of '{name}' are not in order.": "工作日历 '{name}' 的工作时间顺序不对。",
    "Write each from early to late, such as ['09:00-12:00', '13:30-18:00'].": (
        "请按从早到晚书写，如 ['09:00-12:00', '13:30-18:00']。"
    ),
    "Write its days, as `days: [mon, tue]`.": "请写出工作日，如 `days: [mon, tue]`。",
    "'{name}' runs by the clock, and nobody then says what '{missing}' is.": (
        "'{name}' 按时自动运行，届时没有人填写 '{missing}'。"
    ),
    "Give '{missing}' a `default:`, or remove `required:`.": (
        "请给 '{missing}' 写上 `default:`，或删去 `required:`。"
    ),
    "'{role}' may not '{action}' {entity}, so this step does nothing.": (
        "角色 '{role}' 没有对 {entity} 执行 '{action}' 的权限，这一步什么也做不了。"
    ),
    "Give the right to the role, or name another role.": "请授予该角色此权限，或改用其他角色。",
    "Write `values: {{{name}: …}}`.": "请写 `values: {{{name}: …}}`。",
}
