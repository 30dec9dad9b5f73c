"""Authentication, triples, squares, bits, masks, and the dealer: preprocessing/."""

from __future__ import annotations

from tests.mutation.mutant import Mutant, mutant, mutant_of

AUTHENTICATE = "preprocessing/mascot/authenticate.py"
TRIPLES = "preprocessing/mascot/triples.py"
SQUARES = "preprocessing/mascot/squares_bits.py"
SHARES = "preprocessing/mascot/masks.py"
ATTACK_COPEE = "tests/attacks/test_copee.py"
ATTACK_TRIPLES = "tests/attacks/test_triples.py"
ATTACK_OPENINGS = "tests/attacks/test_openings.py"
PRIVACY = "tests/preprocessing/test_privacy.py"
MASKS = "tests/preprocessing/test_masks_of_checks.py"

_AUTHENTICATE: tuple[Mutant, ...] = (
    mutant(
        "authenticate-check",
        f"{AUTHENTICATE}::_check",
        'await checked(ctx, "check", open_combination, AUTHENTICATE_CHECK, turn=turn)',
        'await open_combination(ctx.child("check", type(ctx.unverified)()))',
        "inconsistent COPEe inputs are taken",
        ATTACK_COPEE,
    ),
    mutant(
        "authenticate-mask",
        f"{AUTHENTICATE}::enter",
        "FieldArray.concatenate([values, ctx.random(1)])",
        "FieldArray.concatenate([values, ctx.field.zeros((1,))])",
        "the opened combination of the authenticate check is not masked",
        f"{MASKS} {PRIVACY}",
    ),
    mutant(
        "authenticate-mask-not-used",
        f"{AUTHENTICATE}::_check",
        "chi[-1] = 1",
        "chi[-1] = 0",
        "the mask of the authenticate check has coefficient zero",
        f"{MASKS} {PRIVACY}",
    ),
    mutant(
        "authenticate-zero-sharing",
        f"{AUTHENTICATE}::_with_zero_share",
        "value = value + added - subtracted",
        "value = value + added - added + subtracted - subtracted",
        "the opened shares show what each party contributed",
        "tests/attacks/test_key_shares.py",
    ),
    mutant(
        "key-share-check",
        f"{AUTHENTICATE}::check_key_shares",
        "if ctx.parties > 2:",
        "if ctx.parties > 3:",
        "three parties may use different key shares towards different peers",
        "tests/attacks/test_key_shares.py tests/attacks/test_copee.py",
    ),
    mutant(
        "key-share-check-not-called",
        "preprocessing/mascot/generator.py::MascotPreprocessing.set_up",
        '        await check_key_shares(ctx.child("key_check"), self._links)\n',
        "",
        "the key shares are never checked",
        "tests/attacks/test_key_shares.py tests/adversary/test_late.py",
    ),
)

_TRIPLES: tuple[Mutant, ...] = (
    mutant(
        "sacrifice-check",
        f"{TRIPLES}::sacrifice",
        'await checked(ctx, "sacrifice", compare, SACRIFICE_CHECK, turn=turn)',
        'await compare(ctx.child("sacrifice", type(ctx.unverified)()))',
        "wrong triples are taken",
        ATTACK_TRIPLES,
    ),
    mutant(
        "sacrifice-sigma",
        f"{TRIPLES}::sacrifice",
        "        claim_zero(scope, sigma)\n",
        "",
        "that sigma is zero is not checked",
        ATTACK_TRIPLES,
    ),
    mutant(
        "sacrifice-of-the-first-triple",
        f"{TRIPLES}::sacrifice",
        "claim_zero(scope, sigma)",
        "claim_zero(scope, sigma[:1])",
        "only the first triple of a batch is checked",
        ATTACK_TRIPLES,
    ),
    mutant(
        "sacrifice-without-c",
        f"{TRIPLES}::sacrifice",
        "sigma = c * t - c_hat - b * rho",
        "sigma = (a * t - a_hat) * 0 + (c - c)",
        "the sacrifice compares nothing",
        ATTACK_TRIPLES,
    ),
    mutant(
        "squares-check",
        f"{SQUARES}::make_squares",
        'await checked(ctx, "openings", lambda scope: _squares(scope, triples))',
        'await _squares(ctx.child("openings", type(ctx.unverified)()), triples)',
        "squares are used without their check",
        ATTACK_OPENINGS,
    ),
    mutant(
        "bits-check",
        f"{SQUARES}::_bits",
        'await checked(ctx, "openings", open_squares)',
        'await open_squares(ctx.child("openings", type(ctx.unverified)()))',
        "bits are used without their check",
        ATTACK_OPENINGS,
    ),
    mutant(
        "bits-of-zero",
        f"{SQUARES}::_bits",
        "kept = ~opened.is_zero()",
        "kept = opened.is_zero() | ~opened.is_zero()",
        "a bit is made of a = 0",
        "tests/preprocessing/test_mascot.py tests/preprocessing",
    ),
    mutant_of(
        "masks-not-shared",
        SHARES,
        [
            (
                "additive",
                "return ctx.field.sample(links[owner].shares_from.fill, (count,))",
                "return ctx.field.zeros((count,))",
            ),
            (
                "additive",
                "        value = value - ctx.field.sample(links[peer].shares_to.fill, (count,))\n",
                "        pass\n",
            ),
        ],
        "opening a sum of inputs shows the single ones",
        MASKS,
    ),
)

_DEALER: tuple[Mutant, ...] = (
    mutant(
        "dealer-request-comparison",
        "preprocessing/dealer/dealer.py::_receive_request",
        "if received[party] != received[0]:",
        "if False:",
        "the dealer answers although the parties ask for different things",
        "tests/preprocessing/test_dealer.py",
    ),
    mutant(
        "dealer-request-canonical",
        "preprocessing/dealer/wire.py::RequestCodec.decode",
        "if self.encode(request) != buffer:",
        "if False:",
        "a request has several encodings",
        "tests/preprocessing/test_dealer.py",
    ),
    mutant(
        "dealer-request-limits",
        "preprocessing/dealer/wire.py::RequestCodec.decode",
        "if fault is not None:",
        "if False:",
        "the dealer makes as much as a request says, whatever that is",
        "tests/preprocessing/test_dealer.py",
    ),
    mutant(
        "dealer-two-conversations",
        "preprocessing/dealer/dealer.py::DealerPreprocessing._talking",
        "stream, self._stream = self._stream, None",
        "stream = self._stream",
        "two requests at a time read the same part of the stream",
        "tests/preprocessing/test_dealer.py",
    ),
    mutant(
        "dealer-keeps-its-secrets",
        "preprocessing/dealer/dealer.py::dealer_service",
        "        keys.wipe()\n        for stream in streams:\n            stream.wipe()\n",
        "        pass\n",
        "the dealer keeps the MAC key and the streams after the end",
        "tests/preprocessing/test_dealer.py",
    ),
)

MUTANTS: tuple[Mutant, ...] = (*_AUTHENTICATE, *_TRIPLES, *_DEALER)
