"""A body is read the same whichever way: quickly where that is safe, strictly elsewhere."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runtime.errors import BadRequest
from runtime.web import bodies
from runtime.web.bodies import read_json

TEXTS = st.text(alphabet='ab":\\{}[], é\n0', max_size=6)
PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXTS,
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)


def outcome(body: bytes) -> Any:
    """Return what a body holds, or the codes of its refusal."""
    try:
        return repr(read_json(body))
    except BadRequest as refusal:
        return [(one.field, one.code) for one in refusal.errors]


def strictly(body: bytes, patch: pytest.MonkeyPatch) -> Any:
    """Return the outcome where no body is read quickly."""
    with patch.context() as patched:
        patched.setattr(bodies, "_keys", lambda value: -1)
        return outcome(body)


@given(VALUES, st.sampled_from([None, (",", ":"), (" , ", " : ")]), st.booleans())
@example({"reason": ": none", "of": [{"a": 1}]}, (",", ":"), True)
def test_quickly_and_strictly_say_the_same(
    value: Any, separators: tuple[str, str] | None, is_ascii: bool
) -> None:
    body = json.dumps(value, separators=separators, ensure_ascii=is_ascii).encode()
    assert outcome(body) == strictly(body, pytest.MonkeyPatch())


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        (b'{"a":1,"a":1}', "a", "duplicate_key"),
        (b'{"a":{"b" : 1, "b"\n: 2}}', "b", "duplicate_key"),
        (b'[{"a":1},{"a":1,"c":": ","a":2}]', "a", "duplicate_key"),
        (b'{"a":1,"\\u0061":2}', "a", "duplicate_key"),
        (b'{"a":[1,99999999999999999999]}', "a.1", "out_of_range"),
        (b'{"a":9223372036854775808}', "a", "out_of_range"),
        (b'{"a":-9223372036854775809}', "a", "out_of_range"),
    ],
)
def test_what_two_readers_could_understand_differently_is_refused(
    body: bytes, field: str, code: str
) -> None:
    assert outcome(body) == [(field, code)]


@pytest.mark.parametrize("number", [2**53, 2**53 + 1, 2**63 - 1, -(2**63)])
def test_every_whole_number_a_column_holds_is_read_exactly(number: int) -> None:
    assert read_json(f'{{"a":{number}}}'.encode()) == {"a": number}
