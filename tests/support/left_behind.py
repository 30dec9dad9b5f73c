"""What a refused operation has left in a plan: it must be nothing.

An operation is what the program calls. Nodes that other calls have made, of which its operands come, are not its own:
each node remembers the frame of the call that the program made, and so does the traceback of a refusal.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType

import pytest

from spdz.online.plan.graph import Graph, Node
from spdz.online.values.caller import _is_ours

_added: list[tuple[FrameType, Graph, Node]] = []


@contextmanager
def watching() -> Iterator[None]:
    """Remember who asked for what."""
    with pytest.MonkeyPatch.context() as patch:
        add = Graph.add

        def remembered(self: Graph, node: Node) -> Node:
            _added.append((_entrance(sys._getframe(1)), self, node))
            return add(self, node)

        patch.setattr(Graph, "add", remembered)
        try:
            yield
        finally:
            _added.clear()


def left_behind(error: BaseException) -> list[str]:
    """What the operation that has raised this has added to a plan, and is still to be run."""
    refused = _refused(error.__traceback__)
    own = [(graph, node) for frame, graph, node in list(_added) if frame is refused]
    return [node.description for graph, node in own if node in graph.pending()]


def _entrance(frame: FrameType | None) -> FrameType:
    """The frame of the call from the program into the package."""
    assert frame is not None
    while frame.f_back is not None and _of_package(frame.f_back):
        frame = frame.f_back
    return frame


def _refused(traceback: TracebackType | None) -> FrameType | None:
    """The frame of the call from the program into the package that has raised."""
    frames = []
    while traceback is not None:
        frames.append(traceback.tb_frame)
        traceback = traceback.tb_next
    for outer, inner in reversed(list(itertools.pairwise(frames))):
        if not _of_package(outer) and _of_package(inner):
            return inner
    return None


def _of_package(frame: FrameType) -> bool:
    return _is_ours(str(frame.f_globals.get("__name__", "")))
