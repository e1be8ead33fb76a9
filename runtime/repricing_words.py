"""What a placed record would cost with other lines, in words: for programs, and for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from generator.model.app import App
from runtime.operations.preview_transition import Amount, Preview, Share
from runtime.pricing_words import Words


@dataclass(frozen=True)
class Compared:
    """One thing as it is and as it would be; '' where there is none of it."""

    name: str
    label: str
    before: str
    after: str


class Repricings:
    """Says in a language what would change."""

    def __init__(self, found: Preview, app: App, types: Any, locale: str) -> None:
        self.found, self.app, self.types, self.locale = found, app, types, locale
        self.words = Words(found.found, app, locale)

    def amounts(self) -> Iterator[Compared]:
        """Yield the amounts of the record that change."""
        for one in self.found.amounts:
            before, after = (self._money(one, value) for value in (one.before, one.after))
            if before != after:
                yield Compared(one.field.name, one.field.label.text(self.locale), before, after)

    def shares(self) -> Iterator[Compared]:
        """Yield what promotions take off, where that changes."""
        for one in self.found.shares:
            before, after = (
                "" if value is None else self.words.money(-value)
                for value in (one.before, one.after)
            )
            yield Compared(one.promotion, self._name(one), before, after)

    def units(self) -> Iterator[Compared]:
        """Yield how many there are of each item, where that changes."""
        for one in self.found.units:
            if one.before != one.after:
                yield Compared(
                    "added" if one.added else "bought", one.item, str(one.before), str(one.after)
                )

    def as_json(self) -> dict[str, Any]:
        """Return everything, with the prices as `evaluate` tells them."""
        types = self.types
        return {
            "version": self.found.version,
            "fingerprint": self.found.found.priced.fingerprint,
            "amounts": [
                {
                    "field": one.field.name,
                    "label": one.field.label.text(self.locale),
                    **{
                        name: _dumped(types[one.field.type].dump(one.field), value)
                        for name, value in (("before", one.before), ("after", one.after))
                    },
                }
                for one in self.found.amounts
            ],
            "promotions": [
                {
                    "promotion": one.promotion,
                    "label": self._name(one),
                    **{
                        name: None if value is None else self.words.amount(value)
                        for name, value in (("before", one.before), ("after", one.after))
                    },
                }
                for one in self.found.shares
            ],
            "items": [
                {"item": one.item, "added": one.added, "before": one.before, "after": one.after}
                for one in self.found.units
            ],
            "prices": self.words.as_json(),
        }

    def _name(self, one: Share) -> str:
        known = one.promotion in self.words.labels
        return self.words.name(one.promotion) if known else one.label

    def _money(self, one: Amount, value: Any) -> str:
        places = self.types[one.field.type].places(one.field) - self.found.found.places
        return self.words.money(int(value or 0) // 10**places)


def _dumped(dump: Any, value: Any) -> Any:
    return value if dump is None or value is None else dump(value)
