"""Rows that two people changed: joined row by row and cell by cell, as far as they do not collide.

A row is the same row by its id. What only one of the two changed is taken; a cell that both changed
differently, or a row that one removed and the other changed, is a collision: mine stands until the
person chooses. Rows that they added come behind mine.
"""

from __future__ import annotations

from runtime.web.screens.form_state import FormField, State, row_numbers

Row = dict[str, tuple[str, ...]]


def merged_rows(
    one: FormField, base: State, mine: State, theirs: State
) -> tuple[dict[str, tuple[str, ...]], bool]:
    """Return the rows that stand, as a state, and whether the two collide."""
    was, own, other = _rows(one, base), _rows(one, mine), _rows(one, theirs)
    theirs_by_id = {_id(row): row for row in other}
    base_by_id = {_id(row): row for row in was}
    found: list[Row] = []
    collide = False
    for row in own:
        before, now = base_by_id.get(_id(row)), theirs_by_id.get(_id(row))
        if not _id(row) or before is None:
            found.append(row if now is not None else _without_id(row))
        elif now is not None:
            joined, clash = _joined(before, row, now)
            found.append(joined)
            collide |= clash
        elif row != before:
            found.append(_without_id(row))
            collide = True
    mine_ids = {_id(row) for row in own}
    for row in other:
        before = base_by_id.get(_id(row))
        if before is None:
            found.append(row)
        elif _id(row) not in mine_ids:
            collide |= row != before
    return _state(one, found), collide


def _joined(before: Row, mine: Row, theirs: Row) -> tuple[Row, bool]:
    result: Row = {}
    clash = False
    for name in dict.fromkeys((*before, *mine, *theirs)):
        was, own, other = before.get(name), mine.get(name), theirs.get(name)
        value = other if own == was else own
        clash |= own not in {was, other} and other != was
        if value is not None:
            result[name] = value
    return result, clash


def _rows(one: FormField, state: State) -> list[Row]:
    name = one.field.name
    found = []
    for number in row_numbers(state, name):
        prefix = f"{name}-{number}-"
        found.append(
            {
                key.removeprefix(prefix): tuple(text.replace("\r\n", "\n") for text in texts)
                for key, texts in state.items()
                if key.startswith(prefix)
            }
        )
    return found


def _state(one: FormField, rows: list[Row]) -> dict[str, tuple[str, ...]]:
    return {
        f"{one.field.name}-{number}-{name}": texts
        for number, row in enumerate(rows)
        for name, texts in row.items()
    }


def _id(row: Row) -> str:
    return row.get("id", ("",))[-1]


def _without_id(row: Row) -> Row:
    """Return a row as a new one: its own is gone, so only a new one can be saved."""
    return {name: texts for name, texts in row.items() if name != "id"}
