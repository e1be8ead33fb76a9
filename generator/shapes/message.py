"""The shape of `NAME.message.yaml`: what people are told of a record, in each channel."""

from __future__ import annotations

from generator.kinds import Arg, Shape
from generator.model.message import CHANNELS

MAIL = Shape(
    "e-mail",
    "What an e-mail about it says, in place of what the inbox says.",
    {
        "subject": Arg("label", "Its subject, with variables in braces; the label if missing."),
        "text": Arg("label", "What it says, with variables in braces.", required=True),
    },
)

TO = Shape(
    "recipient outside",
    "Somebody who has no account here, such as a customer, is sent the e-mail as well.",
    {
        "address": Arg("path", "Where the address stands: a field of e-mail.", required=True),
        "name": Arg("path", "Where their name stands, for `recipient`."),
        "language": Arg(
            "path", "Where their language stands, such as en; the first of the app if missing."
        ),
        "role": Arg(
            "name", "In whose name it is read: what this role may read.", required=True, to="role"
        ),
    },
)

MESSAGE = Shape(
    "message",
    "What people are told of a record, by the effect `notify` of the same name.",
    {
        "message": Arg(
            "identifier", "The name of the message, as `notify` says it.", required=True
        ),
        "label": Arg("label", "What it is about, in a few words.", required=True),
        "of": Arg("name", "The records it tells of.", required=True, to="entity"),
        "variables": Arg(
            "map",
            "What its texts may name in braces: a field, or a path such as customer.name. Each is "
            "written as its field is, for whoever reads it and as far as they may read it. Always "
            "there are `record`, `recipient`, `shop` and `link`.",
            default={},
            of=Arg("path", "A field, or a path such as customer.name."),
        ),
        "inbox": Arg("label", "What the inbox says, with variables in braces.", required=True),
        "mail": Arg("shape", "What an e-mail says where it says more.", shape=MAIL),
        "to": Arg("shape", "Who outside is sent the e-mail as well.", shape=TO),
        "always": Arg(
            "list",
            "Channels that nobody switches off for it: what must be known stands in the inbox, or "
            "comes by e-mail at once, whatever people chose.",
            default=(),
            one=True,
            of=Arg("choice", "inbox or mail.", options=CHANNELS),
        ),
    },
)
