"""The routes of the screens: Flask in, Flask out; what is decided is decided elsewhere.

One file a family of addresses, found by listing this folder: each has `add(screens, desk, at)`,
which contributes its rules. `blueprint(surroundings)` is all the web layer calls. A refusal
anywhere below becomes the page of its status; whoever is not signed in is sent to sign in and comes
back, and what they had typed into a form comes along.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Collection

from flask import Blueprint

from runtime.web.screens.desk import Addresses, Desk, Surroundings


def blueprint(around: Surroundings, entities: Collection[str]) -> Blueprint:
    """Return the screens of these entities; an address of anything else is not ours."""
    screens = Blueprint("screens", __name__)
    desk = Desk(around)
    one = f"/<any({', '.join(sorted(entities))}):entity>/"
    at = Addresses(one, one + "<record_id>")
    for found in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        importlib.import_module(f"{__name__}.{found.name}").add(screens, desk, at)
    return screens
