"""Moving the due time of one timer of a record: what is asked, in the zone of whoever asks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TimerPage:
    """Everything `timer.html` draws."""

    title: str
    """The record."""
    back: str
    action: str
    key: str
    words: str
    """What happens when the time has come."""
    due: str
    """When it is due now, as people read it."""
    zone: str
    written: str
    """What stands in the field: a local time."""
    reason: str = ""
    wrong: str = ""
    """What is wrong with the time."""
    wanting: str = ""
    """What is wrong with the reason."""
