"""`Visit`: what every page needs to know of the one who asks: rights, language, zone, texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from urllib.parse import quote, urlencode

from generator.field_types import FieldType, Viewer
from generator.kinds import Catalog
from generator.model.app import App
from generator.model.entity import Entity
from generator.model.text import Label
from rules.permissions import Grant
from runtime.messages import Actor
from runtime.operations import _looking
from runtime.operations._columns import reader
from runtime.operations._writing import OF_WHOLES
from runtime.runtime import Runtime
from runtime.store.paths import Path, Reader
from runtime.web.texts import Translate, translator


@dataclass(frozen=True)
class Visit:
    """One person, one request."""

    runtime: Runtime
    actor: Actor
    request_id: str = ""
    address: str = ""
    people: Mapping[int, str] = field(default_factory=dict)
    """Names of accounts, as far as the page shows them."""
    root: Grant | None = None
    """What the page may do with the records it is about; None where it is about several."""

    @property
    def app(self) -> App:
        """The model."""
        return self.runtime.app

    @property
    def catalog(self) -> Catalog[FieldType]:
        """The field types."""
        return self.runtime.compiled.field_types

    @cached_property
    def viewer(self) -> Viewer:
        """For whom values are written."""
        return Viewer(self.actor.locale, self.actor.time_zone)

    @cached_property
    def t(self) -> Translate:
        """The fixed texts in the person's language."""
        return translator(self.actor.locale)

    @cached_property
    def reads(self) -> Reader:
        """What the person may read along paths."""
        return reader(self.runtime, self.actor, self.root)

    def asking(self, action: str, entity: str) -> Visit:
        """Return the visit of a page that asks for records of an entity by one action."""
        return replace(self, root=self.runtime.matrix.grant(self.actor.roles, entity, action))

    def text(self, label: Label) -> str:
        """Return a text of a definition in the person's language."""
        return label.text(self.actor.locale)

    def may(self, action: str, entity: str) -> bool:
        """Return whether the person may do this at all; `handle` decides again."""
        scopes = self.actor.scopes
        if scopes is not None and not scopes & {
            f"{action}:{entity}",
            f"{action}:*",
            f"*:{entity}",
            "*:*",
        }:
            return False
        if action in OF_WHOLES and self.app.entities[entity].child_of:
            return False
        return self.runtime.matrix.grant(self.actor.roles, entity, action) is not None

    def looks_up(self, path: Path) -> bool:
        """Return whether the person may look up by the whole value what they see masked there."""
        right = _looking.right(self.runtime, self.actor, path.steps[0].entity)
        return right is not None and replace(self.reads, looking=right).looked_up(path) is not None

    def chinese(self) -> bool:
        """Return whether the page is in Chinese."""
        return self.actor.locale.startswith("zh")


def caller(visit: Visit, name: str, number: int = 0) -> str:
    """Return who did something as a sentence names them: a program of ours by a word for it.

    A person has the name the visit knows of them, else the one they signed in with then.
    """
    if number in visit.people:
        return visit.people[number]
    t = visit.t
    programs = {
        "system": t("System", "person"),
        "demo": t("Demo data", "person"),
        "formulas": t("Formulas", "person"),
        "command line": t("Command line", "person"),
    }
    return programs.get(name, name)


def record_url(entity: str, record_id: str = "", rest: str = "", **query: str) -> str:
    """Return the address of a record's page, or of the list without an id."""
    path = f"/{entity}/" + (f"{quote(record_id)}{'/' + rest if rest else ''}" if record_id else "")
    given = tuple([(key, value) for key, value in query.items() if value])
    return f"{path}?{_query(given)}" if given else path


@lru_cache(maxsize=256)
def _query(given: tuple[tuple[str, str], ...]) -> str:
    """Return a query string; the rows of a page all carry the same one."""
    return urlencode(given)


def new_url(entity: str, **query: str) -> str:
    """Return the address of an empty form."""
    given = {key: value for key, value in query.items() if value}
    return f"/{entity}/new" + (f"?{urlencode(given)}" if given else "")


def lower_first(visit: Visit, label: str) -> str:
    """Return a label as it stands inside a sentence: English lowers it, Chinese has no case."""
    if visit.chinese() or label[:2].isupper():
        return label
    return label[:1].lower() + label[1:]


def plural(visit: Visit, entity: Entity) -> str:
    """Return what several records are called."""
    return visit.text(entity.plural)


def single(visit: Visit, entity: Entity) -> str:
    """Return what one record is called inside a sentence."""
    return lower_first(visit, visit.text(entity.label))
