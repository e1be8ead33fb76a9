"""A small WSGI door beside Flask for what programs ask most: records, with a bearer.

Flask takes about as long for such a request as everything else together. This door does what Flask
would do, with the same functions, and hands on every request that is not plainly of this kind:
cookies, other methods, odd paths, unknown hosts, bodies of unknown or forbidden length. The tests
of the API run through both.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import partial
from http import HTTPStatus
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from runtime.errors import RequestError
from runtime.store.engine import Assuming, reading_together
from runtime.store.questions import Mistaken
from runtime.web import languages, observe, security
from runtime.web.context import Present, Web
from runtime.web.problems import bug, problem
from runtime.web.rest import Api
from runtime.web.rest_views import BESIDE, too_large
from runtime.web.urls import API
from runtime.web.wire import VARY, Answer, Asked

OURS = (*BESIDE, "openapi.json")
"""What stands below the API and is not about records."""

METHODS = frozenset({"GET", "POST", "PATCH", "DELETE"})

STATUS = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
NAMES = {
    "if-none-match": "HTTP_IF_NONE_MATCH",
    "if-match": "HTTP_IF_MATCH",
    "idempotency-key": "HTTP_IDEMPOTENCY_KEY",
    "x-reason": "HTTP_X_REASON",
    "x-confirm": "HTTP_X_CONFIRM",
    "content-type": "CONTENT_TYPE",
    "content-length": "CONTENT_LENGTH",
}

BODY = "shopwright.body"
"""Where the environment keeps a body that was read."""

log = logging.getLogger(__name__)


class Headers:
    """The headers that the API asks for, read from the WSGI environment."""

    def __init__(self, environ: WSGIEnvironment) -> None:
        self._environ = environ

    def get(self, name: str, default: str, /) -> str:
        """Return a header by its name in lower case."""
        found: str = self._environ.get(NAMES[name], default)
        return found


class Front:
    """Answers what it knows and hands on the rest."""

    def __init__(self, behind: WSGIApplication, here: Web, api: Api) -> None:
        self._behind, self._web, self._api = behind, here, api
        self._hosts = frozenset(here.settings.hosts)
        self._fixed = [
            *security.FIXED.items(),
            ("Content-Security-Policy", security.DATA),
            ("Cache-Control", "private, no-cache"),
            ("Vary", VARY),
        ]
        if here.settings.https:
            self._fixed.append(("Strict-Transport-Security", security.HSTS))

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        if not self._is_mine(environ, path):
            return self._behind(environ, start)
        here = self._begin(environ)
        method: str = environ["REQUEST_METHOD"]
        answer = self._answer(environ, method, path[len(API) :], here)
        here.operation, here.entity, here.code = answer.operation, answer.entity, answer.code
        observe.report(here, method, path, answer.status)
        observe.end(here)
        return self._send(answer, here, start)

    def _is_mine(self, environ: WSGIEnvironment, path: str) -> bool:
        return (
            environ["REQUEST_METHOD"] in METHODS
            and path.startswith(API)
            and "HTTP_AUTHORIZATION" in environ
            and "//" not in path
            and path.isascii()
            and not path.startswith(OURS, len(API))
            and "HTTP_COOKIE" not in environ
            and self._is_known(environ.get("HTTP_HOST", ""))
            and self._is_measured(environ)
        )

    def _is_known(self, host: str) -> bool:
        return not self._hosts or host.partition(":")[0] in self._hosts

    def _is_measured(self, environ: WSGIEnvironment) -> bool:
        """Return whether the body, if any, has a length that is said and allowed."""
        length: str = environ.get("CONTENT_LENGTH") or "0"
        return (
            "HTTP_TRANSFER_ENCODING" not in environ
            and length.isascii()
            and length.isdigit()
            and len(length) < 12
            and int(length) <= self._web.settings.max_json
        )

    def _begin(self, environ: WSGIEnvironment) -> Present:
        accepted = environ.get("HTTP_ACCEPT_LANGUAGE", "")
        locale = languages.choose("", accepted, self._web.runtime.app.locales)
        return observe.start(environ.get("HTTP_X_REQUEST_ID", ""), locale)

    def _answer(self, environ: WSGIEnvironment, method: str, path: str, here: Present) -> Answer:
        """Answer; a request goes on as if its caller were still the same, until that is known."""
        try:
            return self._tried(environ, method, path, here, assumes=True)
        except Mistaken:
            return self._tried(environ, method, path, here)

    def _tried(
        self,
        environ: WSGIEnvironment,
        method: str,
        path: str,
        here: Present,
        *,
        assumes: bool = False,
    ) -> Answer:
        engine, header = self._web.runtime.engine, environ["HTTP_AUTHORIZATION"]
        try:
            with reading_together(engine) if method == "GET" else Assuming(engine):
                here.actor = self._web.gate.by_header(header, here.locale, assumes=assumes)
                return self._api.answer(
                    Asked(
                        method=method,
                        path=path,
                        query=environ.get("QUERY_STRING", ""),
                        headers=Headers(environ),
                        body=partial(_body, environ),
                        actor=here.actor,
                        locale=here.locale,
                        request_id=here.request_id,
                        address=environ.get("REMOTE_ADDR", ""),
                    )
                )
        except Mistaken:
            raise
        except RequestError as refusal:
            if assumes:
                raise Mistaken from refusal
            return problem(refusal, here.locale, here.request_id)
        except Exception:  # the boundary: noqa: BLE001
            log.exception("a request failed")
            return bug(here.locale, here.request_id)

    def _send(self, answer: Answer, here: Present, start: StartResponse) -> Iterable[bytes]:
        fixed = self._fixed
        if "Cache-Control" in answer.headers:
            fixed = [one for one in fixed if one[0] not in answer.headers]
        headers = [
            *_content(answer),
            *fixed,
            *answer.headers.items(),
            (observe.HEADER, here.request_id),
        ]
        start(STATUS[answer.status], headers)
        return (answer.body,) if answer.stream is None else answer.stream


def _body(environ: WSGIEnvironment, most: int = 0, /) -> bytes:
    """Return the body, which is known to be no longer than JSON may be.

    Raises:
        TooLarge: it is longer than asked for.

    """
    length = int(environ.get("CONTENT_LENGTH") or "0")
    if most and length > most:
        raise too_large(most)
    # a request that begins anew is the same one: its body has been read
    if BODY not in environ:
        environ[BODY] = environ["wsgi.input"].read(length)
    body: bytes = environ[BODY]
    return body


def _content(answer: Answer) -> list[tuple[str, str]]:
    """Return what is said of the body: as Flask does, nothing of one that has not changed."""
    if answer.status == HTTPStatus.NOT_MODIFIED:
        return []
    kind = [("Content-Type", answer.media_type)]
    if answer.status == HTTPStatus.NO_CONTENT or answer.stream is not None:
        return kind
    return [*kind, ("Content-Length", str(len(answer.body)))]
