"""The LPN assumption of silent VOLE: parameters, and the code that stretches a secret vector.

Assumed:   (A, s A + e) is indistinguishable from (A, uniform) for e in F_p^n with one uniform entry in each of t equal
           blocks (regular noise), s uniform in F_p^k, A the sparse matrix below. Source: Boyle et al., CCS 2018 and
           Weng et al., S&P 2021 (Wolverine) for its use. The parameters are our own, not those of a paper:
           docs/security/silent-vole.md says why, with estimates of what is known against them.
Symbols:   k secret, t blocks, n samples, 2^depth = n / t.
Code:      each of the n columns of A has ten entries at uniform places, with uniform coefficients of 32 bits. The
           coefficients are ours: with ones instead, columns that meet in pairs cancel far more easily.
Seed:      public, derived from the session id, one for each stage. It need not be tossed: whoever steers the session id
           can choose among as many codes as it can hash, and a weak code is far rarer than that; and noise is drawn
           after the code is fixed. One code per session leaves nothing to precompute.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from spdz.crypto.domains import Domain
from spdz.crypto.hashing import derive
from spdz.crypto.prg import BLOCK_BYTES, SEED_BYTES, Prg
from spdz.field import Field, FieldArray
from spdz.field.fused.code import ROW_WORDS, add_code_rows
from spdz.runtime.context import Context
from spdz.runtime.workers import share_out

CHUNK_ROWS = 2048
"""Rows of the code in the making: with the secret vector they stay in the second-level cache."""


@dataclass(frozen=True)
class LpnParams:
    """One instance of LPN with regular noise, in blocks of 2^depth."""

    secret: int
    blocks: int
    depth: int

    @property
    def samples(self) -> int:
        """n."""
        return self.blocks << self.depth

    @property
    def base(self) -> int:
        """VOLEs that one extension takes: the secret, the noise, and the mask of the check."""
        return self.secret + self.blocks + 1


@dataclass(frozen=True)
class VolePlan:
    """The two stages, and how many values a session authenticates by COPEe before it is worth while to begin."""

    first: LpnParams
    main: LpnParams
    threshold: int


PLAN = VolePlan(LpnParams(5120, 2320, 4), LpnParams(32768, 4096, 7), 1 << 15)
"""What every session uses. benchmarks/lpn_cost.py estimates what attacks cost: all of them above 2^200."""


def code_seed(ctx: Context, stage: str) -> bytes:
    """The public seed of the code of one stage in this session."""
    return derive(Domain.LPN_CODE, b"", SEED_BYTES, stage, session_id=ctx.session.session_id)


def add_code(field: Field, seed: bytes, pairs: Sequence[tuple[FieldArray, FieldArray]], threads: int = 1) -> None:
    """For each pair of a secret vector, (k,), and outputs, (n,): add the secret times the code to the outputs."""
    total = pairs[0][1].size

    def work(starts: Iterable[int]) -> None:
        words = np.empty((min(CHUNK_ROWS, total), ROW_WORDS), np.uint64)
        for start in starts:
            rows = slice(start, min(start + CHUNK_ROWS, total))
            part = words[: rows.stop - rows.start]
            Prg(seed, start * ROW_WORDS * words.itemsize // BLOCK_BYTES).fill(part)
            for secret, outputs in pairs:
                add_code_rows(field, secret, part, outputs[rows])

    share_out(range(0, total, CHUNK_ROWS), threads, work)
