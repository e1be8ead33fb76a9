"""The draft of a changed record: what is stored at the version its caller read, under their words.

Comes in: the values of a change. Goes out: a `Draft` of which nothing is settled yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rules.permissions import Grant
from runtime.operations import _changing, _rights, _saving, _unseen, _versions
from runtime.operations._work import Draft, Work
from runtime.operations._writing import WriteCall


def drafted(
    work: Work,
    call: WriteCall,
    grant: Grant,
    values: Mapping[str, Any],
    version: int | None,
    lock: str = "update",
) -> Draft:
    """Return the draft of a change of one record.

    Raises:
        NotFound, Forbidden: it is not there for the caller, or not to be changed by them.
        Stale: it has another version than the caller read.

    """
    forced = _rights.forced(grant, work.context)
    unread = _changing.unread_parts(work, call.entity, values.keys() | forced.keys())
    before = _changing.load(work, call.entity, call.record_id, grant, lock, unread)
    if version is not None:
        _versions.same_version(before, version)
    draft = _saving.draft_change(work, call.entity, before, {**values, **forced})
    draft.unread = unread
    draft.sent -= forced.keys()
    draft.given -= forced.keys()
    _unseen.note(work, grant, (draft,))
    _changing.forget_same_links(work, (draft,))
    return draft


def differs(draft: Draft, before: Mapping[str, Any]) -> bool:
    """Return whether a draft says anything new."""
    if draft.unseen or draft.linked or any(draft.removed.values()):
        return True
    for children in draft.children.values():
        if any(child.is_new or differs(child, child.before or {}) for child in children):
            return True
    return any(before.get(name) != value for name, value in draft.facts.items())
