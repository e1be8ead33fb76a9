"""Who asks: a session cookie, a JWT or a personal access token; exactly one, or nobody.

A request that carries a cookie and a bearer is refused, because two programs could disagree about
which of them counts. A bearer that does not work is refused everywhere; it never means "nobody".
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import MutableMapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from generator.model.text import Label
from rules.proof import NOTHING, Proof
from runtime.errors import BadRequest, Unauthenticated
from runtime.messages import Actor
from runtime.runtime import Runtime
from runtime.store import sessions, tokens
from runtime.store.tokens import MARK
from runtime.web.jwt import Claims, Tokens
from runtime.web.principals import Principal, Principals
from runtime.web.second_factor import SecondFactors
from runtime.web.settings import WebSettings

USER, SESSION, FINGERPRINT, STARTED = "_user_id", "sid", "pv", "at"
"""Keys of the session; the first is Flask-Login's."""
SECOND, PROVED = "sf", "pr"
"""Whether a second factor was given, and when somebody last proved who they are."""

LONGEST_BEARER = 2100


class Gate:
    """Finds out who asks."""

    def __init__(self, runtime: Runtime, settings: WebSettings) -> None:
        self.runtime = runtime
        self.principals = Principals(
            runtime.engine,
            runtime.system,
            runtime.schema,
            password_key=derive(settings.secret_key, "passwords"),
            token_key=derive(settings.secret_key, "tokens"),
            clock=runtime.clock,
        )
        self.jwt = Tokens(
            derive(settings.secret_key, "jwt"),
            settings.access_minutes * 60,
            settings.refresh_days * 86_400,
        )
        self.second_factors = SecondFactors(runtime, derive(settings.secret_key, "second factor"))

    def by_header(self, header: str, locale: str, *, assumes: bool = False) -> Actor:
        """Return who an `Authorization` header speaks for.

        With `assumes`, whoever asked before is taken for the same until the first statement.

        Raises:
            Unauthenticated: it is not a bearer that works now.

        """
        scheme, _, credential = header.partition(" ")
        credential = credential.strip()
        if scheme.lower() != "bearer" or not credential or len(credential) > LONGEST_BEARER:
            raise refused()
        by = self._by_token if credential.startswith(MARK) else self._by_jwt
        found, proof, second = by(credential, assumes)
        if found is None:
            raise refused()
        zone = self.runtime.app.time_zone
        return replace(found.actor, locale=locale, time_zone=zone, proof=proof, second=second)

    def by_session(self, session: MutableMapping[str, Any], locale: str) -> Actor | None:
        """Return who a session belongs to; an ended one is emptied."""
        try:
            user_id, session_id = int(session[USER]), str(session[SESSION])
            started = datetime.fromtimestamp(float(session.get(STARTED, 0)), UTC)
            found = self.principals.by_session(
                user_id, session_id, str(session[FINGERPRINT]), started
            )
        except (KeyError, ValueError):
            found = None
        if found is None or not self._is_enough(found, session.get(SECOND) is True):
            session.clear()
            return None
        self._note_seen(found, session_id)
        zone, second = self.runtime.app.time_zone, session.get(SECOND) is True
        return replace(found.actor, locale=locale, time_zone=zone, second=second)

    def _by_jwt(self, credential: str, assumes: bool) -> tuple[Principal | None, Proof, bool]:
        claims = self.jwt.read(credential, "access")
        if claims is None:
            return None, NOTHING, False
        found = self.by_claims(claims, assumes=assumes)
        if found is not None:
            self._note_seen(found, claims.session_id)
        return found, Proof(proved_at=claims.proved), claims.second

    def by_claims(self, claims: Claims, *, assumes: bool = False) -> Principal | None:
        """Return who a token of ours was given to; None when that has ended in whatever way."""
        issued = datetime.fromtimestamp(claims.issued, UTC)
        found = self.principals.by_session(
            claims.user_id, claims.session_id, claims.fingerprint, issued, assumes=assumes
        )
        return found if found is not None and self._is_enough(found, claims.second) else None

    def _is_enough(self, found: Principal, second: bool) -> bool:
        """Return whether somebody proved enough for the roles that they hold now."""
        return second or not self.second_factors.is_demanded(found.actor.roles)

    def _note_seen(self, found: Principal, session_id: str) -> None:
        """Note now and then that a listed session is in use."""
        now = self.runtime.clock()
        if found.seen is not None and now - found.seen > sessions.SEEN_EVERY:
            setting = self.runtime.system.setting
            sessions.note_seen(self.runtime.engine, setting, found.actor.id, session_id, now)
            self.principals.forget(found)

    def _by_token(self, credential: str, assumes: bool) -> tuple[Principal | None, Proof, bool]:
        now = self.runtime.clock()
        found = self.principals.by_token(credential, now, assumes=assumes)
        if found is not None and tokens.is_to_note(found.token_used, now):
            token = self.runtime.system.token
            tokens.note_use(self.runtime.engine, token, found.token_id, now)
            self.principals.forget(found)
        return found, NOTHING, False


def derive(secret: str, purpose: str) -> str:
    """Return a key for one purpose, so that no signature of one can pass for another."""
    return hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()


def refused() -> Unauthenticated:
    """Refuse a credential, in the same words whatever is wrong with it."""
    return Unauthenticated(
        Label({"en": "This credential does not work.", "zh": "该凭据无效或已失效。"})
    )


def two_identities() -> BadRequest:
    """Refuse a request that says twice who asks."""
    return BadRequest(
        Label(
            {
                "en": "Send a session cookie or an Authorization header, not both.",
                "zh": "会话 Cookie 与 Authorization 请求头只能使用其一。",
            }
        )
    )
