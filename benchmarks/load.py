"""Requests in, requests per second out: by `wrk` where it is installed, else by threads of our own.

Figures of the two must not be compared with each other: a Python generator is slower than some of
what it measures. The report says which one ran.
"""

from __future__ import annotations

import http.client
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contenders import Request

SCRIPT = """
local requests, position = {}, 0
function init(args)
  for line in io.lines(args[1]) do
    local method, path, body, headers = line:match("^([^\\t]*)\\t([^\\t]*)\\t([^\\t]*)\\t(.*)$")
    local sent = {}
    for name, value in headers:gmatch("([^\\1]+)\\2([^\\1]+)") do sent[name] = value end
    if body == "" then body = nil end
    requests[#requests + 1] = wrk.format(method, path, sent, body)
  end
end
function request()
  position = position % #requests + 1
  return requests[position]
end
"""
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 60e3}


@dataclass(frozen=True)
class Load:
    """What one run gave."""

    per_second: float
    p99: float
    """Milliseconds within which 99 of 100 were answered."""
    refused: int
    """Answers other than 2xx and 3xx: a run with any is worth nothing."""


def generator() -> str:
    """Return what makes the load here."""
    return "wrk" if shutil.which("wrk") else "python"


def run(
    port: int,
    requests: Sequence[Request],
    headers: Mapping[str, str],
    seconds: float,
    connections: int,
) -> Load:
    """Send the requests round and round for some seconds."""
    if generator() == "wrk":
        return _with_wrk(port, requests, headers, seconds, connections)
    return _with_threads(port, requests, headers, seconds, connections)


def _with_wrk(
    port: int,
    requests: Sequence[Request],
    headers: Mapping[str, str],
    seconds: float,
    connections: int,
) -> Load:
    with tempfile.TemporaryDirectory() as folder:
        script, listed = Path(folder, "load.lua"), Path(folder, "requests.txt")
        script.write_text(SCRIPT)
        with listed.open("w") as file:
            for each in requests:
                sent = {**headers, **each.headers}
                packed = "\1".join(f"{name}\2{value}" for name, value in sent.items())
                file.write(f"{each.method}\t{each.path}\t{each.body}\t{packed}\n")
        done = subprocess.run(
            [
                *(
                    "wrk",
                    "-t1",
                    f"-c{connections}",
                    f"-d{max(1, round(seconds))}s",
                    "--latency",
                    "--timeout",
                    "30s",
                ),
                *("-s", str(script), f"http://127.0.0.1:{port}", "--", str(listed)),
            ],
            capture_output=True,
            text=True,
            check=True,
        )
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    late = re.search(r"99%\s+([\d.]+)(us|ms|s|m)", done.stdout)
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", done.stdout)
    assert rate is not None
    return Load(
        float(rate[1]),
        float(late[1]) * UNITS[late[2]] if late else 0.0,
        int(wrong[1]) if wrong else 0,
    )


def _with_threads(
    port: int,
    requests: Sequence[Request],
    headers: Mapping[str, str],
    seconds: float,
    connections: int,
) -> Load:
    end = time.perf_counter() + seconds
    times: list[float] = []
    wrong: list[int] = []

    def work(first: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        number = first
        while time.perf_counter() < end:
            each = requests[number % len(requests)]
            number += connections
            begin = time.perf_counter()
            sent = {**headers, **each.headers}
            connection.request(each.method, each.path, each.body.encode() or None, sent)
            answer = connection.getresponse()
            answer.read()
            times.append(time.perf_counter() - begin)
            if answer.status >= 400:
                wrong.append(answer.status)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times.sort()
    return Load(len(times) / seconds, times[len(times) * 99 // 100] * 1000, len(wrong))
