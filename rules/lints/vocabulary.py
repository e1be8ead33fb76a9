"""`vocabulary`: labels, facts and promotions that are named and that nobody declared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from generator.lints import Finding, Lint, Offered
from generator.model.pricing import Promotion as Written
from generator.problems import did_you_mean, quoted
from generator.saying import say
from rules.lints import Path, conditions, matches


class Vocabulary(Lint):
    def find(self, offered: Offered) -> Iterator[Finding]:
        names = {one.name for one in offered.promotions}
        pricing = offered.pricing
        for one in offered.promotions:
            for path, facet in _facets(one):
                if facet not in pricing.item.labels:
                    yield _unknown(one, path, facet, pricing.item.labels)
            for path, condition in conditions(one.written.get("when")):
                name = condition.get("name")
                if condition.get("type") == "fact" and name not in pricing.facts:
                    yield _unknown(one, (*path, "name"), str(name), pricing.facts)
            beside = (one.written.get("combines_with") or {}).get("promotions") or ()
            for at, name in enumerate(beside):
                if name not in names:
                    path = ("combines_with", "promotions", at)
                    yield _unknown(one, path, name, names - {one.name})
            for at, code in enumerate(one.written.get("currencies") or ()):
                if code not in pricing.currencies:
                    yield _unknown(one, ("currencies", at), code, pricing.currencies)


def _facets(one: Written) -> Iterator[tuple[Path, str]]:
    for path, holder in matches(one):
        for key in ("include", "exclude"):
            for facet in (holder.get(key) or {}).get("labels") or {}:
                yield (*path, key, "labels", facet), facet


def _unknown(one: Written, path: Path, name: str, known: Iterable[str]) -> Finding:
    message = say("Nothing here is called {name}.", name=quoted(name))
    hint = did_you_mean(name, known, otherwise="Declare it in `pricing:` of app.yaml.")
    return Finding("D806", one.name, path, message, hint, "error")
