"""Why a transition did not happen, as a refusal of a request: each code with its own status.

Comes in: `Refused` of the pure algorithm. Goes out: a `RequestError` with the reasons as data, so
that a screen, a program and a scenario read the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.model.text import Label
from rules.workflow.asking import Refused
from runtime.errors import (
    AutoLoop,
    Broken,
    ConfirmationRequired,
    FieldError,
    GuardBlocked,
    InvalidInput,
    NotInFromState,
    NotYourRole,
    RecordBusy,
    RequestError,
    SamePerson,
    UnknownStoredState,
    UnknownTransition,
    Vetoed,
    WrongTrigger,
)

KINDS: Mapping[str, type[RequestError]] = {
    kind.code: kind
    for kind in (
        UnknownTransition,
        WrongTrigger,
        InvalidInput,
        UnknownStoredState,
        NotInFromState,
        NotYourRole,
        SamePerson,
        ConfirmationRequired,
        GuardBlocked,
        Vetoed,
        AutoLoop,
        Broken,
    )
}
"""By the code of the algorithm."""

WORDS: Mapping[str, Label] = {
    "unknown_transition": Label(
        {"en": "This record has no such transition.", "zh": "该记录没有这个流转操作。"}
    ),
    "wrong_trigger": Label(
        {
            "en": "This happens by itself; nobody does it by hand.",
            "zh": "此操作由系统自动执行，不能手动操作。",
        }
    ),
    "not_in_from_state": Label(
        {
            "en": "The record is in another state by now, from which this does not lead.",
            "zh": "记录当前的状态不能执行此操作。",
        }
    ),
    "unknown_stored_state": Label(
        {
            "en": "The stored state '{current}' is none of this workflow. Nothing was changed.",
            "zh": "存储的状态“{current}”不属于该流程，未作任何更改。",
        }
    ),
    "confirmation_required": Label({"en": "Confirm this first.", "zh": "请先确认此操作。"}),
}
CONFIRMING: Mapping[str, Label] = {
    "dialog": Label({"en": "Confirm that you mean it.", "zh": "请确认此操作。"}),
    "type_value": Label({"en": "Type the title to confirm.", "zh": "请输入标题以确认。"}),
    "second_person": Label(
        {"en": "Another person has to approve this.", "zh": "此操作需由他人审批。"}
    ),
    "reauth": Label({"en": "Give your password once more.", "zh": "请重新输入密码。"}),
}
BUSY = Label(
    {
        "en": "Somebody else is at this record. Try again in a moment.",
        "zh": "该记录正被他人操作，请稍后重试。",
    }
)


def unfired(refused: Refused) -> RequestError:
    """Return the refusal of a request."""
    kind = KINDS[refused.code]
    errors = tuple(
        FieldError(name, one.code, said(one), one.params) for name, one in refused.fields.items()
    )
    message = _message(refused, errors)
    return kind(
        message,
        errors,
        reasons=refused.reasons,
        current=refused.current,
        allowed=refused.allowed,
        needs=refused.needs,
    )


def busy() -> RecordBusy:
    """Refuse because somebody holds the record for longer than one waits."""
    return RecordBusy(BUSY, retry_after=1)


def said(one: Any) -> Label:
    """Return a reason in words, its parameters filled in; its code where its author wrote none.

    It is a `Blocker`, or a reason of `transitions` that has been one.
    """
    if one.message is None:
        return Label({"": one.code})
    texts = {}
    for locale, text in one.message.texts.items():
        for name, value in one.params.items():
            shown = value.text(locale or "en") if isinstance(value, Label) else value
            text = text.replace("{" + name + "}", "" if shown is None else str(shown))
        texts[locale] = text
    return Label(texts)


def _message(refused: Refused, errors: tuple[FieldError, ...]) -> Label:
    if refused.needs in CONFIRMING:
        return CONFIRMING[refused.needs]
    if refused.code in WORDS:
        texts = WORDS[refused.code].texts
        return Label({tag: text.format(current=refused.current) for tag, text in texts.items()})
    if refused.reasons:
        return said(refused.reasons[0])
    return errors[0].message if errors else KINDS[refused.code].title
