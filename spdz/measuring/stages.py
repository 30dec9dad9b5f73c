"""The stages of a profile: which functions belong to each, and what bounds its speed from below.

A function that is renamed must be renamed here: the profile refuses to run with a name that is gone. New modules of
the generator and new kernels are found by themselves, under the last probes of the list.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spdz.field import FieldArray
from spdz.measuring.meter import Probe

WAITING = "waiting"
OTHER = "other"


def _size(value: Any) -> int:
    if isinstance(value, FieldArray):
        return int(value.limbs.nbytes)
    if isinstance(value, np.ndarray | memoryview):
        return int(value.nbytes)
    return len(value) if isinstance(value, bytes | bytearray) else 0


def touched(arguments: tuple[Any, ...], result: Any) -> int:
    """The bytes of all arrays and buffers that a call was given."""
    return sum(map(_size, arguments))


def _hashed(arguments: tuple[Any, ...], result: Any) -> int:
    """Each row goes twice through AES: H(x, i) = P(P(x) ^ i) ^ P(x)."""
    return 2 * _size(arguments[1])


def _made(arguments: tuple[Any, ...], result: Any) -> int:
    return _size(result)


def _returned(arguments: tuple[Any, ...], result: Any) -> int:
    return result if isinstance(result, int) else 0


PROBES = (
    Probe("PRG", "spdz.crypto.prg", "Prg.fill", touched),
    Probe("transpose", "spdz.crypto.bit_matrix", "transpose_columns", touched),
    Probe("transpose", "spdz.crypto.bit_matrix", "kernels"),
    Probe("hash", "spdz.crypto.tweakable_hash", "TweakableHash.permute", _hashed),
    Probe("hash", "spdz.crypto.tweakable_hash", "TweakableHash.hash_rows"),
    Probe("hash", "spdz.crypto.tweakable_hash", "kernels"),
    Probe("seed expansion", "spdz.crypto.seed_expansion", "SeedExpansion.permute", _made),
    Probe("seed expansion", "spdz.crypto.seed_expansion", "kernels"),
    Probe("universal-hash check", "spdz.crypto.universal_hash", "UniversalHash.digest", touched),
    Probe("universal-hash check", "spdz.crypto.universal_hash", "UniversalHash.__init__"),
    Probe("serialise", "spdz.wire.codec", "Elements.encode"),
    Probe("serialise", "spdz.wire.codec", "Elements.decode", touched),
    Probe("serialise", "spdz.wire.codec", "Blob.encode"),
    Probe("serialise", "spdz.wire.codec", "Blob.decode"),
    Probe("serialise", "spdz.runtime.mailbox", "Mailbox.admit"),
    Probe("TLS encrypt and write", "spdz.transport.tls.stream", "TlsStream.write", touched),
    Probe("TLS encrypt and write", "spdz.transport.tls.stream", "TlsStream.push"),
    Probe("TLS read and decrypt", "spdz.transport.tls.stream", "TlsStream.pull"),
    Probe("TLS read and decrypt", "spdz.transport.tls.stream", "TlsStream.read_into", _returned),
    Probe(WAITING, "spdz.transport.patience", "Patience.events"),
    Probe("waiting for helper threads", "spdz.runtime.workers", "Shared.end"),
    Probe("field kernels", "spdz.field.mersenne.*", "kernels", touched),
    # What is left of the generator: kernels of its own, XORs and copies by numpy, the objects around them.
    # Bytes are not counted: such a kernel may be given more than it works on.
    Probe("other kernels", "spdz.crypto.*", "kernels"),
    Probe("other kernels", "spdz.preprocessing.*", "kernels"),
    Probe("generator outside of kernels", "spdz.preprocessing.*", "functions"),
    # What it calls are loops of the generator.
    Probe("generator outside of kernels", "spdz.runtime.workers", "share_out"),
    Probe("copies and joins of arrays", "spdz.field.array", "FieldArray.copy"),
    Probe("copies and joins of arrays", "spdz.field.algebra", "join"),
)

BOUNDS = {
    "PRG": "aes_ctr",
    "transpose": "memory",
    "hash": "aes_ecb",
    "seed expansion": "aes_ecb",
    "universal-hash check": "gmac",
    "field kernels": "memory",
    "serialise": "memory",
    "TLS encrypt and write": "tls_send",
    "TLS read and decrypt": "tls_receive",
}
"""Stage and the building block of this machine (see `machine`) that it cannot be faster than."""
