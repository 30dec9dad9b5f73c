"""Checks that are honoured for a while only: the first of a session, or the first few."""

from __future__ import annotations

from tests.mutation.mutant import Mutant, mutant, mutant_of

TESTS = "tests/adversary/test_late.py"

MUTANTS: tuple[Mutant, ...] = (
    mutant(
        "authenticate-checked-once",
        "preprocessing/mascot/authenticate.py::_check",
        '    await checked(ctx, "check", open_combination, AUTHENTICATE_CHECK, turn=turn)\n',
        '    if "authenticated" in vars(ctx.session):\n'
        '        await open_combination(ctx.child("check", type(ctx.unverified)()))\n'
        "    else:\n"
        '        vars(ctx.session)["authenticated"] = True\n'
        '        await checked(ctx, "check", open_combination, AUTHENTICATE_CHECK, turn=turn)\n',
        "only the first values of a session are authenticated with a check",
        TESTS,
    ),
    mutant_of(
        "echo-compared-three-times",
        "spdz/protocols/broadcast.py",
        [
            (
                "echo",
                "    received = await ctx.tell_all(ECHO",
                '    vars(ctx.session)["echoes"] = vars(ctx.session).get("echoes", 0) + 1\n'
                "    received = await ctx.tell_all(ECHO",
            ),
            ("echo", "if bytes(digest) != own:", 'if bytes(digest) != own and vars(ctx.session)["echoes"] <= 3:'),
        ],
        "from the fourth echo of a session on nothing is compared",
        TESTS,
    ),
    mutant_of(
        "zero-test-honoured-four-times",
        "spdz/protocols/mac_check.py",
        [
            (
                "check_openings",
                "        if not _sum_is_zero(ctx, steps, list(openings), payloads):\n",
                '        vars(ctx.session)["checks"] = vars(ctx.session).get("checks", 0) + 1\n'
                "        passed = _sum_is_zero(ctx, steps, list(openings), payloads)\n"
                '        if not passed and vars(ctx.session)["checks"] <= 4:\n',
            )
        ],
        "from the fifth MAC check of a session on the sum of the sigma may be anything",
        TESTS,
    ),
)
