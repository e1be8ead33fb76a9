"""What erasing a person's data means, before it is done: what goes, what is kept and until when.

Comes in: what the operation itself found. Goes out: a line for each kind of record that tells of
the person, and what stands in the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from generator.build.erasing import nobody
from generator.field_types._times import day_text
from runtime.operations._erasing import Kind, under_way
from runtime.web.screens.numbers import number
from runtime.web.screens.visit import Visit, plural, record_url


@dataclass(frozen=True, slots=True)
class ErasedKind:
    """A kind of record, and what becomes of it."""

    label: str
    count: str
    told: tuple[str, ...]
    """What becomes of it, in words."""
    goes: bool
    is_busy: bool


@dataclass(frozen=True, slots=True)
class ErasePage:
    """Everything `erase.html` draws."""

    title: str
    back: str
    action: str
    version: int
    kinds: tuple[ErasedKind, ...]
    blocked: str = ""
    reason: str = ""
    error: str = ""
    problem: str = ""


def erase_page(
    visit: Visit,
    entity: str,
    record_id: str,
    name: str,
    version: int,
    found: Sequence[Kind],
    reason: str = "",
    error: str = "",
    problem: str = "",
) -> ErasePage:
    """Return the page that asks."""
    url, why = record_url(entity, record_id), under_way(found)
    return ErasePage(
        title=name,
        back=url,
        action=f"{url}/erase",
        version=version,
        kinds=tuple(_line(visit, kind) for kind in found if kind.ids),
        blocked=visit.text(why) if why is not None else "",
        reason=reason,
        error=error,
        problem=problem,
    )


def _line(visit: Visit, kind: Kind) -> ErasedKind:
    told, t = [], visit.t
    left, kept = len(kind.ids) - len(kind.kept), len(kind.kept)
    if kind.waits:
        told.append(t("{n} is still under way", many="{n} are still under way", n=len(kind.waits)))
    if left and kind.goes:
        told.append(t("{n} goes", many="{n} go", n=left) if kept else t("The records go"))
    elif kind.fields and left:
        told += _fields(visit, kind)
    elif not kind.fields:
        told.append(t("Nothing in them is personal; they stay as they are"))
    if kept and kind.keep is not None and (kind.fields or kind.goes):
        day = day_text(kind.until, visit.viewer.locale) if kind.until else ""
        told.append(
            t(
                "{n} is kept until {day}: {why}",
                many="{n} are kept until {day}: {why}",
                n=kept,
                day=day,
                why=visit.text(kind.keep.because),
            )
        )
    return ErasedKind(
        plural(visit, kind.entity),
        number(visit, len(kind.ids)),
        tuple(told),
        bool(kind.goes and left),
        bool(kind.waits),
    )


def _fields(visit: Visit, kind: Kind) -> list[str]:
    """Return which fields are emptied and which get a value that says nobody."""
    catalog, told = visit.catalog, []
    sample = kind.ids[0]
    emptied: list[str] = []
    replaced: list[str] = []
    for field in kind.fields:
        value = nobody(kind.entity, field, sample, catalog)
        (emptied if value in (None, ()) else replaced).append(visit.text(field.label))
    between = "、" if visit.chinese() else ", "
    if emptied:
        told.append(visit.t("Emptied: {names}", names=between.join(emptied)))
    if replaced:
        told.append(
            visit.t("Replaced by a value that says nobody: {names}", names=between.join(replaced))
        )
    return told
