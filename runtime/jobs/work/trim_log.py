"""A job: entries of the log whose time is over go, a sealed range in each transaction.

Every range leaves an entry of its own in the log, in the name of this job. It may stop anywhere and
goes on with the oldest range that is still there. What does not agree with its seal stays, with all
that came later, and the run fails so that somebody is told.
"""

from __future__ import annotations

import time

import sqlalchemy as sa

from rules import privacy
from runtime.jobs.worker import JobRuntime
from runtime.messages import Actor
from runtime.runtime import Runtime
from runtime.store.audit_removal import BeingProved, NotProved, Removed, remove_next
from runtime.store.engine import write
from runtime.store.trail import Note, Trail

NAME = "trim_log"
QUEUE = "bulk"
ATTEMPTS = 3
ALONE = NAME
LATE = 6 * 3600
WAIT_SECONDS, PATIENCE = 5.0, 600
"""How long between two tries, and how often, while somebody proves the log."""
LOG, REMOVED = "@log", "log_removed"
"""What the entry is about that tells of a removal, and what was done."""


def run(run_id: str, runtime: JobRuntime) -> None:
    """Remove range after range; where the log is kept for ever, none."""
    office: Runtime = runtime.application
    done = runtime.run.checkpoint or {"ranges": 0, "rows": 0, "until": None}
    patience = PATIENCE
    while True:
        runtime.run.pause_point()
        try:
            with write(office.engine) as connection:
                found = _one_range(connection, office, run_id)
                if found is None:
                    runtime.run.succeed(connection, done)
                    break
                done = {
                    "ranges": done["ranges"] + 1,
                    "rows": done["rows"] + found.rows,
                    "until": found.until.isoformat(),
                }
                runtime.run.advance(connection, done=done["rows"], checkpoint=done)
        except BeingProved:
            # outside of any transaction: who proves the log takes as long as it is
            if not patience:
                raise
            patience -= 1
            time.sleep(WAIT_SECONDS)
        except NotProved as wrong:
            runtime.run.note(str(wrong), "error", "finding", {"texts": dict(wrong.label.texts)})
            raise
    if done["rows"]:
        en = f"Removed {done['rows']} entries up to {done['until'][:16]} UTC."
        zh = f"已删除截至 {done['until'][:16]} UTC 的 {done['rows']} 条日志。"
        runtime.run.note(en, "info", "removed", {"texts": {"en": en, "zh": zh}})


def _one_range(connection: sa.Connection, office: Runtime, run_id: str) -> Removed | None:
    trail = Trail(office, Actor(0, NAME, frozenset(), kind="job"), "job", run_id)
    keep = office.audit_keep

    def tell(found: Removed) -> str:
        told = {
            "day": found.day,
            "rows": found.rows,
            "seal": found.number,
            "until": found.until.isoformat(),
            "kept": keep.text,
        }
        (row,) = trail.write(connection, Note(REMOVED, LOG, str(found.number), after=told))
        return row

    keys = (office.audit_key, *office.old_audit_keys)
    about = privacy.references(office.app)
    return remove_next(connection, office.system, keys, keep, office.clock(), tell, about)
