"""`reauthenticate`: the caller gave their password a moment ago; a token never can."""

from __future__ import annotations

from rules.proof import Proof

SECONDS = 300


def is_met(proof: Proof, title: str, now: float) -> bool:
    """Return whether they proved who they are in the last five minutes."""
    if proof.approval:
        return True
    return proof.proved_at is not None and 0 <= now - proof.proved_at <= SECONDS
