"""The log as data: rows of the audit through the rights that its reader has today.

Comes in: rows and the search. Goes out: lines. Of a record that the reader may not read now a line
says only that something happened; of its fields only those that they see in clear in every row are
told. Two statements a page: the rows, and the titles of all records together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from generator.field_types._times import local_text
from runtime.jobs import desk
from runtime.jobs.work import trim_log
from runtime.operations._finding import named
from runtime.store.audit_search import Search
from runtime.web.screens import removed_entries
from runtime.web.screens.history import Known, look_alike, shown
from runtime.web.screens.run_lines import ADDRESS as JOBS
from runtime.web.screens.titles_now import titles_of_found
from runtime.web.screens.visit import Visit, plural, record_url, single

MOST_TEXT = 80
MOST_CHANGES = 6
"""Fields told of one thing that happened; the record's own page tells of all."""

BESIDE_RECORDS = {
    "@person": "用户",
    "@group": "用户组",
    "@token": "令牌",
    "@role": "角色",
    "@review": "权限复核",
    "@emergency": "紧急权限",
    "@log": "操作日志",
    "@connector": "连接器",
    "@webhook": "Webhook",
    "@personal": "个人信息清单",
}
"""What is no entity of the definitions; in English the word itself says it."""

IN_CHINESE = {
    "create": "新建",
    "update": "修改",
    "delete": "删除",
    "restore": "恢复",
    "comment": "评论",
    "edit_comment": "修改评论",
    "delete_comment": "删除评论",
    "attach": "添加附件",
    "detach": "移除附件",
    "extend": "调整到期时间",
    "connector_mode": "切换连接器方式",
    "connector_setting": "填写连接器设置",
    "connector_setting_removed": "移除连接器设置",
    "connector_tested": "测试连接器",
    "webhook_made": "新建 Webhook",
    "webhook_changed": "修改 Webhook",
    "webhook_removed": "删除 Webhook",
    "webhook_put": "启停 Webhook",
    "webhook_secret": "更换 Webhook 密钥",
    "webhook_tested": "测试 Webhook",
    "webhook_again": "重新投递",
    "webhook_replayed": "按时间段重新投递",
    "export": "导出",
    "export_ended": "导出结束",
    "reveal": "明文查看",
    "match": "按脱敏内容查找",
    "person_copied": "制作个人信息副本",
    "person_erased": "删除个人信息",
    "erase": "删除个人信息（单条记录）",
    "denied": "被拒绝",
    "sign_in": "登录",
    "sign_out": "退出",
    "sign_in_refused": "登录被拒绝",
    "account_created": "新建账号",
    "account_changed": "修改账号",
    "account_activated": "启用账号",
    "account_deactivated": "停用账号",
    "group_created": "新建用户组",
    "group_changed": "修改用户组",
    "group_deleted": "删除用户组",
    "password_changed": "修改密码",
    "password_link_made": "生成密码链接",
    "role_requested": "申请角色",
    "role_granted": "授予角色",
    "role_rejected": "拒绝角色申请",
    "role_withdrawn": "撤回角色申请",
    "role_revoked": "收回角色",
    "role_ended": "角色到期",
    "role_expired": "角色申请过期",
    "log_read": "查看操作日志",
    "log_removed": "清除到期日志",
    "review_began": "开始权限复核",
    "review_kept": "复核保留",
    "review_revoked": "复核收回",
    "review_closed": "结束权限复核",
    "review_suspended": "复核逾期，暂停权限",
    "review_restored": "恢复权限",
    "emergency_began": "取用紧急权限",
    "emergency_ended": "紧急权限结束",
    "emergency_reviewed": "核查紧急使用",
    "list": "查看列表",
    "read": "查看",
    "history": "查看历史",
    "count": "计数",
    "aggregate": "汇总",
    "choices": "查看选项",
    "approval_requested": "提交审批",
    "approval_voted": "同意（待其他人）",
    "approval_vote_void": "同意作废（人员停用）",
    "approval_approved": "审批通过",
    "approval_rejected": "审批驳回",
    "approval_withdrawn": "撤回审批",
    "approval_void": "审批作废",
    "approval_expired": "审批过期",
    "approval_failed": "审批后执行失败",
    "token_created": "新建令牌",
    "token_revoked": "吊销令牌",
    "second_factor_set_up": "启用二次验证",
    "second_factor_removed": "关闭二次验证",
}
"""What was done; in English the word itself says it."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One thing that happened."""

    iso: str
    when: str
    who: str
    operation: str
    kind: str
    title: str
    url: str
    """The record's page; empty where the reader cannot open it."""
    changes: tuple[str, ...]
    reason: str
    request: str
    address: str
    emergency: str = ""
    """The page of the emergency in which it was done."""


@dataclass(frozen=True, slots=True)
class LogPage:
    """Everything `people/log.html` draws."""

    lines: tuple[LogLine, ...]
    asked: Mapping[str, str]
    kinds: tuple[tuple[str, str], ...]
    older: str
    filtered: bool
    removed: str
    """What is said of entries whose time was over; empty where none went."""
    kept: str
    """How long entries are kept."""
    job: str
    """The page of the job that removes them; empty for who does not operate it."""


def kinds_heard_of(visit: Visit) -> tuple[str, ...]:
    """Return the entities whose history the reader may see."""
    matrix, roles = visit.runtime.matrix, visit.actor.roles
    return tuple(
        name for name in visit.app.entities if matrix.grant(roles, name, "history") is not None
    )


def log_page(
    visit: Visit, rows: Sequence[Any], more: bool, asked: Search, given: Mapping[str, str]
) -> LogPage:
    """Return the page of some rows."""
    wanted: dict[str, list[str]] = {}
    for row in rows:
        if row.entity in visit.app.entities and row.record_id:
            wanted.setdefault(row.entity, []).append(row.record_id)
    found = named(visit.runtime, visit.actor, wanted)
    open_, now = frozenset(found), titles_of_found(visit, found)
    kept = {name: text for name, text in given.items() if text}
    older = {**kept, "before": str(rows[-1].id)} if more else {}
    return LogPage(
        lines=tuple(_line(visit, row, open_, now) for row in rows),
        asked=given,
        kinds=tuple(
            (name, plural(visit, visit.app.entities[name])) for name in kinds_heard_of(visit)
        ),
        older=f"/audit/?{urlencode(older)}" if older else "",
        filtered=bool(kept),
        removed=removed_entries.of_log(visit),
        kept=visit.t("Kept: {time}", "log", time=visit.text(visit.runtime.audit_keep.label)),
        job=f"{JOBS}{trim_log.NAME}" if _operates(visit) else "",
    )


def _operates(visit: Visit) -> bool:
    return any(job.name == trim_log.NAME for job in desk.operated(visit.runtime, visit.actor))


def _line(
    visit: Visit,
    row: Any,
    open_: frozenset[tuple[str, str]],
    now: Mapping[tuple[str, str], str],
) -> LogLine:
    entity = visit.app.entities.get(row.entity)
    readable = entity is None or (row.entity, row.record_id) in open_
    at: datetime = row.at
    return LogLine(
        iso=at.isoformat(),
        when=local_text(at, visit.viewer.locale, visit.viewer.time_zone),
        who=row.actor_name,
        operation=_done(visit, row.operation),
        kind=single(visit, entity) if entity is not None else _beside(visit, row.entity),
        title=now.get((row.entity, row.record_id), row.record_title or "") if readable else "",
        url=record_url(row.entity, row.record_id) if entity is not None and readable else "",
        changes=_changes(visit, row) if readable else (),
        reason=(row.reason or "") if readable else "",
        request=row.request_id or "",
        address=row.address or "",
        emergency=f"/emergencies/#use-{row.emergency}" if row.emergency else "",
    )


def _done(visit: Visit, operation: str) -> str:
    english = operation.replace("_", " ")
    return IN_CHINESE.get(operation, english) if visit.chinese() else english


def _beside(visit: Visit, kind: str) -> str:
    english = kind.removeprefix("@")
    return BESIDE_RECORDS.get(kind, english) if visit.chinese() else english


def _changes(visit: Visit, row: Any) -> tuple[str, ...]:
    """Return what changed, field by field, as far as the reader sees the fields in clear."""
    entity = visit.app.entities.get(row.entity)
    before, after = row.before or {}, row.after or {}
    if entity is None:
        return tuple(f"{name}: {_cut(str(value))}" for name, value in after.items())
    grant = visit.runtime.matrix.grant(visit.actor.roles, entity.name, "read")
    seen = grant.open if grant is not None else frozenset()
    known = Known({}, {})
    found = []
    for name, field in entity.fields.items():
        if name not in seen or field.type == "children" or name not in {*before, *after}:
            continue
        old = _cut(shown(visit, field, before.get(name), known))
        new = _cut(shown(visit, field, after.get(name), known))
        change = f"{old} → {new or '—'}" if old else new
        if look_alike(field, before.get(name), after.get(name)):
            change += f" ({visit.t('another value', 'history')})"
        if change:
            found.append(f"{visit.text(field.label)}: {change}")
    more = len(found) - MOST_CHANGES
    return (*found[:MOST_CHANGES], f"+{more}") if more > 0 else tuple(found)


def _cut(text: str) -> str:
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + "…"
