"""`currency:` of an amount is an ISO 4217 code, a text field of the record, or one of its parent.

Comes in: the resolved model. Goes out: D420 for a code that does not exist and for a name that
leads to no text. A field of the parent (`order.currency`) is allowed because a part is always read
and saved with its whole, so its currency costs no query.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from babel.numbers import list_currencies

from generator.expressions import types
from generator.kinds import Catalog
from generator.model.app import App
from generator.model.entity import Entity, Field
from generator.places import Places
from generator.problems import Problem, did_you_mean
from generator.saying import say

CODE = re.compile(r"[A-Z]{3}")


def check(app: App, catalogs: Mapping[str, Catalog[Any]], places: Places) -> list[Problem]:
    """Return a problem for every amount whose currency nobody can tell."""
    words = catalogs["field_types"]
    wrong = [] if app.currency in list_currencies() else [_no_currency(app, places)]
    return wrong + [
        _untold(field, entity, places)
        for entity in app.entities.values()
        for field in entity.fields.values()
        if field.args.get("currency") and not _told(app, words, entity, str(field.args["currency"]))
    ]


def _told(app: App, words: Catalog[Any], entity: Entity, currency: str) -> bool:
    if CODE.fullmatch(currency):
        return currency in list_currencies()
    steps = app.walk(entity.name, currency)
    if steps is None or (len(steps) > 1 and steps[0].name != entity.child_of):
        return False
    return len(steps) <= 2 and isinstance(
        words[steps[-1].type].expression_type(steps[-1]), (types.Text, types.Choice)
    )


def _no_currency(app: App, places: Places) -> Problem:
    return Problem(
        "D420",
        places.at("app.yaml", "currency"),
        say("There is no currency '{currency}'.", currency=app.currency),
        did_you_mean(
            app.currency, list_currencies(), otherwise="Write an ISO 4217 code such as EUR."
        ),
    )


def _untold(field: Field, entity: Entity, places: Places) -> Problem:
    form = (
        "'{written}', the currency of '{field}', is not an ISO 4217 code and not a text field of"
        " {entity}."
    )
    if entity.child_of:
        form = (
            "'{written}', the currency of '{field}', is not an ISO 4217 code and not a text field"
            " of {entity} or of its {parent}."
        )
    return Problem(
        "D420",
        places.at(entity.span.file, "fields", field.name, "currency"),
        say(
            form,
            written=field.args["currency"],
            field=field.name,
            entity=entity.name,
            parent=entity.child_of,
        ),
        "Write an ISO 4217 code such as EUR, or the name of a field that holds one.",
    )
