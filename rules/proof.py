"""`Proof`: what a request brings beside its rights, for what is sensitive."""

from __future__ import annotations

from dataclasses import dataclass

NOT_ASKED = "yes"
"""What stands for a plain confirmation."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What the caller brought."""

    confirmed: str = ""
    """What they confirmed with: `yes`, or the title they typed."""
    proved_at: float | None = None
    """When they last proved who they are, in seconds since 1970; None for a token."""
    approval: str = ""
    """The approval that carries this out; only the engine says so."""


NOTHING = Proof()
