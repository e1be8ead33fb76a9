"""Two people changed one record: which fields differ, and whose value stands.

The form carries what it showed when it was opened, so three states are known: as it was, mine,
theirs. What only one of the two changed needs no question; what both changed is asked, and until
it is answered mine stands. Rows are joined one by one (`merge_rows.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from runtime.web.screens.doors import Titles
from runtime.web.screens.form_model import MergeLine
from runtime.web.screens.form_state import FormField, State, row_numbers
from runtime.web.screens.merge_rows import merged_rows
from runtime.web.screens.visit import Visit

LONGEST_STATE = 500_000


def packed(state: State) -> str:
    """Return a state as a text for a hidden field."""
    return orjson.dumps({name: list(texts) for name, texts in state.items()}).decode()


def unpacked(text: str) -> dict[str, tuple[str, ...]]:
    """Return the state that a hidden field holds; anything else is as if there were none."""
    if not text or len(text) > LONGEST_STATE:
        return {}
    try:
        read = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    if not isinstance(read, dict):
        return {}
    return {
        str(name): tuple(str(text) for text in texts)
        for name, texts in read.items()
        if isinstance(texts, list)
    }


def part(state: State, one: FormField) -> dict[str, tuple[str, ...]]:
    """Return what a state says of one field."""
    name = one.field.name
    return {key: texts for key, texts in state.items() if key == name or key.startswith(f"{name}-")}


def _plain(state: State, one: FormField) -> list[tuple[str, tuple[str, ...]]]:
    """Return one field's part in a comparable form; rows without their numbers."""
    found = part(state, one)
    if one.kind != "grid":
        return sorted((key, _lines(texts)) for key, texts in found.items())
    name, rows = one.field.name, []
    for place, number in enumerate(row_numbers(state, name)):
        prefix = f"{name}-{number}-"
        rows += [
            (f"{place:05}-{key.removeprefix(prefix)}", _lines(texts))
            for key, texts in found.items()
            if key.startswith(prefix)
        ]
    return sorted(rows)


def _lines(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return texts with one kind of line end; a browser sends two signs for each."""
    return tuple(text.replace("\r\n", "\n") for text in texts)


def same(first: State, second: State, one: FormField) -> bool:
    """Return whether two states say the same of a field."""
    return _plain(first, one) == _plain(second, one)


def merged(
    fields: Sequence[FormField],
    base: State,
    mine: State,
    theirs: State,
    chosen: Mapping[str, str],
) -> dict[str, tuple[str, ...]]:
    """Return the state that stands: what only they changed is theirs, the rest is mine."""
    result: dict[str, tuple[str, ...]] = {}
    for one in fields:
        take_theirs = chosen.get(one.field.name) == "theirs" or (
            bool(base) and same(base, mine, one) and not same(base, theirs, one)
        )
        if take_theirs or one.kind != "grid":
            result |= part(theirs if take_theirs else mine, one)
        elif base:
            result |= merged_rows(one, base, mine, theirs)[0]
        else:
            result |= _own_rows(mine, theirs, one)
    return result


def restored(fields: Sequence[FormField], before: State, now: State) -> dict[str, tuple[str, ...]]:
    """Return an earlier state that can be saved now: a row that is gone comes back as a new one."""
    result: dict[str, tuple[str, ...]] = {}
    for one in fields:
        result |= _own_rows(before, now, one) if one.kind == "grid" else part(before, one)
    return result


def _own_rows(mine: State, theirs: State, one: FormField) -> dict[str, tuple[str, ...]]:
    """Return my rows; one that they removed becomes a new row, so that it can be saved."""
    known = {texts for key, texts in part(theirs, one).items() if key.endswith("-id")}
    return {
        key: texts
        for key, texts in part(mine, one).items()
        if not key.endswith("-id") or texts in known
    }


def lines(
    visit: Visit,
    fields: Sequence[FormField],
    base: State,
    mine: State,
    theirs: State,
    titles: Titles,
) -> tuple[MergeLine, ...]:
    """Return the comparison: every field in which they differ from what I saw."""
    found = []
    for one in fields:
        if same(mine, theirs, one):
            continue
        both = not (base and same(base, mine, one))
        if base and same(base, theirs, one):
            continue
        own, joined = mine, False
        if base and both and one.kind == "grid":
            own, both = merged_rows(one, base, mine, theirs)
            joined = not both
        found.append(
            MergeLine(
                one.field.name,
                visit.text(one.field.label),
                words(visit, one, own, titles),
                words(visit, one, theirs, titles),
                both,
                joined,
            )
        )
    return tuple(found)


def words(visit: Visit, one: FormField, state: State, titles: Titles) -> str:
    """Return what a state says of a field, for people."""
    held = part(state, one)
    if one.kind == "grid":
        return "\n".join(_row_words(visit, one, state, titles))
    if one.kind == "checkbox":
        return visit.t("Yes", "flag") if held else visit.t("No", "flag")
    texts = [text for _, found in sorted(held.items()) for text in found]
    return ", ".join(_word(visit, one, text, titles) for text in texts)


def _row_words(visit: Visit, one: FormField, state: State, titles: Titles) -> list[str]:
    found = []
    for number in row_numbers(state, one.field.name):
        prefix = f"{one.field.name}-{number}-"
        texts = [
            _word(visit, inner, text, titles)
            for inner in one.rows
            for text in state.get(prefix + inner.field.name, ())
        ]
        found.append(" · ".join(texts[:6]))
    return found


def _word(visit: Visit, one: FormField, text: str, titles: Titles) -> str:
    field = one.field
    if field.target:
        return titles.get((field.target, text), text)
    if one.kind in {"select", "multiselect"}:
        for option in visit.catalog[field.type].input(field).options:
            if option.value == text:
                return visit.text(option.label)
    if one.kind in {"file", "image"}:
        return visit.t("a file", "history")
    return text
