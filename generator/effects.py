"""What a word of the family `effects` is: something a transition causes.

A word reads its arguments when the definition is loaded (`resolve`) and says when a transition
fires what is to be done (`commands`): values of `rules/commands.py`, never the deed itself. The
words are files of `rules/effects/`; generator knows only this class.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Protocol

from generator.expressions import types
from generator.expressions.compile import Expression
from generator.kinds import Kind
from generator.model.connector import Operation, Retry
from generator.model.entity import Field
from generator.model.ledger import Ledger
from generator.model.workflow import Effect
from generator.shape import Given, Written


class EffectNames(Protocol):
    """What a word may ask about the definition it stands in; what is wrong is reported there."""

    def expression(
        self, written: Any, expected: types.Type | None = None, entity: str = ""
    ) -> Expression | None:
        """Return an expression over the record, `input`, `actor`, `now` and `from_state`.

        With `entity`, over a record of that entity in place of the record.
        """
        ...

    def field(self, written: Written, entity: str = "") -> Field | None:
        """Return a field of the record, or of another entity."""
        ...

    def type_of(self, field: Field) -> types.Type:
        """Return what a field's value is in expressions."""
        ...

    def number(self, written: Written) -> str:
        """Return a sequence field of the record whose numbers transitions issue, or nothing."""
        ...

    def retry(self, given: Given | None, otherwise: Retry | None) -> Retry | None:
        """Return how often a call is made: what is written here, else what is otherwise so."""
        ...

    def roles(self, written: Iterable[Written]) -> tuple[str, ...]:
        """Return the roles that exist of those written."""
        ...

    def movement(self, written: Any, *, transfers: bool) -> tuple[Ledger, str] | None:
        """Return the ledger and the name of a kind, written `ledger.kind`, that effects may post.

        With `transfers`, one that moves between two keys as well.
        """
        ...

    def holding(self, written: Written) -> Ledger | None:
        """Return a ledger that has holds."""
        ...

    def seconds(self, given: Given, key: str) -> int | None:
        """Return a length of time."""
        ...

    def parts(self, written: Written) -> tuple[str, str]:
        """Return the entity of the parts in a field, and what they call their whole, or nothing."""
        ...

    def exactly(self, given: Given, written: Mapping[str, Any], wanted: Iterable[str]) -> None:
        """Report what a key says too much or too little, and a quantity that is missing."""
        ...

    def without(self, given: Given, keys: Iterable[str]) -> None:
        """Report keys that mean nothing here."""
        ...

    def edge(self, written: Any, entity: str = "") -> tuple[str, str] | None:
        """Return the workflow and the name of a transition, written `workflow.transition`.

        With `entity`, of that entity in place of the record's.
        """
        ...

    def way(self, written: Written) -> tuple[tuple[str, ...], str]:
        """Return the fields of a path to other records, and their entity; '' when it is none."""
        ...

    def entity(self, written: Written) -> str:
        """Return an entity's name, or nothing when there is none of it."""
        ...

    def operation(self, written: str) -> Operation | None:
        """Return an operation written `connector.operation`, None when there is none of it."""
        ...


class EffectFacts(Protocol):
    """What a word may ask when a transition fires."""

    def parts(self, field: str, whole: str) -> Sequence[Mapping[str, Any]]:
        """Return the parts that a field of the record holds, each with the record as `whole`."""
        ...

    def value(self, expression: Expression, part: Mapping[str, Any] | None = None) -> Any:
        """Return an expression's value for the record as it is now, or for a part of it.

        Raises:
            ArithmeticError: the number is too large to be kept.

        """
        ...

    def key(self, part: str) -> str:
        """Return the key under which an outside call is made, the same at every retry."""
        ...


class EffectWord(Kind):
    """One effect. `args` holds the word itself as a key, and the keys that may stand beside it."""

    external: ClassVar[bool] = False
    """It reaches outside the database, so it may stand only in `after_commit`."""

    def resolve(self, given: Given, names: EffectNames) -> Mapping[str, Any]:
        """Return the arguments with their names found and their expressions compiled."""
        raise NotImplementedError

    def commands(self, effect: Effect, facts: EffectFacts) -> tuple[Any, ...]:
        """Return what is to be done, in order."""
        raise NotImplementedError
