"""Sensitive operations that could never be done as they are written.

Comes in: the resolved model. Goes out: D490 to D492. What nobody may approve would wait for ever:
that is said now and not when somebody waits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.kinds import Catalog
from generator.model.access import Sensitive
from generator.model.app import App
from generator.places import Places
from generator.problems import Problem
from generator.saying import say
from generator.shapes.access import AT_ONCE


def check(app: App, catalogs: Mapping[str, Catalog[Any]], places: Places) -> Iterator[Problem]:
    """Yield what is wrong with sensitive operations."""
    for one in app.sensitive:
        if one.ask == "approve":
            yield from _approval(one, app)
        if one.ask == "type" and "create" in one.actions:
            yield Problem(
                "D492",
                one.span,
                say(
                    "'{name}' asks for the title of a record that is not there yet.", name=one.name
                ),
                "Ask for 'confirm' when records are created.",
            )


def _approval(one: Sensitive, app: App) -> Iterator[Problem]:
    at_once = [action for action in AT_ONCE if action in one.actions]
    if at_once:
        yield Problem(
            "D490",
            one.span,
            say("'{name}' lets '{action}' wait for approval.", name=one.name, action=at_once[0]),
            "Ask for 'confirm' or 'reauthenticate': the answer goes to who asks, at once.",
        )
    holders = {rule.role for rule in app.grants if rule.entity in (one.entity, "*")}
    approvers = {
        rule.role
        for rule in app.grants
        if rule.entity in (one.entity, "*") and "approve" in rule.actions
    }
    if holders and not approvers:
        yield Problem(
            "D491",
            one.span,
            say("No role may approve anything of '{entity}'.", entity=one.entity),
            say(
                "Let a role 'approve' it, such as 'manager: {{{entity}: [view, approve]}}'.",
                entity=one.entity,
            ),
        )
