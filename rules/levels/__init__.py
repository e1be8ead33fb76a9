"""What can be asked before something sensitive is done: one word, one file, found by listing.

Comes in: a `Proof` of what the caller brought. Goes out: whether it is enough. Each file has one
function `is_met(proof, title, now)`; `title` is the record's, `now` seconds since 1970.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from functools import cache

from rules.proof import Proof

IsMet = Callable[[Proof, str, float], bool]


@cache
def levels() -> Mapping[str, IsMet]:
    """Return every level by the word for it."""
    return {
        found.name.rstrip("_"): importlib.import_module(f"{__name__}.{found.name}").is_met
        for found in pkgutil.iter_modules(__path__)
    }
