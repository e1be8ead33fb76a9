"""`http`: asks over HTTP and JSON: a method, a path, a body, and where the answer says what.

Comes in: one call with its key, its values in API form and the settings in clear. Goes out: an
`Answer`. An answer that says neither yes nor no, a time-out, a broken line and a 5xx are unknown;
nothing that goes wrong outside is raised. Nothing here is logged: what travels may be a secret.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from generator.connectors import (
    ABSENT,
    HEADERS,
    PLACE,
    SAYS,
    UNKNOWN,
    Answer,
    Asked,
    ConnectorType,
    json_at,
    lost_places,
    operations,
)
from generator.kinds import Arg
from generator.model.connector import DONE, KEY, REFUSED, Connector
from generator.model.text import Label
from generator.problems import Problem
from runtime.connectors._paths import ask_path, fill
from runtime.outside.addresses import PrivateAddress

LARGEST = 1_000_000
"""Bytes of an answer; a larger one is none."""
INSIDE = "private_address"
"""The code of an address that leads inside: nothing was asked."""
LONGEST = 500
"""Characters kept of what a provider says."""
TEXT = r"[\s\S]+"
BASE_URL = "base_url"

OWN: Mapping[str, Arg] = {
    "method": Arg(
        "choice",
        "How it is asked.",
        default="POST",
        options=("GET", "POST", "PUT", "PATCH", "DELETE"),
    ),
    "path": Arg(
        "text", "Behind the base URL; `{name}` is an input, `{key}` the key.", required=True
    ),
    "query": Arg("map", "The query.", default={}, pattern=TEXT, of=Arg("text", "A text.")),
    "body": Arg("value", "The body; `{name}` in a text is an input, `{name:minor}` its cents."),
    "encoding": Arg("choice", "How the body is written.", default="json", options=("json", "form")),
    "answer": Arg(
        "map",
        "By output: where it stands in the answer, keys joined by dots.",
        default={},
        of=json_at(),
    ),
    "done": Arg("shape", "An answer of 2xx means done only if this holds.", shape=SAYS),
    "refused": Arg("shape", "An answer of 2xx is a refusal if this holds.", shape=SAYS),
    "refused_status": Arg(
        "list",
        "Statuses that are refusals for good.",
        default=(400, 402, 403, 404, 405, 409, 410, 422),
        of=Arg("integer", "A status.", minimum=400, maximum=499),
    ),
    "code": json_at(default="code"),
    "message": json_at(default="message"),
}


class Http(ConnectorType):
    args = {
        "operations": operations(OWN),
        "headers": HEADERS,
        "basic": Arg(
            "list",
            "The settings that are user name and password; one alone is the user name.",
            default=(),
            one=True,
            of=Arg("identifier", "A setting."),
        ),
        "key_header": Arg("text", "The header of the key.", default="Idempotency-Key"),
    }
    settings = {BASE_URL: Label({"en": "Base URL", "zh": "接口地址"})}

    def faults(self, connector: Connector) -> Iterator[Problem]:
        at = connector.span
        yield from lost_places(connector.given["headers"].values(), connector.settings, at)
        basic = (f"{{{name}}}" for name in connector.given["basic"])
        yield from lost_places(basic, connector.settings, at)
        for one in connector.operations.values():
            places = {*one.input, KEY}
            texts = [one.given["path"], *one.given["query"].values(), *_texts(one.given["body"])]
            yield from lost_places(texts, places, one.span)

    def call(self, asked: Asked) -> Answer:
        import httpx  # noqa: PLC0415 (checking definitions needs no client)

        from runtime.connectors._reaching import CheckedTransport  # noqa: PLC0415 (as the client)

        given = asked.operation.given
        try:
            with (
                httpx.Client(
                    transport=CheckedTransport(asked.allowed),
                    timeout=asked.operation.timeout,
                    follow_redirects=False,
                ) as client,
                client.stream(
                    given["method"], _url(asked), headers=_headers(asked), **_body(asked)
                ) as response,
            ):
                text = _read(response.iter_bytes())
                return _answer(asked, response.status_code, text)
        except PrivateAddress:
            return Answer(UNKNOWN, code=INSIDE, reached=False)
        except httpx.HTTPError as error:
            return Answer(UNKNOWN, code=type(error).__name__, reached=False)
        except (httpx.InvalidURL, ValueError) as error:
            return Answer(UNKNOWN, code=type(error).__name__, reached=False)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _texts(inner)


def _url(asked: Asked) -> str:
    values = {**asked.values, KEY: asked.key}

    def put(found: Any) -> str:
        return quote(str(values.get(found[1], "")), safe="")

    base = asked.settings[BASE_URL].rstrip("/")
    return f"{base}/{PLACE.sub(put, asked.operation.given['path']).lstrip('/')}"


def _headers(asked: Asked) -> dict[str, str]:
    given = asked.connector.given
    found = {name: str(fill(text, asked.settings)) for name, text in given["headers"].items()}
    if given["basic"]:
        pair = [asked.settings.get(name, "") for name in given["basic"]]
        plain = f"{pair[0]}:{pair[1] if len(pair) > 1 else ''}"
        found["Authorization"] = f"Basic {base64.b64encode(plain.encode()).decode()}"
    found[given["key_header"]] = asked.key
    found.setdefault("Accept", "application/json")
    return found


def _body(asked: Asked) -> dict[str, Any]:
    given, values = asked.operation.given, {**asked.values, KEY: asked.key}
    sent: dict[str, Any] = {}
    if given["query"]:
        sent["params"] = {name: fill(text, values) for name, text in given["query"].items()}
    if given["body"] is not None:
        body = fill(given["body"], values)
        sent["json" if given["encoding"] == "json" else "data"] = body
    return sent


def _read(parts: Iterator[bytes]) -> bytes:
    """Return a body; nothing of one that is too large."""
    found = b""
    for part in parts:
        found += part
        if len(found) > LARGEST:
            return b""
    return found


def _answer(asked: Asked, status: int, text: bytes) -> Answer:
    given, body = asked.operation.given, _json(text)
    code, message = _said(body, given["code"]), _said(body, given["message"])
    if 200 <= status < 300:
        if body is None and given["answer"]:
            return Answer(UNKNOWN, code="no_json")
        if _holds(given["refused"], body):
            return Answer(REFUSED, {}, code or "refused", message)
        if given["done"] is not None and not _holds(given["done"], body):
            return Answer(UNKNOWN, code=code or "pending", message=message)
        found = {name: ask_path(body, path.split(".")) for name, path in given["answer"].items()}
        return Answer(DONE, {name: value for name, value in found.items() if value is not None})
    if status == 404 and asked.about:
        return Answer(ABSENT, code="absent")
    if status in given["refused_status"]:
        return Answer(REFUSED, {}, code or f"http_{status}", message)
    return Answer(UNKNOWN, code=code or f"http_{status}", message=message, reached=status < 500)


def _json(text: bytes) -> Any:
    import orjson  # noqa: PLC0415 (as the client)

    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _said(body: Any, path: str) -> str:
    found = ask_path(body, path.split("."))
    return str(found)[:LONGEST] if isinstance(found, (str, int)) else ""


def _holds(says: Any, body: Any) -> bool:
    if says is None:
        return False
    found = ask_path(body, says.get("at").split("."))
    text = str(found).lower() if isinstance(found, bool) else str(found)
    return found is not None and text in says.get("is")
