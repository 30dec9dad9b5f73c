"""Correlated OTs for authenticated bits: columns, the toss of the key, the check, and words out of the rows.

Realises:  authenticated bits with word MACs. A *private* bit b of party i: i has M_j towards every peer j, and j has
           K_j = M_j ^ b delta_j. The words W_i = b delta_i ^ XOR_j M_j and W_j = K_j XOR to b delta. A *shared random*
           bit is the XOR of a private random bit of everybody: its words add up.
Source:    [Roy22] for the OTs; bits with MACs from them as in Nielsen, Nordholt, Orlandi, Burra, CRYPTO 2012.
Widths:    a *narrow* extension has 64 columns, those of the MAC bits, and nothing of it is ever hashed. A *wide* one
           has 128 more, of which the rows are hashed under keys of the extension. All columns of an extension have the
           same choice bits, and one check covers them.
Order:     the key of the check is tossed when all columns have been received, by data flow. Streams advance in the
           order of the calls, which is the same at both ends.
Unchecked: whether a chooser's bits are the same towards all peers (three parties and more): `word_check`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import ClassVar, Generic, NamedTuple, TypeVar

import numpy as np

from spdz.crypto.bit_matrix import transpose_words
from spdz.crypto.bit_sums import add_selected
from spdz.errors import InternalError
from spdz.preprocessing.bits.links import BIT_OTS, DELTA_BITS, WORD_BITS, BitLink, BitLinks
from spdz.preprocessing.ot.extension import (
    DIGEST_BYTES,
    ChosenRows,
    CorrelatedRows,
    NarrowReceiverRows,
    NarrowSenderRows,
    ReceiverRows,
    SenderRows,
)
from spdz.preprocessing.ot.rows import Bits, Rows
from spdz.protocols.coin_toss import Coins, declare_toss, toss
from spdz.runtime.context import Context
from spdz.runtime.workers import share_out
from spdz.sharing.bit_share import BitShare
from spdz.wire.codec import Blob

COLUMNS, DIGESTS = BIT_OTS.steps.columns, BIT_OTS.steps.digests
CHECK_COINS = declare_toss("bits.check", source="[Roy22] section 4")

CHUNK_ROWS = 8192
"""Rows whose columns are added up and transposed at once: 64 KiB of them."""

ReceivedT = TypeVar("ReceivedT", bound=ChosenRows)
SentT = TypeVar("SentT", bound=CorrelatedRows)


class BitExtension(ABC, Generic[ReceivedT, SentT]):
    """The rows of one extension with all peers, until `finish`; an abort overwrites them by way of the links."""

    name: ClassVar[str]
    columns: ClassVar[int]

    def __init__(self, ctx: Context, rows: int) -> None:
        self._session = ctx.session
        self.rows = rows
        self.received: dict[int, ReceivedT] = {}
        """Towards all peers, if this party chose."""
        self.sent: dict[int, SentT] = {}
        """Towards peers who chose."""

    # ---- making it

    @abstractmethod
    def choose(self, peer: int, link: BitLink, choices: Bits) -> Bits:
        """Begin as a receiver towards a peer; returns the columns to send."""

    @abstractmethod
    def correlate(self, peer: int, link: BitLink, message: memoryview) -> None:
        """Begin as a sender: take the peer's columns."""

    def message_bytes(self, links: BitLinks) -> int:
        """Bytes of the columns that travel in each direction."""
        (size,) = {link.sender.message_bytes(self.rows, narrow=self.columns == WORD_BITS) for link in links.values()}
        return size

    @property
    def digest_bytes(self) -> int:
        """Bytes of the digests that travel in each direction."""
        return (self.columns + 1) * DIGEST_BYTES

    def check_key(self, coins: Coins, receiver: int, sender: int) -> bytes:
        """The key of the check of one pair."""
        return coins.key(f"{self.name} receiver {receiver} sender {sender}")

    # ---- using it

    @property
    def choices(self) -> Bits:
        """This party's choice bits, packed, the same towards all; nothing at a party that did not choose."""
        for rows in self.received.values():
            return rows.choices[: self.rows // 8]
        return np.empty(0, np.uint8)

    def share(self) -> BitShare:
        """This party's words of all bits, which are the XOR of what those who chose have chosen."""
        columns = [rows.columns for rows in (*self.received.values(), *self.sent.values())]
        return BitShare(self._words(columns, own=bool(self.received)))

    def macs_from(self, peer: int) -> Rows:
        """M of this party's bits: words that the peer has a key for."""
        return self._words([self.received[peer].columns])

    def keys_for(self, peer: int) -> Rows:
        """K = M ^ b delta of this party, for the peer's bits."""
        return self._words([self.sent[peer].columns])

    def finish(self) -> None:
        """Overwrite all rows."""
        for rows in (*self.sent.values(), *self.received.values()):
            rows.finish()

    def _words(self, columns: Sequence[Bits], *, own: bool = False) -> Rows:
        """Rows of the XOR of the MAC columns, and of b delta of this party with `own`: one transposition for all."""
        out, choices = np.empty(self.rows, np.uint64), self.choices
        masks = _column_masks(self._session.bit_domain.key.share.word)

        def work(starts: Iterable[int]) -> None:
            memory = np.empty((WORD_BITS, CHUNK_ROWS // 8), np.uint8)
            for start in starts:
                count = min(CHUNK_ROWS, self.rows - start)
                place, part = slice(start // 8, (start + count) // 8), memory[:, : count // 8]
                np.copyto(part, columns[0][:WORD_BITS, place])
                for more in columns[1:]:
                    np.bitwise_xor(part, more[:WORD_BITS, place], out=part)
                if own:
                    add_selected(memory.view(np.uint64), 0, 0, masks, choices[place].view(np.uint64))
                transpose_words(part, out[start : start + count])
            memory.fill(0)

        share_out(range(0, self.rows, CHUNK_ROWS), self._session.threads, work)
        masks.fill(0)
        return out


class NarrowBits(BitExtension[NarrowReceiverRows, NarrowSenderRows]):
    """Bits that are only authenticated: no row of theirs can be hashed."""

    name = "narrow"
    columns = WORD_BITS

    def choose(self, peer: int, link: BitLink, choices: Bits) -> Bits:
        message, self.received[peer] = link.receiver.extend_narrow(
            choices, self._session.randomness, self._session.threads
        )
        return message

    def correlate(self, peer: int, link: BitLink, message: memoryview) -> None:
        self.sent[peer] = link.sender.extend_narrow(message, self.rows, self._session.threads)


class WideBits(BitExtension[ReceiverRows, SenderRows]):
    """Bits whose blocks are hashed too."""

    name = "wide"
    columns = DELTA_BITS

    def choose(self, peer: int, link: BitLink, choices: Bits) -> Bits:
        message, self.received[peer] = link.receiver.extend(choices, self._session.randomness, self._session.threads)
        return message

    def correlate(self, peer: int, link: BitLink, message: memoryview) -> None:
        self.sent[peer] = link.sender.extend(message, self.rows, self._session.threads)


class Wanted(NamedTuple):
    """How many bits, a multiple of ROW_UNIT, and which: packed, or drawn by each of those who choose if None."""

    rows: int
    choices: Bits | None = None


async def extend_bits(
    ctx: Context, links: BitLinks, wide: Wanted, narrow: Wanted, choosers: tuple[int, ...] | None = None
) -> tuple[WideBits, NarrowBits]:
    """Bits of the choosers, of all parties if None, in a wide and a narrow extension that travel together.

    The keys of both checks come from one toss, after the columns of both, under labels of their own.
    Rounds:    4.  Sends: 192 / ot_tree_bits bits per wide and 64 / ot_tree_bits per narrow bit, and those of 128 more
               of each, to each peer if choosing; 4128 bytes of digests; the toss.
    Raises:    OtConsistencyFailed, CommitmentMismatch, BroadcastMismatch.
    """
    made = WideBits(ctx, wide.rows), NarrowBits(ctx, narrow.rows)
    await _extend(ctx, links, made, (wide, narrow), choosers)
    return made


async def extend_narrow(
    ctx: Context, links: BitLinks, wanted: Wanted, choosers: tuple[int, ...] | None = None
) -> NarrowBits:
    """Bits of the choosers, of all parties if None, that are never hashed.

    Rounds:    4.  Sends: 64 / ot_tree_bits bits per bit, and those of 128 more, to each peer if choosing; 1040 bytes of
               digests; the toss.
    Raises:    OtConsistencyFailed, CommitmentMismatch, BroadcastMismatch.
    """
    made = NarrowBits(ctx, wanted.rows)
    await _extend(ctx, links, (made,), (wanted,), choosers)
    return made


async def extend_wide(
    ctx: Context, links: BitLinks, wanted: Wanted, choosers: tuple[int, ...] | None = None
) -> WideBits:
    """Bits of the choosers, of all parties if None, whose blocks can be hashed.

    Rounds:    4.  Sends: 192 / ot_tree_bits bits per bit, and those of 128 more, to each peer if choosing; 3088 bytes
               of digests; the toss.
    Raises:    OtConsistencyFailed, CommitmentMismatch, BroadcastMismatch.
    """
    made = WideBits(ctx, wanted.rows)
    await _extend(ctx, links, (made,), (wanted,), choosers)
    return made


async def _extend(
    ctx: Context,
    links: BitLinks,
    made: Sequence[NarrowBits | WideBits],
    wanted: Sequence[Wanted],
    choosers: tuple[int, ...] | None,
) -> None:
    chosen = tuple(range(ctx.parties)) if choosers is None else choosers
    receivers = ctx.peers if ctx.party in chosen else ()
    senders = [peer for peer in ctx.peers if peer in chosen]
    columns: dict[int, list[Bits]] = {peer: [] for peer in receivers}
    for extension, want in zip(made, wanted, strict=True) if receivers else ():
        choices = _choices(ctx, want)
        for peer in receivers:
            columns[peer].append(extension.choose(peer, links[peer], choices))
        if want.choices is None:
            choices.fill(0)
    sizes = [extension.message_bytes(links) for extension in made]
    received = await ctx.swap(
        COLUMNS, Blob(sum(sizes)), {peer: _joined(each) for peer, each in columns.items()}, senders
    )
    for peer in senders:
        for extension, part in zip(made, _cut(received[peer], sizes), strict=True):
            extension.correlate(peer, links[peer], part)

    coins = await toss(ctx, CHECK_COINS, after=received)
    digests = {
        peer: b"".join(each.received[peer].digests(each.check_key(coins, ctx.party, peer)) for each in made)
        for peer in receivers
    }
    sizes = [extension.digest_bytes for extension in made]
    received = await ctx.swap(DIGESTS, Blob(sum(sizes)), digests, senders)
    for peer in senders:
        for extension, part in zip(made, _cut(received[peer], sizes), strict=True):
            extension.sent[peer].check(extension.check_key(coins, peer, ctx.party), part, peer)


def _choices(ctx: Context, wanted: Wanted) -> Bits:
    """The bits that were asked for, or random ones."""
    if wanted.choices is not None:
        if 8 * wanted.choices.size != wanted.rows:
            raise InternalError(f"{wanted.rows} bits were asked for, and others were given")
        return wanted.choices
    choices = np.empty(wanted.rows // 8, np.uint8)
    ctx.randomness.fill(choices.data)
    return choices


def _joined(parts: list[Bits]) -> memoryview:
    return (parts[0] if len(parts) == 1 else np.concatenate([part.reshape(-1) for part in parts])).data


def _cut(message: memoryview, sizes: Sequence[int]) -> Iterable[memoryview]:
    ends = np.cumsum(sizes).tolist()
    return [message[end - size : end] for size, end in zip(sizes, ends, strict=True)]


def _column_masks(word: np.uint64) -> Rows:
    """All ones for each bit of delta_i that is one."""
    bits: Rows = word >> np.arange(WORD_BITS, dtype=np.uint64) & np.uint64(1)
    return np.negative(bits)
