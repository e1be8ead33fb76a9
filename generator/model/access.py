"""Who may do what: roles, and the grants that one access file gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from generator.model.text import Label, Span

if TYPE_CHECKING:
    from generator.expressions.compile import Expression


@dataclass(frozen=True)
class Role:
    """A name that people hold and grants refer to."""

    name: str
    label: Label
    includes: tuple[str, ...]
    help: Label | None
    span: Span


@dataclass(frozen=True)
class GrantRule:
    """One line of the matrix: a role may do these actions on the rows and cells of an entity.

    Rows None means all rows; fields None means all fields that are not secret. Default is deny:
    what no rule gives, nobody has.
    """

    role: str
    entity: str
    actions: tuple[str, ...]
    span: Span
    rows: Expression | None = None
    read: tuple[str, ...] | None = None
    write: tuple[str, ...] | None = None
    masked: Mapping[str, str] = field(default_factory=dict)
    force: Mapping[str, Any] = field(default_factory=dict)
    default: Mapping[str, Any] = field(default_factory=dict)
    check: Expression | None = None
    limits: Mapping[str, int] = field(default_factory=dict)
