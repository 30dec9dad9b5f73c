"""What a schema cannot say of a recording: that its messages are frames of the endpoints that there are."""

from __future__ import annotations

import hashlib
from typing import Any

from spdz.wire.frames import HEADER_BYTES, LABEL_BYTES, Header, Kind

Fault = tuple[str, str] | None
"""The field that is wrong, and why."""


def fault_of(group: dict[str, Any], test: dict[str, Any], notes: dict[str, Any]) -> Fault:
    """The first thing that does not fit together in a recording, or None."""
    params = group["params"]
    endpoints = set(range(params["parties"] + (params.get("preprocessing") == "dealer")))
    ended = [outcome["party"] for outcome in test["outcomes"]]
    if sorted([*ended, *test["corrupted"]]) != sorted(endpoints):
        return "outcomes", f"must be of each of the {len(endpoints)} endpoints that is not corrupted"
    attacked = bool(test["corrupted"])
    where = f"a recording with{'' if attacked else 'out'} corrupted endpoints"
    if (test["result"] == "invalid") != attacked:
        return "result", f"is {test['result']!r} in {where}"
    for index, flag in enumerate(test["flags"]):
        if (notes[flag]["kind"] == "ATTACK") != attacked:
            return (
                f"flags[{index}]",
                f"{flag!r} does not suit {where}",
            )
    for index, message in enumerate(test["messages"]):
        fault = _fault_of_message(endpoints, message, group.get("frames", []))
        if fault is not None:
            return f"messages[{index}].{fault[0]}", fault[1]
    return None


def _fault_of_message(endpoints: set[int], message: dict[str, Any], frames: list[str]) -> Fault:
    sender, receivers, frame = message["from"], message["to"], message["frame"]
    if sender not in endpoints:
        return "from", f"is {sender}, but there are {len(endpoints)} endpoints"
    if not set(receivers) <= endpoints - {sender} or len(set(receivers)) < len(receivers):
        return "to", "must name other endpoints, each once"
    if isinstance(frame, int) and frame >= len(frames):
        return "frame", "is no place in the frames of the group"
    data = bytes.fromhex(frames[frame] if isinstance(frame, int) else frame)
    return _fault_of_frame(message, Header.decode(data[:HEADER_BYTES]), len(data) - HEADER_BYTES)


def _fault_of_frame(message: dict[str, Any], header: Header, payload_bytes: int) -> Fault:
    if header.length != payload_bytes:
        return "frame", f"says {header.length} bytes of payload and has {payload_bytes}"
    if header.kind in (Kind.ABORT, Kind.BYE):
        control = Header(header.kind, header.wire_id, bytes(LABEL_BYTES), 0, 0)
        if header != control or message["path"] or message["round"]:
            return "frame", "is an ABORT or a BYE with a path, a label, a round or a payload"
        return None
    if header.kind != Kind.DATA:
        return "frame", f"is of the unknown kind {header.kind}"
    if header.round != message["round"]:
        return "round", f"is {message['round']}, but the frame says {header.round}"
    step = message["path"].rpartition("/")[2].partition(".")[2]
    if hashlib.sha256(step.encode()).digest()[:4] != header.wire_id.to_bytes(4, "little"):
        return "path", f"ends with step {step!r}, which is not that of the frame"
    return None
