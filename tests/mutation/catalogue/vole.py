"""Silent VOLE: preprocessing/vole*.py, lpn.py."""

from __future__ import annotations

from tests.mutation.mutant import Mutant, mutant

CHECK = "preprocessing/mascot/vole_check.py"
EXTEND = "preprocessing/mascot/vole_extend.py"
STATE = "preprocessing/vole/ends.py"
TREES = "preprocessing/vole/single_point.py"
LPN = "preprocessing/vole/code.py"
AUTHENTICATE = "preprocessing/mascot/authenticate.py"

ATTACK = "tests/attacks/test_vole.py"
HONEST = "tests/preprocessing/test_vole.py"
ORDER = "tests/preprocessing/test_order_and_freshness.py"
COINS = "tests/preprocessing/test_coins_are_tossed.py"
OVERWRITTEN = "tests/preprocessing/test_overwritten.py"

MUTANTS: tuple[Mutant, ...] = (
    mutant(
        "vole-base-check",
        f"{EXTEND}::_check_base",
        "        if not w.equals(v + u * ctx.session.key.share):\n",
        "        if False:\n",
        "inconsistent inputs to the COPEe of the base are taken",
        ATTACK,
    ),
    mutant(
        "vole-base-mask",
        f"{EXTEND}::_check_base",
        "chi[-1] = 1",
        "chi[-1] = 0",
        "the combination of the base that is opened is not masked",
        ATTACK,
    ),
    mutant(
        "vole-base-mask-used-again",
        f"{EXTEND}::make_base",
        "tuple(array[:count] for array in vectors)",
        "tuple(array[-count:] for array in vectors)",
        "the VOLE that masks the combination of the base is used again",
        ATTACK,
    ),
    mutant(
        "vole-trees-not-checked",
        f"{EXTEND}::stretch",
        '    await check_trees(ctx.child("check"), vectors, masks, after=messages)\n',
        "",
        "wrong trees are taken",
        f"{ATTACK} {ORDER}",
    ),
    mutant(
        "vole-response-not-compared",
        f"{CHECK}::_compare",
        "if not response.equals(expected[peer]):",
        "if False:",
        "an inputter that sends another difference is told a multiple of alpha",
        ATTACK,
    ),
    mutant(
        "vole-opening-not-verified",
        f"{CHECK}::_compare",
        "if not verify_opening(session_id, peer, _place(ctx, ctx.party), value, bytes(nonce), commitment):",
        "if False:",
        "a key holder with wrong trees passes",
        ATTACK,
    ),
    mutant(
        "vole-check-not-masked",
        f"{CHECK}::check_trees",
        "[total - mask for total, mask in zip(sums, masks[pair], strict=True)]",
        "[total + mask - mask for total, mask in zip(sums, masks[pair], strict=True)]",
        "the difference tells a combination of the noise",
        f"{ATTACK} {HONEST}",
    ),
    mutant(
        "vole-mask-of-the-check-used-as-noise",
        f"{EXTEND}::stretch",
        "tuple(array[-1:] for array in each)",
        "tuple(array[params.secret : params.secret + 1] for array in each)",
        "the mask of the check is used for something else",
        ATTACK,
    ),
    mutant(
        "vole-places-not-random",
        f"{TREES}::random_paths",
        "randomness.bytes(-(-count // 8))",
        "bytes(-(-count // 8))",
        "the noise stands at places that everybody knows",
        HONEST,
    ),
    mutant(
        "vole-base-used-again",
        f"{STATE}::VoleEnd.add",
        "        self._rebase(made, params)\n",
        "",
        "every extension has the same secret and the same noise values",
        HONEST,
    ),
    mutant(
        "vole-taken-twice",
        f"{STATE}::VoleEnd.take",
        "        self._ready = tuple(array[count:] for array in self._ready)\n",
        "",
        "VOLEs mask two values",
        HONEST,
    ),
    mutant(
        "vole-ready-survive",
        f"{STATE}::VoleEnd.wipe",
        "        _wipe(self._ready)\n",
        "",
        "VOLEs stay in memory after an abort",
        HONEST,
    ),
    mutant(
        "vole-base-survives",
        f"{STATE}::VoleEnd.wipe",
        "        _wipe(self._base)\n",
        "",
        "the base of the next extension stays in memory after an abort",
        HONEST,
    ),
    mutant(
        "vole-in-the-making-survives",
        f"{STATE}::VoleEnd.wipe",
        "        _wipe(self._making)\n",
        "",
        "what an extension works on stays in memory after an abort",
        ATTACK,
    ),
    mutant(
        "vole-key-holder-survives",
        f"{STATE}::VoleLink.wipe",
        "        self.key_holder.wipe()\n",
        "",
        "the key holder's VOLEs stay in memory after an abort",
        HONEST,
    ),
    mutant(
        "vole-link-survives",
        "preprocessing/mascot/links.py::Link.wipe",
        "            self.vole.wipe()\n",
        "            pass\n",
        "no VOLE is wiped",
        HONEST,
    ),
    mutant(
        "vole-one-code-for-all-sessions",
        f"{LPN}::code_seed",
        ", session_id=ctx.session.session_id",
        "",
        "all sessions share one code",
        HONEST,
    ),
    mutant(
        "vole-code-chunks-overlap",
        f"{LPN}::add_code",
        "start * ROW_WORDS * words.itemsize // BLOCK_BYTES",
        "start",
        "rows of the code share words with rows of other chunks, so that their differences have little weight",
        HONEST,
    ),
    mutant(
        "vole-key-holders-trees-survive",
        f"{TREES}::grow",
        "(leaves, seeds, rows, first, second)",
        "(rows, first, second)",
        "roots and leaves of the key holder's trees are left in memory",
        OVERWRITTEN,
    ),
    mutant(
        "vole-key-holders-hashes-survive",
        f"{TREES}::grow",
        "(leaves, seeds, rows, first, second)",
        "(leaves, seeds)",
        "rows and hashes of the key holder's OTs are left in memory",
        OVERWRITTEN,
    ),
    mutant(
        "vole-inputters-trees-survive",
        f"{TREES}::puncture",
        "    for array in (leaves, rows, hashed, sides):\n        array.fill(0)\n",
        "",
        "leaves, rows, hashes and sums of the inputter, which tell the places of its noise, are left in memory",
        OVERWRITTEN,
    ),
    mutant(
        "all-but-one-sums-survive",
        "preprocessing/ot/all_but_one.py::hold",
        "    for array in (mask, sums, paths):\n        array.fill(0)\n",
        "",
        "the sums that a holder chose, which tell its path, are left in memory",
        OVERWRITTEN,
    ),
    mutant(
        "vole-places-survive",
        f"{EXTEND}::_single_points",
        "        paths[peer].fill(0)\n        choices[peer].fill(0)\n",
        "",
        "the places of the noise are left in memory",
        OVERWRITTEN,
    ),
    mutant(
        "vole-commitment-without-place",
        f"{CHECK}::_place",
        'return f"{ctx.path} to {inputter}".encode()',
        'return b""',
        "a commitment of one comparison opens in another",
        ATTACK,
    ),
    mutant(
        "vole-key-of-base-holder-only",
        f"{AUTHENTICATE}::_through_vole",
        "crossed.of[peer] = w + received[peer] * ctx.session.key.share",
        "crossed.of[peer] = w",
        "corrections are not multiplied by the key",
        HONEST,
    ),
)
