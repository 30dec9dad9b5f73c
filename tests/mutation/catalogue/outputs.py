"""Outputs, what masks what is opened, comparisons, and what is published: spdz/protocols, online/."""

from __future__ import annotations

from tests.mutation.mutant import Mutant, mutant, mutant_of

OUTPUT = "spdz/protocols/output.py"
HANDSHAKE = "spdz/protocols/handshake.py"
OPENINGS = "tests/attacks/test_openings.py"
MASKED = "tests/online/test_what_leaves_is_masked.py"

_OUTPUT: tuple[Mutant, ...] = (
    mutant(
        "output-check-before",
        f"{OUTPUT}::output",
        "    await check_openings(ctx)\n    opened",
        "    opened",
        "an output is opened before what it depends on is checked",
        "tests/attacks/test_openings.py tests/online/test_rounds.py",
    ),
    mutant(
        "output-check-after",
        f"{OUTPUT}::output",
        "    await check_openings(ctx)\n    return opened",
        "    return opened",
        "an output is released before its own check",
        OPENINGS,
    ),
    mutant_of(
        "output-to-one-unmasked",
        OUTPUT,
        [
            (
                "output_together_to",
                "    hidden = [share - mask for share, mask in pairs]\n",
                "    hidden = [share for share, mask in pairs]\n",
            ),
            (
                "output_together_to",
                "        ctx.session.domains.of(share).add_into(values, mask.clear)\n",
                "        pass\n",
            ),
        ],
        "a private output is opened to everybody",
        MASKED,
    ),
    mutant(
        "input-unmasked",
        "online/operations/inputs.py::share_input",
        "    difference = None if values is None or masks.clear is None else values - masks.clear\n",
        "    difference = values\n    masks = InputMasks(masks.share - masks.share, None)\n",
        "an input is broadcast in the clear",
        MASKED,
    ),
    mutant(
        "product-unmasked",
        "online/operations/products.py::multiply",
        "    a, b, c = triples\n",
        "    a, b, c = triples[0] - triples[0], triples[1] - triples[1], triples[2] - triples[2]\n",
        "the factors of a product are opened in the clear",
        MASKED,
    ),
    mutant(
        "product-masked-on-one-side",
        "online/operations/products.py::multiply",
        "    a, b, c = triples\n",
        "    a, b, c = triples[0], triples[1] - triples[1], triples[2] - triples[2]\n",
        "the second factor of a product is opened in the clear",
        MASKED,
    ),
    mutant(
        "square-unmasked",
        "online/operations/products.py::square",
        "    a, a_squared = squares\n",
        "    a, a_squared = squares[0] - squares[0], squares[1] - squares[1]\n",
        "what is squared is opened in the clear",
        MASKED,
    ),
    mutant(
        "matrix-product-unmasked",
        "online/operations/matrices.py::matmul",
        "    a, b, c = triple\n",
        "    a, b, c = triple[0] - triple[0], triple[1] - triple[1], triple[2] - triple[2]\n",
        "the factors of a matrix product are opened in the clear",
        MASKED,
    ),
)

_COMPARISONS: tuple[Mutant, ...] = (
    mutant(
        "handshake-readable",
        f"{HANDSHAKE}::_decode",
        '        raise MalformedMessage(f"the hello message of {name} is not readable", '
        "step=HELLO.name, blamed=peer)\n",
        "        pass\n",
        "a hello message may hold anything",
        "tests/protocols/test_handshake.py",
    ),
    mutant(
        "handshake-confirmation",
        f"{HANDSHAKE}::agree_on_parameters",
        "if bytes(theirs) != session_id:",
        "if False:",
        "parties with different session ids go on",
        "tests/protocols/test_handshake.py",
    ),
    mutant(
        "handshake-comparison",
        f"{HANDSHAKE}::agree_on_parameters",
        "        _compare(mine, _decode(peer, name, bytes(payload[NONCE_BYTES:])), name)\n",
        "        _decode(peer, name, bytes(payload[NONCE_BYTES:]))\n",
        "different fields, versions and programs are not named",
        "tests/protocols/test_handshake.py",
    ),
    mutant(
        "handshake-unknown-names",
        f"{HANDSHAKE}::_compare",
        "for name in (*mine, *(name for name in theirs if name not in mine)):",
        "for name in mine:",
        "a parameter that only the peer knows is ignored",
        "tests/protocols/test_handshake.py",
    ),
    mutant(
        "handshake-session-id-of-one",
        f"{HANDSHAKE}::agree_on_parameters",
        "*(nonces[endpoint] for endpoint in sorted(nonces))",
        "nonces[0]",
        "party 0 alone chooses the session id, and can repeat one",
        "tests/protocols/test_session_id.py",
    ),
    mutant(
        "handshake-session-id-constant",
        f"{HANDSHAKE}::agree_on_parameters",
        "nonce = ctx.randomness.bytes(NONCE_BYTES)",
        "nonce = bytes(NONCE_BYTES)",
        "all sessions have the same id",
        "tests/protocols/test_handshake.py",
    ),
    mutant(
        "plan-comparison",
        "online/plan/agreement.py::agree_on_plan",
        "if bytes(theirs) != mine:",
        "if False:",
        "programs that went different ways are not named",
        "tests/online/test_costs.py",
    ),
    mutant(
        "plan-comparison-of-the-text-alone",
        "online/plan/agreement.py::agree_on_plan",
        "if bytes(theirs) != mine:",
        "if bytes(theirs)[_DIGEST_BYTES:] != mine[_DIGEST_BYTES:]:",
        "a difference beyond the first bytes of a plan is not noticed",
        "tests/online/test_costs.py",
    ),
)

_PUBLISHED: tuple[Mutant, ...] = (
    mutant(
        "published-value-not-echoed-at-once",
        "online/operations/publish.py::publish",
        '    return await checked(ctx, "publish", body)',
        "    return await body(ctx)",
        "parties that were told different things go on until the next output",
        "tests/api/test_publish.py tests/online/test_costs.py",
    ),
    mutant(
        "published-value-not-canonical",
        "spdz/wire/plain.py::decode_plain",
        "    if encode_plain(value) != data:",
        "    if False:",
        "a plain value has several encodings, or something behind it",
        "tests/wire/test_plain.py",
    ),
    mutant(
        "published-value-too-short",
        "spdz/wire/plain.py::_Reader._take",
        "        if len(taken) < count:",
        "        if False:",
        "a plain value may end before its end",
        "tests/wire/test_plain.py",
    ),
    mutant(
        "published-value-too-deep",
        "spdz/wire/plain.py::_Reader.value",
        "        if depth > MAX_DEPTH:",
        "        if False:",
        "a peer's value may exhaust the stack of whoever reads it",
        "tests/wire/test_plain.py",
    ),
    mutant(
        "published-length-unbounded",
        "spdz/wire/plain.py::Length.decode",
        "        if not 1 <= length <= MAX_BYTES:",
        "        if False:",
        "a peer may announce any length, or none",
        "tests/wire/test_plain.py",
    ),
)

MUTANTS: tuple[Mutant, ...] = (*_OUTPUT, *_COMPARISONS, *_PUBLISHED)
