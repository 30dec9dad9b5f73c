"""What is opened together when secrets are revealed: the entries of all arrays of one sharing domain, in one array."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spdz.protocols.output import AnyMasks
from spdz.sharing.bit_domain import BITS
from spdz.sharing.material import Batch, BitMasks, InputMasks, Kind, bit_masks, input_masks
from spdz.sharing.shares import concatenate_shares

if TYPE_CHECKING:
    from spdz.online.plan.graph import Node
    from spdz.online.values.secret import Secret
    from spdz.runtime.context import Context


@dataclass(frozen=True)
class Group:
    """The arrays of one sharing domain, in the order in which the user gave them."""

    domain: str
    arrays: list[Secret]
    nodes: list[Node]
    """What computes them. Some arrays ask for it only now: nothing can be asked for once the plan runs."""

    @property
    def size(self) -> int:
        """How many entries are opened."""
        return sum(array.size for array in self.arrays)

    def joined(self) -> Any:
        """A share of all entries in one array; the arrays have been computed."""
        return concatenate_shares([node.share.reshape(-1) for node in self.nodes])

    def mask_kind(self, party: int) -> Kind:
        """What hides these entries from everybody but `party`."""
        return bit_masks(party) if self.domain == BITS else input_masks(party)

    def masks(self, ctx: Context, batch: Batch | None) -> AnyMasks:
        """Material of `mask_kind` as masks; None where there is nothing to hide."""
        make = BitMasks if self.domain == BITS else InputMasks
        if batch is None:
            domain = ctx.session.domains[self.domain]
            return make(domain.nothing((0,)), domain.zeros((0,)))
        return make(batch.shares[0], batch.clear)


def by_domain(arrays: Sequence[Secret]) -> list[Group]:
    """The groups of these arrays, in the order in which their domains come up."""
    groups: dict[str, Group] = {}
    # What some of them ask for is not asked for if others may not.
    with arrays[0]._mpc._graph.whole():
        for array in arrays:
            group = groups.setdefault(array.domain, Group(array.domain, [], []))
            group.arrays.append(array)
            group.nodes.append(array._node)
    return list(groups.values())


def separated(arrays: Sequence[Secret], groups: Sequence[Group], opened: Sequence[Any]) -> Any:
    """What a user is given: an array for each secret, a tuple if there are several."""
    decoded: dict[int, Any] = {}
    for group, values in zip(groups, opened, strict=True):
        start = 0
        for array in group.arrays:
            decoded[id(array)] = array.decode(values[start : start + array.size])
            start += array.size
    results = [decoded[id(array)] for array in arrays]
    return results[0] if len(results) == 1 else tuple(results)
