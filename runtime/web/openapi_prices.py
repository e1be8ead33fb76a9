"""What the OpenAPI document says of carts and their prices."""

from __future__ import annotations

from generator.model.pricing import Pricing
from runtime.operations._carts import (
    ACCEPT_KEYS,
    CUSTOMER_KEYS,
    DELIVERY_KEYS,
    KEYS,
    LINE_KEYS,
    MOST_CODES,
    MOST_LINES,
    MOST_UNITS,
)
from runtime.web.openapi_parts import TEXT, Shape

AMOUNT: Shape = {"type": "string", "description": "Such as 12.50.", "examples": ["12.50"]}
MAYBE: Shape = {"type": ["string", "integer", "boolean", "array", "null"], "items": TEXT}
NUMBER: Shape = {"type": "integer"}


def price_shapes(pricing: Pricing) -> Shape:
    """Return the schemas of what is sent and what is answered."""
    texts = _list(TEXT, MOST_CODES)
    labels = {"type": "object", "properties": dict.fromkeys(pricing.item.labels, texts)}
    line = {
        "id": TEXT,
        "item": {**TEXT, "description": f"The {pricing.item.key} of the item."},
        "quantity": {**NUMBER, "minimum": 1, "maximum": MOST_UNITS, "default": 1},
        "price": {**AMOUNT, "description": "A price of its own; the item's if missing."},
        "list_price": AMOUNT,
        "least": AMOUNT,
        "tax": {**TEXT, "description": "Of a price of its own, in percent.", "examples": ["13"]},
        "labels": {**labels, "additionalProperties": False},
    }
    customer = {"key": TEXT, "groups": texts, "orders": {**NUMBER, "minimum": 0}}
    delivery = {"id": TEXT, "method": TEXT, "cost": AMOUNT}
    wish = {
        "promotion": {**TEXT, "description": "Of `offers`: what is taken of them."},
        "item": TEXT,
        "quantity": line["quantity"],
    }
    values: Shape = {name: {"type": ["string", "integer", "boolean"]} for name in pricing.facts}
    facts: Shape = {"type": "object", "properties": values, "additionalProperties": False}
    cart = {
        "currency": {"enum": list(pricing.currencies)},
        "lines": {**_list(_closed(line, LINE_KEYS), MOST_LINES), "minItems": 1},
        "customer": {"anyOf": [TEXT, _closed(customer, CUSTOMER_KEYS)]},
        "contact": TEXT,
        "at": {"type": "string", "format": "date-time"},
        "codes": texts,
        "channel": TEXT,
        "deliveries": _list(_closed(delivery, DELIVERY_KEYS), MOST_CODES),
        "facts": facts,
        "accept": _list(_closed(wish, ACCEPT_KEYS), MOST_CODES),
    }
    placing = {"cart": {"$ref": "#/components/schemas/Cart"}, "fingerprint": TEXT}
    return {
        "Cart": {**_closed(cart, KEYS), "required": ["lines"]},
        "Placing": {
            "type": "object",
            "properties": {**placing, "record": {"type": "object"}},
            "required": list(placing),
            "additionalProperties": False,
        },
        "Prices": _object({"data": _prices()}),
        "Repriced": _object({"data": _repriced()}),
    }


def _repriced() -> Shape:
    """Return the schema of what other lines of something placed would cost."""
    maybe: Shape = {"type": ["string", "null"]}
    amount = {"field": TEXT, "label": TEXT, "before": maybe, "after": maybe}
    taken: Shape = {**maybe, "description": "What it takes off; null where it does not apply."}
    promotion = {"promotion": TEXT, "label": TEXT, "before": taken, "after": taken}
    item = {"item": TEXT, "added": {"type": "boolean"}, "before": NUMBER, "after": NUMBER}
    yes: Shape = {"type": "boolean"}
    usable = {**yes, "description": "Whether it can be used again once it is given back."}
    holds = {**yes, "description": "Whether it takes effect."}
    code = {"code": TEXT, "promotion": TEXT, "before": holds, "after": holds, "given_back": yes,
            "usable": usable, "message": TEXT}  # fmt: skip
    return _object(
        {
            "version": NUMBER,
            "fingerprint": {**TEXT, "description": "What the transition takes as seen."},
            "amounts": _list(_object(amount)),
            "promotions": _list(_object(promotion)),
            "items": _list(_object(item)),
            "codes": _list(_object(code)),
            "prices": _prices(),
        }
    )


def _prices() -> Shape:
    discount = _object(
        {"promotion": TEXT, "version": NUMBER, "label": TEXT, "lane": TEXT, "amount": AMOUNT,
         "units": NUMBER, "code": TEXT}
    )  # fmt: skip
    sums: Shape = {"amount": AMOUNT, "discount": AMOUNT, "total": AMOUNT, "tax": AMOUNT}
    sums |= {"id": TEXT, "discounts": _list(discount)}
    units = _list(_object({"quantity": NUMBER, "total": AMOUNT}))
    line = {"item": TEXT, "quantity": NUMBER, "unit_price": AMOUNT, "units": units, **sums}
    reduced = {"lowest_before": AMOUNT}
    step = {"promotion": TEXT, "version": NUMBER, "label": TEXT, "lane": TEXT, "verdict": TEXT,
            "message": TEXT, "granted": AMOUNT}  # fmt: skip
    why = {"by": TEXT, "condition": TEXT, "have": MAYBE, "need": MAYBE,
           "missing": {"type": ["string", "integer"]},
           "shares": _list(_object({"line": TEXT, "base": AMOUNT, "amount": AMOUNT}))}  # fmt: skip
    listing = {"line": TEXT, "item": TEXT, "list": TEXT, "verdict": TEXT, "message": TEXT,
               "price": AMOUNT, "from_quantity": NUMBER}  # fmt: skip
    why_not = {"by": TEXT, "condition": TEXT, "have": MAYBE, "need": MAYBE}
    totals = ("goods", "discount", "extras", "delivery", "delivery_discount", "tax", "total")
    extra = {"promotion": TEXT, "item": TEXT, "quantity": NUMBER, "total": AMOUNT}
    offer = {"promotion": TEXT, "item": TEXT, "price": AMOUNT, "most": NUMBER}
    return _object(
        {
            "currency": TEXT,
            "at": {"type": "string", "format": "date-time"},
            "fingerprint": TEXT,
            "lines": _list({**_object({**line, **reduced}), "required": list(line)}),
            "deliveries": _list(_object(sums)),
            "extras": _list(_object(extra)),
            "offers": _list(_object(offer)),
            "codes": _list(_object({"code": TEXT, "state": TEXT, "message": TEXT})),
            "totals": _object(dict.fromkeys(totals, AMOUNT)),
            "tax_included": {"type": "boolean"},
            "prices": _list({**_object({**listing, **why_not}), "required": list(listing)}),
            "trace": _list({**_object({**step, **why}), "required": list(step)}),
            "hints": _list(TEXT),
        }
    )


def _object(properties: Shape) -> Shape:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _closed(properties: Shape, keys: frozenset[str]) -> Shape:
    """Return an object of just the keys that the operation takes."""
    assert properties.keys() == keys
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _list(items: Shape, most: int | None = None) -> Shape:
    found: Shape = {"type": "array", "items": items}
    return found if most is None else {**found, "maxItems": most}
