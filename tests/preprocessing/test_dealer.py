"""The trusted dealer: what it makes fits together, who learns what, what it refuses, and that it ends."""

from __future__ import annotations

import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spdz.crypto.prg import Prg
from spdz.crypto.randomness import SystemRandomness, deterministic_randomness_for_tests
from spdz.errors import (
    ConfigurationMismatch,
    InternalError,
    MacCheckFailed,
    MalformedMessage,
    PeerAborted,
    UsageError,
)
from spdz.field import M5, M61, M127, Field, FieldArray
from spdz.params import SecurityParams
from spdz.preprocessing.dealer import dealer as dealer_module
from spdz.preprocessing.dealer import dealing
from spdz.preprocessing.dealer import wire as dealer_wire
from spdz.preprocessing.dealer.dealer import DealerPreprocessing, dealer_service
from spdz.preprocessing.dealer.wire import FINISHED, REQUEST_BYTES, Request, RequestCodec, chunk_size
from spdz.protocols.mac_check import check_openings
from spdz.protocols.opening import partial_open
from spdz.runtime.context import Context, SessionState
from spdz.runtime.lockstep import Interference
from spdz.runtime.trace import Trace
from spdz.sharing.material import (
    BIT_PAIR_TRIPLES,
    BIT_TRIPLES,
    DABITS,
    RANDOM_BITS,
    RANDOM_SHARES,
    SQUARES,
    TRIPLES,
    Batch,
    Kind,
    bit_masks,
    compare_masks,
    input_masks,
    matrix_triples,
    mux_triples,
    proof_masks,
    truncation_pairs,
)
from spdz.sharing.material.kinds import declared_kinds
from spdz.wire.codec import Blob
from spdz.wire.steps import Delivery, Payload
from tests.support.dealer import mac_key_of, reconstruct_batches
from tests.support.interference import add_to_element, flip_bytes, replace_payload
from tests.support.parties import SESSION_ID, Run, make_sessions, run

FIELDS = [M5, M61, M127]
PARTIES = [2, 3, 5]
MATRIX = matrix_triples(2, 3, 4)

Program = Callable[[Context, DealerPreprocessing], Awaitable[Any]]


@dataclass
class Dealt:
    """A run with a dealer: the last outcome is the dealer's."""

    run: Run
    sources: list[DealerPreprocessing]

    @property
    def sessions(self) -> list[SessionState]:
        """The parties' sessions."""
        return self.run.sessions[:-1]

    @property
    def traces(self) -> list[Trace]:
        return [outcome.trace for outcome in self.run.outcomes]

    @property
    def errors(self) -> list[Any]:
        return [outcome.error for outcome in self.run.outcomes]

    def take(self, kind: Kind, count: int) -> tuple[list[FieldArray], list[Batch]]:
        """The shared values, whose MACs are checked, and the batches by party."""
        batches = [source.store.take(kind, count) for source in self.sources]
        return reconstruct_batches(self.sessions, batches), batches


def deal(
    parties: int,
    field: Field,
    seed: bytes,
    program: Program,
    interference: Interference | None = None,
    session_id: bytes = SESSION_ID,
) -> Dealt:
    """Set up, run `program` at every party, and finish."""
    randomness = deterministic_randomness_for_tests(seed, "trusted dealer")
    dealer = SessionState(parties, parties, field, SecurityParams(), randomness, session_id)
    sources = [DealerPreprocessing() for _ in range(parties)]

    def protocol(source: DealerPreprocessing) -> Any:
        async def main(ctx: Context) -> Any:
            await source.set_up(ctx.child("set-up"))
            result = await program(ctx, source)
            await source.finish(ctx.child("finish"))
            return result

        return main

    sessions = [*make_sessions(parties, field, seed, session_id), dealer]
    ended = run(sessions, [*(protocol(source) for source in sources), dealer_service], interference)
    return Dealt(ended, sources)


def producing(*demands: Mapping[Kind, int]) -> Program:
    async def program(ctx: Context, source: DealerPreprocessing) -> None:
        for demand in demands:
            await source.produce(ctx.child("produce"), demand)

    return program


def requests(trace: Trace) -> int:
    """Requests for material; the one that says good-bye is not counted."""
    return sum(event.step == "dealer.request" for event in trace.events) - 1


def bytes_received(trace: Trace) -> dict[str, int]:
    """Bytes by step, without the steps of which nothing is received."""
    return {name: cost.bytes_expected for name, cost in trace.steps.items() if cost.bytes_expected}


# -- what is dealt ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parties", PARTIES)
@pytest.mark.parametrize("field", FIELDS, ids=str)
def test_every_kind_fits_together_and_to_its_macs(field: Field, parties: int, seed: bytes) -> None:
    first, last = input_masks(0), input_masks(parties - 1)
    demand = {TRIPLES: 130, SQUARES: 20, RANDOM_BITS: 77, RANDOM_SHARES: 9, first: 5, last: 6, MATRIX: 3}
    dealt = deal(parties, field, seed, producing(demand))
    assert dealt.errors == [None] * (parties + 1)

    (a, b, c), _ = dealt.take(TRIPLES, 130)
    assert (a * b).equals(c)
    (a, b), _ = dealt.take(SQUARES, 20)
    assert (a * a).equals(b)
    (bits,), _ = dealt.take(RANDOM_BITS, 77)
    assert set(bits.to_ints()) == {0, 1}
    (values,), _ = dealt.take(RANDOM_SHARES, 9)
    assert values.shape == (9,)
    (a, b, c), _ = dealt.take(MATRIX, 3)
    assert (a.shape, b.shape, c.shape) == ((3, 2, 3), (3, 3, 4), (3, 2, 4))
    assert (a @ b).equals(c)
    for kind, count in ((first, 5), (last, 6)):
        (masks,), batches = dealt.take(kind, count)
        clears = [batch.clear for batch in batches]
        clear = clears.pop(kind.owner)
        assert clear is not None
        assert masks.equals(clear)
        assert clears == [None] * (parties - 1)


@pytest.mark.parametrize("count", [1, 127, 128, 129])
@pytest.mark.parametrize("parties", [2, 3])
def test_counts_around_a_chunk(count: int, parties: int, seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dealer_wire, "CHUNK_BYTES", 128 * 6 * M61.element_bytes)
    assert chunk_size(M61, TRIPLES) == 128
    dealt = deal(parties, M61, seed, producing({TRIPLES: count, RANDOM_BITS: count}))
    (a, b, c), _ = dealt.take(TRIPLES, count)
    assert (a * b).equals(c)
    (bits,), _ = dealt.take(RANDOM_BITS, count)
    assert set(bits.to_ints()) <= {0, 1}
    assert requests(dealt.traces[0]) == -(-count // 128) + 1
    for source in dealt.sources:
        assert source.store.available(TRIPLES) == source.store.available(RANDOM_BITS) == 0


def test_chunks_of_one_element(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A matrix triple that exceeds the size of a chunk is dealt all the same, one by one."""
    monkeypatch.setattr(dealer_wire, "CHUNK_BYTES", 1)
    mask = input_masks(1)
    dealt = deal(3, M127, seed, producing({MATRIX: 2, mask: 3, SQUARES: 2}))
    (a, b, c), _ = dealt.take(MATRIX, 2)
    assert (a @ b).equals(c)
    (masks,), batches = dealt.take(mask, 3)
    assert batches[1].clear is not None
    assert masks.equals(batches[1].clear)
    assert len(set(masks.to_ints())) == 3, "chunks repeat"
    assert [requests(trace) for trace in dealt.traces] == [7] * 4


def test_only_what_is_missing_is_asked_for(seed: bytes) -> None:
    dealt = deal(2, M61, seed, producing({SQUARES: 5}, {SQUARES: 5}, {SQUARES: 7, TRIPLES: 1}))
    assert requests(dealt.traces[0]) == 3
    assert dealt.sources[0].store.made == {SQUARES: 7, TRIPLES: 1}
    (a, b), _ = dealt.take(SQUARES, 7)
    assert (a * a).equals(b)


def test_nothing_for_nothing(seed: bytes) -> None:
    dealt = deal(3, M61, seed, producing({}, {TRIPLES: 0, input_masks(2): 0}))
    assert dealt.errors == [None] * 4
    assert [[event.step for event in trace.events] for trace in dealt.traces] == [["dealer.seed", "dealer.request"]] * 4
    assert dealt.sources[0].store.made == {}


def test_progress_is_reported(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dealer_wire, "CHUNK_BYTES", 4 * 2 * M61.element_bytes)
    seen: list[tuple[Kind, int, int]] = []

    async def program(ctx: Context, source: DealerPreprocessing) -> None:
        if ctx.party == 0:
            source._progress = lambda *report: seen.append(report)
        await source.produce(ctx, {RANDOM_SHARES: 9})

    deal(2, M61, seed, program)
    assert seen == [(RANDOM_SHARES, 4, 9), (RANDOM_SHARES, 8, 9), (RANDOM_SHARES, 9, 9)]


OF_BITS = (
    BIT_TRIPLES,
    BIT_PAIR_TRIPLES,
    compare_masks(5),
    bit_masks(0),
    DABITS,
    mux_triples(2),
    truncation_pairs(3),
)


def test_it_supports_every_kind() -> None:
    source = DealerPreprocessing()
    kinds = (TRIPLES, SQUARES, RANDOM_BITS, RANDOM_SHARES, input_masks(1), proof_masks(1), MATRIX, *OF_BITS)
    assert source.name == "dealer"
    assert all(source.supports(kind) for kind in kinds)
    assert {kind.name for kind in kinds} == set(declared_kinds())
    assert not source.supports(Kind("edabits"))


# -- who learns what --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parties", PARTIES)
@pytest.mark.parametrize(
    ("kind", "elements"),
    [(TRIPLES, 4), (SQUARES, 3), (RANDOM_BITS, 2), (RANDOM_SHARES, 1), (input_masks(0), 2), (MATRIX, 34)],
    ids=str,
)
def test_costs_are_as_documented(parties: int, kind: Kind, elements: int, seed: bytes) -> None:
    """Cost lines of `set_up`, `produce`, `finish`, `dealer_service`; all but the last party are sent only a seed."""
    dealt = deal(parties, M127, seed, producing({kind: 7}))
    size = elements * 7 * M127.element_bytes
    steps = ["dealer.seed", "dealer.request", "dealer.corrections", "dealer.request"]
    for trace in dealt.traces:
        assert [event.step for event in trace.events] == steps
        assert [event.round for event in trace.events] == [1, 2, 3, 4]
    for party, trace in enumerate(dealt.traces[:-1]):
        corrections = {"dealer.corrections": size} if party == parties - 1 else {}
        assert bytes_received(trace) == {"dealer.seed": 16, **corrections}
        assert [event.bytes_sent for event in trace.events] == [{}, {parties: 22}, {}, {parties: 22}]
        assert trace.frames_sent == 2
    sent = [event.bytes_sent for event in dealt.traces[parties].events]
    assert sent == [dict.fromkeys(range(parties), 16), {}, {parties - 1: size}, {}]
    assert dealt.run.rounds == 4


@pytest.mark.parametrize("owner", [0, 1, 2])
def test_a_mask_owner_is_sent_no_masks(owner: int, seed: bytes) -> None:
    dealt = deal(3, M61, seed, producing({input_masks(owner): 4}))
    for party in (0, 1):
        assert bytes_received(dealt.traces[party]) == {"dealer.seed": 16}


@pytest.mark.parametrize("parties", PARTIES)
@pytest.mark.parametrize("owner", ["first", "last"])
def test_an_owner_is_told_its_relation_with_every_other_party(owner: str, parties: int, seed: bytes) -> None:
    """And nobody else is told anything about it; nor is it in the store of any other."""
    count, prover = 7, 0 if owner == "first" else parties - 1
    dealt = deal(parties, M127, seed, producing({proof_masks(prover): count}))
    size = count * M127.element_bytes
    for party, trace in enumerate(dealt.traces[:-1]):
        received = bytes_received(trace)
        assert received.get("dealer.tags", 0) == (size * (parties - 1) if party == prover else 0)
        assert received.get("dealer.corrections", 0) == (2 * size if party == parties - 1 else 0)
    (masks,), batches = dealt.take(proof_masks(prover), count)
    known = batches[prover].clear
    assert known.shape == (count, parties)
    assert known[:, 0].equals(masks)
    others = [party for party in range(parties) if party != prover]
    for place, party in enumerate(others):
        assert batches[party].clear is None
        key, mac = dealt.sessions[party].key.share, batches[party].shares[0].mac
        assert mac.equals(known[:, 1 + place] + masks * key)


def test_tags_tell_nothing_of_keys(seed: bytes) -> None:
    """They are uniform, whatever the masks."""
    count = 6200
    dealt = deal(3, M5, seed, producing({proof_masks(0): count}))
    _, batches = dealt.take(proof_masks(0), count)
    for column in range(3):
        assert chi_square(np.bincount(batches[0].clear[:, column].to_ints(), minlength=31)) < 90


def test_shares_of_the_last_party_are_uniform(seed: bytes) -> None:
    """Whatever is shared: a product, a bit that is 0, a bit that is 1, a mask that the party itself knows."""
    count = 6200
    own, other = input_masks(1), input_masks(0)
    kinds = {TRIPLES: count, RANDOM_BITS: count, SQUARES: count, own: count, other: count}
    dealt = deal(2, M5, seed, producing(kinds))
    (bits,), batches = dealt.take(RANDOM_BITS, count)
    ones = ~bits.is_zero()
    share = batches[1].shares[0]
    samples = [share.value[ones], share.value[~ones], share.mac[ones], share.mac[~ones]]
    for kind in (TRIPLES, SQUARES, own, other):
        _, batches = dealt.take(kind, count)
        samples += [array for share in batches[1].shares for array in (share.value, share.mac)]
    for sample in samples:
        assert chi_square(np.bincount(sample.to_ints(), minlength=31)) < 90


def test_first_parties_and_secrets_are_uniform(seed: bytes) -> None:
    count = 6200
    dealt = deal(3, M5, seed, producing({TRIPLES: count, input_masks(0): count}))
    (a, b, _), batches = dealt.take(TRIPLES, count)
    (r,), masks = dealt.take(input_masks(0), count)
    samples = [a, b, r, *(share.value for share in batches[0].shares), *(share.mac for share in batches[1].shares)]
    samples += [masks[0].shares[0].value, masks[0].shares[0].mac]
    for sample in samples:
        assert chi_square(np.bincount(sample.to_ints(), minlength=31)) < 90


def test_random_bits_are_unbiased(seed: bytes) -> None:
    """Over all, and at each position of a word (PITFALLS 13)."""
    dealt = deal(2, M61, seed, producing({RANDOM_BITS: 64 * 500}))
    (bits,), _ = dealt.take(RANDOM_BITS, 64 * 500)
    table = np.array(bits.to_ints()).reshape(500, 64)
    assert chi_square(np.bincount(table.ravel())) < 25
    deviations = (table.sum(axis=0) - 250) / np.sqrt(125)
    assert (deviations**2).sum() < 64 + 6 * np.sqrt(128)
    assert np.abs(deviations).max() < 5.5


def chi_square(counts: np.ndarray) -> float:
    expected = counts.sum() / len(counts)
    return float(((counts - expected) ** 2 / expected).sum())


@pytest.mark.parametrize("change", ["session id", "seed"])
def test_two_sessions_differ(change: str, seed: bytes) -> None:
    """With the same seeds from the dealer, but another session id, as well as with others (PITFALLS 13)."""
    program = producing({RANDOM_SHARES: 4})
    other_seed = seed if change == "session id" else bytes(32)
    other_id = bytes(32) if change == "session id" else SESSION_ID
    one, two = deal(2, M127, seed, program), deal(2, M127, other_seed, program, session_id=other_id)
    keys = [session.key.share.to_ints() for dealt in (one, two) for session in dealt.sessions]
    shares = [source.store.take(RANDOM_SHARES, 4).shares[0] for dealt in (one, two) for source in dealt.sources]
    drawn = keys + [value for share in shares for value in (*share.value.to_ints(), *share.mac.to_ints())]
    assert len(set(drawn)) == len(drawn)


def test_seeds_come_from_the_dealers_randomness() -> None:
    """Two runs with the system's generator under one session id have different keys."""
    keys = []
    for _ in range(2):
        sessions = [SessionState(i, 2, M127, SecurityParams(), SystemRandomness(), SESSION_ID) for i in range(3)]
        sources = [DealerPreprocessing() for _ in range(2)]
        run(sessions, [*(source.set_up for source in sources), _only_seeds])
        keys.append(mac_key_of(sessions[:2]).to_ints())
    assert keys[0] != keys[1]


async def _only_seeds(ctx: Context) -> None:
    await dealer_module._deal_seeds(Context(ctx.session, "/dealer"))


# -- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parties", [2, 3])
@pytest.mark.parametrize(
    ("theirs", "words"),
    [
        ({TRIPLES: 6}, "6 triples"),
        ({SQUARES: 5}, "5 squares"),
        ({matrix_triples(1, 2, 3): 5}, "5 matrix triples 1x2x3"),
        ({input_masks(1): 5}, "5 input masks of party 1"),
        ({}, "no more material"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_different_demands_are_a_configuration_mismatch(
    parties: int, theirs: dict[Kind, int], words: str, seed: bytes
) -> None:
    async def program(ctx: Context, source: DealerPreprocessing) -> None:
        await source.produce(ctx, {TRIPLES: 5} if ctx.party else theirs)
        await source.produce(ctx, {RANDOM_SHARES: 1})

    dealt = deal(parties, M61, seed, program if theirs else _finish_early)
    error = dealt.errors[parties]
    assert type(error) is ConfigurationMismatch
    assert f"party 0 for {words}" in str(error)
    assert "party 1 for 5 triples" in str(error)
    assert type(dealt.errors[parties - 1]) is PeerAborted
    assert not dealt.sessions[-1].key.alive


async def _finish_early(ctx: Context, source: DealerPreprocessing) -> None:
    if ctx.party:
        await source.produce(ctx, {TRIPLES: 5})


def test_a_difference_shows_in_the_first_of_many_chunks(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dealer_wire, "CHUNK_BYTES", 1)

    async def program(ctx: Context, source: DealerPreprocessing) -> None:
        await source.produce(ctx, {TRIPLES: 3 + ctx.party})

    dealt = deal(2, M61, seed, program)
    assert "party 0 for 3 triples, party 1 for 4 triples" in str(dealt.errors[2])
    assert requests(dealt.traces[2]) == 0


def raw(code: int, owner: int = 0xFF, dims: tuple[int, int, int] = (0, 0, 0), count: int = 1) -> bytes:
    """Any request, valid or not."""
    return struct.pack("<BBIIIQ", code, owner, *dims, count)


INVALID = {
    "unknown kind": raw(99),
    "largest kind": raw(255),
    "nothing": raw(1, count=0),
    "too many": raw(1, count=(1 << 40) + 1),
    "far too many": raw(1, count=(1 << 64) - 1),
    "owner for triples": raw(1, owner=0),
    "owner for the end": raw(0, owner=0, count=0),
    "count for the end": raw(0),
    "dims for the end": raw(0, dims=(0, 0, 1), count=0),
    "dims for triples": raw(1, dims=(1, 0, 0)),
    "no owner": raw(5),
    "owner is the dealer": raw(5, owner=2),
    "dims for masks": raw(5, owner=0, dims=(1, 1, 1)),
    "no dims": raw(6),
    "empty inner axis": raw(6, dims=(2, 0, 2)),
    "huge matrix": raw(6, dims=(0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF)),
    "matrix just too large": raw(6, dims=(1 << 13, 1 << 13, 1)),
    "owner for matrices": raw(6, owner=1, dims=(1, 1, 1)),
    "all zero": bytes(REQUEST_BYTES),
}


@pytest.mark.parametrize("payload", INVALID.values(), ids=INVALID.keys())
def test_an_invalid_request_is_malformed(payload: bytes, seed: bytes) -> None:
    tampering = replace_payload("dealer.request", 1, lambda _: payload)
    dealt = deal(2, M61, seed, producing({TRIPLES: 5}), tampering)
    tampering.assert_fired()
    error = dealt.errors[2]
    assert type(error) is MalformedMessage
    assert (error.blamed, error.step) == (1, "dealer.request")
    assert "dealer.corrections" not in dealt.traces[2].steps


@pytest.mark.parametrize("size", [0, REQUEST_BYTES - 1, REQUEST_BYTES + 1])
def test_a_request_of_another_size_is_malformed(size: int, seed: bytes) -> None:
    tampering = replace_payload("dealer.request", 0, lambda _: bytes(size))
    dealt = deal(3, M61, seed, producing({TRIPLES: 5}), tampering)
    assert type(dealt.errors[3]) is MalformedMessage
    assert dealt.errors[3].blamed == 0


@pytest.mark.parametrize("parties", [2, 3])
@pytest.mark.parametrize("offset", range(REQUEST_BYTES))
def test_a_changed_request_leads_to_a_declared_outcome(parties: int, offset: int, seed: bytes) -> None:
    tampering = flip_bytes("dealer.request", 0, [offset])
    dealt = deal(parties, M61, seed, producing({MATRIX: 5}), tampering)
    tampering.assert_fired()
    assert type(dealt.errors[parties]) in dealer_module.REQUEST.tampering


@pytest.mark.parametrize(
    "request_", [FINISHED, *(Request(kind, 3) for kind in (TRIPLES, RANDOM_BITS, MATRIX, input_masks(2)))], ids=str
)
def test_requests_survive_the_wire(request_: Request) -> None:
    codec = RequestCodec(M61, 3)
    payload = codec.encode(request_)
    assert payload.nbytes == codec.byte_count == REQUEST_BYTES == 22
    assert codec.decode(payload) == request_


@given(
    st.one_of(
        st.binary(min_size=REQUEST_BYTES, max_size=REQUEST_BYTES),
        st.builds(
            raw,
            st.integers(0, 8),
            st.sampled_from([0, 1, 2, 3, 255]),
            st.tuples(*[st.integers(0, 4)] * 3),
            st.integers(0, 5),
        ),
    )
)
def test_any_bytes_are_a_request_of_one_encoding_or_refused(payload: bytes) -> None:
    codec = RequestCodec(M61, 3)
    try:
        request = codec.decode(memoryview(payload))
    except ValueError:
        return
    assert bytes(codec.encode(request)) == payload
    assert request == FINISHED or 1 <= request.count <= dealer_wire.MAX_COUNT


@pytest.mark.parametrize(
    "kind",
    [
        Kind("edabits"),
        input_masks(2),
        Kind("input masks"),
        matrix_triples(0, 1, 1),
        matrix_triples(1 << 20, 1 << 20, 1),
        Kind("matrix triples", dims=(1, 2)),
        Kind("triples", dims=(1, 2)),
        Kind("triples", owner=0),
    ],
    ids=str,
)
def test_an_impossible_demand_is_a_usage_error_before_anything_is_sent(kind: Kind, seed: bytes) -> None:
    async def program(ctx: Context, source: DealerPreprocessing) -> None:
        with pytest.raises(UsageError, match="this program asks for"):
            await source.produce(ctx, {SQUARES: 1, kind: 1})
        assert source.store.made == {}
        await source.produce(ctx, {SQUARES: 2})

    dealt = deal(2, M61, seed, program)
    assert dealt.errors == [None] * 3
    assert requests(dealt.traces[0]) == 1
    assert dealt.sources[0].store.made == {SQUARES: 2}


# -- the dealer's messages are trusted, and covered by the MAC --------------------------------------------------------


def opening_everything(declare_step: Any) -> Program:
    open_step = declare_step("test.open", Delivery.BROADCAST, payload=Payload.ELEMENTS)

    async def program(ctx: Context, source: DealerPreprocessing) -> None:
        demand = {TRIPLES: 3, RANDOM_BITS: 3, input_masks(0): 3, input_masks(ctx.parties - 1): 3}
        await source.produce(ctx, demand)
        for kind, count in sorted(demand.items()):
            for share in source.store.take(kind, count).shares:
                await partial_open(ctx, open_step, share)
        await check_openings(ctx)

    return program


@pytest.mark.parametrize("parties", [2, 3])
@pytest.mark.parametrize("receiver", [0, 1])
def test_a_changed_seed_fails_a_mac_check(parties: int, receiver: int, seed: bytes, declare_step: Any) -> None:
    tampering = flip_bytes("dealer.seed", parties, ["middle"], receiver=receiver)
    dealt = deal(parties, M61, seed, opening_everything(declare_step), tampering)
    tampering.assert_fired()
    assert MacCheckFailed in {type(error) for error in dealt.errors[:parties]}


@pytest.mark.parametrize("place", ["first", "middle", "last"])
@pytest.mark.parametrize("skip", range(4))
def test_a_changed_correction_fails_a_mac_check(place: str, skip: int, seed: bytes, declare_step: Any) -> None:
    tampering = add_to_element("dealer.corrections", 2, M61, index=place, skip=skip)
    dealt = deal(2, M61, seed, opening_everything(declare_step), tampering)
    tampering.assert_fired()
    assert MacCheckFailed in {type(error) for error in dealt.errors[:2]}


def test_honest_openings_pass(seed: bytes, declare_step: Any) -> None:
    assert deal(3, M61, seed, opening_everything(declare_step)).errors == [None] * 4


# -- the life of the service ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parties", PARTIES)
def test_the_service_ends_when_all_have_finished(parties: int, seed: bytes) -> None:
    dealt = deal(parties, M61, seed, producing({SQUARES: 3}))
    assert dealt.errors == [None] * (parties + 1)
    assert dealt.run.outcomes[parties].result is None
    assert not dealt.run.sessions[parties].field_domain.has_key


def test_nothing_can_be_asked_for_after_the_end(seed: bytes) -> None:
    async def program(ctx: Context, source: DealerPreprocessing) -> None:
        await source.finish(ctx)
        with pytest.raises(UsageError, match="the session has ended"):
            await source.produce(ctx, {TRIPLES: 1})

    dealt = deal(2, M61, seed, program)
    # The second good-bye, of `deal`, is refused as well.
    assert [type(error) for error in dealt.errors[:2]] == [UsageError, UsageError]


def test_rounds_without_the_dealer_between_two_requests(seed: bytes, declare_step: Any) -> None:
    """The dealer knows nothing of the parties' rounds; it adopts them (once refused as a malformed message)."""
    step = declare_step("test.ping")

    async def program(ctx: Context, source: DealerPreprocessing) -> None:
        for count in (3, 5, 5, 9):
            for _ in range(count):
                codec = Blob(1)
                await ctx.tell_all(step, codec, b"x")
            await source.produce(ctx.child("produce"), {TRIPLES: count})

    dealt = deal(3, M61, seed, program)
    assert dealt.errors == [None] * 4
    (a, b, c), _ = dealt.take(TRIPLES, 9)
    assert (a * b).equals(c)


def test_material_can_be_asked_for_anywhere_in_a_program(seed: bytes) -> None:
    """The dealer's labels do not depend on the parties' paths."""

    async def program(ctx: Context, source: DealerPreprocessing) -> None:
        await source.produce(ctx.child("deep").child("deeper"), {SQUARES: 1})
        await ctx.gather(source.produce(ctx.child("child"), {SQUARES: 2}))

    assert deal(2, M61, seed, program).errors == [None] * 3


def test_two_demands_at_once_are_refused(seed: bytes) -> None:
    async def program(ctx: Context, source: DealerPreprocessing) -> None:
        await ctx.gather(source.produce(ctx.child("one"), {SQUARES: 1}), source.produce(ctx.child("two"), {TRIPLES: 1}))

    dealt = deal(2, M61, seed, program)
    assert type(dealt.errors[1]) is UsageError
    assert dealt.sources[1]._stream is None


def test_misuse_is_an_internal_error(seed: bytes) -> None:
    async def again(ctx: Context, source: DealerPreprocessing) -> None:
        await source.set_up(ctx)

    assert type(deal(2, M61, seed, again).errors[0]) is InternalError

    async def elsewhere(ctx: Context, source: DealerPreprocessing) -> None:
        await source.produce(Context(replace(ctx.session)), {TRIPLES: 1})

    assert type(deal(2, M61, seed, elsewhere).errors[0]) is InternalError

    async def unprepared(ctx: Context) -> None:
        await DealerPreprocessing().produce(ctx, {TRIPLES: 1})

    for protocol in (unprepared, dealer_service):
        assert type(run(make_sessions(2, M61, seed), protocol).outcomes[0].error) is InternalError


@dataclass
class Spy:
    """What the dealer had in its hands."""

    answers: list[dealing.Corrections]
    alive_before: list[int]
    secrets: list[Any]
    cleartext: list[Any]


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> Spy:
    found = Spy([], [], [], [])
    deal_, seeds_, complete_ = dealer_module.deal, dealer_module._deal_seeds, dealing.complete

    def spying_deal(*args: Any) -> dealing.Corrections:
        found.alive_before.append(sum(not is_wiped(answer) for answer in found.answers))
        found.answers.append(deal_(*args))
        return found.answers[-1]

    async def spying_seeds(ctx: Context) -> tuple[dealing.Keys, list[Prg]]:
        keys, streams = await seeds_(ctx)
        found.secrets += [keys, *streams]
        return keys, streams

    def spying_complete(kind: Kind, field: Field, count: int, given: list[Any], source: Any) -> list[Any]:
        values = complete_(kind, field, count, given, source)
        found.cleartext += [*values, *(array for array in given if array is not None)]
        return values

    monkeypatch.setattr(dealing, "complete", spying_complete)
    monkeypatch.setattr(dealer_module, "deal", spying_deal)
    monkeypatch.setattr(dealer_module, "_deal_seeds", spying_seeds)
    return found


def is_zero(array: Any) -> bool:
    return bool(array.is_zero().all() if isinstance(array, FieldArray) else not array.any())


def is_wiped(answer: dealing.Corrections) -> bool:
    return all(is_zero(array) for array in (answer.numbers, answer.words) if array is not None)


def assert_wiped(spy: Spy) -> None:
    assert spy.answers
    assert spy.cleartext
    assert all(is_wiped(answer) for answer in spy.answers)
    assert all(is_zero(array) for array in spy.cleartext)
    keys, *streams = spy.secrets
    assert keys.alpha.to_ints() == keys.delta.word == 0
    for stream in streams:
        with pytest.raises(UsageError):
            stream.bytes(1)


def test_the_dealer_keeps_no_answer(seed: bytes, spy: Spy) -> None:
    dealt = deal(
        3, M61, seed, producing({TRIPLES: 3, SQUARES: 4, MATRIX: 1, RANDOM_BITS: 9, input_masks(0): 2, DABITS: 3})
    )
    assert dealt.errors == [None] * 4
    assert spy.alive_before == [0] * 6
    assert_wiped(spy)
    (a, b, c), _ = dealt.take(TRIPLES, 3)
    assert (a * b).equals(c), "the answer was wiped before it was sent"


def test_an_abort_wipes_the_dealer_and_the_streams(seed: bytes, spy: Spy) -> None:
    streams: list[Prg | None] = []

    async def program(ctx: Context, source: DealerPreprocessing) -> None:
        await source.produce(ctx, {TRIPLES: 3})
        if ctx.party == 1:
            streams.append(source._stream)
        await source.produce(ctx, {SQUARES: 3 + ctx.party})

    dealt = deal(2, M61, seed, program)
    assert len(spy.answers) == 1
    assert_wiped(spy)
    (stream,) = streams
    assert stream is not None
    with pytest.raises(UsageError, match="wiped"):
        stream.bytes(1)
    assert dealt.sources[1]._stream is None


def test_the_uses_of_a_seed_are_apart(seed: bytes) -> None:
    """One seed gives another key and another stream for every party."""
    drawn = []
    for session in make_sessions(2, M127, seed):
        for party in range(3):
            keys, stream = dealer_module._expand_seed(Context(session), bytes(16), party)
            assert int(keys.delta.word) & 1 == (party == 0)
            drawn.append((keys.alpha.to_ints(), int(keys.delta.word), M127.sample(stream.fill, ()).to_ints()))
    assert drawn[:3] == drawn[3:], "who derives makes no difference"
    assert len({value for three in drawn for value in three}) == 9
