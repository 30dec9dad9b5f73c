"""Commitments, group, hashes, generator: spdz/crypto."""

from __future__ import annotations

from tests.mutation.mutant import Mutant, mutant, mutant_of

COMMITMENT = "spdz/crypto/commitment.py"
GROUP = "spdz/crypto/group.py"
TWEAKABLE = "spdz/crypto/tweakable_hash.py"
UNIVERSAL = "spdz/crypto/universal_hash.py"
HASHING = "spdz/crypto/hashing.py"

_COMMITTED = "labelled_hash(Domain.COMMITMENT, label, nonce, payload, session_id=session_id, party=party)"

MUTANTS: tuple[Mutant, ...] = (
    *(
        mutant(
            f"commitment-hash-without-{name}",
            f"{COMMITMENT}::_commitment",
            _COMMITTED,
            _COMMITTED.replace(part, ""),
            f"a commitment is not bound to the {name}",
            "tests/crypto/test_commitment.py",
        )
        for name, part in (
            ("party", ", party=party"),
            ("session", " session_id=session_id,"),
            ("label", " label,"),
            ("nonce", " nonce,"),
            ("payload", " payload,"),
        )
    ),
    mutant(
        "commitment-comparison",
        f"{COMMITMENT}::verify_opening",
        "return hmac.compare_digest(_commitment(session_id, party, label, payload, nonce), commitment)",
        "return True",
        "every opening fits",
        "tests/crypto/test_commitment.py",
    ),
    mutant(
        "commitment-nonce-constant",
        f"{COMMITMENT}::commit",
        "nonce = randomness.bytes(NONCE_BYTES)",
        "nonce = bytes(NONCE_BYTES)",
        "a commitment to a short payload can be searched",
        "tests/crypto/test_commitment.py",
    ),
    mutant(
        "commitment-nonce-length",
        f"{COMMITMENT}::verify_opening",
        "if len(nonce) != NONCE_BYTES:",
        "if False:",
        "a nonce may have any length",
        "tests/crypto/test_nonce_of_a_commitment.py",
    ),
    mutant(
        "group-validation",
        f"{GROUP}::validate",
        "return len(point) == POINT_BYTES and bindings.crypto_core_ed25519_is_valid_point(point)",
        "return len(point) == POINT_BYTES",
        "small-order, non-canonical and identity points are valid",
        "tests/crypto/test_group.py",
    ),
    mutant(
        "group-validation-of-length",
        f"{GROUP}::validate",
        "len(point) == POINT_BYTES and ",
        "",
        "a point of another length is not answered with a refusal",
        "tests/crypto/test_group.py",
    ),
    mutant(
        "group-flawed-library",
        f"{GROUP}::_refuse_unfit_library",
        "if bindings.crypto_core_ed25519_is_valid_point(bindings.crypto_core_ed25519_add(BASE_POINT, _ORDER_TWO)):",
        "if False:",
        "a libsodium that takes points of mixed order is used",
        "tests/crypto/test_group.py",
    ),
    mutant(
        "group-single-map",
        f"{GROUP}::hash_to_point",
        "bindings.crypto_core_ed25519_from_uniform(uniform[POINT_BYTES:]),",
        "bindings.crypto_core_ed25519_from_uniform(bytes(POINT_BYTES)),",
        "the hash to the group is a single map, which is no random oracle",
        "tests/crypto/test_group.py",
    ),
    mutant(
        "group-zero-scalar",
        f"{GROUP}::random_scalar",
        "if scalar != _ZERO_SCALAR:",
        "if True:",
        "a scalar may be zero",
        "tests/crypto/test_group.py",
    ),
    mutant_of(
        "tweakable-hash-without-final-xor",
        TWEAKABLE,
        [
            ("_combine", "outer[row, 0] ^ inner[row, 0] ^ (first_index + np.uint64(row))", "outer[row, 0]"),
            ("_combine", "outer[row, 1] ^ inner[row, 1]", "outer[row, 1]"),
        ],
        "H(x, i) = P(P(x) ^ i), which can be inverted",
        "tests/crypto/test_tweakable_hash.py",
    ),
    mutant_of(
        "tweakable-hash-without-tweak",
        TWEAKABLE,
        [
            ("_xor_indices", "blocks[row, 0] ^= first_index + np.uint64(row)", "blocks[row, 0] ^= np.uint64(0)"),
            ("_combine", " ^ (first_index + np.uint64(row))", ""),
        ],
        "H(x, i) does not depend on i",
        "tests/crypto/test_tweakable_hash.py",
    ),
    mutant(
        "tweakable-hash-index-per-chunk",
        f"{TWEAKABLE}::TweakableHash.hash_rows",
        "np.uint64(first_index + start)",
        "np.uint64(first_index)",
        "the index starts again with every chunk",
        "tests/crypto/test_tweakable_hash.py",
    ),
    mutant(
        "tweakable-hash-index-wraps",
        f"{TWEAKABLE}::_check_index",
        "if first_index < 0 or first_index + count > INDEX_LIMIT:",
        "if False:",
        "the index may wrap around and repeat",
        "tests/crypto/test_tweakable_hash.py",
    ),
    mutant(
        "universal-hash-zero-point",
        f"{UNIVERSAL}::UniversalHash.__init__",
        "if hmac.compare_digest(_hash_point(key), bytes(_BLOCK_BYTES)):",
        "if False:",
        "a key under which every digest is zero is taken",
        "tests/crypto/test_universal_hash.py",
    ),
    mutant(
        "universal-hash-length",
        f"{UNIVERSAL}::UniversalHash.digest",
        "if len(view) != self._length_bytes:",
        "if False:",
        "data of another length is hashed, and the hash is not linear",
        "tests/crypto/test_universal_hash.py",
    ),
    mutant(
        "hash-without-domain",
        f"{HASHING}::_of_header",
        "            _item(_BYTES, domain.value),\n",
        "",
        "hashes of different uses are the same",
        "tests/crypto/test_hashing.py",
    ),
    mutant(
        "hash-without-session",
        f"{HASHING}::_of_header",
        "            _item(_BYTES, session_id),\n",
        "",
        "hashes of different sessions are the same",
        "tests/crypto/test_hashing.py",
    ),
    mutant(
        "hash-without-party",
        f"{HASHING}::_of_header",
        '_item(_NOTHING, b"") if party is None else _integer(party),',
        '_item(_NOTHING, b""),',
        "hashes of different parties are the same",
        "tests/crypto/test_hashing.py",
    ),
    mutant(
        "hash-without-protocol-version",
        f"{HASHING}::_of_header",
        "            _integer(version),\n",
        "",
        "hashes of different protocol versions are the same",
        "tests/crypto/test_hashing.py",
    ),
    mutant(
        "hash-without-lengths",
        f"{HASHING}::_item",
        'return type_byte + len(content).to_bytes(8, "little") + content',
        "return type_byte + content",
        "bytes move from one hashed part to the next",
        "tests/crypto/test_hashing.py",
    ),
    mutant(
        "xof-without-counter",
        f"{HASHING}::_expand",
        "        block.update(counter)\n",
        "",
        "derived output repeats every 32 bytes",
        "tests/crypto/test_hashing.py",
    ),
    mutant(
        "randomness-constant-tail",
        "spdz/crypto/randomness.py::SystemRandomness.fill",
        "Prg(secrets.token_bytes(SEED_BYTES)).fill(view)",
        "Prg(bytes(SEED_BYTES)).fill(view)",
        "long random strings are constants",
        "tests/crypto/test_long_randomness.py",
    ),
    mutant(
        "randomness-test-stream-untainted",
        "spdz/crypto/randomness.py::_DeterministicRandomness.tainted",
        "return True",
        "return False",
        "a session on a known seed does not say so",
        "tests/crypto/test_randomness.py",
    ),
)
