"""Entities: the fields of all first, then what refers to them: expressions, paths, screens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from generator.expressions import types
from generator.expressions.compile import Expression, first_of, parse
from generator.field_types import FieldType
from generator.kinds import Catalog
from generator.model.entity import THIS, Check, Entity, Field, View
from generator.model.placing import PROMOTION
from generator.model.pricing import Offering
from generator.model.privacy import Keep, Privacy
from generator.model.text import Label, Span
from generator.problems import Problem, unknown_name
from generator.resolve.classes import inherit_classes
from generator.resolve.fields import STATE, humanize, resolve_fields, with_columns
from generator.resolve.machines import Column
from generator.resolve.offerings import resolve_offering
from generator.resolve.scope import ModelScope
from generator.resolve.screens import detail_screen, form_screen, list_screen, print_labels
from generator.resolve.unread import Unread, astray
from generator.saying import say
from generator.shape import Given, Written
from generator.source_nodes import Mapped, Source

TITLE_FIELDS = ("name", "title", "number", "code", "label", "subject")
"""What names a record when the author gives no `title`, in this order."""

HISTORY = "history"

NO_COLUMNS: Mapping[str, Mapping[str, Column]] = {}

CONDITIONS = {"visible": "visible", "required": "required_when", "readonly": "readonly_when"}
"""The keys of a field that take a condition, and where the model keeps it."""


@dataclass(frozen=True)
class Draft:
    """One entity file, read."""

    source: Source
    given: Given
    name: str


def resolve_entities(
    drafts: Iterable[Draft],
    catalog: Catalog[FieldType],
    from_app: Mapping[str, Any],
    columns: Mapping[str, Mapping[str, Column]] = NO_COLUMNS,
) -> tuple[dict[str, Entity], list[Problem]]:
    """Return the entities by name and what is wrong with them.

    `from_app` holds the values of `app.yaml` that fields fall back to, such as the currency;
    `columns` the state columns that workflows give to each entity.
    """
    by_name = {draft.name: draft for draft in drafts}
    problems: list[Problem] = []
    fields: dict[str, dict[str, Field]] = {}
    for name, draft in by_name.items():
        fields[name], found = resolve_fields(draft.given, name, catalog, by_name, from_app)
        problems += found
        fields[name], found = with_columns(fields[name], name, columns.get(name, {}))
        problems += found
        parent = draft.given.get("child_of")
        if parent is not None and parent.text not in by_name:
            problems.append(
                unknown_name(
                    "entity", parent.text, parent.span, by_name, defined_in="the definitions"
                )
            )
        else:
            _name_the_parent(fields[name], parent, by_name)
    resolver = _Resolver(fields, catalog, problems, unread_of(by_name.values(), fields))
    for name in by_name:
        resolver.derive(name, columns.get(name, {}))
    entities = {name: resolver.entity(draft) for name, draft in by_name.items()}
    return inherit_classes(entities), problems


def _name_the_parent(
    fields: dict[str, Field], parent: Written | None, drafts: Mapping[str, Draft]
) -> None:
    """Call the link from a child to its parent what the parent is called, in every language."""
    if parent is None:
        return
    label = drafts[parent.text].given.get("label")
    link = fields[parent.text]
    if label is not None and link.span == parent.span:
        fields[parent.text] = replace(link, label=label)


class _Resolver:
    """The second pass; it collects problems while it resolves one entity after the other."""

    def __init__(
        self,
        fields: Mapping[str, dict[str, Field]],
        catalog: Catalog[FieldType],
        problems: list[Problem],
        unread: Unread,
    ) -> None:
        self.fields, self.catalog, self.problems = fields, catalog, problems
        self.unread = unread

    def entity(self, draft: Draft) -> Entity:
        given, name = draft.given, draft.name
        self._expressions(draft)
        fields = self.fields[name]
        label = given.get("label") or Label({"": humanize(name)})
        listing = list_screen(given.get("list"), fields)
        listing = replace(listing, views=self._views(listing.views, given, name))
        entity = Entity(
            name=name,
            label=label,
            plural=given.get("plural") or label,
            module=draft.source.module,
            icon=given.get("icon", "file"),
            span=given.span,
            fields=fields,
            title=given.get("title") or _title(fields),
            key=self._names(given.get("key", ()), name),
            unique=tuple(self._names(group, name) for group in given.get("unique", ())),
            indexes=tuple(self._names(group, name) for group in given.get("indexes", ())),
            checks=tuple(self._check(check, name) for check in given.get("checks", ()) if check),
            list=listing,
            detail=detail_screen(given.get("detail"), fields),
            form=form_screen(given.get("form"), fields),
            print_labels=print_labels(given.get("print")),
            help=given.get("help"),
            child_of=str(given.get("child_of") or ""),
            archive=given.get("archive", True) and "child_of" not in given,
            renamed_from=given.get("renamed_from"),
            menu=given.get("menu", "child_of" not in given),
            promotion=self._offering(draft),
            privacy=self._privacy(given, name),
        )
        self._check_paths(given, name)
        self._check_title(given, entity)
        return replace(entity, checks=tuple(c for c in entity.checks if c.that is not None))

    def _privacy(self, given: Given, entity: str) -> Privacy | None:
        """Return whose data the records of an entity are."""
        if "privacy" not in given or given.get("privacy") is None:
            return None
        said = given.get("privacy")
        about = said.get("about")
        if about is None:
            return None
        if about.text != THIS:
            self._walk(about, entity)
        return Privacy(
            () if about.text == THIS else tuple(about.text.split(".")),
            about.span,
            also=self._names(said.get("also", ()), entity),
            erase=said.get("erase"),
            wait=tuple(one.text for one in said.get("wait", ())),
            keep=self._keep(said.get("keep"), entity),
        )

    def _keep(self, said: Given | None, entity: str) -> Keep | None:
        """Return what is kept for a time; None without it, or where it cannot be read."""
        if said is None or said.get("from") is None or said.get("because") is None:
            return None
        since = self._names((said.get("from"),), entity)
        fields = self._names(said.get("fields", ()), entity)
        if not since or said.get("years") is None:
            return None
        return Keep(said.get("years"), since[0], said.get("because"), fields, said.span)

    def _offering(self, draft: Draft) -> Offering | None:
        """Return how the records of an entity are promotions."""
        if "promotion" not in draft.given:
            return None
        node = draft.source.node.get("promotion")
        assert node is not None

        def read(written: Written, entity: str, expected: types.Type | None) -> Expression | None:
            return self._parse(written, entity, expected)

        given = draft.given.get("promotion")
        found, problems = resolve_offering(given, node, draft.name, self.fields, read)
        self.problems += problems
        return found

    def _expressions(self, draft: Draft) -> None:
        """Compile what a field says in expressions into the fields of one entity."""
        for written, body in draft.given.get("fields", {}).items():
            field = self.fields[draft.name].get(written.text)
            if field is None:
                continue
            kind = self.catalog[field.type].expression_type(field)
            changes: dict[str, Any] = {}
            if "computed" in body:
                changes["computed"] = self._parse(body.get("computed"), draft.name, kind)
            if "default_to" in body:
                changes["default_expression"] = self._parse(
                    body.get("default_to"), draft.name, kind
                )
            for key, name in CONDITIONS.items():
                if isinstance(body.get(key), Written):
                    changes[name] = self._parse(body.get(key), draft.name, types.Boolean())
            if isinstance(body.get("pick"), Written) and field.target in self.fields:
                changes["pick"] = self._parse(
                    body.get("pick"), field.target, types.Boolean(), {THIS: self._this(draft.name)}
                )
            if changes:
                self.fields[draft.name][field.name] = replace(field, **changes)

    def derive(self, entity: str, columns: Mapping[str, Column]) -> None:
        """Give the derived states of an entity the formula that their cases are.

        What is wrong in a single case is told by the workflow that it belongs to.
        """
        for column in columns.values():
            field = self.fields[entity].get(column.field)
            if field is None or not column.cases or field.type != STATE:
                continue
            scope = ModelScope(entity, self.fields, self.catalog)
            read = [
                (parse(condition.text, condition.span, scope, types.Boolean())[0], value)
                for value, condition in column.cases[:-1]
                if condition is not None
            ]
            whole = [(condition, value) for condition, value in read if condition is not None]
            kind = self.catalog[field.type].expression_type(field)
            formula = first_of(whole, column.cases[-1][0], column.span, entity, kind)
            if formula is None:
                message = say("'{field}' has too many cases.", field=column.field)
                hint = "Give a part of them a name as a derived state of its own."
                self.problems.append(Problem("D503", column.span, message, hint))
            self.fields[entity][column.field] = replace(field, computed=formula)

    def _this(self, entity: str) -> types.Record:
        """Return what a `pick` may ask of the record that points: its own single values."""
        parts = {
            name: ModelScope(entity, self.fields, self.catalog).field(entity, name)
            for name in self.fields[entity]
        }
        return types.Record(
            {
                name: kind
                for name, kind in parts.items()
                if kind is not None and not isinstance(kind, (types.Children, types.ListOf))
            }
        )

    def _parse(
        self,
        written: Any,
        entity: str,
        expected: types.Type | None,
        more: Mapping[str, types.Type] | None = None,
    ) -> Expression | None:
        if not isinstance(written, Written):
            return None
        if self.unread.doubts(written.text):
            return None
        scope = ModelScope(entity, self.fields, self.catalog)
        if more:
            scope = replace(scope, names={**scope.names, **more})
        expression, found = parse(written.text, written.span, scope, expected, written=written.raw)
        self.problems += found
        return expression

    def _check(self, given: Given, entity: str) -> Check:
        that = self._parse(given.get("that"), entity, types.Boolean())
        field = given.get("field")
        if field is not None:
            self._names((field,), entity)
        return Check(
            that=that,  # type: ignore[arg-type]  # None is filtered out by the caller
            code=given.get("code", ""),
            message=given.get("message") or Label({"": ""}),
            field=field.text if field else None,
            span=given.span,
        )

    def _views(self, views: tuple[View, ...], given: Given, entity: str) -> tuple[View, ...]:
        written = given.get("list").get("views", {}) if "list" in given else {}
        bodies = {str(name): body for name, body in written.items()}
        return tuple(
            replace(
                view, where=self._parse(bodies[view.name].get("where"), entity, types.Boolean())
            )
            if "where" in bodies[view.name]
            else view
            for view in views
        )

    def _names(self, names: Iterable[Written], entity: str) -> tuple[str, ...]:
        """Return names of the entity's own fields; an unknown one is a problem."""
        found = []
        for name in names:
            if name.text in self.fields[entity]:
                found.append(name.text)
            else:
                self._unknown_field(name.text, name.span, entity)
        return tuple(found)

    def _unknown_field(self, name: str, span: Span, entity: str) -> None:
        if self.unread.has(entity, name):
            return
        known = self.fields[entity]
        self.problems.append(
            unknown_name(
                "field", name, span, known, defined_in=say("entity '{entity}'", entity=entity)
            )
        )

    def _check_paths(self, given: Given, entity: str) -> None:
        """Every path of list, detail and form must lead to a field."""
        for screen in ("list", "detail", "form"):
            if screen not in given:
                continue
            for path in _paths(given.get(screen)):
                if path.text != HISTORY:
                    self._walk(path, entity)
        if "list" in given and "layouts" in given.get("list"):
            for path in given.get("list").get("layouts").values.values():
                if isinstance(path, Written):
                    self._walk(path, entity)
        for path in _label_paths(given.get("print")) if "print" in given else ():
            self._walk(path, entity)

    def _walk(self, path: Written, entity: str) -> None:
        steps = path.text.lstrip("-").split(".")
        child = self.fields.get(steps[0], {}).get(steps[1]) if len(steps) == 2 else None
        if child is not None and (child.target == entity or child.name == PROMOTION):
            return  # whether what was counted of a promotion is meant is known later
        here = entity
        for step in steps:
            if here and here not in self.fields:
                return  # where the link before leads to was told at the link
            if not here or step not in self.fields[here]:
                self._unknown_field(step, path.span, here if here in self.fields else entity)
                return
            here = self.fields[here][step].target

    def _check_title(self, given: Given, entity: Entity) -> None:
        for path in entity.title_paths:
            self._walk(Written(path, given.at("title")), entity.name)


def unread_of(drafts: Iterable[Draft], fields: Mapping[str, Mapping[str, Field]]) -> Unread:
    """Return the names that were meant as fields and could not be read as one."""
    missing = {draft.name: _unread(draft) - fields[draft.name].keys() for draft in drafts}
    return Unread(missing, astray(fields))


def _unread(draft: Draft) -> set[str]:
    """Return the names under `fields:` as written; those that make no field were reported."""
    node = draft.source.node
    body = node.entries.get("fields") if isinstance(node, Mapped) else None
    return set(body.node.entries) if body and isinstance(body.node, Mapped) else set()


def _label_paths(given: Given) -> Iterable[Written]:
    for label in given.get("labels", {}).values():
        for path in (*label.get("lines", ()), label.get("barcode"), label.get("qr")):
            if isinstance(path, Written):
                yield path


def _paths(given: Given) -> Iterable[Written]:
    for value in given.values.values():
        if isinstance(value, tuple):
            yield from (item for item in value if isinstance(item, Written))
        elif isinstance(value, dict):
            for body in value.values():
                yield from _paths(body)


def _title(fields: Mapping[str, Field]) -> str:
    for name in TITLE_FIELDS:
        if name in fields:
            return "{" + name + "}"
    first = next((n for n, f in fields.items() if f.span.line and f.type == "text"), "id")
    return "{" + first + "}"
