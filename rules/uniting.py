"""What several lines of the matrix give together, and what one rule says about cells.

In: rules as they are written, or lines made of them. Out: one `Grant`. A cell shows what the lines
that open its very row show; what is the same for every row is worked out here, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from generator.model.access import GrantRule, Guardrail
from generator.model.entity import Entity, Field
from rules.permissions import Grant, Line


def united(
    model: Entity,
    action: str,
    key: str,
    lines: tuple[Line, ...],
    guards: tuple[Guardrail, ...],
) -> Grant:
    """Return what several lines give together: per cell, inside the guardrails."""
    wide = [line for line in lines if line.rows is None]
    rows = None if wide else tuple(line.rows for line in lines if line.rows is not None)
    clear = frozenset().union(*(line.clear for line in lines))
    shown = clear.union(*(line.masked for line in lines))
    everywhere = frozenset.intersection(*(line.clear for line in lines))
    forced = {
        name: value
        for name, value in lines[0].force.items()
        if all(name in line.force and line.force[name].text == value.text for line in lines)
    }
    forced |= {name: value for guard in guards for name, value in guard.force.items()}
    return Grant(
        entity=model.name,
        action=action,
        key="!".join((key, *(guard.name for guard in guards if denies(guard, action)))),
        rows=rows,
        read=shown,
        write=frozenset().union(*(line.write for line in lines)) - forced.keys(),
        masked={
            name: kind
            for line in reversed(lines)
            for name, kind in line.masked.items()
            if name not in clear
        },
        force=forced,
        default={name: value for line in reversed(lines) for name, value in line.default.items()},
        checks=tuple(line.check for line in lines if line.check is not None),
        limits=_limits(lines),
        lines=lines,
        require=tuple(guard.where for guard in guards if guard.where is not None),
        forbid=tuple(
            guard.when
            for guard in guards
            if guard.when is not None and denies(guard, action) and not guard.fields
        ),
        open=everywhere.union(*(line.clear for line in wide)),
        guards=guards,
    )


def without_contained(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Return the lines without those that give nothing beyond one that covers every row.

    Whoever holds a wide role beside narrow ones then asks the database no more than without them.
    """
    for line in lines:
        asks = any(one is not None for one in (line.rows, line.check, line.kinds))
        if not (asks or line.force or line.limits) and all(
            _contains(line, other) for other in lines
        ):
            return (line,)
    return lines


def _contains(line: Line, other: Line) -> bool:
    return line.clear >= other.clear | other.masked.keys() and line.write >= other.write


def sight(rule: GrantRule, cell: Field, sees: Mapping[str, str]) -> str:
    """Return how much of a field a rule shows: what it says itself, else what the class says."""
    if cell.sensitivity == "secret" or cell.name in rule.hidden:
        return "hidden"
    if cell.name in rule.masked:
        return "masked"
    if rule.read is not None:
        return "clear" if cell.name in rule.read else "hidden"
    return sees.get(cell.sensitivity, "clear")


def writable(rule: GrantRule, model: Entity, clear: Iterable[str]) -> frozenset[str]:
    """Return what a rule lets somebody set: what it names, else what they see, and secrets."""
    settable = frozenset(name for name, cell in model.fields.items() if not cell.readonly)
    if rule.write is not None:
        return settable & frozenset(rule.write)
    secrets = {name for name in settable if model.fields[name].sensitivity == "secret"}
    return settable & (frozenset(clear) | (secrets if rule.read is None else frozenset()))


def denies(guard: Guardrail, action: str) -> bool:
    """Return whether a guardrail is about an action; `transition` means every transition."""
    return action in guard.deny or action.partition(":")[0] in guard.deny


def _limits(lines: tuple[Line, ...]) -> Mapping[str, int]:
    """Return the widest limit of each kind; a line without it sets none."""
    names = set.intersection(*(set(line.limits) for line in lines)) if lines else set()
    return {name: max(line.limits[name] for line in lines) for name in names}
