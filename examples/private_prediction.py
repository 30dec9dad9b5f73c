"""Private prediction: one party has a model, another has rows, and the labels are all that comes out.

    pip install 'spdz[examples]'                                # scikit-learn, which trains the models
    python -m spdz.examples.private_prediction breast-cancer    # both parties in one process, twenty rows
    python -m spdz.examples.private_prediction digits --rows 100

Each party can do its own part on its own machine, with files that only it has:

    python -m spdz.examples.private_prediction digits --train model.json         # party 0
    python -m spdz.examples.private_prediction digits --rows 100 --table rows.csv    # party 1
    spdz run private_prediction.py --config net/party-0/parties.toml --party 0 -- model.json
    spdz run private_prediction.py --config net/party-1/parties.toml --party 1 -- rows.csv

Models:   "breast-cancer" is a logistic regression on 30 standardised columns, "digits" a network 64-32-10 with ReLU.
Public:   the shapes of the layers, the number of rows, and the bounds `WEIGHT` and `ENTRY`.
Secret:   every weight, towards the owner of the rows; every row, towards the owner of the model.
Learns:   the owner of the rows the labels, nobody anything else. Who may ask for many labels learns about the model
          from these, as of every model that answers.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

import spdz

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]

MODEL_OWNER, ROWS_OWNER = 0, 1
WEIGHT = spdz.Fixed(16, 21)
"""Weights and biases lie between -16 and 16, which their owner proves."""
ENTRY = spdz.Fixed(16, 21)
"""So do the columns of rows."""
INSIDE = spdz.Fixed(16, 48)
TASKS = ("breast-cancer", "digits")


class Layer(NamedTuple):
    """x @ weights + bias."""

    weights: Floats
    bias: Floats


class Split(NamedTuple):
    """A trained model, rows that it has not seen, and what it says of them in the clear."""

    layers: list[Layer]
    rows: Floats
    labels: Labels


def main(mpc: spdz.Mpc) -> str:
    """One party's program; its argument is the file of the model, or that of the rows."""
    if len(mpc.args) != 1 or mpc.parties != 2:
        raise spdz.UsageError("usage: spdz run private_prediction.py ... -- FILE, by two parties")
    if mpc.party == MODEL_OWNER:
        predict(mpc, layers=read_model(Path(mpc.args[0])))
        return "the owner of the rows has its labels"
    return " ".join(str(label) for label in predict(mpc, rows=np.loadtxt(mpc.args[0], delimiter=",", ndmin=2)))


def predict(mpc: spdz.Mpc, *, layers: Sequence[Layer] | None = None, rows: Floats | None = None) -> Any:
    """The label of each row, at the owner of the rows; None at the owner of the model."""
    sizes = mpc.publish([layer.weights.shape for layer in layers] if layers else None, owner=MODEL_OWNER)
    shape = mpc.publish(None if rows is None else rows.shape, owner=ROWS_OWNER)
    _require_fit(sizes, shape)
    x = mpc.input(rows, owner=ROWS_OWNER, shape=shape, type=ENTRY).astype(INSIDE)
    for number, (wide, narrow) in enumerate(sizes):
        layer = Layer(*layers[number]) if layers else None
        weights = mpc.input(layer and layer.weights, owner=MODEL_OWNER, shape=(wide, narrow), type=WEIGHT)
        bias = mpc.input(layer and layer.bias, owner=MODEL_OWNER, shape=narrow, type=WEIGHT)
        if number:
            x = x.relu()
        x = x @ weights + bias
    # Two classes have one number, whose sign decides; else the largest of several.
    label = (x[:, 0] > 0).as_int() if x.shape[1] == 1 else x.argmax(axis=1)
    return mpc.reveal_to(label, party=ROWS_OWNER)


def _require_fit(sizes: Sequence[Sequence[int]], shape: Sequence[int]) -> None:
    """UsageError unless rows fit to the first layer, and each layer to the next."""
    wide = shape[-1]
    for layer in sizes:
        if layer[0] != wide:
            raise spdz.UsageError(f"a layer takes {layer[0]} columns, and is given {wide}")
        wide = layer[1]


# -- each party's own part, in the clear ------------------------------------------------------------------------------


def train(task: str) -> Split:
    """Train a model on four fifths of a table of scikit-learn, and keep the rest."""
    try:
        from sklearn.datasets import load_breast_cancer, load_digits
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import train_test_split
        from sklearn.neural_network import MLPClassifier
        from sklearn.preprocessing import StandardScaler
    except ModuleNotFoundError:
        raise spdz.UsageError("this example needs scikit-learn: pip install 'spdz[examples]'") from None
    table = (load_breast_cancer if task == "breast-cancer" else load_digits)()
    known, rows, targets, _ = train_test_split(table.data, table.target, test_size=0.2, random_state=0)
    if task == "breast-cancer":
        scaler = StandardScaler().fit(known)
        known, rows = scaler.transform(known), scaler.transform(rows)
        model = LogisticRegression(max_iter=1000).fit(known, targets)
        layers = [Layer(model.coef_.T, model.intercept_)]
    else:
        known, rows = known / 16, rows / 16
        model = MLPClassifier((32,), max_iter=1000, random_state=0).fit(known, targets)
        layers = [Layer(*layer) for layer in zip(model.coefs_, model.intercepts_, strict=True)]
    return Split(layers, rows, np.asarray(model.predict(rows), np.int64))


def write_model(path: Path, layers: Sequence[Layer]) -> None:
    """As JSON: a list of layers, each with its weights and its bias."""
    path.write_text(json.dumps([{"weights": w.tolist(), "bias": b.tolist()} for w, b in layers]))


def read_model(path: Path) -> list[Layer]:
    """What `write_model` has written; UsageError for anything else."""
    try:
        layers = [
            Layer(np.array(one["weights"], float), np.array(one["bias"], float)) for one in json.loads(path.read_text())
        ]
    except (ValueError, TypeError, KeyError) as error:
        raise spdz.UsageError(f"{path} holds no model: {error}") from None
    for weights, bias in layers:
        if weights.ndim != 2 or bias.shape != weights.shape[1:]:
            raise spdz.UsageError(f"{path} holds no model: weights of {weights.shape} with a bias of {bias.shape}")
    return layers


def _show(task: str, rows: int) -> str:
    """Both parties in one process, and how often they agree with the model in the clear."""
    made = train(task)

    def program(mpc: spdz.Mpc) -> Any:
        labels = predict(mpc, **mpc.inputs)
        return labels, mpc.cost

    inputs = [{"layers": made.layers}, {"rows": made.rows[:rows]}]
    _, (labels, cost) = spdz.run_local(program, inputs=inputs)
    same = int((labels == made.labels[:rows]).sum())
    seconds = ", ".join(f"{phase} {spent:.2f} s" for phase, spent in cost.seconds.items())
    return (
        f"{len(labels)} labels, {same} as the model gives them in the clear\n{seconds}; {cost.bytes_sent:,} bytes sent"
    )


def _command() -> str:
    parser = argparse.ArgumentParser(
        prog="python -m spdz.examples.private_prediction", description=__doc__.split("\n")[0]
    )
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--rows", type=int, default=20, help="how many rows of the test set (20)")
    parser.add_argument("--train", type=Path, metavar="FILE", help="only train, and write the model")
    parser.add_argument("--table", type=Path, metavar="FILE", help="only write the rows")
    options = parser.parse_args()
    if options.train is None and options.table is None:
        return _show(options.task, options.rows)
    made = train(options.task)
    if options.train is not None:
        write_model(options.train, made.layers)
    if options.table is not None:
        np.savetxt(options.table, made.rows[: options.rows], delimiter=",")
    return "written"


if __name__ == "__main__":
    print(_command())
