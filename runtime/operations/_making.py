"""Making a record that an effect asked for, in the transaction of the transition."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
import sqlalchemy.exc

from generator.model.entity import Entity
from generator.model.text import Label
from rules.pricing.codes import ALPHABET
from runtime.errors import (
    Broken,
    Invalid,
    InvalidInput,
)
from runtime.operations import _renewing, _saving
from runtime.operations._work import Draft, Work
from runtime.runtime import Runtime
from runtime.store import audit, inserts, violations
from runtime.store.guard import system

NOTHING_DRAWN: Mapping[str, str] = {}
FAILED = Label(
    {
        "en": "A step of this transition failed; nothing was changed.",
        "zh": "该操作的某一步失败，未作任何更改。",
    }
)


def drawn(runtime: Runtime, pattern: str) -> str:
    """Return a code by chance: each `?` of a pattern becomes a character nobody mixes up."""
    return "".join(runtime.choose(ALPHABET) if one == "?" else one for one in pattern)


def create_inside(
    work: Work,
    entity_name: str,
    values: Mapping[str, Any],
    draw: Mapping[str, str] = NOTHING_DRAWN,
) -> Draft:
    """Make a record that an effect asked for, in the same transaction.

    `draw` are patterns of codes by field.

    Raises:
        Broken: its values do not make a record; nothing at all is changed.
        InvalidInput: its whole does not take it.

    """
    inserts.leave_now(work.connection)
    entity = work.runtime.app.entities[entity_name]
    values = {**values, **{name: drawn(work.runtime, one) for name, one in draw.items()}}
    try:
        draft = _saving.draft_new(work, entity, values)
        if entity.child_of:
            draft.facts[entity.child_of] = values.get(entity.child_of)
            draft.facts["position"] = _next_place(work, entity, values.get(entity.child_of))
        _saving.settle(work, draft)
        _saving.write(work, draft)
        inserts.leave_now(work.connection)
    except Invalid as wrong:
        work.errors.clear()
        raise Broken(FAILED, wrong.errors) from wrong
    except sqlalchemy.exc.IntegrityError as error:
        found = violations.translate(error, entity, work.connection.dialect.name)
        raise Broken(FAILED, found.errors) from error
    audit.record(work, "create", draft)
    if entity.child_of:
        whole = work.runtime.app.entities[entity.fields[entity.child_of].target]
        try:
            changed = _renewing.renew(work, whole, {str(draft.facts[entity.child_of]): {}})
        except Invalid as wrong:
            raise InvalidInput(wrong.message, wrong.errors) from wrong
        _renewing.follow(work, changed)
    return draft


def _next_place(work: Work, entity: Entity, whole: Any) -> int:
    table = work.runtime.schema.tables[entity.name]
    if "position" not in table.c:
        return 0
    last = sa.select(sa.func.max(table.c.position)).where(table.c[entity.child_of] == whole)
    found = work.connection.execute(system(last, "the place of a new part")).scalar()
    return 0 if found is None else int(found) + 1
