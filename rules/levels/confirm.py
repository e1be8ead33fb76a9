"""`confirm`: the caller says once more that they mean it."""

from __future__ import annotations

from rules.proof import Proof


def is_met(proof: Proof, title: str, now: float) -> bool:
    """Return whether they said so; a typed title says it as well."""
    return bool(proof.confirmed or proof.approval)
