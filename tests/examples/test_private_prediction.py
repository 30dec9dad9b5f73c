"""Private prediction: labels as in the clear, for the owner of the rows alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import spdz
from spdz.examples import private_prediction as example
from spdz.examples.private_prediction import Layer, Split, predict

WIDE = [Layer(np.ones((3, 2)), np.zeros(2))]


@pytest.fixture(scope="module", params=example.TASKS)
def trained(request: pytest.FixtureRequest) -> Split:
    return example.train(request.param)


def predicted(layers: list[Layer], rows: Any, preprocessing: str = "dealer") -> list[Any]:
    inputs = [{"layers": layers}, {"rows": rows}]
    return spdz.run_local(lambda mpc: predict(mpc, **mpc.inputs), 2, "M127", preprocessing, inputs=inputs, timeout=120)


def test_labels_are_those_of_the_model_in_the_clear(trained: Split) -> None:
    """On the whole test set of 114 or 360 rows."""
    nothing, labels = predicted(trained.layers, trained.rows)
    assert nothing is None
    assert len(labels) >= 114
    assert np.mean(labels == trained.labels) >= 0.99


def test_labels_without_a_dealer(trained: Split) -> None:
    nothing, labels = predicted(trained.layers, trained.rows[:3], "mascot")
    assert nothing is None
    assert labels.tolist() == trained.labels[:3].tolist()


def test_each_party_with_its_file(trained: Split, tmp_path: Path) -> None:
    model, table = tmp_path / "model.json", tmp_path / "rows.csv"
    example.write_model(model, trained.layers)
    np.savetxt(table, trained.rows[:4], delimiter=",")

    def program(mpc: spdz.Mpc) -> str:
        mpc.args = (mpc.inputs,)
        return example.main(mpc)

    said = spdz.run_local(program, 2, "M127", "dealer", inputs=[str(model), str(table)])
    assert said == ["the owner of the rows has its labels", " ".join(map(str, trained.labels[:4]))]


def test_only_labels_are_revealed_and_to_one_party(trained: Split, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[tuple[int, ...], int]] = []
    honest = spdz.Mpc.reveal_to

    def look(mpc: spdz.Mpc, *arrays: Any, party: int) -> Any:
        told.extend((array.shape, party) for array in arrays)
        return honest(mpc, *arrays, party=party)

    monkeypatch.setattr(spdz.Mpc, "reveal_to", look)
    monkeypatch.delattr(spdz.Mpc, "reveal")
    predicted(trained.layers, trained.rows[:2])
    assert told == [((2,), example.ROWS_OWNER)] * 2


def test_rows_that_do_not_fit_are_refused() -> None:
    with pytest.raises(spdz.UsageError, match="takes 3 columns, and is given 2"):
        predicted(WIDE, np.zeros((1, 2)))


@pytest.mark.parametrize("value", [17.0, np.nan, np.inf])
def test_entries_out_of_range_are_refused_by_their_owner(value: float) -> None:
    with pytest.raises(spdz.UsageError):
        predicted(WIDE, np.full((1, 3), value))


@pytest.mark.parametrize(
    "text", ["", "[1]", json.dumps([{"weights": [[1]]}]), json.dumps([{"weights": [[1, 2]], "bias": [1]}])]
)
def test_what_is_no_model_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_text(text)
    with pytest.raises(spdz.UsageError, match="holds no model"):
        example.read_model(path)
