"""Before a server starts: is the port free, and does nobody else work in the data folder."""

from __future__ import annotations

import errno
import fcntl
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

EVERY_ADDRESS = ("0.0.0.0", "::", "")


def refuse_busy_port(host: str, port: int) -> None:
    """End the command with a sentence when the port cannot be listened on."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.create_server((host, port), family=family):
            pass
    except socket.gaierror as error:
        raise click.ClickException(f"'{host}' is no address: {error.strerror}.") from error
    except OSError as error:
        raise click.ClickException(_why(error, host, port)) from error


def told_address(host: str, port: int) -> str:
    """Return the address a person on this machine opens."""
    reachable = "127.0.0.1" if host in EVERY_ADDRESS else host
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


@contextmanager
def one_run_only(data: Path) -> Iterator[None]:
    """Hold the data folder; a second `run` in it would share its Redis and its database."""
    with (data / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise click.ClickException(
                f"Another `run` works in {data}. Stop it first, or name another folder with "
                "SHOPWRIGHT_DATA."
            ) from error
        yield


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is in use. Stop what uses it, or take another: "
            f"SHOPWRIGHT_PORT={port + 1} before the command, or --port {port + 1}."
        )
    if error.errno == errno.EACCES:
        return f"Port {port} is not yours to open; take one from 1024 up, such as --port 8080."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"This machine does not have the address {host}; 127.0.0.1 and 0.0.0.0 always work."
    return f"Port {port} on {host} cannot be opened: {error.strerror}."
