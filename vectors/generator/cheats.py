"""Ways to change a payload, and what a failure of a test with them means."""

from __future__ import annotations

from collections.abc import Callable

from vectors.generator.envelope import Flag
from vectors.generator.field import Field

Change = Callable[[bytes], bytes]

FLAGS: dict[str, Flag] = {
    "Honest": ("BASIC", "Everybody follows the protocol."),
    "TamperedCommitment": (
        "ATTACK",
        "A commitment that its sender cannot open: the coins or sigmas would be open to choice.",
    ),
    "WrongOpening": ("ATTACK", "An opening that does not fit its commitment."),
    "CopiedCommitment": ("ATTACK", "A party's commitment and opening sent back to it as one's own."),
    "EquivocatedCommitment": (
        "ATTACK",
        "Different commitments before different parties; found in the opening, by the digest of all.",
    ),
    "WrongSigma": ("ATTACK", "A well committed sigma that is not what the MAC shares say: the sum is not zero."),
    "WrongShare": ("ATTACK", "A share of an opened value is changed: its MAC does not fit."),
    "WrongEcho": ("ATTACK", "An echo that differs: somebody told different parties different things."),
    "EquivocatedBroadcast": (
        "ATTACK",
        "Different shares to different parties; the echo shows it before coins are tossed.",
    ),
    "NotCanonical": ("ATTACK", "An element of p or above: refused before anything is computed with it."),
    "NotPlain": ("ATTACK", "What is published is not the encoding of a plain value, or not its only one."),
    "WrongLength": ("ATTACK", "What is published has another length than was said, or one that cannot be."),
    "InvalidPoint": ("ATTACK", "A point that is not in the prime-order subgroup, or the identity."),
    "ChosenPoint": (
        "ATTACK",
        "Points chosen against the hash, so that the key would be known: their sum is the identity.",
    ),
    "DifferentParameters": ("ATTACK", "An endpoint says other parameters: named before anything else happens."),
    "WrongSessionId": ("ATTACK", "An endpoint saw, or says, another session id."),
    "MalformedText": ("ATTACK", "A hello message that is no text."),
    "DifferentPlan": ("ATTACK", "A party says that it runs another program."),
    "DifferentRequest": ("ATTACK", "A party asks the dealer for something else."),
    "WrongCorrection": ("ATTACK", "The dealer's answer is changed: MACs do not fit."),
    "WrongTrees": ("ATTACK", "A sum, a total or the hash of the OT trees is changed: seeds would depend on Delta."),
    "WrongColumns": ("ATTACK", "A column of an OT extension holds other choice bits than the others."),
    "WrongDigest": ("ATTACK", "A digest of the OT check is changed."),
    "WrongProduct": ("ATTACK", "A correction of an OT product is changed: a triple does not multiply."),
    "WrongAuthentication": ("ATTACK", "A COPEe correction is changed: what enters depends on single bits of the key."),
    "WrongRange": ("ATTACK", "Digits of an input, or the answer of their proof, are changed: the proof does not fit."),
    "NotBits": ("ATTACK", "A one behind the last bit: refused before anything is computed with it."),
    "NoEffect": (
        "ATTACK",
        "A change that met a key bit for which nothing changes: the guess that the proof allows.",
    ),
    "WrongSeed": (
        "ATTACK",
        "A seed of shares other than its sender uses: the sharing of zero does not add up.",
    ),
    "WrongCombination": ("ATTACK", "The opened combination of authenticate is changed."),
    "WrongBase": ("ATTACK", "VOLEs of the base do not fit: found by their combination."),
    "WrongSums": ("ATTACK", "Sums of trees or totals of VOLEs do not fit: found by the check of the trees."),
    "WrongDifference": ("ATTACK", "A changed x* in the check of VOLEs."),
    "WrongResponse": ("ATTACK", "A changed Z in the check of VOLEs: another value than the key holder has."),
    "WrongRho": ("ATTACK", "The opened value of the sacrifice is changed."),
}


def flip(place: int) -> Change:
    """Flip the lowest bit of one byte."""

    def change(payload: bytes) -> bytes:
        data = bytearray(payload)
        data[place] ^= 1
        return bytes(data)

    return change


def plus(field: Field, index: int = 0, delta: int = 1) -> Change:
    """Add to one element."""

    def change(payload: bytes) -> bytes:
        values = field.decode(payload)
        values[index] = (values[index] + delta) % field.p
        return field.encode(values)

    return change


def unreduced(field: Field, index: int = 0) -> Change:
    """Put p in the place of one element."""

    def change(payload: bytes) -> bytes:
        start = index % (len(payload) // field.width) * field.width
        return payload[:start] + field.p.to_bytes(field.width, "little") + payload[start + field.width :]

    return change


def instead(data: bytes, start: int = 0) -> Change:
    """Overwrite from `start` on."""

    def change(payload: bytes) -> bytes:
        return payload[:start] + data + payload[start + len(data) :]

    return change


def set_top(payload: bytes) -> bytes:
    """Set the highest bit of the last byte."""
    return payload[:-1] + bytes([payload[-1] | 0x80])
