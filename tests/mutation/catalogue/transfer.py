"""Base OT, OT trees and OT extension: preprocessing/."""

from __future__ import annotations

from tests.mutation.mutant import Mutant, mutant, mutant_of

BASE_OT = "preprocessing/ot/base.py"
EXTENSION = "preprocessing/ot/extension.py"
EXTEND = "preprocessing/mascot/extend.py"
TREES = "preprocessing/ot/trees.py"

ATTACK_BASE_OT = "tests/attacks/test_base_ot.py"
ATTACK_EXTENSION = "tests/attacks/test_ot_extension.py"
ATTACK_TREES = "tests/attacks/test_ot_trees.py"
TEST_TREES = "tests/preprocessing/test_ot_trees.py"
ORDER = "tests/preprocessing/test_order_and_freshness.py"
OVERWRITTEN = "tests/preprocessing/test_overwritten.py"

_PLACE = "place = (receiver, sender, index, slot, *points, sender_point)"
_HASHED = '"base ot", receiver, sender, index, slot, other, session_id=ctx.session.session_id'

_BASE_OT: tuple[Mutant, ...] = (
    mutant(
        "base-ot-point-validation",
        f"{BASE_OT}::_exchange_points",
        "if not all(group.validate(point) for point in points):",
        "if False:",
        "points outside the prime-order group are taken",
        ATTACK_BASE_OT,
    ),
    mutant(
        "base-ot-first-point-validated-only",
        f"{BASE_OT}::_exchange_points",
        "for point in points):",
        "for point in points[:1]):",
        "only the first point of a message is validated",
        ATTACK_BASE_OT,
    ),
    mutant(
        "base-ot-identity",
        f"{BASE_OT}::_answer",
        "if group.is_identity(combined):",
        "if False:",
        "points chosen against the hash are not blamed on the receiver",
        ATTACK_BASE_OT,
    ),
    *(
        mutant(
            f"base-ot-hash-without-{name}",
            f"{BASE_OT}::_hash",
            _HASHED,
            _HASHED.replace(part, ""),
            f"the hash to the group does not hold the {name}",
            "tests/preprocessing/test_base_ot.py",
        )
        for name, part in (
            ("receiver", " receiver,"),
            ("sender", " sender,"),
            ("index", " index,"),
            ("slot", " slot,"),
            ("other-point", " other,"),
            ("session", ", session_id=ctx.session.session_id"),
        )
    ),
    *(
        mutant(
            f"base-ot-key-without-{name}",
            f"{BASE_OT}::_key",
            _PLACE,
            _PLACE.replace(part, ""),
            f"the derivation of a key does not hold the {name}",
            "tests/preprocessing/test_base_ot.py",
        )
        for name, part in (
            ("receiver", "receiver, "),
            ("sender", "sender, "),
            ("index", "index, "),
            ("slot", "slot, "),
            ("points", "*points, "),
            ("senders-point", ", sender_point"),
        )
    ),
    mutant(
        "base-ot-key-without-session",
        f"{BASE_OT}::_key",
        "*place, session_id=session_id)",
        "*place)",
        "the derivation of a key does not hold the session",
        "tests/preprocessing/test_base_ot.py",
    ),
)

_LEAF_PLACE = """            place.holder,
            place.dealer,
            tree,
            leaf,
            session_id=place.session_id,
"""
_CHECKED = "Domain.OT_TREE_CHECK, place.holder, place.dealer, data, session_id=place.session_id"

_TREES: tuple[Mutant, ...] = (
    mutant(
        "ot-trees-check",
        f"{TREES}::hold",
        "if not hmac.compare_digest(_digest(place, checks), bytes(message[-HASH_BYTES:])):",
        "if False:",
        "sums that belong to no tree are taken, and which seeds are wrong depends on Delta",
        ATTACK_TREES,
    ),
    mutant(
        "ot-trees-check-first-tree-only",
        f"{TREES}::_digest",
        "np.ascontiguousarray(checks)",
        "np.ascontiguousarray(checks[:1])",
        "only the first tree is in the hash",
        ATTACK_TREES,
    ),
    mutant(
        "ot-trees-check-last-tree-left-out",
        f"{TREES}::_digest",
        "np.ascontiguousarray(checks)",
        "np.ascontiguousarray(checks[:-1])",
        "the last tree is not in the hash",
        ATTACK_TREES,
    ),
    mutant(
        "ot-trees-check-last-leaf-left-out",
        f"{TREES}::_digest",
        "np.ascontiguousarray(checks)",
        "np.ascontiguousarray(checks[:, :-1])",
        "the last leaf of each tree is not in the hash",
        f"{TEST_TREES} {ATTACK_TREES}",
    ),
    mutant(
        "ot-trees-check-tells-the-seed",
        f"{TREES}::_open_leaves",
        "both[:, :, CHECK_BYTES:]",
        "both[:, :, : ggm.SEED_BYTES]",
        "the total of a tree tells its holder the seed that it must not know",
        TEST_TREES,
    ),
    mutant_of(
        "ot-trees-sums-not-masked",
        TREES,
        [
            ("deal", "(sums ^ keys.reshape(sums.shape))", "sums"),
            ("hold", "picked ^ keys, ", "picked, "),
        ],
        "both sums of each level are sent in the clear, so the holder knows whole trees",
        TEST_TREES,
    ),
    mutant(
        "ot-trees-roots",
        f"{TREES}::grow_trees",
        "ctx.randomness.bytes(count * ggm.SEED_BYTES)",
        "bytes(count * ggm.SEED_BYTES)",
        "the roots of the trees are constants",
        TEST_TREES,
    ),
    *(
        mutant(
            f"ot-trees-leaf-without-{name}",
            f"{TREES}::_open_leaves",
            _LEAF_PLACE,
            _LEAF_PLACE.replace(f"            {part},\n", ""),
            f"the hash of a leaf does not hold the {name}",
            TEST_TREES,
        )
        for name, part in (
            ("holder", "place.holder"),
            ("dealer", "place.dealer"),
            ("tree", "tree"),
            ("leaf", "leaf"),
            ("session", "session_id=place.session_id"),
        )
    ),
    *(
        mutant(
            f"ot-trees-hash-without-{name}",
            f"{TREES}::_digest",
            _CHECKED,
            _CHECKED.replace(part, ""),
            f"the hash of all leaves does not hold the {name}",
            TEST_TREES,
        )
        for name, part in (
            ("holder", " place.holder,"),
            ("dealer", " place.dealer,"),
            ("session", ", session_id=place.session_id"),
        )
    ),
)

_EXTENSION: tuple[Mutant, ...] = (
    mutant(
        "ot-check",
        f"{EXTENSION}::OtSender.check",
        "if difference.any():",
        "if False:",
        "different choice bits in different columns are taken",
        ATTACK_EXTENSION,
    ),
    mutant(
        "ot-check-not-called",
        f"{EXTEND}::extend_choices",
        "        links[peer].ot_sender.check(_key(coins, peer, ctx.party), received[peer], peer)\n",
        "        pass\n",
        "the OT check never runs",
        ATTACK_EXTENSION,
    ),
    mutant(
        "ot-check-first-column-only",
        f"{EXTENSION}::OtSender.check",
        "if difference.any():",
        "if difference[:1].any():",
        "one of the 128 columns is checked",
        ATTACK_EXTENSION,
    ),
    mutant(
        "ot-check-last-column-left-out",
        f"{EXTENSION}::OtSender.check",
        "if difference.any():",
        "if difference[:-1].any():",
        "the last column is not checked",
        ATTACK_EXTENSION,
    ),
    mutant_of(
        "ot-check-tail-not-hashed",
        EXTENSION,
        [
            (
                "OtReceiver.digests",
                "UniversalHash(key, self._choices.size)",
                "UniversalHash(key, self._choices.size - 16)",
            ),
            ("OtReceiver.digests", "hasher.digest(t.data)", "hasher.digest(t[:-16].data)"),
            ("OtReceiver.digests", "hasher.digest(self._choices.data)", "hasher.digest(self._choices[:-16].data)"),
            ("OtSender.check", "self._columns.shape[1])", "self._columns.shape[1] - 16)"),
            ("OtSender.check", "hasher.digest(q.data)", "hasher.digest(q[:-16].data)"),
        ],
        "the last rows of an extension, and with them the mask, are not in the check",
        f"tests/preprocessing/test_ot_extension.py {ATTACK_EXTENSION}",
    ),
    mutant_of(
        "ot-check-head-not-hashed",
        EXTENSION,
        [
            (
                "OtReceiver.digests",
                "UniversalHash(key, self._choices.size)",
                "UniversalHash(key, self._choices.size - 16)",
            ),
            ("OtReceiver.digests", "hasher.digest(t.data)", "hasher.digest(t[16:].data)"),
            ("OtReceiver.digests", "hasher.digest(self._choices.data)", "hasher.digest(self._choices[16:].data)"),
            ("OtSender.check", "self._columns.shape[1])", "self._columns.shape[1] - 16)"),
            ("OtSender.check", "hasher.digest(q.data)", "hasher.digest(q[16:].data)"),
        ],
        "the first rows of an extension are not in the check",
        ATTACK_EXTENSION,
    ),
    mutant(
        "ot-check-mask",
        f"{EXTENSION}::OtReceiver.extend",
        "        randomness.fill(self._choices[choices.size :].data)\n",
        "        self._choices[choices.size :] = 0\n",
        "the digest of the choice bits is not masked and tells about a",
        "tests/preprocessing/test_ot_extension.py",
    ),
    mutant_of(
        "ot-streams-stay-in-the-buffer",
        EXTENSION,
        [
            ("OtReceiver.finish", "        self._streams.clear()\n", ""),
            ("OtSender.finish", "        self._streams.clear()\n", ""),
        ],
        "pieces of the streams of leaves outlive the extension",
        "tests/preprocessing/test_ot_extension.py",
    ),
    mutant_of(
        "ot-columns-survive",
        EXTENSION,
        [
            ("OtReceiver.wipe", "        self._columns.fill(0)\n        self._choices.fill(0)\n", ""),
            ("OtSender.wipe", "        self._columns.fill(0)\n", ""),
        ],
        "a session that ends inside an extension leaves its columns in memory",
        OVERWRITTEN,
    ),
    mutant_of(
        "ot-hashes-survive",
        EXTENSION,
        [
            ("OtReceiver.wipe", "        self._hash.wipe()\n", ""),
            ("OtSender.wipe", "        self._hash.wipe()\n", ""),
        ],
        "halves of hashes outlive the session",
        OVERWRITTEN,
    ),
    mutant_of(
        "ot-hashes-of-an-extension-survive",
        EXTENSION,
        [
            ("OtReceiver.finish", "        self._hash.wipe()\n", ""),
            ("OtSender.finish", "        self._hash.wipe()\n", ""),
        ],
        "halves of hashes, which tell the seeds of a slab of Y, outlive the extension",
        OVERWRITTEN,
    ),
    mutant(
        "ot-rows-survive",
        "preprocessing/mascot/multiply.py::_in_chunks",
        "            buffers.wipe()\n",
        "            pass\n",
        "rows and halves of hashes outlive a product",
        OVERWRITTEN,
    ),
    mutant_of(
        "ot-index-starts-again",
        EXTENSION,
        [
            ("OtReceiver.finish", "        self._next_index += 8 * self._choices.size\n", ""),
            ("OtSender.finish", "        self._next_index += 8 * self._columns.shape[1]\n", ""),
        ],
        "the tweak of the hash repeats from batch to batch under one correlation",
        ORDER,
    ),
    mutant_of(
        "ot-index-of-each-chunk",
        EXTENSION,
        [
            ("OtReceiver.hash_halves", "first_index = self._next_index + start", "first_index = self._next_index"),
            ("OtSender.hash_halves", "first_index = self._next_index + start", "first_index = self._next_index"),
        ],
        "the tweak of the hash repeats from chunk to chunk under one correlation",
        "tests/preprocessing/test_tweaks.py",
    ),
)

MUTANTS: tuple[Mutant, ...] = (*_BASE_OT, *_TREES, *_EXTENSION)
