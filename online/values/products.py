"""Matrix products of secret arrays, of vectors, matrices and stacks of matrices."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from spdz.online.operations.matrices import MATMUL
from spdz.online.values.shapes import matmul_shape
from spdz.sharing.material import matrix_triples

if TYPE_CHECKING:
    from spdz.online.session import Mpc
    from spdz.online.values.array import SecretArray


def matrix_product(mpc: Mpc, x: SecretArray, y: SecretArray) -> SecretArray:
    """x @ y as numpy has it: vectors count as rows or columns, leading axes are broadcast."""
    shape = matmul_shape(x.shape, y.shape)
    left = x if x.ndim > 1 else x.reshape(1, -1)
    right = y if y.ndim > 1 else y.reshape(-1, 1)
    m, inner, n = *left.shape[-2:], right.shape[-1]
    lead = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    if 0 in (*lead, m, inner, n):
        return mpc.constant(np.zeros(shape, np.int64))
    whole = mpc.supports(matrix_triples(m, inner, n))
    if not lead:
        return mpc.apply(MATMUL, left, right, whole=whole, shape=shape)
    left, right = left.broadcast_to((*lead, m, inner)), right.broadcast_to((*lead, inner, n))
    places = itertools.product(*(range(length) for length in lead))
    parts = [mpc.apply(MATMUL, left[place], right[place], whole=whole, shape=(1, m * n)) for place in places]
    joined: SecretArray = mpc.concatenate(parts)
    return joined.reshape(shape)
