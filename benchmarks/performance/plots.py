"""Line charts of the growth of costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, floor, log10

from benchmarks.soundness.svg import Drawing

COLOURS = ("#1f5fa8", "#c0392b", "#2e8b57", "#b8860b")
WIDTH, HEIGHT = 640, 380
LEFT, RIGHT, TOP, BOTTOM = 80, 30, 50, 60

Points = Sequence[tuple[float, float]]


def chart(title: str, x_title: str, y_title: str, series: Mapping[str, Points], x_labels: Mapping[float, str]) -> str:
    """Lines over named places of the x axis, in their order and equally far apart; the y axis is logarithmic."""
    places = {value: index for index, value in enumerate(x_labels)}
    values = [y for points in series.values() for _, y in points]
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    high = max(high, low + 1)
    drawing = Drawing(WIDTH, HEIGHT)
    drawing.text(10, 22, title, size=14)
    drawing.text(10, 40, y_title)

    def x(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (places[value] + 0.5) / len(places)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (log10(value) - low) / (high - low)

    for decade in range(low, high + 1):
        drawing.line(LEFT, y(10.0**decade), WIDTH - RIGHT, y(10.0**decade), "#ddd")
        drawing.text(LEFT - 8, y(10.0**decade) + 4, _power(decade), "end")
    for value, label in x_labels.items():
        drawing.text(x(value), HEIGHT - BOTTOM + 18, label, "middle")
    drawing.text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, x_title, "middle")
    for index, (name, points) in enumerate(series.items()):
        colour = COLOURS[index % len(COLOURS)]
        drawing.polyline([(x(a), y(b)) for a, b in points], colour)
        for a, b in points:
            drawing.circle(x(a), y(b), colour)
        drawing.box(LEFT + 130 * index, HEIGHT - 36, 10, 10, colour)
        drawing.text(LEFT + 130 * index + 15, HEIGHT - 27, name)
    return drawing.render()


def _power(decade: int) -> str:
    return f"{10**decade:,}" if 0 <= decade <= 6 else f"10^{decade}"
