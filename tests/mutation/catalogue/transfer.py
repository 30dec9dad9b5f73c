"""Base OT, OT trees and OT extension: preprocessing/."""

from __future__ import annotations

from tests.mutation.mutant import Mutant, mutant, mutant_of

BASE_OT = "preprocessing/ot/base.py"
EXTENSION = "preprocessing/ot/extension.py"
ROWS = "preprocessing/ot/rows.py"
EXTEND = "preprocessing/mascot/extend.py"
TREES = "preprocessing/ot/trees.py"

ATTACK_BASE_OT = "tests/attacks/test_base_ot.py"
ATTACK_EXTENSION = "tests/attacks/test_ot_extension.py"
ATTACK_TREES = "tests/attacks/test_ot_trees.py"
TEST_TREES = "tests/preprocessing/test_ot_trees.py"
ORDER = "tests/preprocessing/test_order_and_freshness.py"
OVERWRITTEN = "tests/preprocessing/test_overwritten.py"

_PLACE = "(*instance.name, receiver, sender, index, slot, *points, sender_point)"
_HASHED = """receiver, sender, index, slot, other)
    return group.hash_to_point(*parts, session_id=ctx.session.session_id"""

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
            ("receiver", "receiver, "),
            ("sender", " sender,"),
            ("index", " index,"),
            ("slot", " slot,"),
            ("other-point", ", other"),
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
        "*parts, session_id=session_id)",
        "*parts)",
        "the derivation of a key does not hold the session",
        "tests/preprocessing/test_base_ot.py",
    ),
)

_LEAF_PLACE = {
    "holder": ("place.holder, place.dealer, tree)", "place.dealer, tree)"),
    "dealer": ("place.holder, place.dealer, tree)", "place.holder, tree)"),
    "tree": ("place.holder, place.dealer, tree)", "place.holder, place.dealer)"),
    "leaf": ("trees[tree] + indices[leaf]", "trees[tree]"),
    "session": (", session_id=place.session_id)", ")"),
}
_CHECKED = """place.holder, place.dealer, np.ascontiguousarray(checks).tobytes())
    return labelled_hash(Domain.OT_TREE_CHECK, *parts, session_id=place.session_id"""

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
        "all-but-one-sums-not-masked",
        "preprocessing/ot/all_but_one.py",
        [
            ("deal", "    masked[:, 0] ^= pads[0]\n    masked[:, 1] ^= pads[1]\n", ""),
            ("hold", " ^ pads\n", "\n"),
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
            before,
            after,
            f"the hash of a leaf does not hold the {name}",
            TEST_TREES,
        )
        for name, (before, after) in _LEAF_PLACE.items()
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
            ("holder", "place.holder, "),
            ("dealer", "place.dealer, "),
            ("session", ", session_id=place.session_id"),
        )
    ),
)

_EXTENSION: tuple[Mutant, ...] = (
    mutant(
        "ot-check",
        f"{EXTENSION}::CorrelatedRows.check",
        "if difference.any():",
        "if False:",
        "different choice bits in different columns are taken",
        ATTACK_EXTENSION,
    ),
    mutant(
        "ot-check-not-called",
        f"{EXTEND}::extend_choices",
        "        extension.sent[peer].check(_key(coins, peer, ctx.party), received[peer], peer)\n",
        "        pass\n",
        "the OT check never runs",
        ATTACK_EXTENSION,
    ),
    mutant(
        "ot-check-first-column-only",
        f"{EXTENSION}::CorrelatedRows.check",
        "if difference.any():",
        "if difference[:1].any():",
        "one of the 128 columns is checked",
        ATTACK_EXTENSION,
    ),
    mutant(
        "ot-check-last-column-left-out",
        f"{EXTENSION}::CorrelatedRows.check",
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
                "ChosenRows.digests",
                "UniversalHash(key, self.choices.size)",
                "UniversalHash(key, self.choices.size - 16)",
            ),
            ("ChosenRows.digests", "hasher.digest(t.data)", "hasher.digest(t[:-16].data)"),
            ("ChosenRows.digests", "hasher.digest(self.choices.data)", "hasher.digest(self.choices[:-16].data)"),
            ("CorrelatedRows.check", "self.columns.shape[1])", "self.columns.shape[1] - 16)"),
            ("CorrelatedRows.check", "hasher.digest(q.data)", "hasher.digest(q[:-16].data)"),
        ],
        "the last rows of an extension, and with them the mask, are not in the check",
        f"tests/preprocessing/test_ot_extension.py {ATTACK_EXTENSION}",
    ),
    mutant_of(
        "ot-check-head-not-hashed",
        EXTENSION,
        [
            (
                "ChosenRows.digests",
                "UniversalHash(key, self.choices.size)",
                "UniversalHash(key, self.choices.size - 16)",
            ),
            ("ChosenRows.digests", "hasher.digest(t.data)", "hasher.digest(t[16:].data)"),
            ("ChosenRows.digests", "hasher.digest(self.choices.data)", "hasher.digest(self.choices[16:].data)"),
            ("CorrelatedRows.check", "self.columns.shape[1])", "self.columns.shape[1] - 16)"),
            ("CorrelatedRows.check", "hasher.digest(q.data)", "hasher.digest(q[16:].data)"),
        ],
        "the first rows of an extension are not in the check",
        ATTACK_EXTENSION,
    ),
    mutant(
        "ot-check-mask",
        f"{EXTENSION}::_with_mask",
        "    randomness.fill(own[choices.size :].data)\n",
        "    own[choices.size :] = 0\n",
        "the digest of the choice bits is not masked and tells about a",
        "tests/preprocessing/test_ot_extension.py",
    ),
    mutant(
        "ot-streams-stay-in-the-buffer",
        f"{EXTENSION}::OtEnd.closed",
        "        self.streams.clear()\n",
        "",
        "pieces of the streams of leaves outlive the extension",
        "tests/preprocessing/test_ot_extension.py",
    ),
    mutant(
        "ot-columns-survive",
        f"{EXTENSION}::OtEnd.wipe",
        "            rows.finish()\n",
        "            pass\n",
        "a session that ends inside an extension leaves its columns in memory",
        "tests/preprocessing/test_ot_extension.py",
    ),
    mutant(
        "ot-choices-survive",
        f"{EXTENSION}::ChosenRows.overwrite",
        "        self.choices.fill(0)\n",
        "",
        "choice bits outlive the extension",
        "tests/preprocessing/test_ot_extension.py",
    ),
    mutant(
        "ot-columns-of-an-extension-survive",
        f"{ROWS}::ExtensionRows.overwrite",
        "        self.columns.fill(0)\n",
        "",
        "columns outlive the extension",
        "tests/preprocessing/test_ot_extension.py",
    ),
    mutant(
        "ot-rows-read-after-the-end",
        f"{ROWS}::ExtensionRows.finish",
        "        self._columns = None\n",
        "",
        "rows of an extension that is over can be read",
        "tests/preprocessing/test_ot_extension.py",
    ),
    mutant(
        "ot-hashes-of-an-extension-survive",
        f"{ROWS}::HashedRows.overwrite",
        "        self.hash.wipe()\n",
        "",
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
    mutant(
        "ot-index-starts-again",
        f"{EXTENSION}::OtEnd._new_index",
        "self._next_index + 8 * length",
        "self._next_index",
        "the tweak of the hash repeats from batch to batch under one correlation",
        ORDER,
    ),
    mutant(
        "ot-hash-key-of-the-world",
        "spdz/crypto/tweakable_hash.py::hash_key",
        "*place, session_id=session_id)",
        "0)",
        "one table of images serves against every OT ever made",
        "tests/crypto/test_tweakable_hash.py",
    ),
    mutant(
        "ot-hash-key-of-all-extensions",
        f"{EXTENSION}::OtEnd._new_index",
        "hash_key(*self._place, first, ",
        "hash_key(*self._place, 0, ",
        "the hash of all extensions of a pair has one key",
        "tests/preprocessing/test_ot_extension.py",
    ),
    mutant(
        "ot-hash-key-of-all-sessions",
        "preprocessing/mascot/links.py::set_up",
        "    links, session_id = Links({}), ctx.session.session_id\n",
        "    links, session_id = Links({}), bytes(32)\n",
        "the hash has the same keys in every session",
        "tests/preprocessing/test_order_and_freshness.py",
    ),
    mutant_of(
        "ot-index-of-each-chunk",
        EXTENSION,
        [
            (
                "ReceiverRows.hash_halves",
                "first_index = self.index_of(start, use)",
                "first_index = self.index_of(0, use)",
            ),
            (
                "SenderRows.hash_halves",
                "first_index = self.index_of(start, use)",
                "first_index = self.index_of(0, use)",
            ),
        ],
        "the tweak of the hash repeats from chunk to chunk under one correlation",
        "tests/preprocessing/test_tweaks.py",
    ),
)

MUTANTS: tuple[Mutant, ...] = (*_BASE_OT, *_TREES, *_EXTENSION)
