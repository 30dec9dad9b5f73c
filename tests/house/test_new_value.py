"""A new class of secret values is one class: what entries mean, how arrays are joined, what is computed with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from spdz.field import M61
from spdz.online.session import Mpc
from spdz.online.values.array import SecretArray
from spdz.online.values.secret import Secret, refuse_mixing
from spdz.online.values.selecting import chosen
from spdz.sessions.local import run_local
from spdz.sharing.shares import concatenate_shares


class Halves(Secret):
    """Multiples of one half, kept as twice their value."""

    __slots__ = ()
    _instead = "halves stay among themselves"

    def __add__(self, other: Any) -> Halves:
        left, right = self._paired(self._coerced(other))
        return left._moved("add", left.shape, lambda x, y: x + y, right)

    def _coerced(self, value: Any) -> Halves:
        if isinstance(value, Halves):
            return value
        if isinstance(value, Secret):
            refuse_mixing(self, value)
        return Halves(self._mpc, self._mpc.constant((np.asarray(value) * 2).astype(int))._node)

    def _joined(self, parts: Sequence[Halves], shape: tuple[int, ...], axis: int) -> Halves:
        return self._mpc.local_as(Halves, "join", shape, lambda *shares: concatenate_shares(shares, axis), *parts)

    def _selected(self, condition: Any, other: Halves) -> Halves:
        mine, theirs = (SecretArray(each._mpc, each._node) for each in (self, other))
        return Halves(self._mpc, (theirs + chosen(condition, mine - theirs))._node)

    def decode(self, opened: Any) -> Any:
        return opened.reshape(*self.shape).to_signed() / 2


def program(mpc: Mpc) -> Any:
    x = Halves(mpc, mpc.input([1, 4, -3], owner=0, shape=3)._node)
    assert repr(x) == "Halves(shape=(3,), field=M61)"
    for wrong, words in ((lambda: bool(x), "mpc.reveal"), (lambda: np.sort(x), "methods of the Halves")):
        with pytest.raises(TypeError, match=words):
            wrong()
    with pytest.raises(TypeError, match="a Halves and a SecretArray do not mix; halves stay"):
        np.concatenate([x, SecretArray(mpc, x._node)])
    joined = np.stack([x, np.add(x, 0.5), x[::-1].reshape(3)])
    return mpc.reveal(joined, np.where([1, 0, 1], x, 7.5), x.T[1])


def test_shapes_joining_choosing_and_revealing_come_with_it() -> None:
    x = np.array([0.5, 2, -1.5])
    for joined, selected, entry in run_local(program, 2, M61, "dealer"):
        assert (joined == np.stack([x, x + 0.5, x[::-1]])).all()
        assert (selected == np.where([1, 0, 1], x, 7.5)).all()
        assert entry == 2
