"""The shapes of `roles.yaml` and of `NAME.access.yaml`: who may do what."""

from __future__ import annotations

from generator.kinds import Arg, Shape

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
    },
)

ROLES = Shape(
    "roles",
    "All roles; just one file, `roles.yaml`, at the top.",
    {"roles": Arg("map", "The roles by name.", required=True, of=Arg("shape", "", shape=ROLE))},
)

ACTIONS = (
    "list",
    "read",
    "create",
    "update",
    "delete",
    "restore",
    "history",
    "aggregate",
    "import",
    "export",
    "bulk",
    "share",
)
"""What a grant may allow, in the order in which people think of it."""

GROUPS = {
    "view": ("list", "read", "history", "aggregate"),
    "edit": ("list", "read", "history", "aggregate", "create", "update", "bulk"),
    "all": ACTIONS,
}
"""Short names for actions that go together."""

ACCESS = Shape(
    "access",
    "The permission matrix of one module: a line a role, a cell an entity. "
    "What no line gives is denied.",
    {
        "access": Arg("identifier", "The module.", required=True),
        "grants": Arg(
            "map",
            "By role: by entity: the actions.",
            required=True,
            of=Arg(
                "map",
                "By entity: the actions.",
                pattern=r"[a-z][a-z0-9_]*|\*",
                of=Arg(
                    "list",
                    "Actions.",
                    one=True,
                    of=Arg("choice", "An action.", options=(*ACTIONS, *GROUPS)),
                ),
            ),
        ),
    },
)
