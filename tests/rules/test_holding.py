"""Which promotions hold at a moment: live ones in their window, on their days."""

from datetime import UTC, datetime

from rules.pricing.gates import holds
from tests.rules.test_pricing_choices import off, read


def test_only_what_is_live_in_its_window_and_on_its_days_holds() -> None:
    wednesday = datetime(2026, 11, 11, 12, tzinfo=UTC)
    window = {"from": "2026-11-10T00:00", "until": "2026-11-12T00:00"}
    found = {
        name: holds(read(name, off("5"), **more), wednesday)
        for name, more in {
            "always": {},
            "scheduled": {"status": "scheduled", "window": window},
            "paused": {"status": "paused"},
            "over": {"window": {"until": "2026-11-11T12:00"}},
            "today": {"recurs": {"weekdays": ["wednesday"]}},
            "tomorrow": {"recurs": {"weekdays": ["thursday"]}},
        }.items()
    }
    assert [name for name, is_so in found.items() if is_so] == ["always", "scheduled", "today"]
