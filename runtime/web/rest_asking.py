"""What a request says: its body, the query, a version, a key, a confirmation.

In: headers, the query string and the body. Out: plain values for an `Incoming`; what cannot be
read is a `BadRequest` that names the header or the key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, unquote

from generator.model.text import Label
from rules.unmasking import EXPORT_PLAIN
from runtime.errors import BadRequest, FieldError
from runtime.messages import Actor
from runtime.store.idempotency import no_key
from runtime.web import spreadsheets
from runtime.web.bodies import read_json
from runtime.web.problems import WrongMedia
from runtime.web.wire import JSON, Asked

NO_KEY = "\0"
"""Stands for a header that was not sent; no header holds it."""

IF_MATCH = re.compile(r'"(\d{1,10})"\Z')
MOST_KEYS = 100
UNMASKED = "unmasked"
"""The key of an export that leaves with masked values in clear."""


def read_query(text: str) -> Mapping[str, tuple[str, ...]]:
    """Return the query string's values by key, in order.

    Raises:
        BadRequest: too many keys, broken UTF-8 or a NUL.

    """
    if not text:
        return {}
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_KEYS)
    except ValueError as error:
        raise _bad_query() from error
    found: dict[str, tuple[str, ...]] = {}
    for key, value in pairs:
        if "\x00" in key or "\x00" in value:
            raise _bad_query()
        found[key] = (*found.get(key, ()), value)
    return found


def read_version(header: str) -> int | None:
    """Return the version that `If-Match` names; None without the header.

    Raises:
        BadRequest: it is not one version in quotes.

    """
    if not header:
        return None
    written = IF_MATCH.match(header.strip())
    if written is None:
        message = Label(
            {
                "en": 'Write If-Match with the one version you read, such as "3".',
                "zh": 'If-Match 应为读取到的版本号，例如 "3"。',
            }
        )
        raise BadRequest(message, (FieldError("If-Match", "invalid", message),))
    return int(written[1])


def read_key(sent: str) -> str:
    """Return the key of a request, or nothing where none was sent.

    Raises:
        BadRequest: it was sent and says nothing: whoever meant to be protected would not be.

    """
    if sent == NO_KEY:
        return ""
    if not sent.strip():
        raise no_key()
    return sent


def with_proof(asked: Asked) -> Actor | None:
    """Return who asks with what they confirm: `X-Confirm` holds `yes`, or the record's title."""
    actor, said = asked.actor, asked.headers.get("x-confirm", "")
    if actor is None or not said:
        return actor
    text = unquote(said, errors="replace")[:500]
    return replace(actor, proof=replace(actor.proof, confirmed=text))


def payload(asked: Asked) -> Any:
    """Return the JSON of the body.

    Raises:
        BadRequest: it cannot be read.
        WrongMedia: it is told to be something else.

    """
    media, _, rest = asked.headers.get("content-type", "").partition(";")
    charset = rest.strip().lower()
    if media.strip().lower() != JSON or charset not in ("", "charset=utf-8"):
        raise WrongMedia(
            Label(
                {
                    "en": f"Send the body as {JSON} in UTF-8.",
                    "zh": f"请以 UTF-8 编码的 {JSON} 提交内容。",
                }
            )
        )
    return read_json(asked.body())


def only_keys(query: Mapping[str, tuple[str, ...]], known: frozenset[str]) -> None:
    """Refuse a query with a key that is not known.

    Raises:
        BadRequest: there is one.

    """
    for key in query:
        if key not in known:
            message = Label(
                {"en": f"There is no '{key}' to ask for here.", "zh": f"此处不支持参数“{key}”。"}
            )
            raise BadRequest(message, (FieldError(key, "unknown_field", message),))


def file_format(
    query: Mapping[str, tuple[str, ...]],
) -> tuple[str, Mapping[str, tuple[str, ...]]]:
    """Return the kind of file asked for, and the query without it.

    Raises:
        BadRequest: there is no such kind.

    """
    form = query.get("format", ("csv",))[-1]
    if form not in spreadsheets.FORMATS:
        known = ", ".join(spreadsheets.FORMATS)
        message = Label({"en": f"Write one of: {known}.", "zh": f"可用的值：{known}。"})
        raise BadRequest(message, (FieldError("format", "invalid", message),))
    return form, {key: texts for key, texts in query.items() if key != "format"}


def unmasked(
    query: Mapping[str, tuple[str, ...]],
) -> tuple[tuple[str, ...], Mapping[str, tuple[str, ...]]]:
    """Return what must be allowed beside an export, and the query without the key that says it.

    Raises:
        BadRequest: the key holds something else than `true` or `false`.

    """
    said = query.get(UNMASKED, ("false",))[-1]
    if said not in ("true", "false"):
        message = Label({"en": "Write 'true' or 'false'.", "zh": "请填写 true 或 false。"})
        raise BadRequest(message, (FieldError(UNMASKED, "invalid", message),))
    left = {key: texts for key, texts in query.items() if key != UNMASKED}
    return ((EXPORT_PLAIN,) if said == "true" else ()), left


def _bad_query() -> BadRequest:
    return BadRequest(
        Label(
            {
                "en": f"The query string is not UTF-8 text of at most {MOST_KEYS} keys.",
                "zh": f"查询字符串须为 UTF-8 文本，且最多 {MOST_KEYS} 项。",
            }
        )
    )
