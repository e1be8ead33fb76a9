"""Step 2 of 5, shape: a YAML node and the `Shape` it must have → typed values with their places.

The keys a mapping accepts are declared once, as `Arg`s. This reader, the published JSON Schema
(`generator/shapes/json_schema.py`) and the reference are three functions of that declaration, so
they cannot disagree. A fault never stops the reading: what is wrong is left out and reported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from generator.kinds import ACTION, CONDITION, Arg, Catalog, Kind, Shape
from generator.model.text import Label, Span
from generator.problems import (
    Problem,
    bad_name,
    missing_key,
    not_one_of,
    out_of_range,
    quoted,
    unknown_key,
    unknown_name,
    with_article,
    wrong_type,
)
from generator.saying import say
from generator.source_nodes import Items, Mapped, Node, Scalar, plain

IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
PATH = re.compile(r"-?[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*\Z")
CURRENCY = re.compile(r"[A-Z]{3}\Z")
AMOUNT = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?\Z")
LOCALE = re.compile(r"[a-z]{2}(_[A-Z][A-Za-z]+)?\Z")


@dataclass(frozen=True, slots=True)
class Written:
    """A text as the author wrote it and where: a name, a path or an expression to resolve later."""

    text: str
    span: Span
    raw: str = field(default="", compare=False)
    """As it stands in the file, with its quotes or its `|`; known of expressions."""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Given:
    """What an author gave for a shape: only the keys that were written and are right."""

    shape: str
    span: Span
    values: Mapping[str, Any]
    spans: Mapping[str, Span] = field(default_factory=dict)
    """Where each given value stands."""

    def get(self, key: str, default: Any = None) -> Any:
        return self.values.get(key, default)

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def at(self, key: str) -> Span:
        """Return where a key's value stands, or where the mapping starts."""
        return self.spans.get(key, self.span)


class Reader:
    """Reads nodes by shapes and collects what is wrong."""

    def __init__(self, catalogs: Mapping[str, Catalog[Any]]) -> None:
        self.catalogs = catalogs
        self.problems: list[Problem] = []

    def read(self, node: Node, shape: Shape) -> Given | None:
        """Read one mapping; None when it is not a mapping at all."""
        if not isinstance(node, Mapped):
            self.problems.append(wrong_type("a mapping of keys", _written(node), node.span))
            return None
        args = dict(shape.args)
        word = self._word(node, shape) if shape.family else None
        if word is not None:
            args |= word.args
        values: dict[str, Any] = {}
        spans: dict[str, Span] = {}
        for key, entry in node.entries.items():
            arg = args.get(key)
            if arg is None:
                if shape.family and word is None:
                    continue
                self.problems.append(
                    unknown_key(key, entry.key, tuple(args), with_article(shape.name))
                )
                continue
            read = self.value(entry.node, arg, key)
            if read is not None:
                values[key], spans[key] = read, entry.node.span
        for key, arg in args.items():
            if arg.required and key not in node.entries:
                self.problems.append(missing_key(key, node.span, with_article(shape.name)))
        return Given(shape.name, node.span, values, spans)

    def value(self, node: Node, arg: Arg, key: str) -> Any:
        """Read one value; None when it is wrong (reported) or when it is `null` in plain data."""
        return _READERS[arg.type](self, node, arg, key)

    def _word(self, node: Mapped, shape: Shape) -> Kind | None:
        catalog = self.catalogs[shape.family]
        if not shape.word:
            return self._key_word(node, shape)
        entry = node.entries.get(shape.word)
        if entry is None or not isinstance(entry.node, Scalar):
            return None
        written = str(entry.node.value)
        if written not in catalog:
            noun = shape.family.replace("_", " ").removesuffix("s")
            self.problems.append(
                unknown_name(noun, written, entry.node.span, catalog, defined_in="the vocabulary")
            )
            return None
        found: Kind = catalog[written]
        return found

    def _key_word(self, node: Mapped, shape: Shape) -> Kind | None:
        """Return the word that is itself a key of the mapping; the first of several."""
        catalog = self.catalogs[shape.family]
        found: Kind | None = next((catalog[key] for key in node.entries if key in catalog), None)
        if found is not None:
            return found
        noun = shape.family.replace("_", " ").removesuffix("s")
        for key, entry in node.entries.items():
            if key not in shape.args:
                self.problems.append(
                    unknown_name(noun, key, entry.key, catalog, defined_in="the vocabulary")
                )
                return None
        self.problems.append(missing_key(next(iter(catalog)), node.span, with_article(shape.name)))
        return None

    def _wrong(self, expected: str, node: Node) -> None:
        self.problems.append(wrong_type(expected, _written(node), node.span))


def _written(node: Node) -> str:
    if isinstance(node, Scalar):
        return node.value if isinstance(node.value, str) else node.text
    return "a list" if isinstance(node, Items) else "a mapping"


def _text(reader: Reader, node: Node, arg: Arg, key: str) -> Any:
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return reader._wrong("a text", node)
    if arg.pattern and not re.fullmatch(arg.pattern, node.value):
        reader.problems.append(_unfit(key, node.value, node.span, arg.help))
        return None
    return node.value


def _label(reader: Reader, node: Node, arg: Arg, key: str) -> Any:
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return Label({"": node.value})
    if not isinstance(node, Mapped):
        return reader._wrong("a text or {en: …, zh: …}", node)
    texts: dict[str, str] = {}
    for locale, entry in node.entries.items():
        if not LOCALE.match(locale):
            reader.problems.append(unknown_key(locale, entry.key, ("en", "zh"), "label"))
        elif isinstance(entry.node, Scalar) and isinstance(entry.node.value, str):
            texts[locale] = entry.node.value
        else:
            reader._wrong("a text", entry.node)
    return Label(texts) if texts else None


def _identifier(reader: Reader, node: Node, arg: Arg, key: str) -> Any:
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return reader._wrong("a name", node)
    if not IDENTIFIER.match(node.value):
        reader.problems.append(bad_name(with_article(key), node.value, node.span))
        return None
    return node.value


def _unfit(key: str, written: str, at: Span, help: str) -> Problem:
    """A text that has not the form its key asks for."""
    return Problem(
        "D207",
        at,
        say("{written} does not have the form of '{key}'.", written=quoted(written), key=key),
        help,
    )


def _name(reader: Reader, node: Node, arg: Arg, key: str) -> Any:
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return reader._wrong(say("the name of {to}", to=with_article(arg.to)), node)
    return Written(node.value, node.span)


def _path(reader: Reader, node: Node, arg: Arg, key: str) -> Any:
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return reader._wrong("a field name or a path such as customer.name", node)
    if not PATH.match(node.value):
        reader.problems.append(bad_name("a field", node.value, node.span))
        return None
    return Written(node.value, node.span)


def _expression(reader: Reader, node: Node, arg: Arg, key: str) -> Any:
    if isinstance(node, Scalar):
        if isinstance(node.value, bool) and arg.or_true:
            return node.value
        if arg.or_true and str(node.value).lower() in {"yes", "no", "on", "off", "y", "n"}:
            return reader._wrong("true or false", node)
        if isinstance(node.value, (str, int, Decimal)) and not isinstance(node.value, bool):
            return Written(_written(node), node.span, node.text)
    return reader._wrong("an expression", node)


def _boolean(reader: Reader, node: Node, arg: Arg, key: str) -> Any:
    if not isinstance(node, Scalar) or not isinstance(node.value, bool):
        return reader._wrong("true or false", node)
    return node.value


def _integer(reader: Reader, node: Node, arg: Arg, key: str) -> Any:
    if (
        not isinstance(node, Scalar)
        or not isinstance(node.value, int)
        or isinstance(node.value, bool)
    ):
        return reader._wrong("a whole number", node)
    return _in_range(reader, node, arg, key, node.value)


def _decimal(reader: Reader, node: Node, arg: Arg, key: str) -> Any:
    if (
        not isinstance(node, Scalar)
        or not isinstance(node.value, (int, Decimal))
        or isinstance(node.value, bool)
    ):
        return reader._wrong("a number", node)
    return _in_range(reader, node, arg, key, Decimal(node.value))


def _date(reader: Reader, node: Node, arg: Arg, key: str) -> Any:
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return reader._wrong("a date such as 2026-12-31", node)
    try:
        return date.fromisoformat(node.value) if len(node.value) == 10 else _no_date(reader, node)
    except ValueError:
        return _no_date(reader, node)


def _no_date(reader: Reader, node: Node) -> None:
    reader._wrong("a date such as 2026-12-31", node)


def _in_range(reader: Reader, node: Node, arg: Arg, key: str, number: Any) -> Any:
    low, high = arg.minimum, arg.maximum
    if (low is not None and number < low) or (high is not None and number > high):
        reader.problems.append(out_of_range(f"'{key}'", str(number), node.span, _range(low, high)))
        return None
    return number


def _range(low: int | None, high: int | None) -> str:
    if low is not None and high is not None:
        return say("from {low} to {high}", low=low, high=high)
    return (
        say("of at least {low}", low=low) if high is None else say("of at most {high}", high=high)
    )


def _choice(reader: Reader, node: Node, arg: Arg, key: str) -> Any:
    written = _written(node)
    if not isinstance(node, Scalar) or written not in arg.options:
        reader.problems.append(not_one_of(f"'{key}'", written, node.span, arg.options))
        return None
    return written


def _value(reader: Reader, node: Node, arg: Arg, key: str) -> Any:
    return plain(node)


def _list(reader: Reader, node: Node, arg: Arg, key: str) -> Any:
    assert arg.of is not None
    if not isinstance(node, Items):
        if arg.one and (isinstance(node, Scalar) or arg.of.type == "shape"):
            only = reader.value(node, arg.of, key)
            return None if only is None else (only,)
        return reader._wrong("a list", node)
    read = [reader.value(item, arg.of, key) for item in node.items]
    reader.problems += _repeated(node, key)
    if arg.minimum is not None and len(node.items) < arg.minimum:
        words = say("of items of at least {minimum}", minimum=arg.minimum)
        reader.problems.append(
            out_of_range(say("The length of '{key}'", key=key), str(len(read)), node.span, words)
        )
    return tuple(item for item in read if item is not None)


def _repeated(node: Items, key: str) -> list[Problem]:
    """Return a problem for every word that stands in a list a second time."""
    seen: dict[str, Span] = {}
    problems = []
    for item in node.items:
        if not isinstance(item, Scalar) or not isinstance(item.value, str):
            continue
        # a path with - in front is the same path, downwards
        first = seen.setdefault(item.value.lstrip("-"), item.span)
        if first is not item.span:
            message = say("{word} stands twice in '{key}'.", word=quoted(item.value), key=key)
            problems.append(Problem("D208", item.span, message, "Remove one of the two."))
    return problems


def _as_labels(node: Node, key: str) -> str:
    """Return what to write instead of a list of names: each with the label people see."""
    items = node.items if isinstance(node, Items) else ()
    names = [str(item.value) for item in items if isinstance(item, Scalar)]
    if not names or len(names) != len(items) or not all(map(IDENTIFIER.match, names)):
        names = ["draft", "done"]
    shown = ", ".join(f"{name}: {name.replace('_', ' ').capitalize()}" for name in names[:3])
    example = f"{key}: {{{shown}{', …' if len(names) > 3 else ''}}}"
    return say("Write each name with its label: `{example}`.", example=example)


def _map(reader: Reader, node: Node, arg: Arg, key: str) -> Any:
    assert arg.of is not None
    if not isinstance(node, Mapped):
        hint = _as_labels(node, key) if arg.of.or_label else ""
        reader.problems.append(
            wrong_type("a mapping of keys", _written(node), node.span, hint=hint)
        )
        return None
    found: dict[Written, Any] = {}
    for name, entry in node.entries.items():
        if arg.pattern and not re.fullmatch(arg.pattern, name):
            reader.problems.append(_unfit(key, name, entry.key, arg.help))
            continue
        if not arg.pattern and not IDENTIFIER.match(name):
            reader.problems.append(bad_name(say("an entry of '{key}'", key=key), name, entry.key))
            continue
        read = reader.value(entry.node, arg.of, name)
        if read is not None:
            found[Written(name, entry.key)] = read
    return found


def _shape(reader: Reader, node: Node, arg: Arg, key: str) -> Any:
    assert arg.shape is not None
    if arg.or_true and isinstance(node, Scalar) and isinstance(node.value, bool):
        return node.value
    if arg.or_label and _is_label(node, arg.shape):
        label = _label(reader, node, arg, key)
        if label is None:
            return None
        spans = {arg.or_label: node.span}
        return Given(arg.shape.name, node.span, {arg.or_label: label}, spans)
    if arg.or_word and isinstance(node, Scalar):
        word = reader.value(node, arg.shape.args[arg.or_word], key)
        spans = {arg.or_word: node.span}
        given = {} if word is None else {arg.or_word: word}
        return Given(arg.shape.name, node.span, given, spans)
    return reader.read(node, arg.shape)


def _is_label(node: Node, shape: Shape) -> bool:
    """Say whether a node is a text, or a text by language and not the keys of a shape."""
    if isinstance(node, Scalar):
        return isinstance(node.value, str)
    if not isinstance(node, Mapped) or not node.entries:
        return False
    return all(LOCALE.match(name) and name not in shape.args for name in node.entries)


def _amount(reader: Reader, node: Node, arg: Arg, key: str) -> Any:
    if isinstance(node, Scalar) and _is_amount(node):
        return plain(node)
    if not isinstance(node, Mapped):
        return reader._wrong("an amount such as 12.50, or {EUR: 12.50, JPY: 1800}", node)
    amounts: dict[str, Any] = {}
    for currency, entry in node.entries.items():
        if not CURRENCY.match(currency):
            reader.problems.append(_unfit(key, currency, entry.key, "Write a code such as EUR."))
        elif not isinstance(entry.node, Scalar) or not _is_amount(entry.node):
            reader._wrong("an amount such as 12.50", entry.node)
        else:
            amounts[currency] = plain(entry.node)
    return amounts


def _is_amount(node: Scalar) -> bool:
    if isinstance(node.value, str):
        return AMOUNT.match(node.value) is not None
    return isinstance(node.value, (int, Decimal)) and not isinstance(node.value, bool)


def _percent(reader: Reader, node: Node, arg: Arg, key: str) -> Any:
    if not isinstance(node, Scalar) or not _is_amount(node):
        return reader._wrong("a number", node)
    value = Decimal(str(node.value))
    return _in_range(reader, node, Arg("percent", minimum=0, maximum=100), key, value)


def _word_of(shape: Shape) -> Callable[[Reader, Node, Arg, str], Any]:
    def read(reader: Reader, node: Node, arg: Arg, key: str) -> Any:
        return reader.read(node, shape)

    return read


_READERS: Mapping[str, Callable[[Reader, Node, Arg, str], Any]] = {
    "text": _text,
    "label": _label,
    "identifier": _identifier,
    "icon": _text,
    "name": _name,
    "path": _path,
    "expression": _expression,
    "boolean": _boolean,
    "integer": _integer,
    "decimal": _decimal,
    "date": _date,
    "choice": _choice,
    "value": _value,
    "list": _list,
    "map": _map,
    "shape": _shape,
    "amount": _amount,
    "percent": _percent,
    "condition": _word_of(CONDITION),
    "action": _word_of(ACTION),
}
