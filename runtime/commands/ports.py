"""Before a server starts: is the port free, and does nobody else work in the data folder."""

from __future__ import annotations

import errno
import fcntl
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runtime.commands.language import refusal

EVERY_ADDRESS = ("0.0.0.0", "::", "")


def refuse_busy_port(host: str, port: int, locale: str) -> None:
    """End the command with a sentence when the port cannot be listened on."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.create_server((host, port), family=family):
            pass
    except socket.gaierror as error:
        raise refusal(
            locale,
            f"'{host}' is no address: {error.strerror}.",
            f"“{host}”不是有效的地址：{error.strerror}。",
        ) from error
    except OSError as error:
        raise refusal(locale, *_why(error, host, port)) from error


def told_address(host: str, port: int) -> str:
    """Return the address a person on this machine opens."""
    reachable = "127.0.0.1" if host in EVERY_ADDRESS else host
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


def free_port(port: int) -> int:
    """Return a port of this machine if it is free, and otherwise one that is."""
    for wanted in (port, 0):
        try:
            with socket.create_server(("127.0.0.1", wanted)) as server:
                return int(server.getsockname()[1])
        except OSError:
            continue
    return port


@contextmanager
def one_run_only(data: Path, locale: str) -> Iterator[None]:
    """Hold the data folder; a second `run` in it would share its Redis and its database."""
    with (data / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise refusal(
                locale,
                f"Another `run` works in {data}. Stop it first, or name another folder with "
                "SHOPWRIGHT_DATA.",
                f"另一个 `run` 正在使用 {data}。请先停止它，或用 SHOPWRIGHT_DATA 指定其他文件夹。",
            ) from error
        yield


def _why(error: OSError, host: str, port: int) -> tuple[str, str]:
    """Return why a port cannot be listened on, in English and Chinese."""
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is in use. Stop what uses it, or take another: "
            f"SHOPWRIGHT_PORT={port + 1} before the command, or --port {port + 1}.",
            f"{host} 的端口 {port} 已被占用。请停止占用它的程序，或换一个端口："
            f"在命令前写 SHOPWRIGHT_PORT={port + 1}，或加 --port {port + 1}。",
        )
    if error.errno == errno.EACCES:
        return (
            f"Port {port} is not yours to open; take one from 1024 up, such as --port 8080.",
            f"无权打开端口 {port}；请用 1024 以上的端口，例如 --port 8080。",
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return (
            f"This machine does not have the address {host}; 127.0.0.1 and 0.0.0.0 always work.",
            f"本机没有地址 {host}；127.0.0.1 和 0.0.0.0 总是可用。",
        )
    return (
        f"Port {port} on {host} cannot be opened: {error.strerror}.",
        f"无法打开 {host} 的端口 {port}：{error.strerror}。",
    )
