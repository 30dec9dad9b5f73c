"""Frames from a byte stream, however it is cut; steps and their numbers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spdz.preprocessing.mascot.generator
import spdz.protocols.handshake
import spdz.protocols.output  # noqa: F401  # registers steps
from spdz.errors import InternalError, SpdzError
from spdz.wire.frames import HEADER_BYTES, FrameReader, Header, Kind, control_frame
from spdz.wire.steps import Harmless, Step, all_steps, by_wire_id


class Owner:
    """Takes every frame."""

    def __init__(self) -> None:
        self.frames: list[tuple[int, Header, bytes]] = []

    def admit(self, peer: int, header: Header) -> memoryview:
        return memoryview(bytearray(header.length))

    def complete(self, peer: int, header: Header, payload: memoryview) -> None:
        self.frames.append((peer, header, bytes(payload)))


headers = st.builds(
    Header,
    st.sampled_from([1, 9]),
    st.integers(0, 2**32 - 1),
    st.binary(min_size=16, max_size=16),
    st.integers(0, 2**32 - 1),
    st.integers(0, 70),
)


@given(st.lists(headers, max_size=6), st.data())
@settings(max_examples=60, deadline=None)
def test_frames_do_not_depend_on_how_the_stream_is_cut(sent: list[Header], data: st.DataObject) -> None:
    stream = b"".join(header.encode() + bytes([index]) * header.length for index, header in enumerate(sent))
    owner = Owner()
    reader = FrameReader(3, owner)
    while stream:
        target = reader.buffer()
        assert target.nbytes > 0
        count = data.draw(st.integers(1, min(target.nbytes, len(stream))))
        target[:count] = stream[:count]
        stream = stream[count:]
        reader.advance(count)
    assert owner.frames == [(3, header, bytes([index]) * header.length) for index, header in enumerate(sent)]
    assert reader.frames_read == len(sent)
    assert reader.finished == (bool(sent) and sent[-1].kind == Kind.ABORT)


@given(st.lists(headers, max_size=6), st.data())
@settings(max_examples=60, deadline=None)
def test_a_reader_can_be_fed_parts_of_any_size(sent: list[Header], data: st.DataObject) -> None:
    stream = b"".join(header.encode() + bytes([index]) * header.length for index, header in enumerate(sent))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    owner = Owner()
    FrameReader(3, owner).feed(
        *(stream[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(stream)], strict=True))
    )
    assert owner.frames == [(3, header, bytes([index]) * header.length) for index, header in enumerate(sent)]


@given(st.binary(min_size=HEADER_BYTES, max_size=HEADER_BYTES))
def test_any_33_bytes_are_a_header_and_encode_back(data: bytes) -> None:
    assert Header.decode(data).encode() == data


@pytest.mark.parametrize("kind", [Kind.ABORT, Kind.BYE])
def test_a_reader_is_finished_by_the_last_word_of_its_peer(kind: Kind) -> None:
    reader = FrameReader(1, Owner())
    assert not reader.finished
    reader.buffer()[:] = control_frame(kind)
    reader.advance(HEADER_BYTES)
    assert reader.finished


def test_the_numbers_of_steps_are_unique_and_lead_back() -> None:
    steps = all_steps()
    assert len(steps) > 20
    assert len({step.wire_id for step in steps.values()}) == len(steps)
    for name, step in steps.items():
        assert step.name == name
        assert by_wire_id(step.wire_id) is step


def test_every_step_declares_what_tampering_leads_to() -> None:
    for step in all_steps().values():
        assert step.source
        assert step.tampering
        for outcome in step.tampering:
            assert isinstance(outcome, Harmless) or issubclass(outcome, SpdzError), step.name


def test_a_step_cannot_be_declared_twice_or_without_an_outcome(declare_step: Callable[..., Step]) -> None:
    declare_step("test.once")
    with pytest.raises(InternalError, match="twice"):
        declare_step("test.once")
    with pytest.raises(InternalError, match="no outcome"):
        declare_step("test.other", tampering=())
