"""The answers to a transition's questions: from API form to stored values, as far as types go.

What must be answered and what an answer must fulfil is the algorithm's to say; here a text becomes
a number or a date, and what points at a record points at one that its sender may choose.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from generator.build.schemas import Payload, speak
from generator.model.workflow import InputField, Transition
from runtime.errors import FieldError, InvalidInput
from runtime.operations._references import NOT_FOUND, Lookup
from runtime.operations._work import Work
from runtime.operations._writing import flatten
from runtime.runtime import Runtime


def questions(edges: tuple[Transition, ...]) -> Mapping[str, InputField]:
    """Return the questions of a button, which may stand for several edges."""
    return {name: one for edge in edges for name, one in edge.input.items()}


def read_answers(
    runtime: Runtime, entity: str, edges: tuple[Transition, ...], given: Any
) -> Mapping[str, Any]:
    """Return answers in their stored form.

    Raises:
        InvalidInput: with every answer that is unknown or of a wrong kind, at its name.

    """
    model = runtime.app.entities[entity]
    schema: ma.Schema = runtime.remembered.get(
        ("answers", *(edge.span for edge in edges)), lambda: _schema(runtime, edges)
    )
    try:
        loaded: Mapping[str, Any] = schema.load(dict(given) if given else {})
    except ma.ValidationError as error:
        errors = tuple(flatten(error.messages, model, given))
        raise InvalidInput(errors[0].message if errors else "", errors) from error
    return loaded


def choose(work: Work, edges: tuple[Transition, ...], values: Mapping[str, Any]) -> None:
    """Refuse answers that point at what is not there for their sender.

    Raises:
        InvalidInput: with the name of each.

    """
    errors = []
    for name, one in questions(edges).items():
        value = values.get(name)
        if value is None:
            continue
        if work.runtime.compiled.field_types[one.field.type].relation == "reference":
            own = _whole(work.runtime, one.field.entity)
            # a part of the record is locked with it; alone it would be locked in another order
            locks = _whole(work.runtime, one.field.target) != own
            lookup = Lookup(work.connection, work.runtime, work.incoming, locks=locks)
            if not lookup.may_choose(one.field, str(value)):
                errors.append(FieldError(name, "not_found", NOT_FOUND))
    if errors:
        raise InvalidInput(errors[0].message, tuple(errors))


def _whole(runtime: Runtime, entity: str) -> str:
    """Return the entity with whose records those of an entity are saved."""
    while runtime.app.entities[entity].child_of:
        model = runtime.app.entities[entity]
        entity = model.fields[model.child_of].target
    return entity


def answers_in_words(
    runtime: Runtime, edges: tuple[Transition, ...], values: Mapping[str, Any]
) -> list[str]:
    """Return the answers as whoever approves them reads them: `Amount: 5.00`."""
    found = []
    for name, one in questions(edges).items():
        if values.get(name) is not None:
            kind = runtime.compiled.field_types[one.field.type]
            text = kind.to_text(values[name], one.field)
            found.append(f"{one.field.label.text('en')}: {text}"[:300])
    return found


def _schema(runtime: Runtime, edges: tuple[Transition, ...]) -> ma.Schema:
    def is_required(name: str) -> bool:
        return all(name in edge.input and edge.input[name].field.required for edge in edges)

    fields = {
        name: speak(
            runtime.compiled.field_types[one.field.type].schema(
                one.field,
                required=is_required(name),
                allow_none=not one.field.required,
            )
        )
        for name, one in questions(edges).items()
    }
    return Payload.from_dict(dict(fields), name="Answers")()
