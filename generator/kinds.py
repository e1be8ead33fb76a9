"""The words of the language: a `Kind` is a word, an `Arg` one thing it takes, a `Catalog` a family.

A word is a file with one class in its family's folder; the file's name is the word. The folder is
listed, so there is no registry, no decorator and no index to keep. A shop adds words by naming
packages in `app.yaml` (`words: [acme.words]`): `acme/words/field_types/*.py` joins the family
`field_types`, and so on.

An `Arg` is declared once; the reader (`generator/shape.py`), the JSON Schema, the documentation
and the contract tests all follow from it.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar


@dataclass(frozen=True)
class Arg:
    """One key that a word or a definition file takes.

    `type` is one of: text, label, identifier, name (of something defined elsewhere), path (names
    joined by dots), expression, boolean, integer, decimal, date, choice, value (plain data as
    written), icon, list, map, shape; and for prices amount (money, by currency where there are
    several), percent (a share of a hundred), condition and action (a word with its arguments).
    """

    type: str
    help: str = ""
    default: Any = None
    required: bool = False
    options: tuple[str, ...] = ()
    """What `choice` accepts."""
    of: Arg | None = None
    """What a `list` or a `map` holds."""
    shape: Shape | None = None
    to: str = ""
    """What a `name` names: entity, field, role …; used in messages and in documentation."""
    minimum: int | None = None
    maximum: int | None = None
    pattern: str = ""
    or_true: bool = False
    """An `expression` that may also be written `true` or `false`; a `shape` that may be `true`."""
    from_app: str = ""
    """The key of `app.yaml` that gives the value when nobody writes it."""
    or_label: str = ""
    """A `shape` that may be written as a plain label: the key that the label then stands for."""
    one: bool = False
    """A `list` that may be written as its only item."""
    or_word: str = ""
    """A `shape` that may be written as a single word: the key that the word then stands for."""


@dataclass(frozen=True)
class Shape:
    """The keys that one mapping accepts."""

    name: str
    help: str
    args: Mapping[str, Arg]
    word: str = ""
    """The key whose value chooses a word of `family`; its args are accepted beside `args`.

    Without it a word of the family is itself a key of the mapping.
    """
    family: str = ""


_TYPE = Arg("text", "The word.", required=True)
CONDITION = Shape(
    "condition", "What must be true.", {"type": _TYPE}, word="type", family="conditions"
)
ACTION = Shape("action", "What is done.", {"type": _TYPE}, word="type", family="actions")
"""What an argument of type `condition` or `action` is."""


class Kind:
    """A word usable in YAML. The docstring's first line is its help."""

    args: ClassVar[Mapping[str, Arg]] = {}
    word: str = ""
    """The file's name, set by the catalog."""

    @classmethod
    def help(cls) -> str:
        """Return the first paragraph of the module's docstring: what the word means."""
        text = inspect.getdoc(inspect.getmodule(cls)) or ""
        return " ".join(text.split("\n\n")[0].split()).partition("`: ")[2] or text


K = TypeVar("K", bound=Kind)


@dataclass(frozen=True)
class Catalog(Generic[K]):
    """One family of words, by name."""

    family: str
    words: Mapping[str, K] = field(default_factory=dict)

    def __getitem__(self, word: str) -> K:
        return self.words[word]

    def __contains__(self, word: object) -> bool:
        return word in self.words

    def __iter__(self) -> Iterator[str]:
        return iter(self.words)


def load_catalog(family: str, base: type[K], packages: Iterable[str]) -> Catalog[K]:
    """Find every word of a family by listing the folder `family` in each of the packages.

    Args:
        family: the folder's name, such as `field_types`.
        base: the class each word extends; a file holds just one such class.
        packages: dotted names, our own first, then those of the shop.

    Raises:
        ImportError: a package is not found, or has no folder of the family.
        ValueError: a file holds no word or more than one, or two packages define one word.

    """
    words: dict[str, K] = {}
    for package in packages:
        folder = importlib.import_module(f"{package}.{family}")
        for module_info in sorted(pkgutil.iter_modules(folder.__path__), key=lambda m: m.name):
            if module_info.name.startswith("_"):
                continue
            module = importlib.import_module(f"{folder.__name__}.{module_info.name}")
            classes = [
                value
                for value in vars(module).values()
                if inspect.isclass(value)
                and issubclass(value, base)
                and value is not base
                and value.__module__ == module.__name__
                and not value.__name__.startswith("_")
            ]
            word = module_info.name.rstrip("_")
            if len(classes) != 1:
                raise ValueError(f"{module.__name__} holds {len(classes)} words; it must hold one.")
            if word in words:
                raise ValueError(f"The word '{word}' of {family} is defined twice.")
            kind = classes[0]()
            kind.word = word
            words[word] = kind
    return Catalog(family, words)
