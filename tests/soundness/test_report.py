"""The report and its plots are built from results, without any plotting library, and the one in docs is whole."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from benchmarks.soundness.homogeneity import Comparison
from benchmarks.soundness.measure import Measured
from benchmarks.soundness.pages import PAGES, Page
from benchmarks.soundness.plots import p_values, rates
from benchmarks.soundness.report import Results, report

DOCS = Path(__file__).parent.parent.parent / "docs"
PLACE = (2, (0,), "a message")


PAGE = pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)


def results(page: Page) -> Results:
    """What a run without surprises would give."""
    rows = [Measured(cheat, 10_000, round(10_000 * cheat.predicted), 1.0) for cheat in page.cheats()]
    count = len(page.honest)
    honest = [Comparison(case, {PLACE: (place + 0.5) / count}, 100, 1.0) for place, case in enumerate(page.honest)]
    return Results(rows, honest, [Comparison(case, {PLACE: 0.0}, 100, 1.0) for case in page.leaky], 1.0)


@PAGE
def test_a_report_without_complaints(page: Page) -> None:
    good = results(page)
    assert good.complaints() == []
    text = report(good, "any", date(2026, 11, 22), page=page)
    assert "NOT AS PREDICTED" not in text
    assert "{" not in text.replace("coalition {0}", "")


@PAGE
def test_everything_bad_is_complained_about(page: Page) -> None:
    good = results(page)
    bad = Results(
        [replace(good.rows[0], successes=9999)],
        [replace(good.honest[0], p_values={PLACE: 1e-9})],
        [replace(good.leaky[0], p_values={PLACE: 0.1})],
        1.0,
    )
    assert len(bad.complaints()) == 4
    assert "**NOT AS PREDICTED**" in report(bad, "any", date(2026, 11, 22), page=page)


@PAGE
def test_the_plots_are_well_formed(page: Page) -> None:
    good = results(page)
    assert rates(good.rows).count("<circle") == sum(row.successes > 0 for row in good.rows)
    for text in (rates(good.rows), p_values(good.honest, good.leaky)):
        assert ElementTree.fromstring(text).tag.endswith("svg")


@PAGE
def test_the_report_in_docs_has_every_row_and_its_plots(page: Page) -> None:
    text = (DOCS / f"{page.file}.md").read_text()
    for cheat in page.cheats():
        assert f"| {cheat.title} | {cheat.field} | {cheat.parties} |" in text
    for case in page.honest + page.leaky:
        assert f"| {case.title} |" in text
    assert "NOT AS PREDICTED" not in text
    for name in (f"{page.file}-rates.svg", f"{page.file}-p-values.svg"):
        assert f"({name})" in text
        assert (DOCS / name).exists()
