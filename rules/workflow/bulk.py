"""How many records one transition takes at once: at once, as a job, or not at all."""

from __future__ import annotations

from generator.model.workflow import Transition

AT_ONCE = 19
"""So many records are done while somebody waits; more become a job."""


def manner(edge: Transition, count: int) -> str:
    """Return `sync`, `job` or `refused` for a number of selected records."""
    if count > edge.bulk:
        return "refused"
    return "sync" if count <= AT_ONCE else "job"
