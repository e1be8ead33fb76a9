"""Runs every check: a check is a file of this folder with a function
`check(app, catalogs, places)`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any

import generator.checks
from generator.kinds import Catalog
from generator.model.app import App
from generator.places import Places
from generator.problems import Problem


def check(app: App, catalogs: Mapping[str, Catalog[Any]], places: Places) -> list[Problem]:
    """Return what is wrong with a model whose names all resolve."""
    problems: list[Problem] = []
    for module_info in sorted(
        pkgutil.iter_modules(generator.checks.__path__), key=lambda found: found.name
    ):
        if module_info.name != "all":
            module = importlib.import_module(f"generator.checks.{module_info.name}")
            problems += module.check(app, catalogs, places)
    return problems
