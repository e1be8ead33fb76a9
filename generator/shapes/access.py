"""The shapes of `roles.yaml` and of `NAME.access.yaml`: who may do what."""

from __future__ import annotations

from generator.kinds import Arg, Shape
from generator.model.access import DUTIES, KEPT, SIGHTS

MASKS = (
    "auto",
    "full",
    "phone",
    "email",
    "name",
    "last4",
    "district",
    "bucket",
    "set",
)
"""How a cell can be masked; `rules/masks.py` says what each leaves to be seen."""

BREAK_GLASS = Shape(
    "break_glass",
    "How the role is taken in an emergency: with a reason and the password given anew, for minutes "
    "only, under the eyes of others.",
    {
        "by": Arg(
            "list",
            "Roles whose holders may take it.",
            required=True,
            one=True,
            of=Arg("name", "A role.", to="role"),
            minimum=1,
        ),
        "tells": Arg(
            "list",
            "Roles whose holders are told at once. Another one of them looks into it afterwards.",
            required=True,
            one=True,
            of=Arg("name", "A role.", to="role"),
            minimum=1,
        ),
        "minutes": Arg("integer", "How long it lasts.", default=30, minimum=5, maximum=60),
    },
)

ROLE = Shape(
    "role",
    "A name that people hold and grants refer to.",
    {
        "label": Arg("label", "The name people see.", required=True),
        "includes": Arg(
            "list",
            "Roles whose grants this one has too.",
            default=(),
            of=Arg("name", "A role.", to="role"),
        ),
        "help": Arg("label", "What the role is for."),
        "second_factor": Arg(
            "boolean",
            "Whoever holds it signs in with a code of an authenticator app as well.",
            default=False,
        ),
        "sees": Arg(
            "map",
            "By class of fields: `clear`, `masked` or `hidden`. Where it says nothing, `sensitive` "
            "fields are masked, `secret` ones hidden and all others clear.",
            default={},
            pattern="public|internal|personal|sensitive",
            of=Arg("choice", "", options=SIGHTS),
        ),
        "owner": Arg(
            "list",
            "Roles whose holders decide when somebody asks for this one, for a time. Where nobody "
            "is named, nobody can ask.",
            default=(),
            one=True,
            of=Arg("name", "A role.", to="role"),
        ),
        "break_glass": Arg(
            "shape",
            "Who may take the role in an emergency, at once and for minutes. It opens records, "
            "never the administration of people and roles.",
            shape=BREAK_GLASS,
        ),
        "administers": Arg(
            "choice",
            "Its holders administer one thing, whatever records they reach: `system` connectors, "
            "messages and faults of the definitions, `people` accounts, groups, roles and reviews, "
            "`log` the log and its alarms. Whoever holds roles of two of them administers "
            "nothing; whoever may do everything with `*` administers all three.",
            options=DUTIES,
        ),
    },
)

CONFLICT = Shape(
    "conflict",
    "Roles of which one person shall not hold two: who buys does not pay.",
    {
        "roles": Arg(
            "list",
            "The roles.",
            required=True,
            of=Arg("name", "A role.", to="role"),
            minimum=2,
        ),
        "message": Arg("label", "Why, as reviewers read it."),
    },
)

REVIEWS = Shape(
    "reviews",
    "A rhythm in which everybody's roles and old tokens are looked at.",
    {
        "every_months": Arg(
            "integer",
            "A review begins by itself so many months after the last one.",
            required=True,
            minimum=1,
            maximum=12,
        ),
        "days": Arg(
            "integer",
            "What nobody answered after so many days is suspended, until an administrator gives "
            "it back.",
            default=21,
            minimum=1,
            maximum=90,
        ),
    },
)

PERSON = Shape(
    "person",
    "A list that expressions may ask of the person who acts, as `actor.NAME`.",
    {
        "of": Arg("name", "The entity that says it.", required=True, to="entity"),
        "person": Arg(
            "name",
            "Its field for the person: a user, or a text that holds the login name.",
            required=True,
            to="field",
        ),
        "value": Arg("name", "Its field with the value.", required=True, to="field"),
    },
)

LOG = Shape(
    "log rule",
    "What the logs keep of the values of a class; just a word, such as `mark`, says no more.",
    {
        "keep": Arg(
            "choice",
            "`value` keeps them; `masked` keeps the mask of each with a mark that tells values "
            "apart and nothing else; `mark` keeps the mark alone.",
            required=True,
            options=KEPT,
        ),
        "why": Arg("text", "Of `value`: why no less will do."),
    },
)

ROLES = Shape(
    "roles",
    "All roles; just one file, `roles.yaml`, at the top.",
    {
        "roles": Arg("map", "The roles by name.", required=True, of=Arg("shape", "", shape=ROLE)),
        "person": Arg(
            "map",
            "What expressions may ask of a person beside `actor.id`, `name`, `email` and `roles`.",
            default={},
            of=Arg("shape", "", shape=PERSON),
        ),
        "masks": Arg(
            "map",
            "By class of fields: how they are masked, in place of the field type's own mask.",
            default={},
            pattern="public|internal|personal|sensitive",
            of=Arg("choice", "", options=MASKS),
        ),
        "log": Arg(
            "map",
            "By class of fields: what the audit keeps of values, and what titles there say of "
            "them. Where it says nothing, `personal` values are masked, of `sensitive` ones a mark "
            "stays. An older value that the audit does not keep cannot be brought back from it.",
            default={},
            pattern="personal|sensitive",
            of=Arg("shape", "", shape=LOG, or_word="keep"),
        ),
        "conflicts": Arg(
            "map",
            "Roles that do not go together, by name: nobody is given two of them, on request or by "
            "an administrator, and a review tells who holds two.",
            default={},
            of=Arg("shape", "", shape=CONFLICT),
        ),
        "reviews": Arg(
            "shape",
            "How often rights are reviewed; if missing, when an administrator begins it.",
            shape=REVIEWS,
        ),
    },
)

NAMED_ONLY = (
    *("approve", "reveal", "match", "export_plain"),
    *("operate", "post", "evaluate", "extend", "erase"),
)
"""Actions that no group includes: whoever may do them has a line that says so."""

ORDINARY = (
    "list",
    "read",
    "create",
    "update",
    "delete",
    "restore",
    "history",
    "aggregate",
    "print",
    "comment",
    "file",
    "link",
    "import",
    "export",
    "bulk",
    "share",
)
"""What a grant may allow, in the order in which people think of it."""

TRANSITION = "transition"
"""Begins the action of firing one: `transition:workflow.name`; a guardrail denies all by it."""

ACTIONS = (*ORDINARY, *NAMED_ONLY)
"""Every action: `print` puts a record that may be read on paper, `comment` writes about it, `file`
opens its files and, with `update`, adds and removes them, `link` points at it from another record;
`approve` decides about what others asked for, `reveal` shows a masked cell,
`match` looks records up by the whole value of a masked field, which stays masked, `export_plain`
lets an export that may be made leave with masked values in clear,
`operate` settles what went wrong with other systems, `post` writes an entry of a ledger, `evaluate`
prices a cart (of the entity that `pricing:` of app.yaml names), `extend` moves the due time of one
timer of a record, `erase` erases the data of a person whose record it is."""

LEVELS = ("confirm", "type", "reauthenticate", "approve")
"""What can be asked before something sensitive; `rules/levels` says when each is met."""

AT_ONCE = ("reveal", "import", "bulk", "export", "export_plain")
"""Actions whose answer goes to whoever asks, now: nobody else can be waited for."""
ASKED_ABOUT = ("create", "update", "delete", "restore", "erase", *AT_ONCE)
"""What `sensitive:` can ask about; a transition has `confirm:` of its own."""

_VIEW = ("list", "read", "history", "aggregate", "print", "comment", "file", "link")
GROUPS = {
    "view": _VIEW,
    "edit": (*_VIEW, "create", "update", "bulk"),
    "all": ORDINARY,
}
"""Short names for actions that go together."""

_FIELDS = Arg("list", "", default=(), of=Arg("name", "A field.", to="field"))

CELLS = Shape(
    "cells",
    "Which fields of a record a line gives. One that is not named is seen as its class says.",
    {
        "read": Arg("list", "Only these are seen, all in clear.", of=_FIELDS.of),
        "hidden": Arg("list", "These are not seen.", default=(), of=_FIELDS.of),
        "masked": Arg(
            "map",
            "These are seen masked, by the kind of mask; `auto` is the mask of the field type.",
            default={},
            of=Arg("choice", "", options=MASKS),
        ),
        "write": Arg(
            "list",
            "Only these can be set; if missing, every field that is seen in clear.",
            of=_FIELDS.of,
        ),
    },
)

LINE = Shape(
    "line",
    "What a role may do with records of an entity; just a word, such as `view`, gives every row.",
    {
        "allow": Arg(
            "list",
            "The actions; `view`, `edit` and `all` are groups of them. `print`, `comment`, `file` "
            "and `link` are in each group: a list that leaves one out lets nobody put the record "
            "on paper, write about it, see its files and pictures, or point at it.",
            required=True,
            one=True,
            minimum=1,
            of=Arg("choice", "An action.", options=(*ACTIONS, *GROUPS)),
        ),
        "fire": Arg(
            "list",
            "Transitions, as `workflow.name`, that the role fires on these records only. Without "
            "a line that names one, its own `roles:` give it on every record they may read.",
            default=(),
            one=True,
            minimum=1,
            of=Arg("path", "A transition."),
        ),
        "rows": Arg("expression", "A condition on the records; all if missing."),
        "kinds": Arg(
            "list",
            "Of a ledger: the kinds of entry that `post` allows; all if missing.",
            one=True,
            minimum=1,
            of=Arg("name", "A kind.", to="kind of entry"),
        ),
        "fields": Arg("shape", "Which fields.", shape=CELLS),
        "force": Arg(
            "map",
            "By field: an expression over `actor`, `now` and `today` that sets it on every save.",
            default={},
            of=Arg("expression", ""),
        ),
        "default": Arg(
            "map",
            "By field: an expression that fills it on a new record when nobody says otherwise.",
            default={},
            of=Arg("expression", ""),
        ),
        "check": Arg("expression", "Must be true of the record before and after a change."),
        "limits": Arg(
            "map",
            "The most records of a `page`, of one `bulk` change, of an `export`, and of all "
            "exports of one person on one day, `export_day`; the most look-ups of one person in "
            "one hour by what they see masked, `match`, 60 if missing.",
            default={},
            pattern="page|bulk|export|export_day|match",
            of=Arg("integer", "", minimum=1),
        ),
        "from": Arg("date", "The first day on which the line holds."),
        "until": Arg("date", "The last day on which the line holds."),
    },
)

GUARDRAIL = Shape(
    "guardrail",
    "What holds for everyone and no line can open.",
    {
        "entities": Arg(
            "list",
            "The entities, or `*` for all.",
            required=True,
            one=True,
            minimum=1,
            of=Arg("name", "An entity.", to="entity"),
        ),
        "where": Arg("expression", "Must be true of every record anybody does anything with."),
        "deny": Arg(
            "list",
            "Actions that are refused; `transition` is every transition.",
            default=(),
            one=True,
            minimum=1,
            of=Arg("choice", "An action.", options=(*ACTIONS, TRANSITION)),
        ),
        "when": Arg("expression", "Refused only where this is true, or unknown."),
        "fields": Arg(
            "list",
            "Not the action is refused but the change of these fields.",
            default=(),
            minimum=1,
            of=_FIELDS.of,
        ),
        "force": Arg(
            "map",
            "By field: an expression over `actor`, `now` and `today` that sets it on every save.",
            default={},
            of=Arg("expression", ""),
        ),
        "message": Arg("label", "What people read when it refuses."),
    },
)

SENSITIVE = Shape(
    "sensitive",
    "Something that a single click must not do.",
    {
        "entities": Arg(
            "list",
            "The entities, or `*` for all.",
            required=True,
            one=True,
            minimum=1,
            of=Arg("name", "An entity.", to="entity"),
        ),
        "actions": Arg(
            "list",
            "What is asked about; of an import and of a change of many once, before it begins.",
            required=True,
            one=True,
            minimum=1,
            of=Arg(
                "choice",
                "An action.",
                options=ASKED_ABOUT,
            ),
        ),
        "ask": Arg(
            "choice",
            "`confirm` asks once more, `type` for the record's title, `reauthenticate` for the "
            "password unless it was given in the last five minutes, `approve` for another person.",
            required=True,
            options=LEVELS,
        ),
        "fields": Arg(
            "list",
            "Only a change of one of these fields is asked about.",
            default=(),
            of=_FIELDS.of,
        ),
        "when": Arg("expression", "Only records of which this is true, or unknown."),
        "days": Arg("integer", "How long an approval is waited for.", default=3, minimum=1),
        "approvers": Arg(
            "integer",
            "How many people must approve, each once.",
            default=1,
            minimum=1,
            maximum=5,
        ),
        "message": Arg("label", "What people read when they are asked."),
    },
)

ACCESS = Shape(
    "access",
    "The permission matrix of one module: a line a role, a cell an entity. "
    "What no line gives is denied.",
    {
        "access": Arg("identifier", "The module.", required=True),
        "grants": Arg(
            "map",
            "By role: by entity: the actions, or lines that say more.",
            required=True,
            of=Arg(
                "map",
                "By entity: the actions, or lines that say more.",
                pattern=r"[a-z][a-z0-9_]*|\*",
                of=Arg(
                    "list",
                    "Actions and lines.",
                    one=True,
                    of=Arg("shape", "An action or a line.", shape=LINE, or_word="allow"),
                ),
            ),
        ),
        "guardrails": Arg(
            "map",
            "What holds for everyone, by name.",
            default={},
            of=Arg("shape", "", shape=GUARDRAIL),
        ),
        "sensitive": Arg(
            "map",
            "What asks for more than a click, by name.",
            default={},
            of=Arg("shape", "", shape=SENSITIVE),
        ),
        "approve": Arg(
            "map",
            "By `ROLE.ENTITY`: why the role may do more with it than before, and who says so; "
            "`ROLE.*` for what changes about the role itself, such as its second factor. "
            "`check --strict` wants a new reason for each widening.",
            default={},
            pattern=r"[a-z][a-z0-9_]*\.(?:[a-z][a-z0-9_]*|\*)",
            of=Arg("text", "The reason."),
        ),
    },
)
