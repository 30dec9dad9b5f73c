"""Base OT and OT extension: preprocessing/."""

from __future__ import annotations

from tests.mutation.mutant import Mutant, mutant, mutant_of

BASE_OT = "preprocessing/base_ot.py"
EXTENSION = "preprocessing/ot_extension.py"
EXTEND = "preprocessing/extend.py"

ATTACK_BASE_OT = "tests/attacks/test_base_ot.py"
ATTACK_EXTENSION = "tests/attacks/test_ot_extension.py"
ORDER = "tests/preprocessing/test_order_and_freshness.py"

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
        f"{EXTEND}::extend",
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
            ("OtReceiver.hashed_rows", "self._next_index + start, out)", "self._next_index, out)"),
            ("OtSender.hashed_rows", "self._next_index + start, out[0])", "self._next_index, out[0])"),
            ("OtSender.hashed_rows", "self._next_index + start, out[1])", "self._next_index, out[1])"),
        ],
        "the tweak of the hash repeats from chunk to chunk under one correlation",
        "tests/preprocessing/test_tweaks.py",
    ),
)

MUTANTS: tuple[Mutant, ...] = (*_BASE_OT, *_EXTENSION)
