"""The frame around every page, as data: what `templates/layout.html` needs and nothing of Flask.

The web layer makes one `Shell` a request; the templates only read it. Preferences (theme, density,
shortcuts) come from the cookies `theme`, `density` and `keys`, which the browser's code writes too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Theme = Literal["light", "dark", "system"]
Tone = Literal["info", "success", "warning", "critical"]


@dataclass(frozen=True, slots=True)
class NavItem:
    """One link of the sidebar; `icon` names a picture of the sprite, `count` stands beside it."""

    label: str
    url: str
    icon: str = "point"
    current: bool = False
    count: int | None = None
    key: str = ""
    """The letter that opens it after `g`."""


@dataclass(frozen=True, slots=True)
class NavGroup:
    """Links under one heading; a group without a label has no heading."""

    label: str
    items: tuple[NavItem, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """The one who is signed in; `initials` are one or two characters for the avatar."""

    name: str
    initials: str
    id: int = 0
    """Their number in `ab_user`."""


@dataclass(frozen=True, slots=True)
class FlashAction:
    """A button beside a message: what undoes the thing it tells of."""

    label: str
    url: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Flash:
    """A message of the previous request, shown once above the page."""

    tone: Tone
    message: str
    action: FlashAction | None = None


@dataclass(frozen=True, slots=True)
class EmergencyBanner:
    """What is held for an emergency, and until when; `url` is where it is ended."""

    role: str
    until: str
    iso: str
    url: str


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step from the start page to this one; the last has no URL."""

    label: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Language:
    """Another language of this page: its own name, its locale, the address that switches."""

    name: str
    locale: str
    url: str


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses the frame points to; each is a path on this host."""

    home: str = "/"
    search: str = "/search"
    sign_in: str = "/login/"
    sign_out: str = "/logout/"
    profile: str = "/preferences"
    settings: str | None = None
    theme: str | None = None
    jobs: str | None = None
    notifications: str | None = None


@dataclass(frozen=True, slots=True)
class Shell:
    """Everything around the page. `asset(name)` gives a URL, `t(msgid, ctx, **params)` a text."""

    app_name: str
    locale: str
    asset: Callable[[str], str]
    t: Callable[..., str]
    nonce: str = ""
    csrf_token: str = ""
    theme: Theme = "system"
    compact: bool = False
    shortcuts: bool = True
    nav: tuple[NavGroup, ...] = ()
    user: Person | None = None
    languages: tuple[Language, ...] = ()
    flashes: tuple[Flash, ...] = ()
    breadcrumbs: tuple[Crumb, ...] = ()
    links: Links = field(default_factory=Links)
    unread: int = 0
    jobs_running: int = 0
    viewing_as: str = ""
    """Whose eyes an administrator looks with; empty with their own."""
    emergency: EmergencyBanner | None = None
    """What somebody took in an emergency: told above every page."""
    visited: str = ""
    """Where a page that shows a record tells that it was looked at; empty on other pages."""

    @property
    def lang(self) -> str:
        """The BCP 47 tag for `<html lang>`; plain `zh` means the Chinese of the mainland."""
        tag = self.locale.replace("_", "-")
        return "zh-CN" if tag == "zh" else tag

    @property
    def dark(self) -> bool:
        """Whether the server renders the page dark; a system theme is settled by the browser."""
        return self.theme == "dark"
