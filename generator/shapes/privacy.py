"""The shape of `privacy:` of an entity: whose data its records are, and how it is erased."""

from __future__ import annotations

from generator.kinds import Arg, Shape
from generator.model.privacy import ERASING, FIELDS

KEEP = Shape(
    "keep",
    "What stays for a time when a person's data is erased, because a law wants it. A record "
    "without the date is not kept; parts of a record are kept with it.",
    {
        "years": Arg("integer", "How many years.", required=True, minimum=1, maximum=100),
        "from": Arg("name", "The date or moment from which they count.", required=True, to="field"),
        "because": Arg("label", "Why, as people read it before they erase.", required=True),
        "fields": Arg(
            "list",
            "Only these fields are kept and the others erased at once; all if missing.",
            default=(),
            of=Arg("name", "A field.", to="field"),
        ),
    },
)

PRIVACY = Shape(
    "privacy",
    "Whose data the records are: for the copy of all their data that a person asks for, and for "
    "its erasure. Erased are fields of the classes personal and sensitive, of the person's own "
    "record secret ones too. No login ends with it: nothing says which account is whose record, "
    "so an administrator ends it under Users.",
    {
        "about": Arg(
            "path",
            "`this` where each record is a person; else the references that lead to one, such as "
            "`order.customer`. A part about which nothing is said is about whom its whole is.",
            required=True,
        ),
        "also": Arg(
            "list",
            "Fields of other classes that are erased too, such as a note.",
            default=(),
            of=Arg("name", "A field.", to="field"),
        ),
        "erase": Arg(
            "choice",
            "`fields` empties the fields, and gives a required one a value that says nobody; "
            "`record` lets the whole record go.",
            default=FIELDS,
            options=ERASING,
        ),
        "wait": Arg(
            "list",
            "Workflows: nothing of a person is erased while one of these records stands in a state "
            "that is neither final nor of the category `closed`.",
            default=(),
            one=True,
            of=Arg("name", "A workflow.", to="workflow"),
        ),
        "keep": Arg("shape", "What a law wants kept for a time.", shape=KEEP),
    },
)
