"""Where figures are kept, and the page that is written from them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from spdz.measuring.machine import description

ROOT = Path(__file__).parents[2]
Section = dict[str, Any]
"""date, machine, command, and what was measured."""


@dataclass(frozen=True)
class Store:
    """The raw figures as JSON, and the folder of the page and its plots."""

    results: Path = ROOT / "benchmarks" / "performance" / "results.json"
    docs: Path = ROOT / "docs"

    @classmethod
    def at(cls, folder: Path) -> Store:
        """Everything in one folder, with a copy of the page as it is."""
        folder.mkdir(parents=True, exist_ok=True)
        store = cls(folder / "results.json", folder)
        if not store.page.exists():
            shutil.copy(cls().page, store.page)
        return store

    @property
    def page(self) -> Path:
        """The page."""
        return self.docs / "performance.md"

    def sections(self) -> dict[str, Section]:
        """What has been measured so far."""
        return dict(json.loads(self.results.read_text())) if self.results.exists() else {}

    def save(self, name: str, section: Section) -> None:
        """Keep one section; the others stay as they are."""
        text = json.dumps(self.sections() | {name: section}, indent=1)
        self.results.write_text(text + "\n")


def new_section(command: str) -> Section:
    """An empty section that says when, where and how it was taken."""
    return {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": description(), "command": command}


def write_page(store: Store, writers: Mapping[str, Callable[[Section], str]]) -> None:
    """Put the text of every section that there are figures for between its markers."""
    text = store.page.read_text()
    for name, section in store.sections().items():
        if name in writers:
            text = with_section(text, name, writers[name](section))
    store.page.write_text(text)


def with_section(text: str, name: str, body: str) -> str:
    """`text` with `body` between the markers of `name`. ValueError if there are not exactly two of them."""
    begin, end = f"<!-- {name}: written by a command, do not edit -->", f"<!-- {name}: end -->"
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise ValueError(f"the page needs one pair of markers for {name}: {begin} and {end}")
    before, rest = text.split(begin)
    return f"{before}{begin}\n\n{body.strip()}\n\n{end}{rest.split(end)[1]}"


def origin(section: Section) -> str:
    """The sentence under which figures stand."""
    return f"Taken on {section['date']} by `{section['command']}` on: {section['machine']}."


def rows(head: tuple[str, ...], body: list[tuple[str, ...]]) -> str:
    """A table."""
    lines = [head, tuple("---" for _ in head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float) -> str:
    """Three significant digits; whole numbers above a thousand with separators."""
    if value == 0:
        return "0"
    if abs(value) >= 1e6:
        return f"{value / 1e6:,.3g} million" if abs(value) < 1e9 else f"{value / 1e9:,.3g} billion"
    if abs(value) >= 100:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}"


def with_range(figures: Mapping[str, Any], name: str, scale: float = 1.0, unit: str = "") -> str:
    """A figure with the least and the greatest of its runs."""
    text = f"{number(figures[name] * scale)}{unit}"
    between = figures.get("range", {}).get(name)
    if between is None:
        return text
    low, high = (number(value * scale) for value in between)
    return text if low == high else f"{text} ({low} to {high})"
