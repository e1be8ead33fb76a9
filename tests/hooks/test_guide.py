"""The guide for integrators is true: its receiver reads what we send, and nothing else."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from tests.hooks.shop import BEGIN, Teller

GUIDE = Path(__file__).resolve().parents[2] / "runtime" / "hooks" / "README.md"


def test_the_receiver_of_the_guide_takes_ours_and_refuses_what_is_not(
    small: Teller, tmp_path: Path
) -> None:
    (code,) = re.findall(r"```python\n(.+?)```", GUIDE.read_text("utf-8"), re.S)
    receiver = tmp_path / "receiver.py"
    receiver.write_text(code, "utf-8")
    read, now = runpy.run_path(str(receiver))["read"], BEGIN.timestamp()
    _, secret = small.listen()
    small.member(1)
    small.work()
    (heard,) = small.ear.every
    assert read(secret, heard.headers, heard.body, now)["type"] == "member.created"
    for wrong in (
        (secret, heard.headers, heard.body + b" ", now),
        (secret, {**heard.headers, "webhook-id": "msg_other"}, heard.body, now),
        (secret, heard.headers, heard.body, now + 301),
        ("whsec_" + "A" * 43 + "=", heard.headers, heard.body, now),
    ):
        with pytest.raises(ValueError, match=r"too old|not signed"):
            read(*wrong)
