"""What a placed record would cost with other lines, in words: for programs, and for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from generator.model.app import App
from generator.model.text import Label
from rules.pricing.codes import public_state
from runtime.operations._lost_codes import Fate, Outcome
from runtime.operations.preview_transition import Amount, Preview, Share
from runtime.pricing_words import CODES, Texts, Words

LOST: Texts = (
    "Code {code} ({name}) does not apply any more. {why}",
    "券码“{code}”（{name}）不再适用：{why}",
)
STILL_OUT: Texts = (
    "Code {code} ({name}) still does not apply. {why}",
    "券码“{code}”（{name}）仍不适用：{why}",
)
AGAIN: Texts = ("Code {code} ({name}) applies again.", "券码“{code}”（{name}）重新适用。")
AGAIN_USED: Texts = (
    "Code {code} ({name}) applies again and is used again.",
    "券码“{code}”（{name}）重新适用，将再次核销。",
)
FREE: Texts = ("It is given back and can be used again.", "该券将退回，可再次使用。")
FREE_OWNED: Texts = (
    "It is given back to its owner and can be used again.",
    "该券将退还持有人，可再次使用。",
)
BACK: Texts = (
    "It is given back, but cannot be used any more.",
    "该券将退回，但已不能使用。",
)
BACK_AS: Texts = (
    "It is given back, but cannot be used any more: {state}.",
    "该券将退回，但已不能使用：{state}。",
)
NOT_BACK: Texts = ("It cannot be given back.", "该券无法退回。")
NOT_BACK_AS: Texts = ("It cannot be given back: {state}.", "该券无法退回：{state}。")
STAYS: Texts = (
    "It stays used, for its promotion gives no code back.",
    "按活动规则该券码不予退回，仍为已使用。",
)


@dataclass(frozen=True)
class Compared:
    """One thing as it is and as it would be; '' where there is none of it."""

    name: str
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class ToldCode:
    """What becomes of a code."""

    code: str
    promotion: str
    before: bool
    """Whether it holds for what there is."""
    after: bool
    given_back: bool
    usable: bool
    """Whether it can be used again once it is given back."""
    message: str


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

    def codes(self) -> Iterator[ToldCode]:
        """Yield what becomes of codes that do not hold any more, or hold again."""
        for one in self.found.codes:
            fate, then = one.fate, one.then
            parts = {"code": fate.code, "name": self._opened(fate), "why": self._why(fate)}
            if fate.after:
                said = [AGAIN_USED if fate.anew and fate.fact is not None else AGAIN]
            elif not fate.before:
                said = [STILL_OUT]
            else:
                said = [LOST, *_fallen(fate, then)]
            if then is not None and then.state is not None:
                parts["state"] = then.state.text(self.locale)
            space = "" if self.locale.startswith("zh") else " "
            message = space.join(self._say(texts, parts) for texts in said)
            back = fate.falls_away and fate.released and (then is None or then.given_back)
            usable = then is not None and then.usable
            held = (fate.before, fate.after)
            yield ToldCode(fate.code, fate.promotion, *held, back, usable, message)

    def _opened(self, fate: Fate) -> str:
        """Return what people call what a code opens."""
        return self.words.name(fate.promotion) if fate.promotion else "–"

    def _why(self, fate: Fate) -> str:
        """Return why a code does not hold: the condition with its need and have, where one is."""
        for step in self.found.found.priced.trace:
            if step.promotion == fate.promotion and step.verdict not in ("applied", "code"):
                return self.words.sentence(step)
        state = public_state(fate.state.state)
        return self._say(CODES.get(state, CODES["unknown"]), {})

    def _say(self, texts: Texts, parts: Mapping[str, str]) -> str:
        return Label({"en": texts[0], "zh": texts[1]}).text(self.locale).format(**parts)

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
            "codes": [asdict(one) for one in self.codes()],
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


def _fallen(fate: Fate, then: Outcome | None) -> list[Texts]:
    """Return what is said of a code that falls away, beside that it does."""
    if not fate.released:
        return [STAYS]
    if then is None:
        return []
    if then.usable:
        return [FREE_OWNED if fate.fact is not None and fate.fact.owner else FREE]
    if then.given_back:
        return [BACK_AS if then.state is not None else BACK]
    return [NOT_BACK_AS if then.state is not None else NOT_BACK]
