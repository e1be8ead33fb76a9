"""Keys and values that are not what their place takes, and names that lead nowhere: D2xx, D3xx."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "The key {written} is not known in {where}.": "{where}中没有 {written} 这个键。",
    "No key is allowed here; remove it.": "这里不能写键，请删去。",
    "The key '{name}' is missing in {where}.": "{where}缺少键 '{name}'。",
    "Write it, for example `{example}`.": "请补上，例如 `{example}`。",
    "Add `{name}:` with its value.": "请加上 `{name}:` 及其值。",
    "{subject} stands where {expected} is expected.": "此处应为{expected}，实际为：{subject}。",
    "Write {expected}.": "请写{expected}。",
    "Write `{word}`.": "请写 `{word}`。",
    "{written} is not a value of {key}.": "{written} 不是 {key} 的可选值。",
    "None is allowed here; remove it.": "这里不能有值，请删去。",
    "{written} cannot be the name of {noun}.": "{written} 不能用作{noun}的名称。",
    "Write lower-case Latin letters, digits and '_', beginning with a letter.": (
        "请用小写英文字母、数字和 '_'，以字母开头。"
    ),
    "Write '{field}': a '-' in front sorts from the last to the first.": (
        "请写成 '{field}'：名称前加 '-' 表示倒序。"
    ),
    "Write '{better}': lower-case letters, digits and '_', beginning with a letter.": (
        "可写成 '{better}'：小写字母、数字和 '_'，以字母开头。"
    ),
    "{what} is {written}.": "{what} 为 {written}。",
    "Write a number {allowed}.": "请写{allowed}的数。",
    "from {low} to {high}": " {low} 到 {high} 之间",
    "of at least {low}": "不小于 {low} ",
    "of at most {high}": "不大于 {high} ",
    "of items of at least {minimum}": "不少于 {minimum} 项",
    "The length of '{key}'": "'{key}' 的项数",
    "{written} does not have the form of '{key}'.": "{written} 不符合 '{key}' 的格式。",
    "{word} stands twice in '{key}'.": "{word} 在 '{key}' 中重复出现。",
    "Remove one of the two.": "请删去其中一个。",
    "There is no {noun} {written} in {defined_in}.": "{defined_in}中没有名为 {written} 的{noun}。",
    "None is defined yet; add one in {defined_in}.": "目前还没有定义，请在{defined_in}中添加。",
    "Did you mean '{close}'?": "您是想写 '{close}' 吗？",
    "Did you mean '{close}'? The others are: {others}.": (
        "您是想写 '{close}' 吗？其他可用的有：{others}。"
    ),
    "Known: {names}.": "可用的有：{names}。",
    "{shown} and {rest} more": "{shown} 等，另有 {rest} 个",
    "The {noun} '{name}' is defined twice; the first is in {file}:{line}.": (
        "{noun} '{name}' 重复定义，第一次在 {file}:{line}。"
    ),
    "Give one of them another name, or remove it.": "请给其中一个改名，或删去一个。",
    "{written} cannot be the name of {noun}: {why}.": "{written} 不能用作{noun}的名称：{why}。",
    "Choose another name.": "请换一个名称。",
    "every record has a field of that name": "每条记录都自带这个字段",
    "the word has a meaning in every expression": "这个词在表达式中另有含义",
    "every person has a fact of that name": "每个人都自带这一项",
    "tables of that prefix belong to the engine or the database": (
        "以此为前缀的数据表属于引擎或数据库"
    ),
    "the address /{entity} is the engine's": "地址 /{entity} 由引擎占用",
    "A stable code for programs, in capitals.": "给程序用的固定代码，用大写字母。",
    "A dotted package name.": "带点号的包名。",
    "By class of fields: `clear`, `masked` or `hidden`. Where it says nothing, `sensitive` fields"
    " are masked, `secret` ones hidden and all others clear.": (
        "按字段级别写 `clear`、`masked` 或 `hidden`；没写的级别中，`sensitive` 脱敏显示，"
        "`secret` 隐藏，其余正常显示。"
    ),
    "By class of fields: how they are masked, in place of the field type's own mask.": (
        "按字段级别写脱敏方式，代替字段类型自带的方式。"
    ),
    "By class of fields: what the audit keeps of values, and what titles there say of them. Where "
    "it says nothing, `personal` values are masked, of `sensitive` ones a mark stays. An older "
    "value that the audit does not keep cannot be brought back from it.": (
        "按字段级别写明审计日志保留什么，标题也照此处理。未写时，personal 字段保留脱敏内容，"
        "sensitive 字段只留标记。日志没有保留的旧值无法据此恢复。"
    ),
    "By entity: the actions, or lines that say more.": "按实体写操作，或写更详细的授权行。",
    "Columns made of those of the file: another name for one, a text made of several.": (
        "由文件的列得出的列：为一列另取名称，或由多列拼成文本。"
    ),
    "By field or path (`owner.code`, `name.zh`, `lines.quantity`): where it comes from.": (
        "按字段或路径（`owner.code`、`name.zh`、`lines.quantity`）写值从哪里来。"
    ),
    "The most records of a `page`, of one `bulk` change, of an `export`, and of all exports of one "
    "person on one day, `export_day`; the most look-ups of one person in one hour by what they "
    "see masked, `match`, 60 if missing.": (
        "`page` 每页、`bulk` 每次批量修改、`export` 每次导出、`export_day` 每人每天导出的最多条数；"
        "`match` 每人每小时按脱敏内容查找的最多次数，缺省 60。"
    ),
    "The country of telephone numbers without +, such as CN.": "电话号码不带 + 时所属国家，如 CN。",
    "Of `event`: by path, what it says, such as `data.reference: P-1`.": (
        "`event`：按路径写明事件内容，如 `data.reference: P-1`。"
    ),
    "The template's name; NAME.html if missing.": "模板文件名；不写则为 NAME.html。",
    "What a cell says, and what is meant by it; * stands for any text.": (
        "单元格里写的内容及其含义；* 代表任意文本。"
    ),
    "A language such as en or zh.": "语言代码，如 en 或 zh。",
    "Write each name with its label: `{example}`.": "请为每个名称写上标签：`{example}`。",
    "The currency of amounts that name none; write an ISO 4217 code such as EUR.": (
        "未注明币种的金额所用的货币；请写 ISO 4217 代码（如 CNY）。"
    ),
    "By field of what was sent: the code of what is wrong with it, such as `required`; `record` is"
    " the record as a whole.": ("按提交的字段写出错代码，如 `required`；`record` 表示整条记录。"),
    "Of `list` and `export`: filters as in an address (`total[gte]`), `q` or `sort`.": (
        "用于 `list` 和 `export`：与网址中相同的筛选（`total[gte]`）、`q` 或 `sort`。"
    ),
    "By what it shows, in a few words: `a_clerk_sees_the_own_store`.": (
        "用几个词说明案例，如 `a_clerk_sees_the_own_store`。"
    ),
    "By `ROLE.ENTITY`: why the role may do more with it than before, and who says so; `ROLE.*` for "
    "what changes about the role itself, such as its second factor. `check --strict` wants a new "
    "reason for each widening.": (
        "按 `角色.实体` 写明为何放宽权限、由谁同意；`角色.*` 表示角色本身的变化（如二次验证）。"
        "`check --strict` 要求每次放宽都有新的理由。"
    ),
    "break_glass": "应急授权设置",
    "reviews": "权限复核周期",
    "print": "打印设置",
    "privacy": "个人信息归属",
    "keep": "依法保留",
    "print label": "打印标签",
    "Width and height of the sheet in millimetres, such as 40x30.": (
        "标签的宽和高，单位毫米，如 40x30。"
    ),
}
