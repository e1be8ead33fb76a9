"""Promotions as the whole shows them: each lint says what is wrong or likely to surprise.

Comes in: the resolved model. Goes out: D801 and on, at the key that is blamed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.kinds import Catalog
from generator.lints import Offered
from generator.model.app import App
from generator.places import Places
from generator.problems import Problem


def check(app: App, catalogs: Mapping[str, Catalog[Any]], places: Places) -> Iterator[Problem]:
    """Yield what is wrong with the promotions of the definitions."""
    if not app.promotions:
        return
    if app.pricing is None:
        first = next(iter(app.promotions.values()))
        message = "There are promotions, and nothing says what they are about."
        hint = "Write `pricing:` in app.yaml: the entity that is sold, its key and its price."
        yield Problem("D813", first.span, message, hint)
        return
    offered = Offered(
        tuple(app.promotions.values()), app.pricing, catalogs["conditions"], catalogs["actions"]
    )
    for word in catalogs["lints"]:
        for one in catalogs["lints"][word].find(offered):
            at = places.at(app.promotions[one.promotion].span.file, *one.path)
            yield Problem(one.code, at, one.message, one.hint, one.severity)
