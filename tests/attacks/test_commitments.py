"""Copied, changed and equivocated commitments, in coin tosses and in MAC checks (PITFALLS 7, 15)."""

from __future__ import annotations

import pytest

from spdz.errors import BroadcastMismatch, CommitmentMismatch
from spdz.field import M61
from spdz.preprocessing.mascot.triples import make_triples
from spdz.protocols.output import output
from tests.support.dealer import IdealDealer, ideal_links
from tests.support.interference import POSITIONS, CopyFrom, Tampering, equivocate, flip_bytes
from tests.support.parties import Run, assert_caught, make_sessions, run

PARTIES = pytest.mark.parametrize("parties", [2, 3])
GENERATOR = (
    "ot_extension.check.coins",
    "combine.coins",
    "authenticate.coins",
    "authenticate.check.coins",
    "authenticate.check.sigma",
    "sacrifice.coins",
    "sacrifice.check.coins",
    "sacrifice.check.sigma",
)
ONLINE = ("mac_check.coins", "mac_check.sigma")
EVERY = pytest.mark.parametrize("name", GENERATOR + ONLINE)


def attack(name: str, parties: int, seed: bytes, interference: CopyFrom | Tampering) -> Run:
    """Run the protocol in which the commitment occurs, and make sure that the attack happened."""
    sessions = make_sessions(parties, M61, seed)
    if name in GENERATOR:
        links = ideal_links(sessions, seed)
        ended = run(sessions, lambda ctx: make_triples(ctx, links[ctx.party], 2), interference)
    else:
        shares = IdealDealer(sessions, seed).share([1, 2])
        ended = run(sessions, lambda ctx: output(ctx, shares[ctx.party]), interference)
    interference.assert_fired()
    return ended


@EVERY
@PARTIES
@pytest.mark.parametrize("cheater", [0, 1])
def test_a_copied_commitment_opens_to_nothing(name: str, parties: int, cheater: int, seed: bytes) -> None:
    """The rushing cheater echoes the victim's commitment and later the victim's opening."""
    cheat = CopyFrom([f"{name}.commit", f"{name}.open"], victim=1 - cheater, cheater=cheater)
    ended = attack(name, parties, seed, cheat)
    assert_caught(ended, CommitmentMismatch, f"{name}.open", cheater=cheater, everyone_sees=True, blamed=cheater)


@EVERY
@pytest.mark.parametrize("place", POSITIONS)
def test_an_opening_that_was_changed_after_committing(name: str, place: str, seed: bytes) -> None:
    ended = attack(name, 2, seed, flip_bytes(f"{name}.open", 0, [place]))
    assert_caught(ended, CommitmentMismatch, f"{name}.open", cheater=0, blamed=0)


@EVERY
@pytest.mark.parametrize("place", POSITIONS)
def test_a_commitment_to_something_else(name: str, place: str, seed: bytes) -> None:
    ended = attack(name, 2, seed, flip_bytes(f"{name}.commit", 0, [place]))
    assert_caught(ended, CommitmentMismatch, f"{name}.open", cheater=0, blamed=0)


@EVERY
def test_different_commitments_to_different_parties(name: str, seed: bytes) -> None:
    ended = attack(name, 3, seed, equivocate(f"{name}.commit", sender=0, receiver=1))
    assert_caught(ended, BroadcastMismatch, f"{name}.open", cheater=0, everyone_sees=True, blamed=None)


@EVERY
@pytest.mark.parametrize(
    ("place", "error"), [(0, CommitmentMismatch), (33, CommitmentMismatch), (-1, BroadcastMismatch)]
)
def test_different_openings_to_different_parties(
    name: str, place: int, error: type[CommitmentMismatch], seed: bytes
) -> None:
    """Nonce and payload are bound by the commitment; the last bytes say which commitments were seen.

    Where the opening is the last message of the protocol, the party that was not lied to has its result by then.
    """
    ended = attack(name, 3, seed, equivocate(f"{name}.open", sender=0, receiver=2, offset=place))
    assert type(ended.outcomes[2].error) is error
    assert ended.outcomes[2].error.step == f"{name}.open"
    assert ended.outcomes[2].result is None
    assert not ended.sessions[2].key.alive
