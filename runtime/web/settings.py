"""What the web layer may be told from outside: one frozen value, made by `app.py` alone.

Nothing here reads the environment. `faults` says in one list what a production start must not have,
so that an operator mends all of it at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DEFAULT_SECRET = "change-me-this-is-only-for-development"
SHORTEST_SECRET = 32


@dataclass(frozen=True)
class WebSettings:
    """How the web layer runs."""

    secret_key: str = DEFAULT_SECRET
    """Signs sessions and tokens and keys the hash of personal access tokens."""
    production: bool = False
    https: bool = False
    """Secure cookies under the `__Host-` prefix, and HSTS."""
    hosts: tuple[str, ...] = ()
    """Host names that requests may carry; empty means any, which production refuses."""
    proxies: int = 0
    """So many proxies in front set X-Forwarded-For, -Proto and -Host."""
    country_header: str = ""
    """The header in which a proxy says the country of whoever asks; without, nobody is told."""
    limiter_storage: str = "memory://"
    """Where attempts are counted: `memory://` for one process, a Redis URL for several."""
    max_json: int = 2 * 1024 * 1024
    """Bytes of a JSON body."""
    files: Path = Path("var/files")
    """The folder of uploaded files; `app.py` gives the one of its data."""
    templates: Path | None = None
    """The folder in which a shop keeps templates of its own; `templates` beside `app.yaml`."""
    max_upload: int = 32 * 1024 * 1024
    """Bytes of any body."""
    export_now: int = 5000
    """Rows that somebody waits for; a file of more is made in the background."""
    access_minutes: int = 15
    refresh_days: int = 30
    session_hours: int = 12
    front: bool = True
    """Answer the hot requests of programs before Flask."""
    start_token: str = ""
    """Given by the supervisor, who asks `/readyz` for it: an old process cannot pass for a new."""
    sign_in_url: str = ""
    """The issuer of an OpenID Connect server, or the address of a directory (`ldaps://`); people
    then sign in there and nowhere else."""
    sign_in_client: str = ""
    sign_in_secret: str = ""
    sign_in_base: str = ""
    sign_in_name: str = "uid"
    sign_in_filter: str = ""
    sign_in_ca: str = ""
    metrics_directory: Path | None = None
    metrics_token: str = ""
    """Lets a scraper on another machine read `/metrics`; without it only this machine may."""

    def faults(self) -> tuple[str, ...]:
        """Return what keeps this from running in production; empty when nothing does."""
        if not self.production:
            return ()
        found = []
        if self.secret_key == DEFAULT_SECRET or len(self.secret_key) < SHORTEST_SECRET:
            found.append(f"The secret key is the default or shorter than {SHORTEST_SECRET}.")
        if not self.hosts:
            found.append("No host names are set: any Host header would be believed.")
        if not self.https:
            found.append("HTTPS is off: cookies would travel in clear.")
        return tuple(found)


class UnsafeSettings(Exception):
    """A production start was refused; the message lists every reason."""
