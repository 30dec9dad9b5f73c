"""What a plan costs, from the descriptions of its operations alone: nothing is computed and nobody is asked.

Rounds are causal depth, bytes are those that a party sends to all peers together, frame headers included. Both are
functions of shapes, types and the number of parties: `tests/online/test_pricing.py` holds them equal to what runs cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from spdz.crypto.commitment import COMMITMENT_BYTES, NONCE_BYTES
from spdz.online.plan.agreement import PLAN_BYTES
from spdz.online.plan.graph import Node, stages
from spdz.params import SessionParams
from spdz.protocols.broadcast import DIGEST_BYTES
from spdz.protocols.coin_toss import SEED_BYTES
from spdz.sharing.bit_domain import BITS, HASH_BYTES
from spdz.sharing.field_domain import FIELD
from spdz.wire.frames import HEADER_BYTES


class Price(NamedTuple):
    """Rounds one after the other, and bytes to all peers together."""

    rounds: int = 0
    bytes_sent: int = 0

    def then(self, other: Price) -> Price:
        """This, and after it the other."""
        return Price(self.rounds + other.rounds, self.bytes_sent + other.bytes_sent)


@dataclass(frozen=True)
class Unchecked:
    """What waits for a check."""

    domains: frozenset[str] = frozenset()
    broadcasts: bool = False


class Prices:
    """The prices of one party's session."""

    def __init__(self, party: int, parties: int, element_bytes: int) -> None:
        self._party, self._peers, self._element_bytes = party, parties - 1, element_bytes
        self._echoes = parties > 2

    def _messages(self, *payloads: int) -> int:
        """Bytes of messages to every peer."""
        return self._peers * sum(HEADER_BYTES + payload for payload in payloads)

    # ---- parts of a reveal

    def agreement(self) -> Price:
        """The comparison of plans."""
        return Price(1, self._messages(PLAN_BYTES))

    def check(self, unchecked: Unchecked) -> Price:
        """The check of what has been opened and broadcast."""
        seen = DIGEST_BYTES if self._echoes else 0
        price = Price()
        if self._echoes and (unchecked.broadcasts or unchecked.domains):
            price = price.then(Price(1, self._messages(DIGEST_BYTES)))
        if unchecked.domains:
            size = {FIELD: self._element_bytes, BITS: HASH_BYTES}
            sigma = sum(size[domain] for domain in unchecked.domains)
            opened = (NONCE_BYTES + payload + seen for payload in (SEED_BYTES, sigma))
            payloads = [payload for opening in opened for payload in (COMMITMENT_BYTES, opening)]
            price = price.then(Price(4, self._messages(*payloads)))
        return price

    def opening(self, sizes: dict[str, int]) -> Price:
        """Opening so many entries of each domain at once."""
        payloads = [size * self._element_bytes if domain == FIELD else -(-size // 8) for domain, size in sizes.items()]
        return Price(1, self._messages(*payloads))

    # ---- operations

    def operations(self, pending: Sequence[Node]) -> tuple[Price, Unchecked]:
        """Running these nodes in their stages, and what is unchecked at the end."""
        price, unchecked = Price(), Unchecked()
        for stage, nodes in enumerate(stages(pending)):
            if stage:
                price, unchecked = price.then(self.check(unchecked)), Unchecked()
            together, unchecked = self._together(nodes, unchecked)
            price = price.then(together)
        return price, unchecked

    def _together(self, nodes: Sequence[Node], unchecked: Unchecked) -> tuple[Price, Unchecked]:
        depth: dict[int, int] = {}
        rounds = sent = 0
        for node in nodes:
            traffic = node.traffic(self._party)
            below = (depth.get(operand.number, 0) for operand in node.operands)
            depth[node.number] = max(below, default=0) + traffic.rounds
            rounds = max(rounds, depth[node.number] + traffic.beside)
            payload = traffic.elements * self._element_bytes + traffic.packed
            sent += self._peers * (traffic.messages * HEADER_BYTES + payload)
            unchecked = replace(
                unchecked,
                domains=unchecked.domains | traffic.opens,
                broadcasts=unchecked.broadcasts or traffic.rounds > 0,
            )
        return Price(rounds, sent), unchecked

    def reveal(self, pending: Sequence[Node], sizes: dict[str, int]) -> Price:
        """Agreeing on these nodes, running them, and revealing arrays with so many entries of each domain."""
        running, unchecked = self.operations(pending)
        opened = Unchecked(frozenset(domain for domain, size in sizes.items()), broadcasts=True)
        price = self.agreement().then(running).then(self.check(unchecked))
        return price.then(self.opening(sizes)).then(self.check(opened))


def prices_of(params: SessionParams, party: int, element_bytes: int) -> Prices:
    """The prices of a session with these parameters."""
    return Prices(party, params.parties, element_bytes)
