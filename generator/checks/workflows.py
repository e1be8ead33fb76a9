"""What only the whole graph of a workflow shows: states without a way in or out, chance, circles.

Comes in: the resolved model. Goes out: D610 to D636. Errors stop the load; a warning is right
sometimes, and then `accept:` says why; what merely informs is never in the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import Any

from generator.analysis import graphs, truths
from generator.effects import EffectWord
from generator.expressions import tree as t
from generator.expressions.types import Boolean
from generator.kinds import Catalog
from generator.model.app import App
from generator.model.text import Span
from generator.model.workflow import (
    ANY_ROLE,
    AUTO,
    BUSY,
    OPEN,
    PEOPLE,
    TIMER,
    Effect,
    Transition,
    Workflow,
)
from generator.places import Places
from generator.problems import FINDINGS, Problem, did_you_mean, quoted
from generator.resolve.fields import BUILT_IN, STATE
from generator.saying import say

LONG_CHAIN = 3
FASTEST_LOOP = 300
"""Seconds."""
MOST_QUERIES = 5
YES = t.Literal(True, Boolean())


def check(app: App, catalogs: Mapping[str, Catalog[Any]], places: Places) -> Iterator[Problem]:
    """Yield what is wrong with every workflow, without the warnings that its author accepts."""
    for entity, workflows in app.workflows.items():
        for workflow in workflows.values():
            for problem, state in _found(workflow, app, catalogs["effects"]):
                if problem.severity == "error" or not _accepted(workflow, problem, state):
                    yield problem
            yield from _accepts(workflow)
        yield from _against_rank(workflows)
        yield from _columns(entity, workflows, app)
    yield from _cascades(app)


Found = Iterator[tuple[Problem, str]]
"""A problem and the state it is about, '' for none."""


def _found(workflow: Workflow, app: App, words: Catalog[EffectWord]) -> Found:
    yield from _ways(workflow)
    yield from _exits(workflow)
    yield from _automatic(workflow)
    yield from _timers(workflow)
    yield from _people(workflow, app)
    yield from _guards(workflow)
    yield from _external(workflow, words)
    yield from _partial(workflow)


def _accepted(workflow: Workflow, problem: Problem, state: str) -> bool:
    accepted = workflow.accepted
    return problem.finding in accepted or f"{problem.finding}.{state}" in accepted


def _accepts(workflow: Workflow) -> Iterator[Problem]:
    for name in workflow.accepted:
        finding, dot, state = name.partition(".")
        known = set(FINDINGS.values())
        if finding not in known or (dot and state not in workflow.states):
            yield Problem(
                "D635",
                workflow.span,
                say("{name} under 'accept' is no finding.", name=quoted(name)),
                did_you_mean(finding, known, otherwise="Write `finding: reason`."),
                "warning",
            )


def _ways(workflow: Workflow) -> Found:
    """Yield states that nothing leads to, or from which no end is reached."""
    if workflow.initial not in workflow.states:
        return
    reached = graphs.reached(workflow)
    finals = workflow.finals
    ending = graphs.leading_to(workflow, finals)
    if not finals:
        message = say("The workflow '{name}' has no final state.", name=workflow.name)
        hint = "That is right for things that never end; else write `final: true` at a state."
        yield Problem("D613", workflow.span, message, hint, "info"), ""
    for state in workflow.states.values():
        if state.name not in reached:
            message = say("Nothing leads to the state '{state}'.", state=state.name)
            hint = "Add a transition to it, or remove it; `legacy: true` keeps it for old records."
            severity = "warning" if workflow.legacy else "error"
            yield Problem("D610", state.span, message, hint, severity), state.name
        if state.final:
            continue
        if not _leaving(workflow, state.name):
            message = say("Nothing leads out of the state '{state}'.", state=state.name)
            hint = "Add a transition from it, or write `final: true`."
            yield Problem("D611", state.span, message, hint), state.name
        elif finals and state.name not in ending:
            message = say("From the state '{state}' no final state is reached.", state=state.name)
            hint = say("Add a transition that ends in one: {finals}.", finals=", ".join(finals))
            yield Problem("D612", state.span, message, hint), state.name


def _leaving(workflow: Workflow, state: str) -> list[Transition]:
    """Return the edges that may lead from a state to another one."""
    return [edge for edge in workflow.leaving(state) if set(edge.targets) - {state}]


def _exits(workflow: Workflow) -> Found:
    for state in workflow.states.values():
        exits = _leaving(workflow, state.name)
        if state.final or not exits:
            continue
        if not truths.always([_condition(edge, away_from=state.name) for edge in exits]):
            message = say("Every way out of the state '{state}' has a condition.", state=state.name)
            hint: str = say(
                "Add one without, such as to give up, or say why not: "
                "`accept: {{all_exits_guarded.{state}: …}}`.",
                state=state.name,
            )
            yield Problem("D614", state.span, message, hint, "warning"), state.name
        if state.category == OPEN and not any(PEOPLE & set(edge.triggers) for edge in exits):
            message = say(
                "People cannot move a record out of the state '{state}'.", state=state.name
            )
            hint = "Add a transition with `trigger: user`, or write `category: busy`."
            yield Problem("D615", state.span, message, hint, "warning"), state.name
        if state.category == BUSY and not state.watchdog and not _timed(exits):
            message = say("Nobody is told when the state '{state}' does not end.", state=state.name)
            hint = "Write `watchdog: PT15M`, or a transition with a timer."
            yield Problem("D622", state.span, message, hint, "warning"), state.name


def _timed(exits: Iterable[Transition]) -> bool:
    return any(edge.timer is not None for edge in exits)


def _condition(edge: Transition, away_from: str = "") -> t.Tree:
    """Return when an edge is open, as one condition; a role that may do more counts as there."""
    parts = [_with_roles(clause.when.tree) for clause in edge.guards]
    earlier: list[t.Tree] = []
    ways: list[t.Tree] = []
    for branch in edge.branches:
        own = YES if branch.when is None else _with_roles(branch.when.tree)
        if branch.to != away_from:
            ways.append(t.And((*earlier, own), Boolean()))
        earlier.append(t.Not(own, Boolean()))
    if ways:
        parts.append(t.Or(tuple(ways), Boolean()))
    return t.And(tuple(parts), Boolean()) if parts else YES


def _with_roles(tree: t.Tree) -> t.Tree:
    """Return a condition for somebody who has every role that it asks for."""
    if isinstance(tree, t.Within) and isinstance(tree.list, t.Context):
        return YES if tree.list.path == ("actor", "roles") else tree
    return t.rebuilt(tree, _with_roles)


def _automatic(workflow: Workflow) -> Found:
    for state in workflow.states:
        edges = [edge for edge in workflow.leaving(state) if AUTO in edge.triggers]
        for one, other in combinations(edges, 2):
            if one.order is not None and other.order is not None and one.order != other.order:
                continue
            if truths.disjoint(_condition(one), _condition(other)):
                continue
            message = say(
                "In the state '{state}' both '{one}' and '{other}' may fire by themselves.",
                state=state,
                one=one.name,
                other=other.name,
            )
            hint = "Give them guards that exclude each other, or `order:` 1 and 2."
            yield Problem("D616", other.span, message, hint), state
    for circle in graphs.circles(workflow, lambda edge: AUTO in edge.triggers):
        if not _bounded(circle, workflow):
            message = say("'{name}' fires itself again without an end.", name=circle[0].name)
            hint = "Let the circle change a field that a guard in it asks for."
            yield Problem("D618", circle[0].span, message, hint), ""
    if graphs.longest(workflow, lambda edge: AUTO in edge.triggers) > LONG_CHAIN:
        message = say(
            "Many automatic transitions of '{name}' follow each other.", name=workflow.name
        )
        hint = "People see only the last state; leave out those in between."
        yield Problem("D619", workflow.span, message, hint, "info"), ""


def _bounded(circle: tuple[Transition, ...], workflow: Workflow) -> bool:
    """Whether a circle changes something that decides whether it goes on."""
    written = {
        name
        for edge in circle
        for effect in _within(edge, workflow)
        if effect.word == "set"
        for name in effect.given["set"]
    }
    conditions = [clause.when for edge in circle for clause in edge.guards]
    conditions += [one.when for edge in circle for one in edge.branches if one.when is not None]
    return any(path[0] in written for one in conditions for path in one.paths)


def _within(edge: Transition, workflow: Workflow) -> Iterator[Effect]:
    """Yield every effect in the transaction of an edge."""
    yield from (*edge.do, *edge.then)
    for name in edge.targets:
        if name in workflow.states:
            yield from workflow.states[name].enter
    for name in edge.sources:
        if name in workflow.states:
            yield from workflow.states[name].leave


def _timers(workflow: Workflow) -> Found:
    for edge in workflow.transitions:
        if (TIMER in edge.triggers) is (edge.timer is None):
            message = say("'{name}' has only half of a timer.", name=edge.name)
            hint = "Write both `trigger: timer` and `timer: {after: PT30M}`, or neither."
            yield Problem("D621", edge.span, message, hint), ""
        if edge.timer is not None and edge.timer.every and edge.targets != edge.sources:
            message = say("'{name}' leads elsewhere, so it does not fire again.", name=edge.name)
            hint = say("Remove 'every', or lead back to where it was: `from: a`, `to: a`.")
            yield Problem("D621", edge.timer.span, message, hint), ""
    for circle in graphs.circles(workflow, lambda edge: edge.timer is not None):
        times = [edge.timer.every or edge.timer.seconds for edge in circle if edge.timer]
        if sum(times) < FASTEST_LOOP:
            message = say(
                "The timer of '{name}' comes round in less than 5 minutes.", name=circle[0].name
            )
            hint = "Write longer times, or let one of them lead elsewhere."
            yield Problem("D620", circle[0].span, message, hint), ""


def _people(workflow: Workflow, app: App) -> Found:
    for edge in workflow.transitions:
        if not PEOPLE & set(edge.triggers) or ANY_ROLE in edge.roles or not edge.roles:
            continue
        if not any(_reads(role, workflow.entity, app) for role in edge.roles):
            message = say(
                "No role of '{name}' may see {entity}.", name=edge.name, entity=workflow.entity
            )
            hint = say(
                "Give one of them `{entity}: view` in an access file.", entity=workflow.entity
            )
            yield Problem("D623", edge.spans.get("roles", edge.span), message, hint), ""


def _reads(role: str, entity: str, app: App) -> bool:
    held, open_ends = set[str](), [role]
    while open_ends:
        name = open_ends.pop()
        if name not in held and name in app.roles:
            held.add(name)
            open_ends += app.roles[name].includes
    whole = app.entities[entity].child_of or entity
    return any(
        rule.role in held and rule.entity in {entity, whole, "*"} and "read" in rule.actions
        for rule in app.grants
    )


def _guards(workflow: Workflow) -> Found:
    for edge in workflow.transitions:
        trees = [(clause.when.tree, clause.span) for clause in edge.guards]
        trees += [(one.when.tree, one.span) for one in edge.branches if one.when is not None]
        for tree, at in trees:
            if truths.never(tree) or truths.always([tree]):
                message = say("This condition is always or never true.")
                hint = "Remove it, or compare with another value."
                yield Problem("D628", at, message, hint, "warning"), ""
        yield from _unreachable(edge)
        if _queries(clause.when.tree for clause in edge.guards) > MOST_QUERIES:
            message = say(
                "The guard of '{name}' reads records of other kinds many times.", name=edge.name
            )
            hint = "Keep a count as a computed field with `stored: true`."
            yield Problem("D634", edge.spans.get("guard", edge.span), message, hint, "warning"), ""


def _unreachable(edge: Transition) -> Found:
    """Yield ways that are never taken, because an earlier one always is."""
    conditions: list[t.Tree] = []
    for branch in edge.branches:
        if len(conditions) > 1 and branch.when is not None and truths.always(conditions):
            message = say("This way is never taken: those before it leave nothing.")
            yield Problem("D617", branch.span, message, "Remove it, or put it first."), ""
            return
        if branch.when is not None:
            conditions.append(branch.when.tree)


def _queries(trees: Iterable[t.Tree]) -> int:
    return sum(isinstance(node, t.Aggregate) for tree in trees for node in t.walk(tree))


def _external(workflow: Workflow, words: Catalog[EffectWord]) -> Found:
    inside = [effect for edge in workflow.transitions for effect in (*edge.do, *edge.then)]
    inside += [one for state in workflow.states.values() for one in (*state.enter, *state.leave)]
    for effect in inside:
        if words[effect.word].external:
            message = say(
                "'{word}' reaches outside, which a transaction cannot wait for.", word=effect.word
            )
            hint = "Move it to `after_commit:`."
            yield Problem("D629", effect.span, message, hint), ""
    for edge in workflow.transitions:
        for effect in edge.after_commit:
            given = effect.given
            if words[effect.word].external and not (given.get("undo") or given.get("no_undo")):
                message = say("Nothing takes back what '{word}' does.", word=effect.word)
                hint = "Write `undo:` with an operation, or `no_undo:` with what a person does."
                yield Problem("D630", effect.span, message, hint, "warning"), ""


def _partial(workflow: Workflow) -> Found:
    """Yield states that lead to `x` and not to `partially_x`, where others lead to both."""
    edges = {
        (source, target)
        for edge in workflow.transitions
        for source in edge.sources
        for target in edge.targets
    }
    for part in workflow.states:
        whole = part.removeprefix("partially_")
        if whole == part or whole not in workflow.states:
            continue
        others = [one for one in workflow.states if (one, part) in edges and one != part]
        for state in workflow.states.values():
            if state.name in {part, whole} or (state.name, whole) not in edges:
                continue
            if others and state.name not in others:
                message = say(
                    "'{state}' leads to '{whole}' and not to '{part}', as {others} do.",
                    state=state.name,
                    whole=whole,
                    part=part,
                    others=", ".join(others),
                )
                hint = say(
                    "Add a transition from '{state}' to '{part}'.", state=state.name, part=part
                )
                yield Problem("D632", state.span, message, hint, "warning"), state.name


Node = tuple[str, str, str]
"""Entity, workflow and name of a transition."""


def _cascades(app: App) -> Iterator[Problem]:
    """Yield transitions that fire themselves, directly or through others of any record."""
    ways: dict[Node, set[Node]] = {}
    places: dict[Node, Span] = {}
    for entity, workflows in app.workflows.items():
        for workflow in workflows.values():
            for edge in workflow.transitions:
                here = (entity, workflow.name, edge.name)
                places.setdefault(here, edge.span)
                ways.setdefault(here, set()).update(_fires(here, workflow, edge, workflows))
    for here in ways:
        open_ends, seen = list(ways[here]), set[Node]()
        while open_ends:
            one = open_ends.pop()
            if one not in seen:
                seen.add(one)
                open_ends += ways.get(one, ())
        if here in seen:
            message = say("'{name}' fires itself, directly or through others.", name=here[2])
            yield Problem("D633", places[here], message, "Remove one `fire` of the circle.")


def _fires(
    here: Node, workflow: Workflow, edge: Transition, workflows: Mapping[str, Workflow]
) -> Iterator[Node]:
    """Yield the transitions that one fires, of its own record and of others."""
    for effect in _within(edge, workflow):
        target = effect.given.get("edge") if effect.word == "fire" else None
        if target is None:
            continue
        if "of" in effect.given:
            yield (effect.given["entity"], *target)
        elif not _onward(here[1:], target, edge, workflows):
            yield (here[0], *target)


def _against_rank(workflows: Mapping[str, Workflow]) -> Iterator[Problem]:
    """Yield effects that fire a workflow of the same record which ranks before their own.

    Cascades run and lock from low to high; one that goes back down waits for what waits for it.
    """
    for workflow in workflows.values():
        for effect in _every(workflow):
            target = effect.given.get("edge") if effect.word == "fire" else None
            if target is None or "of" in effect.given or target[0] not in workflows:
                continue
            other = workflows[target[0]]
            if other.rank < workflow.rank:
                message = say(
                    "'{name}' fires '{other}', which ranks before it.",
                    name=workflow.name,
                    other=other.name,
                )
                hint = say(
                    "Give '{other}' a higher `rank:` than '{name}'.",
                    other=other.name,
                    name=workflow.name,
                )
                yield Problem("D633", effect.span, message, hint)


def _every(workflow: Workflow) -> Iterator[Effect]:
    """Yield every effect of a workflow once."""
    for edge in workflow.transitions:
        yield from edge.effects
    for state in workflow.states.values():
        yield from (*state.enter, *state.leave)


def _onward(
    here: tuple[str, str],
    target: tuple[str, str],
    edge: Transition,
    workflows: Mapping[str, Workflow],
) -> bool:
    """Whether a transition fires one of its own name from where it led: a step on, no circle."""
    if here != target:
        return False
    rows = workflows[here[0]].named(here[1])
    return not any(one is edge and set(one.sources) & set(edge.targets) for one in rows)


def _columns(entity: str, workflows: Mapping[str, Workflow], app: App) -> Iterator[Problem]:
    """Yield effects that write what only a workflow, a formula or the engine writes."""
    fields = app.entities[entity].fields
    for workflow in workflows.values():
        for effect in _every(workflow):
            for name in effect.given["set"] if effect.word == "set" else ():
                field = fields[name]
                if field.type == STATE or field.computed is not None or name in BUILT_IN:
                    message = say("'{field}' is not set by an effect.", field=name)
                    hint = "A state follows its transitions, a formula what it reads."
                    yield Problem("D631", effect.span, message, hint)
