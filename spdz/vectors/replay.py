"""One endpoint of a recorded session, run again: fed what the others sent, compared in what it sends and how it ends.

The endpoint is the package's own `Party` with everything that a real one has; its transport hands it the recorded
frames one by one, in the recorded order, whenever it waits. Its randomness comes from the seed of the recording. DATA
frames are told apart by their labels, so in which order an endpoint sends what it could send at once is its own affair.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from spdz.errors import SpdzError
from spdz.runtime.trace import Trace
from spdz.runtime.transport import Parts
from spdz.vectors.files import Case
from spdz.wire.frames import HEADER_BYTES, FrameReader, Header, Kind
from spdz.wire.steps import by_wire_id


class RecordingEnds(SpdzError):
    """The endpoint waits for a message that was never recorded."""


@dataclass(frozen=True)
class Frame:
    """A recorded frame."""

    sender: int
    receivers: tuple[int, ...]
    path: str
    data: bytes

    @property
    def name(self) -> str:
        """The path, or what else it is, for reports."""
        return self.path or Kind(self.data[0]).name


class RecordedTransport:
    """Gives an endpoint the recorded frames, and keeps what it sends."""

    name = "recorded"

    def __init__(self, endpoint: int, frames: list[Frame]) -> None:
        self._incoming = [frame for frame in frames if endpoint in frame.receivers]
        self._readers: Mapping[int, FrameReader] = {}
        self._next = 0
        self.sent: dict[int, bytearray] = {}
        self.trace = Trace(keep_events=True)
        """What the endpoint asks for; its driver keeps it."""

    def attach(self, readers: Mapping[int, FrameReader]) -> None:
        self._readers = readers

    def send(self, peer: int, parts: Parts) -> None:
        stream = self.sent.setdefault(peer, bytearray())
        for part in parts:
            stream += part

    def poll(self) -> None:
        """Nothing comes unasked."""

    def wait(self, timeout: float) -> bool:
        del timeout
        if self._next == len(self._incoming):
            raise RecordingEnds("nothing more was recorded")
        frame = self._incoming[self._next]
        self._next += 1
        self._readers[frame.sender].feed(frame.data)
        return True

    def close(self, timeout: float) -> None:
        """There is nothing to close."""

    def unread(self, corrupted: Collection[int], *, aborted: bool) -> list[Frame]:
        """Frames that led to nothing and should have: an endpoint asks for all that is sent to it, until it aborts.

        What honest endpoints have sent to one that aborted may stay unread, for their own replay compares it; so may
        a BYE or an ABORT of theirs. What a corrupted endpoint sends is looked at here alone. It is silent after an
        abort, so all of it must be read; its BYE as well, except by one who has ended before.
        """
        asked = {(sender, event.path) for event in self.trace.events for sender in event.bytes_expected}
        found = []
        for place, frame in enumerate(self._incoming):
            kind, key = frame.data[0], (frame.sender, frame.path)
            read = key in asked if kind == Kind.DATA else place < self._next or (kind == Kind.BYE and not aborted)
            asked.discard(key)  # A second one is another message.
            if not read and (frame.sender in corrupted or (kind == Kind.DATA and not aborted)):
                found.append(frame)
        return found


@dataclass
class Ending:
    """How an endpoint ended: with results by name, or with an error."""

    result: dict[str, bytes] = field(default_factory=dict)
    error: SpdzError | None = None


def frames_of(case: Case) -> list[Frame]:
    """The recorded frames in their order."""

    def data(frame: str | int) -> bytes:
        return bytes.fromhex(case.frames[frame] if isinstance(frame, int) else frame)

    return [
        Frame(message["from"], tuple(message["to"]), message["path"], data(message["frame"]))
        for message in case.test["messages"]
    ]


def differences(
    endpoint: int, expected: dict[str, Any], ending: Ending, sent: Mapping[int, bytes], frames: list[Frame]
) -> list[str]:
    """What differs from the recording, as sentences; empty if nothing does."""
    found = _ending_differs(expected, ending)
    receivers = sorted({receiver for frame in frames if frame.sender == endpoint for receiver in frame.receivers})
    for receiver in sorted({*receivers, *sent}):
        recorded = [frame for frame in frames if frame.sender == endpoint and receiver in frame.receivers]
        found += [f"to {receiver}: {text}" for text in _frames_differ(bytes(sent.get(receiver, b"")), recorded)]
    return found


def _ending_differs(expected: dict[str, Any], ending: Ending) -> list[str]:
    if "error" in expected:
        wanted = (expected["error"], expected["step"], expected["blamed"])
        if ending.error is None:
            return [f"ends with a result instead of {wanted[0]} at step {wanted[1]}"]
        error = ending.error
        got = (type(error).__name__, getattr(error, "step", None), getattr(error, "blamed", None))
        return [] if got == wanted else [f"ends with (error, step, blamed) {got} instead of {wanted}"]
    if ending.error is not None:
        return [f"ends with {type(ending.error).__name__} instead of a result: {ending.error}"]
    wanted_result = {name: bytes.fromhex(value) for name, value in expected["result"].items()}
    if set(wanted_result) != set(ending.result):
        return [f"has the results {sorted(ending.result)} instead of {sorted(wanted_result)}"]
    return [f"result {name!r} differs" for name, value in wanted_result.items() if ending.result[name] != value]


def _split(stream: bytes) -> list[bytes]:
    frames = []
    while stream:
        end = HEADER_BYTES + Header.decode(stream[:HEADER_BYTES]).length
        frames.append(stream[:end])
        stream = stream[end:]
    return frames


def _frames_differ(stream: bytes, recorded: list[Frame]) -> list[str]:
    """Compare frames by kind and label. Their order counts for ABORT and BYE only, which come last."""
    frames = _split(stream)
    own = {(frame[0], Header.decode(frame[:HEADER_BYTES]).label): frame for frame in frames}
    found = []
    for frame in recorded:
        key = (frame.data[0], Header.decode(frame.data[:HEADER_BYTES]).label)
        mine = own.pop(key, None)
        if mine is None:
            found.append(f"{frame.name} is not sent")
        elif mine != frame.data:
            found.append(f"{frame.name} differs {_place_of(mine, frame.data)}")
    found += [f"sends {_name(frame)}, which was not recorded" for frame in own.values()]
    if len(frames) != len({(frame[0], frame[5:21]) for frame in frames}):
        found.append("sends a label twice")
    if any(frame[0] != Kind.DATA for frame in frames[:-1]):
        found.append("sends something after its last frame")
    return found


def _place_of(mine: bytes, theirs: bytes) -> str:
    if len(mine) != len(theirs):
        return f"in length: {len(mine) - HEADER_BYTES} bytes of payload instead of {len(theirs) - HEADER_BYTES}"
    first = next(index for index, (a, b) in enumerate(zip(mine, theirs, strict=True)) if a != b)
    where = f"byte {first - HEADER_BYTES} of the payload" if first >= HEADER_BYTES else f"byte {first} of the header"
    return f"from {where} on"


def _name(frame: bytes) -> str:
    header = Header.decode(frame[:HEADER_BYTES])
    if header.kind != Kind.DATA:
        return Kind(header.kind).name
    step = by_wire_id(header.wire_id)
    return f"a message of step {step.name if step else 'unknown'}, round {header.round}"
