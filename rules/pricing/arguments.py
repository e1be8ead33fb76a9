"""Written arguments of a word → typed values, and every fault with its place.

The arguments are declared as `Arg`s on the words themselves (`rules/conditions`, `rules/actions`),
as everywhere in the house; what is new here is what prices need: `amount` (money by currency),
`percent` (an exact share, 0 to 100), `condition` and `action` (a word with its own arguments).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from generator.kinds import Arg, Catalog
from generator.shapes.promotion import EXCLUDE, INCLUDE
from rules.pricing.amounts import Amount, Currencies, number
from rules.pricing.scope import Match, Scope

__all__ = ["EXCLUDE", "INCLUDE", "Fault", "Reading"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a definition."""

    path: str
    """Where: `when[0].value`."""
    code: str
    """A word for it; `faults.py` has the sentence in both languages."""
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Reading:
    """What reads need to know, and the faults they find."""

    currencies: Currencies
    conditions: Catalog[Any]
    actions: Catalog[Any]
    faults: list[Fault] = field(default_factory=list)
    amounts: list[Amount] = field(default_factory=list)
    """Every amount that was read: a cart must be in a currency that all of them have."""

    def fault(self, path: str, code: str, **about: Any) -> None:
        self.faults.append(Fault(path, code, about))

    def shape(self, args: Mapping[str, Arg], written: Any, path: str) -> dict[str, Any]:
        """Return the values of a mapping: what was written and is right, else the defaults."""
        values = {key: arg.default for key, arg in args.items()}
        if not isinstance(written, Mapping):
            self.fault(path, "not_a_mapping")
            return values
        for key in written:
            if key not in args:
                self.fault(_at(path, key), "unknown_key", key=key, known=sorted(args))
        for key, arg in args.items():
            if written.get(key) is not None:
                values[key] = self.value(arg, written[key], _at(path, key))
            elif arg.required:
                self.fault(_at(path, key), "missing", key=key)
        return values

    def value(self, arg: Arg, written: Any, path: str) -> Any:
        """Return one value, or the default with a fault."""
        before = len(self.faults)
        value = READERS[arg.type](self, arg, written, path)
        if len(self.faults) == before and isinstance(value, int) and arg.type == "integer":
            if arg.minimum is not None and value < arg.minimum:
                self.fault(path, "too_small", least=arg.minimum)
            if arg.maximum is not None and value > arg.maximum:
                self.fault(path, "too_large", most=arg.maximum)
        return arg.default if len(self.faults) > before else value

    def match(self, values: Mapping[str, Any] | None) -> Match | None:
        """Return a read `match` shape as a filter."""
        if values is None:
            return None
        labels = values["labels"] or {}
        return Match(
            items=_set(values["items"]),
            labels=tuple((facet, frozenset(labels[facet])) for facet in sorted(labels)),
            methods=_set(values["methods"]),
            price_from=values["price_from"],
            price_to=values["price_to"],
            list_from=values["list_from"],
            list_to=values["list_to"],
            reduced=values["reduced"],
        )

    def scope(self, values: Mapping[str, Any], default: Scope) -> Scope:
        """Return what `include` and `exclude` say, or the default when neither is there."""
        if values.get("include") is None and values.get("exclude") is None:
            return default
        include = self.match(values.get("include"))
        exclude = self.match(values.get("exclude"))
        return Scope(include or default.include, exclude or default.exclude)

    def word(self, catalog: Catalog[Any], written: Any, path: str) -> tuple[Any, dict[str, Any]]:
        """Return a word and its values: `{type: WORD, …}`; None with a fault."""
        if not isinstance(written, Mapping) or not isinstance(written.get("type"), str):
            self.fault(path, "no_word")
            return None, {}
        if written["type"] not in catalog:
            known = sorted(catalog)
            self.fault(_at(path, "type"), "unknown_word", word=written["type"], known=known)
            return None, {}
        kind = catalog[written["type"]]
        rest = {key: value for key, value in written.items() if key != "type"}
        return kind, self.shape(kind.args, rest, path)


def _at(path: str, key: str) -> str:
    return f"{path}.{key}" if path else str(key)


def _set(values: Sequence[str] | None) -> frozenset[str] | None:
    return None if values is None else frozenset(values)


def _amount(reading: Reading, arg: Arg, written: Any, path: str) -> Amount | None:
    try:
        amount = reading.currencies.read(written)
    except ValueError as error:
        reading.fault(path, f"bad_{error}")
        return None
    reading.amounts.append(amount)
    return amount


def _percent(reading: Reading, arg: Arg, written: Any, path: str) -> Fraction | None:
    try:
        percent = Fraction(number(written))
    except ValueError:
        reading.fault(path, "bad_amount")
        return None
    if not 0 <= percent <= 100:
        reading.fault(path, "percent_out_of_range")
        return None
    return percent / 100


def _exactly(*types: type) -> Callable[[Reading, Arg, Any, str], Any]:
    def read(reading: Reading, arg: Arg, written: Any, path: str) -> Any:
        right = isinstance(written, types) and (bool in types or not isinstance(written, bool))
        if not right:
            reading.fault(path, "wrong_type", wanted=arg.type)
        return written

    return read


def _choice(reading: Reading, arg: Arg, written: Any, path: str) -> Any:
    if written not in arg.options:
        reading.fault(path, "not_one_of", written=written, known=list(arg.options))
    return written


def _list(reading: Reading, arg: Arg, written: Any, path: str) -> Any:
    if not isinstance(written, list | tuple):
        reading.fault(path, "wrong_type", wanted="list")
        return ()
    each = arg.of or Arg("value")
    return tuple(reading.value(each, item, f"{path}[{at}]") for at, item in enumerate(written))


def _map(reading: Reading, arg: Arg, written: Any, path: str) -> Any:
    if not isinstance(written, Mapping):
        reading.fault(path, "not_a_mapping")
        return {}
    each = arg.of or Arg("value")
    return {str(key): reading.value(each, item, _at(path, key)) for key, item in written.items()}


def _shape(reading: Reading, arg: Arg, written: Any, path: str) -> Any:
    return reading.shape(arg.shape.args if arg.shape else {}, written, path)


def _condition(reading: Reading, arg: Arg, written: Any, path: str) -> Any:
    kind, values = reading.word(reading.conditions, written, path)
    return None if kind is None else kind.bind(values, reading)


READERS: dict[str, Callable[[Reading, Arg, Any, str], Any]] = {
    "amount": _amount,
    "percent": _percent,
    "integer": _exactly(int),
    "boolean": _exactly(bool),
    "text": _exactly(str),
    "value": lambda reading, arg, written, path: written,
    "choice": _choice,
    "list": _list,
    "map": _map,
    "shape": _shape,
    "condition": _condition,
    "action": lambda reading, arg, written, path: written,
}
