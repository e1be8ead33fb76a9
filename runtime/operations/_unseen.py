"""Values that a writer sends and does not see: they count as changed, whatever is stored there.

Comes in: drafts of changes. Goes out: the same, with the fields noted whose stored value their
writer may not read in this very record. If such a value could be found to be "as it was", sending
it would be asking for it: a dry run would say yes or no to every guess. So it is written, its right
is asked for, and a field that is set once refuses it, right or wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from generator.model.entity import Entity
from rules.permissions import Grant
from runtime.operations import _rights, _saving
from runtime.operations._work import Draft, Work


def note(work: Work, grant: Grant | None, drafts: Sequence[Draft]) -> None:
    """Note what writers do not see of what they send; a statement an entity, where rows differ.

    `grant` is what lets them change the records; without one there are none.
    """
    actor = work.incoming.actor
    if actor is None or actor.kind == "system":
        return
    for entity, same in _by_entity(drafts).items():
        reading = work.runtime.matrix.grant(actor.roles, entity, "read")
        writing = grant if grant is not None and entity == grant.entity else None
        asked = [one for one in same if one.given - _seen(reading, writing)]
        if not asked:
            continue
        lines = _lines(work, asked, reading)
        for draft in asked:
            opened = lines.get(str(draft.facts["id"]), frozenset())
            draft.unseen = frozenset(
                name
                for name in draft.given
                if reading is None or reading.sight(name, opened) != "clear"
            )
            _count(work, draft)


def _count(work: Work, draft: Draft) -> None:
    """Let what is not seen count as changed."""
    fields = draft.entity.fields
    work.errors += [
        _saving.immutable(draft, name)
        for name in sorted(draft.unseen - draft.sent)
        if fields[name].immutable
    ]
    draft.sent |= draft.unseen


def _seen(reading: Grant | None, writing: Grant | None) -> frozenset[str]:
    """Return the fields seen in clear in every record that may be changed."""
    if reading is None:
        return frozenset()
    if reading.is_wide or (writing is not None and _opens_no_more(writing, reading)):
        return reading.open
    return frozenset()


def _opens_no_more(writing: Grant, reading: Grant) -> bool:
    """Return whether whatever may be changed may be read, as far as the rules say it."""
    same = (reading.require, reading.forbid) == (writing.require, writing.forbid) or not (
        reading.require or reading.forbid
    )
    return same and (reading.rows is None or writing.tests_by_text <= reading.tests_by_text)


def _lines(
    work: Work, drafts: Iterable[Draft], reading: Grant | None
) -> Mapping[str, frozenset[int]]:
    """Return by record the lines that open it to its reader."""
    if reading is None:
        return {}
    ids = sorted({str(one.facts["id"]) for one in drafts})
    if reading.is_wide and not reading.by_row:
        return dict.fromkeys(ids, frozenset(range(len(reading.lines))))
    entity: Entity = next(iter(drafts)).entity
    return _rights.opening(work, entity, ids, reading)


def _by_entity(drafts: Sequence[Draft]) -> dict[str, list[Draft]]:
    found: dict[str, list[Draft]] = {}
    for root in drafts:
        for draft in root.everyone():
            if not draft.is_new and draft.given:
                found.setdefault(draft.entity.name, []).append(draft)
    return found
