"""What may still be changed of a record, by the state it is in: `editable:` of a workflow.

One rule for every door that saves: forms, REST, bulk and import. What a transition sets is its own
affair and is not asked here.
"""

from __future__ import annotations

from generator.model.text import Label
from runtime.errors import FieldError
from runtime.operations import _rights
from runtime.operations._work import Draft, Work


def hold_fields(work: Work, draft: Draft) -> None:
    """Note the fields that a caller changes though the record's state keeps them as they are."""
    machines = work.runtime.machines.get(draft.entity.name)
    if machines is None or draft.before is None:
        return
    for workflow in machines.workflows.values():
        state = workflow.states.get(str(draft.before.get(workflow.field)))
        if state is None or state.editable is None:
            continue
        for name in sorted(_rights.changed(draft) - frozenset(state.editable)):
            texts = {
                "en": f"This cannot be changed in the state '{state.label.text('en')}'.",
                "zh": f"状态为“{state.label.text('zh')}”时不能修改。",
            }
            work.errors.append(FieldError(draft.at(name), "read_only", Label(texts)))
