"""The whole back office as one frozen value: what every definition together says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from generator.model.access import (
    Conflict,
    GrantRule,
    Guardrail,
    LogRule,
    PersonFact,
    Reviews,
    Role,
    Sensitive,
)
from generator.model.alert import Alert
from generator.model.connector import Connector, Webhook
from generator.model.entity import Entity, Field
from generator.model.importmap import ImportMap
from generator.model.job import Calendar, Job
from generator.model.ledger import Ledger
from generator.model.message import Message
from generator.model.placing import PROMOTION
from generator.model.pricing import Pricing, Promotion
from generator.model.scenario import Scenario
from generator.model.text import Label
from generator.model.workflow import Derivation, Workflow


@dataclass(frozen=True)
class Module:
    """A folder of definitions; a group of the menu."""

    name: str
    label: Label
    icon: str


@dataclass(frozen=True)
class App:
    """The resolved, frozen model of all definitions."""

    name: str
    label: Label
    locales: tuple[str, ...]
    time_zone: str
    currency: str
    modules: Mapping[str, Module]
    entities: Mapping[str, Entity]
    roles: Mapping[str, Role]
    grants: tuple[GrantRule, ...]
    digest: str
    """SHA-256 of all definition files: the definition hash an audit row carries."""
    importmaps: Mapping[str, ImportMap] = field(default_factory=dict)
    guardrails: tuple[Guardrail, ...] = ()
    sensitive: tuple[Sensitive, ...] = ()
    """What asks for more than a click."""
    masks: Mapping[str, str] = field(default_factory=dict)
    """Class of fields → kind of mask, where it is not the field type's own."""
    log: Mapping[str, LogRule] = field(default_factory=dict)
    """Class of fields → what the logs keep of its values, where that is not the usual."""
    conflicts: Mapping[str, Conflict] = field(default_factory=dict)
    """Roles that do not go together, by name."""
    reviews: Reviews | None = None
    """How often rights are reviewed; None: when somebody begins it, and without a deadline."""
    person: Mapping[str, PersonFact] = field(default_factory=dict)
    """What expressions may ask of a person, by name."""
    approvals: Mapping[str, str] = field(default_factory=dict)
    """By `ROLE.ENTITY`: why the role may do more than it could."""
    scenarios: Mapping[str, Scenario] = field(default_factory=dict)
    """What `verify` plays, by name."""
    workflows: Mapping[str, Mapping[str, Workflow]] = field(default_factory=dict)
    """By entity and name: the state machines that transitions move."""
    derivations: Mapping[str, tuple[Derivation, ...]] = field(default_factory=dict)
    """By entity: the states that follow from other fields."""
    connectors: Mapping[str, Connector] = field(default_factory=dict)
    """Other systems that are asked for things, by name."""
    webhooks: Mapping[str, Webhook] = field(default_factory=dict)
    """The addresses at which they tell us what happened, by name."""
    ledgers: Mapping[str, Ledger] = field(default_factory=dict)
    """What is counted, by name."""
    pricing: Pricing | None = None
    """Which fields are the facts that prices hang on."""
    promotions: Mapping[str, Promotion] = field(default_factory=dict)
    """Those of the definitions, by name."""
    jobs: Mapping[str, Job] = field(default_factory=dict)
    """What is done in the background, by name."""
    alerts: Mapping[str, Alert] = field(default_factory=dict)
    """What is watched, by name."""
    messages: Mapping[str, Message] = field(default_factory=dict)
    """What people are told, by name."""
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    """Which days are worked, by name."""

    def field(self, entity: str, name: str) -> Field | None:
        """Return a field by entity and name, or None."""
        found = self.entities.get(entity)
        return found.fields.get(name) if found else None

    def is_counted(self, entity: str, tab: str) -> bool:
        """Return whether a tab `LEDGER.promotion` is what was counted of records as promotions."""
        name, _, part = tab.partition(".")
        ledger = self.ledgers.get(name)
        if self.pricing is None or ledger is None or self.entities[entity].promotion is None:
            return False
        counts = any(one.ledger == name for one in self.pricing.counters.values())
        return counts and part == PROMOTION and part in ledger.key

    def walk(self, entity: str, path: str) -> tuple[Field, ...] | None:
        """Return the fields along a path such as `customer.name`, or None when it leads nowhere."""
        steps: list[Field] = []
        here = entity
        for name in path.split("."):
            step = self.field(here, name)
            if step is None:
                return None
            steps.append(step)
            here = step.target
        return tuple(steps)
