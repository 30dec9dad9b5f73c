"""Results are kept, and the page says what they say: nothing else of it changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.performance.__main__ import WRITERS, main, write_everything
from benchmarks.performance.store import Store, new_section, number, rows, with_range, with_section, write_page

ROOT = Path(__file__).parents[2]
MARKED = "before\n\n<!-- figures: written by a command, do not edit -->\n\nold\n\n<!-- figures: end -->\n\nafter\n"


def test_only_what_is_between_the_markers_changes() -> None:
    once = with_section(MARKED, "figures", "new\n")
    assert once == MARKED.replace("old", "new")
    assert with_section(once, "figures", "old") == MARKED


@pytest.mark.parametrize(
    "page",
    [
        "no markers",
        MARKED + MARKED,
        MARKED.replace("figures: end", "end"),
        "".join(reversed(MARKED.splitlines(keepends=True))),
    ],
)
def test_a_page_without_its_markers_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="one pair of markers for figures"):
        with_section(page, "figures", "new")


def test_the_page_of_the_project_has_all_markers_in_order() -> None:
    page = Store().page.read_text()
    for name in WRITERS:
        assert "written" in with_section(page, name, "new")
    assert [page.index(f"<!-- {name}: written") for name in WRITERS] == sorted(
        page.index(f"<!-- {name}: written") for name in WRITERS
    )


def test_the_page_is_the_one_that_its_results_give(tmp_path: Path) -> None:
    """Whoever edits a figure by hand, or a writer without writing the page again, fails here."""
    results = Store().results
    if not results.exists():
        assert "make performance` writes this section" in Store().page.read_text()
        return
    copy = Store.at(tmp_path)
    copy.results.write_text(results.read_text())
    write_everything(copy)
    for path in tmp_path.glob("performance*"):
        assert path.read_text() == (Store().docs / path.name).read_text(), path.name


def test_sections_are_kept_beside_each_other(tmp_path: Path) -> None:
    store = Store.at(tmp_path)
    assert store.sections() == {}
    store.save("figures", {"figures": {}})
    store.save("growth", {"points": []})
    store.save("figures", {"figures": {"a": 1}})
    assert json.loads(store.results.read_text()) == {"figures": {"figures": {"a": 1}}, "growth": {"points": []}}


def test_a_section_without_a_writer_is_left_alone(tmp_path: Path) -> None:
    store = Store.at(tmp_path)
    before = store.page.read_text()
    store.save("figures", {"text": "x"})
    write_page(store, {})
    assert store.page.read_text() == before
    write_page(store, {"figures": lambda section: section["text"]})
    assert "\n\nx\n\n<!-- figures: end -->" in store.page.read_text()


def test_a_section_says_when_where_and_how() -> None:
    section = new_section("make something")
    assert section["command"] == "make something"
    assert len(section["date"]) == 10
    assert "cores" in section["machine"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.01234, "0.0123"),
        (12.345, "12.3"),
        (1234.5, "1,230"),
        (27_456, "27,500"),
        (3_712_345, "3.71 million"),
    ],
)
def test_numbers_have_three_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_a_figure_shows_its_range_unless_it_is_as_narrow_as_its_digits() -> None:
    figures = {"a": 20.0, "b": 20.0, "c": 3, "range": {"a": [10.0, 40.0], "b": [20.0001, 20.0002]}}
    assert with_range(figures, "a", 2, " s") == "40 s (20 to 80)"
    assert with_range(figures, "b") == "20"
    assert with_range(figures, "c") == "3"


def test_a_table() -> None:
    assert rows(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


@pytest.mark.parametrize("document", ["docs/performance.md"])
def test_what_the_page_links_to_is_there(document: str) -> None:
    text = (ROOT / document).read_text()
    for target in text.split("](")[1:]:
        name = target.split(")")[0]
        assert "://" in name or (ROOT / "docs" / name).exists(), name


def test_an_unknown_section_is_refused_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["speed"])
    assert stop.value.code == 2
    assert "invalid choice: 'speed'" in capsys.readouterr().err
