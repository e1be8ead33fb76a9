"""Amounts have no more decimals than their currency: ten yen and a half cannot be paid.

A field whose currency stands in another field keeps three decimals, enough for every currency. What
somebody sends, or answers when a step asks, is refused where the currency of the record has fewer;
what formulas bring is theirs to round. Where `places` is written, the author wants so many.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.field_types._numbers import currency_places
from generator.field_types.money import FLEXIBLE_PLACES
from generator.model.entity import Field
from generator.model.text import Label
from generator.model.workflow import Transition
from runtime.errors import FieldError, InvalidInput
from runtime.operations._answers import questions
from runtime.operations._work import Draft, Facts, Work
from runtime.store.forms import form_of, has_currency_beside

PLACE = "place"


def exact(work: Work, draft: Draft, seen: Facts) -> None:
    """Note an error at each amount that was sent with more decimals than its currency has."""
    if work.incoming.operation == PLACE:
        return  # what a cart comes to is the evaluator's
    for model in form_of(work.runtime, draft.entity).amounts:
        if model.name in draft.sent:
            error = _too_fine(model, draft.facts.get(model.name), seen, draft.at(model.name))
            if error is not None:
                work.errors.append(error)


def exact_answers(edges: tuple[Transition, ...], answers: Mapping[str, Any], seen: Facts) -> None:
    """Refuse an answer with more decimals than the currency of the record has.

    Raises:
        InvalidInput: with the name of each.

    """
    found = [
        _too_fine(one.field, answers[name], seen, name)
        for name, one in questions(edges).items()
        if answers.get(name) is not None and has_currency_beside(one.field)
    ]
    errors = tuple(error for error in found if error is not None)
    if errors:
        raise InvalidInput(errors[0].message, errors)


def _too_fine(model: Field, value: Any, seen: Facts, place: str) -> FieldError | None:
    code = seen.get(str(model.args["currency"]))
    if not isinstance(value, int) or not isinstance(code, str):
        return None
    places = currency_places(code)
    if places >= FLEXIBLE_PLACES or value % 10 ** (FLEXIBLE_PLACES - places) == 0:
        return None
    said = {
        "en": f"Amounts in {code} have at most {places} decimals.",
        "zh": f"{code} 金额最多 {places} 位小数。",
    }
    return FieldError(place, "places", Label(said))
