"""Paths such as `customer.name`: what a caller may read along them, and where their values are.

A path that leads nowhere and one that leads to a field the caller may not read are refused with
the same words, so that asking tells nothing.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from generator.build.tables import has_column
from generator.field_types import FieldType
from generator.kinds import Catalog
from generator.model.app import App
from generator.model.entity import Field
from generator.model.text import Label
from rules.matrix import Matrix
from rules.permissions import Grant
from runtime.errors import BadRequest, FieldError
from runtime.store.spans import Span

MAX_DEPTH = 3
"""References a path may cross."""


@dataclass(frozen=True)
class Path:
    """A path to a value: fields from the entity asked for to the one that holds the value."""

    text: str
    steps: tuple[Field, ...]
    sights: tuple[Grant, ...] = ()
    """What the caller may see of each record crossed, one grant a reference; empty for the engine,
    which sees everything."""
    span: Span | None = None
    """The value is the first day of the stretch it lies in."""

    @property
    def key(self) -> Hashable:
        """What decides its SQL: the path, and the rights along it."""
        seen = (self.text, *[grant.key for grant in self.sights]) if self.sights else self.text
        return seen if self.span is None else (seen, self.span)

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


def leads_too_far(name: str) -> BadRequest:
    """Refuse a path over too many references."""
    message = Label(
        {
            "en": f"'{name}' leads over more than {MAX_DEPTH} references.",
            "zh": f"“{name}”经过的关联超过 {MAX_DEPTH} 层。",
        }
    )
    return BadRequest(message, (FieldError(name, "too_deep", message),))


def through_many(name: str) -> BadRequest:
    """Refuse a value that many records behind the path have."""
    message = Label(
        {
            "en": f"'{name}' leads through many records, so it is no single value.",
            "zh": f"“{name}”经过多条记录，不是单一的值。",
        }
    )
    return BadRequest(message, (FieldError(name, "through_many", message),))


def masked_field(name: str) -> BadRequest:
    """Refuse to compare or sort by what the caller sees masked, or not in every row."""
    message = Label(
        {
            "en": f"You do not see every '{name}' in clear, so it cannot be asked for.",
            "zh": f"“{name}”对您部分或全部脱敏，不能用于筛选、排序或统计。",
        }
    )
    return BadRequest(message, (FieldError(name, "masked_field", message),))


@dataclass(frozen=True)
class Reader:
    """What one set of roles may read, over every entity."""

    app: App
    catalog: Catalog[FieldType]
    matrix: Matrix
    roles: frozenset[str]
    root: Grant | None = None
    """The grant of the request for the entity it asks; None where several are looked at."""
    looking: Grant | None = None
    """What the request may look up by the whole value of a masked field; None where it may not."""

    def path(self, entity: str, text: str) -> Path:
        """Return a path whose every step the caller may read, in clear or masked.

        Raises:
            BadRequest: it leads nowhere, or over more than three references, or not to be read.

        """
        steps: list[Field] = []
        sights: list[Grant] = []
        here = entity
        names = text.split(".")
        if len(names) > MAX_DEPTH + 1:
            raise leads_too_far(text)
        for index, name in enumerate(names):
            grant = self.crossed(here) if index else self.sight(here)
            field = self.app.field(here, name)
            if grant is None or field is None or name not in grant.read:
                raise unknown_field(text)
            if index:
                if self.catalog[steps[-1].type].relation != "reference":
                    raise through_many(text)
                sights.append(grant)
            steps.append(field)
            here = field.target
        return Path(text, tuple(steps), tuple(sights))

    def sight(self, entity: str) -> Grant | None:
        """Return what the roles may see of an entity: of the one asked, what the request may."""
        if self.root is not None and self.root.entity == entity:
            return self.root
        return self.crossed(entity)

    def crossed(self, entity: str) -> Grant | None:
        """Return what the roles may see of a record that another one points at."""
        return self.matrix.grant(self.roles, entity, "read") or self.matrix.grant(
            self.roles, entity, "list"
        )

    def compared(self, entity: str, text: str) -> Path:
        """Return a path whose values the caller sees in clear in some row, to filter by it.

        Raises:
            BadRequest: as `path`, and where the values are masked in every row.

        """
        path = self.path(entity, text)
        if not self.is_compared(path):
            raise masked_field(text)
        return path

    def ordered(self, entity: str, text: str) -> Path:
        """Return a path whose values the caller sees in clear in every row, to sort or sum by it.

        Raises:
            BadRequest: as `path`, and where some row masks or hides the value: the order of the
                rows, or a sum, would tell it.

        """
        path = self.path(entity, text)
        if not self.is_ordered(path):
            raise masked_field(text)
        return path

    def is_compared(self, path: Path) -> bool:
        """Return whether some row shows what lies at the end of a path in clear."""
        grant = path.sights[-1] if path.sights else self.sight(path.steps[0].entity)
        return grant is None or path.field.name not in grant.masked

    def looked_up(self, path: Path) -> Grant | None:
        """Return the right to look records up by the whole value of a masked field; None without.

        Only own fields that hold a text: what has a few values, such as a day or a choice, would
        be guessed one after the other.
        """
        right, field = self.looking, path.field
        if right is None or path.parents or right.entity != field.entity:
            return None
        kind, sight = self.catalog[field.type], self.sight(field.entity)
        fits = kind.searchable and "eq" in kind.operators and self.is_column(path)
        veiled = sight is not None and field.name in sight.veiled
        return right if fits and veiled and field.name in right.read else None

    def is_ordered(self, path: Path) -> bool:
        """Return whether every row shows every step of a path in clear."""
        grants = (self.sight(path.steps[0].entity), *path.sights)
        return not any(
            grant is not None and step.name in grant.veiled
            for step, grant in zip(path.steps, grants, strict=True)
        )

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


def currency_path(path: Path) -> str:
    """Return the path of the currency of a money value; empty where it is fixed."""
    name = str(path.field.args.get("currency") or "")
    if path.field.type != "money" or not name or name.isupper():
        return ""
    return ".".join([*(step.name for step in path.parents), name])


def title_currencies(app: App, entity: str) -> Mapping[str, str]:
    """Return the paths of the currencies that amounts of a title are in, by their paths."""
    found: dict[str, str] = {}
    for text in title_paths(app, entity):
        steps = app.walk(entity, text)
        written = currency_path(Path(text, steps)) if steps else ""
        if written:
            found[text] = written
    return found


def fill_title(app: App, entity: str, texts: Mapping[str, str]) -> str:
    """Return the title of a record from the shown texts of its title paths."""
    title = app.entities[entity].title
    for path in app.entities[entity].title_paths:
        below = f"{path}."
        inner = [text for name, text in texts.items() if name == path or name.startswith(below)]
        title = title.replace("{" + path + "}", " ".join(part for part in inner if part))
    return title.strip(" ·-,")
