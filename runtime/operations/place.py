"""`place`: a cart is priced once more and becomes a record with its parts, or nothing happens.

`{"cart": {…}, "fingerprint": …, "record": {…}}`: the cart as `evaluate` takes it, without prices
of its own; the fingerprint that `evaluate` told; further fields of the record. In one transaction
the cart is priced, the record written, and what it takes posted to the counters, in the order of
their keys. What costs something else by now is refused with the new prices; so is a cart whose last
use somebody else took meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from generator.model.placing import TRIALS, Placing
from generator.model.text import Label
from rules.permissions import Grant
from rules.pricing.trials import trials
from rules.pricing.uses import takes
from runtime import price_book
from runtime.errors import Busy, FieldError, Invalid, NotInFromState, PriceChanged
from runtime.messages import Incoming, Result
from runtime.operations import (
    _added,
    _agreeing,
    _carts,
    _counters,
    _elsewhere,
    _firing,
    _pace,
    _placing,
    _posting,
    _rights,
    _saving,
    _sensitive,
)
from runtime.operations._carts import SentCart, fault
from runtime.operations._making import create_inside
from runtime.operations._work import Work
from runtime.operations._writing import (
    ATTEMPTS,
    WriteCall,
    WritePlan,
    invalid_shape,
    load_payload,
    plan_write,
    transact,
)
from runtime.operations.evaluate import Evaluated, evaluated
from runtime.runtime import Runtime
from runtime.store import audit, fetch, inserts
from runtime.store.posted import Cause, Refused
from runtime.store.titles import title_of

ACTION = "create"
KEYS = ("cart", "fingerprint", "record")
CHANGED = Label(
    {
        "en": "The price has changed. Look at it again.",
        "zh": "价格已发生变化，请确认后重新提交。",
    }
)


@dataclass(frozen=True)
class Call:
    """A cart to be placed; what it becomes is as the caller sent it, in stored form."""

    write: WriteCall
    placing: Placing
    cart: SentCart
    fingerprint: str


@dataclass(frozen=True)
class Plan:
    """A placing within the right to create."""

    call: Call
    write: WritePlan


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Call:
    assert incoming.actor is not None
    pricing = runtime.app.pricing
    placing = pricing.placing if pricing is not None else None
    if pricing is None or placing is None or placing.creates != incoming.entity:
        raise _carts.refused(fault("", "no_prices", "Nothing is placed here.", "此处不支持下单。"))
    body = incoming.values
    if not isinstance(body, Mapping):
        raise invalid_shape()
    _posting.only(body, KEYS)
    cart = _cart(body.get("cart"), runtime)
    mark = body.get("fingerprint")
    if not isinstance(mark, str) or not mark:
        raise _carts.refused(fault("fingerprint", "required", "Send the fingerprint of the prices.",
                                   "请提交计价结果的指纹。"))  # fmt: skip
    entity = runtime.app.entities[placing.creates]
    record = body.get("record") or {}
    if not isinstance(record, Mapping):
        raise invalid_shape()
    taken = [
        fault(f"record.{name}", "read_only", "The cart says this.", "该字段由购物车决定。")
        for name in record
        if name in placing.fields
    ]
    if taken:
        raise _carts.refused(*taken)
    values = load_payload(
        replace(incoming, values=record), runtime, entity, incoming.actor, changes=True
    )
    return Call(WriteCall(incoming, incoming.actor, entity, values), placing, cart, mark)


def plan(call: Call, grant: Grant, runtime: Runtime) -> Plan:
    return Plan(call, plan_write(call.write, grant, runtime))


def execute(plan: Plan, runtime: Runtime) -> Result:
    """Place; what somebody else was quicker with is priced again and told.

    Raises:
        PriceChanged: it costs something else by now.
        Blocked: a ledger says no for another reason.

    """
    for _ in range(ATTEMPTS):
        try:
            return transact(plan.write, runtime, partial(_placed, plan))
        except Refused as refused:
            _look_again(plan, runtime)
            last = refused
        except NotInFromState:
            # what the record joins has moved on meanwhile, so that its prices are others now
            _look_again(plan, runtime)
            raise
    if last.entry is None:
        raise Busy() from last
    raise _posting.refusal(runtime, runtime.app.ledgers[last.entry.ledger], last) from last


def _placed(plan: Plan, work: Work) -> tuple[str, bool]:
    call, runtime, grant = plan.call, work.runtime, plan.write.grant
    found = evaluated(work.connection, runtime, call.write.actor, call.cart)
    if found.priced.fingerprint != call.fingerprint:
        raise PriceChanged(CHANGED, evaluated=found)
    taken = _taken(found)
    # others who refer to these records hold them too: whoever may write them begins with that
    _elsewhere.lock(work, _placing.used(runtime, call.placing, found))
    sent = frozenset(call.write.values)
    draft = _saving.draft_new(
        work,
        call.write.entity,
        {
            **_rights.defaults(grant, work.context),
            **call.write.values,
            **_placing.values(runtime, call.placing, found, _kept(work, found, taken)),
            **_rights.forced(grant, work.context),
        },
    )
    draft.sent = sent
    _saving.settle(work, draft)
    _agreeing.hold(work, call.placing, call.cart, draft)
    _sensitive.ask_about(work, "create", draft)
    _saving.write(work, draft)
    _rights.hold(work, grant, (draft,), {})
    audit.record(work, "create", draft)
    record_id = str(draft.facts["id"])
    key = f"place/{record_id}"
    entries = _counters.entries(runtime, taken, found.cart.currency, key)
    entries += _added.entries(work, found.priced, key)
    if entries:
        inserts.leave_now(work.connection)
        title = title_of(work.connection, work.runtime, draft.entity, draft.facts)
        cause = Cause(draft.entity.name, record_id, title, work.incoming.reason, work.actor_id)
        _posting.post_within(work, entries, cause)
        _pace.hold(work, taken)
    _keep_trials(work, call.placing, found, record_id)
    work.saved = draft
    if _firing.settle_all(work):
        work.saved = None
    return record_id, True


def _keep_trials(work: Work, placing: Placing, found: Evaluated, record_id: str) -> None:
    """Keep what promotions on trial would have given; the record stays as it is priced."""
    if TRIALS not in placing.filled:
        return
    shadows = price_book.on_trial(work.connection, work.runtime)
    if not shadows:
        return
    context = found.context
    done = trials(found.cart, found.book, shadows, context, found.at, found.priced)
    for entity, values in _placing.tried(work.runtime, placing, found, record_id, done):
        create_inside(work, entity, values)


def _kept(work: Work, found: Evaluated, taken: Any) -> Mapping[str, Any]:
    """Return what must be known later: to price what stays again, and to take it all again."""
    basis = price_book.basis(work.connection, work.runtime, found)
    bounds = _counters.bounds(work.runtime, taken, found.cart.currency)
    return {"basis": basis or None, "bounds": bounds or None}


def _taken(found: Evaluated) -> Any:
    try:
        return takes(found.priced, found.book, found.cart.currency, found.customers, found.context)
    except LookupError as error:
        said = fault("cart.customer", "required", "Say who buys: something is limited by customer.",
                     "请填写顾客：有优惠按顾客限量。")  # fmt: skip
        raise _carts.refused(said) from error


def _look_again(plan: Plan, runtime: Runtime) -> None:
    """Price the cart as the counters are now.

    Raises:
        PriceChanged: it costs something else.

    """
    call = plan.call
    with fetch.connection(runtime.engine) as connection:
        found = evaluated(connection, runtime, call.write.actor, call.cart)
    if found.priced.fingerprint != call.fingerprint:
        raise PriceChanged(CHANGED, evaluated=found)


def _cart(written: Any, runtime: Runtime) -> SentCart:
    """Return the cart, which leaves to the shop what only the shop knows.

    Raises:
        Invalid: with every fault at its place in the payload.

    """
    pricing = runtime.app.pricing
    assert pricing is not None
    try:
        cart = _carts.read_cart(written, pricing)
    except Invalid as wrong:
        errors = tuple(replace(one, field=_below(one.field)) for one in wrong.errors)
        raise _carts.refused(*errors) from wrong
    wishes: list[FieldError] = [
        fault(f"cart.{name}", "read_only", "The shop knows this itself.", "此项由系统确定。")
        for name, wished in (
            ("at", cart.at is not None),
            ("customer", cart.groups is not None or cart.orders is not None),
            *((f"lines.{at}.price", line.price is not None) for at, line in enumerate(cart.lines)),
        )
        if wished
    ]
    if wishes:
        raise _carts.refused(*wishes)
    return cart


def _below(path: str) -> str:
    return f"cart.{path}" if path else "cart"
