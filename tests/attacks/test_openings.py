"""A wrong share, a wrong MAC share or a forged sigma in any opening ends the session before anything is output."""

from __future__ import annotations

import pytest

from spdz.errors import (
    AuthenticationFailed,
    CommitmentMismatch,
    MacCheckFailed,
    MalformedMessage,
    ProtocolAbort,
    SacrificeFailed,
)
from spdz.field import M61
from spdz.preprocessing.mascot.generator import MascotPreprocessing
from spdz.protocols import mac_check
from spdz.protocols.commit import CommitAndOpen, commit_and_open
from spdz.protocols.mac_check import check_openings
from spdz.protocols.opening import partial_open
from spdz.protocols.output import OUTPUT, output, output_to
from spdz.runtime.context import Context
from spdz.runtime.lockstep import Message
from spdz.sharing.material import RANDOM_BITS, SQUARES, TRIPLES, Kind
from tests.support.cheaters import WrongShare, WrongSigma, with_added
from tests.support.dealer import IdealDealer, ideal_links
from tests.support.interference import POSITIONS
from tests.support.parties import Run, assert_caught, make_sessions, run

PARTIES = pytest.mark.parametrize("parties", [2, 3])
INDEX = pytest.mark.parametrize("index", POSITIONS)
WRONG = pytest.mark.parametrize("wrong", [{"value": 1}, {"mac": 1}], ids=["value", "MAC"])
CHEATER = 0


@PARTIES
@INDEX
@WRONG
def test_in_an_output(
    parties: int, index: str, wrong: dict[str, int], seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    cheat = WrongShare(monkeypatch, "output.open", CHEATER, index=index, **wrong)
    sessions = make_sessions(parties, M61, seed)
    shares = IdealDealer(sessions, seed).share([[1, 2, 3], [4, 5, 6]])
    ended = run(sessions, lambda ctx: output(ctx, shares[ctx.party]))
    cheat.assert_fired()
    assert_caught(ended, MacCheckFailed, "mac_check.sigma.open", cheater=CHEATER, everyone_sees=True, blamed=None)


@PARTIES
@INDEX
@WRONG
def test_in_an_earlier_opening_the_output_is_not_even_opened(
    parties: int, index: str, wrong: dict[str, int], seed: bytes
) -> None:
    sessions = make_sessions(parties, M61, seed)
    dealer = IdealDealer(sessions, seed)
    early, late = dealer.share([1, 2, 3, 4, 5]), dealer.share([7])
    early[CHEATER] = type(early[CHEATER])(
        with_added(early[CHEATER].value, index, wrong.get("value", 0)),
        with_added(early[CHEATER].mac, index, wrong.get("mac", 0)),
    )

    async def main(ctx: Context) -> object:
        await partial_open(ctx, OUTPUT, early[ctx.party])
        return await output(ctx, late[ctx.party])

    ended = run(sessions, main)
    assert_caught(ended, MacCheckFailed, "mac_check.sigma.open", cheater=CHEATER, everyone_sees=True)
    for outcome in ended.outcomes:
        assert outcome.trace.steps["output.open"].exchanges == 1


@pytest.mark.parametrize("which", [0, 1, 2])
def test_in_any_of_several_openings_of_one_check(which: int, seed: bytes) -> None:
    sessions = make_sessions(2, M61, seed)
    dealer = IdealDealer(sessions, seed)
    shares = [dealer.share([1, 2]) for _ in range(3)]
    shares[which][CHEATER] = type(shares[which][CHEATER])(
        with_added(shares[which][CHEATER].value, "last", 5), shares[which][CHEATER].mac
    )

    async def main(ctx: Context) -> int:
        await ctx.gather(*(partial_open(ctx.child("open"), OUTPUT, share[ctx.party]) for share in shares))
        await check_openings(ctx)
        return 1

    assert_caught(run(sessions, main), MacCheckFailed, "mac_check.sigma.open", cheater=CHEATER, everyone_sees=True)


def test_in_two_openings_errors_that_add_up_to_zero(seed: bytes) -> None:
    """The coins of the check are what tells them apart."""
    sessions = make_sessions(2, M61, seed)
    shares = IdealDealer(sessions, seed).share([1, 2])
    shares[CHEATER] = type(shares[CHEATER])(
        with_added(with_added(shares[CHEATER].value, 0, 1), 1, M61.modulus - 1), shares[CHEATER].mac
    )
    ended = run(sessions, lambda ctx: output(ctx, shares[ctx.party]))
    assert_caught(ended, MacCheckFailed, "mac_check.sigma.open", cheater=CHEATER, everyone_sees=True)


@PARTIES
def test_in_a_private_output(parties: int, seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    cheat = WrongShare(monkeypatch, "output.open", CHEATER, value=1)
    sessions = make_sessions(parties, M61, seed)
    dealer = IdealDealer(sessions, seed)
    shares, masks = dealer.share([1, 2]), dealer.masks(1, 2)
    ended = run(sessions, lambda ctx: output_to(ctx, shares[ctx.party], 1, masks[ctx.party]))
    cheat.assert_fired()
    assert_caught(ended, MacCheckFailed, "mac_check.sigma.open", cheater=CHEATER, everyone_sees=True)


PREPROCESSING: dict[str, tuple[Kind, type[ProtocolAbort], str]] = {
    "authenticate.combination": (TRIPLES, AuthenticationFailed, "authenticate.check.sigma.open"),
    "sacrifice.rho": (TRIPLES, SacrificeFailed, "sacrifice.check.sigma.open"),
    "squares.difference": (SQUARES, MacCheckFailed, "mac_check.sigma.open"),
    "bits.square": (RANDOM_BITS, MacCheckFailed, "mac_check.sigma.open"),
}


def make(parties: int, kind: Kind, seed: bytes) -> tuple[Run, list[MascotPreprocessing]]:
    """Make five elements of a kind after an ideal set-up."""
    sessions = make_sessions(parties, M61, seed)
    makers = [MascotPreprocessing() for _ in sessions]
    for maker, links in zip(makers, ideal_links(sessions, seed), strict=True):
        maker._links = links
    return run(sessions, lambda ctx: makers[ctx.party].produce(ctx, {kind: 5})), makers


@PARTIES
@INDEX
@WRONG
@pytest.mark.parametrize("step", PREPROCESSING)
def test_in_an_opening_of_the_generator(
    step: str, parties: int, index: str, wrong: dict[str, int], seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, error, where = PREPROCESSING[step]
    cheat = WrongShare(monkeypatch, step, CHEATER, index=index, **wrong)
    ended, makers = make(parties, kind, seed)
    cheat.assert_fired()
    assert_caught(ended, error, where, cheater=CHEATER, everyone_sees=True, blamed=None)
    assert [maker.store.available(kind) for maker in makers] == [0] * parties


CHECKS = [
    ("authenticate.check", TRIPLES, AuthenticationFailed),
    ("sacrifice.check", TRIPLES, SacrificeFailed),
    ("mac_check", SQUARES, MacCheckFailed),
]


@PARTIES
@pytest.mark.parametrize(("name", "kind", "error"), CHECKS, ids=lambda value: str(value))
def test_a_party_that_commits_to_a_wrong_sigma(
    name: str, kind: Kind, error: type[ProtocolAbort], parties: int, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    cheat = WrongSigma(monkeypatch, f"{name}.sigma.open", CHEATER)
    ended, _ = make(parties, kind, seed)
    cheat.assert_fired()
    assert_caught(ended, error, f"{name}.sigma.open", cheater=CHEATER, everyone_sees=True)


def test_a_rushing_party_that_fits_its_sigma_to_the_others(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a wrong opening it waits for the honest sigma and opens what makes the sum zero: the commitment binds."""
    wrong = WrongShare(monkeypatch, "output.open", CHEATER, value=1)
    sessions = make_sessions(2, M61, seed)
    shares = IdealDealer(sessions, seed).share([1, 2])
    fitted: list[int] = []

    def fit(messages: list[Message]) -> list[Message]:
        openings = {message.sender: message for message in messages if message.step == "mac_check.sigma.open"}
        if openings:
            honest = M61.from_bytes(openings[1].payload[32:], ())
            openings[CHEATER].payload[32:] = (-honest).to_bytes()
            fitted.append(1)
        return messages

    ended = run(sessions, lambda ctx: output(ctx, shares[ctx.party]), fit)
    wrong.assert_fired()
    assert fitted == [1]
    assert_caught(ended, CommitmentMismatch, "mac_check.sigma.open", cheater=CHEATER, blamed=CHEATER)


def test_the_same_forgery_would_succeed_without_the_commitment(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above can fail: where any opening is accepted, the wrong value is output."""
    monkeypatch.setattr("spdz.protocols.commit.verify_opening", lambda *arguments: True)
    wrong = WrongShare(monkeypatch, "output.open", CHEATER, value=1)
    sessions = make_sessions(2, M61, seed)
    shares = IdealDealer(sessions, seed).share([1, 2])

    def fit(messages: list[Message]) -> list[Message]:
        openings = {message.sender: message for message in messages if message.step == "mac_check.sigma.open"}
        if openings:
            openings[CHEATER].payload[32:] = (-M61.from_bytes(openings[1].payload[32:], ())).to_bytes()
        return messages

    ended = run(sessions, lambda ctx: output(ctx, shares[ctx.party]), fit)
    wrong.assert_fired()
    assert ended.outcomes[1].error is None
    assert ended.outcomes[1].result.to_ints() == [2, 2]


@pytest.mark.parametrize("sigma", [M61.modulus, 2**64 - 1])
def test_a_committed_sigma_that_is_no_field_element(sigma: int, seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    async def cheating(ctx: Context, steps: CommitAndOpen, payload: bytes) -> list[bytes]:
        if ctx.party == CHEATER and len(payload) == 8:
            payload = sigma.to_bytes(8, "little")
        return await commit_and_open(ctx, steps, payload)

    monkeypatch.setattr(mac_check, "commit_and_open", cheating)
    sessions = make_sessions(2, M61, seed)
    shares = IdealDealer(sessions, seed).share([1, 2])
    ended = run(sessions, lambda ctx: output(ctx, shares[ctx.party]))
    assert_caught(ended, MalformedMessage, "mac_check.sigma.open", cheater=CHEATER, blamed=CHEATER)
