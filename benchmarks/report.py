"""Measurements → a table for people (Markdown) and JSON for programs."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.contenders import SERVERS
from benchmarks.works import WORKS

NAMES = ("ours", "fab", "drf", "bare")
Samples = Mapping[str, Mapping[str, Sequence[Mapping[str, float]]]]
"""By work, by `contender/server`: one sample a round."""


def rate(samples: Sequence[Mapping[str, float]]) -> float:
    """Return the median requests per second."""
    return statistics.median(each["per_second"] for each in samples)


def best(found: Mapping[str, Sequence[Mapping[str, float]]], name: str) -> tuple[float, str]:
    """Return a contender's better rate and the server it was under; 0 when it has none."""
    rates = [
        (rate(found[f"{name}/{server}"]), server)
        for server in SERVERS
        if found.get(f"{name}/{server}")
    ]
    return max(rates, default=(0.0, ""))


def table(samples: Samples) -> str:
    """Return the comparison: medians with their spread, and how many times the peers."""
    lines = [
        "| Work | ours granian | ours gunicorn | 99 % in | FAB | DRF | bare"
        " | × FAB | × DRF | of bare |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for work in WORKS:
        found = samples.get(work.name)
        if not found:
            continue
        ours, under = best(found, "ours")
        cells = [_cell(found.get(f"ours/{server}")) for server in SERVERS]
        late = [each["p99"] for each in found.get(f"ours/{under}", ())]
        cells.append(f"{statistics.median(late):.0f} ms" if late else "–")
        ratios = []
        for name in ("fab", "drf", "bare"):
            other, server = best(found, name)
            cells.append(f"{_cell(found.get(f'{name}/{server}'))} {server}" if other else "–")
            ratios.append(f"{ours / other:.2f}" if other and ours else "–")
        lines.append(f"| {work.name}. {work.label} | {' | '.join(cells + ratios)} |")
    return "\n".join(lines)


def small_table(small: Mapping[str, Mapping[str, float]]) -> str:
    """Return what was measured without load."""
    lines = ["| Measure | |", "|---|---|"]
    for name, values in small.items():
        shown = ", ".join(f"{key} {value:.2f}" for key, value in values.items())
        lines.append(f"| {name} | {shown} |")
    return "\n".join(lines)


def page(result: Mapping[str, Any]) -> str:
    """Return the whole report."""
    machine = result["machine"]
    head = "\n".join(f"- {name}: {value}" for name, value in machine.items())
    return (
        f"# Measured on {result['date']}\n\n{head}\n\n"
        "Requests per second, median (lowest–highest) of the rounds; each peer under the better of"
        " granian and gunicorn. Ratios compare medians of the same rounds; absolute figures mean"
        " little on a machine that does other work meanwhile.\n\n"
        f"{table(result['samples'])}\n\n{small_table(result['small'])}\n"
    )


def _cell(samples: Sequence[Mapping[str, float]] | None) -> str:
    if not samples:
        return "–"
    rates = [each["per_second"] for each in samples]
    wrong = sum(int(each["refused"]) for each in samples)
    mark = f" ({wrong} refused!)" if wrong else ""
    return f"{statistics.median(rates):.0f} ({min(rates):.0f}–{max(rates):.0f}){mark}"
