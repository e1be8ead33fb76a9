"""A ledger file → the entities it makes: balances, entries, and holds and lots where it has them.

Comes in: the `Given` of a ledger file. Goes out: drafts of entities as if somebody had written
them, so that tables, plans, rights, lists, pages and the API of balances and entries are those of
every other record. Nobody but the engine writes them: `sealed` marks them.

Real tables for each ledger, not shared ones: each is found by its own keys and unit, partitioned,
archived and locked by itself, and a balance is one indexed row with typed columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from generator.model.entity import Entity, FormScreen
from generator.model.ledger import (
    EXPIRED,
    OPEN,
    RELEASED,
    USED,
    draws_of,
    entries_of,
    holds_of,
    lots_of,
)
from generator.model.text import Label, Span
from generator.problems import Problem, defined_twice
from generator.resolve.entities import TITLE_FIELDS, Draft
from generator.resolve.fields import humanize
from generator.shape import Given, Written
from generator.source_nodes import Source

AFTER = "_after"
"""Ends the name of a bucket in an entry: what it was after it."""

LONGEST_KEY = 255
LONGEST_TEXT = 200
MOST_KEYS = 4
"""Columns of the key in a list of entries; what moved stands beside them always."""
"""Characters of a key that is a text."""

Fields = Mapping[Written, Given]


def ledger_drafts(
    files: Iterable[tuple[Source, Given]], drafts: Iterable[Draft], problems: list[Problem]
) -> list[Draft]:
    """Return the drafts of the entities that ledgers make; a name taken already is a problem."""
    targets = {draft.name: draft.given for draft in drafts}
    first = {draft.name: draft.given.at("entity") for draft in drafts}
    found: list[Draft] = []
    for source, given in files:
        name = given.get("ledger", source.name)
        at = given.at("ledger")
        for made, body in _Records(name, given, targets).all():
            if made in first:
                problems.append(defined_twice("entity", made, at, first[made]))
            else:
                first[made] = at
                found.append(Draft(source, body, made))
    return found


def sealed(entities: dict[str, Entity], drafts: Iterable[Draft]) -> dict[str, Entity]:
    """Return the entities with those of ledgers marked: nobody writes into them but posts."""
    for draft in drafts:
        entity = entities[draft.name]
        owner = str(draft.given.get("ledger"))
        fields = {name: replace(field, readonly=True) for name, field in entity.fields.items()}
        form = FormScreen((), ())
        entities[draft.name] = replace(entity, ledger=owner, fields=fields, form=form)
    return entities


class _Records:
    """The entities of one ledger, being written."""

    def __init__(self, name: str, given: Given, targets: Mapping[str, Given]) -> None:
        self.name, self.given, self.targets = name, given, targets
        self.at = given.at("ledger")
        self.label: Label = given.get("label") or Label({"": humanize(name)})
        self.unit: Given = given.get("unit") or Given("unit", self.at, {})
        self.keys: Mapping[Written, Given] = given.get("key", {})

    def all(self) -> Iterator[tuple[str, Given]]:
        """Yield each entity's name and its body."""
        yield self.name, self._balances()
        if "holds" in self.given:
            yield holds_of(self.name), self._holds()
        yield entries_of(self.name), self._entries()
        if "lots" in self.given:
            yield lots_of(self.name), self._lots()
            yield draws_of(self.name), self._draws()

    def _balances(self) -> Given:
        fields = self._key(immutable=True)
        for name, body in self.given.get("buckets", {}).items():
            fields[name] = self._amount(name, body.get("label"), default=0)
        for name, body in self.given.get("balances", {}).items():
            formula = {"computed": body.get("is"), "stored": True}
            fields[name] = self._amount(name, body.get("label"), required=False, **formula)
        names = tuple(self._word(name.text, name.span) for name in self.keys)
        own = {
            "plural": self.given.get("plural") or self.label,
            "help": self.given.get("help"),
            "title": " · ".join(map(self._title, self.keys)) or "{id}",
            "key": names,
            "list": self.given.get("list") or self._list(fields, ("-created_at",)),
            "detail": self.given.get("detail") or self._detail(),
        }
        return self._entity(self.name, self.label, fields, own)

    def _entries(self) -> Given:
        buckets = self.given.get("buckets", {})
        fields = {**self._back(), **self._key()}
        kinds = {name: self._option(name, body) for name, body in self._kinds().items()}
        fields |= self._field("kind", "choice", "Kind", "类型", options=kinds, required=True)
        fields[self._word("quantity")] = self._amount(self._word("quantity"), QUANTITY)
        for name, body in buckets.items():
            label = body.get("label") or Label({"": humanize(name.text)})
            fields[name] = self._amount(name, label, default=0)
            after = self._word(name.text + AFTER, name.span)
            fields[after] = self._amount(after, _both(label, "{} after", "{}（之后）"))
        fields |= self._field("cause_title", "text", "Cause", "原因单据", max=500)
        fields |= self._field("reason", "text", "Reason", "说明", max=500)
        fields |= self._field("cause", "text", "Kind of cause", "原因类型", max=63)
        fields |= self._field("cause_id", "text", "ID of the cause", "原因编号", max=64)
        fields |= self._field("transfer", "text", "Transfer", "调拨编号", max=36)
        own_name = entries_of(self.name)
        fields |= self._field(
            "reverses", "reference", "Reverses", "冲销", to=self._word(own_name), unique=True
        )
        if "holds" in self.given:
            held = self._word(holds_of(self.name))
            fields |= self._field("hold", "reference", "Hold", "预留", to=held)
        fields |= self._field(
            "post_key", "text", "Idempotency key", "幂等键", max=LONGEST_KEY, unique=True
        )
        keys = [name.text for name in self.keys][:MOST_KEYS]
        moved = [name.text for name in buckets][: max(1, MOST_KEYS - len(keys))]
        columns = ("created_at", "kind", *keys, *moved, "cause_title", "created_by")
        listing = {
            "columns": self._words(*columns),
            "filters": self._words("kind", *(n.text for n in self.keys), "created_at", "cause_id"),
            "sort": self._words("-created_at"),
        }
        own = {
            "plural": _both(self.label, "{}: entries", "{}流水"),
            "help": Label({"en": "What changed the balances.", "zh": "余额的每一次变动。"}),
            "title": "{kind} {quantity}",
            "indexes": (self._words("cause_id"),),
            "list": Given("list", self.at, listing),
        }
        return self._entity(own_name, _both(self.label, "{}: entry", "{}流水"), fields, own)

    def _holds(self) -> Given:
        fields = {**self._back(), **self._key()}
        states = {self._word(name): self._state(*texts) for name, texts in STATES.items()}
        fields |= self._field("state", "choice", "State", "状态", options=states, required=True)
        fields[self._word("quantity")] = self._amount(self._word("quantity"), QUANTITY)
        left = Label({"en": "Still held", "zh": "剩余预留"})
        fields[self._word("remaining")] = self._amount(self._word("remaining"), left)
        fields |= self._field("due_at", "datetime", "Until", "到期时间", index=True)
        fields |= self._field("cause_title", "text", "Cause", "原因单据", max=500)
        fields |= self._field("cause", "text", "Kind of cause", "原因类型", max=63)
        fields |= self._field("cause_id", "text", "ID of the cause", "原因编号", max=64, index=True)
        keys = tuple(name.text for name in self.keys)
        listing = {
            "columns": self._words(
                "created_at", "state", *keys[:2], "quantity", "remaining", "due_at", "cause_title"
            ),
            "filters": self._words("state", *keys, "due_at", "cause_id"),
            "sort": self._words("-created_at"),
        }
        own = {
            "plural": _both(self.label, "{}: holds", "{}预留"),
            "help": Label({"en": "What is set aside for a time.", "zh": "暂时预留的数量。"}),
            "title": "{quantity}",
            "list": Given("list", self.at, listing),
        }
        return self._entity(
            holds_of(self.name), _both(self.label, "{}: hold", "{}预留"), fields, own
        )

    def _lots(self) -> Given:
        fields = {**self._back(), **self._key()}
        fields |= self._field("code", "text", "Lot", "批次号", max=100)
        fields |= self._field("expires_at", "datetime", "Expires", "有效期至", index=True)
        received = Label({"en": "Received", "zh": "收入数量"})
        fields[self._word("quantity")] = self._amount(self._word("quantity"), received)
        left = Label({"en": "Left", "zh": "剩余数量"})
        fields[self._word("remaining")] = self._amount(self._word("remaining"), left)
        keys = tuple(name.text for name in self.keys)
        listing = {
            "columns": self._words(*keys, "code", "expires_at", "quantity", "remaining"),
            "filters": self._words(*keys, "expires_at", "remaining"),
            "sort": self._words("expires_at"),
        }
        own = {
            "plural": _both(self.label, "{}: lots", "{}批次"),
            "help": Label(
                {"en": "What came in, and what is left of it.", "zh": "各批收入及其剩余。"}
            ),
            "title": "{code}",
            "indexes": (self._words("balance", "expires_at"),),
            "list": Given("list", self.at, listing),
        }
        return self._entity(lots_of(self.name), _both(self.label, "{}: lot", "{}批次"), fields, own)

    def _draws(self) -> Given:
        to_entry = self._word(entries_of(self.name))
        to_lot = self._word(lots_of(self.name))
        fields = self._field("entry", "reference", "Entry", "流水", to=to_entry, required=True)
        fields |= self._field("lot", "reference", "Lot", "批次", to=to_lot, required=True)
        fields[self._word("quantity")] = self._amount(self._word("quantity"), QUANTITY)
        own = {
            "plural": _both(self.label, "{}: lots of entries", "{}批次明细"),
            "help": Label({"en": "Which lots an entry touched.", "zh": "流水涉及的批次。"}),
            "title": "{quantity}",
            "menu": False,
        }
        label = _both(self.label, "{}: lot of an entry", "{}批次明细")
        return self._entity(draws_of(self.name), label, fields, own)

    def _entity(
        self, name: str, label: Label, fields: Mapping[Written, Given], own: Mapping[str, Any]
    ) -> Given:
        values = {
            "ledger": self.name,
            "entity": name,
            "label": label,
            "icon": self.given.get("icon", "stack-2"),
            "archive": False,
            "menu": self.given.get("menu", True),
            "fields": dict(fields),
            **{key: value for key, value in own.items() if value is not None},
        }
        return Given("entity", self.at, values, {"entity": self.at})

    def _kinds(self) -> Mapping[Written, Given]:
        found: Mapping[Written, Given] = self.given.get("kinds", {})
        return found

    def _key(self, *, immutable: bool = False) -> dict[Written, Given]:
        fields = {}
        for name, body in self.keys.items():
            target = body.get("to")
            if target is None:
                fields[name] = self._text_key(name, body, immutable=immutable)
                continue
            known = self.targets.get(target.text)
            label = body.get("label") or (known.get("label") if known else None)
            values = {
                "type": self._word("reference", target.span),
                "to": target,
                "label": label or Label({"": humanize(name.text)}),
                "on_delete": "keep",
                "required": True,
                "immutable": immutable,
            }
            fields[name] = Given("field", name.span, values, {"to": target.span})
        return fields

    def _text_key(self, name: Written, body: Given, *, immutable: bool) -> Given:
        values = {
            "type": self._word("text", name.span),
            "label": body.get("label") or Label({"": humanize(name.text)}),
            "max": LONGEST_TEXT,
            "required": True,
            "immutable": immutable,
        }
        return Given("field", name.span, values)

    def _title(self, name: Written) -> str:
        """Return the part of a balance's title that names one record of its key."""
        to = self.keys[name].get("to")
        known = self.targets.get(to.text) if to is not None else None
        if known is None:
            return f"{{{name}}}"
        names = {one.text for one in known.get("fields", {})}
        usual = next((one for one in TITLE_FIELDS if one in names), "id")
        return str(known.get("title") or f"{{{usual}}}").replace("{", f"{{{name}.")

    def _back(self) -> dict[Written, Given]:
        """Return the link to the balance."""
        values = {
            "type": self._word("reference"),
            "to": self._word(self.name),
            "label": self.label,
            "required": True,
        }
        return {self._word("balance"): Given("field", self.at, values)}

    def _amount(
        self, name: Written, label: Label | None, required: bool = True, **more: Any
    ) -> Given:
        unit = self.unit
        values: dict[str, Any] = {
            "type": self._word(unit.get("type", "integer"), name.span),
            "label": label or Label({"": humanize(name.text)}),
            "required": required,
            **more,
        }
        wanted = {"quantity": ("places", "unit"), "money": ("places", "currency")}
        for key in wanted.get(unit.get("type", ""), ()):
            if key in unit:
                values[key] = unit.get(key)
        return Given("field", name.span, values)

    def _field(
        self, name: str, word: str, english: str, chinese: str, **more: Any
    ) -> dict[Written, Given]:
        label = Label({"en": english, "zh": chinese})
        values = {"type": self._word(word), "label": label, **more}
        return {self._word(name): Given("field", self.at, values)}

    def _option(self, name: Written, body: Given) -> Given:
        label = body.get("label") or Label({"": humanize(name.text)})
        return Given("option", body.span, {"label": label})

    def _state(self, english: str, chinese: str, tone: str, progress: str) -> Given:
        label = Label({"en": english, "zh": chinese})
        return Given("option", self.at, {"label": label, "tone": tone, "progress": progress})

    def _list(self, fields: Mapping[Written, Given], sort: tuple[str, ...]) -> Given:
        names = [name.text for name in fields]
        values = {
            "columns": self._words(*names[:8]),
            "filters": self._words(*names),
            "sort": self._words(*sort),
        }
        return Given("list", self.at, values)

    def _detail(self) -> Given:
        tabs = [f"{entries_of(self.name)}.balance"]
        if "holds" in self.given:
            tabs.append(f"{holds_of(self.name)}.balance")
        if "lots" in self.given:
            tabs.append(f"{lots_of(self.name)}.balance")
        return Given("detail", self.at, {"tabs": self._words(*tabs, "history")})

    def _words(self, *names: str) -> tuple[Written, ...]:
        return tuple(self._word(name) for name in names)

    def _word(self, name: str, at: Span | None = None) -> Written:
        return Written(name, at or self.at)


QUANTITY = Label({"en": "Quantity", "zh": "数量"})
STATES: Mapping[str, tuple[str, str, str, str]] = {
    OPEN: ("Held", "预留中", "info", "half"),
    USED: ("Used", "已使用", "success", "full"),
    RELEASED: ("Released", "已释放", "neutral", "full"),
    EXPIRED: ("Expired", "已过期", "warning", "no"),
}
"""What people read of a hold's states: English, Chinese, the badge's color and shape."""


def _both(label: Label, english: str, chinese: str) -> Label:
    """Return a label made of an author's: ours in Chinese and, for all others, in English."""
    own = english.format(label.text("en"))
    return Label({"en": own, "zh": chinese.format(label.text("zh"))})
