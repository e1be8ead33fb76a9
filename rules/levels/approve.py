"""`approve`: another person agrees first; the request waits for them."""

from __future__ import annotations

from rules.proof import Proof


def is_met(proof: Proof, title: str, now: float) -> bool:
    """Return whether this is the carrying out of what somebody approved."""
    return bool(proof.approval)
