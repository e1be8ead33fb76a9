"""Lists of short texts (tags, multiple choice, links): order kept, repeated items dropped."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from generator.field_types._refusals import ApiField, Words


class Items(ApiField[list[str] | None]):
    """A list whose items one schema reads."""

    default_error_messages = {
        "invalid": Words("Send a list.", "请提交列表。"),
        "max": Words("At most {max} entries.", "最多 {max} 项。"),
    }

    def __init__(
        self, item: ma.fields.Field[Any], most: int, keep_empty: bool = False, **options: Any
    ) -> None:
        super().__init__(**options)
        self.item, self.most, self.keep_empty = item, most, keep_empty

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[str] | None:
        if not isinstance(value, list):
            raise self.make_error("invalid")
        if len(value) > self.most:
            raise self.make_error("max", max=self.most)
        found: dict[str, None] = {}
        faults: dict[int, Any] = {}
        for index, entry in enumerate(value):
            try:
                found[self.item.deserialize(entry)] = None
            except ma.ValidationError as error:
                faults[index] = error.messages
        if faults:
            raise ma.ValidationError(faults)
        if not found and not self.keep_empty:
            nothing: None = self.nothing()
            return nothing
        return list(found)
