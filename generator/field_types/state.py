"""`type: state`: a column that a workflow owns; only its transitions change it.

The field may be left out: the workflow makes it. It is written here where it needs a label or a
place among the others; its states stand in the workflow file.
"""

from __future__ import annotations

from generator.field_types import Example, FieldType
from generator.field_types._one_of import OneOf
from generator.model.text import Label


class State(OneOf, FieldType):
    operators = ("eq", "ne", "in", "not_in", "empty")
    generated = True
    example_args = {
        "options": {
            "open": {"label": Label({"en": "Open", "zh": "未完成"}), "tone": "info"},
            "done": {
                "label": Label({"en": "Done", "zh": "完成"}),
                "tone": "success",
                "progress": "full",
            },
        }
    }
    examples = (Example("open", "open", "Open"), Example("done", "done", "Done"))
    rejects = ("Open", "other", "", 1, True, ["open"], {"open": 1})
