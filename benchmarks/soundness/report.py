"""docs/soundness.md: the tables, and what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from .homogeneity import FAMILY_ERROR, Comparison
from .measure import CONFIDENCE, Measured
from .pages import PAGES, Page
from .statistics import kolmogorov_distance


@dataclass(frozen=True)
class Results:
    """Everything that was measured."""

    rows: list[Measured]
    honest: list[Comparison]
    leaky: list[Comparison]
    seconds: float

    @property
    def tests(self) -> int:
        """p-values of the honest protocols; the Bonferroni factor."""
        return sum(len(tested.p_values) for tested in self.honest)

    @property
    def p_values(self) -> list[float]:
        return [p for tested in self.honest for p in tested.p_values.values()]

    def complaints(self) -> list[str]:
        """Everything that is not as it should be."""
        lines = [f"rate outside its interval: {_name(row)}" for row in self.rows if not row.consistent]
        lines += [f"rate above its bound: {_name(row)}" for row in self.rows if not row.within_bound]
        lines += [
            f"view depends on inputs: {tested.case.title}" for tested in self.honest if tested.flagged(self.tests)
        ]
        return lines + [
            f"leaky variant not noticed: {tested.case.title}" for tested in self.leaky if not tested.flagged(self.tests)
        ]

    def summary(self) -> str:
        """One line."""
        consistent = sum(row.as_predicted for row in self.rows)
        clean = sum(not tested.flagged(self.tests) for tested in self.honest)
        flagged = sum(tested.flagged(self.tests) for tested in self.leaky)
        return (
            f"{consistent} of {len(self.rows)} cheats as predicted; {clean} of {len(self.honest)} protocols without a "
            f"sign of dependence; {flagged} of {len(self.leaky)} leaky variants flagged"
        )


def report(results: Results, seed: str, day: date, arguments: str = "", page: Page = PAGES["field"]) -> str:
    """The whole document."""
    texts = page.texts
    runs = sum(row.runs for row in results.rows)
    head = texts.HEAD.format(
        day=day, seed=seed, mode=arguments, runs=runs, tests=results.tests, summary=results.summary()
    )
    below = [sum(p < limit for p in results.p_values) for limit in (0.1, 0.01, 0.001)]
    privacy = texts.PRIVACY.format(
        tests=results.tests,
        error=FAMILY_ERROR,
        threshold=f"{FAMILY_ERROR / results.tests:.1e}",
        below_10=below[0],
        below_1=below[1],
        below_01=below[2],
        tenth=results.tests / 10,
        hundredth=results.tests / 100,
        thousandth=results.tests / 1000,
        distance=f"{kolmogorov_distance(results.p_values):.3f}",
    )
    parts = [
        head,
        texts.RATES.format(confidence=f"{CONFIDENCE:.1%}"),
        _rates_table(results.rows),
        privacy,
        _privacy_table(results.honest, results.tests, "sign of dependence"),
        "\nThe leaky variants, under the same tests and the same threshold:\n",
        _privacy_table(results.leaky, results.tests, "flagged"),
        texts.TAIL,
    ]
    return "\n".join(parts)


def _name(row: Measured) -> str:
    return f"{row.cheat.title} ({row.cheat.field}, n = {row.cheat.parties})"


def _rates_table(rows: Sequence[Measured]) -> str:
    lines = [
        "| cheat | field | n | runs | successes | rate | 99.9 % interval | predicted | bound | verdict |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        cheat, (low, high) = row.cheat, row.interval
        verdict = "consistent" if row.as_predicted else "**NOT AS PREDICTED**"
        if row.first is not None:
            verdict += f"; measured again after {row.first[0]} of {row.first[1]}"
        lines.append(
            f"| {cheat.title} | {cheat.field} | {cheat.parties} | {row.runs} | {row.successes} | {_rate(row.rate)} "
            f"| {_rate(low)} to {_rate(high)} | {cheat.formula} = {_rate(cheat.predicted)} "
            f"| {cheat.bound_formula} = {_rate(cheat.bound)} | {verdict}{' (control)' if cheat.control else ''} |"
        )
    return "\n".join(lines)


def _rate(value: float) -> str:
    return f"{value:.6f}" if value < 0.001 else f"{value:.4f}"


def _p(value: float) -> str:
    return "1" if value == 1 else f"{value:.1e}" if value > 1e-300 else "< 1e-300"


def _privacy_table(results: Sequence[Comparison], tests: int, question: str) -> str:
    lines = [
        f"| protocol | n | samples per input | tests | smallest p | corrected | found in | {question} |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for tested in results:
        where = min(tested.p_values, key=lambda place: tested.p_values[place])
        coalition = ", ".join(map(str, where[1]))
        lines.append(
            f"| {tested.case.title} | {tested.parties} | {tested.samples} "
            f"| {len(tested.p_values)} | {_p(tested.smallest)} | {_p(min(1.0, tested.smallest * tests))} "
            f"| n = {where[0]}, coalition {{{coalition}}}: {where[2]} "
            f"| {'**yes**' if tested.flagged(tests) else 'no'} |"
        )
    return "\n".join(lines)
