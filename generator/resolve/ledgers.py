"""Ledgers: every bucket and kind they name is found, every condition compiled.

The entities that a ledger makes are made before (`ledger_records.py`); here the ledger itself. What
is wrong is told with its place (D301, D901 and on); only without any is the ledger whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from generator.durations import seconds_of
from generator.expressions import types
from generator.expressions.compile import Expression, parse
from generator.model.ledger import Guard, Holds, Ledger, Lots, Movement, Vector
from generator.model.text import Label, Span
from generator.problems import Problem, quoted, reserved_name, unknown_name
from generator.resolve.access import Words
from generator.resolve.entities import Draft
from generator.resolve.fields import BUILT_IN, humanize
from generator.resolve.ledger_records import AFTER
from generator.resolve.scope import ModelScope
from generator.saying import say
from generator.shape import Given, Written

OWN = frozenset(
    {
        *("balance", "kind", "quantity", "reason", "cause", "cause_id", "cause_title", "transfer"),
        *("reverses", "hold", "post_key", "state", "remaining", "due_at"),
    }
)
"""Fields that the records of every ledger have beside its own."""
OF_LOTS = frozenset({"code", "expires_at"})

LONG = "Write PT30M, P365D or 30m: a length between a second and 400 days."


def resolve_ledgers(
    drafts: Iterable[Draft], words: Words
) -> tuple[dict[str, Ledger], list[Problem]]:
    """Return the ledgers by name, and what is wrong with them."""
    problems: list[Problem] = []
    found = {draft.name: _Resolver(draft, words, problems).ledger() for draft in drafts}
    return found, problems


class _Resolver:
    """Resolves one ledger; what is wrong is collected and the rest goes on."""

    def __init__(self, draft: Draft, words: Words, problems: list[Problem]) -> None:
        self.name, self.given, self.words, self.problems = draft.name, draft.given, words, problems
        self.buckets = tuple(name.text for name in self.given.get("buckets", {}))
        self.formulas = {name.text: body for name, body in self.given.get("balances", {}).items()}
        self.where = say("ledger '{name}'", name=self.name)

    def ledger(self) -> Ledger:
        given = self.given
        self._names()
        kinds = {name.text: self._kind(name, body) for name, body in given.get("kinds", {}).items()}
        return Ledger(
            name=self.name,
            label=given.get("label") or Label({"": humanize(self.name)}),
            span=given.at("ledger"),
            key=self._key(),
            buckets=self.buckets,
            formulas=self._formulas(),
            kinds=kinds,
            guards=tuple(self._guards(kinds)),
            holds=self._holds(given.get("holds"), kinds),
            lots=self._lots(given.get("lots"), kinds),
        )

    def _key(self) -> dict[str, str]:
        """Return what a balance belongs to: the entity of each record, '' of a text."""
        found = {}
        for name, body in self.given.get("key", {}).items():
            to = body.get("to")
            if (to is None) == ("type" not in body):
                message = say("The key '{name}' is neither a record nor a text.", name=name.text)
                if to is not None:
                    message = say("The key '{name}' is a record and a text.", name=name.text)
                hint = "Write the name of an entity, or `type: text`."
                self.problems.append(Problem("D912", name.span, message, hint))
            found[name.text] = "" if to is None else to.text
        return found

    def _names(self) -> None:
        """Keys, buckets and formulas become fields of one record: each needs a name of its own."""
        seen = OWN | BUILT_IN.keys() | (OF_LOTS if "lots" in self.given else set())
        for key, noun in (("key", "a key"), ("buckets", "a bucket"), ("balances", "a balance")):
            for name in self.given.get(key, {}):
                if name.text in seen or (key == "buckets" and name.text.endswith(AFTER)):
                    why = "a record of the ledger has a field of that name"
                    self.problems.append(reserved_name(noun, name.text, name.span, why))
                seen |= {name.text}

    def _formulas(self) -> dict[str, Expression]:
        entity = self.words.entities.get(self.name)
        found = {}
        for name, body in self.formulas.items():
            formula = entity.fields[name].computed if entity and name in entity.fields else None
            if formula is None:
                continue
            astray = [path for path in formula.paths if path[0] not in self.buckets]
            if astray or formula.context:
                word = ".".join((astray or formula.context)[0])
                message = say(
                    "'{name}' follows from {word}, which is no bucket.",
                    name=name,
                    word=quoted(word),
                )
                hint = say("Use the buckets: {names}.", names=", ".join(self.buckets))
                self.problems.append(Problem("D901", body.at("is"), message, hint))
            found[name] = formula
        return found

    def _kind(self, name: Written, body: Given) -> Movement:
        gives, takes = "from" in body, "to" in body
        if gives != takes or (gives and "move" in body) or not (gives or "move" in body):
            message = say("'{name}' does not say what it moves.", name=name.text)
            hint = "Write `move: {bucket: +q}`, or `from:` and `to:` for a transfer."
            self.problems.append(Problem("D902", name.span, message, hint))
        move = self._vector(body, "from" if gives else "move", name.span)
        return Movement(
            name=name.text,
            label=body.get("label") or Label({"": humanize(name.text)}),
            span=name.span,
            move=move,
            arrives=self._vector(body, "to", name.span) if takes else {},
            signed=body.get("signed", False),
            reason=body.get("reason", False),
        )

    def _vector(self, body: Given, key: str, at: Span) -> Vector:
        if key not in body:
            return {}
        found: dict[str, int] = {}
        for bucket, sign in body.get(key).items():
            if self._known("bucket", bucket, self.buckets):
                found[bucket.text] = -1 if sign.startswith("-") else 1
        if not body.get(key):
            message = say("'{name}' does not say what it moves.", name=key)
            hint = "Write `move: {bucket: +q}`, or `from:` and `to:` for a transfer."
            self.problems.append(Problem("D902", at, message, hint))
        return found

    def _guards(self, kinds: Mapping[str, Movement]) -> Iterable[Guard]:
        for body in self.given.get("guards", ()):
            written = tuple(body.get("kinds", ()))
            for one in written:
                plain = Written(one.removeprefix("-"), body.at("kinds"))
                self._known("kind of entry", plain, kinds)
            that = self._condition(body.get("that"))
            if that is not None and "message" in body:
                yield Guard(that, written, body.get("code", ""), body.get("message"), body.span)

    def _condition(self, written: Any) -> Expression | None:
        if not isinstance(written, Written) or self.name not in self.words.entities:
            return None
        if self.words.unread.doubts(written.text):
            return None
        scope = ModelScope(self.name, self.words.fields(), self.words.catalog, {})
        found, problems = parse(
            written.text, written.span, scope, types.Boolean(), written=written.raw
        )
        self.problems += problems
        return found

    def _holds(self, body: Given | None, kinds: Mapping[str, Movement]) -> Holds | None:
        if body is None or not all(key in body for key in ("bucket", "hold", "commit", "release")):
            return None
        bucket = body.get("bucket")
        known = self._known("bucket", bucket, self.buckets)
        named = {key: body.get(key) for key in ("hold", "commit", "release")}
        found = [self._known("kind of entry", one, kinds) for one in named.values()]
        if not known or not all(found):
            return None
        for key, one in named.items():
            self._held(key, kinds[one.text], bucket.text, one.span)
        own = {one.text for one in named.values()}
        for kind in kinds.values():
            if kind.name not in own and bucket.text in {**kind.move, **kind.arrives}:
                message = say(
                    "'{kind}' moves '{bucket}', which only holds may.",
                    kind=kind.name,
                    bucket=bucket.text,
                )
                hint = "Leave the bucket out: what is held is the sum of the open holds."
                self.problems.append(Problem("D903", kind.span, message, hint))
        seconds = self._seconds(body)
        hold, commit, release = (one.text for one in named.values())
        return Holds(bucket.text, hold, commit, release, seconds)

    def _held(self, key: str, kind: Movement, bucket: str, at: Span) -> None:
        """A hold adds to its bucket, what ends it takes away; nobody else moves it."""
        wanted = 1 if key == "hold" else -1
        if kind.move.get(bucket) != wanted or kind.is_transfer or kind.signed:
            message = say(
                "'{kind}' is no {key} of '{bucket}'.", kind=kind.name, key=key, bucket=bucket
            )
            hint = say(
                "Its move says `{bucket}: {sign}q`, and it is neither signed nor a transfer.",
                bucket=bucket,
                sign="+" if wanted > 0 else "-",
            )
            self.problems.append(Problem("D903", at, message, hint))

    def _lots(self, body: Given | None, kinds: Mapping[str, Movement]) -> Lots | None:
        if body is None or "bucket" not in body:
            return None
        bucket, expire = body.get("bucket"), body.get("expire")
        if not self._known("bucket", bucket, self.buckets):
            return None
        if expire is not None and self._known("kind of entry", expire, kinds):
            kind = kinds[expire.text]
            if kind.move.get(bucket.text) != -1 or kind.is_transfer or kind.signed:
                message = say(
                    "'{kind}' does not take out of '{bucket}'.",
                    kind=kind.name,
                    bucket=bucket.text,
                )
                hint = say("Its move says `{bucket}: -q`.", bucket=bucket.text)
                self.problems.append(Problem("D904", expire.span, message, hint))
        return Lots(bucket.text, expire.text if expire is not None else "", self._seconds(body))

    def _seconds(self, body: Given) -> int | None:
        if "for" not in body:
            return None
        found = seconds_of(body.get("for"))
        if found is None:
            message = say("{written} is no length of time.", written=quoted(body.get("for")))
            self.problems.append(Problem("D905", body.at("for"), message, LONG))
        return found

    def _known(self, noun: str, written: Written, known: Iterable[str]) -> bool:
        names = list(known)
        if written.text in names:
            return True
        self.problems.append(
            unknown_name(noun, written.text, written.span, names, defined_in=self.where)
        )
        return False
