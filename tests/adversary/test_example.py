"""The documented example does what it says."""

from __future__ import annotations

import pytest

from spdz.examples.cheating import demonstrate


def test_every_cheat_is_found_but_another_input(capsys: pytest.CaptureFixture[str]) -> None:
    reports = demonstrate()
    *found, other_input = reports.values()
    for report in found:
        assert report.happened, str(report)
        assert report.detected, str(report)
        assert not report.wrong_outputs
        assert report.secrets_destroyed
    assert not other_input.detected
    assert other_input.honest[0].output == [40 + 1041 + 42, 40**2 + 1041**2 + 42**2]
    assert "MacCheckFailed" in capsys.readouterr().out
