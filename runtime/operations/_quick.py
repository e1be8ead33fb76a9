"""The same schema, read quickly: the fields of a payload one by one, without marshmallow's round.

Comes in: a schema and a payload. Goes out: what `schema.load` would return, or None when anything
is not as it should be; the caller then asks the schema itself, which words every fault. A text
that a field has read before is not read again: a file says the same few words all over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from generator.field_types.children import Rows

LONGEST = 40
"""Longer texts are hardly ever said twice."""
MOST = 200_000
PLAIN = (str, int, bool)


def quick_load(
    schema: ma.Schema,
    values: Mapping[str, Any],
    texts: dict[tuple[int, str], Any],
    *,
    partial: bool,
) -> dict[str, Any] | None:
    """Return the payload in stored form, or None when the schema must be asked.

    Args:
        schema: of the entity, as `runtime.payload` gives it.
        values: the payload in API form.
        texts: what was read before; it lives as long as the schema.
        partial: whether required fields may be missing.

    """
    if len(texts) > MOST:
        texts.clear()
    fields = schema.load_fields
    loaded: dict[str, Any] = {}
    try:
        for name, value in values.items():
            field = fields[name]
            if type(value) is str and len(value) <= LONGEST:
                known = (id(field), value)
                if known in texts:
                    loaded[name] = texts[known]
                    continue
                read = field.deserialize(value)
                if isinstance(read, PLAIN):
                    texts[known] = read
                loaded[name] = read
            elif isinstance(field, Rows) and value is not None:
                rows = _rows(field, value, texts)
                if rows is None:
                    return None
                loaded[name] = rows
            else:
                loaded[name] = field.deserialize(value)
    except (KeyError, ma.ValidationError):
        return None
    return loaded if partial or not _lacks(fields, loaded) else None


def _lacks(fields: Mapping[str, ma.fields.Field[Any]], loaded: Mapping[str, Any]) -> bool:
    """Return whether a required field has no value."""
    for name, field in fields.items():  # noqa: SIM110 (a generator costs as much as the rest)
        if field.required and name not in loaded:
            return True
    return False


def _rows(field: Rows, value: Any, texts: dict[tuple[int, str], Any]) -> list[Any] | None:
    item = field.item
    if not isinstance(value, list) or not isinstance(item, ma.fields.Nested):
        return None
    if not field.fewest <= len(value) <= field.most:
        return None
    rows = []
    for row in value:
        read = quick_load(item.schema, row, texts, partial=False) if type(row) is dict else None
        if read is None:
            return None
        rows.append(read)
    return rows
