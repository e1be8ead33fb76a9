"""Every text a person reads is there in every language of the app.

Comes in: the resolved model. Goes out: D416, a warning, for a label that lacks a language, D438
for a language nobody knows how to write dates and numbers in. A plain string stands for all
languages, as for a proper name, and is no fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from babel import Locale, UnknownLocaleError

from generator.kinds import Catalog
from generator.model.app import App
from generator.model.connector import Connector, Webhook
from generator.model.entity import Entity, Field
from generator.model.text import Label, Span
from generator.model.workflow import Derivation, Transition, Workflow
from generator.places import Places
from generator.problems import Problem, quoted
from generator.resolve.fields import STATE
from generator.resolve.screens import DETAILS
from generator.saying import say


def check(app: App, catalogs: Mapping[str, Catalog[Any]], places: Places) -> Iterator[Problem]:
    """Yield unknown languages, and a warning for every text that lacks one of the app's."""
    known = []
    for place, locale in enumerate(app.locales):
        faults = list(_unknown(locale, places.at("app.yaml", "locales", place)))
        known += [] if faults else [locale]
        yield from faults
    for one in app.importmaps.values():
        if one.span is not None:
            yield from _unknown(one.locale, places.at(one.span.file, "locale"))
    for text in _texts(app):
        written = text.label.texts
        missing = [name for name in known if name not in written]
        if missing and "" not in written:
            yield Problem(
                "D416",
                places.at(*text.path),
                say("{what} has no text in {missing}.", what=text.what, missing=", ".join(missing)),
                "Write it as {en: …, zh: …}.",
                "warning",
            )


def _unknown(locale: str, at: Span) -> Iterator[Problem]:
    try:
        Locale.parse(locale)
    except (UnknownLocaleError, ValueError):
        yield Problem(
            "D438",
            at,
            say("There is no language {locale}.", locale=quoted(locale)),
            "Write a language such as en or zh, or one with its country, such as en_GB.",
        )


@dataclass(frozen=True)
class _Text:
    """A text people read, what it is, and the keys it stands under."""

    what: str
    label: Label
    path: tuple[str, *tuple[str | int, ...]]
    """The file, then keys and positions."""


def _texts(app: App) -> Iterator[_Text]:
    yield _Text("The label of the app", app.label, ("app.yaml", "label"))
    for module in app.modules.values():
        yield _Text(
            say("The label of the module '{module}'", module=module.name),
            module.label,
            ("app.yaml", "modules", module.name, "label"),
        )
    for role in app.roles.values():
        yield _Text(
            say("The label of the role '{role}'", role=role.name),
            role.label,
            (role.span.file, "roles", role.name, "label"),
        )
    for entity in app.entities.values():
        yield from _of_entity(entity)
    yield from _of_machines(app)
    yield from _of_ledgers(app)
    for one in app.importmaps.values():
        if one.span is not None:
            yield _Text(
                say("The label of the import map '{one}'", one=one.name),
                one.label,
                (one.span.file, "label"),
            )
    for connector in app.connectors.values():
        yield from _of_outside(connector)
    for webhook in app.webhooks.values():
        yield from _of_outside(webhook)
    yield from _of_prices(app)
    yield from _of_jobs(app)
    yield from _of_messages(app)
    for story in app.scenarios.values():
        yield _Text(
            say("The label of the scenario '{one}'", one=story.name),
            story.label,
            (story.span.file, "label"),
        )


def _of_outside(one: Connector | Webhook) -> Iterator[_Text]:
    if one.span is not None:
        what = say("The label of '{entity}'", entity=one.name)
        yield _Text(what, one.label, (one.span.file, "label"))


def _of_jobs(app: App) -> Iterator[_Text]:
    for calendar in app.calendars.values():
        what = say("The label of '{entity}'", entity=calendar.name)
        yield _Text(what, calendar.label, ("app.yaml", "calendars", calendar.name, "label"))
    for job in app.jobs.values():
        yield _Text(
            say("The label of '{entity}'", entity=job.name), job.label, (job.span.file, "label")
        )
        if job.help is not None:
            yield _Text(
                say("The help of '{entity}'", entity=job.name), job.help, (job.span.file, "help")
            )
        for field in job.parameters.values():
            under = (job.span.file, "parameters", field.name)
            what = say("The label of '{entity}'", entity=field.name)
            yield _Text(what, field.label, (*under, "label"))


def _of_messages(app: App) -> Iterator[_Text]:
    for message in app.messages.values():
        file = message.span.file
        what = say("The label of '{entity}'", entity=message.name)
        yield _Text(what, message.label, (file, "label"))
        for key, label in message.texts():
            what = say("The {key} of '{field}'", key=key, field=message.name)
            yield _Text(what, label, (file, *(() if key == "inbox" else ("mail",)), key))


def _of_ledgers(app: App) -> Iterator[_Text]:
    for ledger in app.ledgers.values():
        for place, guard in enumerate(ledger.guards):
            what = say("The message of '{code}'", code=guard.code)
            yield _Text(what, guard.message, (ledger.span.file, "guards", place, "message"))


def _of_prices(app: App) -> Iterator[_Text]:
    for one in app.promotions.values():
        what = say("The label of '{entity}'", entity=one.name)
        yield _Text(what, one.label, (one.span.file, "label"))
    for name, label in app.pricing.facts.items() if app.pricing else ():
        what = say("The label of '{entity}'", entity=name)
        yield _Text(what, label, ("app.yaml", "pricing", "facts", name))


def _of_machines(app: App) -> Iterator[_Text]:
    for workflows in app.workflows.values():
        for workflow in workflows.values():
            yield from _of_machine(workflow)
            for edge in workflow.transitions:
                yield from _of_transition(edge, workflow.name)
    for derivations in app.derivations.values():
        for derivation in derivations:
            yield from _of_machine(derivation)


def _of_machine(machine: Workflow | Derivation) -> Iterator[_Text]:
    under = (machine.span.file, "workflows", machine.name)
    yield _Text(
        say("The label of '{entity}'", entity=machine.name), machine.label, (*under, "label")
    )
    for state in machine.states.values():
        yield _Text(
            say("The label of the state '{state}'", state=state.name),
            state.label,
            (state.span.file, "workflows", machine.name, "states", state.name, "label"),
        )


def _of_transition(edge: Transition, workflow: str) -> Iterator[_Text]:
    under = (edge.span.file, "workflows", workflow, "transitions", edge.name)
    what = say("The label of the transition '{name}'", name=edge.name)
    yield _Text(what, edge.label, (*under, "label"))
    for clause in (*edge.guards, *edge.before):
        if clause.message is not None:
            what = say("A message of the transition '{name}'", name=edge.name)
            yield _Text(what, clause.message, under)
    for name, question in edge.input.items():
        what = say("The label of the question '{name}'", name=name)
        yield _Text(what, question.field.label, (*under, "input", name, "label"))
        for label in (question.field.help, question.message):
            if label is not None:
                what = say("A message of the transition '{name}'", name=edge.name)
                yield _Text(what, label, (*under, "input", name))


def _of_entity(entity: Entity) -> Iterator[_Text]:
    file = entity.span.file
    yield _Text(say("The label of '{entity}'", entity=entity.name), entity.label, (file, "label"))
    if entity.plural is not entity.label:
        yield _Text(
            say("The plural of '{entity}'", entity=entity.name), entity.plural, (file, "plural")
        )
    if entity.help is not None:
        yield _Text(say("The help of '{entity}'", entity=entity.name), entity.help, (file, "help"))
    for field in entity.fields.values():
        if field.span.file == file and field.name != entity.child_of:
            yield from _of_field(field, file)
    for place, check in enumerate(entity.checks):
        yield _Text(
            say("The message of '{code}'", code=check.code),
            check.message,
            (file, "checks", place, "message"),
        )
    for view in entity.list.views:
        yield _Text(
            say("The label of the view '{view}'", view=view.name),
            view.label,
            (file, "list", "views", view.name, "label"),
        )
    for screen, key, cards in (
        ("detail", "sections", entity.detail.sections),
        ("detail", "panels", entity.detail.panels),
        ("form", "groups", entity.form.groups),
    ):
        for card in cards:
            # the card that is there when nobody writes one is ours, in the languages we know
            if card.label is not DETAILS:
                yield _Text(
                    say("The label of the card '{card}'", card=card.name),
                    card.label,
                    (file, screen, key, card.name, "label"),
                )


def _of_field(field: Field, file: str) -> Iterator[_Text]:
    for key in ("label", "help", "placeholder"):
        label: Label | None = getattr(field, key)
        if label is not None:
            yield _Text(
                say("The {key} of '{field}'", key=key, field=field.name),
                label,
                (file, "fields", field.name, key),
            )
    # the states of a workflow are told where they are written
    options: Mapping[str, Any] = {} if field.type == STATE else field.args.get("options") or {}
    for name, option in options.items():
        if isinstance(option, Mapping) and isinstance(option.get("label"), Label):
            yield _Text(
                say("The label of the option '{name}'", name=name),
                option["label"],
                (file, "fields", field.name, "options", name, "label"),
            )
