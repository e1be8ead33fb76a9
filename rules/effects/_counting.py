"""What words that speak of a ledger share: a key and a quantity, once or for every part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.effects import EffectFacts, EffectNames
from generator.kinds import Arg
from generator.model.ledger import Ledger
from generator.shape import Given, Written

ARGS = {
    "each": Arg("name", "Once for every part in this field.", to="field"),
    "key": Arg("map", "The key, each part an expression.", default={}, of=Arg("expression", "")),
    "quantity": Arg("expression", "How much."),
}


def resolve_counted(given: Given, names: EffectNames, ledger: Ledger) -> dict[str, Any]:
    """Return the key and the quantity with their expressions compiled."""
    parts, whole = names.parts(given.get("each")) if "each" in given else ("", "")
    written = {name.text: value for name, value in given.get("key", {}).items()}
    names.exactly(given, written, ledger.key)
    key = {}
    for name in ledger.key:
        field = names.field(Written(name, given.span), ledger.name)
        if field is not None and name in written:
            key[name] = names.expression(written[name], names.type_of(field), parts)
    amount = names.field(Written("quantity", given.span), ledger.entries)
    quantity = (
        names.expression(given.get("quantity"), names.type_of(amount), parts)
        if amount is not None
        else None
    )
    return {
        "each": str(given.get("each") or ""),
        "whole": whole,
        "key": {name: value for name, value in key.items() if value is not None},
        "quantity": quantity,
    }


def counted(
    given: Mapping[str, Any], facts: EffectFacts
) -> Iterator[tuple[int, tuple[str, ...], int | None]]:
    """Yield the number, the key and the quantity of each thing that is counted."""
    parts = facts.parts(given["each"], given["whole"]) if given["each"] else (None,)
    for number, part in enumerate(parts):
        key = tuple(_id(facts.value(one, part)) for one in given["key"].values())
        yield number, key, facts.value(given["quantity"], part)


def _id(value: Any) -> str:
    """Return the id of a record; one whose fields were asked comes as a mapping."""
    found = value["id"] if isinstance(value, Mapping) else value
    return "" if found is None else str(found)
