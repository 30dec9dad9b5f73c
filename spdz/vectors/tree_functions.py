"""Vectors of trees of seeds, of the OT extension on them, and of what silent VOLE and matrix triples expand.

As in `spdz.vectors.functions`, which lists them: the fields that a test says come out, or None if the input is refused.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spdz.crypto import ggm
from spdz.crypto.prg import Prg
from spdz.crypto.randomness import Randomness
from spdz.crypto.seed_expansion import ExpansionScratch, SeedExpansion
from spdz.errors import OtConsistencyFailed
from spdz.field import field_by_name
from spdz.params import COMPUTATIONAL_BITS
from spdz.preprocessing.ot.extension import MASK_ROWS, ROW_UNIT, OtReceiver, OtSender, ReceiverRows, SenderRows
from spdz.preprocessing.ot.extension import Place as OtPlace
from spdz.preprocessing.ot.rows import Rows
from spdz.preprocessing.ot.trees import Place, Seeds, deal, hold
from spdz.preprocessing.vole.code import add_code
from spdz.vectors.files import Case
from spdz.vectors.given import elements

BLOCK = 16
SHOWN_ROWS = 8
"""OTs of an extension whose outputs a vector shows."""

Computed = dict[str, Any] | None


def _hex(case: Case, name: str) -> bytes:
    return bytes.fromhex(case.test[name])


def _blocks(data: bytes) -> list[bytes]:
    return [data[start : start + BLOCK] for start in range(0, len(data), BLOCK)]


def _bits(data: bytes) -> NDArray[np.uint8]:
    return np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")


def tree(case: Case) -> Computed:
    """A tree, and the same tree without the leaf at the end of a path."""
    place = [part["value"] if part["type"] == "S" else int(part["value"], 16) for part in case.test["place"]]
    keys = ggm.side_keys(_hex(case, "sessionId"), *place)
    path = np.array([case.test["path"]], np.uint8)
    leaves, sums = ggm.expand(np.frombuffer(_hex(case, "root"), np.uint8).reshape(1, BLOCK), path.shape[1], keys)
    chosen = sums[:, np.arange(path.shape[1]), 1 - path[0]]
    return {
        "keys": b"".join(keys).hex(),
        "sums": sums.tobytes().hex(),
        "out": leaves.tobytes().hex(),
        "punctured": ggm.reconstruct(path, np.ascontiguousarray(chosen), keys).tobytes().hex(),
    }


# -- trees of the OT extension ----------------------------------------------------------------------------------------


def _place(case: Case) -> Place:
    return Place(_hex(case, "sessionId"), case.test["holder"], case.test["dealer"])


def _shown(seeds: Seeds) -> dict[str, str]:
    return {"firstTree": seeds[0].tobytes().hex(), "seedsDigest": hashlib.sha256(seeds.tobytes()).hexdigest()}


def dealt_trees(case: Case) -> Computed:
    """The dealer's message and seeds."""
    keys, depth = _blocks(_hex(case, "keys")), case.test["treeBits"]
    roots = np.frombuffer(_hex(case, "roots"), np.uint8).reshape(COMPUTATIONAL_BITS // depth, BLOCK)
    message, seeds = deal(_place(case), roots, depth, list(zip(keys[::2], keys[1::2], strict=True)))
    return {"out": message.hex(), **_shown(seeds)}


def held_trees(case: Case) -> Computed:
    """The holder's seeds by leaf, zero for the missing ones."""
    depth = case.test["treeBits"]
    delta = _bits(_hex(case, "delta")).reshape(-1, depth)
    try:
        held = hold(_place(case), delta, _blocks(_hex(case, "chosen")), memoryview(_hex(case, "message")))
    except OtConsistencyFailed:
        return None
    seeds = np.zeros((len(delta), 1 << depth, BLOCK), np.uint8)
    missing = ((1 - delta.astype(np.int64)) << np.arange(depth)).sum(1)
    for number, leaf in enumerate(missing.tolist()):
        seeds[number, np.arange(1, 1 << depth) ^ leaf] = held[number]
    shown = _shown(seeds)
    return {"out": shown["seedsDigest"], "firstTree": shown["firstTree"]}


# -- the OT extension -------------------------------------------------------------------------------------------------


def _ends(case: Case) -> tuple[OtReceiver, OtSender]:
    """Both ends, from trees whose seeds are the stream of one seed."""
    depth, delta = case.test["treeBits"], _bits(_hex(case, "delta"))
    stream = Prg(_hex(case, "treeSeed")).bytes(COMPUTATIONAL_BITS // depth * BLOCK << depth)
    dealt = np.frombuffer(stream, np.uint8).reshape(COMPUTATIONAL_BITS // depth, 1 << depth, BLOCK)
    missing = ((1 - delta.reshape(-1, depth).astype(np.int64)) << np.arange(depth)).sum(1)
    # The sender's seeds are in the order of their distance from the missing one.
    held = np.stack([seeds[np.arange(1, 1 << depth) ^ leaf] for seeds, leaf in zip(dealt, missing, strict=True)])
    place = OtPlace(_hex(case, "sessionId"), case.test["receiver"], case.test["sender"])
    return OtReceiver(place, dealt), OtSender(place, delta.tolist(), held)


def _pairs(sent: SenderRows, rows: int) -> str:
    """q0 and q1 of the OTs that are shown."""
    scratch, first, second = (np.empty((rows, 2), np.uint64) for _ in range(3))
    sent.hashed(0, rows, scratch, (first, second))
    return np.stack([first, second], axis=1)[:SHOWN_ROWS].tobytes().hex()


def _received(received: ReceiverRows, rows: int) -> str:
    scratch, out = (np.empty((rows, 2), np.uint64) for _ in range(2))
    received.hashed(0, rows, scratch, out)
    return out[:SHOWN_ROWS].tobytes().hex()


def ot_extension(case: Case, randomness: Randomness) -> Computed:
    """Both ends of several extensions, one after the other."""
    receiver, sender = _ends(case)
    key, found = _hex(case, "key"), dict[str, list[str]]()
    for text in case.test["choices"]:
        choices = np.frombuffer(bytes.fromhex(text), np.uint8)
        rows = 8 * choices.size
        message, received = receiver.extend(choices, randomness)
        columns = message.tobytes()
        sent = sender.extend(memoryview(columns), rows)
        digests = received.digests(key)
        sent.check(key, memoryview(digests), 0)
        shown = {"out": columns.hex(), "digests": digests.hex()}
        for name, value in (shown | {"received": _received(received, rows), "pairs": _pairs(sent, rows)}).items():
            found.setdefault(name, []).append(value)
        received.finish()
        sent.finish()
    return dict(found)


def ot_extension_check(case: Case) -> Computed:
    """The sender's check of what it receives."""
    sender = _ends(case)[1]
    columns = _hex(case, "columns")
    rows = len(columns) * case.test["treeBits"] * 8 // COMPUTATIONAL_BITS - MASK_ROWS
    if rows < ROW_UNIT:
        raise case.fault("columns", f"has no whole columns of {ROW_UNIT} OTs and more")
    sent = sender.extend(memoryview(columns), rows)
    try:
        sent.check(_hex(case, "key"), memoryview(_hex(case, "digests")), 0)
    except OtConsistencyFailed:
        return None
    return {"out": _pairs(sent, rows)}


# -- expansions -------------------------------------------------------------------------------------------------------


def seed_expansion(case: Case) -> Computed:
    """Blocks of each seed, of the seeds one after the other."""
    seeds: Rows = np.frombuffer(_hex(case, "seeds"), np.uint64).reshape(-1, 2).copy()
    blocks = case.test["blocks"]
    permuted = SeedExpansion(_hex(case, "key"), ExpansionScratch()).permute(seeds, blocks, int(case.test["first"], 16))
    return {"out": (permuted ^ np.repeat(seeds, blocks, axis=0)).tobytes().hex()}


def lpn_code(case: Case) -> Computed:
    """Outputs to which a secret times the code of a seed is added."""
    field = field_by_name(case.params["field"])
    secret = elements(case, "secret", field, case.test["secret"], (case.test["count"],))
    out = elements(case, "given", field, case.test["given"], (case.test["samples"],))
    add_code(field, _hex(case, "seed"), [(secret, out)])
    return {"out": out.to_bytes().hex()}
