"""The shape of `NAME.entity.yaml`: fields, checks, list, detail, form."""

from __future__ import annotations

from generator.kinds import Arg, Shape
from generator.shapes.privacy import PRIVACY
from generator.shapes.promotion import OFFERING

FIELD = Shape(
    "field",
    "One field; `type` chooses the word, which adds its own keys.",
    {
        "type": Arg("name", "What the field holds.", required=True, to="field type"),
        "label": Arg("label", "The name people see; made from the field's name if missing."),
        "required": Arg(
            "expression",
            "A record cannot be saved without it; a condition says when.",
            default=False,
            or_true=True,
        ),
        "visible": Arg(
            "expression",
            "It is asked only while this holds; otherwise it is kept empty, and the record's page "
            "leaves it out.",
        ),
        "readonly": Arg("expression", "It cannot be changed while this holds."),
        "unique": Arg("boolean", "No two records have the same value.", default=False),
        "index": Arg("boolean", "Filters and sorts by it are fast.", default=False),
        "default": Arg("value", "The value of a new record, as a program would send it."),
        "default_to": Arg("expression", "An expression for the value of a new record."),
        "immutable": Arg("boolean", "Set once, never changed after.", default=False),
        "help": Arg("label", "A sentence under the field."),
        "placeholder": Arg("label", "An example in the empty field."),
        "class": Arg(
            "choice",
            "How sensitive the value is. No log keeps a `sensitive` or `secret` value, only a mark "
            "that tells whether it changed.",
            default="public",
            options=("public", "internal", "personal", "sensitive", "secret"),
        ),
        "declassify": Arg(
            "text", "Why a formula may be less sensitive than the fields it reads.", default=""
        ),
        "computed": Arg("expression", "The value follows from other fields; nobody types it."),
        "stored": Arg(
            "boolean",
            "Keep the computed value in a column, so that lists can sort by it.",
            default=False,
        ),
        "bulk_edit": Arg("boolean", "Offered when many records are edited at once.", default=False),
        "renamed_from": Arg("identifier", "The former name; the data is kept."),
    },
    word="type",
    family="field_types",
)

CHECK = Shape(
    "check",
    "A condition every record must fulfil.",
    {
        "that": Arg("expression", "What must be true.", required=True),
        "code": Arg(
            "text",
            "A stable code for programs, in capitals.",
            required=True,
            pattern=r"[A-Z][A-Z0-9_]{1,59}",
        ),
        "message": Arg("label", "What people read when it is not fulfilled.", required=True),
        "field": Arg("name", "The field the message stands at.", to="field"),
    },
)

_PATHS = Arg("list", "", default=(), of=Arg("path", "A field, or a path such as customer.name."))


def _paths(help: str) -> Arg:
    return Arg("list", help, default=(), of=_PATHS.of)


VIEW = Shape(
    "view",
    "A tab above the list: records that fulfil a condition.",
    {
        "label": Arg("label", "The tab's name.", required=True),
        "where": Arg("expression", "Which records it shows; all if missing."),
        "sort": Arg(
            "list",
            "Paths to sort by; - in front for descending.",
            default=(),
            of=_PATHS.of,
            one=True,
        ),
        "columns": _paths("Columns in place of the list's own."),
    },
)

LAYOUTS = Shape(
    "layouts",
    "Other ways to lay a list out; the table is always there.",
    {
        "board": Arg("path", "A choice of at most 8 options, or a state: a column for each."),
        "calendar": Arg("path", "A date or datetime field: a month of days."),
        "gallery": Arg("path", "An image field: pictures with their titles."),
        "tree": Arg("path", "A tree field: records below the one they belong to."),
        "cards": Arg("boolean", "A card for each record.", default=False),
    },
)

LIST = Shape(
    "list",
    "The list of the entity.",
    {
        "columns": _paths("The columns shown; the first one leads to the record."),
        "search": _paths("The fields that the search box looks into."),
        "filters": _paths("The fields offered as filters."),
        "sort": Arg(
            "list",
            "Paths to sort by; - in front for descending.",
            default=(),
            of=_PATHS.of,
            one=True,
        ),
        "views": Arg(
            "map", "Saved views, shown as tabs.", default={}, of=Arg("shape", "", shape=VIEW)
        ),
        "bulk": Arg(
            "list",
            "What can be done with many records at once.",
            default=(),
            of=Arg("choice", "", options=("edit", "delete", "restore", "tag", "export")),
        ),
        "layouts": Arg("shape", "Other layouts that people may choose.", shape=LAYOUTS),
        "sums": _paths("Numbers that are added up wherever these records stand below another one."),
        "page_size": Arg("integer", "Rows of a page.", default=50, minimum=5, maximum=200),
    },
)

SECTION = Shape(
    "section",
    "A card with fields.",
    {
        "label": Arg("label", "The card's title.", required=True),
        "fields": Arg("list", "The fields in it.", required=True, of=_PATHS.of),
    },
)

PANEL = Shape(
    "panel",
    "A card that the shop draws itself, by a template in `templates/panels` beside `app.yaml`.",
    {
        "label": Arg("label", "The card's title.", required=True),
        "file": Arg(
            "text",
            "The template's name; NAME.html if missing.",
            pattern=r"[a-z0-9][a-z0-9_-]*\.html",
        ),
        "fields": _paths("Paths it shows, beside those the page shows anyway."),
        "place": Arg("choice", "Where it stands.", default="main", options=("main", "side")),
    },
)

DETAIL = Shape(
    "detail",
    "The page of one record.",
    {
        "facts": _paths("Short facts under the title."),
        "badges": _paths("Fields shown as badges beside the title."),
        "sections": Arg(
            "map",
            "Cards with fields; one with every field if missing.",
            default={},
            of=Arg("shape", "", shape=SECTION),
        ),
        "tabs": _paths(
            "Children, many-to-many fields, ENTITY.FIELD of records that point here, history; of "
            "promotions also LEDGER.promotion: what a ledger of `counters:` counted of each."
        ),
        "side": _paths("Fields in the narrow column."),
        "panels": Arg(
            "map", "Cards the shop draws itself.", default={}, of=Arg("shape", "", shape=PANEL)
        ),
    },
)

FORM = Shape(
    "form",
    "The page that edits one record.",
    {
        "groups": Arg(
            "map",
            "Cards with fields; one with every field if missing.",
            default={},
            of=Arg("shape", "", shape=SECTION),
        ),
        "side": _paths("Fields in the narrow column."),
    },
)

PRINT_LABEL = Shape(
    "print label",
    "A small sheet for each record, such as a price label or the label of a parcel.",
    {
        "label": Arg("label", "What the sheet is called.", required=True),
        "size": Arg(
            "text",
            "Width and height of the sheet in millimetres, such as 40x30.",
            default="100x150",
            pattern=r"[1-9][0-9]{1,2}x[1-9][0-9]{1,2}",
        ),
        "lines": _paths("What the sheet says, the first one large."),
        "barcode": Arg(
            "path", "A field drawn as bars: EAN-13 where the value is one, else Code 128."
        ),
        "qr": Arg("path", "A field drawn as a square code (QR)."),
    },
)

PRINT = Shape(
    "print",
    "What goes on paper beside the page of a record, which always can be printed.",
    {
        "labels": Arg(
            "map",
            "Sheets for one record or for many, a page each.",
            default={},
            of=Arg("shape", "", shape=PRINT_LABEL),
        ),
    },
)

ENTITY = Shape(
    "entity",
    "A record type: its fields and how they are shown.",
    {
        "entity": Arg(
            "identifier", "The name, for machines: the table, the address.", required=True
        ),
        "label": Arg("label", "What one record is called.", required=True),
        "plural": Arg("label", "What many are called; the label if missing."),
        "icon": Arg("icon", "The name of a Tabler icon.", default="file"),
        "title": Arg("text", 'What names a record to people, such as "{number}".'),
        "help": Arg("label", "What the records are for; shown when there are none yet."),
        "fields": Arg(
            "map",
            "The fields by name, in the order of the form.",
            required=True,
            of=Arg("shape", "", shape=FIELD),
        ),
        "key": Arg(
            "list",
            "The natural key: fields an import matches a record by.",
            default=(),
            one=True,
            of=Arg("name", "", to="field"),
        ),
        "unique": Arg(
            "list",
            "Sets of fields that are unique together.",
            default=(),
            of=Arg("list", "", of=Arg("name", "", to="field"), minimum=2),
        ),
        "indexes": Arg(
            "list",
            "Sets of fields that are searched together.",
            default=(),
            of=Arg("list", "", of=Arg("name", "", to="field"), minimum=1),
        ),
        "promotion": Arg("shape", "How its records are promotions.", shape=OFFERING),
        "privacy": Arg("shape", "Whose data the records are.", shape=PRIVACY),
        "checks": Arg(
            "list",
            "Conditions every record must fulfil.",
            default=(),
            of=Arg("shape", "", shape=CHECK),
        ),
        "child_of": Arg(
            "name", "The entity it is a part of; it is edited and saved with it.", to="entity"
        ),
        "archive": Arg("boolean", "Deleting hides the record and can be undone.", default=True),
        "menu": Arg("boolean", "Shown in the menu; a part only if it says so.", default=True),
        "renamed_from": Arg("identifier", "The former name; the data is kept."),
        "list": Arg("shape", "The list.", shape=LIST),
        "detail": Arg("shape", "The page of one record.", shape=DETAIL),
        "form": Arg("shape", "The page that edits one record.", shape=FORM),
        "print": Arg("shape", "What goes on paper.", shape=PRINT),
    },
)
