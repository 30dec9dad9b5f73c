"""What a run shows although it is no uniform opening, and that it is counted."""

from __future__ import annotations

from tests.mutation.mutant import Mutant, mutant

HIDING = "online/plan/hiding.py"
TRUNCATION = "online/operations/truncate.py"
SESSION = "online/session.py"

ACCOUNT = "tests/online/test_hiding.py"
DISTANCE = "tests/online/test_truncate.py"

MUTANTS: tuple[Mutant, ...] = (
    mutant(
        "hiding-not-counted",
        f"{SESSION}::Mpc._admit",
        "        self._graph.undoing(self.hiding.spend(distance, node.description))\n",
        "",
        "truncations of a run show more and more",
        ACCOUNT,
    ),
    mutant(
        "hiding-does-not-add-up",
        f"{HIDING}::Hiding.spend",
        "total = self._spent + distance",
        "total = max(self._spent, distance)",
        "each operation alone hides well enough, all together do not",
        ACCOUNT,
    ),
    mutant(
        "hiding-not-refused",
        f"{HIDING}::Hiding.spend",
        "if distance and total > Fraction(1, 1 << self.least):",
        "if distance and total > 1:",
        "a run may show everything but one bit",
        ACCOUNT,
    ),
    mutant(
        "hiding-of-one-opening-only",
        f"{TRUNCATION}::distance",
        "return SUMS * count *",
        "return count *",
        "the sums in which masks were checked are not counted",
        DISTANCE,
    ),
    mutant(
        "hiding-of-one-value-only",
        f"{TRUNCATION}::distance",
        "SUMS * count *",
        "SUMS *",
        "an array shows as much as one value, by the account",
        DISTANCE,
    ),
    mutant(
        "hiding-accepted-by-one-party-alone",
        f"{TRUNCATION}::_text",
        "f\", hidden by {call['statistical_bits']} bits\"",
        '""',
        "one party's program hides worse, and the others do not hear of it",
        ACCOUNT,
    ),
)
