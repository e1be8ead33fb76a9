"""What resolving and checking find wrong in the whole of the definitions: D401 and on."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "The role '{role}' includes itself, directly or through others.": (
        "角色 '{role}' 直接或间接地包含了自己。"
    ),
    "Remove one 'includes' of the circle.": "请从循环中删去一个 'includes'。",
    "There is no '{kind}.yaml' in the folder.": "文件夹中没有 '{kind}.yaml'。",
    "Write one at the top, with 'app: my_shop' and 'label: {en: My shop, zh: 我的店}'.": (
        "请在最上层新建一个，写上 'app: my_shop' 和 'label: {en: My shop, zh: 我的店}'。"
    ),
    "The file is called '{source}' and the {kind} in it '{name}'.": (
        "文件名是 '{source}'，其中的 {kind} 却叫 '{name}'。"
    ),
    "Rename the file to '{name}.{kind}.yaml', or the {kind} to '{source}'.": (
        "请把文件改名为 '{name}.{kind}.yaml'，或把其中的 {kind} 改为 '{source}'。"
    ),
    "Files of kind '{kind}' are not read by this version.": "此版本不读取 '{kind}' 类文件。",
    "Known kinds: {kinds}.": "可用的类别：{kinds}。",
    "A line for every entity (`*`) names rows, fields or values.": (
        "针对所有实体（`*`）的授权行写了行、字段或值的限制。"
    ),
    "Write plain actions here, and a line of its own for each entity that needs more.": (
        "这里只写操作；需要更多限制的实体请单独写一行。"
    ),
    "'{field}' is computed from itself, directly or through other fields.": (
        "'{field}' 的公式直接或间接地用到了自己。"
    ),
    "Take one field out of the circle.": "请从循环中去掉一个字段。",
    "The records of '{target}' are no part of '{entity}'.": "'{target}' 不是 '{entity}' 的明细。",
    "Write 'child_of: {entity}' in the file of '{target}'.": (
        "请在 '{target}' 的文件中写上 'child_of: {entity}'。"
    ),
    "'{entity}' is a part of '{parent}', and no field there holds it.": (
        "'{entity}' 是 '{parent}' 的明细，但 '{parent}' 中没有字段存放它。"
    ),
    "Add 'parts: {{type: children, of: {entity}}}' to '{parent}'.": (
        "请在 '{parent}' 中加上 'parts: {{type: children, of: {entity}}}'。"
    ),
    "'{field}' is computed, so nobody can type it or leave it out.": (
        "'{field}' 由公式计算，无需填写，也不会缺失。"
    ),
    "Remove 'required', 'default' and 'default_to'.": (
        "请删去 'required'、'default' 和 'default_to'。"
    ),
    "'{field}' is computed and not kept, so it cannot be unique.": (
        "'{field}' 由公式计算且不保存，不能要求唯一。"
    ),
    "Add 'stored: true'.": "请加上 'stored: true'。",
    "The default of '{field}' is no value of type {type}: {why}.": (
        "'{field}' 的默认值不是 {type} 类型的值：{why}。"
    ),
    'Write the default as a program would send it, such as "12.50" for an amount.': (
        '默认值请按接口传值的写法写，如金额写 "12.50"。'
    ),
    "children are given by their parent": "明细记录由主记录给出",
    "not a value of it": "不是这种类型的值",
    "'{name}' has no column of its own, so '{entity}' cannot be found by it.": (
        "'{name}' 没有自己的列，不能用来查找 '{entity}'。"
    ),
    "Take it out of 'key', 'unique' and 'indexes', or add 'stored: true'.": (
        "请从 'key'、'unique' 和 'indexes' 中去掉它，或加上 'stored: true'。"
    ),
    "The list of '{entity}' adds up '{path}', which is no number of its own.": (
        "“{entity}”的列表对“{path}”求和，但它不是记录自身的数值字段。"
    ),
    "Name fields of the record itself: money, a quantity, an integer or a decimal.": (
        "请填写记录自身的金额、数量、整数或小数字段。"
    ),
    "The list of '{entity}' searches in '{path}', which holds no text.": (
        "'{entity}' 的列表要搜索 '{path}'，但它不是文本。"
    ),
    "Filter by it instead; text can be searched: {names}.": (
        "请改用筛选；可搜索的文本字段：{names}。"
    ),
    "The list of '{entity}' is sorted by '{name}', which has no order.": (
        "'{entity}' 的列表按 '{name}' 排序，但它没有先后顺序。"
    ),
    "Sort by a field with one value, such as a number, a date or a text.": (
        "请按只有一个值的字段排序，如数字、日期或文本。"
    ),
    "The form of '{entity}' edits '{name}', which the engine sets by itself.": (
        "'{entity}' 的表单要编辑 '{name}'，而它由引擎自动填写。"
    ),
    "Show it in 'detail' and take it out of 'form'.": (
        "请放在 'detail' 中显示，并从 'form' 中去掉。"
    ),
    "'{field}' is required and has no place in the form of '{entity}'.": (
        "'{field}' 为必填，但不在 '{entity}' 的表单里。"
    ),
    "Add it to a group of 'form', or give it a default.": (
        "请加到 'form' 的某个分组里，或给它默认值。"
    ),
    "{what} has no text in {missing}.": "{what}缺少 {missing} 的文字。",
    "Write it as {en: …, zh: …}.": "请写成 {en: …, zh: …}。",
    "The label of the app": "应用的 label ",
    "The label of '{entity}'": "'{entity}' 的 label ",
    "The label of the module '{module}'": "模块 '{module}' 的 label ",
    "The label of the role '{role}'": "角色 '{role}' 的 label ",
    "The plural of '{entity}'": "'{entity}' 的 plural ",
    "The help of '{entity}'": "'{entity}' 的 help ",
    "The message of '{code}'": "'{code}' 的 message ",
    "The label of the view '{view}'": "视图 '{view}' 的 label ",
    "The label of the import map '{one}'": "导入映射 '{one}' 的 label ",
    "The {key} of '{field}'": "'{field}' 的 {key} ",
    "The label of the option '{name}'": "选项 '{name}' 的 label ",
    "The label of the card '{card}'": "卡片 '{card}' 的 label ",
    "The link table would be called '{link}', longer than {most} characters.": (
        "关联表将命名为 '{link}'，超过 {most} 个字符。"
    ),
    "Shorten the name of the entity or of the field.": "请缩短实体或字段的名称。",
    "The link table would be called '{link}', as {taken} is already.": (
        "关联表将命名为 '{link}'，与{taken}重名。"
    ),
    "the link table of '{field}' in '{entity}'": " '{entity}' 中 '{field}' 的关联表",
    "Choose another name for the field or for the entity.": "请给字段或实体换个名称。",
    "No role may do anything with '{entity}'.": "没有任何角色可以操作 '{entity}'。",
    "Give it a line in an access file, such as 'clerk: {{{entity}: view}}'.": (
        "请在授权文件中加一行，如 'clerk: {{{entity}: view}}'。"
    ),
    "The role '{role}' may do nothing.": "角色 '{role}' 没有任何权限。",
    "Give it grants in an access file, or let it include another role.": (
        "请在授权文件中给它授权，或让它包含其他角色。"
    ),
    "There is no currency '{currency}'.": "没有币种 '{currency}'。",
    "Write an ISO 4217 code such as EUR.": "请写 ISO 4217 代码（如 CNY）。",
    "'{written}', the currency of '{field}', is not an ISO 4217 code and not a text field of"
    " {entity}.": (
        "'{field}' 的币种 '{written}' 既不是 ISO 4217 代码，也不是 {entity} 的文本字段。"
    ),
    "'{written}', the currency of '{field}', is not an ISO 4217 code and not a text field of"
    " {entity} or of its {parent}.": (
        "'{field}' 的币种 '{written}' 既不是 ISO 4217 代码，也不是 {entity} 或其所属 {parent}"
        " 的文本字段。"
    ),
    "Write an ISO 4217 code such as EUR, or the name of a field that holds one.": (
        "请写 ISO 4217 代码（如 CNY），或存放币种代码的字段名。"
    ),
    "'{entity}' is a part of itself, directly or through other entities.": (
        "'{entity}' 直接或间接地成了自己的明细。"
    ),
    "Take 'child_of' out of one of them; for levels of one kind use 'type: tree'.": (
        "请去掉其中一个 'child_of'；同类记录分层级请用 'type: tree'。"
    ),
    "'min' is {low}, more than 'max', {high}: no value fits.": (
        "'min' 为 {low}，大于 'max' 的 {high}，没有值能符合。"
    ),
    "Exchange the two.": "请对调两者。",
    "'{field}' has both 'default' and 'default_to'.": (
        "'{field}' 同时写了 'default' 和 'default_to'。"
    ),
    "Keep the one that gives the value of a new record.": "请只保留新记录取值所用的那一个。",
    "'{field}' is not computed, so it is kept anyway.": "'{field}' 不是计算字段，本来就会保存。",
    "Remove 'stored', or add 'computed' with a formula.": (
        "请删去 'stored'，或加上 'computed' 并写公式。"
    ),
    "'{field}' has no options to choose from.": "'{field}' 没有可选的选项。",
    "Write them, such as `options: {red: {en: Red, zh: 红}}`.": (
        "请写上选项，如 `options: {red: {en: Red, zh: 红}}`。"
    ),
    "The pattern {pattern} {why}.": "pattern {pattern} {why}。",
    "is no regular expression: {error}": "不是正则表达式：{error}",
    "can take for ever: a repeated part can match the same text in many ways": (
        "可能永远匹配不完：重复的部分能以多种方式匹配同一段文本"
    ),
    "Write one such as ^([^,]+), which finds what stands before the first comma.": (
        "可写成 ^([^,]+)，它取第一个逗号之前的内容。"
    ),
    r"Write one such as [A-Z]{2}[0-9]+ or [a-z]+(-[a-z]+)*; a sign such as ( or [ itself"
    r" is \( or \[.": (
        r"可写成 [A-Z]{2}[0-9]+ 或 [a-z]+(-[a-z]+)*；( 或 [ 等符号本身请写 \( 或 \[。"
    ),
    "The schema of '{field}' is no JSON Schema: {message}.": (
        "'{field}' 的 schema 不是 JSON Schema：{message}。"
    ),
    "The schema of '{field}' is no JSON Schema at '{path}': {message}.": (
        "'{field}' 的 schema 在 '{path}' 处不符合 JSON Schema：{message}。"
    ),
    "Write one as json-schema.org describes it, such as {type: object}.": (
        "请按 json-schema.org 的说明写，如 {type: object}。"
    ),
    "The schema of '{field}' refers to {reference}.": "'{field}' 的 schema 引用了 {reference}。",
    "Schemas are not fetched; refer to a part of this one, such as #/$defs/size.": (
        "不会去外部获取 schema；请引用其自身的部分，如 #/$defs/size。"
    ),
    "The package {package} of words cannot be used: {error}.": (
        "词汇包 {package} 无法使用：{error}。"
    ),
    "`python -c 'import {package}.field_types'` shows whether Python finds it.": (
        "可运行 `python -c 'import {package}.field_types'` 看 Python 能否找到它。"
    ),
    "The title {title} of '{entity}' names no field in braces.": (
        "'{entity}' 的 title {title} 没有用花括号写出字段。"
    ),
    'Write a text around fields in braces, such as title: "{number} · {name}".': (
        '请用花括号写出字段，如 title: "{number} · {name}"。'
    ),
    "There is no time zone {time_zone}.": "没有时区 {time_zone}。",
    "Write UTC.": "可写 UTC。",
    "'{path}' has no single value: '{step}' holds many records.": (
        "'{path}' 不是单个值：'{step}' 包含多条记录。"
    ),
    "Compute one from them in a field, such as `computed: count({step})`, and show that.": (
        "请用字段从中算出一个值，如 `computed: count({step})`，再显示该字段。"
    ),
    "The form of '{entity}' edits '{name}' twice.": "'{entity}' 的表单里 '{name}' 出现了两次。",
    "Leave it in one group, or in 'side'.": "请只留在一个分组里，或只留在 'side' 里。",
    "The module {module} names a folder without entities.": (
        "模块 {module} 对应的文件夹里没有实体。"
    ),
    "Put the entities in folders.": "请把实体放进文件夹。",
    "There is no icon {name}.": "没有图标 {name}。",
    "assets/icons.txt lists them; a name of Tabler's icons can be added there.": (
        "可用图标见 assets/icons.txt；可在其中添加 Tabler 图标的名称。"
    ),
    "An import cannot set {lost}: only the engine writes it.": (
        "导入不能设置 {lost}：它只由引擎写入。"
    ),
    "Remove the line; the value is computed or counted when the record is saved.": (
        "请删去这一行；保存记录时会自动计算或编号。"
    ),
    "{lost} holds records of their own, not a value.": "{lost} 存放的是明细记录，不是值。",
    "Name a field of theirs, such as `{path}.{known}`.": "请写明细中的字段，如 `{path}.{known}`。",
    "There is nothing behind the value of {name}.": "{name} 是值，后面没有下级。",
    "Write `{name}`.": "请写 `{name}`。",
    "Nothing says where the value of '{path}' comes from.": "没有写明 '{path}' 的值从哪里来。",
    "Add `column: NAME`, or `value:` for one value in every record.": (
        "请加上 `column: NAME`，或用 `value:` 给每条记录同一个值。"
    ),
    "'{path}' under '{key}' does not lead to {wanted}.": "'{key}' 下的 '{path}' 不指向{wanted}。",
    "Remove it; '{key}' is only for fields that hold {wanted}.": (
        "请删去；'{key}' 只用于存放{wanted}的字段。"
    ),
    "'{field}' is of type {type}, whose values cannot be unique or indexed.": (
        "'{field}' 是 {type} 类型，不能要求唯一，也不能建索引。"
    ),
    "Use a field with one short value, such as a text, a code, a number or a reference.": (
        "请用只有一个简短值的字段，如文本、编码、数字或引用。"
    ),
    "'{former}' is what the {noun} is called now.": "{noun}现在就叫 '{former}'。",
    "There is {noun} '{former}' again.": "又有了名为 '{former}' 的{noun}。",
    "'{heir}' was renamed from '{former}' already.": "'{heir}' 已写明由 '{former}' 改名而来。",
    "Remove 'renamed_from', or write the name the data was kept under before.": (
        "请删去 'renamed_from'，或写数据原来所用的名称。"
    ),
    "'{path}' does not lead to a person.": "'{path}' 没有指向个人。",
    "Name references whose last one leads to an entity with 'privacy: {about: this}'.": (
        "请写引用路径，且最后一个引用指向声明了 'privacy: {about: this}' 的实体。"
    ),
    "Nobody's value stands in '{field}', so it cannot be erased.": (
        "'{field}' 的值不由人填写，无法删除。"
    ),
    "Name fields that people fill in.": "请写由人填写的字段。",
    "The record of '{entity}' is the person, and others point at it.": (
        "'{entity}' 的记录就是个人本身，且被其他记录引用。"
    ),
    "Write 'erase: fields': the record stays and says nobody.": (
        "请写 'erase: fields'：记录保留，但不再指向任何人。"
    ),
    "A record that goes keeps no single fields.": "整条删除的记录不能只保留个别字段。",
    "Remove 'fields' under 'keep', or write 'erase: fields'.": (
        "请删去 'keep' 下的 'fields'，或写 'erase: fields'。"
    ),
    "the workflows of '{entity}'": "'{entity}' 的流程",
    "'{field}' is no date from which years could count.": "'{field}' 不是日期，无法据此计算年限。",
    "Name a field of type date or datetime.": "请写 date 或 datetime 类型的字段。",
    "'{field}' is never erased, so there is nothing to keep.": "'{field}' 不会被删除，无需保留。",
    "Name fields of a personal class, or such as stand under 'also'.": (
        "请写个人信息类字段，或列在 'also' 下的字段。"
    ),
    "'{field}' is required, and no value of it says nobody.": (
        "'{field}' 为必填，且没有可表示“无此人”的值。"
    ),
    "Remove 'required', or let the whole record go with 'erase: record'.": (
        "请去掉 'required'，或用 'erase: record' 删除整条记录。"
    ),
    "'{entity}' holds personal data in '{field}' and points at a person, but does not "
    "say about whom its records are.": (
        "'{entity}' 的 '{field}' 含个人信息，且引用了个人，但没有说明记录归属何人。"
    ),
    "Add 'privacy: {{about: {way}}}'.": "请加上 'privacy: {{about: {way}}}'。",
    "'erase' does nothing to '{entity}', which is no person.": (
        "'erase' 对 '{entity}' 不起作用：它不是个人。"
    ),
    "Give it on an entity with 'privacy: {about: this}'.": (
        "请授予声明了 'privacy: {about: this}' 的实体。"
    ),
    "'{field}' is required, so it cannot be cleared.": "'{field}' 为必填，不能清空。",
    "Write `on_delete: restrict`, or remove 'required'.": (
        "请写 `on_delete: restrict`，或删去 'required'。"
    ),
    "No '{name}' can ever be made: '{link}' needs a record that needs '{name}' first.": (
        "永远无法新建 '{name}'：'{link}' 要求的记录又要求先有 '{name}'。"
    ),
    "Remove 'required' from one link of the circle.": "请去掉循环中某个引用的 'required'。",
    "The form of '{entity}' edits '{name}', which belongs to another record.": (
        "'{entity}' 的表单要编辑 '{name}'，而它属于另一条记录。"
    ),
    "Write '{name}', or show '{path}' in 'detail'.": (
        "请写 '{name}'，或把 '{path}' 放在 'detail' 中显示。"
    ),
    "There is no language {locale}.": "没有语言 {locale}。",
    "Write a language such as en or zh, or one with its country, such as en_GB.": (
        "请写语言代码，如 en 或 zh，也可带国家，如 en_GB。"
    ),
    "The tab '{path}' of '{entity}' has no records to show.": (
        "'{entity}' 的标签页 '{path}' 没有可显示的记录。"
    ),
    "Name a field of children or of references, ENTITY.FIELD of records that point here,"
    " or history; show a single value in 'sections', 'facts' or 'side'.": (
        "请写 children 或 references 类型的字段、指向此实体的 ENTITY.FIELD，或 history；"
        "单个值请放在 'sections'、'facts' 或 'side' 中。"
    ),
    "'{link}' is called like the '{child_of}' that each '{entity}' is a part of,"
    " and does not lead to it.": ("'{link}' 与 '{entity}' 所属的 '{child_of}' 同名，却不指向它。"),
    "Give it another name; the link to '{child_of}' is made by itself.": (
        "请换个名称；指向 '{child_of}' 的引用会自动生成。"
    ),
    "'{layout}' needs {words} field of '{entity}', and '{field}' is none.": (
        "'{layout}' 需要 '{entity}' 的{words}类型字段，'{field}' 不是。"
    ),
    "Give the entity {words} field first.": "请先为该实体添加{words}类型的字段。",
    "The label '{label}' of '{entity}' is blank.": "'{entity}' 的标签 '{label}' 上没有任何内容。",
    "Name what stands on it in 'lines', 'barcode' or 'qr'.": (
        "请在 'lines'、'barcode' 或 'qr' 中写明标签上印什么。"
    ),
    "'{path}' holds no text or number that a code can be drawn of.": (
        "'{path}' 不是可以生成条码的文本或数字。"
    ),
    "A board by '{field}' would have more than {most} columns.": (
        "按 '{field}' 分列的看板会超过 {most} 列。"
    ),
    "Take a field with fewer options, or leave the board out.": (
        "请改用选项更少的字段，或去掉看板。"
    ),
    "Nobody types '{field}', so no condition can open or close it.": (
        "'{field}' 不由人填写，条件对它不起作用。"
    ),
    "'{field}' holds many records; a condition stands at a single value.": (
        "'{field}' 含多条记录；条件只能写在单个值上。"
    ),
    "Write a check instead, or conditions at the fields of its records.": (
        "请改写 check，或在其记录的字段上写条件。"
    ),
    "'{field}' is always required, and empty while it is hidden.": (
        "'{field}' 始终必填，隐藏时却为空。"
    ),
    "Write `required: {condition}` in place of `required: true`.": (
        "请写 `required: {condition}` 代替 `required: true`。"
    ),
    "'{name}' is secret: nobody ever sees it.": "'{name}' 属于机密，任何人都看不到。",
    "It can be written. Whether it is set can be a field of its own.": (
        "它只能写入；是否已设置可另建字段表示。"
    ),
    "'{name}' leads to records: it has no mask.": "'{name}' 指向记录，不能脱敏显示。",
    "Hide it, or mask the fields of the record it leads to.": (
        "请隐藏它，或对所指记录的字段脱敏。"
    ),
    "'{entity}' is a part of '{whole}': its rows go with their whole.": (
        "'{entity}' 是 '{whole}' 的明细，行范围随主记录。"
    ),
    "Say it in the line for '{whole}'; a line for a part names only fields.": (
        "请写在 '{whole}' 的授权行中；明细的授权行只写字段。"
    ),
    "'{role}' creates '{entity}' and cannot set {names}.": (
        "'{role}' 可新建 '{entity}'，却不能填写 {names}。"
    ),
    "A record cannot be saved without it: name it in 'write', 'force' or 'default'.": (
        "缺少它就无法保存：请写入 'write'、'force' 或 'default'。"
    ),
    "'{role}' may change '{entity}' and not see it.": "'{role}' 可修改 '{entity}'，却看不到它。",
    "Give 'view' as well; `edit` holds both.": "请同时授予 'view'；`edit` 两者皆含。",
    "Another line gives '{role}' all of this for every '{entity}'.": (
        "另一授权行已就全部 '{entity}' 给予 '{role}' 同样的权限。"
    ),
    "Remove this line, or take its actions out of the other one.": (
        "请删去此行，或从另一行中去掉这些操作。"
    ),
    "The guardrail {names} takes away what this line gives: {actions}.": (
        "护栏 {names} 收回了此行授予的操作：{actions}。"
    ),
    "Remove it here, or say with 'when' which records the guardrail means.": (
        "请在此处删去，或用 'when' 说明护栏针对哪些记录。"
    ),
    "The line ends on {until}, before it begins on {since}.": (
        "此行于 {until} 终止，早于开始日期 {since}。"
    ),
    "Remove '{key}'.": "请删去 '{key}'。",
    "Exchange the two days.": "请对调两个日期。",
    "The guardrail '{name}' keeps nothing from anybody.": "护栏 '{name}' 没有起到任何限制作用。",
    "Write 'deny' with the actions it refuses; 'when' and 'fields' say of which ones.": (
        "请用 'deny' 写明拒绝哪些操作；'when' 和 'fields' 说明针对哪些记录和字段。"
    ),
    "'{name}' is set by the engine, and by nobody else.": "'{name}' 只由系统设置，他人不能设置。",
    "Take '{name}' out of this line.": "请从此行中删去 '{name}'。",
    "'{role}' may change '{entity}', which says what '{role}' sees.": (
        "'{role}' 可修改 '{entity}'，而 '{role}' 能看到什么正由它决定。"
    ),
    "Leave that to another role: whoever has this one could widen their own rights.": (
        "请交由其他角色维护，否则此角色的人可扩大自己的权限。"
    ),
    "The log keeps values of the class '{name}'.": "日志保留了“{name}”级别的值。",
    "Write 'masked' or 'mark': what is sensitive stands in no log.": (
        "请写 masked 或 mark：敏感信息不得写入任何日志。"
    ),
    "Nothing says why the log keeps values of the class '{name}'.": (
        "未说明日志为何要保留“{name}”级别的值。"
    ),
    "Say it with 'why', such as 'keep: value' and 'why: Parcels that went astray are traced.'.": (
        "请用 why 说明原因，例如 keep: value 和 why: 需要追查投错的包裹。"
    ),
    "'{name}' is no person whose data could be erased.": "'{name}' 不是可删除其个人信息的个人。",
    "Erase a record of an entity with 'privacy: {about: this}'.": (
        "请对写有 privacy: {about: this} 的实体的记录使用 erase。"
    ),
    "Only values that stay need a reason.": "只有保留原值时才需要说明原因。",
    "Remove 'why'.": "请删除 why。",
    "'{name}' asks for the title of a record that is not there yet.": (
        "'{name}' 要求输入尚不存在的记录的标题。"
    ),
    "Ask for 'confirm' when records are created.": "新建记录时请用 'confirm'。",
    "These rows do not depend on the record: it is all of them, or none.": (
        "此处的 rows 与记录无关：结果只会是全部或没有。"
    ),
    "Name a field of the record, or leave 'rows' out and say what is meant.": (
        "请引用记录的字段，或去掉 'rows' 以明示含义。"
    ),
    "'{role}' sees '{field}' and not how a '{target}' is called: {names}.": (
        "'{role}' 能看到 '{field}'，却看不到 '{target}' 的名称：{names}。"
    ),
    "Show it in the line for '{target}', or hide '{field}' here.": (
        "请在 '{target}' 那一行中显示它，或在此处隐藏 '{field}'。"
    ),
    "Nobody may set '{field}'.": "没有人可以填写 '{field}'。",
    "Name it in 'write' of a line, give it a default, or remove the field.": (
        "请在某一行的 'write' 中写明、给出默认值，或删除该字段。"
    ),
    "'{role}' reaches '{entity}' by {count} different conditions; every list asks all.": (
        "'{role}' 访问 '{entity}' 有 {count} 个不同条件，每个列表都要逐一计算。"
    ),
    "Bring them together to {most} at most, or give them to roles of their own.": (
        "请合并到最多 {most} 个，或分给各自的角色。"
    ),
    "'{role}' fires '{edge}' and does not see {names}, which this reason tells.": (
        "'{role}' 可执行 '{edge}'，却看不到此原因中的 {names}。"
    ),
    "They are told it without; say the reason so that it needs none.": (
        "对其显示时会略去该值；请把原因写成不含该值也说得清楚。"
    ),
    "No index helps to find these rows of '{entity}'.": (
        "没有索引可用于查找 '{entity}' 的这些记录。"
    ),
    "Every list of '{role}' reads the whole table; give {names} 'index: true'.": (
        "'{role}' 的每个列表都会读取整张表，请为 {names} 加上 'index: true'。"
    ),
    "Only its own holders decide who else gets '{role}'.": (
        "'{role}' 只由其持有者自己决定再授予谁。"
    ),
    "Name another role in 'owner' as well: one that does not gain by it.": (
        "请在 'owner' 中再写一个与此无利害关系的角色。"
    ),
    "'{name}' has what '{role}' gives, and needs no emergency.": (
        "'{name}' 已拥有 '{role}' 的权限，无需紧急取用。"
    ),
    "Take it out of 'by'.": "请把它从 'by' 中去掉。",
    "Of '{role}' hears nobody but who may take it.": (
        "紧急取用 '{role}' 时，除可取用者外无人知晓。"
    ),
    "Name another role in 'tells' as well: one that looks into it afterwards.": (
        "请在 'tells' 中再写一个负责事后核查的角色。"
    ),
    "Somebody can be given '{one}', which administers {first}, and '{other}', which "
    "administers {second}.": (
        "同一人可同时担任“{one}”（管理 {first}）和“{other}”（管理 {second}）。"
    ),
    "Name both in one of 'conflicts'.": "请在某条 'conflicts' 中同时列出这两个角色。",
    "'{role}' brings together {names}, against '{conflict}'.": (
        "'{role}' 同时包含 {names}，违反 '{conflict}'。"
    ),
    "Take one out of 'includes', or take the conflict away.": (
        "请从 'includes' 中去掉一个，或删除这条冲突规则。"
    ),
    "'{name}' lets '{action}' wait for approval.": "'{name}' 让 '{action}' 等待审批。",
    "Ask for 'confirm' or 'reauthenticate': the answer goes to who asks, at once.": (
        "请改用 'confirm' 或 'reauthenticate'：结果须当场返回给操作人。"
    ),
    "No role may approve anything of '{entity}'.": "没有角色可以审批 '{entity}'。",
    "Let a role 'approve' it, such as 'manager: {{{entity}: [view, approve]}}'.": (
        "请让某个角色可以 'approve'，例如 'manager: {{{entity}: [view, approve]}}'。"
    ),
    "'{name}' makes no record.": "'{name}' 不会新建记录。",
    "A step does just one thing.": "一个步骤只能做一件事。",
    "Write one of: {names}.": "请写其中一个：{names}。",
    "'{key}' says nothing about '{action}'.": "'{key}' 与 '{action}' 无关。",
    "It belongs to: {names}.": "它只用于：{names}。",
    "A reading that is refused shows nothing.": "被拒绝的读取不会显示任何内容。",
    "Remove 'rows', 'cells', 'masked' and 'hidden', or the refusal.": (
        "请删去 'rows'、'cells'、'masked' 和 'hidden'，或删去拒绝。"
    ),
    "The record '{name}' points at itself through others.": (
        "记录 '{name}' 通过其他记录又指回了自己。"
    ),
    "Leave one of the relations out; a step can set it.": "请去掉其中一个关联，可改由步骤来设置。",
    "'{entity}' is a part of '{whole}'.": "'{entity}' 是 '{whole}' 的明细。",
    "Give it inside the records of '{whole}'.": "请写在 '{whole}' 的记录里。",
    "The label of the scenario '{one}'": "场景 '{one}' 的标签",
    "Nobody may see '{field}'.": "没有任何角色能看到 '{field}'。",
    "Give it in a line of the access file, or remove the field.": (
        "请在授权文件中授予它，或删去该字段。"
    ),
    "'{role}' may change records of '{entity}' that no list shows them.": (
        "'{role}' 可以修改的部分 '{entity}' 记录在其列表中看不到。"
    ),
    "Give 'list' for the same rows.": "请为相同的记录范围授予 'list'。",
    "'{role}' exports in clear what they see masked or not at all: {names}.": (
        "'{role}' 在页面上看到的是脱敏值或看不到，导出时却是明文：{names}。"
    ),
    (
        "'{action}' gives '{role}' nothing: no line shows them a field of '{entity}'"
        " masked that this one reads."
    ): "'{action}' 对 '{role}' 无效：没有任何授权行以脱敏方式显示本行可读的 '{entity}' 字段。",
    "Give '{needed}' with the field under `masked:`, and read it here.": (
        "请授予 '{needed}'，将该字段写在 `masked:` 下，并在本行的 `read:` 中列出。"
    ),
    "'{name}' is not for the role '{role}'.": "'{name}' 未开放给角色 '{role}'。",
    "Write the role under `roles:` of the transition; a line only narrows it.": (
        "请在该流转的 `roles:` 中写上此角色；授权行只能收窄范围。"
    ),
    "Mask or hide it in the line for 'export' too.": "请在授予 'export' 的行中同样脱敏或隐藏。",
}
