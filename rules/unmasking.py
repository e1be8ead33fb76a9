"""What an export opens that leaves unmasked: the rows of two actions, the masks of one lifted.

In: the grant of `export` and that of `export_plain`. Out: lines that open what both open and show
in clear, of what the first masks, what the second reads. What the first hides stays hidden, and of
a limit that both have the narrower one holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from rules.joining import narrowed
from rules.permissions import Grant, Line

EXPORT_PLAIN = "export_plain"
"""The action beside `export`, without which every file leaves as masked as its reader sees it."""


def unmasked(exported: Grant, plain: Grant) -> tuple[Line, ...]:
    """Return what both grants open together, line by line."""
    return tuple(_lifted(exported, plain))


def lifted(exported: Grant, plain: Grant) -> frozenset[str]:
    """Return the fields of which some row leaves in clear by the second grant alone."""
    masked = frozenset().union(*(line.masked for line in exported.lines))
    return masked & frozenset().union(*(line.clear for line in plain.lines))


def _lifted(exported: Grant, plain: Grant) -> Iterator[Line]:
    for line in exported.lines:
        for other in plain.lines:
            alone = replace(plain, lines=(other,))
            for part in narrowed((line,), alone, exported.forbid):
                yield replace(
                    part,
                    clear=part.clear | (part.masked.keys() & other.clear),
                    masked={
                        name: kind for name, kind in part.masked.items() if name not in other.clear
                    },
                    limits=_narrower(line.limits, other.limits),
                )


def _narrower(one: Mapping[str, int], other: Mapping[str, int]) -> Mapping[str, int]:
    names = one.keys() | other.keys()
    return {name: min(each[name] for each in (one, other) if name in each) for name in names}
