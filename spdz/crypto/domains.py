"""One tag for each use of a hash, so that no two uses can ever be given the same input.

A tag is the first thing inside every labelled hash (`spdz.crypto.hashing`). A value computed for one purpose, a
commitment for example, therefore never equals one computed for another, a coin or a key, whatever a peer puts into it.
A new use gets a new member; the value of a member never changes, for it is part of the protocol version.
"""

from __future__ import annotations

from enum import Enum, unique


@unique
class Domain(Enum):
    """The purpose of a hash. Deliberately not a `bytes` subclass: a tag cannot slip in where a payload belongs."""

    # Agreement before and during a session.
    SESSION_ID = b"session id"
    SESSION_PARAMETERS = b"session parameters"
    TRANSCRIPT = b"transcript"

    # Commitments and coins.
    COMMITMENT = b"commitment"
    COIN_TOSS = b"coin toss"
    PRG_KEY = b"prg key"

    # Oblivious transfer.
    HASH_TO_GROUP = b"hash to group"
    BASE_OT_KEY = b"base ot key"
    OT_HASH_KEY = b"ot hash key"
    BIT_HASH_KEY = b"bit ot hash key"
    GGM_KEYS = b"ggm keys"
    OT_TREE_LEAF = b"ot tree leaf"
    OT_TREE_CHECK = b"ot tree check"
    SEED_EXPANSION = b"seed expansion"

    # Silent VOLE.
    LPN_CODE = b"lpn code"

    # Ring-LWE.
    LATTICE_PUBLIC = b"lattice public elements"
    LATTICE_PROOF = b"lattice proof"
    LATTICE_CHALLENGE = b"lattice challenge"

    # Material and its makers.
    MATERIAL_ID = b"material id"
    DEALER_SEED = b"dealer seed"

    # Tests only: see `spdz.crypto.randomness`.
    TEST_RANDOMNESS = b"test randomness"
