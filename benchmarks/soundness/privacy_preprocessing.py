"""Views of the MAC check, the coin toss, commitments, `authenticate`, products by OT and the OT check, in M5.

As in `privacy_online`, arguments make the leaky variants. Where the protocol makes one number and not an array, every
repetition is a run of it, so there are fewer of them.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

import numpy as np

from spdz.crypto.universal_hash import UniversalHash
from spdz.field import M5, FieldArray
from spdz.params import COMPUTATIONAL_BITS, MascotParams
from spdz.preprocessing.mascot import authenticate as authenticate_module
from spdz.preprocessing.mascot.authenticate import authenticate
from spdz.preprocessing.mascot.multiply import multiply
from spdz.preprocessing.mascot.triples import COMBINE_COINS
from spdz.preprocessing.ot.extension import DIGEST_BYTES
from spdz.protocols import coin_toss
from spdz.protocols.coin_toss import Coins, toss
from spdz.protocols.commit import NONCE_BYTES, CommitAndOpen, commit_and_open
from spdz.protocols.output import output
from spdz.runtime.context import Context
from spdz.sharing.unverified import Unverified
from tests.online.support import Ideal
from tests.support.dealer import ideal_links
from tests.support.ot import OtPair
from tests.support.parties import make_sessions, run

from .statistics import Samples
from .trials import copee_links
from .views import Scenario, Tap, View, own_sums

TOSS = COMBINE_COINS
"""The steps of some toss; which one makes no difference."""
LOW_BITS = 31
"""Of bytes that are no field elements the low five bits are looked at."""


def mac_checks(scenario: Scenario) -> View:
    """Honest inputs, made of the secret, add up to 7, which is output; every repetition has a check of its own."""
    ideal, tap = Ideal(scenario.parties, M5, scenario.seed), Tap(scenario)
    parts = {scenario.honest[0]: scenario.secret, scenario.parties: (7 - scenario.secret) % M5.modulus}
    first, second = (ideal.dealer.share(M5.full((scenario.repetitions,), value)) for value in parts.values())

    async def main(ctx: Context) -> None:
        total = first[ctx.party] + second[ctx.party]
        for place in range(scenario.repetitions):
            await output(ctx, total[place : place + 1])

    assert run(ideal.sessions, main, tap).results == [None] * scenario.parties
    sigma = slice(NONCE_BYTES, NONCE_BYTES + M5.element_bytes)
    received = {**tap.opened("output.open"), **tap.elements("mac_check.sigma.open", sigma)}
    return View(received, own_sums(scenario, first=first, second=second))


def coin_tosses(scenario: Scenario) -> View:
    """The coalition contributes a constant made of the secret: the coins, and the commitments, are the same for all."""
    tap, sessions = Tap(scenario), make_sessions(scenario.parties, M5, scenario.seed)
    coins: list[int] = []
    payload = bytes([scenario.secret]) * coin_toss.SEED_BYTES

    async def contribute(ctx: Context, steps: CommitAndOpen, own: bytes) -> list[bytes]:
        return await commit_and_open(ctx, steps, payload if ctx.party in scenario.coalition else own)

    async def main(ctx: Context) -> None:
        for _ in range(scenario.repetitions):
            tossed = await toss(ctx, TOSS, after=())
            if ctx.party == scenario.honest[0]:
                coins.extend(tossed.elements("x", (2,)).to_ints())

    with patch.object(coin_toss, "commit_and_open", contribute):
        assert run(sessions, main, tap).results == [None] * scenario.parties
    pairs = np.array(coins, np.int64).reshape(-1, 2)
    return View(
        {"first coin": pairs[:, 0], "second coin": pairs[:, 1], **_commitments(scenario, tap, TOSS.commit.name)}
    )


def commitments(scenario: Scenario) -> View:
    """Honest parties commit to a constant made of the secret; what is seen before anything is opened."""
    tap, sessions = Tap(scenario), make_sessions(scenario.parties, M5, scenario.seed)

    async def main(ctx: Context) -> None:
        for _ in range(scenario.repetitions):
            await commit_and_open(ctx, TOSS, bytes([scenario.secret]))

    assert run(sessions, main, tap).results == [None] * scenario.parties
    return View(_commitments(scenario, tap, TOSS.commit.name))


def _commitments(scenario: Scenario, tap: Tap, step: str) -> dict[str, Samples]:
    payloads = {party: tap.payloads(step, party) for party in scenario.honest}
    return {
        f"commitment of {party}, byte {byte}": _low_bits(b"".join(payload[byte : byte + 1] for payload in found))
        for party, found in payloads.items()
        for byte in (0, 31)
    }


def authentications(scenario: Scenario, *, masked: bool = True) -> View:
    """Honest parties contribute the secret to a value. Leaky: without the mask in the combination that is opened."""
    tap, sessions = Tap(scenario), make_sessions(scenario.parties, M5, scenario.seed)
    links, tossed = copee_links(sessions, scenario.seed), []

    async def spying_toss(ctx: Context, steps: CommitAndOpen, *, after: object) -> Coins:
        coins = await toss(ctx, steps, after=after)
        if ctx.party == scenario.coalition[0]:
            tossed.append(coins.elements("chi", (3,)).to_ints()[:2])
        return coins

    async def main(ctx: Context) -> None:
        own = M5.array([scenario.secret if ctx.party in scenario.honest else 5, 3])
        for _ in range(scenario.repetitions):
            place = ctx.child("authenticate", Unverified())
            await authenticate(place, links[ctx.party], 2, tuple(range(ctx.parties)), own)

    with ExitStack() as stack:
        stack.enter_context(patch.object(authenticate_module, "toss", spying_toss))
        if not masked:
            stack.enter_context(patch.object(Context, "random", _zeros))
        assert run(sessions, main, tap).results == [None] * scenario.parties
    chi = np.array(tossed, np.int64)
    guess = len(scenario.honest) + 5 * len(scenario.coalition), 3 * scenario.parties
    combination = (guess[0] * chi[:, 0] + guess[1] * chi[:, 1]) % M5.modulus
    known = {"chi_0": chi[:, 0], "chi_1": chi[:, 1], "the combination for secret 1": combination}
    return View({**_corrections(tap), **tap.opened("authenticate.combination")}, known)


def _zeros(ctx: Context, shape: tuple[int, ...] | int) -> FieldArray:
    return ctx.field.zeros((shape,) if isinstance(shape, int) else shape)


def _corrections(tap: Tap) -> dict[str, Samples]:
    """Of the matrix of 5 by 3 corrections those of the first value, for the lowest and the highest bit of the key."""
    result = {}
    for name, samples in tap.elements("copee.corrections").items():
        matrix = samples.reshape(-1, M5.bits, 3)
        result[f"lowest bit, {name}"], result[f"highest bit, {name}"] = matrix[:, 0, 0], matrix[:, -1, 0]
    return result


def ot_products(scenario: Scenario) -> View:
    """Honest parties multiply with a and b made of the secret; the other factors are random."""
    tap, sessions = Tap(scenario), make_sessions(scenario.parties, M5, scenario.seed)
    links, count = ideal_links(sessions, scenario.seed), scenario.repetitions
    secret = scenario.secret

    async def main(ctx: Context) -> tuple[FieldArray, FieldArray]:
        honest = ctx.party in scenario.honest
        a = M5.full((count, 1), secret) if honest else ctx.random((count, 1))
        b = M5.full((count,), (2 * secret + 1) % M5.modulus) if honest else ctx.random(count)
        return a, await multiply(ctx, links[ctx.party], a, b)

    results = run(sessions, main, tap).results
    a, product = (np.array(part.ravel().to_ints(), np.int64) for part in results[scenario.coalition[0]])
    received = _columns(scenario, tap, count)
    for name, samples in tap.elements("multiply.corrections").items():
        matrix = samples.reshape(count, M5.bits)
        received[f"lowest bit, {name}"], received[f"highest bit, {name}"] = matrix[:, 0], matrix[:, -1]
    return View(received, {"own a": a, "own product": product})


def _columns(scenario: Scenario, tap: Tap, count: int) -> dict[str, Samples]:
    """The low bits of the first `count` bytes of all OT columns, and of two neighbouring columns XORed."""
    result, trees = {}, COMPUTATIONAL_BITS // MascotParams().ot_tree_bits
    for party in scenario.honest:
        (payload,) = tap.payloads("ot_extension.columns", party)
        columns = np.frombuffer(payload, np.uint8).reshape(trees, -1)
        both = columns ^ np.roll(columns, 1, axis=0)
        result[f"OT columns of {party}"] = _low_bits(columns.tobytes()[:count])
        result[f"neighbouring OT columns of {party}, XOR"] = _low_bits(both.tobytes()[:count])
    return result


def ot_digests(scenario: Scenario, *, masked: bool = True) -> View:
    """The choice bits are made of the secret. Leaky: the extra rows, which mask the digests, are all zero.

    Known to the sender: its own digest of a column, and what the digest of the choices for secret 1 would be unmasked.
    The column is one in which its bit of Delta is 1; with a bit of 0 it knows the digest, which is that of its own.
    """
    pair, received, known = OtPair(scenario.seed), [], []
    column = pair.delta.index(1)
    choices = np.full(16, scenario.secret * 85 % 256, np.uint8)
    unmasked = np.zeros(32, np.uint8)
    unmasked[:16] = 85
    for _ in range(scenario.repetitions):
        message, chosen = pair.receiver.extend(choices, pair.randomness if masked else _Zeros())
        sent = pair.sender.extend(memoryview(message.tobytes()), 128)
        key = pair.randomness.bytes(16)
        digests, hasher = chosen.digests(key), UniversalHash(key, 32)
        received.append([digests[-DIGEST_BYTES], digests[-1], digests[column * DIGEST_BYTES]])
        known.append([hasher.digest(unmasked.data)[0], hasher.digest(sent.columns[column].data)[0]])
        sent.finish()
        chosen.finish()
    seen, own = (np.array(rows, np.int64) & LOW_BITS for rows in (received, known))
    names = ("choices, first byte", "choices, last byte", "a column, first byte")
    view = View({f"digest of {name}": seen[:, place] for place, name in enumerate(names)})
    view.received["digests of choices and column, XOR"] = seen[:, 0] ^ seen[:, 2]
    view.received["digest of choices XOR that of a guess"] = seen[:, 0] ^ own[:, 0]
    view.received["digest of column XOR own"] = seen[:, 2] ^ own[:, 1]
    return view


class _Zeros:
    """Randomness that is none."""

    tainted = True

    def fill(self, buffer: Any) -> None:
        memoryview(buffer).cast("B")[:] = bytes(memoryview(buffer).nbytes)

    def bytes(self, count: int) -> bytes:
        return bytes(count)


def _low_bits(data: bytes) -> Samples:
    return np.frombuffer(data, np.uint8).astype(np.int64) & LOW_BITS
