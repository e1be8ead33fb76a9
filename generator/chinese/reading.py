"""What can be wrong before a file's meaning is asked: D101 to D123."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "{name} is written twice; the first is on line {line}.": (
        "{name} 写了两次，第一次在第 {line} 行。"
    ),
    "Keep one of them, or give this one another name.": "保留其中一个，或给这一个换个名称。",
    "A key is empty.": "键为空。",
    "Write a name before the ':'.": "请在 ':' 前写上名称。",
    "Write a name.": "请写一个名称。",
    'Put it in quotes: "{written}".': '请加上引号："{written}"。',
    "The key {written} is {what}, not a text.": "键 {written} 是{what}，应为文本。",
    "{name} has no value.": "{name} 没有值。",
    "Write a value after the ':', or remove the key; `null` says that there is none.": (
        "请在 ':' 后写上值，或删去这个键；确实没有值时写 `null`。"
    ),
    "'#' begins a comment; put the value in quotes: \"{rest_of_line}\".": (
        "'#' 之后是注释；请给值加上引号：\"{rest_of_line}\"。"
    ),
    "A list item has no value.": "列表项没有值。",
    "Write a value after the '-'.": "请在 '-' 后写上值。",
    "This line is indented with a tab.": "这一行用制表符缩进。",
    "Indent with spaces, two each.": "请用空格缩进，每级两个。",
    "{written} is an anchor or an alias.": "{written} 是锚点或别名，这里不支持。",
    "Write the values out. A text that begins with '*' or '&' goes in quotes.": (
        "请把值完整写出；以 '*' 或 '&' 开头的文本要加引号。"
    ),
    "{written} is a tag; values have no tags here.": "{written} 是标签，这里的值不带标签。",
    "Remove it. A text that begins with '!' goes in quotes.": (
        "请删去；以 '!' 开头的文本要加引号。"
    ),
    "'<<' does not merge mappings here.": "这里不支持用 '<<' 合并。",
    "Write the keys out.": "请把各个键写出来。",
    "A second document begins here.": "从这里开始是第二个文档。",
    "Move what follows '---' to a file of its own.": "请把 '---' 之后的内容移到单独的文件。",
    "The file is empty.": "文件为空。",
    "Write the definition, or delete the file.": "请写入定义，或删除此文件。",
    "Values are nested more than {most} deep here.": "这里的嵌套超过 {most} 层。",
    "Split the definition.": "请拆分定义。",
    "The file has {size} bytes; {largest} are allowed.": (
        "文件有 {size} 字节，上限为 {largest} 字节。"
    ),
    "Split it into several files.": "请拆成多个文件。",
    "There are more than {most} definition files.": "定义文件超过 {most} 个。",
    "Name the folder that holds only the definitions.": "请指定只存放定义的文件夹。",
    "The file is {what}.": "文件内容是{what}。",
    "A definition is lines of the form `key: value`.": "定义由 `key: value` 形式的行组成。",
    "The file is not UTF-8 text: byte 0x{byte} at position {position}.": (
        "文件不是 UTF-8 文本：第 {position} 个位置是字节 0x{byte}。"
    ),
    "Save it as UTF-8; in Excel or Notepad choose UTF-8.": (
        "请另存为 UTF-8；在 Excel 或记事本中选择 UTF-8 编码。"
    ),
    "The text holds the invisible character U+{code}.": "文本中有不可见字符 U+{code}。",
    "Delete it; type the text again if it was pasted.": (
        "请删去；如果文本是粘贴来的，请重新输入。"
    ),
    "{last} stands in the folder '{folder}'.": "{last} 放在了文件夹 '{folder}' 里。",
    "Move it to {last} beside the folders; there is only one.": (
        "请移到最上层，与各文件夹并列，即 {last}；只能有一个。"
    ),
    "There is only one file of kind '{kind}'.": "'{kind}' 类文件只能有一个。",
    "Name it {kind}.yaml.": "请命名为 {kind}.yaml。",
    "Name it {name}.{kind}.yaml.": "请命名为 {name}.{kind}.yaml。",
    "The file name {last} is not NAME.KIND.yaml.": "文件名 {last} 不符合 NAME.KIND.yaml 的形式。",
    "Name it {stem}.KIND.yaml; kinds: {kinds}.": "请命名为 {stem}.KIND.yaml；KIND 可为：{kinds}。",
    "The file name {last} does not say its kind.": "文件名 {last} 没有写明类别。",
    "There is no kind of file {kind}.": "没有 {kind} 这类文件。",
    "The number {written} is too long.": "数字 {written} 太长。",
    "Numbers have at most 38 digits; put it in quotes if it is a text.": (
        "数字最多 38 位；如果是文本，请加上引号。"
    ),
    "'%' begins a YAML directive; there are none here.": "'%' 开头是 YAML 指令，这里不支持。",
    "Remove the line; put a text that begins with '%' in quotes.": (
        "请删去这一行；以 '%' 开头的文本要加引号。"
    ),
    "The file has more than {most} faults; the rest is not shown.": (
        "文件中的问题超过 {most} 个，其余不再列出。"
    ),
    "Correct those above and check again.": "请先改正以上问题，再重新检查。",
    "A line that begins with '-' is read as more of this text.": (
        "以 '-' 开头的一行被当成了上面文本的延续。"
    ),
    "Begin the list on a line of its own, or put the text in quotes.": (
        "请让列表另起一行，或给文本加上引号。"
    ),
    "It cannot be read: {why}.": "无法读取：{why}。",
    "Check the path and its permissions.": "请检查路径和权限。",
    "there is no such folder": "没有这个文件夹",
    "no such file or directory": "文件或目录不存在",
    "permission denied": "没有权限",
    "is a directory": "这是一个目录",
    "input/output error": "读写错误",
    "too many levels of symbolic links": "符号链接层数过多",
    "unknown": "原因不明",
    "'{sign}' is a full-width sign; YAML does not know it.": "'{sign}' 是全角符号，YAML 不认识。",
    "Write {plain}, with the keyboard set to half-width punctuation.": (
        "请切换到半角标点，改写为 {plain}。"
    ),
    "'{' or '['": "'{' 或 '['",
    "'}' or ']'": "'}' 或 ']'",
    "This quote is never closed.": "引号没有闭合。",
    "Write the closing quote; inside '…' a quote is written twice.": (
        "请补上后引号；在 '…' 之内，单引号要写两个。"
    ),
    "'\\' begins an escape that does not exist.": "'\\' 之后的转义写法不存在。",
    "Use single quotes, where '\\' is only a character, or write '\\\\'.": (
        "请改用单引号（其中 '\\' 只是普通字符），或写成 '\\\\'。"
    ),
    "This bracket is not closed, or a comma is missing after it.": (
        "括号没有闭合，或其后缺少逗号。"
    ),
    "Write the closing bracket, and a comma between items.": ("请补上右括号，各项之间用逗号隔开。"),
    "'|' and '>' announce a text that begins on the next line.": (
        "'|' 和 '>' 表示文本从下一行开始。"
    ),
    "Put a value that begins with '>' or '|' in quotes.": "以 '>' 或 '|' 开头的值要加引号。",
    "A value is missing here.": "这里缺少一个值。",
    "Write the value, or remove the comma or bracket.": "请写上值，或删去多余的逗号或括号。",
    "A value cannot begin with this character.": "值不能以这个字符开头。",
    "Put the value in quotes.": "请给值加上引号。",
    "A list cannot begin here.": "列表不能从这里开始。",
    "Begin the list on the next line, each item after '- '; or write it in brackets: [a, b].": (
        "请从下一行开始写列表，每项前写 '- '；或写在方括号里：[a, b]。"
    ),
    "Something stands after the end of the document.": "文档结束之后还有内容。",
    "Remove the '...' above it.": "请删去上面的 '...'。",
    "This line has no ':'.": "这一行没有 ':'。",
    "Write `key: value`, with a space after the ':'.": "请写成 `key: value`，':' 后要有空格。",
    "This bracket closes nothing.": "多出一个右括号。",
    "Remove it.": "请删去。",
    "Put the whole value in one pair of quotes.": "请把整个值放进同一对引号里。",
    "Something stands after the end of the value.": "值结束之后还有内容。",
    "Give lines of one mapping or list the same indentation, two spaces a level.": (
        "同一组键或同一列表的各行缩进要一致，每级两个空格。"
    ),
    "This line does not line up with the lines above it.": "这一行与上面各行没有对齐。",
    "Put the value in quotes, or begin a new line after the first ':'.": (
        "请给值加上引号，或在第一个 ':' 后换行。"
    ),
    "A second ':' stands in this line.": "这一行出现了第二个 ':'。",
    "Give it the indentation of the keys it belongs to, two spaces a level;"
    " the line above needs a space after its ':'.": (
        "请与同组的键对齐，每级缩进两个空格；上一行的 ':' 后要有空格。"
    ),
    "A key cannot begin here; the line above is a whole value.": (
        "这里不能再写键：上一行已经是完整的值。"
    ),
}
