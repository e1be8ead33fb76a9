"""Which operation an address and a method ask for; what does not exist is refused alike for all.

In: the path below `/api/v1/` and the method. Out: entity, operation, the ids that stand in the
path. The routes are data, by the parts of the path that follow the entity, so that the OpenAPI
document and the tests read the same table.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from generator.model.app import App
from generator.model.text import Label
from runtime.errors import Unauthenticated
from runtime.pipeline import nothing_here
from runtime.price_book import reprices_by
from runtime.web import rest_ledgers
from runtime.web.problems import WrongMethod

LIST, RECORD = "", "{id}"
ROUTES: Mapping[str, Mapping[str, str]] = {
    LIST: {"GET": "list", "POST": "create"},
    RECORD: {"GET": "read", "PATCH": "update", "DELETE": "delete"},
    "{id}/restore": {"POST": "restore"},
    "{id}/history": {"GET": "history"},
    "{id}/reveal": {"POST": "reveal"},
    "{id}/copy": {"POST": "copy_person"},
    "{id}/erase": {"GET": "erasure", "POST": "erase"},
    "{id}/comments": {"GET": "comments", "POST": "comment"},
    "{id}/comments/{part}": {"PATCH": "edit_comment", "DELETE": "delete_comment"},
    "{id}/attachments": {"GET": "attachments", "POST": "attach"},
    "{id}/attachments/{part}": {"GET": "attachment", "DELETE": "detach"},
    "{id}/timers": {"GET": "timers"},
    "{id}/timers/{part}": {"PATCH": "extend"},
    "{id}/follow": {"PUT": "follow", "DELETE": "unfollow"},
    "{id}/transitions": {"GET": "transitions"},
    "{id}/transitions/{workflow}/{transition}": {"GET": "transitions", "POST": "transition"},
    "{id}/transitions/{workflow}/{transition}/preview": {"POST": "preview_transition"},
    "bulk": {"POST": "bulk"},
    "aggregate": {"GET": "aggregate"},
    "export": {"GET": "export"},
    "incidents": {"GET": "incidents", "POST": "settle_incident"},
    **rest_ledgers.ROUTES,
}
"""What follows the entity → method → operation."""

PRICES, PLACING = "pricing/evaluate", "pricing/place"
"""Not below an entity: `pricing:` of app.yaml says whose grants count."""
OF_PRICES: Mapping[str, Mapping[str, str]] = {
    PRICES: {"POST": "evaluate"},
    PLACING: {"POST": "place"},
}

FIXED = frozenset(route for route in ROUTES if route and "{" not in route)
OF_AN_EDGE = "{id}/transitions/{workflow}/{transition}"
BEFORE_AN_EDGE = f"{OF_AN_EDGE}/preview"
"""Of a transition that gives what is placed other lines: what that would cost."""


def place_of(path: str, app: App) -> tuple[str, str, str, str]:
    """Return entity, route, record id and part id of a path."""
    if path in OF_PRICES and _of_prices(path, app):
        return _of_prices(path, app), path, "", ""
    parts = path.split("/")
    entity = parts[0]
    if entity not in app.entities:
        raise nothing_here()
    if len(parts) == 1:
        return entity, LIST, "", ""
    if len(parts) == 2:
        place = (entity, parts[1], "", "")
        if parts[1] in rest_ledgers.ROUTES:
            if not rest_ledgers.offers(app, entity, parts[1]):
                raise nothing_here()
            return place
        return place if parts[1] in FIXED else (entity, RECORD, parts[1], "")
    route, part = "{id}/" + "/".join(parts[2:]), ""
    if len(parts) > 4 and parts[2] == "transitions":
        return (entity, *_edge_of(parts, app))
    if len(parts) == 4:
        route, part = f"{{id}}/{parts[2]}/{{part}}", parts[3]
    if route not in ROUTES:
        raise nothing_here()
    return entity, route, parts[1], part


def _edge_of(parts: list[str], app: App) -> tuple[str, str, str]:
    """Return the route, the record and the transition of an address."""
    entity, record_id, _, workflow, name, *more = parts
    if not more:
        return OF_AN_EDGE, record_id, f"{workflow}.{name}"
    if more != ["preview"] or not reprices_by(app, entity, workflow, name):
        raise nothing_here()
    return BEFORE_AN_EDGE, record_id, f"{workflow}.{name}"


def operation_of(route: str, method: str, known: Collection[str]) -> str:
    """Return the operation that a method means there.

    Raises:
        NotFound: none of the route's operations is known here.
        WrongMethod: another one is offered.

    """
    routes = OF_PRICES.get(route) or ROUTES[route]
    offered = {verb: operation for verb, operation in routes.items() if operation in known}
    if not offered:
        raise nothing_here()
    wanted = "GET" if method == "HEAD" else method
    if wanted not in offered:
        raise wrong_method(offered)
    return offered[wanted]


def _of_prices(path: str, app: App) -> str:
    """Return whose grants count for a cart; '' where there is no such address."""
    pricing = app.pricing
    if pricing is None:
        return ""
    if path == PRICES:
        return pricing.entity
    return pricing.placing.creates if pricing.placing is not None else ""


def sign_in_first() -> Unauthenticated:
    """Refuse somebody who did not say who they are."""
    return Unauthenticated(Label({"en": "Sign in first.", "zh": "请先登录。"}))


def wrong_method(offered: Mapping[str, str]) -> WrongMethod:
    """Refuse a method and say which are offered."""
    allowed = ", ".join(sorted({*offered, *(("HEAD",) if "GET" in offered else ())}))
    return WrongMethod(
        Label({"en": f"Use {allowed} here.", "zh": f"此处可用的请求方法：{allowed}。"}),
        allow=allowed,
    )
