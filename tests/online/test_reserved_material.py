"""Material that an operation has taken out of the store dies with the session as well (PITFALLS 4)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from spdz.errors import UsageError
from spdz.field import M61, FieldArray
from spdz.online.plan.graph import Graph, Node
from spdz.sharing.material import RANDOM_SHARES, TRIPLES, Batch, MaterialStore
from spdz.sharing.shares import AuthShare


def reserved(count: int) -> tuple[Graph, Node, list[FieldArray]]:
    """A graph, an operation that holds `count` triples, and all arrays of these."""
    arrays = [M61.array(range(1, count + 1)) for _ in range(6)]
    store = MaterialStore()
    store.add(Batch(TRIPLES, tuple(AuthShare(arrays[i], arrays[i + 3]) for i in range(3))))
    source: Any = SimpleNamespace(store=store)
    node = Node("product", (count,), need={TRIPLES: count})
    node.reserve(source)
    assert store.available(TRIPLES) == 0
    return Graph(source), node, arrays


def test_it_is_overwritten_with_the_graph() -> None:
    graph, node, arrays = reserved(3)
    graph.add(node)
    graph.destroy()
    assert all(array.to_ints() == [0, 0, 0] for array in arrays)
    assert graph.plan(graph.pending(), "end") == ["end"]


def test_so_is_material_that_was_taken_outside_of_an_operation() -> None:
    arrays = [M61.array([1, 2]) for _ in range(2)]
    store = MaterialStore()
    store.add(Batch(RANDOM_SHARES, (AuthShare(arrays[0], arrays[1]),)))
    source: Any = SimpleNamespace(store=store)
    graph = Graph(source)
    assert graph.lend({RANDOM_SHARES: 2})[RANDOM_SHARES].count == 2
    graph.destroy()
    assert all(array.to_ints() == [0, 0] for array in arrays)


def test_results_do_not_survive_either() -> None:
    """The share of a constant is a multiple of the key share."""
    source: Any = SimpleNamespace(store=MaterialStore())
    graph, share = Graph(source), AuthShare(M61.array([5]), M61.array([6]))
    node = graph.add(Node("constant", (1,), local=lambda: share))
    assert node.result is share
    graph.destroy()
    assert (share.value.to_ints(), share.mac.to_ints()) == ([0], [0])


def test_nothing_is_added_once_they_are_overwritten() -> None:
    """What another thread asks for at that moment would come too late to be overwritten."""
    source: Any = SimpleNamespace(store=MaterialStore())
    graph, share = Graph(source), AuthShare(M61.array([5]), M61.array([6]))
    graph.destroy()
    with pytest.raises(UsageError, match="this session has ended; start a new one"):
        graph.add(Node("constant", (1,), local=lambda: share))
