"""Paths such as `customer.name`: what a caller may read along them, and where their values are.

A path that leads nowhere and one that leads to a field the caller may not read are refused with
the same words, so that asking tells nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from generator.build.tables import has_column
from generator.field_types import FieldType
from generator.kinds import Catalog
from generator.model.app import App
from generator.model.entity import Field
from generator.model.text import Label
from rules.permissions import Matrix
from runtime.errors import BadRequest, FieldError

MAX_DEPTH = 3
"""References a path may cross."""


@dataclass(frozen=True)
class Path:
    """A path to a value: fields from the entity asked for to the one that holds the value."""

    text: str
    steps: tuple[Field, ...]

    @property
    def field(self) -> Field:
        """The field that holds the value."""
        return self.steps[-1]

    @property
    def parents(self) -> tuple[Field, ...]:
        """The references crossed."""
        return self.steps[:-1]


def unknown_field(name: str) -> BadRequest:
    """Refuse a path that leads nowhere, or nowhere this caller may read."""
    message = Label({"en": f"There is no field '{name}' here.", "zh": f"这里没有字段“{name}”。"})
    return BadRequest(message, (FieldError(name, "unknown_field", message),))


@dataclass(frozen=True)
class Reader:
    """What one set of roles may read, over every entity."""

    app: App
    catalog: Catalog[FieldType]
    matrix: Matrix
    roles: frozenset[str]

    def path(self, entity: str, text: str) -> Path:
        """Return a path whose every step the caller may read.

        Raises:
            BadRequest: it leads nowhere, or over more than three references, or not to be read.

        """
        steps: list[Field] = []
        here = entity
        names = text.split(".")
        if len(names) > MAX_DEPTH + 1:
            raise unknown_field(text)
        for index, name in enumerate(names):
            field = self._step(here, name)
            if field is None or (index and self.catalog[steps[-1].type].relation != "reference"):
                raise unknown_field(text)
            steps.append(field)
            here = field.target
        return Path(text, tuple(steps))

    def _step(self, entity: str, name: str) -> Field | None:
        grant = self.matrix.grant(self.roles, entity, "read") or self.matrix.grant(
            self.roles, entity, "list"
        )
        if grant is None or name not in grant.read:
            return None
        return self.app.field(entity, name)

    def may_read(self, entity: str) -> bool:
        """Return whether the roles may read records of an entity at all."""
        return self.matrix.grant(self.roles, entity, "read") is not None

    def is_column(self, path: Path) -> bool:
        """Return whether a path ends in a column of a table."""
        return has_column(path.field, self.catalog)


def title_paths(app: App, entity: str, depth: int = 1) -> tuple[str, ...]:
    """Return the paths a record's title is made of, crossing at most `depth` references."""
    found: list[str] = []
    for text in app.entities[entity].title_paths:
        steps = app.walk(entity, text)
        if steps is None:
            continue
        last = steps[-1]
        if last.target and depth and not last.args.get("of"):
            found += [f"{text}.{inner}" for inner in title_paths(app, last.target, depth - 1)]
        elif not last.target:
            found.append(text)
    return tuple(found)


def fill_title(app: App, entity: str, texts: Mapping[str, str]) -> str:
    """Return the title of a record from the shown texts of its title paths."""
    title = app.entities[entity].title
    for path in app.entities[entity].title_paths:
        inner = [
            text for name, text in texts.items() if name == path or name.startswith(f"{path}.")
        ]
        title = title.replace("{" + path + "}", " ".join(part for part in inner if part))
    return title.strip(" ·-,")
