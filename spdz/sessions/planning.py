"""`plan`: what a program will cost, found by running it on shapes alone, without peers, material or values.

The program runs as one party; every array has a shape and a type and no entries. What it reveals is not known: it can
be passed on and shown (as "?"), and a program that computes with it, or branches on it, ends the plan at that line.
Rounds, bytes and material are those that the parties will see, because the plan reads the same descriptions of the
operations as the run does (`spdz.online.plan.pricing`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from spdz.crypto.randomness import SystemRandomness
from spdz.errors import InternalError, UsageError
from spdz.field import M127, Field, field_by_name
from spdz.online.plan.graph import Graph, Node
from spdz.online.plan.pricing import Price, Prices
from spdz.online.session import Mpc
from spdz.online.values.belonging import require_arrays
from spdz.online.values.caller import user_line
from spdz.online.values.revealing import by_domain
from spdz.params import MAX_PARTIES, SessionParams, require_integer
from spdz.preprocessing.generators import Choice, preprocessing_of
from spdz.protocols.material_source import MaterialPrices
from spdz.runtime.context import Context, SessionState
from spdz.runtime.party import Party
from spdz.sessions.programs import Program, require_programs
from spdz.sharing.material import Kind, demand_of

MEGABIT = 125_000
"""Bytes."""


@dataclass(frozen=True)
class Plan:
    """What a program costs one party.

    rounds      online: messages that wait for each other, one after the other
    bytes_sent  online: to all peers together, frame headers included
    material    what is taken, by kind
    hiding_bits s: the run is within 2^-s of one that tells nothing; None if nothing is hidden statistically only
    ends_at     where the plan ends because the program uses what it has revealed; None if the program has ended
    preprocessing_rounds, preprocessing_bytes_sent
                what the set-up and making that material cost besides, batches one after the other; None where the
                generator does not say
    """

    rounds: int
    bytes_sent: int
    material: Mapping[str, int]
    hiding_bits: int | None = None
    ends_at: str | None = None
    preprocessing_rounds: int | None = None
    preprocessing_bytes_sent: int | None = None

    def seconds(self, *, latency_ms: float = 0.0, megabits: float = 1000.0) -> float:
        """A lower bound of the online time: what the network alone takes at this one-way latency and bandwidth."""
        return _on_the_way(self.rounds, self.bytes_sent, latency_ms, megabits)

    def preprocessing_seconds(self, *, latency_ms: float = 0.0, megabits: float = 1000.0) -> float | None:
        """An estimate of what the network takes for the preprocessing: batches of triples in flight share rounds."""
        if self.preprocessing_rounds is None or self.preprocessing_bytes_sent is None:
            return None
        return _on_the_way(self.preprocessing_rounds, self.preprocessing_bytes_sent, latency_ms, megabits)

    def __str__(self) -> str:
        lines = [f"{self.rounds} rounds, {self.bytes_sent:,} bytes sent, online"]
        if self.preprocessing_bytes_sent is not None:
            made = f"{self.preprocessing_rounds:,} rounds, {self.preprocessing_bytes_sent:,} bytes sent"
            lines.append(f"{made}, to make the material")
        lines += [f"{count:>12,} {kind}" for kind, count in self.material.items()]
        if self.hiding_bits is not None:
            lines.append(f"hidden with {self.hiding_bits} bits of statistical security in all")
        if self.ends_at is not None:
            lines.append(f"the plan ends at {self.ends_at}, where the program uses what it has revealed")
        return "\n".join(lines)


def _on_the_way(rounds: int, sent: int, latency_ms: float, megabits: float) -> float:
    """Seconds."""
    return rounds * latency_ms / 1000 + sent / (megabits * MEGABIT)


def plan(
    program: Program,
    parties: int = 2,
    field: Field | str = M127,
    preprocessing: Choice = "mascot",
    *,
    party: int = 0,
    inputs: Any = None,
    args: Sequence[str] = (),
) -> Plan:
    """What `program(mpc)` costs when it is run as `party`.

    inputs  what the program finds as `mpc.inputs`; of what it inputs only shapes are used
    args    what it finds as `mpc.args`

    Nothing is sent and nothing is computed. Raises whatever the program raises, and UsageError for arguments that do
    not fit.
    """
    parties = require_integer(parties, "parties", 2, MAX_PARTIES)
    party = require_integer(party, "party", 0, parties - 1)
    [program] = require_programs([program], 1)
    maker = preprocessing_of(preprocessing)
    chosen = field if isinstance(field, Field) else field_by_name(field)
    params = maker.session(chosen.name, parties)
    state = SessionState(party, parties, chosen, params.security, SystemRandomness())
    source, prices = maker.source(), maker.prices(Context(state))
    mpc = PlanningMpc(Party(state, _Nowhere(), parties), source, params, args, inputs, prices)
    try:
        program(mpc)
    except _PlanEnds as end:
        return mpc.plan(str(end))
    return mpc.plan()


class _Nowhere:
    """A transport that leads nowhere."""

    name = "plan"

    def attach(self, readers: Any) -> None:
        """There is nobody to read from."""

    def send(self, peer: int, parts: Any) -> NoReturn:
        raise InternalError("a plan sends nothing")

    def poll(self) -> None:
        """Nothing is on its way."""

    def wait(self, timeout: float) -> NoReturn:
        raise InternalError("a plan waits for nothing")

    def close(self, timeout: float) -> None:
        """There is nothing to close."""


class _PlanEnds(BaseException):
    """The program uses what it has revealed. Not an Exception: a program that handles those must not handle this."""


@dataclass(frozen=True)
class Unknown:
    """A revealed array: its values are not known in a plan."""

    shape: tuple[int, ...]

    def __getattr__(self, name: str) -> Any:
        self._end(f".{name}")

    def _end(self, what: str) -> NoReturn:
        raise _PlanEnds(f"{user_line()} ({what} of a revealed value)")

    def __format__(self, spec: str) -> str:
        return "?"

    def __repr__(self) -> str:
        return "?"


def _ending(name: str) -> Any:
    def method(self: Unknown, *args: Any) -> NoReturn:
        self._end(name)

    return method


_USES = (
    "bool int float complex index len iter getitem contains array neg pos abs invert add radd sub rsub mul rmul matmul "
    "rmatmul truediv rtruediv floordiv rfloordiv mod rmod pow rpow and rand or ror xor rxor eq ne lt le gt ge hash"
)
for _name in _USES.split(" "):
    setattr(Unknown, f"__{_name}__", _ending(_name))


class _PlanGraph(Graph):
    """Operations that are never run."""

    def add(self, node: Node) -> Node:
        with self._lock:
            self._nodes.add(node)
            self._own.append(node)
            self.undoing(node.withdraw)
        return node


@dataclass
class _Bill:
    """What has been planned so far."""

    price: Price = field(default_factory=Price)
    material: Counter[Kind] = field(default_factory=Counter)


class PlanningMpc(Mpc):
    """The user's view of a session that is only planned."""

    def __init__(
        self,
        party: Party,
        source: Any,
        params: SessionParams,
        args: Sequence[str],
        inputs: Any,
        prices: MaterialPrices | None,
    ) -> None:
        super().__init__(party, source, args, inputs)
        self._graph = _PlanGraph(source)
        self._making = prices
        self._prices = Prices(self.party, params.parties, self.field.element_bytes)
        self._bill = _Bill()

    def plan(self, ends_at: str | None = None) -> Plan:
        """The bill so far."""
        material = {str(kind): count for kind, count in sorted(self._bill.material.items())}
        made = (None, None) if self._making is None else (self._making.rounds, self._making.bytes_sent)
        return Plan(*self._bill.price, material, self.hiding.bits, ends_at, *made)

    def reveal(self, *arrays: Any) -> Any:
        self._reveal(arrays, None)
        return _unknowns(arrays)

    def reveal_to(self, *arrays: Any, party: int) -> Any:
        party = require_integer(party, "party", 0, self.parties - 1)
        self._reveal(arrays, party)
        return _unknowns(arrays) if self.party == party else None

    def publish(self, value: Any = None, *, owner: int) -> Any:
        """The value, if this party's program passes one: what others publish is not known."""
        require_integer(owner, "owner", 0, self.parties - 1)
        if value is None:
            raise UsageError(f"a plan as party {self.party} does not know what party {owner} publishes")
        return value

    def prepare(self, **wanted: Any) -> None:
        self._make(self._graph.pending(), demand_of(wanted, self.parties))
        self._bill.price = self._bill.price.then(self._prices.agreement())

    def discard_material(self) -> None:
        if self._making is not None:
            self._making.discard()

    def close(self) -> None:
        """There is nothing to end."""

    def _reveal(self, arrays: tuple[Any, ...], party: int | None) -> None:
        require_arrays(self, arrays)
        groups = by_domain(arrays)
        pending = self._graph.pending([array._node for array in arrays])
        self._bill.price = self._bill.price.then(
            self._prices.reveal(pending, {group.domain: group.size for group in groups})
        )
        masks = {} if party is None else {group.mask_kind(party): group.size for group in groups if group.size}
        need = self._make(pending, masks)
        self._bill.material.update(need)
        if self._making is not None:
            self._making.take(need)
        for node in pending:
            node.taken = True

    def _make(self, pending: Sequence[Node], extra: Mapping[Kind, int]) -> Counter[Kind]:
        """Count in what makes the material of these nodes and some more; returns all of it."""
        need, domains = self._graph.demand(pending, extra)
        if self._making is not None:
            for domain in domains:
                self._making.open_domain(domain)
            self._making.produce(need)
        return need


def _unknowns(arrays: tuple[Any, ...]) -> Any:
    found = tuple(Unknown(array.shape) for array in arrays)
    return found[0] if len(found) == 1 else found
