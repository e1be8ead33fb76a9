"""`preview_change`: what a changed record would be if it were saved now; nothing is written."""

from __future__ import annotations

from runtime.operations._previewing import execute, parse, plan

ACTION = "update"

__all__ = ["ACTION", "execute", "parse", "plan"]
