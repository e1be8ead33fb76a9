"""The typed tree of an expression: small, explicit, and the same for Python, SQL and words.

Typing has already made every conversion a node of its own (`Rescale`), marked every operation
whose result might leave the range (`limited`), and turned every name into a path. A back end
therefore decides nothing; it writes down what the tree says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, get_args

from generator.expressions.types import Type


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant in its stored form: `12.50` is 1250 of `Number(2)`."""

    value: Any
    type: Type


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the current row, through references: `('customer', 'name')`."""

    path: tuple[str, ...]
    entities: tuple[str, ...]
    """The entity each step of the path is read from; as long as `path`."""
    type: Type
    outer: bool = False
    """Written `this.…`: read from the row of the whole expression, not the child at hand."""


@dataclass(frozen=True, slots=True)
class Context:
    """A value from outside the row: `('actor', 'id')`, `('today',)`."""

    path: tuple[str, ...]
    type: Type


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`+ - * // %` on whole numbers of one scale (`*` adds scales)."""

    operator: str
    left: Tree
    right: Tree
    type: Type
    limited: bool = False
    """The result may need more than 64 bits; then it is null."""


@dataclass(frozen=True, slots=True)
class Rescale:
    """The same number with `places` more decimals: times `10 ** places`."""

    operand: Tree
    places: int
    type: Type
    limited: bool = False


@dataclass(frozen=True, slots=True)
class Limit:
    """The end of a sum or product that may be too large: null beyond 18 digits."""

    operand: Tree
    type: Type


@dataclass(frozen=True, slots=True)
class Round:
    """`over / under` as whole numbers, rounded half away from zero; null when `under` is zero."""

    over: Tree
    under: Tree
    type: Type
    shown: tuple[Tree, Tree | None, int]
    """What the author wrote: the number, what it is divided by, the decimals."""


@dataclass(frozen=True, slots=True)
class Concat:
    """Text after text."""

    left: Tree
    right: Tree
    type: Type


@dataclass(frozen=True, slots=True)
class Shift:
    """A date or moment, moved by `sign` times a duration in seconds (dates: whole days of it)."""

    operand: Tree
    duration: Tree
    sign: int
    type: Type


@dataclass(frozen=True, slots=True)
class Difference:
    """Days between two dates, or seconds between two moments."""

    left: Tree
    right: Tree
    type: Type


@dataclass(frozen=True, slots=True)
class Compare:
    """One comparison; a chain is an `And` of them."""

    operator: str
    left: Tree
    right: Tree
    type: Type


@dataclass(frozen=True, slots=True)
class Among:
    """`x in [a, b]`: equal to one of the items."""

    operand: Tree
    items: tuple[Tree, ...]
    type: Type


@dataclass(frozen=True, slots=True)
class Within:
    """`x in list`: the list is a stored list or a list of the context."""

    operand: Tree
    list: Field | Context
    type: Type


@dataclass(frozen=True, slots=True)
class IsNull:
    """Never unknown itself."""

    operand: Tree
    type: Type


@dataclass(frozen=True, slots=True)
class Not:
    """Unknown stays unknown."""

    operand: Tree
    type: Type


@dataclass(frozen=True, slots=True)
class And:
    """False if one part is false, else unknown if one is unknown."""

    parts: tuple[Tree, ...]
    type: Type


@dataclass(frozen=True, slots=True)
class Or:
    """True if one part is true, else unknown if one is unknown."""

    parts: tuple[Tree, ...]
    type: Type


@dataclass(frozen=True, slots=True)
class If:
    """`then` if the test is true, `other` if it is false or unknown."""

    test: Tree
    then: Tree
    other: Tree
    type: Type


@dataclass(frozen=True, slots=True)
class Coalesce:
    """The first operand that is not null."""

    operands: tuple[Tree, ...]
    type: Type


@dataclass(frozen=True, slots=True)
class Extreme:
    """The smallest (`min`) or largest (`max`) operand; null if one is null."""

    word: str
    operands: tuple[Tree, ...]
    type: Type


@dataclass(frozen=True, slots=True)
class Call:
    """A function of `functions.py`; null if an argument is null."""

    function: str
    arguments: tuple[Tree, ...]
    type: Type


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows an aggregate reads: the last step of `path` is children or a many-to-many field."""

    path: tuple[str, ...]
    entities: tuple[str, ...]
    entity: str
    """The entity of the rows."""
    outer: bool = False
    linked: bool = False
    """The last step is a many-to-many field."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """`sum count known min max any all` over child rows.

    `element` is read on each child; None counts the rows; `count` counts where it is true and
    `known` where it is not null.
    """

    word: str
    rows: Rows
    element: Tree | None
    type: Type


Tree = (
    Literal
    | Field
    | Context
    | Arithmetic
    | Rescale
    | Limit
    | Round
    | Concat
    | Shift
    | Difference
    | Compare
    | Among
    | Within
    | IsNull
    | Not
    | And
    | Or
    | If
    | Coalesce
    | Extreme
    | Call
    | Aggregate
)
KINDS = frozenset(get_args(Tree))
"""The classes of trees; none is derived from another."""
SLOTS = {
    kind: tuple(slot.name for slot in fields(kind) if slot.name not in ("shown", "type"))
    for kind in KINDS
}
"""By class: the fields that may hold trees."""


def walk(tree: Tree) -> Iterator[Tree]:
    """Yield a tree and every tree in it, outer first."""
    yield tree
    for part in parts(tree):
        yield from walk(part)


def parts(tree: Tree) -> Iterator[Tree]:
    """Yield the trees directly inside a tree."""
    for name in SLOTS[type(tree)]:
        value = getattr(tree, name)
        if type(value) in KINDS:
            yield value
        elif isinstance(value, tuple):
            yield from (item for item in value if type(item) in KINDS)


def rebuilt(tree: Tree, change: Callable[[Tree], Tree]) -> Tree:
    """Return a tree with every tree directly inside it changed."""
    changes: dict[str, Any] = {}
    for name in SLOTS[type(tree)]:
        value = getattr(tree, name)
        if type(value) in KINDS:
            changes[name] = change(value)
        elif isinstance(value, tuple) and value and type(value[0]) in KINDS:
            changes[name] = tuple(change(part) for part in value)
    return replace(tree, **changes) if changes else tree
