"""Cryptographic tools without any protocol in them: hashing, randomness, commitments, the hashes of OT, a group.

Four modules are not imported here, so that what needs neither numba nor libsodium starts fast:
`spdz.crypto.tweakable_hash`, `spdz.crypto.bit_matrix`, `spdz.crypto.ggm` and `spdz.crypto.group`.
"""

from spdz.crypto.commitment import commit, verify_opening
from spdz.crypto.domains import Domain
from spdz.crypto.hashing import HASH_BYTES, LabelledHasher, Part, derive, labelled_hash, labelled_xof
from spdz.crypto.prg import SEED_BYTES, Prg
from spdz.crypto.randomness import Randomness, SystemRandomness, deterministic_randomness_for_tests
from spdz.crypto.universal_hash import UniversalHash

__all__ = [
    "HASH_BYTES",
    "SEED_BYTES",
    "Domain",
    "LabelledHasher",
    "Part",
    "Prg",
    "Randomness",
    "SystemRandomness",
    "UniversalHash",
    "commit",
    "derive",
    "deterministic_randomness_for_tests",
    "labelled_hash",
    "labelled_xof",
    "verify_opening",
]
