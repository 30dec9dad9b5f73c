"""TLS lets nobody in who is not in the parties file; if it ever did, the set-up would still refuse (PITFALLS 16)."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from spdz.transport.initialise import initialise
from spdz.transport.parties_file import load_parties
from spdz.transport.tls.connect import _Setup


def test_a_certificate_that_was_verified_and_belongs_to_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    initialise(tmp_path / "net", ["127.0.0.1:7000", "127.0.0.1:7001"])
    (file,) = (tmp_path / "net").glob("party-0/*.toml")
    setup = _Setup(load_parties(file), 0, None, None)
    faults: list[tuple[object, str]] = []
    monkeypatch.setattr(setup, "_failed", lambda attempt, fault: faults.append((attempt, fault)))
    said: list[bytes] = []
    stream: Any = SimpleNamespace(peer_certificate=lambda: b"of nobody", write=said.append, push=lambda: None)
    attempt: Any = SimpleNamespace(sock=None)
    try:
        setup._admit(attempt, stream)
    finally:
        setup._selector.close()
    assert faults == [(attempt, "its certificate is not in the parties file")]
    assert said == []
    assert setup._established == {}
