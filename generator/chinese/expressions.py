"""Faults inside an expression: D501 to D513."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "The expression is longer than {most} characters.": "表达式超过 {most} 个字符。",
    "The expression is empty.": "表达式为空。",
    "Write a condition or a value.": "请写一个条件或值。",
    "Write a single = as ==.": "比较相等请写 ==，不要只写一个 =。",
    "This is not an expression.": "这不是一个表达式。",
    "The expression is nested too deeply.": "表达式嵌套过深。",
    "The expression is nested deeper than {most}.": "表达式嵌套超过 {most} 层。",
    "The expression has more than {most} parts.": "表达式的组成部分超过 {most} 个。",
    "Split it: give a part a name as a computed field.": ("请拆分：把其中一部分单独做成计算字段。"),
    "Brackets are nested deeper than {most}.": "括号嵌套超过 {most} 层。",
    "'{word}' is not a number.": "'{word}' 不是数字。",
    "Write it as 1200 or 12.50.": "请写成 1200 或 12.50 的形式。",
    "A text stands directly after another word.": "文本紧跟在另一个词后面。",
    "Write one text in quotes, without a letter before it.": (
        "请只写一段带引号的文本，前面不加字母。"
    ),
    "'{written}' is not an escape.": "'{written}' 不是有效的转义。",
    "Write a backslash in a text as \\\\.": "文本中的反斜杠请写成 \\\\。",
    "The text has no closing quote.": "文本缺少后引号。",
    "'{shown}' has no meaning in an expression.": "'{shown}' 在表达式中没有意义。",
    "Write a straight quote, ' or \"; this one is typographic.": (
        "这是弯引号，请改用直引号 ' 或 \"。"
    ),
    "This sign is full-width; write the half-width one.": "这是全角符号，请改用半角。",
    "Write 'and'.": "请写 'and'。",
    "Write 'or'.": "请写 'or'。",
    "Write 'not'.": "请写 'not'。",
    "Names are written without braces.": "名称不加花括号。",
    "Texts stand in quotes; names are plain letters, digits and _.": (
        "文本要加引号；名称只用英文字母、数字和 _。"
    ),
    "'{written}' is not allowed here.": "这里不能写 '{written}'。",
    "The language has comparisons, and/or/not, + - *, if-else and the listed functions.": (
        "可以使用比较、and/or/not、+ - *、if-else 以及列出的函数。"
    ),
    "'{written}' is {type}, a condition is needed.": "'{written}' 是{type}，此处需要条件。",
    "Compare it with something, such as '> 0', or ask 'is not null'.": (
        "请与某个值比较，如 '> 0'，或写 'is not null'。"
    ),
    "The result has {scale} decimals, {kept} are kept.": (
        "结果有 {scale} 位小数，此处只保留 {kept} 位。"
    ),
    "Write round({written}, {scale}).": "请写 round({written}, {scale})。",
    "'{written}' is {kind}, {wanted} is needed.": "'{written}' 是{kind}，此处需要{wanted}。",
    "'{value}' is not one of the choices.": "'{value}' 不在可选值之内。",
    "'{value}' is not {wanted}.": "'{value}' 不是{wanted}。",
    "Write it as {form}.": "请写成 {form}。",
    "{one} and {other} do not go together.": "{one}与{other}不能放在一起。",
    "'{written}' is always null.": "'{written}' 的结果总是 null。",
    "The expression is always null.": "表达式的结果总是 null。",
    "The number has too many digits.": "数字位数过多。",
    "At most 18 digits, {most} of them after the point.": (
        "最多 18 位，其中小数点后最多 {most} 位。"
    ),
    "A minus stands before a number.": "负号只能写在数字前。",
    "A division stands alone inside round().": "除法必须单独写在 round() 里。",
    "Write round({written}, 2), with the decimals you want.": (
        "请写 round({written}, 2)，2 为要保留的小数位数。"
    ),
    "'{operator}' works on whole numbers.": "'{operator}' 只用于整数。",
    "Use round(a / b, n) for other numbers.": "其他数字请用 round(a / b, n)。",
    "The product has {scale} decimals, {most} are possible.": (
        "乘积有 {scale} 位小数，最多只能 {most} 位。"
    ),
    "Round one side first, such as round({written}, 2).": (
        "请先对其中一个数取舍，如 round({written}, 2)。"
    ),
    "'{operator}' does not work on {one} and {other}.": "'{operator}' 不能用于{one}与{other}。",
    "Write a duration as days(n), hours(n) or minutes(n); date(x) is the day of a moment.": (
        "时长请写 days(n)、hours(n) 或 minutes(n)；date(x) 取日期时间的日期。"
    ),
    "Nothing equals null, not even null.": "任何值都不等于 null，null 本身也不例外。",
    "Write '{other} {wanted}'.": "请写 '{other} {wanted}'。",
    "Nothing equals null.": "任何值都不等于 null。",
    "Write 'or x is null'.": "请写 'or x is null'。",
    "{one} does not compare with {other}.": "{one}不能与{other}比较。",
    "'{operator}' does not order {kind}.": "'{operator}' 不能比较{kind}的大小。",
    "Texts compare with ==, !=, in, starts_with, ends_with and contains.": (
        "文本可用 ==、!=、in、starts_with、ends_with 和 contains 比较。"
    ),
    "Write date(…) around the moment to compare days.": (
        "要按日期比较，请在日期时间外写 date(…)。"
    ),
    "Write a duration as days(n), hours(n) or minutes(n).": (
        "时长请写 days(n)、hours(n) 或 minutes(n)。"
    ),
    "Write 'x in list'.": "请写 'x in list'。",
    "'is' only asks for null.": "'is' 只用来判断 null。",
    "Write == to compare values.": "比较值请写 ==。",
    "'{written}' is many records, one value is needed.": (
        "'{written}' 是多条记录，此处需要一个值。"
    ),
    "'{name}' is many records, one value is needed.": "'{name}' 是多条记录，此处需要一个值。",
    "'{names}' is many records.": "'{names}' 是多条记录。",
    "Write exists({written}), count({written}) or 'x in {written}'.": (
        "请写 exists({written})、count({written}) 或 'x in {written}'。"
    ),
    "'{written}' is {type}, a list is needed.": "'{written}' 是{type}，此处需要列表。",
    "For a part of a text write contains(text, part).": (
        "判断文本是否包含某段文字，请写 contains(text, part)。"
    ),
    "{one} holds no {other}.": "{one}中不会有{other}。",
    "{one} is never {other}.": "{one}不可能是{other}。",
    "'{written}' cannot be called.": "'{written}' 不能当函数调用。",
    "Write function(value), not value.function().": (
        "请写 function(value)，不要写 value.function()。"
    ),
    "There is no function '{name}'.": "没有函数 '{name}'。",
    "Arguments are written without names.": "参数不写名称。",
    "{name}() takes {wanted} argument(s), {args} are written.": (
        "{name}() 需要 {wanted} 个参数，写了 {args} 个。"
    ),
    "{least} to {most}": "{least} 到 {most}",
    "Write {signature}.": "请写 {signature}。",
    "{function}() does not take {type}.": "{function}() 不接受{type}。",
    "date() does not take {type}.": "date() 不接受{type}。",
    "abs() does not take {type}.": "abs() 不接受{type}。",
    "round() does not take {type}.": "round() 不接受{type}。",
    "{word}() does not take {type}.": "{word}() 不接受{type}。",
    "{word}() does not order {kind}.": "{word}() 不能比较{kind}的大小。",
    "A duration counts whole numbers, '{written}' is not one.": (
        "时长按整数计，'{written}' 不是整数。"
    ),
    "The decimals of round() are a written number from 0 to {most}.": (
        "round() 的小数位数要直接写 0 到 {most} 的数字。"
    ),
    "'/' does not divide {type}.": "'/' 不能用于{type}。",
    "A duration divides by a duration.": "时长只能除以时长。",
    "Write round(worked / hours(1), 2).": "请写 round(worked / hours(1), 2)。",
    "An average is a division, it stands inside round().": (
        "求平均值含除法，必须写在 round() 里。"
    ),
    "It is not said which value of the records is meant.": "没有说明取这些记录的哪个值。",
    "Write {written}({name}.field).": "请写 {written}({name}.field)。",
    "Only the records are named here.": "这里只写记录本身。",
    "Write {name}.": "请写 {name}。",
    "'{written}' is {type}, records are needed.": "'{written}' 是{type}，此处需要多条记录。",
    "Name a field of type children, such as lines.": "请写 children 类型的字段，如 lines。",
    "'{written}' has no fields.": "'{written}' 下没有字段。",
    "A dot stands between declared names only.": "点号只能写在已定义的名称之间。",
    "'{hidden}' is not allowed: names begin with a letter.": (
        "不能写 '{hidden}'：名称要以字母开头。"
    ),
    "Write sum({written}).": "请写 sum({written})。",
    "Write count({name}) or any({name}, …).": "请写 count({name}) 或 any({name}, …)。",
    "Records are nested deeper than {most}.": "记录嵌套超过 {most} 层。",
    "'{so_far}' is {kind}, it has no '{name}'.": "'{so_far}' 是{kind}，下面没有 '{name}'。",
    "There is no '{name}' in '{so_far}'.": "'{so_far}' 中没有 '{name}'。",
    "'{path}' is a group of values.": "'{path}' 是一组值。",
    "Its values are: {names}.": "其中的值有：{names}。",
    "'this' is the record.": "'this' 是记录本身。",
    "Write this.field or this.id.": "请写 this.字段名 或 this.id。",
    "There is no field '{name}' in {entity}.": "{entity} 中没有字段 '{name}'。",
    "'{name}' is unknown here.": "这里没有 '{name}'。",
    "None is defined here; write a value instead.": "这里没有可用的名称，请直接写一个值。",
    "Write a name that is defined; `show` and the reference list them.": (
        "请写已定义的名称；`show` 和参考手册会列出全部名称。"
    ),
    "Write a value, a field or a condition instead of null.": (
        "不要写 null，请写一个值、字段或条件。"
    ),
    "Write one of its choices: {values}.": "请写其中一个选项：{values}。",
    "Write a field that leads to {entity}, or its id.": "请写指向 {entity} 的字段，或其 id。",
    "Write a field that holds {kind}.": "请写类型为{kind}的字段。",
    "Write {kind}, such as {example}.": "请写{kind}，例如 {example}。",
    "Ask 'is null' or 'is not null' of it; nothing else can be done with it.": (
        "只能判断它 'is null' 或 'is not null'，不能作其他运算。"
    ),
    "Lists are not compared; ask 'x in list' for each value.": (
        "列表不能相互比较，请对每个值写 'x in list'。"
    ),
    "Write == or != here; only numbers, dates, times and durations have an order.": (
        "这里请写 == 或 !=；只有数字、日期、时间和时长能比较大小。"
    ),
    "Numbers take + - * // %, texts take +, dates take + and - with a duration such as days(3).": (
        "数字可用 + - * // %，文本可用 +，日期可以加减时长，例如 days(3)。"
    ),
    "Give all of them one type, such as numbers only or texts only.": (
        "请让它们类型一致，例如全是数字或全是文本。"
    ),
    "Write a list such as ['a', 'b'], or a field that holds one.": (
        "请写列表，例如 ['a', 'b']，或值为列表的字段。"
    ),
    "Write function(value), not function(name=value).": (
        "请写 function(value)，不要写 function(name=value)。"
    ),
    "Write the name of a field; none begins with _.": "请写字段名；字段名不以 _ 开头。",
    "Write {so_far} alone; only references have fields.": (
        "请只写 {so_far}；只有引用字段下面才有字段。"
    ),
    "Write a number there, such as round(value, 2).": "请直接写数字，例如 round(value, 2)。",
    "Write a number or a duration of the records, such as sum(lines.amount).": (
        "请写这些记录的数字或时长，例如 sum(lines.amount)。"
    ),
    "Write values that have an order: numbers, dates, times or durations.": (
        "请写能比较大小的值：数字、日期、时间或时长。"
    ),
    "Write a condition such as total > 0, or a value such as price * 2.": (
        "请写条件，例如 total > 0；或写值，例如 price * 2。"
    ),
    "Write the same quote at its end, such as 'paid'.": "请在文本末尾写上同样的引号，如 'paid'。",
}
