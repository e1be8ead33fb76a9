"""What is wrong with promotions and the vocabulary of prices: D801 and on."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "promotion": "促销",
    "pricing": "定价设置",
    "codes": "优惠码设置",
    "counter": "计数器",
    "counters": "计数器设置",
    "placing": "下单设置",
    "past carts": "历史订单设置",
    "placed record": "下单生成的记录",
    "placed lines": "下单生成的明细行",
    "placed discounts": "下单生成的优惠明细",
    "placed deliveries": "下单生成的配送项",
    "placed extras": "下单生成的附加项",
    "placed trials": "下单时的试运行结果",
    "placed codes": "下单使用的券码",
    "giving back": "退货应退的计算",
    "paying out": "分次付款",
    "returned lines": "售后商品明细",
    "price history": "历史价格的记录",
    "priced item": "定价商品",
    "price lists": "价目表设置",
    "shared budgets": "共享预算设置",
    "pace": "使用频率限制",
    "taxes": "税费设置",
    "rounding of discounts": "优惠取整设置",
    "lane of the shop": "自定义优惠层级",
    "a lane": "优惠层级",
    "facet": "分类维度",
    "there is one of that name already": "已有同名的层级",
    "priced customer": "定价顾客",
    "match": "商品范围",
    "hours": "时段",
    "window": "有效期",
    "recurrence": "周期",
    "group": "互斥组",
    "combination": "叠加设置",
    "limits": "使用次数限制",
    "budget": "预算",
    "refund": "退款设置",
    "action": "优惠",
    "an amount such as 12.50, or {EUR: 12.50, JPY: 1800}": (
        "金额，如 12.50，或按币种写 {EUR: 12.50, JPY: 1800}"
    ),
    "an amount such as 12.50": "金额，如 12.50",
    "Write a code such as EUR.": "请写币种代码，如 EUR。",
    "The shop's currencies by code, each with its decimals, such as {EUR: 2, JPY: 0}.": (
        "按币种代码写明小数位数，如 {EUR: 2, JPY: 0}。"
    ),
    "There are promotions, and nothing says what they are about.": (
        "定义了促销，却没有说明针对什么商品。"
    ),
    "Write `pricing:` in app.yaml: the entity that is sold, its key and its price.": (
        "请在 app.yaml 中写上 `pricing:`：销售的实体、其编码与售价。"
    ),
    "The shop's own currency {code} has no decimals here.": (
        "此处没有写明本店币种 {code} 的小数位数。"
    ),
    "Write `{code}: 2` among the currencies.": "请在币种中加上 `{code}: 2`。",
    "{path} does not lead to a customer.": "{path} 并不指向顾客。",
    "Write an entity and its field that leads there, such as `order.customer`.": (
        "请写实体及其指向顾客的字段，如 `order.customer`。"
    ),
    "Its key is a record of {entity}.": "其键为 {entity} 的记录。",
    "{path} leads too far.": "{path} 的路径过长。",
    "Write a field, or a reference and a field of its record.": (
        "请写一个字段，或一个引用及其记录的字段。"
    ),
    "{path} is no fact that prices can hang on.": "{path} 不能作为定价依据。",
    "Write a path to a single value of type {types}.": "请写一条通往单个值的路径，类型为 {types}。",
    "This amount cannot be.": "这个金额无效。",
    "Write a number above zero, such as 12.50; a percent is from 0 to 100.": (
        "请写大于零的数，如 12.50；百分比为 0 到 100。"
    ),
    "The shop has no such currency.": "本店没有这种币种。",
    "The currencies of `pricing:` are: {codes}.": "`pricing:` 中的币种有：{codes}。",
    "The currency does not have so many decimals.": "该币种没有这么多位小数。",
    "Write as many as `currencies:` of `pricing:` says.": (
        "请按 `pricing:` 中 `currencies:` 的位数书写。"
    ),
    "This step is not above the one before it.": "这一档没有高于上一档。",
    "Write the steps from the lowest to the highest, each threshold once.": (
        "请从低到高书写各档，每个门槛只写一次。"
    ),
    "The promotion ends before it begins.": "促销在开始之前就结束了。",
    "Write an `until` that is later than `from`.": "请写晚于 `from` 的 `until`。",
    "This is no moment, day or time.": "这不是时刻、日期或时间。",
    "Write 2026-11-11T20:00 for a moment, 2026-11-11 for a day, 20:00 for a time.": (
        "时刻写作 2026-11-11T20:00，日期写作 2026-11-11，时间写作 20:00。"
    ),
    "There is no such time zone.": "没有这个时区。",
    "Write an IANA name such as Asia/Shanghai.": "请写 IANA 时区名称，如 Asia/Shanghai。",
    "There is no such lane.": "没有这个优惠层级。",
    "Some steps are reached with an amount and some with a number of units.": (
        "有的档按金额、有的档按件数计算门槛。"
    ),
    "Write `from_amount` at every step, or `from_quantity` at every step.": (
        "请每档都写 `from_amount`，或每档都写 `from_quantity`。"
    ),
    "A step is reached in one way and takes off one thing.": "每一档只能有一种门槛和一种优惠。",
    "Write `from_amount` or `from_quantity`, and `percent`, `amount` or `price`.": (
        "请写 `from_amount` 或 `from_quantity`，以及 `percent`、`amount` 或 `price` 之一。"
    ),
    "A budget is an amount or a number of uses.": "预算要么是金额，要么是次数。",
    "Write `amount` or `uses`, and not both.": "请只写 `amount` 或 `uses` 之一。",
    "Nothing here speaks of deliveries.": "此处与配送无关。",
    "Write a condition of type method in `when`, or leave this out.": (
        "请在 `when` 中写一项 method 条件，或去掉此项。"
    ),
    "This is about deliveries, which are not told apart by goods.": (
        "此处针对的是配送，无法按商品区分。"
    ),
    "Write a condition of type contains in `when`, or leave this out.": (
        "请在 `when` 中写一项 contains 条件，或去掉此项。"
    ),
    "The shop does not keep what this needs.": "本店没有为此保存所需的内容。",
    "Write `{key}` in `pricing:`, or leave this out.": (
        "请在 `pricing:` 中写上 `{key}`，或去掉此项。"
    ),
    "A refund pays money back, and this budget is a number of uses.": (
        "退款退的是钱，而这个预算按次数计。"
    ),
    "Write an `amount`, or leave `refund` out.": "请写 `amount`，或去掉 `refund`。",
    "Nothing is given that could come back or be charged.": "没有可以退回或折价的赠品。",
    "Write an action of type gift in `then`, or leave `gift` out.": (
        "请在 `then` 中写一项 gift，或去掉 `gift`。"
    ),
    "A gift is charged, and nothing says what it is worth.": (
        "赠品要折价扣款，却没有写明它的价值。"
    ),
    "Write `worth` at the gift.": "请在赠品上写 `worth`。",
    "The action does not say one thing.": "优惠内容没有写明唯一的一种。",
    "Write just one of `percent`, `amount` and `price`.": (
        "请只写 `percent`、`amount`、`price` 之一。"
    ),
    "The promotion does nothing.": "这个促销没有任何优惠。",
    "Write an action in `then`.": "请在 `then` 中写一项优惠。",
    "Something is not filled in.": "还有内容未填写。",
    "Fill in `{key}`.": "请填写 `{key}`。",
    "This cannot be read.": "无法识别这里的内容。",
    "Compare it with the reference of promotions.": "请对照参考文档中的促销部分。",
    "This step is never the one reached: `when` asks for more already.": (
        "这一档永远不会生效：`when` 的门槛已经更高。"
    ),
    "Remove the step, or lower the amount in `when`.": "请删除这一档，或降低 `when` 中的金额。",
    "This step gives less than the one below it.": "这一档的优惠比下一档还少。",
    "Only the highest step that is reached counts; let it give the most.": (
        "只有达到的最高一档生效，请让它的优惠最大。"
    ),
    "No such day lies in the window: the promotion never runs.": (
        "有效期内没有这样的日子：促销永远不会生效。"
    ),
    "Write other days in `recurs`, or a longer `window`.": (
        "请在 `recurs` 中改写日期，或延长 `window`。"
    ),
    "Together with '{other}' it takes off {sum} % of the same price.": (
        "与 '{other}' 叠加后，同一价格共减去 {sum} %。"
    ),
    "Write `base: current`, or put both into one `group`.": (
        "请写 `base: current`，或把两者放进同一个 `group`。"
    ),
    "'{other}' always takes off as much.": "'{other}' 的优惠总是不低于它，它永远不会被选中。",
    "Take off more here, or give '{other}' a condition.": (
        "请加大这里的优惠，或给 '{other}' 加上条件。"
    ),
    "In {codes} the promotion never applies: there is no amount in it.": (
        "币种 {codes} 下促销永远不会生效：没有写该币种的金额。"
    ),
    "Write an amount for each, or the ones it has in `currencies:`.": (
        "请为每种币种写明金额，或在 `currencies:` 中只列已有的币种。"
    ),
    "No line can be in here: the promotion takes nothing off.": (
        "没有商品会落在这个范围内：促销不会产生优惠。"
    ),
    "Name an item or a label that is not excluded, and bounds that fit.": (
        "请写未被排除的商品或标签，以及合理的价格上下限。"
    ),
    "A unit that was bought can be given away in the same exchange.": (
        "计入购买的商品可能在同一次活动中又被当作赠品。"
    ),
    "Remove `reserve_bought: false`, or give only what is not bought.": (
        "请删除 `reserve_bought: false`，或只赠送不计入购买的商品。"
    ),
    "'{other}' has a price of its own for {item}, too.": "'{other}' 也为 {item} 设了专属价格。",
    "Let one end before the other begins, or take the item out of one.": (
        "请错开两者的时间，或从其中一个移除该商品。"
    ),
    "Nothing here is called {name}.": "这里没有 {name}。",
    "Declare it in `pricing:` of app.yaml.": "请在 app.yaml 的 `pricing:` 中声明它。",
    "'{take}' and '{keep}' are not of one ledger.": "'{take}' 与 '{keep}' 不属于同一账本。",
    "Name kinds of one ledger.": "请写同一账本的过账类型。",
    "taxes by region": "地区税费设置",
    "tax rates": "地区税率设置",
    "placed taxes": "下单另计的税费",
    "Taxes hang on {fact}, and a record may say another.": (
        "税费取决于 {fact}，而生成的记录可能与其不一致。"
    ),
    "Write `{fact}:` under `agree:` of `place:`.": ("请在 `place:` 的 `agree:` 下写明 `{fact}:`。"),
    "stock of what is added": "赠品与换购的库存",
    "The key of '{ledger}' is not that of a stock.": "'{ledger}' 的归属项不能用于库存。",
    "'{kind}' does not take from '{ledger}'.": "'{kind}' 不是从“{ledger}”扣减的类型。",
    "Name a kind such as `{move: {there: -q}}`, with a guard that stops it at none.": (
        "请写如 `{move: {there: -q}}` 的类型，并设置防止扣成负数的条件。"
    ),
    "The key of '{ledger}' is not that of a counter.": "'{ledger}' 的归属项不能用于计数。",
    "Its key are texts, of these names: {names}.": "归属项须为文本，可用名称：{names}。",
    "'{ledger}' counts {unit}.": "'{ledger}' 的单位是 {unit}。",
    "Its unit is {units}.": "单位应为 {units}。",
    "'{kind}' does not just add to one bucket.": "'{kind}' 不是只增加一个分项的类型。",
    "Name a kind such as `{move: {used: +q}}`.": "请写如 `{move: {used: +q}}` 的类型。",
    "'{field}' is not filled by anybody.": "'{field}' 不能填写。",
    "Name a field that is neither computed nor a state.": "请写既非计算也非状态的字段。",
    "'{entity}' is not what a cart becomes.": "购物车下单后生成的不是 {entity}。",
    "`reprice` is for the entity of `place: {creates: …}` of `pricing:`.": (
        "`reprice` 只用于 `pricing:` 中 `place: {creates: …}` 的实体。"
    ),
    "'{entity}' does not keep by what it was priced.": "{entity} 未保存计价依据。",
    "Let `place:` fill `basis`, and `number` and `quantity` of lines.": (
        "请在 `place:` 中填充 `basis`，以及商品行的 `number` 和 `quantity`。"
    ),
    "A code that goes back must be used again, and the other way round.": (
        "能退回的券必须能再次核销，反之亦然。"
    ),
    "Write both `use` and `back`.": "请同时填写 `use` 和 `back`。",
    "'{name}' is not for the system to fire.": "'{name}' 不能由系统触发。",
    "Give it `trigger: system`.": "请为其设置 `trigger: system`。",
    "'{name}' asks '{asked}', and nobody answers.": "'{name}' 需要填写 '{asked}'，但无人填写。",
    "Only a question for what is placed is answered; make others optional.": (
        "系统只填写指向下单记录的问题，其他问题请设为选填。"
    ),
    "'{field}' cannot hold this.": "'{field}' 不能存放该内容。",
    "'{path}' stands in another record.": "'{path}' 位于其他记录。",
    "Keep a history where the item has its price itself.": "请在价格所属的记录自身保存历史。",
    "Nothing is known of what was paid for a line.": "无法得知每行商品的实付金额。",
    "Nothing is known of what was paid for deliveries.": "不知道运费实付多少。",
    "Nothing is taken from a stock.": "没有从任何库存扣减。",
    "Nothing is known of what promotions added.": "无法得知促销加入了哪些商品。",
    "Let `extras:` of `place:` become lines that keep `item` and `free`.": (
        "请让 `place:` 的 `extras:` 成为明细行，并保留 `item` 和 `free`。"
    ),
    "Nothing is known of the tax of what was paid.": "无法得知实付金额中的税额。",
    "Nobody knows what is owed no more.": "无法得知因更改而不再应付的金额。",
    "Write `{keys}` beside it, or leave this out.": "请在旁边写上 `{keys}`，或去掉此项。",
    "Nothing is kept of what was received before lines are changed.": (
        "没有保存更改明细之前已收的金额。"
    ),
    "Let `record:` of `place:` keep `basis`.": "请让 `place:` 的 `record:` 保留 `basis`。",
    "Nobody knows what a case comes to, and the tax in it.": "无法得知售后单的金额及其中的税额。",
    "Let `take:` fill fields with `total` and `tax`.": (
        "请让 `take:` 用 `total` 和 `tax` 填入字段。"
    ),
    "'{field}' does not know every answer.": "“{field}”缺少可能的选项。",
    "Add to its options: {names}.": "请在其选项中补充：{names}。",
    "Let `{part}:` of `place:` keep `tax`.": "请让 `place:` 的 `{part}:` 保留 `tax`。",
    "Let `deliveries:` of `place:` keep `paid`.": "请让 `place:` 的 `deliveries:` 保留 `paid`。",
    "Let `place:` keep quantity, price and off of every line.": (
        "请在 `place:` 中保存每行的 quantity、price 和 off。"
    ),
    "'{field}' does not lead to what was placed.": "'{field}' 并不指向下单生成的明细。",
    "Whether a case counts hangs on other records.": "售后记录是否计入不能取决于其他记录。",
    "Ask its own fields only.": "请只使用该记录自身的字段。",
    "Name a reference to {entity}.": "请写引用 {entity} 的字段。",
    "Name a field of type {types}.": "请写类型为 {types} 的字段。",
    "Name a field of type children.": "请写 children 类型的字段。",
    "promoting records": "作为促销的记录",
    "Nothing says what these promotions do.": "没有写明这些促销的优惠内容。",
    "Write `rule:` with a field of type `rule`, or `then` among what it says.": (
        "请写 `rule:` 并指定 `rule` 类型的字段，或在 `says` 中写 `then`。"
    ),
    "There is no status {name} of a promotion.": "促销没有 {name} 这个状态。",
    "{name} is no field for this.": "{name} 不是可用于此处的字段。",
    "Write a field of type {types}.": "请写类型为 {types} 的字段。",
    "{name} holds keys of a promotion.": "{name} 中应写促销的各项。",
    "Write a mapping, such as `then: [...]`.": "请写成映射，如 `then: [...]`。",
    "A promotion has no key {name}.": "促销中没有 {name} 这一项。",
    "{name} does not name parts of the record.": "{name} 不是该记录的明细。",
    "Write `each` and `of`; the parts of a record are: {names}.": (
        "请写 `each` 和 `of`；该记录的明细有：{names}。"
    ),
}
