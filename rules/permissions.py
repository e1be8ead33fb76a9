"""What somebody may do, as a value: a `Grant`, made of the lines of the matrix that give it.

The lines of several roles unite per cell, not rows with rows and fields with fields: who sees a
row by one role and a field by another sees that field only in the rows that the other role opens.
A `Grant` holds everything a plan needs to stay inside the rights: rows, cells, forced values,
checks, limits and the guardrails, which no line opens. `matrix.py` makes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from generator.expressions.compile import Expression
from generator.model.access import Guardrail
from generator.model.app import App
from generator.model.text import Span
from generator.model.workflow import PEOPLE
from generator.shapes.access import TRANSITION

ALWAYS = frozenset({"id", "version"})
"""Fields that whoever reaches a record may read."""


@dataclass(frozen=True)
class Line:
    """One rule, applied to one entity: which rows, and what may be done with their cells."""

    role: str
    rows: Expression | None
    """A condition; None means every row."""
    clear: frozenset[str]
    masked: Mapping[str, str] = field(default_factory=dict)
    """Field → kind of mask."""
    write: frozenset[str] = frozenset()
    force: Mapping[str, Expression] = field(default_factory=dict)
    default: Mapping[str, Expression] = field(default_factory=dict)
    check: Expression | None = None
    limits: Mapping[str, int] = field(default_factory=dict)
    kinds: tuple[str, ...] | None = None
    """Of a ledger: the kinds of entry it lets somebody post; None means all."""
    span: Span | None = None
    """Where it is written."""

    def holds(self, facts: Any, context: Any) -> bool:
        """Return whether the line covers a record; false and unknown do not."""
        return self.rows is None or self.rows.passes(facts, context)


@dataclass(frozen=True)
class Grant:
    """What a set of roles may do with one entity by one action.

    Several lines unite per cell: a row is open if one line opens it, and a cell of it shows what
    the lines that open this very row show. What is the same for every row stands in `read`,
    `masked` and `open`, so that most questions need no row.
    """

    entity: str
    action: str
    key: str
    """Equal for equal rights: keeps one caller's cached plan from another's."""
    rows: tuple[Expression, ...] | None
    """Conditions of which one must be true; None means every row."""
    read: frozenset[str]
    """Fields seen in some row, in clear or masked."""
    write: frozenset[str]
    masked: Mapping[str, str] = field(default_factory=dict)
    """Field → mask, where no row shows it in clear."""
    force: Mapping[str, Expression] = field(default_factory=dict)
    """What every line sets: it is no part of a payload."""
    default: Mapping[str, Expression] = field(default_factory=dict)
    checks: tuple[Expression, ...] = ()
    """Of some line; `lines` says which."""
    limits: Mapping[str, int] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()
    """Empty only for the engine's own reads, which see everything."""
    require: tuple[Expression, ...] = ()
    """Guardrails: each must be true of every row."""
    forbid: tuple[Expression, ...] = ()
    """Guardrails: each must be false of every row."""
    open: frozenset[str] = frozenset()
    """Fields seen in clear in every row: only these can be sorted and grouped by."""
    guards: tuple[Guardrail, ...] = ()
    """The guardrails behind `require` and `forbid`, and those on single fields."""

    @property
    def is_wide(self) -> bool:
        """Return whether every row is covered, whatever it holds."""
        return self.rows is None and not self.require and not self.forbid

    @cached_property
    def veiled(self) -> frozenset[str]:
        """Fields that some row hides or masks."""
        return self.read - self.open if self.lines else frozenset()

    @cached_property
    def by_row(self) -> frozenset[str]:
        """Fields of which one row shows more than another."""
        return frozenset(name for name in self.veiled if self._depends_on_row(name))

    def _depends_on_row(self, name: str) -> bool:
        if any(name in line.clear for line in self.lines):
            return True
        showing = [line for line in self.lines if name in line.masked]
        everywhere = self.rows is not None and len(showing) == len(self.lines)
        same = len({line.masked[name] for line in showing}) == 1
        return not (same and (everywhere or any(line.rows is None for line in showing)))

    @cached_property
    def needs_lines(self) -> bool:
        """Return whether a write must know which lines cover a record."""
        first = self.lines[0] if self.lines else None
        alone = len(self.lines) == 1 and first is not None and first.check is None
        same = all(line.write == self.write and line.check is None for line in self.lines)
        return bool(self.lines) and not (self.is_wide and (alone or same))

    @cached_property
    def expressions(self) -> tuple[Expression, ...]:
        """Everything its conditions ask, for the values they bind."""
        lines = [line.rows for line in self.lines if line.rows is not None]
        return (*(self.rows or ()), *lines, *self.checks, *self.require, *self.forbid)

    @cached_property
    def tests(self) -> tuple[Expression, ...]:
        """The different row conditions of the lines: each is asked once of a row."""
        found = {line.rows.text: line.rows for line in self.lines if line.rows is not None}
        return tuple(found.values())

    @property
    def tests_by_text(self) -> frozenset[str]:
        """The row conditions as they are written; equal for grants that open the same rows."""
        return frozenset("" if line.rows is None else line.rows.text for line in self.lines)

    @cached_property
    def _bits(self) -> tuple[int, ...]:
        """By line: the bits of `tests` of which it needs one; -1 for a line that needs none."""
        places = {test.text: 1 << number for number, test in enumerate(self.tests)}
        return tuple(-1 if line.rows is None else places[line.rows.text] for line in self.lines)

    def lines_open(self, bits: int) -> tuple[int, ...]:
        """Return the numbers of the lines that open a row of which these tests are true."""
        return tuple(n for n, bit in enumerate(self._bits) if bit < 0 or bit & bits)

    def covers(self, facts: Any, context: Any) -> tuple[int, ...]:
        """Return the numbers of the lines that open a record; none when a guardrail closes it.

        This is the decision in plain Python; the store asks the same of the database.
        """
        if not all(guard.passes(facts, context) for guard in self.require):
            return ()
        if not all(guard.function(facts, context) is False for guard in self.forbid):
            return ()
        return tuple(n for n, line in enumerate(self.lines) if line.holds(facts, context))

    def sight(self, name: str, lines: Iterable[int]) -> str:
        """Return `clear`, `hidden` or a kind of mask: what these lines show of a field."""
        found = "hidden"
        for number in lines:
            if name in self.lines[number].clear:
                return "clear"
            if found == "hidden":
                found = self.lines[number].masked.get(name, found)
        return found


def transition_actions(app: App, entity: str) -> tuple[str, ...]:
    """Return the actions of every transition that people fire, in the order of the files."""
    return tuple(
        dict.fromkeys(
            transition_action(workflow.name, edge.name)
            for workflow in app.workflows.get(entity, {}).values()
            for edge in workflow.transitions
            if PEOPLE & set(edge.triggers)
        )
    )


def transition_action(workflow: str, name: str) -> str:
    """Return what the matrix calls the firing of a transition."""
    return f"{TRANSITION}:{workflow}.{name}"
