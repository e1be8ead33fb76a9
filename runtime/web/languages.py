"""In which language a request is answered: what was chosen, else what the browser prefers.

In: the `locale` cookie and the `Accept-Language` header. Out: one of the app's locales. The choice
is a cookie and not part of the session, so that nobody gets a session by only looking.
"""

from __future__ import annotations

from functools import lru_cache

COOKIE = "locale"


@lru_cache(maxsize=512)
def choose(chosen: str, accepted: str, known: tuple[str, ...]) -> str:
    """Return the best locale: the chosen one if it is known, else the first accepted one."""
    if chosen in known:
        return chosen
    for tag in _preferred(accepted):
        for locale in known:
            if tag == locale.lower() or tag.partition("-")[0] == locale.lower():
                return locale
    return known[0] if known else "en"


def _preferred(accepted: str) -> list[str]:
    weighted: list[tuple[float, str]] = []
    for part in accepted[:200].split(","):
        tag, _, rest = part.strip().partition(";")
        text = rest.strip().removeprefix("q=")
        try:
            weight = float(text) if text else 1.0
        except ValueError:
            continue
        if tag and weight > 0:
            weighted.append((-weight, tag.strip().lower().replace("_", "-")))
    return [tag for _, tag in sorted(weighted, key=lambda pair: pair[0])]
