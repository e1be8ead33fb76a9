"""A plan: what applying these definitions does to this database, in words, SQL and counted rows.

A plan is a value that can be shown, kept as a file and applied later. It is sealed: it names the
definitions, the release and the schema it was made for, and whoever applies it makes it again and
refuses when the seals differ. So a plan file is never run as SQL from disk; it only proves that
what will run is what somebody has read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from generator.model.text import Label
from runtime.store.migrate.clocks import Counted
from runtime.store.migrate.renames import Renames

SAFE, BACKFILLS, NARROWS, DROPS = "safe", "backfills", "narrows", "drops"
CONSENTS: Mapping[str, str] = {NARROWS: "narrow", DROPS: "drop"}
"""The consent that a risk asks for: what a person passes as `--allow`."""


@dataclass(frozen=True)
class Step:
    """One change, in words and SQL."""

    table: str
    words: Label
    sql: tuple[str, ...]
    risk: str = SAFE
    """safe, backfills (old rows get a default), narrows (values may be cut) or drops."""


@dataclass(frozen=True)
class Finding:
    """Rows that a change breaks or alters, counted in the real data."""

    code: str
    words: Label
    count: int
    consent: str = ""
    """The consent under which it is done nevertheless: narrow, drop or none."""
    blocking: bool = False
    """Nothing but other definitions or other data helps."""
    at_once: int | None = None
    """Of timers: how many would be due at once if they were timed anew."""


@dataclass(frozen=True)
class MigrationPlan:
    """Everything that will happen, and what must hold for it to happen."""

    dialect: str
    digest: str
    """Of the definitions."""
    release: int
    """The number of the last applied release; 0 when there is none."""
    release_digest: str
    fingerprint: str
    """Of the schema the plan was made for."""
    steps: tuple[Step, ...] = ()
    findings: tuple[Finding, ...] = ()
    drift: tuple[Label, ...] = ()
    """What somebody altered by hand since the last release."""
    returns_to: int | None = None
    """The release whose definitions these are, for a rollback."""
    renames: Renames = field(default_factory=Renames)
    """The tables and columns that get other names; a rollback turns them round."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the next plan must know of these definitions."""
    timers: tuple[Counted, ...] = ()
    """What waits by clocks that change; `apply --timers` says what becomes of it."""

    @property
    def is_empty(self) -> bool:
        """Return whether the database is as these definitions ask."""
        return not self.steps

    @property
    def is_new_release(self) -> bool:
        """Return whether applying leaves anything behind: a schema or definitions that changed."""
        return bool(self.steps) or self.digest != self.release_digest

    @property
    def consents(self) -> frozenset[str]:
        """Return what must be allowed: drop, narrow."""
        of_steps = {CONSENTS[step.risk] for step in self.steps if step.risk in CONSENTS}
        return frozenset(of_steps | {one.consent for one in self.findings if one.consent})

    @property
    def obstacles(self) -> tuple[Finding, ...]:
        """Return the findings that no consent overcomes."""
        return tuple(one for one in self.findings if one.blocking)

    @property
    def seal(self) -> str:
        """Return the SHA-256 of what was decided: not of the counted rows, which may grow."""
        content = [
            self.dialect,
            self.digest,
            self.release,
            self.release_digest,
            self.fingerprint,
            self.returns_to,
            [[step.table, step.risk, step.sql] for step in self.steps],
        ]
        return hashlib.sha256(orjson.dumps(content)).hexdigest()
