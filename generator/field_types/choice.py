"""`type: choice`: one of a list of options that the definition fixes; shown as a badge."""

from __future__ import annotations

from collections.abc import Iterator

from generator.field_types import Example, FieldType
from generator.field_types._one_of import OneOf
from generator.field_types._options import OPTIONS, options_faults
from generator.model.entity import Field
from generator.model.text import Label


class Choice(OneOf, FieldType):
    args = {"options": OPTIONS}
    operators = ("eq", "ne", "in", "not_in", "empty")
    example_args = {
        "options": {
            "draft": {
                "label": Label({"en": "Draft", "zh": "草稿"}),
                "tone": "info",
                "progress": "half",
            },
            "done": {
                "label": Label({"en": "Done", "zh": "完成"}),
                "tone": "success",
                "progress": "full",
            },
        }
    }
    examples = (Example("draft", "draft", "Draft"), Example("done", "done", "Done"))
    rejects = ("Draft", "other", "", 1, True, ["draft"], {"draft": 1})

    def faults(self, field: Field) -> Iterator[tuple[str, str, str]]:
        yield from options_faults(field)
