"""The whole way from a folder of YAML to a model, on one page: source → shape → resolve → check.

`compile_definitions` is the public door. `generator/build/` makes tables, schemas and screens out
of the model it returns.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.checks.all import check
from generator.connectors import ConnectorType
from generator.effects import EffectWord
from generator.field_types import FieldType
from generator.kinds import Catalog, Kind, load_catalog
from generator.lints import Lint
from generator.model.app import App
from generator.model.text import Span
from generator.places import Places
from generator.problems import DefinitionError, Problem, in_order, quoted
from generator.resolve.app import resolve
from generator.saying import say
from generator.source import read_folder
from generator.source_nodes import Items, Mapped, Scalar, Source
from generator.steps import StepWord

FAMILIES: Mapping[str, tuple[str, type[Kind]]] = {
    "field_types": ("generator", FieldType),
    "effects": ("rules", EffectWord),
    "connectors": ("runtime", ConnectorType),
    "steps": ("runtime", StepWord),
    "conditions": ("rules", Kind),
    "actions": ("rules", Kind),
    "lints": ("rules", Lint),
}
"""Every family of words: the package whose folder has ours, and the class of each word."""


@dataclass(frozen=True)
class Compiled:
    """A model without faults, and what it was made with."""

    app: App
    catalogs: Mapping[str, Catalog[Any]]
    warnings: tuple[Problem, ...]
    sources: tuple[Source, ...]

    @property
    def field_types(self) -> Catalog[FieldType]:
        """The words after `type:`."""
        return self.catalogs["field_types"]


def compile_definitions(folder: Path) -> Compiled:
    """Return the model of all definitions in a folder.

    Raises:
        DefinitionError: the definitions have faults; all of them, in file order.

    """
    sources, problems = read_folder(folder)
    catalogs, unknown = words_of(sources)
    problems = (*problems, *unknown)
    app, found = resolve(sources, catalogs)
    every = [*problems, *_certain(found, problems, sources)]
    if not any(problem.severity == "error" for problem in every):
        every += check(app, catalogs, Places(sources))
    ordered = in_order(every)
    if any(problem.severity == "error" for problem in ordered):
        raise DefinitionError(ordered)
    return Compiled(app, catalogs, ordered, tuple(sources))


def _certain(
    found: list[Problem], unread: tuple[Problem, ...], sources: tuple[Source, ...]
) -> list[Problem]:
    """Return what is wrong whatever the files say that could not be read.

    A name that is nowhere (D3xx to D5xx) may stand in one of them: one forgotten quote would be
    answered with a fault at every place that refers to the file.
    """
    files = {source.file for source in sources}
    if all(problem.span.file in files for problem in unread):
        return found
    return [problem for problem in found if problem.code < "D3"]


def words_of(sources: tuple[Source, ...]) -> tuple[Mapping[str, Catalog[Any]], list[Problem]]:
    """Return every family of words: ours and those of the packages that `app.yaml` names.

    A package that cannot be used is a problem, and the words are those of the others.
    """
    catalogs, problems = load_catalogs(), []
    used: list[str] = []
    for package, at in _packages(sources):
        try:
            catalogs = load_catalogs((*used, package))
        except (ImportError, SyntaxError, ValueError) as error:
            message = say(
                "The package {package} of words cannot be used: {error}.",
                package=quoted(package),
                error=str(error).rstrip("."),
            )
            hint = say(
                "`python -c 'import {package}.field_types'` shows whether Python finds it.",
                package=package,
            )
            problems.append(Problem("D423", at, message, hint))
        else:
            used.append(package)
    return catalogs, problems


def load_catalogs(packages: Iterable[str] = ()) -> Mapping[str, Catalog[Any]]:
    """Return every family of words: ours, and those of some packages.

    Raises:
        ImportError: a package is not found or cannot be imported.
        ValueError: it holds no words, or one that exists already.

    """
    shop = tuple(packages)
    lost = [package for package in shop if not any(_holds(package, one) for one in FAMILIES)]
    if lost:
        # says which folder was looked for
        importlib.import_module(f"{lost[0]}.field_types")
    return {
        family: load_catalog(family, base, (own, *(one for one in shop if _holds(one, family))))
        for family, (own, base) in FAMILIES.items()
    }


def _holds(package: str, family: str) -> bool:
    """Say whether a package has a folder of a family."""
    importlib.import_module(package)
    return importlib.util.find_spec(f"{package}.{family}") is not None


def _packages(sources: tuple[Source, ...]) -> Iterator[tuple[str, Span]]:
    for source in sources:
        if source.kind == "app" and isinstance(source.node, Mapped):
            words = source.node.entries.get("words")
            items = words.node.items if words and isinstance(words.node, Items) else ()
            for item in items:
                if isinstance(item, Scalar) and isinstance(item.value, str):
                    yield item.value, item.span
