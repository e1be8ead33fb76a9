"""`type`: the caller writes the record's title, so that it is this one they mean."""

from __future__ import annotations

from rules.proof import Proof


def is_met(proof: Proof, title: str, now: float) -> bool:
    """Return whether the title was written as it is, apart from spaces around it."""
    return bool(proof.approval) or (bool(title) and proof.confirmed.strip() == title.strip())
