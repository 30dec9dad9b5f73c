"""What one party sends, counted: the messages that protocols are made of, and those of COPEe and of silent VOLE.

For `price`, which goes through the generator's batches with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from spdz.crypto.commitment import COMMITMENT_BYTES, NONCE_BYTES
from spdz.params import MascotParams
from spdz.preprocessing.mascot.pairwise import VALUES_AT_ONCE, VALUES_AT_ONCE_BY_VOLE
from spdz.preprocessing.ot.extension import DIGEST_BYTES, column_bytes
from spdz.preprocessing.ot.instance import FIELD_OTS
from spdz.preprocessing.vole.code import LpnParams, VolePlan
from spdz.preprocessing.vole.single_point import BLOCK_BYTES, ot_rows
from spdz.protocols.broadcast import DIGEST_BYTES as ECHO_BYTES
from spdz.protocols.coin_toss import SEED_BYTES
from spdz.runtime.context import Context
from spdz.wire.frames import HEADER_BYTES


class Messages:
    """What one party sends, and how many rounds that takes."""

    def __init__(self, ctx: Context) -> None:
        self.bytes_sent = 0
        self.rounds = 0
        self.times = 1
        """How often what follows is done."""
        self.parties, self.party, self.peers = ctx.parties, ctx.party, ctx.parties - 1
        self.element, self.bits = ctx.field.element_bytes, ctx.field.bits
        self.everyone = tuple(range(ctx.parties))
        self._seen = ECHO_BYTES if ctx.parties > 2 else 0

    def send(self, payload: int, to: int | None = None) -> None:
        """A round with a message of so many bytes to every peer, or to so many of them."""
        self.rounds += self.times
        self.beside(payload, to)

    def beside(self, payload: int, to: int | None = None) -> None:
        """A message that travels with others."""
        self.bytes_sent += self.times * (self.peers if to is None else to) * (HEADER_BYTES + payload)

    def elements(self, count: int) -> None:
        """A round with so many elements to every peer."""
        self.send(count * self.element)

    def by(self, senders: Sequence[int], payload: int) -> None:
        """A round in which only these parties send, to all others."""
        self.send(payload, None if self.party in senders else 0)

    def to(self, receivers: Sequence[int], payload: int) -> None:
        """A round in which all send to these parties."""
        self.send(payload, sum(receiver != self.party for receiver in receivers))

    def commit_and_open(self, payload: int) -> None:
        """`commit.commit_and_open`."""
        self.send(COMMITMENT_BYTES)
        self.send(NONCE_BYTES + payload + self._seen)

    def toss(self) -> None:
        """`coin_toss.toss`."""
        self.commit_and_open(SEED_BYTES)

    def echo(self) -> None:
        """`broadcast.echo`."""
        if self.parties > 2:
            self.send(ECHO_BYTES)

    def check(self, *sigma_bytes: int) -> None:
        """`mac_check.check_openings` of the domains with these sigmas."""
        self.echo()
        self.toss()
        self.commit_and_open(sum(sigma_bytes))


class Voles:
    """COPEe and the VOLEs that replace it: `authenticate.cross`, `vole_extend`."""

    def __init__(self, messages: Messages, params: MascotParams, plan: VolePlan) -> None:
        self._to = messages
        self._plan = plan if params.authentication == "vole" else None
        self._depth = params.ot_tree_bits
        self._authenticated = 0
        self._available = Counter[int]()
        self._begun = set[int]()

    @property
    def _due(self) -> bool:
        return self._plan is not None and self._authenticated > self._plan.threshold

    @property
    def values_at_once(self) -> int:
        """In one message of `pairwise.enter_apart`."""
        return VALUES_AT_ONCE if self._plan is None else VALUES_AT_ONCE_BY_VOLE

    def settled(self, inputters: Sequence[int]) -> bool:
        """Whether from here on one batch in which these parties enter values costs as much as any other, but for VOLEs
        that run out, of which all of them have equally many."""
        if self._plan is None or not inputters:
            return True
        begun = self._due and all(party in self._begun for party in inputters)
        return begun and len({self._available[party] for party in inputters}) == 1

    def cross(self, inputters: Sequence[int], count: int) -> None:
        """Values of these parties, their masks counted in, meet all key shares."""
        self._authenticated += count * self._to.times
        if self._due:
            self.take(inputters, count)
            self._to.by(inputters, count * self._to.element)
        else:
            self._to.by(inputters, count * self._to.bits * self._to.element)

    def raw(self, inputters: Sequence[int], count: int) -> None:
        """`vole_extend.raw_voles`."""
        if self._due:
            self.take(inputters, count)
        else:
            self._base(inputters, count)

    def take(self, inputters: Sequence[int], count: int) -> None:
        """So many VOLEs of each, as often as `times` says, extended where there are too few."""
        assert self._plan is not None, "this session has no VOLEs"
        times, main = self._to.times, self._plan.main
        count, each = count * times, main.samples - main.base
        while short := [party for party in inputters if self._available[party] < count]:
            new = [party for party in short if party not in self._begun]
            if new:
                self._base(new, self._plan.first.base)
                self._stretch(new, self._plan.first)
                self._begun.update(new)
            # Several at once only where nothing else comes between them.
            self._to.times = min(-((self._available[party] - count) // each) for party in short)
            self._available.update(dict.fromkeys(short, self._to.times * each))
            self._stretch(short, main)
            self._to.times = times
        self._available.subtract(dict.fromkeys(inputters, count))

    def _base(self, inputters: Sequence[int], count: int) -> None:
        self._to.by(inputters, (count + 1) * self._to.bits * self._to.element)
        self._to.toss()
        self._to.by(inputters, 2 * self._to.element)

    def _stretch(self, inputters: Sequence[int], params: LpnParams) -> None:
        to, element = self._to, self._to.element
        self.extension(inputters, ot_rows(params))
        to.to(inputters, params.blocks * params.depth * 2 * BLOCK_BYTES)
        to.beside(params.blocks * element, sum(party != to.party for party in inputters))
        to.toss()
        to.by(inputters, element)
        to.to(inputters, COMMITMENT_BYTES)
        to.by(inputters, element)
        to.to(inputters, NONCE_BYTES)

    def extension(self, choosers: Sequence[int], rows: int) -> None:
        """`extend.extend_choices`."""
        self._to.by(choosers, FIELD_OTS.delta_bits // self._depth * column_bytes(rows))
        self._to.toss()
        self._to.by(choosers, (FIELD_OTS.delta_bits + 1) * DIGEST_BYTES)
