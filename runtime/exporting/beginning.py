"""Having a saved export made now: a run in the name of whoever asks, with their own rights.

The run asks for the rights itself; they are asked here as well, with the proof that a person at
the keyboard can give, so that what is `sensitive:` is not made without it.
"""

from __future__ import annotations

from runtime.errors import Forbidden
from runtime.exporting import rights, saved
from runtime.exporting.saved import Saved
from runtime.jobs import starting
from runtime.messages import Incoming
from runtime.operations import _sensitive
from runtime.operations.export import JOB, PROVED, told_of
from runtime.runtime import Runtime
from runtime.store.engine import write
from runtime.store.trail import Note, Trail


def begin(runtime: Runtime, trail: Trail, export: Saved) -> str:
    """Start a run of a saved export; return its id.

    Raises:
        RequestError: they may not export such records, or did not prove what is asked for.

    """
    actor = trail.actor
    assert actor is not None
    if actor.real_id:
        raise Forbidden()
    incoming = Incoming("export", export.wish.entity, actor, query={"fields": ("id",)})
    rights.planned(runtime, incoming)
    _sensitive.ask_to_export(runtime, incoming)
    given = {
        **export.wish.told(),
        **told_of(actor),
        "entity": export.wish.entity,
        "saved": export.id,
        PROVED: True,
    }
    with write(runtime.engine) as connection:
        run_id = starting.start_run(runtime, JOB, given, by=actor, connection=connection)
        trail.write(connection, Note("export_started", saved.ABOUT, export.id, export.name))
    return run_id
