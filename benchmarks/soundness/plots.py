"""The two plots: measured rates against bounds, and the distribution of the p-values."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10

from .homogeneity import FAMILY_ERROR, Comparison
from .measure import Measured
from .svg import Drawing

BLUE, RED, GREY, LIGHT = "#1f5fa8", "#c0392b", "#888", "#9dbbe0"
ROW = 17
LEFT, RIGHT, TOP = 470, 40, 60
DECADES = 5
QUANTILES = 100
"""Points of a quantile plot."""


def rates(rows: Sequence[Measured]) -> str:
    """One line for each cheat: interval and rate in blue, prediction as a black tick, bound in red; log scale."""
    width, bottom = 1040, TOP + ROW * len(rows)
    drawing = Drawing(width, bottom + 45)
    drawing.text(10, 22, "Success of each cheat: measured rate with 99.9 % interval, predicted rate, bound", size=14)
    drawing.text(10, 42, "blue: measured (no dot: never succeeded); black tick: predicted; red: bound")

    def place(rate: float) -> float:
        return LEFT + (width - LEFT - RIGHT) * (1 + max(-1.0, log10(max(rate, 1e-9)) / DECADES))

    for decade in range(DECADES + 1):
        x = place(10.0**-decade)
        drawing.line(x, TOP - 6, x, bottom, "#ddd")
        drawing.text(x, bottom + 18, "1" if decade == 0 else f"10^-{decade}", "middle")
    drawing.text((LEFT + width - RIGHT) / 2, bottom + 38, "probability that no honest party notices", "middle")
    for number, row in enumerate(rows):
        _rate(drawing, row, TOP + ROW * number + ROW / 2, place)
    return drawing.render()


def _rate(drawing: Drawing, row: Measured, y: float, place) -> None:  # type: ignore[no-untyped-def]
    cheat = row.cheat
    drawing.text(LEFT - 12, y + 4, f"{cheat.title} ({cheat.field}, n = {cheat.parties})", "end", 10)
    low, high = row.interval
    drawing.line(place(low), y, place(high), y, LIGHT, 5)
    drawing.line(place(cheat.bound), y - 7, place(cheat.bound), y + 7, RED, 2)
    drawing.line(place(cheat.predicted), y - 4, place(cheat.predicted), y + 4, "#000", 2)
    if row.successes:
        drawing.circle(place(row.rate), y, BLUE)


def quantile_ranks(count: int) -> list[int]:
    """At most QUANTILES ranks out of `count`, ever further apart, as a log scale shows them."""
    return sorted({min(count - 1, round(count ** (step / (QUANTILES - 1))) - 1) for step in range(QUANTILES)})


def p_values(honest: Sequence[Comparison], leaky: Sequence[Comparison]) -> str:
    """A histogram of the p-values of the honest protocols, and a quantile plot against uniform ones."""
    drawing = Drawing(1000, 440)
    values = sorted(p for tested in honest for p in tested.p_values.values())
    _histogram(drawing, values)
    _quantiles(drawing, values, leaky)
    return drawing.render()


def _histogram(drawing: Drawing, values: Sequence[float], bins: int = 20) -> None:
    left, right, top, bottom = 60, 470, 60, 380
    drawing.text(left, 28, f"p-values of the honest protocols ({len(values)})", size=14)
    counts = [0] * bins
    for value in values:
        counts[min(bins - 1, int(value * bins))] += 1
    highest, step = max(counts), (right - left) / bins
    for number, count in enumerate(counts):
        height = (bottom - top) * count / highest
        drawing.box(left + number * step + 1, bottom - height, step - 2, height, LIGHT)
    level = bottom - (bottom - top) * len(values) / bins / highest
    drawing.line(left, level, right, level, RED)
    drawing.line(left, bottom, right, bottom)
    for tick in range(6):
        drawing.text(left + (right - left) * tick / 5, bottom + 18, f"{tick / 5:.1f}", "middle")
    drawing.text((left + right) / 2, bottom + 40, "p; red: what uniform p-values would give", "middle")


def _quantiles(drawing: Drawing, values: Sequence[float], leaky: Sequence[Comparison]) -> None:
    left, right, top, bottom, limit = 560, 960, 60, 380, 16.0
    drawing.text(left, 28, "smallest p-values against uniform ones (-log10)", size=14)

    def x(value: float) -> float:
        return left + (right - left) * min(value, 5.0) / 5

    def y(value: float) -> float:
        return bottom - (bottom - top) * min(value, limit) / limit

    drawing.line(left, bottom, right, bottom)
    drawing.line(left, bottom, left, top)
    for tick in range(6):
        drawing.text(x(tick), bottom + 18, str(tick), "middle")
    for tick in range(0, 17, 4):
        drawing.text(left - 8, y(tick) + 4, str(tick), "end")
    drawing.polyline([(x(0), y(0)), (x(5), y(5))], GREY)
    threshold = y(-log10(FAMILY_ERROR / len(values)))
    drawing.line(left, threshold, right, threshold, RED)
    drawing.text(right, threshold - 5, "flagged above this line", "end", 10)
    for group, colour in ((values, BLUE), *((sorted(tested.p_values.values()), RED) for tested in leaky)):
        for rank in quantile_ranks(len(group)):
            drawing.circle(x(-log10((rank + 0.5) / len(group))), y(-log10(max(group[rank], 1e-300))), colour, 2)
    drawing.text((left + right) / 2, bottom + 40, "expected; blue: honest, red: leaky variants (cut at 16)", "middle")
