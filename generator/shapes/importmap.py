"""The shape of `NAME.importmap.yaml`: how the columns of a file become fields of records."""

from __future__ import annotations

from generator.kinds import Arg, Shape

ANY_TEXT = r"[\s\S]+"
PATH = r"[a-z][a-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)*"


def _texts(help: str) -> Arg:
    return Arg("list", help, default=(), of=Arg("text", "A text."), one=True)


def _columns(help: str) -> Arg:
    return Arg("list", help, default=(), of=Arg("text", "A column."), one=True)


def _paths(help: str) -> Arg:
    return Arg("list", help, default=(), of=Arg("path", "A field or a path of fields."), one=True)


CONDITION = Shape(
    "condition",
    "A question about one cell of a row; every part that is given must hold.",
    {
        "column": Arg("text", "The column it asks about.", required=True),
        "is": _texts("The cell says one of these."),
        "is_not": _texts("The cell says none of these."),
        "empty": Arg("boolean", "The cell is empty, or is not."),
        "matches": Arg("text", "The cell has this form; * stands for any text, ? for a letter."),
        "below": Arg("decimal", "The cell holds a number less than this."),
        "above": Arg("decimal", "The cell holds a number greater than this."),
    },
)

CASE = Shape(
    "case",
    "A value for the rows that fulfil a condition; the first that fits counts.",
    {
        "when": Arg("shape", "The condition.", required=True, shape=CONDITION),
        "value": Arg("value", "The value.", required=True),
    },
)

SOURCE = Shape(
    "source",
    "Where a field's value comes from and how its text is read.",
    {
        "column": _columns("The column; of several the first that is not empty."),
        "template": Arg(
            "text",
            "A text made of columns, such as '{Size} / {Colour}'; beside `column`, when that is "
            "empty.",
        ),
        "find": Arg("text", "A regular expression; only what its first group finds counts."),
        "join": Arg("text", "Everything that `find` finds counts, joined by this."),
        "value": Arg("value", "One value for every row."),
        "default": Arg("value", "The value when the cell is empty."),
        "cases": Arg(
            "list",
            "Values by condition, tried in order.",
            default=(),
            of=Arg("shape", "", shape=CASE),
        ),
        "words": Arg(
            "map",
            "What a cell says, and what is meant by it; * stands for any text.",
            pattern=ANY_TEXT,
            of=Arg("value", "The value meant."),
        ),
        "empty": _texts("Texts that mean nothing, such as NULL or n/a."),
        "date": Arg("text", "How a date or time is written, such as '%d/%m/%Y %H:%M'."),
        "decimal": Arg(
            "choice",
            "What stands before the decimals.",
            default="point",
            options=("point", "comma"),
        ),
        "whole": Arg("boolean", "A number written 17850.0 is 17850.", default=False),
        "factor": Arg("decimal", "A number is multiplied by this, such as 0.001 for grams in kg."),
        "places": Arg("integer", "A number is rounded to so many decimals.", minimum=0, maximum=12),
        "case": Arg(
            "choice", "How letters are kept.", default="keep", options=("keep", "upper", "lower")
        ),
        "slug": Arg(
            "boolean", "Lower-case words joined by hyphens: 'Big Bag' is big-bag.", default=False
        ),
        "separator": Arg("text", "What stands between several values in a cell.", default=","),
        "each": Arg(
            "boolean", "Each of the values in the cell is a child of its own.", default=False
        ),
        "optional": Arg("boolean", "The file may lack the column.", default=False),
    },
)

LISTED = Shape(
    "listing",
    "The row that lists this one, such as a product that names its variants in a cell.",
    {
        "in": Arg("text", "The column in which a row lists others.", required=True),
        "by": Arg("text", "The column of a row that it is listed by.", required=True),
        "between": Arg("text", "What stands between what a row lists.", default=","),
        "naming": Arg(
            "text",
            "A regular expression: its first group is the part that names the row; the whole if "
            "missing.",
        ),
    },
)

COLUMN = Shape(
    "column",
    "A column made of those of the file; it may bear the name of one, and stand in for it.",
    {
        **SOURCE.args,
        "listed": Arg(
            "shape",
            "Read from the row that lists this one, where the column `entry` is what it lists.",
            shape=LISTED,
        ),
    },
)

TARGET = Shape(
    "records",
    "The records of one entity that the file holds.",
    {
        "entity": Arg("name", "The entity.", required=True, to="entity"),
        "mode": Arg(
            "choice",
            "Create new records, update those that exist, or do both.",
            default="upsert",
            options=("create", "update", "upsert"),
        ),
        "key": Arg(
            "list",
            "The fields a record is found by; those of the entity if missing.",
            default=(),
            of=Arg("name", "A field.", to="field"),
            one=True,
        ),
        "group_by": _columns("Rows with the same cells in these columns are one record."),
        "head": Arg(
            "shape",
            "The row of a group that tells the record itself; its first row if missing.",
            shape=CONDITION,
        ),
        "gather": Arg("boolean", "Rows of one record may lie apart in the file.", default=False),
        "once": _columns("Of the rows with the same cells in these columns only the first counts."),
        "skip": Arg(
            "list",
            "Rows that say nothing here: one condition is enough.",
            default=(),
            of=Arg("shape", "", shape=CONDITION),
        ),
        "skip_children": Arg(
            "map",
            "By children field: rows that have no such child.",
            default={},
            of=Arg("list", "Conditions.", of=Arg("shape", "", shape=CONDITION)),
        ),
        "create": _paths("References whose record is created when it is not there."),
        "leave_empty": _paths("References that stay empty when their record is not there."),
        "keep": _paths("Children that stay when the file does not name them."),
        "fields": Arg(
            "map",
            "By field or path (`owner.code`, `name.zh`, `lines.quantity`): where it comes from.",
            required=True,
            pattern=PATH,
            of=Arg("shape", "", shape=SOURCE),
        ),
    },
)

IMPORTMAP = Shape(
    "importmap",
    "How the columns of somebody else's file become records.",
    {
        "importmap": Arg("identifier", "The name of the map.", required=True),
        "label": Arg("label", "The name people see.", required=True),
        "help": Arg("label", "Which files it is for."),
        "encoding": Arg("text", "The encoding of the file; found out if missing."),
        "delimiter": Arg("text", "What stands between cells; found out if missing."),
        "sheet": Arg("text", "The sheet of a workbook; the first if missing."),
        "nested": Arg("text", "In JSON: the key under which a node holds the nodes below it."),
        "time_zone": Arg("text", "The zone of times without one; the app's if missing."),
        "locale": Arg("text", "The language of texts that do not say theirs.", default="en"),
        "columns": Arg(
            "map",
            "Columns made of those of the file: another name for one, a text made of several.",
            default={},
            pattern=ANY_TEXT,
            of=Arg("shape", "", shape=COLUMN),
        ),
        "records": Arg(
            "map",
            "What the file holds, in the order of import; the file is read once for each.",
            required=True,
            of=Arg("shape", "", shape=TARGET),
        ),
    },
)
