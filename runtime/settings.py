"""What the environment says, read once by `app.py` and handed on as one value.

Comes in: the variables `SHOPWRIGHT_*`, `DATABASE_URL`, `REDIS_URL`. Goes out: `Settings`. Nothing
else in the house reads the environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

from generator.model.text import Label
from runtime.audit_keep import FOREVER, THREE_YEARS, Keep, TooShort, read_keep

DEVELOPMENT_SECRET = "not-a-secret-only-for-this-machine"
HOME = Path(__file__).resolve().parent.parent


class SettingsError(Exception):
    """A variable is missing or has a value that means nothing."""


@dataclass(frozen=True)
class Settings:
    """How this process runs."""

    definitions: Path
    data: Path
    """Where the embedded database, Redis and files live."""
    database_url: str
    redis_url: str
    """Empty for the embedded Redis."""
    secret_key: str
    old_secret_keys: tuple[str, ...] = ()
    """Secrets that were in use before this one: parts of the audit are signed with them."""
    production: bool = False
    host: str = "127.0.0.1"
    port: int = 8080
    web_workers: int = 2
    web_threads: int = 4
    job_workers: int = 3
    export_now: int = 5000
    """Rows of an export that somebody waits for."""
    audit_keep: Keep = THREE_YEARS
    """How long the log of what happened is kept."""
    https: bool = False
    """Whether people reach the site over https: cookies are then sent over nothing else."""
    trusted_hosts: tuple[str, ...] = ()
    proxies: int = 0
    """How many proxies stand in front and may be believed about addresses."""
    country_header: str = ""
    """The header in which such a proxy says from which country somebody comes: two letters."""
    log_format: str = "human"
    log_level: str = "INFO"
    watch: bool = False
    metrics_directory: Path | None = None
    metrics_token: str = ""
    """Lets a scraper on another machine read /metrics."""
    start_token: str = ""
    simulator_url: str = ""
    """Where the simulator of other systems listens; empty in production."""
    outside_allowed: tuple[str, ...] = ()
    """What lies inside and connectors may ask all the same: hosts, `host:port`, networks."""
    sign_in_url: str = ""
    """Where people sign in: `https://` an OpenID Connect server, `ldaps://` or `ldap://` a
    directory; empty for passwords kept here."""
    sign_in_client: str = ""
    """Who this installation is to that server; to a directory, the name it searches under."""
    sign_in_secret: str = ""
    sign_in_base: str = ""
    """The part of a directory in which people stand."""
    sign_in_name: str = "uid"
    """What a directory calls the user name."""
    sign_in_filter: str = ""
    """Of the people in a directory, only those of whom this holds."""
    sign_in_ca: str = ""
    """The file of the authority that vouches for a directory; empty for the machine's own."""
    smtp_url: str = ""
    """The server that takes e-mails, `smtps://` or `smtp://`; empty where none are sent."""
    mail_from: str = ""
    """Whom they are from: `Name <address>`."""
    address: str = ""
    """Where people find the back office, for the links of an e-mail; without a slash at its end."""

    def production_faults(self) -> tuple[Label, ...]:
        """Return what keeps this from serving in production; empty when nothing does."""
        if not self.production:
            return ()
        found = []
        if not self.trusted_hosts:
            found.append(
                Label(
                    {
                        "en": "SHOPWRIGHT_HOSTS is empty: name the hosts people use, "
                        "shop.example.com.",
                        "zh": "SHOPWRIGHT_HOSTS 为空：请写明访问所用的主机名，"
                        "如 shop.example.com。",
                    }
                )
            )
        if not self.https:
            found.append(
                Label(
                    {
                        "en": "SHOPWRIGHT_HTTPS is not 1: cookies would travel in clear.",
                        "zh": "SHOPWRIGHT_HTTPS 不是 1：Cookie 会以明文传输。",
                    }
                )
            )
        return tuple(found)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings of a process.

    Raises:
        SettingsError: in production, a secret is missing; or a number is none.

    """
    data = Path(environment.get("SHOPWRIGHT_DATA") or Path.cwd() / "var").resolve()
    production = _flag(environment, "SHOPWRIGHT_PRODUCTION")
    secret = environment.get("SHOPWRIGHT_SECRET_KEY", "")
    if production and len(secret) < 32:
        raise SettingsError(
            "SHOPWRIGHT_SECRET_KEY must be set to at least 32 random characters in production; "
            "`python -c 'import secrets; print(secrets.token_urlsafe(48))'` makes one."
        )
    metrics = environment.get("PROMETHEUS_MULTIPROC_DIR")
    _check_sign_in(environment)
    _check_mail(environment)
    return Settings(
        definitions=Path(environment.get("SHOPWRIGHT_DEFINITIONS") or HOME / "definitions"),
        data=data,
        database_url=environment.get("DATABASE_URL") or f"sqlite:///{data / 'shop.db'}",
        redis_url=environment.get("REDIS_URL", ""),
        secret_key=secret or DEVELOPMENT_SECRET,
        old_secret_keys=_list(environment, "SHOPWRIGHT_OLD_SECRET_KEYS"),
        production=production,
        host=environment.get("SHOPWRIGHT_HOST", "127.0.0.1"),
        port=_number(environment, "SHOPWRIGHT_PORT", 8080),
        web_workers=_number(environment, "SHOPWRIGHT_WEB_WORKERS", 2),
        web_threads=_number(environment, "SHOPWRIGHT_WEB_THREADS", 4),
        job_workers=_number(environment, "SHOPWRIGHT_JOB_WORKERS", 3),
        export_now=_number(environment, "SHOPWRIGHT_EXPORT_NOW", 5000),
        audit_keep=_audit_keep(environment),
        https=_flag(environment, "SHOPWRIGHT_HTTPS"),
        trusted_hosts=_list(environment, "SHOPWRIGHT_HOSTS"),
        proxies=_number(environment, "SHOPWRIGHT_PROXIES", 0),
        country_header=_country_header(environment),
        log_format=environment.get("SHOPWRIGHT_LOG", "json" if production else "human"),
        log_level=environment.get("SHOPWRIGHT_LOG_LEVEL", "INFO"),
        watch=_flag(environment, "SHOPWRIGHT_WATCH"),
        metrics_directory=Path(metrics) if metrics else None,
        metrics_token=environment.get("SHOPWRIGHT_METRICS_TOKEN", ""),
        start_token=environment.get("SHOPWRIGHT_START_TOKEN", ""),
        simulator_url="" if production else _simulator(environment),
        outside_allowed=_list(environment, "SHOPWRIGHT_OUTSIDE_ALLOWED"),
        sign_in_url=environment.get("SHOPWRIGHT_SIGN_IN_URL", "").rstrip("/"),
        sign_in_client=environment.get("SHOPWRIGHT_SIGN_IN_CLIENT", ""),
        sign_in_secret=environment.get("SHOPWRIGHT_SIGN_IN_SECRET", ""),
        sign_in_base=environment.get("SHOPWRIGHT_SIGN_IN_BASE", ""),
        sign_in_name=environment.get("SHOPWRIGHT_SIGN_IN_NAME") or "uid",
        sign_in_filter=environment.get("SHOPWRIGHT_SIGN_IN_FILTER", ""),
        sign_in_ca=environment.get("SHOPWRIGHT_SIGN_IN_CA", ""),
        smtp_url=environment.get("SHOPWRIGHT_SMTP_URL", ""),
        mail_from=environment.get("SHOPWRIGHT_MAIL_FROM", ""),
        address=environment.get("SHOPWRIGHT_ADDRESS", "").rstrip("/"),
    )


def _audit_keep(environment: Mapping[str, str]) -> Keep:
    """Return how long the log of what happened is kept; never less than six months."""
    text = environment.get("SHOPWRIGHT_AUDIT_RETENTION", "").strip().lower()
    if not text:
        return THREE_YEARS
    how = f"write 3 years, 18 months, 400 days or {FOREVER}"
    try:
        return read_keep(text)
    except TooShort as error:
        raise SettingsError(
            f"SHOPWRIGHT_AUDIT_RETENTION is '{text}': the log of what happened is kept for at "
            f"least 6 months (184 days); {how}."
        ) from error
    except ValueError as error:
        raise SettingsError(
            f"SHOPWRIGHT_AUDIT_RETENTION is '{text}', which is no time up to 100 years; {how}."
        ) from error


def _country_header(environment: Mapping[str, str]) -> str:
    """Return the header of the country, which is believed from a proxy and from nobody else."""
    name = environment.get("SHOPWRIGHT_COUNTRY_HEADER", "").strip()
    if name and not _number(environment, "SHOPWRIGHT_PROXIES", 0):
        raise SettingsError(
            "SHOPWRIGHT_COUNTRY_HEADER is believed from a proxy alone: set SHOPWRIGHT_PROXIES to "
            "how many stand in front, and let the first of them overwrite the header."
        )
    return name


def is_directory(url: str) -> bool:
    """Return whether people sign in at a directory rather than at an OpenID Connect server."""
    return url.startswith(("ldap://", "ldaps://"))


def _check_sign_in(environment: Mapping[str, str]) -> None:
    url = environment.get("SHOPWRIGHT_SIGN_IN_URL", "")
    if url and not is_directory(url) and not url.startswith(("https://", "http://")):
        raise SettingsError(
            f"SHOPWRIGHT_SIGN_IN_URL is '{url}'; write https://… for an OpenID Connect server, "
            "ldaps://… for a directory."
        )
    if is_directory(url) and not environment.get("SHOPWRIGHT_SIGN_IN_BASE"):
        raise SettingsError(
            "SHOPWRIGHT_SIGN_IN_BASE must name the part of the directory in which people stand, "
            "such as ou=people,dc=example,dc=com."
        )


def _check_mail(environment: Mapping[str, str]) -> None:
    url = environment.get("SHOPWRIGHT_SMTP_URL", "")
    if not url:
        return
    where = urlsplit(url)
    if where.scheme not in ("smtp", "smtps") or not where.hostname:
        raise SettingsError(
            "SHOPWRIGHT_SMTP_URL must be smtps://USER:PASSWORD@HOST or smtp://… (StartTLS)."
        )
    if "@" not in parseaddr(environment.get("SHOPWRIGHT_MAIL_FROM", ""))[1]:
        raise SettingsError(
            "SHOPWRIGHT_MAIL_FROM must name whom e-mails are from: Shop <office@shop.example>."
        )
    if urlsplit(environment.get("SHOPWRIGHT_ADDRESS", "")).scheme not in ("http", "https"):
        raise SettingsError(
            "SHOPWRIGHT_ADDRESS must say where people find the back office, such as "
            "https://office.shop.example: e-mails link to it."
        )


def _simulator(environment: Mapping[str, str]) -> str:
    port = _number(environment, "SHOPWRIGHT_SIMULATOR_PORT", 8089)
    return f"http://127.0.0.1:{port}" if port else ""


def _list(environment: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in environment.get(name, "").split(",") if one.strip())


def _flag(environment: Mapping[str, str], name: str) -> bool:
    return environment.get(name, "").lower() in {"1", "true", "yes"}


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, "")
    if not text:
        return default
    if not text.isdigit():
        raise SettingsError(f"{name} is '{text}'; write a whole number.")
    return int(text)
