"""Arrays that operations open for each other inside a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spdz.online.plan.graph import Node
    from spdz.online.session import Mpc


@dataclass(frozen=True, eq=False, repr=False)
class Opened:
    """The public result of an operation, for other operations of the same plan.

    It is unchecked until the next reveal, so it has no value that a program could read.
    """

    _mpc: Mpc
    _node: Node

    @property
    def shape(self) -> tuple[int, ...]:
        """As of a numpy array."""
        return self._node.shape

    def __repr__(self) -> str:
        return f"Opened(shape={self.shape}, not checked yet)"

    def __reduce__(self) -> str:
        raise TypeError("an opened array belongs to its session and is not pickled")
