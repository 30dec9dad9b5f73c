"""What is left of the secrets is looked at when the first error leaves the library, links included."""

from __future__ import annotations

from typing import Any

import pytest

from spdz import adversary
from spdz.adversary import AddTo, Report, suite
from spdz.adversary.settings import SMALL_VOLES
from spdz.online.session import Mpc
from spdz.params import MascotParams
from spdz.preprocessing.dealer.dealer import DealerPreprocessing
from spdz.preprocessing.mascot.generator import MascotPreprocessing
from spdz.preprocessing.mascot.links import Link
from spdz.runtime.party import Party

from .support import attack, product

RHO = AddTo("sacrifice.rho", by=1)


def test_nothing_is_left_of_links() -> None:
    report = attack(RHO, preprocessing="mascot", ideal_base_ots=False)
    assert report.detected
    assert report.secrets_destroyed
    assert report.honest[0].remains == ()


def test_nothing_is_left_of_voles() -> None:
    report = adversary.run(
        suite.every_step, cheats=[RHO], preprocessing=MascotParams(authentication="vole"), vole_plan=SMALL_VOLES
    )
    assert report.detected
    assert report.secrets_destroyed, report.honest[0].remains


def test_links_that_are_not_wiped_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: only the key object and the counts of the store were looked at."""
    monkeypatch.setattr(MascotPreprocessing, "destroy", lambda self: self.store.destroy())
    report = attack(RHO, preprocessing="mascot", ideal_base_ots=False)
    assert report.detected
    assert not report.secrets_destroyed
    remains = " ".join(report.honest[0].remains)
    for part in ("key_holder.bits", "key_holder.prgs", "ot_sender.delta_row", "inputter.prgs", "zeros_to"):
        assert part in remains
    assert "SECRETS ALIVE" in str(report)


def test_a_part_of_a_link_that_is_not_wiped_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def wipe(self: Link) -> None:
        for part in (self.ot_sender, self.ot_receiver, self.inputter):
            part.wipe()

    monkeypatch.setattr(Link, "wipe", wipe)
    remains = attack(RHO, preprocessing="mascot", ideal_base_ots=False).honest[0].remains
    assert any("key_holder.bits" in name for name in remains)
    assert not any("ot_sender" in name for name in remains)


def test_a_stream_of_the_dealers_client_that_runs_on_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DealerPreprocessing, "destroy", lambda self: self.store.destroy())
    report = attack(AddTo("multiply.masked", by=1))
    assert report.honest[0].remains == ("_stream",)
    assert not report.secrets_destroyed


def test_it_is_looked_at_when_the_error_comes_up_and_not_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: what `__exit__` destroys was gone when the harness looked, whatever the abort had left."""
    honest = Party.abort

    def late(self: Party, error: BaseException) -> None:
        in_the_library = not getattr(self, "left", False)
        self.left = True  # type: ignore[attr-defined]
        if not in_the_library:
            honest(self, error)

    monkeypatch.setattr(Party, "abort", late)
    report: Report = attack(AddTo("multiply.masked", by=1))
    assert report.detected
    assert not report.secrets_destroyed


def test_a_program_that_catches_the_error_does_not_hide_it() -> None:
    def program(mpc: Mpc) -> Any:
        x = mpc.input([3], owner=0, shape=1)
        try:
            return int(mpc.reveal(x * (x + 0))[0])
        except Exception:
            return 9

    report = adversary.run(program, preprocessing="dealer", cheats=[AddTo("multiply.masked", by=1)])
    assert report.honest[0].output == 9
    assert report.honest[0].error is None
    assert report.detected
    assert report.honest[0].error_type == "MacCheckFailed"
    assert report.secrets_destroyed


def test_an_honest_end_leaves_nothing_either() -> None:
    report = adversary.run(product, corrupted=[1], honest_first=False)
    assert not report.detected
    assert report.secrets_destroyed, report.honest[0].remains
