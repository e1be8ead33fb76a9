"""A transition that is wanted, what came of it, and who asks: what the ways of firing share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from generator.model.workflow import (
    API,
    PEOPLE,
    SECOND_PERSON,
    SYSTEM,
    USER,
    Transition,
)
from rules.levels import levels
from rules.permissions import Grant, transition_action
from rules.role_names import closure
from rules.workflow.asking import Asker
from runtime.messages import Actor, Incoming
from runtime.operations._held import Held
from runtime.operations._work import Draft, Work
from runtime.runtime import Runtime
from runtime.store.titles import title_of

LEVELS = {
    "dialog": "confirm",
    "type_value": "type",
    "reauth": "reauthenticate",
    SECOND_PERSON: "approve",
}
"""What a transition calls the levels of `rules/levels`."""
MACHINES = frozenset({"timer", "event", "system"})
"""Sources that only our own jobs name."""


@dataclass(frozen=True)
class Wanted:
    """A transition of one record that somebody or something wants."""

    entity: str
    record_id: str
    workflow: str
    transition: str
    input: Mapping[str, Any] = field(default_factory=dict)
    """Answers in their stored form."""
    source: str = SYSTEM
    """One of the triggers: user, api, system, timer, event."""
    version: int | None = None
    """The version that must still be stored; None: whatever it is."""
    cause: str = ""
    """The key of the outside event behind it: applied once, however often it is told."""
    cause_log_id: str = ""
    batch_id: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Fired:
    """What came of it."""

    record_id: str
    version: int
    steps: tuple[Mapping[str, Any], ...]
    """workflow, transition, from, to and log, by step; none where nothing was to be done."""
    repeated: bool = False
    draft: Draft | None = None
    """The record as it was written."""


def asker(work: Work, wanted: Wanted, held: Held | None = None) -> Asker:
    """Return who asks, as the algorithm knows them."""
    actor, runtime = work.incoming.actor, work.runtime
    facts = work.context["actor"]
    if actor is None or wanted.source not in PEOPLE:
        return Asker(wanted.source, facts=facts)
    return Asker(
        wanted.source,
        roles=_roles(runtime, actor, wanted.entity, wanted.workflow, wanted.transition),
        id=str(actor.real_id or actor.id),
        facts=facts,
        confirmed=_confirmed(work, actor, held) if held is not None else frozenset(),
    )


def grant_of(runtime: Runtime, actor: Actor, wanted: Wanted) -> Grant | None:
    """Return the right of a person to fire a transition; None when they have none."""
    action = transition_action(wanted.workflow, wanted.transition)
    return runtime.matrix.grant(actor.roles, wanted.entity, action)


def trigger_of(incoming: Incoming, edges: tuple[Transition, ...]) -> str:
    """Return what fires: of a person over REST `api` where some edge knows it, else `user`."""
    actor = incoming.actor
    if actor is not None and actor.kind == "system" and incoming.source in MACHINES:
        return incoming.source
    if incoming.source == "rest" and any(API in edge.triggers for edge in edges):
        return API
    return USER


def _roles(
    runtime: Runtime, actor: Actor, entity: str, workflow: str, transition: str
) -> frozenset[str]:
    """Return the roles of a person with all they include; none where the matrix says no."""
    action = transition_action(workflow, transition)
    if runtime.matrix.grant(actor.roles, entity, action) is None:
        return frozenset()
    roles = runtime.app.roles
    return frozenset().union(*(closure(role, roles) for role in actor.roles))


def _confirmed(work: Work, actor: Actor, held: Held) -> frozenset[str]:
    """Return the levels of confirmation that were given, about this record."""
    title = title_of(work.connection, work.runtime, held.draft.entity, held.draft.facts)
    now = work.runtime.clock().timestamp()
    return frozenset(
        name for name, level in LEVELS.items() if levels()[level](actor.proof, title, now)
    )
