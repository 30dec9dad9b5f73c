"""Cheats against the check of `authenticate`, the check of key shares, and the check of the OT extension.

Symbols:  alpha_1 the honest party's key share with bits alpha_1,l; chi_h the coin of value h (1 for the mask).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from unittest.mock import patch

import numpy as np

from spdz.crypto.randomness import deterministic_randomness_for_tests
from spdz.crypto.universal_hash import UniversalHash
from spdz.errors import AuthenticationFailed, MacCheckFailed, OtConsistencyFailed
from spdz.field import Field, FieldArray
from spdz.preprocessing.mascot import authenticate as module
from spdz.preprocessing.mascot.links import Link
from spdz.preprocessing.ot.extension import DIGEST_BYTES
from spdz.preprocessing.vole.copee import CopeeInputter
from spdz.protocols.broadcast import broadcast
from spdz.protocols.output import output
from spdz.runtime.context import Context
from spdz.sharing.field_domain import FIELD, Opening
from spdz.sharing.shares import AuthShare
from spdz.wire.codec import Elements
from spdz.wire.steps import Step
from tests.support.cheaters import with_added
from tests.support.ot import OtPair
from tests.support.parties import make_sessions, run

from .trials import Attempt, copee_links, key_bits, unnoticed

CHEATER = 0
LIAR, VICTIM, OFFSET = 2, 1, 3
"""For three parties: who uses two key shares, towards whom the other one, and by how much it differs."""


class CheatingInputter(CopeeInputter):
    """Inputs x_index + 2^-l w_l under bit l, and takes the share for the case that sum w_l alpha_l is `expected`."""

    def __init__(self, honest: CopeeInputter, field: Field, weights: dict[int, int], expected: int, index: int) -> None:
        self._honest = honest
        self._field = field
        self._weights = weights
        self._expected = expected
        self._index = index

    def extend(self, x: FieldArray) -> tuple[FieldArray, FieldArray]:
        corrections, share = self._honest.extend(x)
        for bit, weight in self._weights.items():
            # The corrections are a matrix of k rows, one for each bit of the key, lowest first.
            error = weight * pow(2, -bit, self._field.modulus)
            corrections = with_added(corrections, bit * x.size + self._index, error)
        return corrections, with_added(share, self._index, -self._expected)


def inconsistent_input(
    field: Field, weights: dict[int, int], guess: int, *, index: int = 0, forged: int | None = None
) -> Attempt:
    """Other inputs under the bits in `weights` than elsewhere, and a guess of the victim's key share.

    Passes iff chi_index = 0 or sum w_l (alpha_1,l - guess_l) = 0. With `index` 1 the mask carries the error. With
    `forged`, success is more: of two values opened afterwards, value number `forged` is wrong, with a MAC for
    alpha_1 = `guess`.
    """
    bits = key_bits(field, guess)
    expected = sum(weight * bits[bit] for bit, weight in weights.items())

    def attempt(seed: bytes) -> bool:
        sessions = make_sessions(2, field, seed)
        links = copee_links(sessions, seed)
        honest = links[CHEATER][1]
        cheating = CheatingInputter(honest.inputter, field, weights, expected, index)
        links[CHEATER][1] = replace(honest, inputter=cheating)

        async def main(ctx: Context) -> None:
            own = ctx.random(1)
            macs = await module.authenticate(ctx.child("authenticate"), links[ctx.party], 1, (0, 1), own)
            if forged is not None:
                await output(ctx, _two_values(ctx, AuthShare(own, macs), forged, guess))

        ended = run(sessions, main)
        failure = MacCheckFailed if forged is not None else AuthenticationFailed
        return unnoticed(ended, CHEATER, AuthenticationFailed, failure)

    return attempt


def _two_values(ctx: Context, share: AuthShare, wrong: int, guess: int) -> AuthShare:
    """x and 2 x; at the cheater one of them is 1 too large, with a MAC for the guessed key."""
    own = AuthShare(FieldArray.concatenate([share.value, share.value * 2]), FieldArray.concatenate([share.mac] * 2))
    own.mac[1] = share.mac[0] * 2
    if ctx.party != CHEATER:
        return own
    value, mac = own.value.copy(), own.mac.copy()
    value[wrong] = value[wrong] + 1
    mac[wrong] = mac[wrong] + ctx.session.key.share + guess
    return AuthShare(value, mac)


ZeroShare = Callable[[Context, dict[int, Link], FieldArray], FieldArray]
_original: ZeroShare = module._with_zero_share


def _between_honest_parties(ctx: Context, links: dict[int, Link], value: FieldArray) -> FieldArray:
    """What the cheater does not know of the sharing of zero; the rest it can take off again."""
    return _original(ctx, {peer: link for peer, link in links.items() if LIAR not in (peer, ctx.party)}, value)


def _none(ctx: Context, links: dict[int, Link], value: FieldArray) -> FieldArray:
    return value


async def _open_and_correct(ctx: Context, step: Step, share: AuthShare) -> FieldArray:
    """As `partial_open`; the cheater makes up for what its other key share does to what the victim opened."""
    shares = await broadcast(ctx, step, Elements(ctx.field, share.shape), share.value)
    mac = share.mac - shares[VICTIM] * OFFSET if ctx.party == LIAR else share.mac
    total: FieldArray = shares[0] + shares[1] + shares[2]
    ctx.unverified.record_opening(FIELD, Opening.of(ctx.last_path, total, mac))
    return total


def two_key_shares(field: Field, *, protected: bool = True) -> Attempt:
    """Another key share towards one of two honest parties, corrected by a guess of what that party contributed."""

    def attempt(seed: bytes) -> bool:
        sessions = make_sessions(3, field, seed)
        links = copee_links(sessions, seed, key_towards={(LIAR, VICTIM): OFFSET})
        zero_share = _between_honest_parties if protected else _none
        with (
            patch.object(module, "_with_zero_share", zero_share),
            patch.object(module, "partial_open", _open_and_correct),
        ):
            ended = run(sessions, lambda ctx: module.check_key_shares(ctx, links[ctx.party]))
        return unnoticed(ended, LIAR, AuthenticationFailed)

    return attempt


def wrong_columns(guessed_bits: int) -> Attempt:
    """Other choice bits in some columns of an OT extension, with digests that fit if Delta is as guessed there."""
    pairs: list[OtPair] = []

    def attempt(seed: bytes) -> bool:
        if not pairs:
            pairs.append(OtPair(seed))
        noise = deterministic_randomness_for_tests(seed, "guess").bytes(1 + guessed_bits)
        columns = [(noise[0] + 7 * step) % 128 for step in range(guessed_bits)]
        guesses = [byte & 1 for byte in noise[1:]]
        return _survives(pairs[0], columns, guesses, seed[:16])

    return attempt


def _survives(pair: OtPair, columns: list[int], guesses: list[int], key: bytes) -> bool:
    row = np.zeros(32, np.uint8)
    row[5] = 1
    message, received = pair.receiver.extend(np.zeros(16, np.uint8), pair.randomness)
    message[columns] ^= row
    sent = pair.sender.extend(memoryview(message.tobytes()), 128)
    error = UniversalHash(key, 32).digest(row.data)
    digests = np.frombuffer(bytearray(received.digests(key)), np.uint8).reshape(-1, DIGEST_BYTES)
    for column, guess in zip(columns, guesses, strict=True):
        digests[column] ^= np.frombuffer(error, np.uint8) * np.uint8(guess)
    try:
        sent.check(key, memoryview(digests.tobytes()), peer=0)
    except OtConsistencyFailed:
        return False
    finally:
        sent.finish()
        received.finish()
    return True
