"""What is wrong with connectors and webhooks: D701 and on."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "connector": "连接器",
    "connector type": "连接器类型",
    "connector value": "连接器取值",
    "webhook": "回调",
    "operation": "接口操作",
    "setting": "设置项",
    "breaker": "熔断设置",
    "play": "模拟规则",
    "retry": "重试设置",
    "verify": "验签设置",
    "handling": "事件处理",
    "pick": "取值位置",
    "answer condition": "应答条件",
    "input": "输入项",
    "connector '{name}'": "连接器 '{name}' ",
    "webhook '{name}'": "回调 '{name}' ",
    "operation '{name}'": "接口操作 '{name}' ",
    "transition '{name}'": "流转 '{name}' ",
    "There is nothing to put in place of '{{{name}}}' in {text}.": (
        "{text} 中的 '{{{name}}}' 没有可以填入的内容。"
    ),
    "{written} is no length of time here.": "{written} 不是这里可用的时长。",
    "Write one of at most {seconds} seconds, such as PT10S.": (
        "请写不超过 {seconds} 秒的时长，如 PT10S。"
    ),
    "Write PT10S, PT1M, 30m or 2h: more than nothing, at most 400 days.": (
        "请写 PT10S、PT1M、30m 或 2h：大于零，不超过 400 天。"
    ),
    "{name} leads to other records.": "{name} 指向其他记录。",
    "What goes to another system is a plain value: write type: text and its id.": (
        "发给外部系统的是普通值：请写 type: text，并传它的编号。"
    ),
    "Nobody can tell what became of '{name}' when its answer is lost.": (
        "应答丢失时，无从得知 '{name}' 的结果。"
    ),
    "Write `status:` with an operation that asks by `key`.": (
        "请用 `status:` 指明一个按 `key` 查询的接口操作。"
    ),
    "'{name}' cannot be asked about itself.": "'{name}' 不能查询自己的结果。",
    "Write an operation that only tells, and has no `status:` of its own.": (
        "请指明一个只用于查询、自身没有 `status:` 的接口操作。"
    ),
    "'{name}' has the address of '{other}'.": "'{name}' 与 '{other}' 使用同一地址。",
    "Write another `path:`.": "请另写一个 `path:`。",
    "The signature or the body is missing in how an event proves itself.": (
        "验签设置中缺少签名或正文。"
    ),
    "Write {signature} in 'form' and {body} in 'signed'.": (
        "请在 'form' 中写上 {signature}，在 'signed' 中写上 {body}。"
    ),
    "The event {event} does not do one thing.": "事件 {event} 没有指明唯一要做的事。",
    "'{name}' is not given what it needs: {missing}.": "'{name}' 缺少必需的输入：{missing}。",
    "Write `with: {{{name}: …}}`.": "请写 `with: {{{name}: …}}`。",
    "'{name}' is not fired from here: its trigger is not '{trigger}'.": (
        "'{name}' 不能由此触发：它的触发方式不含 '{trigger}'。"
    ),
    "Write `trigger: {trigger}` at the transition, beside others.": (
        "请在该流转的触发方式中加上 `trigger: {trigger}`。"
    ),
    "Keys of the JSON, joined by dots.": "JSON 中的键，用点号连接。",
    "The end of its address below /hooks/; its name if missing.": (
        "地址中 /hooks/ 之后的部分：小写字母、数字、'-' 和 '_'；缺省为名称。"
    ),
    "By type: what the event does. Others are stored and do nothing.": (
        "按类型写明事件要做什么；类型用字母、数字和 . _ : / - 书写。"
    ),
}
