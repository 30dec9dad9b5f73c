"""Parameters of generators, and `threads=`: every choice computes the same, and a wrong one is one clear line."""

from __future__ import annotations

from typing import Any

import pytest

import spdz
from spdz.errors import ConfigurationMismatch, UsageError
from spdz.online.session import Mpc
from spdz.params import AUTHENTICATION, OT_TREE_BITS, MascotParams, SessionParams
from spdz.protocols.handshake import agree_on_parameters
from spdz.sessions.local import run_local
from tests.support.parties import make_sessions, run
from tests.support.vole import use_small_voles


def products(mpc: Mpc) -> list[int]:
    x = mpc.input([3, 4, 5], owner=0, shape=3)
    return [int(value) for value in mpc.reveal(x * x)]


@pytest.mark.parametrize("authentication", AUTHENTICATION)
@pytest.mark.parametrize("bits", OT_TREE_BITS)
def test_every_choice_computes_the_same(bits: int, authentication: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With VOLEs from the first value on: a session of this size would not get to them."""
    use_small_voles(monkeypatch)
    mascot = MascotParams(bits, authentication)
    assert run_local(products, field="M61", preprocessing=mascot, threads=2) == [[9, 16, 25]] * 2


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"threads": 0}, "threads must be an integer from 1 to 256, got 0"),
        ({"threads": "2"}, "threads must be an integer from 1 to 256, got '2'"),
        ({"threads": True}, "threads must be an integer from 1 to 256, got True"),
        ({"preprocessing": "vole"}, "preprocessing must be one of mascot, dealer, got 'vole'"),
        ({"preprocessing": MascotParams}, "preprocessing must be one of mascot, dealer"),
    ],
)
def test_a_wrong_choice_is_named(options: dict[str, Any], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        spdz.run_local(products, **options)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((3, "vole"), "ot_tree_bits must be one of 1, 2, 4, 8, got 3"),
        ((True, "vole"), "ot_tree_bits must be one of 1, 2, 4, 8, got True"),
        ((4, "ferret"), "authentication must be one of copee, vole, got 'ferret'"),
    ],
)
def test_a_choice_that_there_is_not(arguments: tuple[Any, Any], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        MascotParams(*arguments)


def test_parties_that_choose_differently_are_told_so(seed: bytes) -> None:
    chosen = [SessionParams("M61", 2, "mascot", generator=MascotParams(4, how)) for how in AUTHENTICATION]
    sessions = make_sessions(2, spdz.field.M61, seed)
    ended = run(sessions, lambda ctx: agree_on_parameters(ctx, chosen[ctx.party], (0, 1)))
    for outcome in ended.outcomes:
        assert isinstance(outcome.error, ConfigurationMismatch)
        assert "MASCOT" in str(outcome.error)
        assert "copee" in str(outcome.error)
        assert "vole" in str(outcome.error)
