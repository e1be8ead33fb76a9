"""Records that are promotions, as they are saved: what cannot be is refused, a live one is frozen.

The same lints that `check` asks of files are asked of a record. What they are certain of is
refused at the field it comes from; what may surprise is told by the rule's own page. Freezing
happens in the transaction of the save, so that no evaluation sees half of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from generator.lints import Finding, Offered
from generator.model.entity import Entity
from generator.model.pricing import Promotion as Written
from generator.model.text import NOWHERE, Label
from generator.saying import in_language
from rules.lints import matches
from rules.pricing.rows import ALIVE, FROZEN, STATUSES, Composed, Path, compose, key_of
from runtime.errors import FieldError
from runtime.operations import _cart_facts
from runtime.operations._work import Draft, Facts, Work
from runtime.rule_names import on_screen
from runtime.runtime import Runtime
from runtime.store import promotions
from runtime.store.promotions import Version

ASKED = ("draft", "review", *FROZEN)
"""In these a promotion must be one that can be; what is over may stay as it was."""
CERTAIN = frozenset({"D804", "D810"})
"""Lints that only warn of a file, and of a record are certain: it would never take effect."""
NEVER_SAYS = frozenset({"D809"})
"""The same, where the promotion itself names the currencies."""


def check(work: Work, draft: Draft, seen: Facts) -> None:
    """Note what keeps a record from being the promotion it is said to be."""
    pricing = work.runtime.app.pricing
    if draft.entity.promotion is None or pricing is None:
        return
    draft.offer = composed(work.runtime, draft.entity, seen, work.context)
    if draft.offer.status not in ASKED:
        return
    found = list(findings(work.runtime, draft.offer))
    errors = {
        (draft.offer.field(one.path), one.code): one
        for one in found
        if is_certain(one, draft.offer)
    }
    for (place, code), one in errors.items():
        message = on_screen(f"{one.message} {one.hint}".strip(), False)
        chinese = f"{in_language(one.message, 'zh')}{in_language(one.hint, 'zh')}"
        chinese = on_screen(chinese, True)
        work.errors.append(FieldError(draft.at(place), code, Label({"en": message, "zh": chinese})))
    if not errors:
        work.errors += _unknown(work, draft)


def composed(
    runtime: Runtime, entity: Entity, seen: Mapping[str, Any], context: Mapping[str, Any]
) -> Composed:
    """Return a record as the promotion it is."""
    assert entity.promotion is not None
    key = key_of(map(seen.get, entity.key), str(seen.get("id") or "new"))
    return compose(entity.promotion, seen, context, key, runtime.app.time_zone)


def findings(
    runtime: Runtime, offer: Composed, beside: Sequence[Written] = ()
) -> Iterator[Finding]:
    """Yield what the lints say of a promotion, beside those it may stand with."""
    pricing, words = runtime.app.pricing, runtime.compiled.catalogs
    assert pricing is not None
    every = (as_written(offer), *beside, *_named(runtime, offer))
    offered = Offered(every, pricing, words["conditions"], words["actions"])
    wrong = [one for one in words["lints"]["readable"].find(offered) if one.promotion == offer.id]
    yield from wrong
    for word in words["lints"] if not wrong else ():
        if word != "readable":
            found = words["lints"][word].find(offered)
            yield from (one for one in found if one.promotion == offer.id)


def is_certain(one: Finding, offer: Composed) -> bool:
    """Return whether a promotion of which this is said can never be what it is meant to be."""
    if one.code in NEVER_SAYS:
        return bool(offer.written.get("currencies"))
    return one.severity == "error" or one.code in CERTAIN


def as_written(offer: Composed) -> Written:
    """Return a composed promotion as the lints see those of files."""
    status = offer.status if offer.status in ALIVE else ALIVE[-1]
    texts = {**offer.written, "status": status}
    texts.setdefault("then", [])
    return Written(offer.id, Label(dict(offer.written["label"])), texts, NOWHERE)


def _named(runtime: Runtime, offer: Composed) -> Iterator[Written]:
    """Yield the promotions that one names, as far as they are of files."""
    beside = offer.written.get("combines_with")
    names = beside.get("promotions") if isinstance(beside, Mapping) else None
    for name in names if isinstance(names, list) else ():
        known = runtime.app.promotions.get(name) if isinstance(name, str) else None
        if known is not None:
            yield known
        elif isinstance(name, str) and name.partition(":")[0] in runtime.offerings:
            yield Written(name, Label({"": name}), {"id": name, "then": []}, NOWHERE)


def _unknown(work: Work, draft: Draft) -> Iterator[FieldError]:
    """Yield the items and labels that a promotion names and that are nowhere."""
    offer, actor = draft.offer, work.incoming.actor
    assert offer is not None
    assert actor is not None
    facts = _cart_facts.Facts(work.connection, work.runtime, actor)
    named: dict[str, dict[str, list[str]]] = {}
    for facet, value, path in _mentioned(offer):
        named.setdefault(facet, {}).setdefault(value, []).append(offer.field(path))
    for facet, values in named.items():
        for value in facts.missing(facet, values):
            message = Label({"en": f"There is no '{value}' here.", "zh": f"没有“{value}”。"})
            for place in values[value]:
                yield FieldError(draft.at(place), "not_found", message)


def _mentioned(offer: Composed) -> Iterator[tuple[str, str, Path]]:
    """Yield each item ('' as its facet) and each value of a label that a promotion names."""
    for path, holder in matches(as_written(offer)):
        for key in ("include", "exclude"):
            match = holder.get(key) or {}
            for at, item in enumerate(match.get("items") or ()):
                yield "", item, (*path, key, "items", at)
            for facet, values in (match.get("labels") or {}).items():
                for at, value in enumerate(values or ()):
                    yield facet, value, (*path, key, "labels", facet, at)
    for at, action in enumerate(offer.written.get("then") or ()):
        if isinstance(action.get("item"), str):
            yield "", action["item"], ("then", at, "item")


def publish(work: Work, drafts: Iterable[Draft]) -> None:
    """Freeze the promotions of records that went live, and follow the others' status."""
    changed = False
    for draft in drafts:
        if draft.offer is not None:
            changed |= _publish(work, draft, draft.offer)
    if changed:
        promotions.raise_mark(work.connection, work.runtime.system.epoch)


def _publish(work: Work, draft: Draft, offer: Composed) -> bool:
    """Return whether anything that pricing looks at is another now."""
    connection, table = work.connection, work.runtime.system.promotion
    last = promotions.newest(connection, table, offer.id)
    status = offer.status if offer.status in STATUSES else STATUSES[-1]
    if status in FROZEN and (last is None or last.written != offer.written):
        version = Version(
            offer.id,
            last.number + 1 if last else 1,
            status,
            offer.written,
            draft.entity.name,
            str(draft.facts["id"]),
            work.now,
            work.actor_id,
        )
        promotions.freeze(connection, table, version)
        return True
    if last is None or last.status == status:
        return False
    promotions.move(connection, table, last, status)
    return True


def put_away(work: Work, entity: Entity, record_id: str, *, gone: bool) -> None:
    """Take the promotion of a record out of everything, or bring it back."""
    if entity.promotion is None:
        return
    table = work.runtime.system.promotion
    if promotions.put_away(work.connection, table, (record_id,), gone=gone):
        promotions.raise_mark(work.connection, work.runtime.system.epoch)
