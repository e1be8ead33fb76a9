"""Every text a person reads is there in every language of the app.

Comes in: the resolved model. Goes out: D416, a warning, for a label that lacks a language. A plain
string stands for all languages, as for a proper name, and is no fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.kinds import Catalog
from generator.model.app import App
from generator.model.entity import Entity
from generator.model.text import Label, Span
from generator.problems import Problem


def check(app: App, catalogs: Mapping[str, Catalog[Any]]) -> Iterator[Problem]:
    """Yield a warning for every label that lacks one of the app's languages."""
    for entity in app.entities.values():
        for what, label, span in _labels(entity):
            missing = [name for name in app.locales if label.texts and name not in label.texts]
            if missing and "" not in label.texts:
                yield Problem(
                    "D416",
                    span,
                    f"{what} has no text in {', '.join(missing)}.",
                    "Write it as {en: …, zh: …}.",
                    "warning",
                )
    for role in app.roles.values():
        missing = [name for name in app.locales if name not in role.label.texts]
        if missing and "" not in role.label.texts:
            text = f"The role '{role.name}' has no name in {', '.join(missing)}."
            yield Problem("D416", role.span, text, "Write it as {en: …, zh: …}.", "warning")


def _labels(entity: Entity) -> Iterator[tuple[str, Label, Span]]:
    yield f"The label of '{entity.name}'", entity.label, entity.span
    yield f"The plural of '{entity.name}'", entity.plural, entity.span
    if entity.help is not None:
        yield f"The help of '{entity.name}'", entity.help, entity.span
    for field in entity.fields.values():
        if field.span.line:
            yield f"The label of '{field.name}'", field.label, field.span
            for label in (field.help, field.placeholder):
                if label is not None:
                    yield f"The help of '{field.name}'", label, field.span
    for check in entity.checks:
        yield f"The message of '{check.code}'", check.message, check.span
    for view in entity.list.views:
        yield f"The label of the view '{view.name}'", view.label, view.span
    for section in (*entity.detail.sections, *entity.form.groups):
        yield f"The label of the card '{section.name}'", section.label, entity.span
