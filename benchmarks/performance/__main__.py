"""`python -m benchmarks.performance`: take figures, keep them in results.json, write docs/performance.md from them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.performance import comparison, figures, growth, numbers
from benchmarks.performance.store import Section, Store, new_section, write_page
from spdz.errors import SpdzError

WRITERS: Mapping[str, Callable[[Section], str]] = {
    "figures": figures.text_of,
    "numbers": numbers.text_of,
    "growth": growth.text_of,
    "comparison": comparison.text_of,
}


def write_everything(store: Store) -> None:
    """The page and its plots, from what is kept."""
    write_page(store, WRITERS)
    taken = store.sections().get("growth")
    if taken is not None:
        for name, svg in growth.plots_of(taken).items():
            (store.docs / name).write_text(svg)


def take(jobs: Iterable[tuple[str, Callable[[], Any]]], keep: Callable[[str, Any], None]) -> None:
    """Run jobs one after the other and keep each result at once, so that an interruption loses one at most."""
    jobs = list(jobs)
    for place, (name, job) in enumerate(jobs, 1):
        print(f"[{place}/{len(jobs)}] {name}", file=sys.stderr, flush=True)
        keep(name, job())


def take_table(
    store: Store | None, table: str, jobs: Iterable[tuple[str, figures.Measure]], command: str, only: str
) -> Section:
    """A section that is one table."""
    section = new_section(command) | {"figures": {}}
    if only and store is not None:
        section["figures"] = store.sections().get(table, {}).get("figures", {})

    def keep(name: str, taken: Any) -> None:
        section["figures"][name] = taken
        if store is not None:
            store.save(table, section)

    take(((name, job) for name, job in jobs if only in name), keep)
    return section


def take_growth(store: Store | None, scale: figures.Scale, command: str, only: str, full: bool) -> Section:
    """Cost against parties, count, latency and bandwidth."""
    section = new_section(command) | {"points": []}
    chosen = [point for point in growth.points(scale, full) if only in point.name]
    if only and store is not None:
        names = {(point.axis, point.x, point.benchmark, point.request.field) for point in chosen}
        old = store.sections().get("growth", {}).get("points", [])
        section["points"] = [
            one for one in old if (one["axis"], one["x"], one["benchmark"], one["figures"]["field"]) not in names
        ]

    def keep(name: str, taken: Any) -> None:
        section["points"].append(taken)
        section["points"].sort(key=lambda point: tuple(growth.TITLES).index(point["axis"]))
        if store is not None:
            store.save("growth", section)

    take(((point.name, point.measured) for point in chosen), keep)
    return section


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.performance", description=__doc__)
    parser.add_argument("what", choices=("figures", "numbers", "growth", "page"))
    parser.add_argument("--quick", action="store_true", help="small counts, one run: prints, writes nothing by itself")
    parser.add_argument("--full", action="store_true", help="growth: also five million triples")
    parser.add_argument(
        "--only", default="", metavar="TEXT", help="take only what has TEXT in its name; the rest stays"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="write results, page and plots there instead")
    options = parser.parse_args(arguments)
    store = Store.at(options.out) if options.out is not None else None if options.quick else Store()
    if options.what == "page":
        write_everything(store or Store())
        return 0
    try:
        text = _take(store, options)
    except SpdzError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    if store is None:
        print(text)
    else:
        write_everything(store)
    return 0


def _take(store: Store | None, options: argparse.Namespace) -> str:
    """Measure what was asked for; returns the text of its section."""
    extra = " ".join(f"--{name}" for name in ("quick", "full") if getattr(options, name))
    arguments = f" ARGS='{extra}'" if extra else ""
    if options.what == "figures":
        scale = figures.QUICK if options.quick else figures.Scale()
        jobs = figures.measures(scale)
        return figures.text_of(take_table(store, "figures", jobs, f"make performance{arguments}", options.only))
    if options.what == "numbers":
        jobs = numbers.measures(figures.QUICK if options.quick else figures.Scale())
        return numbers.text_of(take_table(store, "numbers", jobs, f"make numbers{arguments}", options.only))
    scale = figures.QUICK if options.quick else growth.FULL
    return growth.text_of(take_growth(store, scale, f"make growth{arguments}", options.only, options.full))


if __name__ == "__main__":
    sys.exit(main())
