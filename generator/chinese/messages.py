"""Messages: D941 and on, and the words of their shape."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "recipient outside": "外部收件人",
    "'notify: {name}' tells nobody.": "'notify: {name}' 没有任何收件人。",
    "Write 'for' with roles, or 'to' in the message of that name.": (
        "请用 'for' 填写角色，或在同名消息里写 'to'。"
    ),
    "'{path}' is no field of e-mail addresses.": "'{path}' 不是邮箱字段。",
    "Name a field of the type 'email'.": "请填写类型为 'email' 的字段。",
    "'{role}' may not 'read' {entity}, so nothing can be told of it.": (
        "角色 '{role}' 没有 {entity} 的 'read' 权限，无法写出消息内容。"
    ),
    "'{role}' does not see '{path}' in clear, so nothing is ever sent there.": (
        "角色 '{role}' 看不到 '{path}' 的明文，邮件永远无法发出。"
    ),
    "Show the address to the role, or name another role.": "请让该角色能看到地址，或改用其他角色。",
    "No workflow tells '{name}' to anybody who has an account.": (
        "没有流程会把 '{name}' 通知给有账号的人。"
    ),
    "Name roles by 'for' where it is sent, or remove 'always'.": (
        "请在发送处用 'for' 填写角色，或删除 'always'。"
    ),
    "message": "消息",
    "e-mail": "邮件",
    "variable": "变量",
    "a variable": "变量",
    "message '{name}'": "消息 '{name}' ",
    "every message has it": "每条消息都自带这个变量",
    "'{step}' leads to no other record.": "'{step}' 不指向其他记录。",
    "Write '{step}' alone, or a link to a record.": "请只写 '{step}'，或改用指向记录的字段。",
    "The braces of a text of '{name}' do not match.": "'{name}' 的文本中花括号不成对。",
    "Write each variable as {name}; a brace has no other meaning here.": (
        "变量请写成 {name}；花括号在此没有其他用途。"
    ),
    "'{path}' is secret, so no message tells it.": "'{path}' 是机密字段，不能写入消息。",
    "Name another field.": "请改用其他字段。",
    "No text of '{message}' names the variable '{name}'.": (
        "'{message}' 的文本都没有用到变量 '{name}'。"
    ),
    "Write {place} in a text, or remove it.": "请在文本中写 {place}，或删除该变量。",
    "The message '{name}' tells of '{entity}', and this is about '{own}'.": (
        "消息 '{name}' 针对的是 '{entity}'，而这里处理的是 '{own}'。"
    ),
    "Give the notice another name, or write a message of that name.": (
        "请给通知换一个名称，或另写一条该名称的消息。"
    ),
}
