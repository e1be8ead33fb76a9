"""Back to an earlier release: its definitions, compiled again, and a plan from now to them.

The plan undoes the renames of the releases since (`undone_renames`), so the rows come along; what
those releases added is dropped, and that needs the same consent as ever. Applying it makes a new
release: history is never rewritten.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import sqlalchemy as sa

from generator.compile import Compiled, compile_definitions
from runtime.store.migrate.make import make_plan
from runtime.store.migrate.plan import MigrationPlan
from runtime.store.migrate.releases import Release, find_release, write_release


def release_definitions(release: Release) -> Compiled:
    """Return the model of a release's definition files.

    Raises:
        DefinitionError: this version of the engine does not accept them any more.

    """
    with tempfile.TemporaryDirectory() as folder:
        write_release(release, Path(folder))
        return compile_definitions(Path(folder))


def plan_rollback(engine: sa.Engine, number: int) -> tuple[Compiled, MigrationPlan]:
    """Return the definitions of a release and the plan that leads back to them; `apply` takes both.

    Raises:
        UnknownRelease: there is none of that number.
        DefinitionError: this version of the engine does not accept its definitions any more.

    """
    compiled = release_definitions(find_release(engine, number))
    return compiled, make_plan(engine, compiled, returns_to=number)
