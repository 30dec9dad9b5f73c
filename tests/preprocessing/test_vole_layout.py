"""One extension of silent VOLE, computed once more in plain integers from docs/wire, section 13."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

from spdz.crypto import ggm
from spdz.crypto.domains import Domain
from spdz.crypto.hashing import derive
from spdz.crypto.prg import Prg
from spdz.field import M61, M127, Field, FieldArray
from spdz.preprocessing.mascot import vole_extend
from spdz.preprocessing.ot.extension import SenderRows
from spdz.preprocessing.vole.code import LpnParams
from spdz.runtime.context import Context
from tests.crypto.references import Aes128, xor
from tests.support.dealer import ideal_links
from tests.support.interference import Recorder
from tests.support.parties import SESSION_ID, make_sessions, run
from tests.support.vole import with_vole

INPUTTER, KEY_HOLDER = 0, 1
PARAMS = LpnParams(7, 3, 4)


def code(stage: str, rows: int, k: int) -> list[list[tuple[int, int]]]:
    """(coefficient, place) of all entries of all rows."""
    stream = Prg(derive(Domain.LPN_CODE, b"", 16, stage, session_id=SESSION_ID)).bytes(80 * rows)
    words = [int.from_bytes(stream[i : i + 8], "little") for i in range(0, len(stream), 8)]
    entries = [(word >> 32, ((word % 2**32) * k) >> 32) for word in words]
    return [entries[10 * row : 10 * row + 10] for row in range(rows)]


def coded(field: Field, noise: list[int], secret: list[int]) -> list[int]:
    rows = code("only", len(noise), len(secret))
    return [
        (e + sum(c * secret[place] for c, place in row)) % field.modulus for e, row in zip(noise, rows, strict=True)
    ]


def tree(root: bytes, depth: int, keys: ggm.SideKeys) -> tuple[list[list[bytes]], list[bytes]]:
    """The XOR of all children of each side, for each level; and the leaves. Child z of node v is v + z 2^level."""
    permutations = [Aes128(key).encrypt_block for key in keys]
    nodes, sums = [root], []
    for _ in range(depth):
        children = [[xor(permute(node), node) for node in nodes] for permute in permutations]
        sums.append([functools.reduce(xor, side) for side in children])
        nodes = children[0] + children[1]
    return sums, nodes


class Seen:
    """What the two ends of the pair keep, and the rows of its OTs."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.base: dict[int, list[list[int]]] = {}
        self.noise: dict[int, list[list[int]]] = {}
        self.paths: Any = None
        self.roots: Any = None
        self.keys: Any = None
        self.hashes: list[np.ndarray] = []
        paths, checked = vole_extend.random_paths, vole_extend.check_trees

        def draw(*more: Any) -> Any:
            drawn = paths(*more)
            self.paths = drawn.copy()
            return drawn

        async def check(ctx: Context, vectors: Any, masks: Any, *, after: object) -> None:
            self.noise[ctx.party] = [array.to_ints() for array in vectors[INPUTTER, KEY_HOLDER]]
            await checked(ctx, vectors, masks, after=after)

        expand, hashed = ggm.expand, SenderRows.hashed

        def rows(sender: Any, start: int, count: int, rows: Any, out: Any) -> None:
            hashed(sender, start, count, rows, out)
            self.hashes = [array.copy() for array in out]

        def grow(roots: Any, depth: int, keys: ggm.SideKeys) -> Any:
            self.roots, self.keys = roots.copy(), keys
            return expand(roots, depth, keys)

        patch.setattr(vole_extend, "random_paths", draw)
        patch.setattr(vole_extend, "check_trees", check)
        patch.setattr(SenderRows, "hashed", rows)
        patch.setattr(ggm, "expand", grow)


@pytest.mark.parametrize("field", [M61, M127], ids=str)
def test_an_extension_is_what_the_page_says(field: Field, seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Seen(monkeypatch)
    sessions = make_sessions(2, field, seed)
    links = with_vole(ideal_links(sessions, seed))
    alpha = sessions[KEY_HOLDER].key.share.to_ints()
    sums, totals = Recorder("vole.sums", KEY_HOLDER), Recorder("vole.totals", KEY_HOLDER)

    async def main(ctx: Context) -> list[FieldArray]:
        own = links[ctx.party]
        base = await vole_extend.make_base(ctx.child("base"), own, (INPUTTER,), PARAMS.base)
        seen.base[ctx.party] = [array.to_ints() for array in base[INPUTTER, KEY_HOLDER]]
        made = await vole_extend.stretch(ctx.child("only"), own, (INPUTTER,), PARAMS, "only", base)
        return list(made[INPUTTER, KEY_HOLDER])

    def both(messages: Any) -> Any:
        return totals(sums(messages))

    (u, v), (w,) = run(sessions, main, both).results
    (base_u, base_v), (base_w,) = seen.base[INPUTTER], seen.base[KEY_HOLDER]
    (noise_u, noise_v), (noise_w,) = seen.noise[INPUTTER], seen.noise[KEY_HOLDER]
    k, t, width, p = PARAMS.secret, PARAMS.blocks, 1 << PARAMS.depth, field.modulus

    # Noise: one entry in each block, at the place whose bits were drawn, with the value of the base.
    for block in range(t):
        place = sum(int(bit) << level for level, bit in enumerate(seen.paths[block]))
        part = noise_u[block * width : (block + 1) * width]
        assert part == [base_u[k + block] if row == place else 0 for row in range(width)]
    assert all((v_ + u_ * alpha - w_) % p == 0 for u_, v_, w_ in zip(noise_u, noise_v, noise_w, strict=True))

    # Totals: w of the noise less the sum of the leaves.
    (payload,) = totals.payloads.values()
    sent = field.from_bytes(bytearray(payload), (t,)).to_ints()
    for block in range(t):
        leaves = noise_w[block * width : (block + 1) * width]
        assert sent[block] == (base_w[k + block] - sum(leaves)) % p

    # Trees on plain bytes, and sums of sides masked by the hashes of OT `block depth + level`.
    (payload,) = sums.payloads.values()
    expected = b""
    for block in range(t):
        levels, leaves = tree(seen.roots[block].tobytes(), PARAMS.depth, seen.keys)
        assert [int.from_bytes(leaf, "little") % p for leaf in leaves] == noise_w[block * width : (block + 1) * width]
        for level, sides in enumerate(levels):
            for z in (0, 1):
                expected += xor(sides[z], seen.hashes[z][block * PARAMS.depth + level].tobytes())
    assert payload == expected

    # Outputs: noise and ten entries of the secret.
    assert u.to_ints() == coded(field, noise_u, base_u[:k])
    assert v.to_ints() == coded(field, noise_v, base_v[:k])
    assert w.to_ints() == coded(field, noise_w, base_w[:k])
