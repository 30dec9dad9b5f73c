"""Vectors of functions of shared bits and of proofs about them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spdz.bits import proof
from spdz.bits.word_hash import WordHasher
from spdz.crypto.prg import Prg
from spdz.field import field_by_name
from spdz.protocols.field_proof import at_alpha, coefficients
from spdz.sharing.bit_domain import BitDomain, BitKey, PackedBits
from spdz.sharing.bit_share import Bits, BitShare, Words
from spdz.sharing.mac_key import MacKey
from spdz.vectors.files import Case
from spdz.vectors.given import elements


def words_of(case: Case, name: str) -> Words:
    """Words of a test.  Raises: ValueError for what are none."""
    found: NDArray[np.uint64] = np.frombuffer(bytearray.fromhex(case.test[name]), np.uint64)
    return found


def bits_of(case: Case, name: str, count: int) -> Bits:
    """Packed bits of a test.  Raises: VectorFault for what is no encoding of so many."""
    codec, data = PackedBits((count,)), bytearray.fromhex(case.test[name])
    try:
        if len(data) != codec.byte_count:
            raise ValueError(f"has {len(data)} bytes for {count} bits")
        return codec.decode(memoryview(data))
    except ValueError as error:
        raise case.fault(name, str(error)) from None


def packed(case: Case) -> dict[str, Any] | None:
    """The codec of bits."""
    codec, data = PackedBits((case.test["count"],)), bytearray.fromhex(case.test["bytes"])
    if len(data) != codec.byte_count:
        return None
    try:
        bits = codec.decode(memoryview(data))
    except ValueError:
        return None
    return {"bytes": bytes(codec.encode(bits)).hex(), "bits": bits.tolist()}


def word_hash(case: Case) -> dict[str, Any]:
    """The hash of words and of their lowest bits; fed in two pieces."""
    words = words_of(case, "words")
    hasher = WordHasher(bytes.fromhex(case.test["key"]), with_bits=True)
    cut = len(words) // 3
    hasher.update(words[:cut])
    hasher.update(words[cut:])
    return {"out": hasher.digest().hex(), "outOfBits": hasher.digest_of_bits().hex()}


def sigma(case: Case) -> dict[str, Any]:
    """What a party commits to in a check."""
    words, domain = words_of(case, "words"), BitDomain()
    domain.install(MacKey(BitKey(words_of(case, "key")[0])))
    opening = domain.opening("", bits_of(case, "bits", len(words)), BitShare(words))
    return {"out": domain.sigma([opening], Prg(bytes.fromhex(case.test["seed"]))).hex()}


def prover(case: Case) -> dict[str, Any]:
    """Both sums of a proof of products."""
    chi = words_of(case, "chi")
    a, b, g = (words_of(case, f"words{name}") for name in "ABG")
    a_bits, b_bits = (bits_of(case, f"bits{name}", len(chi)) for name in "AB")
    sums = proof.prover_sums(a, a_bits, b, b_bits, g, chi)
    return {"out": np.array(sums, np.uint64).tobytes().hex()}


def verifier(case: Case) -> dict[str, Any]:
    """The sum of the verifier."""
    a, b, g, chi = (words_of(case, name) for name in ("wordsA", "wordsB", "wordsG", "chi"))
    total = proof.verifier_sum(a, b, g, words_of(case, "key")[0], chi)
    return {"out": np.array([total], np.uint64).tobytes().hex()}


def range_proof(case: Case) -> dict[str, Any]:
    """What a prover sends of one claim without covers."""
    field = field_by_name(case.params["field"])
    shape = (len(case.test["values"]) // (2 * field.element_bytes),)
    u, v, chi = (elements(case, name, field, case.test[name], shape) for name in ("values", "tags", "chi"))
    alpha = elements(case, "alpha", field, case.test["alpha"], ())
    sums = field.zeros(case.test["below"])
    for k, terms in enumerate(coefficients(u, v, case.test["below"])):
        sums[k] = chi.dot(terms)
    return {"sums": sums.to_bytes().hex(), "atAlpha": at_alpha(sums, alpha).to_bytes().hex()}
