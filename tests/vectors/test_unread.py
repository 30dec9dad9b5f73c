"""Frames that a replay has no use for: a recording does not carry what nobody looks at."""

from __future__ import annotations

import copy
import hashlib
from typing import Any

import pytest

from spdz.vectors.endpoints import replay
from spdz.vectors.files import FOLDER, Case, read_file
from spdz.vectors.schema import Schemas
from spdz.wire.frames import Header, Kind, control_frame
from spdz.wire.steps import all_steps

FOREIGN = "/000001.main/000099.output.open"


def _case(name: str, comment: str, parties: int) -> Case:
    cases = read_file(FOLDER / name, Schemas())
    return next(case for case in cases if (case.test["comment"], case.params["parties"]) == (comment, parties))


def _attack(parties: int = 2) -> Case:
    return _case("attack_wrong_share.json", "a wrong share, first element", parties)


def _message(case: Case, sender: int, path: str = FOREIGN, round_: int = 1) -> dict[str, Any]:
    """A well-formed message to everybody else, at a place that the protocol never reaches."""
    step = all_steps()[path.rpartition("/")[2].partition(".")[2]]
    label = hashlib.sha256(bytes.fromhex(case.params["sessionId"]) + path.encode()).digest()[:16]
    frame = Header(Kind.DATA, step.wire_id, label, round_, 1).encode() + b"\0"
    others = [party for party in range(case.params["parties"]) if party != sender]
    return {"from": sender, "to": others, "path": path, "round": round_, "frame": frame.hex()}


def _control(kind: Kind, case: Case, sender: int) -> dict[str, Any]:
    others = [party for party in range(case.params["parties"]) if party != sender]
    return {"from": sender, "to": others, "path": "", "round": 0, "frame": bytes(control_frame(kind)).hex()}


def _with(case: Case, place: int, message: dict[str, Any]) -> list[str]:
    changed = copy.deepcopy(case)
    changed.test["messages"].insert(place, message)
    return replay(changed)


@pytest.mark.parametrize("parties", [2, 3])
def test_a_foreign_frame_of_a_corrupted_party_is_named_wherever_it_is(parties: int) -> None:
    case = _attack(parties)
    assert replay(case) == []
    (sender,) = case.test["corrupted"]
    honest = [party for party in range(parties) if party != sender]
    wanted = [f"party {party}: never asks for {FOREIGN} of endpoint {sender}" for party in honest]
    for place in (0, 1, len(case.test["messages"]) - 1, len(case.test["messages"])):
        assert _with(case, place, _message(case, sender)) == wanted, place


def test_a_frame_that_is_there_twice_is_named() -> None:
    case = _attack()
    (sender,) = case.test["corrupted"]
    last = [message for message in case.test["messages"] if message["from"] == sender][-1]
    path = last["path"]
    found = _with(case, len(case.test["messages"]), copy.deepcopy(last))
    assert found == [f"party {1 - sender}: never asks for {path} of endpoint {sender}"]


@pytest.mark.parametrize("kind", [Kind.ABORT, Kind.BYE])
def test_a_corrupted_party_is_silent_in_the_end(kind: Kind) -> None:
    case = _attack()
    (sender,) = case.test["corrupted"]
    found = _with(case, len(case.test["messages"]), _control(kind, case, sender))
    assert found == [f"party {1 - sender}: never asks for {kind.name} of endpoint {sender}"]


def test_an_attack_without_effect_has_no_frames_to_spare() -> None:
    """A message that came early, and that nobody asks for later: the protocol ends with a result all the same."""
    case = _case("attack_wrong_authentication.json", "a correction, where the key bit is zero", 2)
    (sender,) = case.test["corrupted"]
    wanted = [f"party {1 - sender}: never asks for {FOREIGN} of endpoint {sender}"]
    for place in (0, len(case.test["messages"])):
        assert _with(case, place, _message(case, sender)) == wanted
    # It may say goodbye; who has ended does not read that.
    assert _with(case, len(case.test["messages"]), _control(Kind.BYE, case, sender)) == []
    assert _with(case, len(case.test["messages"]), _control(Kind.ABORT, case, sender)) != []


@pytest.mark.parametrize("place", [0, -1])
def test_an_honest_recording_has_none_either(place: int) -> None:
    case = _case("mac_check.json", "honest", 2)
    position = place % (len(case.test["messages"]) + 1)
    found = _with(case, position, _message(case, 1))
    assert f"party 0: never asks for {FOREIGN} of endpoint 1" in found
    assert f"party 1: to 0: {FOREIGN} is not sent" in found
