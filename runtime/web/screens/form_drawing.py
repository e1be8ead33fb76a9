"""What the controls of a form are drawn from: who asks, the state, the names, the errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from runtime.files import StoredFile
from runtime.web.screens.doors import Titles
from runtime.web.screens.form_live import NOTHING, Live
from runtime.web.screens.form_state import State
from runtime.web.screens.visit import Visit


@dataclass(frozen=True)
class Drawing:
    """What controls are made from."""

    visit: Visit
    state: State
    titles: Titles
    messages: Mapping[str, str]
    """By path of the payload (`lines.2.quantity`): what is wrong there."""
    record_url: str = ""
    """The address of the stored record, for its files."""
    files: Mapping[str, StoredFile] = field(default_factory=dict)
    """By id: the files that the form holds and this person may know of."""
    state_held: frozenset[str] = frozenset()
    """The ids of files that the stored record itself holds: only those can be opened there."""
    live: Live = NOTHING
    """Formulas and conditions, as they stand for this state."""
    ids: str = "f-"
    """What ids begin with: a form in a drawer must not share those of the page below it."""
