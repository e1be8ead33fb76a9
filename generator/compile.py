"""The whole way from a folder of YAML to a model, on one page: source → shape → resolve → check.

`compile_definitions` is the public door. `generator/build/` makes tables, schemas and screens out
of the model it returns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.checks.all import check
from generator.field_types import FieldType
from generator.kinds import Catalog, load_catalog
from generator.model.app import App
from generator.problems import DefinitionError, Problem, in_order
from generator.resolve.app import resolve
from generator.source import Source, plain, read_folder

OWN_WORDS = "generator"


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
    catalogs = load_catalogs(sources)
    app, found = resolve(sources, catalogs)
    every = [*problems, *_certain(found, problems, sources)]
    if not any(problem.severity == "error" for problem in every):
        every += check(app, catalogs)
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


def load_catalogs(sources: tuple[Source, ...] = ()) -> Mapping[str, Catalog[Any]]:
    """Return every family of words: ours, and those of the packages that `app.yaml` names."""
    packages = [OWN_WORDS]
    for source in sources:
        if source.kind == "app":
            content = plain(source.node)
            words = content.get("words", []) if isinstance(content, dict) else []
            packages += [word for word in words if isinstance(word, str)]
    return {"field_types": load_catalog("field_types", FieldType, packages)}
