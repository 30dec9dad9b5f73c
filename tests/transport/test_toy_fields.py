"""A field in which cheating visibly succeeds is not used over a network by accident (PITFALLS 20)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from spdz import connect
from spdz.errors import UsageError
from spdz.transport.initialise import initialise


@pytest.mark.parametrize("field", ["M5", "M31"])
def test_a_toy_field_must_be_asked_for(field: str, tmp_path: Path) -> None:
    initialise(tmp_path / "net", ["127.0.0.1:7000", "127.0.0.1:7001"])
    (file,) = (tmp_path / "net").glob("party-1/*.toml")
    with pytest.raises(UsageError, match=f"{field} is a toy field: a cheater gets away") as caught:
        connect(file, party=7, field=field)
    assert re.search(r"2\^-\d+", str(caught.value))
    with pytest.raises(UsageError, match="party must be"):
        connect(file, party=7, field=field, insecure_toy_field=True)
