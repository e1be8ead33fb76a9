"""`transitions`: what somebody could do with one record now, and what stands in the way.

Nothing is locked, and nothing of a record is written: a stored state that nobody knows opens an
incident. One that the caller's roles may not fire is not listed;
one that a guard blocks is, with every reason. `?id=workflow.name` asks about one alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generator.model.entity import Entity
from generator.model.text import Label
from generator.model.workflow import API, USER, InputField
from rules.blockers import Blocker
from rules.permissions import Grant, transition_action
from rules.role_names import closure
from rules.workflow.asking import Asker, Machines, Offer, Refused
from rules.workflow.offers import offers
from runtime.errors import Broken
from runtime.messages import Actor, Incoming, Result
from runtime.operations import _asking, _broken, _held, _reading, _rights
from runtime.operations._unfired import said, unfired
from runtime.operations._veiled import shows, veiled
from runtime.operations._work import Work
from runtime.runtime import Runtime
from runtime.store import fetch

ACTION = "read"


@dataclass(frozen=True)
class Call:
    """A record, and which of its transitions."""

    incoming: Incoming
    actor: Actor
    entity: Entity
    only: str


@dataclass(frozen=True)
class Plan:
    """The call inside the right to read the record."""

    call: Call
    grant: Grant


@dataclass(frozen=True)
class Reason:
    """One thing that stands in the way, in words."""

    code: str
    message: Label
    params: Mapping[str, Any]


@dataclass(frozen=True)
class Offered:
    """One transition, as a button shows it."""

    workflow: str
    name: str
    label: Label
    targets: tuple[str, ...]
    allowed: bool
    reasons: tuple[Reason, ...]
    confirm: str
    questions: Mapping[str, InputField]
    bulk: int

    @property
    def id(self) -> str:
        """What it is called in addresses."""
        return f"{self.workflow}.{self.name}"


@dataclass(frozen=True)
class Standing:
    """Where a record is in each of its workflows, and the ways out."""

    record_id: str
    version: int
    states: Mapping[str, str]
    """By workflow, derived ones among them; without those that the caller may not read."""
    offered: tuple[Offered, ...]


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Call:
    assert incoming.actor is not None
    only = _asking.one(incoming.query, "id")
    return Call(incoming, incoming.actor, runtime.app.entities[incoming.entity], only)


def plan(call: Call, grant: Grant, runtime: Runtime) -> Plan:
    return Plan(call, grant)


def execute(plan: Plan, runtime: Runtime) -> Result:
    call = plan.call
    record_id = call.incoming.record_id
    try:
        with fetch.connection(runtime.engine) as connection:
            context = _reading.context(runtime, call.actor)
            work = Work(connection, runtime, call.incoming, context["now"], context, fires=True)
            return Result(row=standing(work, call.entity, record_id, plan.grant, call.only))
    except Broken as refusal:
        # nobody may ever try to move it, so whoever sees it first lets an operator know
        _broken.note(runtime, call.incoming, refusal)
        raise


def standing(work: Work, entity: Entity, record_id: str, grant: Grant, only: str = "") -> Standing:
    """Return what the caller could do with a record that they may read.

    Args:
        work: its `fires` is set; nothing is written.
        entity: of the record.
        record_id: which record.
        grant: the caller's right to read.
        only: `workflow.name`, or a name alone; empty for all.

    Raises:
        NotFound: they may not reach the record, or it has no such transition.
        UnknownStoredState: a stored state is none of the definition.

    """
    held = _held.hold(work, entity, record_id, grant, lock="")
    machines = work.runtime.machines.get(entity.name)
    if machines is None:
        return Standing(record_id, held.version, _states(work, held), ())
    workflow, _, name = only.rpartition(".")
    edges = [edge for one in machines.workflows.values() for edge in one.transitions]
    if only and not any(edge.name == name for edge in edges):
        raise unfired(Refused("unknown_transition"))
    actor = work.incoming.actor
    assert actor is not None
    situation = _held.situation(work, held, edges, "")
    found: list[Offer] = []
    for source in (USER, API):
        by = _asker(work, actor, source)
        offered = offers(machines, by, situation, name)
        if isinstance(offered, Refused):
            raise unfired(offered)
        known = {(one.workflow, one.edge.name) for one in found}
        found += [one for one in offered if (one.workflow, one.edge.name) not in known]
    kept = [one for one in found if not workflow or one.workflow == workflow]
    may = _Rights(work, entity, record_id, actor, grant)
    shown = tuple(
        _offered(one, veiled(work, held, one.reasons, is_read=True))
        for one in kept
        if may.fire(one)
    )
    return Standing(record_id, held.version, _states(work, held), _in_order(machines, shown))


class _Rights:
    """Which transitions the matrix gives somebody on one record; equal rights are asked once."""

    def __init__(
        self, work: Work, entity: Entity, record_id: str, actor: Actor, reading: Grant
    ) -> None:
        self.work, self.entity, self.record_id = work, entity, record_id
        self.actor = actor
        self.known = {_scope(reading): True}

    def fire(self, one: Offer) -> bool:
        action = transition_action(one.workflow, one.edge.name)
        grant = self.work.runtime.matrix.grant(self.actor.roles, self.entity.name, action)
        if grant is None:
            return False
        scope = _scope(grant)
        if scope not in self.known:
            reaches = grant.is_wide or _rights.reaches(
                self.work, self.entity, self.record_id, grant
            )
            self.known[scope] = reaches
        return self.known[scope]


def _scope(grant: Grant) -> tuple[Any, ...]:
    """Return what decides which rows a grant reaches."""
    return (
        None if grant.rows is None else grant.tests_by_text,
        tuple(one.text for one in grant.require),
        tuple(one.text for one in grant.forbid),
    )


def _asker(work: Work, actor: Actor, source: str) -> Asker:
    roles = work.runtime.app.roles
    held = frozenset().union(*(closure(role, roles) for role in actor.roles))
    return Asker(source, held, str(actor.real_id or actor.id), work.context["actor"])


def _states(work: Work, held: _held.Held) -> dict[str, str]:
    app, entity = work.runtime.app, held.draft.entity.name
    owned = {one.name: one.field for one in app.workflows.get(entity, {}).values()}
    owned |= {one.name: one.field for one in app.derivations.get(entity, ())}
    return {
        name: str(held.facts.get(field))
        for name, field in owned.items()
        if shows(work, held, (field,), is_read=True)
    }


def _offered(one: Offer, reasons: tuple[Blocker, ...]) -> Offered:
    return Offered(
        one.workflow,
        one.edge.name,
        one.edge.label,
        one.edge.targets,
        one.allowed,
        tuple(_reason(each) for each in reasons),
        one.edge.confirm,
        one.edge.input,
        one.edge.bulk,
    )


def _reason(one: Blocker) -> Reason:
    return Reason(one.code, said(one), one.params)


def _in_order(machines: Machines, shown: tuple[Offered, ...]) -> tuple[Offered, ...]:
    """Return them as the files have them, whatever source offered them."""
    place = {
        (workflow.name, edge.name): number
        for workflow in machines.workflows.values()
        for number, edge in enumerate(workflow.transitions)
    }
    workflows = list(machines.workflows)

    def at(one: Offered) -> tuple[int, int]:
        return workflows.index(one.workflow), place[one.workflow, one.name]

    return tuple(sorted(shown, key=at))
