"""What a family of fields is made of: the loops that it must have and those that it may have.

A family is a package, such as `spdz.field.mersenne`, and a `Field` names it. Its module `arrays` has every loop of
`ArrayLoops`. Its modules `beaver`, `gadget`, `choices`, `rows` and `code` have the fused loops of the other classes
here; a family may leave out any of these modules, and `spdz.field.plain` then computes the same from `arrays`, only
slower.

A loop takes the words of contiguous flat arrays: (n,) of uint64 for fields of one limb, (n, 2) for two. Arguments have
been checked. Elements are canonical, in [0, p), before and after, and nothing branches on one. Outputs are overwritten
and may be inputs. The last argument is the field's `parameter`, which means something to the family alone; `e` below.
"""

from __future__ import annotations

import importlib
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from spdz.errors import UsageError
from spdz.field.memory import Words

Hashes = tuple[Words, Words, np.uint64]
"""(inner, outer, first index): hash j is the block inner[j] ^ outer[j] ^ (first index + j)."""

DigitShape = tuple[int, int, int, int, int]
"""(digits, depth, width, first, stride): columns first .. first + width of rows of `stride` elements."""


class ArrayLoops(Protocol):
    """The module `arrays`: what `FieldArray` and sampling need. Steps are 0 for a single element, else 1."""

    def add_arrays(self, x: Words, x_step: int, y: Words, y_step: int, out: Words, e: np.uint64, /) -> None:
        """out[i] = x[i] + y[i]."""

    def sub_arrays(self, x: Words, x_step: int, y: Words, y_step: int, out: Words, e: np.uint64, /) -> None:
        """out[i] = x[i] - y[i]."""

    def mul_arrays(self, x: Words, x_step: int, y: Words, y_step: int, out: Words, e: np.uint64, /) -> None:
        """out[i] = x[i] y[i]."""

    def power_array(self, x: Words, exponent: Words, out: Words, e: np.uint64, /) -> None:
        """out[i] = x[i] ** exponent, for the bits of a public exponent, most significant first, one per word."""

    def sum_middle(self, x: Words, outer: int, middle: int, inner: int, out: Words, e: np.uint64, /) -> None:
        """out[o, i] = sum over m of x[o, m, i], for x of outer * middle * inner elements."""

    def matmul_rows(
        self, x: Words, y: Words, rows: int, inner: int, columns: int, tile: int, out: Words, e: np.uint64, /
    ) -> None:
        """out[r, c] = sum over k of x[r, k] y[c, k]; `tile` rows of y fit into the cache."""

    def count_unreduced(self, x: Words, e: np.uint64, /) -> int:
        """How many elements are not canonical."""
        ...

    def to_symmetric(self, x: Words, out: Words, e: np.uint64, /) -> int:
        """out[i] = x[i] or x[i] - p, whichever is nearer to zero, in two's complement; how many exceed 64 bits."""
        ...

    def mask_and_count(self, x: Words, e: np.uint64, /) -> int:
        """Cut every element to the bits of p; set those not below p to p itself; how many there are."""
        ...

    def reduce_blocks(self, blocks: Words, out: Words, e: np.uint64, /) -> None:
        """out[i] = blocks[i, 0] + 2^64 blocks[i, 1] mod p."""


class BeaverLoops(Protocol):
    """The module `beaver`."""

    def beaver_arrays(
        self, a: Words, b: Words, c: Words, epsilon: Words, delta: Words, scale: Words, out: Words, e: np.uint64, /
    ) -> None:
        """out[i] = c[i] + b[i] epsilon[i] + (a[i] + scale epsilon[i]) delta[i], for one element `scale`."""

    def beaver_values(
        self, a: Words, b: Words, c: Words, epsilon: Words, delta: Words, bit: Words, out: Words, e: np.uint64, /
    ) -> None:
        """As `beaver_arrays` for a scale that is 0 or 1."""

    def combine_openings(
        self, chi: Words, value: Words, mac: Words, mask: Words, mask_step: int, totals: Words, e: np.uint64, /
    ) -> None:
        """totals[0] += sum of chi[i] value[i], totals[1] += sum of chi[i] (mac[i] - mask[i])."""


class GadgetLoops(Protocol):
    """The module `gadget`. k is the number of bits of p, and entry l of a row of k stands for 2^l."""

    def copee_sender_step(self, acc: Words, x: Words, t0: Words, t1: Words, u: Words, e: np.uint64, /) -> None:
        """u = t0 - t1 + x; acc = 2 acc + t0."""

    def copee_receiver_step(self, acc: Words, t: Words, u: Words, bit: np.uint64, e: np.uint64, /) -> None:
        """acc = 2 acc + t + bit u."""

    def ot_sender_products(
        self, h0: Hashes, h1: Hashes, b: Words, k: int, d: Words, out: Words, e: np.uint64, /
    ) -> None:
        """d[i, l] = h0[i, l] - h1[i, l] + b[i]; out[i] = sum over l of 2^l h0[i, l]."""

    def ot_receiver_products(self, h: Hashes, words: Words, k: int, d: Words, out: Words, e: np.uint64, /) -> None:
        """out[i] = sum over l of 2^l (h[i, l] + bit l of a[i] times d[i, l]); `words` are the words of a, in a row."""

    def pack_bits(self, words: Words, limbs: int, k: int, out: Words, /) -> None:
        """The k bits of each element (of `limbs` consecutive words), low ones first, in a row, padded with zeros."""


class ChoiceLoops(Protocol):
    """The module `choices`. Bits are packed in words, least significant first; steps as in `ArrayLoops`."""

    def choice_payload(
        self, h0: Hashes, h1: Hashes, x: Words, x_step: int, d: Words, out: Words, e: np.uint64, /
    ) -> None:
        """d[i] = h0[i] - h1[i] + x[i]; out[i] = -h0[i]."""

    def choice_take(self, h: Hashes, bits: Words, first: int, d: Words, out: Words, e: np.uint64, /) -> None:
        """out[i] += h[i] + bit first + i times d[i]."""

    def choice_times(self, bits: Words, first: int, x: Words, x_step: int, out: Words, e: np.uint64, /) -> None:
        """out[i] = bit first + i times x[i]."""

    def chain_difference(
        self, start: Words, start_step: int, total: Words, w: Words, out: Words, e: np.uint64, /
    ) -> None:
        """out[i] = start[i] - 2 total[i] - w[i]."""

    def chain_add(self, product: Words, epsilon: Words, x: Words, total: Words, e: np.uint64, /) -> None:
        """total[i] += product[i] + epsilon[i] x[i]."""


class RowLoops(Protocol):
    """The module `rows`. Digit j of entry i is number i digits + j; its leaf x has seed number 2^depth + x and stands
    for the elements g_x, the blocks inner ^ seed modulo p."""

    def matrix_sender(
        self,
        inner: Words,
        seeds: Words,
        y: Words,
        shape: DigitShape,
        d: Words,
        out: Words,
        total: Words,
        e: np.uint64,
        /,
    ) -> None:
        """d[i, j, c] = y[i, c] - sum of g_x; out[i, c] = sum over j of 2^(depth j) sum of (2^depth - 1 - x) g_x.

        `total` is scratch memory for one row.
        """

    def matrix_receiver(
        self,
        inner: Words,
        seeds: Words,
        values: npt.NDArray[np.uint8],
        shape: DigitShape,
        d: Words,
        out: Words,
        total: Words,
        e: np.uint64,
        /,
    ) -> None:
        """out[i, c] = sum over j of 2^(depth j) (v (sum of g_x + d[i, j, c]) - sum of (2^depth - 1 - x) g_x), v the
        digit."""

    def add_rows(
        self,
        x: Words,
        places: npt.NDArray[np.int64],
        columns: int,
        first: int,
        stride: int,
        target: Words,
        e: np.uint64,
        /,
    ) -> None:
        """target[places[i], first + c] += x[i, c]; places may repeat."""


class CodeLoops(Protocol):
    """The module `code`."""

    def gather(self, secret: Words, words: Words, out: Words, e: np.uint64, /) -> None:
        """out[i] += sum over j of (words[i, j] >> 32) secret[(words[i, j] mod 2^32) size >> 32]; words are public."""

    def add_noise(self, values: Words, places: Words, out: Words, e: np.uint64, /) -> None:
        """out[block, places[block]] += values[block], for equal blocks; no address depends on a place."""


def loops_of(family: str, part: str, interface: type[Any]) -> Any:
    """The module `part` of a family, or None where the family has no such module.

    Raises UsageError for a module that lacks a loop of its interface.
    """
    name = f"{family}.{part}"
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if not f"{name}.".startswith(f"{error.name}."):
            raise  # something that the module imports
        return None
    wanted = [loop for loop in vars(interface) if not loop.startswith("_")]
    missing = [loop for loop in wanted if not callable(getattr(module, loop, None))]
    if missing:
        raise UsageError(f"the family {family} is incomplete: its module {part} lacks {', '.join(missing)}")
    return module
