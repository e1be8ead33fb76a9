"""Logs that would keep what no log may hold.

Comes in: the resolved model. Goes out: D479, for values of sensitive fields, and for personal ones
whose owner does not say why nothing less will do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.kinds import Catalog
from generator.model.app import App
from generator.places import Places
from generator.problems import Problem
from generator.saying import say


def check(app: App, catalogs: Mapping[str, Catalog[Any]], places: Places) -> Iterator[Problem]:
    """Yield the classes of which a log keeps too much."""
    for name, rule in app.log.items():
        if rule.keep == "value" and name != "personal":
            said = say("The log keeps values of the class '{name}'.", name=name)
            hint = "Write 'masked' or 'mark': what is sensitive stands in no log."
            yield Problem("D479", rule.span, said, hint)
        elif rule.keep == "value" and not rule.why.strip():
            said = say("Nothing says why the log keeps values of the class '{name}'.", name=name)
            hint = (
                "Say it with 'why', such as 'keep: value' and "
                "'why: Parcels that went astray are traced.'."
            )
            yield Problem("D479", rule.span, said, hint)
        elif rule.keep != "value" and rule.why:
            yield Problem(
                "D479", rule.span, "Only values that stay need a reason.", "Remove 'why'."
            )
