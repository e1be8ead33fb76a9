"""What a request may be refused with. Status and code are fixed by class; a bug is none of these.

RequestError
├── Unauthenticated     401  R401
├── Forbidden           403  R403
├── NotFound            404  R404
├── Conflict            409  R409
│   ├── Stale           412  R412   the record changed since it was read
│   ├── Blocked         409  R410   a rule says no, with its reasons
│   └── PriceChanged    409  R409   it costs something else by now, with the new prices
├── VersionRequired     428  R428
├── Unconfirmed         428  R461   something sensitive was not confirmed
├── NotProved           403  R462   something sensitive wants the password once more
├── NeedsApproval       202  R202   it is kept until another person approves it
├── Invalid             422  R422   values that fail validation, by field
├── BadRequest          400  R400   a request that cannot be understood
├── TooLarge            413  R413
├── TooMany             429  R429
└── Busy                503  R503   the database had no turn for it; nothing was written

What a transition is refused with has its own codes: see the end of this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from generator.model.text import Label


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one value."""

    field: str
    """A path into the payload, such as `lines.2.quantity`; empty for the record as a whole."""
    code: str
    """Stable, for programs: required, invalid, unknown_field, not_unique, NEGATIVE_TOTAL …"""
    message: Label
    params: Mapping[str, Any] | None = None


class RequestError(Exception):
    """A refusal with a status, a stable code, a sentence and its details."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "R400"
    title: ClassVar[Label] = Label({"en": "The request was refused", "zh": "请求被拒绝"})
    incoming: Any = None
    """The `Incoming` that was refused, where an operation refused it: the audit tells of it."""

    def __init__(
        self, message: Label | str = "", errors: tuple[FieldError, ...] = (), **params: Any
    ) -> None:
        self.message = Label({"": message}) if isinstance(message, str) else message
        self.errors, self.params = errors, params
        super().__init__(str(self.message) or str(self.title))


class Unauthenticated(RequestError):
    status, code = 401, "R401"
    title = Label({"en": "Sign in first", "zh": "请先登录"})


class Forbidden(RequestError):
    status, code = 403, "R403"
    title = Label({"en": "You may not do this", "zh": "没有权限执行此操作"})


class NotFound(RequestError):
    status, code = 404, "R404"
    title = Label({"en": "Not found", "zh": "未找到"})


class Conflict(RequestError):
    status, code = 409, "R409"
    title = Label({"en": "This conflicts with what is there", "zh": "与现有数据冲突"})


class Stale(Conflict):
    status, code = 412, "R412"
    title = Label({"en": "Somebody changed this record meanwhile", "zh": "该记录已被其他人修改"})


class Blocked(Conflict):
    status, code = 409, "R410"
    title = Label({"en": "This is not possible now", "zh": "当前无法执行"})


class PriceChanged(Conflict):
    """What was seen does not hold any more; `evaluated` among the parameters is what does."""


class VersionRequired(RequestError):
    status, code = 428, "R428"
    title = Label({"en": "Say which version you change", "zh": "请指明要修改的版本"})


class Unconfirmed(RequestError):
    status, code = 428, "R461"
    title = Label({"en": "Confirm this first", "zh": "请先确认"})


class NotProved(RequestError):
    status, code = 403, "R462"
    title = Label({"en": "Prove once more who you are", "zh": "请再次验证身份"})


class NeedsApproval(RequestError):
    status, code = 202, "R202"
    title = Label({"en": "This waits for approval", "zh": "等待审批"})


class Invalid(RequestError):
    status, code = 422, "R422"
    title = Label({"en": "Some values are not right", "zh": "部分内容有误"})


class BadRequest(RequestError):
    status, code = 400, "R400"
    title = Label({"en": "The request cannot be understood", "zh": "无法理解该请求"})


class TooLarge(RequestError):
    status, code = 413, "R413"
    title = Label({"en": "The request is too large", "zh": "请求内容过大"})


class TooMany(RequestError):
    status, code = 429, "R429"
    title = Label({"en": "Too many requests", "zh": "请求过于频繁"})


class Busy(RequestError):
    status, code = 503, "R503"
    title = Label({"en": "The shop is busy; try again", "zh": "系统繁忙，请稍后重试"})


class UnknownTransition(NotFound):
    code = "unknown_transition"
    title = Label({"en": "There is no such transition", "zh": "没有这个流转操作"})


class WrongTrigger(Forbidden):
    code = "wrong_trigger"
    title = Label({"en": "Nobody does this by hand", "zh": "此操作不能手动执行"})


class NotYourRole(Forbidden):
    code = "forbidden"
    title = Label({"en": "Your roles may not do this", "zh": "您的角色无权执行此操作"})


class SamePerson(Forbidden):
    code = "same_person"
    title = Label({"en": "Somebody else has to do this", "zh": "此操作须由他人完成"})


class InvalidInput(Invalid):
    code = "invalid_input"
    title = Label({"en": "Some answers are not right", "zh": "部分填写内容有误"})


class ConfirmationRequired(Unconfirmed):
    code = "confirmation_required"
    title = Label({"en": "Confirm this first", "zh": "请先确认"})


class NotInFromState(Blocked):
    code = "not_in_from_state"
    title = Label({"en": "The record is in another state", "zh": "记录当前不在可执行此操作的状态"})


class GuardBlocked(Blocked):
    code = "guard_blocked"
    title = Label({"en": "This is not possible now", "zh": "当前不能执行此操作"})


class Vetoed(Blocked):
    code = "vetoed"
    title = Label({"en": "This was stopped", "zh": "操作被阻止"})


class VersionConflict(Conflict):
    code = "version_conflict"
    title = Label({"en": "Somebody changed this record meanwhile", "zh": "该记录已被其他人修改"})


class RecordBusy(Conflict):
    code = "busy"
    title = Label({"en": "Somebody else is at this record", "zh": "该记录正被他人操作"})


class KeyReused(Invalid):
    code = "idempotency_key_reused"
    title = Label({"en": "This key was used before", "zh": "该键已被使用"})


class Broken(RequestError):
    """Nothing was changed, and a person has to look."""

    status, code = 500, "effect_failed"
    title = Label({"en": "A step of this failed", "zh": "操作的某一步失败"})


class UnknownStoredState(Broken):
    code = "unknown_stored_state"
    title = Label({"en": "The record is in a state nobody knows", "zh": "记录处于未知状态"})


class AutoLoop(Broken):
    code = "auto_loop"
    title = Label({"en": "The automatic steps do not come to an end", "zh": "自动步骤无法结束"})
