"""Running numbers: drawn when a record is made, or when a transition issues one.

Comes in: drafts about to be written. Goes out: their `type: sequence` fields filled in, the numbers
of one counter in one block.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from generator.field_types.sequence import counter_key, format_number
from generator.model.entity import Field
from runtime.operations._work import Draft, Work
from runtime.store import sequences

Places = list[tuple[Draft, Field]]


def draw_numbers(work: Work, drafts: list[Draft]) -> None:
    """Give generated fields their values; what a transition issues stays empty."""
    waiting: dict[str, Places] = {}
    for draft in drafts:
        for model in draft.entity.fields.values():
            is_drawn = model.type == "sequence" and not model.args.get("issued")
            if is_drawn and draft.facts.get(model.name) is None:
                waiting.setdefault(_counter(work, model), []).append((draft, model))
    _fill(work, waiting)


def issue_number(work: Work, draft: Draft, model: Field) -> None:
    """Give a record the next number of a sequence, unless it has one."""
    if draft.facts.get(model.name) is None:
        _fill(work, {_counter(work, model): [(draft, model)]})


def _counter(work: Work, model: Field) -> str:
    key = counter_key(str(model.args["pattern"]), work.context["today"])
    return f"{model.entity}.{model.name}/{key}"


def _fill(work: Work, waiting: Mapping[str, Places]) -> None:
    day: date = work.context["today"]
    for name, places in waiting.items():
        args = places[0][1].args
        first = sequences.draw(
            work.connection,
            work.runtime.system.sequence,
            name,
            count=len(places),
            start=int(args["start"]),
            gapless=bool(args["gapless"]),
        )
        for number, (draft, model) in enumerate(places, start=first):
            draft.facts[model.name] = format_number(str(model.args["pattern"]), day, number)
