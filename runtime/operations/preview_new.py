"""`preview_new`: what a new record would be if it were saved now; nothing is written."""

from __future__ import annotations

from runtime.operations._previewing import execute, parse, plan

ACTION = "create"

__all__ = ["ACTION", "execute", "parse", "plan"]
