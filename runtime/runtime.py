"""`Runtime`: everything a request needs, made once when the process starts, and nothing global."""

from __future__ import annotations

import importlib
import pkgutil
import secrets
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

import marshmallow as ma
import sqlalchemy as sa
import uuid_utils

import runtime.operations
from generator.build.followers import Followers, build_followers
from generator.build.needs import Needs, build_firing_needs, build_needs
from generator.build.schemas import build_schema
from generator.compile import Compiled
from generator.model.app import App
from generator.model.entity import Entity
from rules.matrix import Matrix, turning_days
from rules.pricing.offered import book_of
from rules.pricing.promotion import Book as PriceBook
from rules.pricing.promotion import book
from rules.workflow.asking import Machines
from runtime.audit_keep import THREE_YEARS, Keep
from runtime.flood import Flood
from runtime.guessing import Guesses
from runtime.mailing.server import NO_MAIL, Mail
from runtime.memory import Memory
from runtime.outside.box import NOBODY_OUTSIDE, Outside
from runtime.store.audit_key import DEVELOPMENT_KEY, AuditKey
from runtime.store.forms import Form
from runtime.store.guard import watch
from runtime.store.ledger_statements import Book
from runtime.store.schema import Schema
from runtime.store.statements import Statements
from runtime.store.system_tables import SystemTables


def new_id() -> str:
    """Return a UUIDv7: ordered by time, made in the application."""
    return str(uuid_utils.uuid7())


def utc_now() -> datetime:
    """Return the time; the one clock, handed in by `app.py`."""
    return datetime.now(UTC)  # noqa: TID251 (the clock itself)


@dataclass
class Runtime:
    """One back office, ready to answer."""

    compiled: Compiled
    engine: sa.Engine
    schema: Schema
    system: SystemTables
    clock: Callable[[], datetime] = utc_now
    make_id: Callable[[], str] = new_id
    choose: Callable[[str], str] = secrets.choice
    """Chance: one character of a text, which nobody can foresee."""
    audit_key: AuditKey = DEVELOPMENT_KEY
    """Signs what the audit says."""
    old_audit_keys: tuple[AuditKey, ...] = ()
    """Those that signed it before."""
    audit_keep: Keep = THREE_YEARS
    """How long the audit is kept."""
    outside: Outside = NOBODY_OUTSIDE
    """How other systems are reached from here."""
    mail: Mail = NO_MAIL
    """How people are written to."""
    remembered: Memory = field(default_factory=Memory)
    """What requests worked out and others will want again; it dies with the definitions."""
    forms: dict[str, Form] = field(default_factory=dict)
    """By entity, for `runtime.store.forms`."""
    denials: Flood = field(default_factory=Flood)
    """How many of each kind the audit told lately."""
    used: set[tuple[int, str, str]] = field(default_factory=set)
    """Which rights of weight this process knows to be in use: person, action, entity."""
    guesses: Guesses = field(default_factory=Guesses)
    """How many codes that are none were tried lately, and by whom."""
    _schemas: dict[Any, ma.Schema] = field(default_factory=dict)
    _period: tuple[int, Matrix] | None = None
    """Which days between two turns of the matrix, and the matrix of them."""

    def __post_init__(self) -> None:
        watch(self.engine, (table.name for table in self.schema.tables.values()))

    @property
    def app(self) -> App:
        """The model."""
        return self.compiled.app

    @cached_property
    def time_zone(self) -> ZoneInfo:
        """Where the shop is: its days begin and end there."""
        return ZoneInfo(self.app.time_zone)

    @property
    def matrix(self) -> Matrix:
        """The permission matrix of today: lines begin and end with days of the shop."""
        days = self._turning_days
        if not days:
            return self._whole_matrix
        today = self.clock().astimezone(self.time_zone).date()
        period = bisect_right(days, today)
        if self._period is None or self._period[0] != period:
            self.remembered, self._schemas = Memory(), {}
            self._period = (period, Matrix(self.app, today))
        return self._period[1]

    @cached_property
    def _turning_days(self) -> tuple[date, ...]:
        return turning_days(self.app)

    @cached_property
    def _whole_matrix(self) -> Matrix:
        return Matrix(self.app)

    @cached_property
    def no_person(self) -> Mapping[str, Any]:
        """What expressions learn of a person about whom nothing is recorded: empty lists."""
        return dict.fromkeys(self.app.person, ())

    @cached_property
    def needs(self) -> Mapping[str, Needs]:
        """What saving a record of each entity looks up and computes."""
        return build_needs(self.app)

    @cached_property
    def firing_needs(self) -> Mapping[str, Needs]:
        """What firing a transition of each entity looks up and computes."""
        return build_firing_needs(self.app)

    @cached_property
    def machines(self) -> Mapping[str, Machines]:
        """The state machines of each entity that has one which transitions move."""
        words = self.compiled.catalogs["effects"]
        return {
            name: Machines(
                self.app.entities[name], workflows, self.app.derivations.get(name, ()), words
            )
            for name, workflows in self.app.workflows.items()
        }

    @cached_property
    def prices(self) -> PriceBook:
        """The promotions of the definitions, ready to price with."""
        words = self.compiled.catalogs
        if self.app.pricing is None:
            return book([])
        both = (words["conditions"], words["actions"])
        return book_of(self.app.pricing, self.app.promotions.values(), both)

    @cached_property
    def offerings(self) -> frozenset[str]:
        """The entities whose records are promotions."""
        entities = self.app.entities.values()
        return frozenset(one.name for one in entities if one.promotion is not None)

    @cached_property
    def followers(self) -> Followers:
        """Which stored formulas follow a field of another record."""
        return build_followers(self.app)

    @cached_property
    def statements(self) -> Statements:
        """The statements built so far."""
        return Statements(self.schema)

    def book(self, ledger: str) -> Book:
        """Return a ledger with its tables."""
        known = ("book", ledger)
        return self.remembered.get(known, lambda: Book(self.app.ledgers[ledger], self.schema))

    @cached_property
    def operations(self) -> Mapping[str, ModuleType]:
        """What requests can do, by name: the modules of `runtime/operations/`."""
        return {
            found.name.rstrip("_"): importlib.import_module(f"runtime.operations.{found.name}")
            for found in pkgutil.iter_modules(runtime.operations.__path__)
            if not found.name.startswith("_")
        }

    def payload(self, entity: Entity, roles: frozenset[str], *, changes: bool) -> ma.Schema:
        """Return the schema of what these roles may send for an entity."""
        known = ("payload", entity.name, roles, changes)
        return self.remembered.get(known, lambda: self._payload(entity, roles, changes=changes))

    def _payload(self, entity: Entity, roles: frozenset[str], *, changes: bool) -> ma.Schema:
        action = "update" if changes else "create"
        names = {entity.name: action, **dict.fromkeys(self.child_entities(entity), action)}
        grants = {name: self.matrix.grant(roles, name, wanted) for name, wanted in names.items()}
        writable = {name: grant.write for name, grant in grants.items() if grant is not None}
        key = (entity.name, changes, tuple(sorted((n, g.key) for n, g in grants.items() if g)))
        if key not in self._schemas:
            self._schemas[key] = build_schema(
                entity, self.app, self.compiled.field_types, writable, changes=changes
            )
        return self._schemas[key]

    def child_entities(self, entity: Entity) -> tuple[str, ...]:
        """Return the entities that are edited with this one, parts of parts included."""
        found: list[str] = []
        for model in entity.fields.values():
            if model.type == "children":
                part = self.app.entities[model.target]
                found += [part.name, *self.child_entities(part)]
        return tuple(found)
