"""The second factor of sign-in: set up with a QR code, asked for, recovered, taken away.

Comes in: a person and what they typed. Goes out: whether it counts, and notes in the audit. The
secret is encrypted under a key of the installation, so a stolen table opens nothing; recovery codes
are fifty random bits each, kept as keyed hashes and shown once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken

from generator.model.app import App
from rules.role_names import closure, whole
from runtime.messages import Actor
from runtime.runtime import Runtime
from runtime.store import second_factors, sessions
from runtime.store.engine import write
from runtime.store.trail import Note, Trail
from runtime.web import totp
from runtime.web.codes import square

CODES = 10
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that look alike."""
HALF = 5


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What somebody needs to set an authenticator app up."""

    secret: str
    """In groups of four, for typing."""
    picture: str
    """A QR code as SVG."""


def demanding(app: App) -> frozenset[str]:
    """Return the roles whose holders need a second factor, by themselves or by inclusion."""
    asks = {role.name for role in app.roles.values() if role.second_factor}
    return frozenset(name for name in app.roles if closure(name, app.roles) & asks)


class SecondFactors:
    """Sets second factors up and asks for them."""

    def __init__(self, runtime: Runtime, key: str) -> None:
        self.runtime = runtime
        self.table = runtime.system.second_factor
        self._key = key.encode()
        digest = hashlib.sha256(self._key).digest()
        self._box = Fernet(base64.urlsafe_b64encode(digest))
        self._demanding = demanding(runtime.app)

    def is_demanded(self, roles: frozenset[str]) -> bool:
        """Return whether somebody with these roles needs a second factor."""
        return bool({whole(role) for role in roles} & self._demanding)

    def is_on(self, user_id: int) -> bool:
        """Return whether somebody is asked for a code."""
        found = second_factors.find(self.runtime.engine, self.table, user_id)
        return found is not None and found.confirmed_at is not None

    def codes_left(self, user_id: int) -> int | None:
        """Return how many recovery codes are left; None when no second factor is on."""
        found = second_factors.find(self.runtime.engine, self.table, user_id)
        return len(found.recovery) if found is not None and found.confirmed_at else None

    def begin(self, actor: Actor) -> Enrolment | None:
        """Return the setting up that somebody began, or begin it; None when it is on already."""
        found = second_factors.find(self.runtime.engine, self.table, actor.id)
        if found is not None and found.confirmed_at is not None:
            return None
        secret = self._open(found.sealed) if found is not None else ""
        if not secret:
            secret = totp.new_secret()
            sealed = self._box.encrypt(secret.encode()).decode()
            with write(self.runtime.engine) as connection:
                now = self.runtime.clock()
                second_factors.begin(connection, self.table, actor.id, sealed, now)
        issuer = str(self.runtime.app.label)
        said = totp.address(secret, issuer, actor.name)
        groups = [secret[at : at + 4] for at in range(0, len(secret), 4)]
        return Enrolment(" ".join(groups), square(said))

    def confirm(self, trail: Trail, actor: Actor, code: str) -> tuple[str, ...]:
        """Turn it on with a first code; return the recovery codes, shown once, or none."""
        found = second_factors.find(self.runtime.engine, self.table, actor.id)
        if found is None or found.confirmed_at is not None:
            return ()
        now = self.runtime.clock()
        step = totp.step_of(self._open(found.sealed), _digits(code), now.timestamp())
        if step is None:
            return ()
        codes = _new_codes()
        hashes = [self._hash(actor.id, one) for one in codes]
        with write(self.runtime.engine) as connection:
            done = second_factors.confirm(connection, self.table, actor.id, step, hashes, now)
            if not done:
                return ()
            trail.write(connection, _note("second_factor_on", actor.id, actor.name))
        return codes

    def accepts(self, trail: Trail, actor: Actor, code: str) -> bool:
        """Use up a code of the app, or a recovery code; False when it does not count."""
        found = second_factors.find(self.runtime.engine, self.table, actor.id)
        if found is None or found.confirmed_at is None:
            return False
        now = self.runtime.clock().timestamp()
        step = totp.step_of(self._open(found.sealed), _digits(code), now)
        with write(self.runtime.engine) as connection:
            if step is not None:
                return second_factors.use_step(connection, self.table, actor.id, step)
            hashed = self._hash(actor.id, _plain(code))
            used = second_factors.use_recovery(connection, self.table, actor.id, hashed)
            if used:
                trail.write(connection, _note("recovery_code_used", actor.id, actor.name))
            return used

    def renew_codes(self, trail: Trail, actor: Actor) -> tuple[str, ...]:
        """Return new recovery codes, shown once; the old ones no longer count."""
        codes = _new_codes()
        hashes = [self._hash(actor.id, one) for one in codes]
        with write(self.runtime.engine) as connection:
            if not second_factors.set_recovery(connection, self.table, actor.id, hashes):
                return ()
            trail.write(connection, _note("recovery_codes_renewed", actor.id, actor.name))
        return codes

    def turn_off(self, trail: Trail, actor: Actor) -> None:
        """Ask for no code any more."""
        with write(self.runtime.engine) as connection:
            if second_factors.remove(connection, self.table, actor.id):
                trail.write(connection, _note("second_factor_off", actor.id, actor.name))

    def reset(self, trail: Trail, user_id: int, name: str) -> None:
        """Take it away from somebody who lost their device, and end their sessions."""
        runtime = self.runtime
        with write(runtime.engine) as connection:
            if not second_factors.remove(connection, self.table, user_id):
                return
            trail.write(connection, _note("second_factor_reset", user_id, name))
        sessions.end_all(runtime.engine, runtime.system.setting, user_id, runtime.clock())

    def _open(self, sealed: str) -> str:
        """Return a secret; empty when it was sealed under another key."""
        try:
            return self._box.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return ""

    def _hash(self, user_id: int, code: str) -> str:
        message = f"recovery:{user_id}:{code}"
        return hmac.new(self._key, message.encode(), hashlib.sha256).hexdigest()


def _note(operation: str, user_id: int, name: str) -> Note:
    return Note(operation, record_id=str(user_id), title=name)


def _new_codes() -> tuple[str, ...]:
    def half() -> str:
        return "".join(secrets.choice(LETTERS) for _ in range(HALF))

    return tuple(f"{half()}-{half()}" for _ in range(CODES))


def _plain(code: str) -> str:
    """Return a recovery code as it was shown, however it was typed."""
    letters = "".join(sign for sign in code.lower() if sign.isalnum())
    return f"{letters[:HALF]}-{letters[HALF:]}"


def _digits(code: str) -> str:
    """Return the digits of a code without the spaces people type; full-width ones count."""
    found = "".join(str(int(sign)) for sign in code if sign.isdecimal())
    return found if len(found) == totp.DIGITS else "-"
