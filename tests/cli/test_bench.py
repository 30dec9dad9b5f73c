"""`spdz bench`: the shape of what it prints, and one line for what cannot be. Nothing is asserted about speed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from spdz.cli import main as cli
from spdz.errors import UsageError
from spdz.measuring.profile import MOST_FUNCTIONS, function_table, functions_of, rows_of, table
from spdz.measuring.request import Request, median_of_runs, parse_dims
from spdz.measuring.stages import BOUNDS, OTHER, PROBES
from spdz.params import MascotParams


def call(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run `spdz bench` in this process; its parties are processes all the same."""
    try:
        code = cli.main(["bench", *arguments])
    except SystemExit as stop:
        code = int(stop.code or 0)
    out, err = capfd.readouterr()
    return code, out, err


def figures_of(capfd: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    code, out, err = call(capfd, *arguments, "--field", "M61", "--json")
    assert code == 0, err
    assert len(out.splitlines()) == 1
    return dict(json.loads(out))


# -- what cannot be ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["triples", "--count", "-1"], "--count must be at least 1, got -1"),
        (["triples", "--count", "10000000000"], "--count must be an integer from 1 to 1000000000, got 10000000000"),
        (["triples", "--runs", "0"], "--runs must be an integer from 1 to 1000, got 0"),
        (["triples", "--runs", "-3"], "--runs must be an integer from 1 to 1000, got -3"),
        (["triples", "--threads", "0"], "--threads must be an integer from 1 to"),
        (["multiply", "--threads", "2"], "--threads has no meaning for spdz bench multiply"),
        (["triples", "--runs", "2", "--profile"], "--profile looks at one run; leave out --runs"),
        (["triples", "--ot-tree-bits", "77"], "ot_tree_bits must be one of"),
        (["triples", "--authentication", "none"], "authentication must be one of"),
        (["triples", "--round-trip-ms", "-1"], "a round trip takes 0 to 10 seconds, got -0.001"),
        (["triples", "--mbit-per-second", "0.001"], "a line carries at least 8 kbit per second, got 1000"),
        (["triples", "--dims", "2,2,2"], "--dims has no meaning for spdz bench triples"),
        (["matmul", "--dims", "64"], "--dims takes three numbers such as 64,64,64, got '64'"),
        (["matmul", "--dims", "1,2,3,4"], "--dims takes three numbers"),
        (["matmul", "--dims", "a,b,c"], "--dims takes three numbers"),
        (["matmul", "--dims=-1,2,2"], "--dims takes three numbers"),
        (["matmul", "--dims", "0,2,2"], "each of --dims must be an integer from 1 to 65536, got 0"),
        (["matmul", "--dims", "60000,60000,60000"], "at most 268,435,456 are measured"),
        (["field", "--profile"], "--profile has no meaning for spdz bench field"),
        (["multiply", "--ot-tree-bits", "1"], "--ot-tree-bits has no meaning for spdz bench multiply"),
        (["machine", "--round-trip-ms", "1"], "--round-trip-ms has no meaning for spdz bench machine"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_one_line(
    arguments: list[str], words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    code, out, err = call(capfd, *arguments)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert err.startswith("spdz: UsageError: ")
    assert words in err


def test_an_unknown_benchmark_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capfd, "speed")
    assert (code, out) == (2, "")
    assert "invalid choice: 'speed'" in err


def test_dims_are_three_numbers() -> None:
    assert parse_dims("3, 4,5") == (3, 4, 5)
    with pytest.raises(UsageError, match="three numbers"):
        parse_dims("3,,5")


# -- runs -------------------------------------------------------------------------------------------------------------


def test_of_several_runs_the_medians_and_the_ranges() -> None:
    runs = iter([{"s": 3.0, "n": 7, "t": "x"}, {"s": 1.0, "n": 7, "t": "x"}, {"s": 2.0, "n": 7, "t": "x"}])
    figures = median_of_runs(lambda: next(runs), 3)
    assert figures == {"s": 2.0, "n": 7, "t": "x", "runs": 3, "range": {"s": [1.0, 3.0]}}


def test_one_run_is_as_it_was() -> None:
    assert median_of_runs(lambda: {"s": 3.0}, 1) == {"s": 3.0}


@pytest.mark.network
def test_runs_for_people_show_the_range(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capfd, "latency", "--count", "20", "--runs", "2", "--field", "M61", "--round-trip-ms", "1")
    assert code == 0, err
    lines = {line.partition("  ")[0]: line for line in out.splitlines()}
    assert lines["runs"].split() == ["runs", "2"]
    assert " to " in lines["seconds"]
    assert lines["round trip milliseconds"].split()[-1] == "1.00"


# -- what is printed --------------------------------------------------------------------------------------------------


def test_the_building_blocks_of_the_machine(capfd: pytest.CaptureFixture[str]) -> None:
    figures = figures_of(capfd, "machine")
    speeds = {name for name in figures if name.endswith("_gigabytes_per_second")}
    assert {name.removesuffix("_gigabytes_per_second") for name in speeds} >= set(BOUNDS.values())
    assert all(figures[name] > 0 for name in speeds)


@pytest.mark.network
def test_triples_with_chosen_protocols_and_what_a_party_used(capfd: pytest.CaptureFixture[str]) -> None:
    figures = figures_of(capfd, "triples", "--count", "200", "--ot-tree-bits", "1", "--authentication", "copee")
    assert figures["generator"] == str(MascotParams(ot_tree_bits=1, authentication="copee"))
    assert figures["cpu_seconds"] > 0
    assert figures["peak_rss_bytes"] > 1 << 20


@pytest.mark.network
def test_a_matrix_product_beside_plain_triples(capfd: pytest.CaptureFixture[str]) -> None:
    figures = figures_of(capfd, "matmul", "--dims", "3,4,2")
    assert figures["dims"] == "3 x 4 times 4 x 2"
    assert figures["material"] in ("triples", "matrix triples")
    for form in ("material", "plain_triples", "online"):
        assert figures[f"{form}_seconds_per_product"] > 0
        assert figures[f"{form}_bytes_per_product"] > 0


@pytest.mark.network
@pytest.mark.parametrize(
    ("arguments", "unit", "absent"),
    [
        (("triples", "--count", "200"), "triple", {"other kernels", "seed expansion"}),
        (("matmul", "--dims", "8,8,8"), "product", set[str]()),
    ],
    ids=["triples", "matmul"],
)
def test_a_profile_sees_every_stage(
    arguments: tuple[str, ...], unit: str, absent: set[str], capfd: pytest.CaptureFixture[str]
) -> None:
    """A stage of which nothing is seen is one whose functions are no longer called: the list must follow the code."""
    figures = figures_of(capfd, *arguments, "--profile")
    rows = {row["stage"]: row for row in figures["stages"]}
    assert set(rows) == {probe.stage for probe in PROBES} | {OTHER}
    unseen = {name for name, row in rows.items() if name != OTHER and not row["calls"]}
    assert unseen <= absent
    for stage in BOUNDS:
        if stage not in unseen:
            assert rows[stage]["lower_bound_nanoseconds"] > 0, stage
    assert sum(row["share"] for row in figures["stages"]) == pytest.approx(1)
    assert sum(row["nanoseconds"] for row in figures["stages"]) == pytest.approx(figures[f"nanoseconds_per_{unit}"])
    assert rows["TLS encrypt and write"]["bytes"] > 1000
    assert "transport.tls.stream.TlsStream.push" in {row["function"] for row in figures["functions"]}


@pytest.mark.network
def test_a_profile_for_people(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capfd, "multiply", "--count", "500", "--field", "M61", "--profile")
    assert code == 0, err
    assert "% of wall" in out
    assert "TLS encrypt and write" in out
    assert "building blocks of this machine" in out


# -- the table of a profile -------------------------------------------------------------------------------------------


def test_rows_are_times_for_one_with_what_the_machine_would_need() -> None:
    stages = {
        "PRG": {"seconds": 1.0, "helper_seconds": 0.25, "calls": 10, "work_bytes": 8e9},
        "waiting": {"seconds": 2.0, "helper_seconds": 0.0, "calls": 3, "work_bytes": 0},
        "TLS encrypt and write": {"seconds": 0.5, "helper_seconds": 0.0, "calls": 1, "work_bytes": 1e9},
    }
    machine = dict.fromkeys(BOUNDS.values(), 1e9) | {"aes_ctr": 16e9}
    rows = rows_of(stages, 4.0, 1_000_000_000, machine)
    assert [row["stage"] for row in rows] == ["PRG", "TLS encrypt and write", "waiting", OTHER]
    assert (rows[0]["nanoseconds"], rows[0]["helper_nanoseconds"]) == (pytest.approx(1.0), pytest.approx(0.25))
    assert rows[0]["lower_bound_nanoseconds"] == pytest.approx(0.5)
    assert rows[2]["lower_bound_nanoseconds"] is None
    assert rows[3]["share"] == pytest.approx(0.125)
    lines = table(rows)
    assert len(lines) == len(rows) + 2
    assert "in helpers" in lines[0]
    assert "in helpers" not in table([row | {"helper_nanoseconds": 0.0} for row in rows])[0]


def test_functions_are_listed_by_their_time() -> None:
    functions = [
        {"function": f"f{i}", "stage": "s", "seconds": float(i), "helper_seconds": 0.0, "calls": i} for i in range(40)
    ]
    listed = functions_of(functions, 1_000_000_000)
    assert [row["function"] for row in listed] == [f"f{i}" for i in range(39, 39 - MOST_FUNCTIONS, -1)]
    assert listed[0]["nanoseconds"] == pytest.approx(39)
    assert len(function_table(listed)) == MOST_FUNCTIONS
    assert functions_of(functions[:1], 1) == [], "what was never called"
    assert function_table([]) == []


def test_a_request_knows_its_defaults() -> None:
    assert (Request().field, Request().runs, Request().line) == ("M127", 1, None)
