"""Which addresses other systems may be asked at.

Comes in: a URL somebody entered, and what lies inside and is allowed all the same. Goes out: the
addresses behind its name, every one of them public, or a refusal. It is asked when a URL is entered
and again whenever it is used: whoever connects goes to the very addresses that came out here.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

Resolve = Callable[[str, int], Sequence[str]]
PORTS = frozenset({80, 443, 8443})
"""What a system outside is asked at; another port is named beside its host in what is allowed."""
USUAL = {"https": 443, "http": 80}
TRANSLATED = ip_network("64:ff9b::/96")
"""Addresses of the old kind inside the new one, as a translator of networks writes them."""


OF_NOBODY = tuple(
    ip_network(one)
    for one in (
        "192.0.0.0/24",  # of protocols; 192.0.0.192 tells a machine of Oracle its credentials
        "192.88.99.0/24",  # of relays that are no more
        "168.63.129.16/32",  # what a machine of Azure asks about itself
        "3fff::/20",  # of examples
    )
)
"""Public by their form and yet nobody's server; clouds tell their machines secrets there."""


class PrivateAddress(ValueError):
    """The address lies inside, or is none that is asked."""


def resolve(host: str, port: int) -> Sequence[str]:
    """Return every address behind a name.

    Raises:
        OSError: there is none.

    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(one[4][0]) for one in found))


def addresses(url: str, allowed: Sequence[str], ask: Resolve = resolve) -> tuple[str, ...]:
    """Return the addresses that a URL may be asked at.

    Args:
        url: with its scheme.
        allowed: what may be asked although it lies inside: `host`, `host:port`, `10.1.0.0/16`.
        ask: gives the addresses behind a name.

    Raises:
        PrivateAddress: one of them is not public and is not allowed.
        OSError: nothing stands behind the name.

    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    port = parts.port or USUAL.get(parts.scheme, 0)
    if not host or parts.username is not None or parts.scheme not in USUAL:
        raise PrivateAddress(url)
    found = tuple(ask(host, port))
    if {host, f"{host}:{port}"} & set(allowed):
        return found
    if port not in PORTS and not all(_inside(one, allowed) for one in found):
        raise PrivateAddress(url)
    if not found or not all(is_public(one) or _inside(one, allowed) for one in found):
        raise PrivateAddress(url)
    return found


def is_public(text: str) -> bool:
    """Return whether an address can be reached by everybody, whichever way it is written."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        inner = _embedded(address)
        if inner is not None:
            return is_public(str(inner))
        if address.is_site_local:
            return False
    if any(address in one for one in OF_NOBODY):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """Return the address of the old kind that one of the new kind leads to."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _inside(text: str, allowed: Sequence[str]) -> bool:
    """Return whether an address stands in a network that is allowed."""
    address = ip_address(text.partition("%")[0])
    return any("/" in one and address in ip_network(one, strict=False) for one in allowed)
