"""Messages as the whole shows them: braces that match, variables with one value, who names them.

Comes in: the resolved model. Goes out: D941 for braces, D426 and D942 for a variable that has no
value a message may tell, D943, a warning, for one that no text names, D944 for `notify` with the
name of a message about other records, D945 for one that tells nobody, D946 and D947 for whom it is
sent to outside, D948, a warning, for an address that the role it is read by does not see, D949 for
a channel that nobody switches off where nobody here is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.checks.jobs import held_by, may
from generator.checks.reach import sight
from generator.checks.screens import through_many
from generator.kinds import Catalog
from generator.model.app import App
from generator.model.entity import Field
from generator.model.message import PLACE, Message, Outside, places
from generator.model.workflow import Effect, Workflow
from generator.places import Places
from generator.problems import Problem
from generator.saying import say

NOTIFY, EMAIL = "notify", "email"


def check(app: App, catalogs: Mapping[str, Catalog[Any]], places: Places) -> Iterator[Problem]:
    """Yield what is wrong with messages."""
    told = _told_here(app)
    for message in app.messages.values():
        yield from _braces(message)
        yield from _values(message, app, catalogs["field_types"])
        yield from _unused(message)
        yield from _outside(message, app, catalogs["field_types"])
        if message.always and (message.entity, message.name) not in told:
            yield Problem(
                "D949",
                message.spans["always"],
                say("No workflow tells '{name}' to anybody who has an account.", name=message.name),
                "Name roles by 'for' where it is sent, or remove 'always'.",
            )
    for workflows in app.workflows.values():
        for workflow in workflows.values():
            yield from _named(workflow, app)


def _told_here(app: App) -> set[tuple[str, str]]:
    """Return entity and name of what workflows tell people who have an account."""
    return {
        (entity, name)
        for entity, workflows in app.workflows.items()
        for workflow in workflows.values()
        for name, roles in workflow.notices
        if roles
    }


def _braces(message: Message) -> Iterator[Problem]:
    for key, label in message.texts():
        if any(set("{}") & set(PLACE.sub("", text)) for text in label.texts.values()):
            yield Problem(
                "D941",
                message.spans[key],
                say("The braces of a text of '{name}' do not match.", name=message.name),
                "Write each variable as {name}; a brace has no other meaning here.",
            )


def _values(message: Message, app: App, words: Catalog[Any]) -> Iterator[Problem]:
    for name, path in message.variables.items():
        at = message.spans[f"variables.{name}"]
        steps = app.walk(message.entity, path) or ()
        many = next((one for one in steps if _holds_many(one, words)), None)
        if many is not None:
            yield through_many(path, many, at)
        elif any(one.sensitivity == "secret" for one in steps):
            message_text = say("'{path}' is secret, so no message tells it.", path=path)
            yield Problem("D942", at, message_text, "Name another field.")


def _holds_many(field: Field, words: Catalog[Any]) -> bool:
    return words[field.type].relation in {"children", "references"}


def _unused(message: Message) -> Iterator[Problem]:
    named = {name for _, label in message.texts() for name in places(label)}
    for name in message.variables:
        if name not in named:
            yield Problem(
                "D943",
                message.spans[f"variables.{name}"],
                say(
                    "No text of '{message}' names the variable '{name}'.",
                    message=message.name,
                    name=name,
                ),
                say("Write {place} in a text, or remove it.", place="{" + name + "}"),
                "warning",
            )


def _named(workflow: Workflow, app: App) -> Iterator[Problem]:
    for effect in _effects(workflow):
        yield from _tells_nobody(effect, app)
        message = app.messages.get(str(effect.given.get("name"))) if effect.word == NOTIFY else None
        if message is not None and message.entity != workflow.entity:
            yield Problem(
                "D944",
                effect.span,
                say(
                    "The message '{name}' tells of '{entity}', and this is about '{own}'.",
                    name=message.name,
                    entity=message.entity,
                    own=workflow.entity,
                ),
                "Give the notice another name, or write a message of that name.",
            )


def _tells_nobody(effect: Effect, app: App) -> Iterator[Problem]:
    if effect.word != NOTIFY or effect.given["roles"]:
        return
    name = str(effect.given["name"])
    message = app.messages.get(name)
    if message is None or message.to is None:
        yield Problem(
            "D945",
            effect.span,
            say("'notify: {name}' tells nobody.", name=name),
            "Write 'for' with roles, or 'to' in the message of that name.",
        )


def _outside(message: Message, app: App, words: Catalog[Any]) -> Iterator[Problem]:
    to = message.to
    if to is None:
        return
    for key, path in (("address", to.address), ("name", to.name), ("language", to.language)):
        steps = app.walk(message.entity, path) if path else None
        if not steps:
            continue
        many = next((one for one in steps if _holds_many(one, words)), None)
        if many is not None:
            yield through_many(path, many, message.spans[f"to.{key}"])
        elif key == "address" and steps[-1].type != EMAIL:
            yield Problem(
                "D946",
                message.spans["to.address"],
                say("'{path}' is no field of e-mail addresses.", path=path),
                "Name a field of the type 'email'.",
            )
    if not _reads(app, to.role, message.entity):
        yield Problem(
            "D947",
            message.spans["to.role"],
            say(
                "'{role}' may not 'read' {entity}, so nothing can be told of it.",
                role=to.role,
                entity=message.entity,
            ),
            "Give the right to the role, or name another role.",
        )
    else:
        yield from _unseen_address(message, to, app)


def _unseen_address(message: Message, to: Outside, app: App) -> Iterator[Problem]:
    """Tell that a role reads the record and not where it is sent: nothing would ever leave."""
    held = held_by(app, to.role)
    for step in app.walk(message.entity, to.address) or ():
        lines = [
            rule
            for rule in app.grants
            if rule.role in held and rule.entity in (step.entity, "*") and "read" in rule.actions
        ]
        if lines and not any(sight(one, step, app) == "clear" for one in lines):
            yield Problem(
                "D948",
                message.spans["to.role"],
                say(
                    "'{role}' does not see '{path}' in clear, so nothing is ever sent there.",
                    role=to.role,
                    path=to.address,
                ),
                "Show the address to the role, or name another role.",
                "warning",
            )
            return


def _reads(app: App, role: str, entity: str) -> bool:
    """Return whether a role reads such records; the rights of a part are those of its whole."""
    held = held_by(app, role)
    while entity in app.entities:
        if may(app, held, entity, "read"):
            return True
        entity = app.entities[entity].child_of
    return False


def _effects(workflow: Workflow) -> Iterator[Effect]:
    for edge in workflow.transitions:
        yield from edge.effects
    for state in workflow.states.values():
        yield from (*state.enter, *state.leave)
