"""What a word of the family `connectors` is: one way to ask another system for something.

The words are files of `runtime/connectors/`; generator knows only this class. A word declares the
keys of a connector and the shape of its operations, says what is wrong with them, and makes a call.
What became of a call is one of three: done, refused for good, or unknown; a caller that does not
know must ask again under the same key, and never under another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from generator.kinds import Arg, Kind, Shape
from generator.model.connector import Connector, Operation
from generator.model.text import Label, Span
from generator.problems import Problem, did_you_mean, quoted
from generator.saying import say

UNKNOWN, ABSENT = "unknown", "absent"


@dataclass(frozen=True)
class Answer:
    """What became of a call.

    `outcome` is done, refused, unknown or, of a question about another call, absent: it never
    arrived. `output` holds values in API form. `reached` says whether the provider answered at all.
    """

    outcome: str
    output: Mapping[str, Any] = field(default_factory=dict)
    code: str = ""
    message: str = ""
    reached: bool = True


@dataclass(frozen=True)
class Asked:
    """One call, ready to go: values in API form, settings in clear."""

    connector: Connector
    operation: Operation
    values: Mapping[str, Any]
    key: str
    settings: Mapping[str, str] = field(repr=False)
    about: bool = False
    """It asks what became of the call of this key."""
    allowed: tuple[str, ...] = ()
    """Hosts and networks inside that may be asked all the same."""


class ConnectorType(Kind):
    """One way to reach another system. `args` holds the keys of the connector file."""

    settings: ClassVar[Mapping[str, Label]] = {}
    """What every connector of this type has entered, by name."""

    def faults(self, connector: Connector) -> Iterator[Problem]:
        """Yield what no shape can say is wrong with a connector."""
        yield from ()

    def call(self, asked: Asked) -> Answer:
        """Make a call and say what became of it; what goes wrong outside is an answer."""
        raise NotImplementedError


def json_at(**options: Any) -> Arg:
    """Return an argument that says where a value stands in JSON."""
    path = r"[A-Za-z0-9_$-]+(\.[A-Za-z0-9_$-]+)*"
    return Arg("text", "Keys of the JSON, joined by dots.", pattern=path, **options)


SAYS = Shape(
    "answer condition",
    "A question about the body of an answer.",
    {
        "at": json_at(required=True),
        "is": Arg(
            "list", "It says one of these.", required=True, one=True, of=Arg("text", "A text.")
        ),
    },
)

HEADERS = Arg(
    "map",
    "Headers sent with everything; `{name}` is a setting.",
    default={},
    pattern=r"[A-Za-z][A-Za-z0-9-]*",
    of=Arg("text", "A value."),
)


def operations(own: Mapping[str, Arg]) -> Arg:
    """Return the argument `operations` of a type whose operations have these keys of their own."""
    shape = Shape("operation", "One thing that is asked of the other system.", {**OPERATION, **own})
    return Arg(
        "map",
        "What can be asked, by name.",
        required=True,
        of=Arg("shape", "An operation.", shape=shape),
    )


VALUE = Shape(
    "connector value",
    "One value of an operation; `type` is a field type, which adds its own keys.",
    {
        "type": Arg("name", "What the value is.", required=True, to="field type"),
        "label": Arg("label", "What people read; made from its name if missing."),
        "required": Arg("boolean", "It must be given.", default=False),
    },
    word="type",
    family="field_types",
)

RETRY = Shape(
    "retry",
    "How often a call is made whose answer did not come.",
    {
        "max": Arg("integer", "The most attempts.", default=6, minimum=1, maximum=100),
        "backoff": Arg(
            "choice",
            "Whether each pause is twice the one before.",
            default="exponential",
            options=("exponential", "constant"),
        ),
        "first": Arg("text", "The first pause.", default="PT10S"),
        "cap": Arg("text", "The longest pause.", default="PT1H"),
        "give_up_on": Arg(
            "list",
            "Codes after which it is not tried again: a refusal.",
            default=(),
            one=True,
            of=Arg("text", "A code."),
        ),
    },
)

OPERATION: Mapping[str, Arg] = {
    "label": Arg("label", "What people read; made from the name if missing."),
    "input": Arg(
        "map", "What goes in, by name.", default={}, of=Arg("shape", "A value.", shape=VALUE)
    ),
    "output": Arg(
        "map",
        "What comes out, by name; a transition that the answer fires is given what it asks for, "
        "and of a refusal its `code`, `message` or `failure`.",
        default={},
        of=Arg("shape", "A value.", shape=VALUE),
    ),
    "status": Arg("name", "The operation that tells by `key` what became of it.", to="operation"),
    "repeatable": Arg(
        "boolean", "Asked twice with one key, the provider does it once.", default=True
    ),
    "timeout": Arg("text", "How long an answer is waited for; the connector's if missing."),
    "retry": Arg("shape", "In place of the connector's.", shape=RETRY),
    "tells": Arg(
        "text",
        "The type of the event that the simulator sends after it; under `data` it has the key, "
        "what went in and what came out.",
    ),
}
"""The keys of every operation, whatever its type."""

PLACE = re.compile(r"\{([a-z][a-z0-9_]*)(?::([a-z]+))?\}")
"""Where a value is put into a text: `{name}`, or `{name:minor}` for a number without its point."""


def lost_places(texts: Iterable[str], known: Iterable[str], at: Span) -> Iterator[Problem]:
    """Yield a fault for every `{name}` in these texts that is none of the known."""
    names = set(known)
    for text in texts:
        for name, _ in PLACE.findall(text):
            if name not in names:
                message = say(
                    "There is nothing to put in place of '{{{name}}}' in {text}.",
                    name=name,
                    text=quoted(text),
                )
                yield Problem("D701", at, message, did_you_mean(name, names, otherwise=""))
