"""What is measured for the page, and the page and plots that come of it, with benchmarks that answer at once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks.performance import figures, growth, threads
from benchmarks.performance.__main__ import main
from benchmarks.performance.figures import QUICK, Scale
from benchmarks.performance.growth import DIRECT, FULL, label, points
from benchmarks.performance.plots import HEIGHT, WIDTH, chart
from benchmarks.performance.store import Store
from spdz.errors import TransportError
from spdz.measuring.request import Request
from spdz.params import AUTHENTICATION, OT_TREE_BITS

STAGES = [
    {"stage": "PRG", "nanoseconds": 5.0, "share": 0.5, "calls": 3, "bytes": 9.0, "bound_by": "AES-CTR"}
    | {"lower_bound_nanoseconds": 2.0},
    {"stage": "hash", "nanoseconds": 0.0, "share": 0.0, "calls": 0, "bytes": 0.0, "bound_by": "AES-ECB"}
    | {"lower_bound_nanoseconds": 0.0},
    {"stage": "other", "nanoseconds": 5.0, "share": 0.5, "calls": 0, "bytes": 0.0, "bound_by": None}
    | {"lower_bound_nanoseconds": None},
]
EVERYTHING = {
    "seconds": 1.0,
    "cpu_seconds": 0.5,
    "peak_rss_bytes": 200 << 20,
    "triples_per_second": 20_000.0,
    "bytes_per_triple": 8000.0,
    "set_up_seconds": 0.3,
    "multiplications_per_second": 3e6,
    "first_multiplications_per_second": 2e6,
    "bytes_per_multiplication": 16.0,
    "microseconds_per_round": 160.0,
    "material_seconds_per_product": 1.0,
    "plain_triples_seconds_per_product": 9.0,
    "material_bytes_per_product": 1e6,
    "plain_triples_bytes_per_product": 2e9,
    "online_seconds_per_product": 0.01,
    "multiplications": 100,
    "nanoseconds_of_measuring": 1.0,
    "dims": "64 x 64 times 64 x 64",
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Request]]:
    """Every benchmark answers at once; the list holds what each was asked for."""
    log: list[tuple[str, Request]] = []

    def benchmark(name: str) -> Any:
        def answer(request: Request) -> dict[str, Any]:
            log.append((name, request))
            head = {
                "benchmark": name,
                "field": request.field,
                "count": request.count or 1,
                "generator": str(request.mascot),
            }
            stages = {"stages": STAGES} if request.profile else {"range": {"seconds": [0.5, 2.0]}}
            return EVERYTHING | head | stages

        return answer

    for name in ("triples", "multiply", "latency", "matmul"):
        monkeypatch.setattr(figures, f"bench_{name}", benchmark(name))
    monkeypatch.setattr(figures, "bench_machine", lambda request: {"aes_ctr_gigabytes_per_second": 6.0})
    monkeypatch.setattr(
        figures,
        "compile_seconds",
        lambda field, runs: {"benchmark": "compile", "field": field, "first_seconds": 9.0, "second_seconds": 1.0},
    )
    loops = {"1": {"all": 2.0, "shared": 1.5}, "2": {"all": 1.25, "shared": 1.2}}
    seconds = {"seconds": {"1": 2.0, "2": 1.25}, "ranges": {"1": [2.0, 2.0], "2": [1.0, 1.5]}}
    monkeypatch.setattr(
        threads,
        "thread_seconds",
        lambda field, count, runs: {"field": field, "count": count, "loops": loops, "ceiling": 1.37} | seconds,
    )
    answers = {name: benchmark(name) for name in growth.BENCHMARKS}
    monkeypatch.setattr(growth, "BENCHMARKS", answers)
    return log


# -- figures ----------------------------------------------------------------------------------------------------------


def test_every_figure_is_taken_five_times_and_the_memory_at_five_million(asked: list[tuple[str, Request]]) -> None:
    taken = {name: measure() for name, measure in figures.measures(Scale())}
    assert all(request.runs == 5 for _, request in asked if request.count != 5_000_000 and not request.profile)
    assert sum(request.count == 5_000_000 for _, request in asked) == 2
    for field in ("M61", "M127"):
        for kind in ("triples", "multiply", "latency", "matmul", "compile", "threads", "memory"):
            assert f"{kind} {field}" in taken
        variants = [name for name in taken if name.startswith(f"variant {field}")]
        assert len(variants) == len(OT_TREE_BITS) * len(AUTHENTICATION)


def test_threads_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "WARM_UP", 128)
    monkeypatch.setattr(threads, "CEILING_TIMES", 2)
    taken = threads.thread_seconds("M61", 128, 1)
    assert taken["seconds"].keys() == {str(count) for count in threads.thread_counts()} >= {"1"}
    assert all(seconds > 0 for seconds in taken["seconds"].values())
    assert taken["loops"].keys() == taken["seconds"].keys()
    assert all(0 < found["shared"] < found["all"] for found in taken["loops"].values())
    assert taken["ceiling"] > 0


def test_quick_is_small(asked: list[tuple[str, Request]]) -> None:
    for _, measure in figures.measures(QUICK):
        measure()
    assert all(request.runs == 1 and (request.count or 0) <= 100_000 for _, request in asked)


def test_the_figures_are_kept_and_written(
    asked: list[tuple[str, Request]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["figures", "--out", str(tmp_path)]) == 0
    page = (tmp_path / "performance.md").read_text()
    assert "Taken on 20" in page
    assert "by `make performance` on: " in page
    for words in (
        "| MASCOT triples per second, s = 60 | 20,000 | 20,000 | 45,000; 17,500 |",
        "memory of a party while making 5 million triples | 200 MiB |",
        "| first use of every kernel, empty cache; 15,000 triples | 9 s | 9 s | 20 s |",
        "| a product, 64 x 64 times 64 x 64: material | 1 s | 1 s |  |",
        "| aes ctr | 6 |",
        "| PRG | 5 | 50.0 % | 9 | 2 (AES-CTR) |",
        "| M61 | 2 | 25 us (20 to 30) | 1.6 times |",
        "At M61 75 % of one thread's time is in loops that are shared out; 2 threads do these 1.25 times as fast",
        "are 1.37 times as fast as one",
        "by 1.6 times for 2 threads of each party, 3.37 times for 16, and 4 times for any number",
    ):
        assert words in page, words
    assert "| hash |" not in page, "a stage that does not occur"
    others = Store().page.read_text().split("<!-- growth: written")[1]
    assert page.endswith(others), "the other sections stay"
    assert "[1/" in capsys.readouterr().err
    before = page
    assert main(["page", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "performance.md").read_text() == before


def test_one_figure_is_taken_again_and_the_others_stay(asked: list[tuple[str, Request]], tmp_path: Path) -> None:
    main(["figures", "--out", str(tmp_path)])
    asked.clear()
    main(["figures", "--out", str(tmp_path), "--only", "memory M61"])
    assert [name for name, _ in asked] == ["triples"]
    assert "| MASCOT triples per second" in (tmp_path / "performance.md").read_text()


def test_quick_prints_and_writes_nothing(
    asked: list[tuple[str, Request]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Path, "write_text", lambda *_: pytest.fail("something is written"))
    assert main(["figures", "--quick"]) == 0
    assert "by `make performance ARGS='--quick'`" in capsys.readouterr().out


def test_a_failure_is_one_line(
    asked: list[tuple[str, Request]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(request: Request) -> dict[str, Any]:
        raise TransportError("party 1 is lost")

    monkeypatch.setattr(figures, "bench_machine", fail)
    assert main(["figures", "--quick"]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "TransportError: party 1 is lost"


# -- growth -----------------------------------------------------------------------------------------------------------


def test_growth_covers_every_axis() -> None:
    seen = {(point.axis, point.x) for point in points(FULL)}
    assert {x for axis, x in seen if axis == "parties"} == {2, 3, 4, 5}
    assert {x for axis, x in seen if axis == "count"} == {10_000, 100_000, 1_000_000}
    assert {x for axis, x in seen if axis == "latency"} == {DIRECT, 0, 1, 10, 50}
    assert {x for axis, x in seen if axis == "bandwidth"} == {DIRECT, 1000, 100}
    more = {point.x for point in points(FULL, full=True) if point.axis == "count"}
    assert max(more) == 5_000_000
    names = [point.name for point in points(FULL)]
    assert len(set(names)) == len(names)


def test_lines_are_what_the_axis_says() -> None:
    for point in points(FULL):
        line = point.request.line
        if point.axis in ("parties", "count") or point.x == DIRECT:
            assert line is None
        elif point.axis == "latency":
            assert line is not None
            assert (line.round_trip_seconds * 1000, line.bytes_per_second) == (pytest.approx(point.x), 0)
        else:
            assert line is not None
            assert (line.round_trip_seconds, line.bytes_per_second * 8e-6) == (0, point.x)


def test_growth_is_kept_and_written_with_its_plots(asked: list[tuple[str, Request]], tmp_path: Path) -> None:
    assert main(["growth", "--out", str(tmp_path)]) == 0
    page = (tmp_path / "performance.md").read_text()
    plots = re.findall(r"!\[[^]]*\]\((performance-[a-z-]+\.svg)\)", page)
    assert len(plots) == 8
    for name in plots:
        assert (tmp_path / name).read_text().startswith("<svg ")
    amounts = "Each line: 20,000 triples, products in arrays of 1,000,000, a chain of 100 multiplications."
    assert page.count(amounts) == 2
    assert "Each line: 20,000 triples, products in arrays of 200,000." in page
    for words in ("| M61 | triples/s |", "### Round-trip time", "| 50 ms |", "| direct |", "| 100 Mbit/s |"):
        assert words in page, words
    asked.clear()
    assert main(["growth", "--out", str(tmp_path), "--only", "parties 3 latency M61"]) == 0
    assert len(asked) == 1
    assert (tmp_path / "performance.md").read_text().count("\n") == page.count("\n")


def test_places_in_words() -> None:
    assert [label("latency", x) for x in (DIRECT, 0.0, 50.0)] == ["direct", "0 ms", "50 ms"]
    assert (label("bandwidth", 1000), label("count", 10_000), label("parties", 3)) == ("1,000 Mbit/s", "10,000", "3")


# -- plots ------------------------------------------------------------------------------------------------------------


def test_a_chart_stays_inside_itself_and_is_ordered() -> None:
    series = {"M61": [(1, 10.0), (2, 1000.0)], "M127": [(1, 5.0), (2, 2e6)]}
    svg = chart("title", "x", "y", series, {1: "one", 2: "two"})
    places = [tuple(map(float, place)) for place in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', svg)]
    assert len(places) == 4
    assert all(0 < x < WIDTH and 0 < y < HEIGHT for x, y in places)
    assert places[0][0] < places[1][0]
    assert places[0][1] > places[1][1], "more is higher"
    assert "one" in svg
    assert "M127" in svg


def test_a_chart_of_one_value() -> None:
    assert "<circle" in chart("t", "x", "y", {"M61": [(1, 10.0)]}, {1: "one"})
