"""The whole: one file of kind `app` and one of kind `roles`, and everything in the folders."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from generator.kinds import Catalog, Shape
from generator.model.app import App, Module
from generator.model.placing import LINES
from generator.model.pricing import Pricing
from generator.model.text import Label, Span
from generator.problems import Problem, defined_twice
from generator.resolve.access import (
    Words,
    resolve_approvals,
    resolve_conflicts,
    resolve_grants,
    resolve_guardrails,
    resolve_log,
    resolve_person,
    resolve_reviews,
    resolve_roles,
    resolve_sensitive,
)
from generator.resolve.alerts import resolve_alerts
from generator.resolve.connectors import resolve_connectors
from generator.resolve.entities import Draft, resolve_entities, unread_of
from generator.resolve.fields import humanize
from generator.resolve.giving_back import resolve_giving_back
from generator.resolve.importmaps import resolve_importmaps
from generator.resolve.jobs import resolve_calendars, resolve_jobs
from generator.resolve.ledger_records import ledger_drafts, sealed
from generator.resolve.ledgers import resolve_ledgers
from generator.resolve.machines import columns, gather
from generator.resolve.messages import resolve_messages
from generator.resolve.past import resolve_past
from generator.resolve.placing import resolve_counters, resolve_placing
from generator.resolve.price_history import resolve_history
from generator.resolve.price_lists import resolve_lists
from generator.resolve.promotions import resolve_pricing, resolve_promotions
from generator.resolve.reading import JobWords
from generator.resolve.region_taxes import resolve_region_taxes
from generator.resolve.repricing import code_problems, repricing_problems
from generator.resolve.scenario_names import ScenarioWords
from generator.resolve.scenarios import resolve_scenarios
from generator.resolve.stock import resolve_stock
from generator.resolve.webhooks import Known, resolve_webhooks
from generator.resolve.workflow_names import WorkingClock
from generator.resolve.workflows import resolve_workflows, waiting
from generator.saying import say
from generator.shape import Given, Reader
from generator.shapes.access import ACCESS, ROLES
from generator.shapes.alert import ALERT
from generator.shapes.app import APP
from generator.shapes.connector import CONNECTOR
from generator.shapes.entity import ENTITY
from generator.shapes.importmap import IMPORTMAP
from generator.shapes.job import JOB
from generator.shapes.ledger import LEDGER
from generator.shapes.message import MESSAGE
from generator.shapes.promotion import PROMOTION
from generator.shapes.scenario import SCENARIO
from generator.shapes.webhook import WEBHOOK
from generator.shapes.workflow import WORKFLOW
from generator.source_nodes import Source

SHAPES: Mapping[str, Shape] = {
    "app": APP,
    "roles": ROLES,
    "entity": ENTITY,
    "workflow": WORKFLOW,
    "connector": CONNECTOR,
    "webhook": WEBHOOK,
    "promotion": PROMOTION,
    "access": ACCESS,
    "ledger": LEDGER,
    "job": JOB,
    "alert": ALERT,
    "message": MESSAGE,
    "importmap": IMPORTMAP,
    "scenario": SCENARIO,
}
"""The shape of each kind of file."""


DEFAULT_CURRENCY = str(APP.args["currency"].default)


def resolve(
    sources: Iterable[Source], catalogs: Mapping[str, Catalog[Any]]
) -> tuple[App, list[Problem]]:
    """Return the model of all files and every problem found; only without any is it whole."""
    sources = tuple(sources)
    reader = Reader(catalogs)
    given: dict[str, list[tuple[Source, Given]]] = {kind: [] for kind in SHAPES}
    for source in sources:
        shape = SHAPES.get(source.kind)
        if shape is None:
            reader.problems.append(_later(source))
            continue
        read = reader.read(source.node, shape)
        if read is not None:
            given[source.kind].append((source, read))
    problems = reader.problems
    drafts = _drafts(given["entity"], "entity", problems)
    counters = _drafts(given["ledger"], "ledger", problems)
    made = ledger_drafts([(one.source, one.given) for one in counters], drafts, problems)
    head = given["app"][0][1] if given["app"] else Given("app", _top("app.yaml"), {})
    from_app = {
        "currency": head.get("currency", DEFAULT_CURRENCY),
        "region": head.get("region", ""),
    }
    drafts += made
    machines = gather(given["workflow"], [draft.name for draft in drafts], problems)
    owned = columns(machines, problems)
    entities, found = resolve_entities(drafts, catalogs["field_types"], from_app, owned)
    problems += found
    entities = sealed(entities, made)
    if not given["app"]:
        problems.append(_missing("app"))
    held = given["roles"][0][1] if given["roles"] else Given("roles", _top("roles.yaml"), {})
    roles, found = resolve_roles(held)
    problems += found
    conflicts, found = resolve_conflicts(held, roles)
    problems += found
    person, found = resolve_person(held, entities)
    problems += found
    unread = unread_of(drafts, {name: one.fields for name, one in entities.items()})
    words = Words(roles, entities, catalogs["field_types"], person, unread)
    access = [body for _, body in given["access"]]
    grants, found = resolve_grants(access, words)
    problems += found
    guardrails, found = resolve_guardrails(access, words)
    problems += found
    sensitive, found = resolve_sensitive(access, words)
    problems += found
    approvals, found = resolve_approvals(access, words)
    problems += found
    ledgers, found = resolve_ledgers(counters, words)
    problems += found
    words = replace(words, ledgers=ledgers)
    machines = [one for one in machines if one.entity in entities]
    connectors, found = resolve_connectors(
        given["connector"], catalogs["field_types"], catalogs["connectors"]
    )
    problems += found
    calendars, found = resolve_calendars(head)
    problems += found
    zone = head.get("time_zone", "UTC")
    workflows, derivations, found = resolve_workflows(
        machines, words, catalogs, connectors, from_app, WorkingClock(calendars, zone)
    )
    problems += found
    outside = Known(connectors, entities, workflows, roles, unread)
    webhooks, found = resolve_webhooks(given["webhook"], outside)
    problems += found
    known_here = JobWords(words, workflows, catalogs["steps"], calendars, zone, from_app)
    jobs, found = resolve_jobs(given["job"], known_here)
    problems += found
    alerts, found = resolve_alerts(given["alert"], known_here)
    problems += found
    messages, found = resolve_messages(given["message"], known_here)
    problems += found
    promotions, found = resolve_promotions(given["promotion"], head.get("time_zone", "UTC"))
    problems += found
    pricing, found = resolve_pricing(
        head.get("pricing"), entities, catalogs["field_types"], from_app["currency"]
    )
    problems += found
    if pricing is not None:
        shared = pricing.budgets.entity if pricing.budgets is not None else ""
        counted, found = resolve_counters(
            head.get("pricing").get("counters"), ledgers, entities, shared
        )
        problems += found
        stock, found = resolve_stock(head.get("pricing").get("stock"), pricing, ledgers, entities)
        problems += found
        written = head.get("pricing").get("item")
        item = pricing.item
        history, found = resolve_history(
            written.get("history"),
            item.entity,
            (item.price, item.list_price),
            entities,
            item.labels,
        )
        problems += found
        placing, found = resolve_placing(
            head.get("pricing").get("place"), pricing, entities, catalogs["field_types"]
        )
        problems += found
        taxed = head.get("pricing").get("taxes")
        regions, found = resolve_region_taxes(
            taxed.get("regions") if taxed is not None else None,
            pricing.facts,
            placing,
            entities,
            catalogs["field_types"],
        )
        problems += found
        back = head.get("pricing").get("give_back")
        giving, found = resolve_giving_back(back, placing, entities, words, stock)
        problems += found
        past, found = resolve_past(head.get("pricing").get("past"), entities, words)
        problems += found
        lists, found = resolve_lists(head.get("pricing").get("lists"), pricing, entities, words)
        problems += found
        pricing = replace(
            pricing,
            counters=counted,
            taxes=replace(pricing.taxes, regions=regions),
            stock=stock,
            placing=placing,
            past=past,
            lists=lists,
            giving_back=giving,
            item=replace(pricing.item, history=history),
        )
    placed = pricing.placing if pricing is not None else None
    problems += repricing_problems(workflows, placed)
    if pricing is not None:
        problems += code_problems(pricing.codes, workflows, placed)
    importmaps, found = resolve_importmaps(
        given["importmap"], entities, catalogs["field_types"], unread.fields
    )
    problems += found
    known = ScenarioWords(
        entities,
        roles,
        catalogs["field_types"],
        workflows,
        connectors,
        webhooks,
        ledgers,
        jobs,
        alerts,
        _lines_of(pricing),
    )
    scenarios, found = resolve_scenarios(given["scenario"], known)
    problems += found
    app = App(
        name=head.get("app", "app"),
        label=head.get("label") or Label({"": humanize(head.get("app", "app"))}),
        locales=head.get("locales", ("en", "zh")),
        time_zone=head.get("time_zone", "UTC"),
        currency=head.get("currency", DEFAULT_CURRENCY),
        modules=_modules(head, entities.values()),
        entities=entities,
        roles=roles,
        grants=grants,
        importmaps=importmaps,
        scenarios=scenarios,
        guardrails=guardrails,
        sensitive=(*sensitive, *waiting(workflows)),
        approvals=approvals,
        masks={str(name): kind for name, kind in held.get("masks", {}).items()},
        log=resolve_log(held),
        conflicts=conflicts,
        reviews=resolve_reviews(held),
        person=person,
        digest=_digest(sources),
        workflows=workflows,
        derivations=derivations,
        connectors=connectors,
        webhooks=webhooks,
        ledgers=ledgers,
        pricing=pricing,
        promotions=promotions,
        jobs=jobs,
        alerts=alerts,
        messages=messages,
        calendars=calendars,
    )
    return app, problems


def _drafts(
    files: Iterable[tuple[Source, Given]], kind: str, problems: list[Problem]
) -> list[Draft]:
    """Return the files of one kind by their names; `kind` is also the key that says the name."""
    drafts: dict[str, Draft] = {}
    for source, given in files:
        name = given.get(kind, source.name)
        if name in drafts:
            first = drafts[name].given.at(kind)
            problems.append(defined_twice(kind, name, given.at(kind), first))
            continue
        if name != source.name:
            problems.append(_other_name(name, source, given.at(kind)))
        drafts[name] = Draft(source, given, name)
    return list(drafts.values())


def _modules(head: Given, entities: Iterable[Any]) -> dict[str, Module]:
    """Return the groups of the menu: as the app file orders them, then folders it does not name."""
    modules = {
        str(name): Module(
            str(name),
            body.get("label") or Label({"": humanize(str(name))}),
            body.get("icon", "folder"),
        )
        for name, body in head.get("modules", {}).items()
    }
    for entity in entities:
        if entity.module not in modules:
            modules[entity.module] = Module(
                entity.module, Label({"": humanize(entity.module or "records")}), "folder"
            )
    return modules


def _digest(sources: Iterable[Source]) -> str:
    digest = hashlib.sha256()
    for source in sources:
        digest.update(f"{source.file}\0{source.text}\0".encode())
    return digest.hexdigest()


def _top(file: str) -> Span:
    return Span(file, 1, 1, 1, 1)


def _missing(kind: str) -> Problem:
    return Problem(
        "D402",
        _top(f"{kind}.yaml"),
        say("There is no '{kind}.yaml' in the folder.", kind=kind),
        "Write one at the top, with 'app: my_shop' and 'label: {en: My shop, zh: 我的店}'.",
    )


def _lines_of(pricing: Pricing | None) -> str:
    """Return the field of parts that the lines of a placed cart become; '' for none."""
    placing = pricing.placing if pricing is not None else None
    filled = placing.filled.get(LINES) if placing is not None else None
    return filled.into if filled is not None else ""


def _other_name(name: str, source: Source, at: Span) -> Problem:
    return Problem(
        "D403",
        at,
        say(
            "The file is called '{source}' and the {kind} in it '{name}'.",
            source=source.name,
            kind=source.kind,
            name=name,
        ),
        say(
            "Rename the file to '{name}.{kind}.yaml', or the {kind} to '{source}'.",
            name=name,
            kind=source.kind,
            source=source.name,
        ),
    )


def _later(source: Source) -> Problem:
    return Problem(
        "D404",
        _top(source.file),
        say("Files of kind '{kind}' are not read by this version.", kind=source.kind),
        say("Known kinds: {kinds}.", kinds=", ".join(SHAPES)),
    )
