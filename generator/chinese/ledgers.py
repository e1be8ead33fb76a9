"""What is wrong with ledgers: D901 and on."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "ledger": "账本",
    "ledger '{name}'": "账本 '{name}' ",
    "key": "归属记录",
    "unit": "计量单位",
    "bucket": "分项",
    "a bucket": "分项",
    "a key": "归属记录",
    "balance": "余额公式",
    "a balance": "余额公式",
    "movement": "过账类型",
    "kind of entry": "过账类型",
    "guard": "约束",
    "holds": "预留设置",
    "lots": "批次设置",
    "Write `+q` or `-q`.": "请写 `+q` 或 `-q`。",
    "A kind, or `-kind` for its reversal.": "请写过账类型，或写 `-类型` 表示其冲销。",
    "The currency of money; the app's if missing.": "金额的币种代码，如 EUR；不写则用系统币种。",
    "a record of the ledger has a field of that name": "账本的记录已有这个字段",
    "'{name}' follows from {word}, which is no bucket.": "'{name}' 用到了 {word}，它不是分项。",
    "Use the buckets: {names}.": "请使用分项：{names}。",
    "'{name}' does not say what it moves.": "'{name}' 没有说明如何变动分项。",
    "Write `move: {bucket: +q}`, or `from:` and `to:` for a transfer.": (
        "请写 `move: {bucket: +q}`；调拨请同时写 `from:` 和 `to:`。"
    ),
    "'{kind}' moves '{bucket}', which only holds may.": (
        "'{kind}' 变动了 '{bucket}'，而它只能由预留变动。"
    ),
    "Leave the bucket out: what is held is the sum of the open holds.": (
        "请去掉该分项：预留数量就是所有有效预留之和。"
    ),
    "'{kind}' is no {key} of '{bucket}'.": "'{kind}' 不能用作 '{bucket}' 的 {key}。",
    "Its move says `{bucket}: {sign}q`, and it is neither signed nor a transfer.": (
        "其变动应为 `{bucket}: {sign}q`，且不能是带符号的类型或调拨。"
    ),
    "'{kind}' does not take out of '{bucket}'.": "'{kind}' 并不从 '{bucket}' 中扣减。",
    "Its move says `{bucket}: -q`.": "其变动应为 `{bucket}: -q`。",
    "{written} is no length of time.": "{written} 不是时长。",
    "Write PT30M, P365D or 30m: a length between a second and 400 days.": (
        "请写 PT30M、P365D 或 30m：一秒到四百天之间。"
    ),
    "No kind moves '{bucket}'.": "没有任何过账类型变动 '{bucket}'。",
    "Write a kind with `move: {{{bucket}: +q}}`, or remove it.": (
        "请写一个含 `move: {{{bucket}: +q}}` 的类型，或删去该分项。"
    ),
    "No role may post to '{ledger}'.": "没有角色可以向 '{ledger}' 过账。",
    "Write `{ledger}: [view, {{allow: post, kinds: [{kind}]}}]` for a role, unless only "
    "effects post to it.": (
        "请为角色写 `{ledger}: [view, {{allow: post, kinds: [{kind}]}}]`；若仅由动作过账则不必。"
    ),
    "'{entity}' is written by entries alone.": "'{entity}' 只能通过过账变动。",
    "Give `view` to see it, and `post` for '{ledger}'.": (
        "查看请授予 `view`，过账请对 '{ledger}' 授予 `post`。"
    ),
    "'{key}' means nothing beside 'take_back'.": "有 'take_back' 时不能写 '{key}'。",
    "Remove '{key}': all that was posted is taken back.": (
        "请删去 '{key}'：已过账的全部都会冲销。"
    ),
    "'{kind}' is not posted by an effect.": "'{kind}' 不能由动作过账。",
    "Effects post what changes one balance and holds nothing.": (
        "动作只能过账变动单个余额、且不涉及预留的类型。"
    ),
    "'{ledger}' holds nothing.": "'{ledger}' 不支持预留。",
    "Write `holds:` in the ledger, or post to it.": "请在账本中写 `holds:`，或直接过账。",
    "'{field}' holds no parts.": "'{field}' 不含明细记录。",
    "Name a field of type children, or leave 'each' out.": (
        "请写 children 类型的字段，或删去 'each'。"
    ),
    "The key is not that of the ledger: {names}.": "归属记录与账本不符，应为：{names}。",
    "Write `key: {{{names}}}`.": "请写 `key: {{{names}}}`。",
    "The key '{name}' is neither a record nor a text.": "归属项 '{name}' 既不是记录也不是文本。",
    "The key '{name}' is a record and a text.": "归属项 '{name}' 同时写成了记录和文本。",
    "Write the name of an entity, or `type: text`.": "请写实体名称，或 `type: text`。",
    "'{entity}' is no ledger: nothing is posted to it.": "'{entity}' 不是账本，不能过账。",
    "Write `post` in a line for a ledger.": "请把 `post` 写在账本的授权行里。",
}
