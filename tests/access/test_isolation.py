"""Many people ask at once and nobody is answered for somebody else.

Flask-AppBuilder keeps the filters of a view in one object: of 1 200 answers to eight threads 36
carried somebody else's filter. What is kept here between requests is by form, and never by value.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from runtime.messages import Actor, Result
from tests.access.branches import OWNER, Branches

THREADS, EACH = 8, 150


def asked(branches: Branches, actor: Actor, query: dict[str, str]) -> Any:
    """Return what somebody is answered: the rows, or the words of the refusal."""
    answer = branches.shop.ask("list", "order", query={"sort": "number", **query}, actor=actor)
    return branches.shop.rows(answer) if isinstance(answer, Result) else answer.message.text("en")


def test_of_many_at_once_nobody_gets_an_answer_to_somebody_else(branches: Branches) -> None:
    first = branches.person("seller", stores=("S1",), number=21)
    second = branches.person("seller", stores=("S2",), number=22)
    nowhere = branches.person("seller", number=23)
    both = branches.person("totals", "taxes", number=24)
    wanted: list[tuple[Actor, dict[str, str]]] = [
        (first, {}),
        (second, {}),
        (nowhere, {}),
        (both, {}),
        (OWNER, {"number": "O1"}),
        (OWNER, {"number": "O2"}),
        (OWNER, {"total[gt]": "15.00", "fields": "number,total"}),
        (first, {"cost": "7.77"}),
    ]
    assert len(wanted) == THREADS
    alone = [asked(branches, *one) for one in wanted]
    assert len({str(one) for one in alone}) == THREADS

    def ask(number: int) -> int:
        return sum(asked(branches, *wanted[number]) != alone[number] for _ in range(EACH))

    with ThreadPoolExecutor(THREADS) as threads:
        foreign = list(threads.map(ask, range(THREADS)))
    assert foreign == [0] * THREADS
