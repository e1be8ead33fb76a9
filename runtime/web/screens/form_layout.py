"""Which fields stand where on a form, within what the person may set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from generator.model.entity import Entity
from runtime.web.screens.form_state import FormField, form_fields
from runtime.web.screens.visit import Visit


@dataclass(frozen=True)
class FormLayout:
    """Which fields stand where, within what the person may set."""

    entity: Entity
    changes: bool
    groups: tuple[tuple[str, str, tuple[FormField, ...]], ...]
    side: tuple[FormField, ...]

    @property
    def fields(self) -> tuple[FormField, ...]:
        """Every field of the form."""
        return (*(one for _, _, group in self.groups for one in group), *self.side)

    def only(self, names: Sequence[str]) -> FormLayout:
        """Return the layout without fields that are not among these names."""
        keep = set(names)
        groups = tuple(
            (name, label, tuple(one for one in group if one.field.name in keep))
            for name, label, group in self.groups
        )
        side = tuple(one for one in self.side if one.field.name in keep)
        return replace(self, groups=groups, side=side)

    def without(self, inner: frozenset[str]) -> FormLayout:
        """Return the layout without some fields of its rows, named as `lines.options`."""

        def cut(one: FormField) -> FormField:
            rows = tuple(
                part for part in one.rows if f"{one.field.name}.{part.field.name}" not in inner
            )
            return replace(one, rows=rows)

        if not inner:
            return self
        groups = tuple(
            (name, label, tuple(cut(one) for one in group)) for name, label, group in self.groups
        )
        return replace(self, groups=groups, side=tuple(cut(one) for one in self.side))


def form_layout(visit: Visit, entity: Entity, *, changes: bool) -> FormLayout:
    """Return the form of an entity for a person."""
    groups = tuple(
        (
            group.name,
            visit.text(group.label),
            form_fields(visit, entity, group.fields, changes=changes),
        )
        for group in entity.form.groups
    )
    side = form_fields(visit, entity, entity.form.side, changes=changes)
    return FormLayout(entity, changes, groups, side)


def has_files(fields: Sequence[FormField]) -> bool:
    """Return whether a form uploads anything, which decides how the browser sends it."""
    return any(one.kind in {"file", "image"} or has_files(one.rows) for one in fields)
