"""What is wrong with workflows: D601 and on."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "machine": "状态机",
    "state": "状态",
    "transition": "流转",
    "a transition": "流转",
    "clause": "条件",
    "veto": "否决条件",
    "target": "去向",
    "a target": "去向",
    "branch": "分支",
    "timer": "定时器",
    "question": "填写项",
    "bulk": "批量设置",
    "reminder": "提醒",
    "watchdog": "超时监视",
    "effect": "动作",
    "derivation": "推导取值",
    "state column": "状态字段",
    "workflow '{name}'": "流程 '{name}' ",
    "A member of the past.": "请写 created_by、last_editor、any_actor、"
    "actor_of:流转名 或 editors_since:流转名。",
    "By finding, or `finding.state`: why a warning is known and right.": (
        "请写提示名，或“提示名.状态”，并说明为何可以接受。"
    ),
    "A field.": "字段。",
    "'of' does not name {path}, which a case reads.": "'of' 没有列出取值条件所用到的 {path}。",
    "Add '{path}' to 'of', or remove 'of'.": "请把 '{path}' 加入 'of'，或删去 'of'。",
    "'{field}' has too many cases.": "'{field}' 的取值条件太多。",
    "Give a part of them a name as a derived state of its own.": (
        "请把其中一部分另立为一个推导状态。"
    ),
    "'{field}' is no state, so no workflow can own it.": "'{field}' 不是状态字段，流程不能接管。",
    "Write `{field}: {{type: state}}`, or remove the field.": (
        "请写 `{field}: {{type: state}}`，或删去该字段。"
    ),
    "No workflow owns the state '{field}'.": "没有流程管理状态字段 '{field}'。",
    "Write a workflow of '{entity}' with `field: {field}`.": (
        "请为 '{entity}' 写一个流程，并注明 `field: {field}`。"
    ),
    "'{field}' is not set by an effect.": "'{field}' 不能由动作写入。",
    "A state follows its transitions, a formula what it reads.": (
        "状态只随流转变化，公式只随其依据变化。"
    ),
    "'{key}' is not offered: a record is in one state.": (
        "不支持 '{key}'：一条记录同时只处于一个状态。"
    ),
    "Write `to: {previous: [a, b], else: a}` to lead back.": (
        "要退回先前的状态，请写 `to: {previous: [a, b], else: a}`。"
    ),
    "Write a workflow of its own for each column, or a category for states that go together.": (
        "请为每个字段各写一个流程；同类状态可归入同一类别。"
    ),
    "'{name}' fires itself again without an end.": "'{name}' 会不停地自动触发自己。",
    "Let the circle change a field that a guard in it asks for.": (
        "请让循环中的动作改变某个条件所依据的字段。"
    ),
    "'{name}' fires '{other}', which ranks before it.": "'{name}' 触发了次序在它之前的 '{other}'。",
    "Give '{other}' a higher `rank:` than '{name}'.": "请让 '{other}' 的 `rank:` 大于 '{name}'。",
    "'{name}' fires itself, directly or through others.": "'{name}' 直接或间接地触发了自己。",
    "Remove one `fire` of the circle.": "请从循环中删去一个 `fire`。",
    "'{field}' leads to no other record.": "'{field}' 不指向其他记录。",
    "'{field}' is no number that a transition issues.": "'{field}' 不是由流转生成的编号。",
    "Name a field with `type: sequence` and `issued: true`.": (
        "请指定 `type: sequence` 且 `issued: true` 的字段。"
    ),
    "Name a reference, or a list of children.": ("请写引用字段或子记录列表。"),
    "'{name}' of '{entity}' is not fired by other records.": (
        "'{entity}' 的 '{name}' 不能由其他记录触发。"
    ),
    "'input' answers what a transition of other records asks.": (
        "'input' 只用于回答其他记录的流转所提的问题。"
    ),
    "Write `of:`, or leave 'input' out.": "请写 `of:`，或去掉 'input'。",
    "'{name}' does not ask '{question}'.": "'{name}' 不询问 '{question}'。",
    "Leave that out of `input:`.": "请从 `input:` 中去掉该项。",
    "'{name}' asks '{question}'.": "'{name}' 要求填写 '{question}'。",
    "Answer it in `input:`.": "请在 `input:` 中填写。",
    "Add `system` to the `trigger:` of '{name}'.": "请在 '{name}' 的 `trigger:` 中加上 `system`。",
    "'{name}' has only half of a timer.": "'{name}' 的定时设置不完整。",
    "Write both `trigger: timer` and `timer: {after: PT30M}`, or neither.": (
        "`trigger: timer` 与 `timer: {after: PT30M}` 要么都写，要么都不写。"
    ),
    "'{name}' is derived, so nothing moves it.": "'{name}' 是推导出来的，不能流转。",
    "Remove '{key}', or 'derive'.": "请删去 '{key}' 或 'derive'。",
    "'{state}' leads to '{whole}' and not to '{part}', as {others} do.": (
        "'{state}' 可到 '{whole}' 却不能到 '{part}'，而 {others} 可以。"
    ),
    "Add a transition from '{state}' to '{part}'.": "请增加从 '{state}' 到 '{part}' 的流转。",
    "'{word}' reaches outside, which a transaction cannot wait for.": (
        "'{word}' 要访问外部系统，事务不能等待。"
    ),
    "Move it to `after_commit:`.": "请移到 `after_commit:` 中。",
    "Nothing takes back what '{word}' does.": "'{word}' 所做的事没有撤回办法。",
    "Write `undo:` with an operation, or `no_undo:` with what a person does.": (
        "请用 `undo:` 写明撤回操作，或用 `no_undo:` 写明人工如何处理。"
    ),
    "A transition has both 'to' and 'branches'.": "流转同时写了 'to' 和 'branches'。",
    "Remove one of the two.": "请删去其中一个。",
    "A transition leads to several states at once.": "一个流转同时通向多个状态。",
    "Write `branches:` to choose one, or a second workflow for the other column.": (
        "请用 `branches:` 择一，或为另一个字段另写流程。"
    ),
    "Nothing says which roles may fire this transition.": "没有写明哪些角色可以执行此流转。",
    "Add `roles:` with their names, or `roles: any`.": (
        "请用 `roles:` 列出角色，或写 `roles: any`。"
    ),
    "Add a transition from it, or write `final: true`.": (
        "请增加从该状态出发的流转，或写 `final: true`。"
    ),
    "Add a transition that ends in one: {finals}.": "请增加能到达终态的流转，终态有：{finals}。",
    "Add a transition to it, or remove it; `legacy: true` keeps it for old records.": (
        "请增加通向它的流转，或将其删去；若为旧数据保留，请写 `legacy: true`。"
    ),
    "Add a transition with `trigger: user`, or write `category: busy`.": (
        "请增加 `trigger: user` 的流转，或写 `category: busy`。"
    ),
    "Add one without, such as to give up, or say why not: "
    "`accept: {{all_exits_guarded.{state}: …}}`.": (
        "请增加一条无条件的出路（如放弃），或说明理由：`accept: {{all_exits_guarded.{state}: …}}`。"
    ),
    "Behind `else` nothing is ever reached.": "`else` 之后的内容永远不会用到。",
    "Write `if:` here, and `else: true` only at the end.": (
        "这里请写 `if:`，`else: true` 只放在最后。"
    ),
    "The last of several ways must be taken when no other is.": ("多个分支中，最后一个必须兜底。"),
    "Write `else: true` in place of `if`.": "请把 `if` 换成 `else: true`。",
    "Every way out of the state '{state}' has a condition.": "离开状态 '{state}' 的流转都有条件。",
    "From the state '{state}' no final state is reached.": "从状态 '{state}' 到不了任何终态。",
    "Give one of them `{entity}: view` in an access file.": (
        "请在授权文件中给其中一个角色写上 `{entity}: view`。"
    ),
    "No role of '{name}' may see {entity}.": "能执行 '{name}' 的角色都看不到 {entity}。",
    "Give them guards that exclude each other, or `order:` 1 and 2.": (
        "请让两者的条件互斥，或用 `order:` 写明先后。"
    ),
    "In the state '{state}' both '{one}' and '{other}' may fire by themselves.": (
        "在状态 '{state}' 下，'{one}' 与 '{other}' 都可能自动触发。"
    ),
    "Keep a count as a computed field with `stored: true`.": (
        "请用 `stored: true` 的公式字段保存统计结果。"
    ),
    "The guard of '{name}' reads records of other kinds many times.": (
        "'{name}' 的条件多次查询其他记录。"
    ),
    "Leave it out, or write `category: closed` in place of `final: true`.": (
        "请去掉它，或把 `final: true` 改为 `category: closed`。"
    ),
    "The state '{state}' is final, so nothing leaves it.": "'{state}' 是终态，不能再流转。",
    "Many automatic transitions of '{name}' follow each other.": (
        "'{name}' 中有多个自动流转连续发生。"
    ),
    "People see only the last state; leave out those in between.": (
        "人们只看到最后的状态；可省去中间的状态。"
    ),
    "Name one; a transition leads to the others.": "只写一个；其余状态由流转到达。",
    "The workflow '{name}' has several initial states.": "流程 '{name}' 写了多个初始状态。",
    "The workflow '{name}' has no initial state.": "流程 '{name}' 没有初始状态。",
    "Write `initial:` with the state of a new record.": "请用 `initial:` 写明新记录的状态。",
    "The workflow '{name}' has no states.": "流程 '{name}' 没有任何状态。",
    "Write them, such as `states: {open: {en: Open, zh: 未完成}}`.": (
        "请写上状态，例如 `states: {open: {en: Open, zh: 未完成}}`。"
    ),
    "There is no state {name}, so nothing begins there.": "没有状态 {name}，不能作为初始状态。",
    "Write the states first.": "请先写状态。",
    "There is no state {state} in workflow '{name}'.": "流程 '{name}' 中没有状态 {state}。",
    "No state is meant by {written}.": "{written} 没有对应任何状态。",
    "Write `category:` at the states, or name them.": "请给状态写上 `category:`，或直接列出状态。",
    "The workflow '{name}' has no final state.": "流程 '{name}' 没有终态。",
    "That is right for things that never end; else write `final: true` at a state.": (
        "若本来就没有终结，可以不管；否则请给某个状态写上 `final: true`。"
    ),
    "Nobody is told when the state '{state}' does not end.": (
        "状态 '{state}' 一直不结束时，没有人会得到提醒。"
    ),
    "Write `watchdog: PT15M`, or a transition with a timer.": (
        "请写 `watchdog: PT15M`，或增加定时流转。"
    ),
    "Nothing leads out of the state '{state}'.": "状态 '{state}' 没有出路。",
    "Nothing leads to the state '{state}'.": "没有流转通向状态 '{state}'。",
    "People cannot move a record out of the state '{state}'.": (
        "人工无法让记录离开状态 '{state}'。"
    ),
    "This condition is always or never true.": "这个条件恒真或恒假。",
    "Remove it, or compare with another value.": "请删去，或改为与其他值比较。",
    "This way is never taken: those before it leave nothing.": (
        "这个分支永远走不到：前面的分支已包含所有情况。"
    ),
    "Remove it, or put it first.": "请删去，或移到最前。",
    "The timer of '{name}' comes round in less than 5 minutes.": (
        "'{name}' 的定时循环不到 5 分钟就转一圈。"
    ),
    "Write longer times, or let one of them lead elsewhere.": (
        "请写更长的时间，或让其中一个通向别处。"
    ),
    "{written} is no length of time.": "{written} 不是时长。",
    "Write PT30M, P2D, 30m, 2h or 7d: more than nothing, at most 400 days.": (
        "请写 PT30M、P2D、30m、2h 或 7d；须大于零，最长 400 天。"
    ),
    "{field} is no date.": "{field} 不是日期。",
    "'{name}' leads elsewhere, so it does not fire again.": (
        "'{name}' 通向其他状态，因此不会再次触发。"
    ),
    "Remove 'every', or lead back to where it was: `from: a`, `to: a`.": (
        "请删去 'every'，或回到原状态：`from: a`、`to: a`。"
    ),
    "Write entered_at, or a field of type date or datetime.": (
        "请写 entered_at，或 date、datetime 类型的字段。"
    ),
    "Two transitions '{name}' lead from '{state}'.": "从 '{state}' 出发有两个流转 '{name}'。",
    "Write one with `branches:`, or give one of them another name.": (
        "请合成一个并用 `branches:` 分支，或改其中一个的名称。"
    ),
    "{name} under 'accept' is no finding.": "'accept' 下的 {name} 不是任何提示。",
    "The label of the state '{state}'": "状态 '{state}' 的标签",
    "The label of the transition '{name}'": "流转 '{name}' 的标签",
    "A message of the transition '{name}'": "流转 '{name}' 的说明",
    "The label of the question '{name}'": "填写项 '{name}' 的标签",
    "Write `finding: reason`.": "请写“提示名: 理由”。",
}
