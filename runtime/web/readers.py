"""Somebody as they are now, where no request says who asks: for letters, for work in their name.

In: the number of an account. Out: an `Actor` with the roles that they hold at this moment, for a
time too, and with what records say of them. It is the question of the sign-in, asked by nobody.
"""

from __future__ import annotations

from runtime.messages import Actor
from runtime.runtime import Runtime
from runtime.web.principals import Principals


def reader_of(runtime: Runtime, user_id: int) -> Actor | None:
    """Return somebody with the rights they have now; None when they may not sign in any more."""
    known = runtime.remembered.get(
        ("readers",),
        lambda: Principals(
            runtime.engine,
            runtime.system,
            runtime.schema,
            # nobody proves here who they are, so nothing is compared under these keys
            password_key="",
            token_key="",
            clock=runtime.clock,
        ),
    )
    found = known.current(user_id)
    return None if found is None else found.actor
