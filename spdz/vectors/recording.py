"""What a schema cannot say of a recording: that its messages are frames of the endpoints that there are, and that each
has the step, the round and the label of its path.
"""

from __future__ import annotations

import hashlib
from typing import Any

from spdz.crypto.domains import Domain
from spdz.crypto.hashing import labelled_hash
from spdz.preprocessing.generators import generator_named
from spdz.protocols.handshake import HELLO, NONCE_BYTES
from spdz.wire.frames import HEADER_BYTES, LABEL_BYTES, Header, Kind

Fault = tuple[str, str] | None
"""The field that is wrong, and why."""

_HANDSHAKE = "/000001.handshake/"


def fault_of(group: dict[str, Any], test: dict[str, Any], notes: dict[str, Any]) -> Fault:
    """The first thing that does not fit together in a recording, or None."""
    params = group["params"]
    has_dealer = "preprocessing" in params and generator_named(params["preprocessing"]).has_dealer
    endpoints = set(range(params["parties"] + has_dealer))
    ended = [outcome["party"] for outcome in test["outcomes"]]
    if sorted([*ended, *test["corrupted"]]) != sorted(endpoints):
        return "outcomes", f"must be of each of the {len(endpoints)} endpoints that is not corrupted"
    attacked = bool(test["corrupted"])
    where = f"a recording with{'' if attacked else 'out'} corrupted endpoints"
    if (test["result"] == "invalid") != attacked:
        return "result", f"is {test['result']!r} in {where}"
    for index, flag in enumerate(test["flags"]):
        if (notes[flag]["kind"] == "ATTACK") != attacked:
            return f"flags[{index}]", f"{flag!r} does not suit {where}"
    messages = _Messages(params, endpoints, set(test["corrupted"]), group.get("frames", []))
    for index, message in enumerate(test["messages"]):
        fault = messages.fault_of(message)
        if fault is not None:
            return f"messages[{index}].{fault[0]}", fault[1]
    return None


class _Messages:
    """The messages of a recording, looked at in their order: the first ones make the id of a session."""

    def __init__(self, params: dict[str, Any], endpoints: set[int], corrupted: set[int], shared: list[str]) -> None:
        self._endpoints, self._corrupted, self._shared = endpoints, corrupted, shared
        self._session_id = bytes.fromhex(params["sessionId"]) if "sessionId" in params else None
        self._nonces: dict[int, bytes] = {}

    def fault_of(self, message: dict[str, Any]) -> Fault:
        """What is wrong with the next message."""
        sender, receivers, frame = message["from"], message["to"], message["frame"]
        if sender not in self._endpoints:
            return "from", f"is {sender}, but there are {len(self._endpoints)} endpoints"
        if not set(receivers) <= self._endpoints - {sender} or len(set(receivers)) < len(receivers):
            return "to", "must name other endpoints, each once"
        if {sender, *receivers} <= self._corrupted:
            return "to", "names corrupted endpoints alone, as the sender is: no replay would see this frame"
        if isinstance(frame, int) and frame >= len(self._shared):
            return "frame", "is no place in the frames of the group"
        data = bytes.fromhex(self._shared[frame] if isinstance(frame, int) else frame)
        header, payload = Header.decode(data[:HEADER_BYTES]), data[HEADER_BYTES:]
        fault = _fault_of_frame(message, header, len(payload))
        if fault is not None or header.kind != Kind.DATA:
            return fault
        if message["path"] == f"{_HANDSHAKE}000001.{HELLO.name}":
            self._nonces[sender] = payload[:NONCE_BYTES]
        return self._fault_of_label(message["path"], header.label)

    def _fault_of_label(self, path: str, found: bytes) -> Fault:
        """docs/wire, section 3; the session id is that of the group, or of the hand-shake before (section 8)."""
        if self._session_id is not None:
            session_id = self._session_id
        elif path.startswith(_HANDSHAKE):
            session_id = b""
        elif set(self._nonces) == self._endpoints:
            session_id = labelled_hash(Domain.SESSION_ID, *(self._nonces[index] for index in sorted(self._nonces)))
        else:
            return "path", f"{path!r} comes before the nonces of all {len(self._endpoints)} endpoints"
        label = hashlib.sha256(session_id + path.encode()).digest()[:LABEL_BYTES]
        if label != found:
            return "path", f"{path!r} has the label {label.hex()}, but the frame says {found.hex()}"
        return None


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
