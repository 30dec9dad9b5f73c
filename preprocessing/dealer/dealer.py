"""The trusted dealer: an endpoint of its own, with index n, that deals material to parties 0..n-1.

TRUST:     the dealer knows the MAC key, every share and every mask, so it can read every input and forge every output.
           Whoever uses it gives up the "no trusted party" property: the computation is secure against all parties but
           one only as long as the dealer is honest and talks to none of them. The MASCOT generator trusts nobody.

Realises:  F_Prep of [DPSZ12] by a trusted third party (docs/security/dealer.md).
Method:    each party has a 16-byte seed from the dealer, which makes its MAC key share alpha_i and a stream of shares.
           Uniform arrays (a and b of triples and matrix triples, a of squares, random shares) are the sum of what all
           parties read. For dependent arrays (c, a^2, bits, input masks) and for all MACs the last party's share is
           not read but sent: the value less the sum of what the others read. So the first n - 1 parties are sent
           nothing but their seed.
Masks:     an owner reads its input masks from its own stream. They are not sent, because a mask that changes on the
           way would change an honest party's input and no check would show it; a wrong correction fails a MAC check.
Tags:      the owner of tagged masks r is sent m_j - r alpha_j of every other party j besides: the uniform m_j hide
           alpha_j.
Learns:    a party its own shares and masks. The corrections are masked by the others' streams, which are uniform to
           whoever does not know all of their seeds.
Checked:   requests, here. Answers are not checked: a change shows when a MAC check fails.
Wiping:    arrays of an answer are overwritten before the next one is made. Seeds are Python bytes, which can only be
           forgotten.

Messages travel under a path of their own, which does not depend on where in a program material is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from spdz.crypto.domains import Domain
from spdz.crypto.hashing import derive
from spdz.crypto.prg import SEED_BYTES, Prg
from spdz.errors import (
    ConfigurationMismatch,
    InternalError,
    MacCheckFailed,
    MalformedMessage,
    RangeProofFailed,
    UsageError,
)
from spdz.field import FieldArray
from spdz.preprocessing.dealer.dealing import Corrections, Keys, add_and_wipe, deal
from spdz.preprocessing.dealer.wire import (
    FINISHED,
    WORD_BYTES,
    Request,
    RequestCodec,
    assemble,
    chunk_size,
    correction_count,
    expand,
    fault_of,
    is_dealt,
    tag_count,
    word_count,
)
from spdz.runtime.context import Context
from spdz.sharing.bit_domain import BitKey, pinned
from spdz.sharing.mac_key import MacKey
from spdz.sharing.material import DEALT, Batch, Kind, MaskSlack, MaterialStore
from spdz.wire.codec import Blob, Elements
from spdz.wire.steps import Payload, declare

if TYPE_CHECKING:
    from spdz.preprocessing.mascot.generator import Progress

SEED = declare("dealer.seed", payload=Payload.BYTES, source="docs/security/dealer.md", tampering=(MacCheckFailed,))
# The dealer takes no part in the rounds between two requests.
REQUEST = declare(
    "dealer.request",
    payload=Payload.BYTES,
    source="docs/security/dealer.md",
    tampering=(ConfigurationMismatch, MalformedMessage),
    adopts_round=True,
)
CORRECTIONS = declare(
    "dealer.corrections", payload=Payload.ELEMENTS, source="docs/security/dealer.md", tampering=(MacCheckFailed,)
)
WORDS = declare("dealer.words", payload=Payload.BYTES, source="docs/security/dealer.md", tampering=(MacCheckFailed,))
# An owner with wrong tags cannot prove what is true.
TAGS = declare("dealer.tags", payload=Payload.ELEMENTS, source="docs/security/dealer.md", tampering=(RangeProofFailed,))

_PATH = "/dealer"


# -- at a party -------------------------------------------------------------------------------------------------------


class DealerPreprocessing:
    """One party's end: asks the trusted dealer, and keeps what has not been used yet."""

    name = "dealer"

    def __init__(self, progress: Progress | None = None) -> None:
        self.store = MaterialStore()
        self._dealer: Context | None = None
        self._stream: Prg | None = None
        self._progress = progress

    async def set_up(self, ctx: Context) -> None:
        """Receive the seed and store the MAC key share in the session. Once per session.

        Rounds:    1.  Sends: nothing; receives 16 bytes.
        """
        if self._dealer is not None:
            raise InternalError("the dealer's client is set up twice")
        self._dealer = Context(ctx.session, _PATH)
        received = await self._dealer.exchange(SEED, {}, {ctx.parties: Blob(SEED_BYTES)})
        keys, self._stream = _expand_seed(ctx, bytes(received[ctx.parties]), ctx.party)
        ctx.session.field_domain.install(MacKey(keys.alpha))
        ctx.session.bit_domain.install(MacKey(keys.delta))
        keys.wipe()

    def mask_slack(self, parties: int) -> MaskSlack:
        """The dealer draws one mask, and its bits are right."""
        return DEALT

    async def open_domain(self, ctx: Context, name: str) -> None:
        """Nothing to do: the seed gives the keys of all domains."""

    def supports(self, kind: Kind) -> bool:
        """The dealer makes every kind of field elements that is declared."""
        return is_dealt(kind)

    async def produce(self, ctx: Context, demand: Mapping[Kind, int]) -> None:
        """Add material until the store holds at least `demand`. All parties call this with the same demand.

        Rounds:    2 per chunk.  Sends: 22 bytes per chunk to the dealer.
        Raises:    UsageError, before anything is sent, for what the dealer does not make.
        """
        missing = {kind: demand[kind] - self.store.available(kind) for kind in sorted(demand)}
        missing = {kind: count for kind, count in missing.items() if count > 0}
        for kind, count in missing.items():
            fault = fault_of(ctx.field, ctx.parties, kind, count)
            if fault is not None:
                raise UsageError(f"this program {fault}")
        with self._talking(ctx) as (dealer, stream):
            for kind, total in missing.items():
                await self._fetch_all(dealer, stream, kind, total)

    async def finish(self, ctx: Context) -> None:
        """Tell the dealer that nothing more is needed; its service ends when all parties have said so.

        Rounds:    1.  Sends: 22 bytes to the dealer.
        """
        with self._talking(ctx) as (dealer, stream):
            await _send_request(dealer, FINISHED)
            stream.wipe()
        self._stream = None

    def destroy(self) -> None:
        """Overwrite and forget material and the stream."""
        self.store.destroy()
        if self._stream is not None:
            self._stream.wipe()
            self._stream = None

    async def _fetch_all(self, ctx: Context, stream: Prg, kind: Kind, total: int) -> None:
        missing = total
        while missing > 0:
            batch = await _fetch(ctx, stream, kind, missing)
            self.store.add(batch)
            missing -= batch.count
            if self._progress is not None:
                self._progress(kind, total - missing, total)

    @contextmanager
    def _talking(self, ctx: Context) -> Iterator[tuple[Context, Prg]]:
        """Lend the stream for one conversation; it does not survive one that is interrupted."""
        if self._dealer is None or self._dealer.session is not ctx.session:
            raise InternalError("the dealer's client is used before its set-up, or in another session")
        stream, self._stream = self._stream, None
        if stream is None:
            raise UsageError(
                "the dealer cannot be asked: the session has ended, or another request is under way; ask for "
                "everything in one demand"
            )
        try:
            yield self._dealer, stream
        except BaseException:
            stream.wipe()
            raise
        self._stream = stream


async def _send_request(ctx: Context, request: Request) -> None:
    await ctx.exchange(REQUEST, {ctx.parties: (RequestCodec(ctx.field, ctx.parties), request)}, {})


async def _fetch(ctx: Context, stream: Prg, kind: Kind, missing: int) -> Batch:
    """The next chunk of `missing` elements.

    Rounds:    2, and 3 for a kind that has arrays of both domains, or tags.
               Sends: 22 bytes to the dealer.  Receives: nothing, but at the last party, per element: 4 field
               elements for triples, 3 for squares, 2 for random bits, input masks and proof masks, 1 for random
               shares, m l + l n + 2 m n for matrix triples; 8 bytes for each bit. And at the owner of proof masks:
               an element for each of them and each peer.
    """
    count = min(missing, chunk_size(ctx.field, kind))
    await _send_request(ctx, Request(kind, missing))
    # Everyone takes part in the exchange, so that rounds and labels stay the same everywhere.
    is_last = ctx.party == ctx.parties - 1
    dealer, numbers, words = ctx.parties, None, None
    if elements := correction_count(kind, count):
        codec = Elements(ctx.field, (elements,))
        numbers = (await ctx.exchange(CORRECTIONS, {}, {dealer: codec} if is_last else {})).get(dealer)
    if bits := word_count(kind, count):
        received = await ctx.exchange(WORDS, {}, {dealer: Blob(bits * WORD_BYTES)} if is_last else {})
        words = np.frombuffer(received[dealer], np.uint64).copy() if is_last else None
    tags = None
    if told := tag_count(kind, ctx.parties, count):
        codec, is_owner = Elements(ctx.field, (told,)), ctx.party == kind.owner
        tags = (await ctx.exchange(TAGS, {}, {dealer: codec} if is_owner else {})).get(dealer)
    portion = expand(ctx.field, stream, ctx.party, ctx.parties, kind, count)
    return assemble(kind, count, portion, numbers, words, tags)


# -- at the dealer ----------------------------------------------------------------------------------------------------


async def dealer_service(ctx: Context) -> None:
    """Deal seeds, then answer the parties' requests until they need no more.

    Rounds:    1, then 2 per chunk, and 1 for the end.  Sends: 16 bytes to each party, and the corrections to the last.
    Raises:    ConfigurationMismatch if parties ask for different things; MalformedMessage for an invalid request.
    """
    if ctx.party != ctx.parties:
        raise InternalError("the dealer is no party: its index is the number of parties")
    ctx = Context(ctx.session, _PATH)
    keys, streams = await _deal_seeds(ctx)
    sent = Corrections()
    try:
        while True:
            request = await _receive_request(ctx)
            # The last party has asked again, so the answer before has reached it: until then the memory is being sent.
            sent.wipe()
            if request.kind is None:
                return
            count = min(request.count, chunk_size(ctx.field, request.kind))
            sent = deal(ctx, keys, streams, request.kind, count)
            await _send(ctx, request.kind, sent)
    finally:
        keys.wipe()
        for stream in streams:
            stream.wipe()
        sent.wipe()


async def _send(ctx: Context, kind: Kind, answer: Corrections) -> None:
    last = ctx.parties - 1
    if answer.numbers is not None:
        await ctx.exchange(CORRECTIONS, {last: (Elements(ctx.field, answer.numbers.shape), answer.numbers)}, {})
    if answer.words is not None:
        await ctx.exchange(WORDS, {last: (Blob(answer.words.nbytes), answer.words.data)}, {})
    if answer.tags is not None:
        await ctx.exchange(TAGS, {kind.owner: (Elements(ctx.field, answer.tags.shape), answer.tags)}, {})


async def _deal_seeds(ctx: Context) -> tuple[Keys, list[Prg]]:
    """Give every party its seed. Returns the keys and the streams of all parties.

    Rounds:    1.  Sends: 16 bytes to each party.
    """
    seeds = {party: ctx.randomness.bytes(SEED_BYTES) for party in ctx.peers}
    await ctx.exchange(SEED, {party: (Blob(SEED_BYTES), seed) for party, seed in seeds.items()}, {})
    alpha, delta, streams = ctx.field.zeros(()), np.uint64(0), []
    of_party: list[FieldArray] = []
    for party, seed in seeds.items():
        shares, stream = _expand_seed(ctx, seed, party)
        alpha, delta = add_and_wipe(alpha, shares.alpha.copy()), delta ^ shares.delta.word
        shares.delta.wipe()
        of_party.append(shares.alpha)
        streams.append(stream)
    return Keys(alpha, BitKey(delta), tuple(of_party)), streams


def _expand_seed(ctx: Context, seed: bytes, party: int) -> tuple[Keys, Prg]:
    """A party's shares of the MAC keys and its stream of shares. Each comes from a key of its own."""
    key, bits, stream = (
        Prg(derive(Domain.DEALER_SEED, seed, SEED_BYTES, use, session_id=ctx.session.session_id, party=party))
        for use in ("mac key", "mac key of bits", "shares")
    )
    alpha = ctx.field.sample(key.fill, ())
    delta = BitKey(pinned(int.from_bytes(bits.bytes(WORD_BYTES), "little"), party))
    key.wipe()
    bits.wipe()
    return Keys(alpha, delta), stream


async def _receive_request(ctx: Context) -> Request:
    """What all parties ask for.

    Raises:    ConfigurationMismatch naming two requests that differ.
    """
    codec = RequestCodec(ctx.field, ctx.parties)
    received: dict[int, Request] = await ctx.exchange(REQUEST, {}, dict.fromkeys(ctx.peers, codec))
    for party in ctx.peers:
        if received[party] != received[0]:
            raise ConfigurationMismatch(
                f"the parties ask the dealer for different material: party 0 for {received[0]}, party {party} for "
                f"{received[party]}. They run different programs or inputs of different shapes, or one of them cheats"
            )
    return received[0]
