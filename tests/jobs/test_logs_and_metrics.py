"""What the system says about itself: one line an event, one number over all processes."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import orjson
import pytest

from runtime import logs
from runtime.metrics import prometheus
from tests.jobs.shop import ROOT

log = logging.getLogger("shop")


@pytest.fixture(autouse=True)
def _own_handlers() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def output(style: Literal["json", "human"]) -> io.StringIO:
    stream = io.StringIO()
    logs.configure(style, stream=stream)
    return stream


def test_an_event_is_one_json_object_with_its_fields_and_its_request() -> None:
    stream = output("json")
    with logs.within("req-7"):
        logs.event(log, "request", {"operation": "list", "status": 200, "level": "forged"})
    log.info("after %s", "it")
    first, second = (orjson.loads(line) for line in stream.getvalue().splitlines())
    assert first.pop("at").endswith("+00:00")
    assert first == {
        "level": "info",
        "logger": "shop",
        "event": "request",
        "request": "req-7",
        "operation": "list",
        "status": 200,
    }
    assert (second["event"], "request" in second) == ("after it", False)


def test_people_read_one_line_an_event() -> None:
    stream = output("human")
    with logs.within("req-7"):
        logs.event(log, "request", {"operation": "list", "status": 200})
    line = stream.getvalue()
    assert line[8:] == " info    request operation=list status=200 request=req-7\n"


@pytest.mark.parametrize("style", ["json", "human"])
def test_a_value_cannot_forge_a_second_line(style: Literal["json", "human"]) -> None:
    stream = output(style)
    log.info("name %s", "x\n12:00:00 error   \x1b[31mpaid\r\u2028")
    logs.event(log, "request", {"path": "/a\nb\x00"})
    assert len(stream.getvalue().splitlines()) == 2
    assert "\x1b" not in stream.getvalue()


def test_an_exception_keeps_its_trace() -> None:
    stream = output("json")
    try:
        _ = 1 // 0
    except ZeroDivisionError:
        log.exception("it broke")
    line = orjson.loads(stream.getvalue())
    assert (line["level"], "ZeroDivisionError" in line["exception"]) == ("error", True)


def test_what_cannot_be_written_as_json_is_written_as_text() -> None:
    stream = output("json")
    logs.event(log, "request", {"path": Path("/a"), "names": {1: "one"}, "huge": 2**70})
    line = orjson.loads(stream.getvalue())
    assert (line["path"], line["names"]) == ("/a", {"1": "one"})
    assert f'"huge": {2**70}' in stream.getvalue()


def test_requests_and_jobs_are_counted() -> None:
    counted = (
        'shopwright_requests_total{entity="order",operation="list",status="200"}',
        'shopwright_step_seconds_bucket{le="0.0025",step="plan"}',
        'shopwright_request_statements_bucket{le="5.0",operation="list"}',
        'shopwright_jobs_total{job="recount",state="succeeded"}',
    )
    before = numbers(prometheus.render().decode())
    prometheus.observe_request("list", "order", 200, 0.02, {"plan": 0.001, "execute": 0.015}, 4)
    prometheus.observe_job("recount", "succeeded", 1.5)
    after = numbers(prometheus.render().decode())
    assert [after[name] - before.get(name, 0) for name in counted] == [1, 1, 1, 1]


def numbers(text: str) -> dict[str, float]:
    """Return the metrics of a page by name; other tests of this process have counted too."""
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def test_the_numbers_of_all_processes_are_added_up_and_a_fresh_start_begins_at_zero(
    tmp_path: Path,
) -> None:
    (tmp_path / "counter_1.db").write_bytes(b"of an ended process")
    prometheus.clear(tmp_path)
    count = "from runtime.metrics import prometheus; prometheus.observe_job('j', 'failed', 1.0)"
    for _ in range(2):
        environment = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
        subprocess.run([sys.executable, "-c", count], cwd=ROOT, env=environment, check=True)
    text = prometheus.render(tmp_path).decode()
    assert 'shopwright_jobs_total{job="j",state="failed"} 2.0' in text
