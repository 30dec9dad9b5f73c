"""`Mpc`: one party's view of a session, and the whole of the user's interface inside it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from threading import Lock, get_ident
from time import perf_counter
from types import TracebackType
from typing import Any, TypeVar, overload

from spdz.errors import UsageError
from spdz.field import Field
from spdz.online.cost import Cost
from spdz.online.operations.publish import publish
from spdz.online.operations.random import BITS, RANDOM
from spdz.online.operations.registry import Call, Operation
from spdz.online.plan.graph import Graph, Local, Node
from spdz.online.plan.hiding import Hiding
from spdz.online.values.array import SecretArray
from spdz.online.values.belonging import require_arrays, require_own
from spdz.online.values.entering import Asked, constant, entered
from spdz.online.values.joining import concatenated, stacked
from spdz.online.values.opened import Opened
from spdz.online.values.revealing import by_domain, separated
from spdz.online.values.secret import Public, Secret
from spdz.online.values.selecting import where
from spdz.online.values.shapes import Shape, shape_tuple
from spdz.online.values.types import Declared
from spdz.params import SessionParams, require_integer
from spdz.protocols.handshake import agree_on_parameters
from spdz.protocols.material_source import MaterialSource
from spdz.protocols.output import output_together, output_together_to
from spdz.runtime.context import Context
from spdz.runtime.party import Party
from spdz.runtime.traps import Trap
from spdz.sharing.material import Kind, MaskSlack, demand_of
from spdz.wire.plain import decode_plain, encode_plain

T = TypeVar("T")
V = TypeVar("V", bound=Secret)
Into = Callable[["Mpc", Node], T]
"""Makes a value of a session from its node."""


class Mpc:
    """One party of a running session.

    party, parties   this party's index, and how many there are
    field            the field that is computed in
    args, inputs     what the caller handed to this party's program
    assumes_ranges   whether nobody proves some range: after `check_range=False`, `assume_range`, `as_int`
    hiding           how well truncations hide in all (`hiding.bits`), and what is asked for (`hiding.accept`)
    """

    def __init__(self, party: Party, source: MaterialSource, args: Sequence[str] = (), inputs: Any = None) -> None:
        self.args = tuple(args)
        self.inputs = inputs
        self.assumes_ranges = False
        self.hiding = Hiding()
        self._party = party
        self._source = source
        self._graph = Graph(source)
        self._busy = Lock()
        self._revealing: int | None = None
        """The thread that makes material or reveals."""
        self._seconds = {"set-up": 0.0, "preprocessing": 0.0, "online": 0.0}
        party.on_end += [source.destroy, self._graph.destroy]

    def open(self, params: SessionParams, endpoints: tuple[int, ...]) -> None:
        """Agree with all endpoints on the parameters and set the generator up; before anything else, and once."""

        def work() -> None:
            state = self._party.session
            state.session_id = self._party.run(lambda ctx: agree_on_parameters(ctx, params, endpoints), "handshake")
            self._party.run(self._source.set_up, "set-up")

        self._timed("set-up", work)

    # -- who and what ---------------------------------------------------------------------------------------------

    @property
    def party(self) -> int:
        """This party's index."""
        return self._party.session.party

    @property
    def parties(self) -> int:
        """How many parties compute."""
        return self._party.session.parties

    @property
    def field(self) -> Field:
        """The field that is computed in."""
        return self._party.session.field

    @property
    def context(self) -> Context:
        """The root context; for protocols that are written against the runtime."""
        return self._party.context

    @property
    def transport(self) -> str:
        """How messages travel."""
        return self._party.transport.name

    @property
    def preprocessing(self) -> str:
        """Who makes the material."""
        return self._source.name

    @property
    def tainted(self) -> bool:
        """True if nothing is secret: this party's randomness comes from a seed, as in tests."""
        return self._party.session.randomness.tainted

    @property
    def cost(self) -> Cost:
        """What the session has cost so far."""
        material = {str(kind): count for kind, count in sorted(self._source.store.taken.items())}
        return Cost(self._party.depth, self._party.trace.bytes_sent, material, dict(self._seconds))

    # -- making secrets -------------------------------------------------------------------------------------------

    @overload
    def input(self, values: Any = None, *, owner: int, shape: Shape | None = None) -> SecretArray: ...

    @overload
    def input(
        self, values: Any = None, *, owner: int, shape: Shape | None = None, type: Declared[V], check_range: bool = True
    ) -> V: ...

    def input(
        self, values: Any = None, *, owner: int, shape: Shape | None = None, type: Any = None, check_range: bool = True
    ) -> Secret:
        """Share `owner`'s array of integers.

        The owner passes integers between -(p-1)/2 and (p-1)/2, or what the declared `type` holds, as `spdz.Int(32)`.
        The others pass `shape`, or any array of the same shape, of which only the shape is used. All pass the type.
        The owner proves to all others that numbers lie in the range of their type. With `check_range=False` it does
        not: **a cheater may input others**, so results may be wrong, and what a range hides is not hidden.
        Raises UsageError for values that are not such integers (naming the first index), and for unknown shapes.
        """
        return entered(self, Asked(values, owner, shape, check_range), type)

    def random(self, shape: Shape = ()) -> SecretArray:
        """Uniform elements of the field that nobody knows."""
        return self.apply(RANDOM, shape=shape_tuple(shape))

    def random_bits(self, shape: Shape = ()) -> SecretArray:
        """Uniform bits, 0 or 1, that nobody knows."""
        return self.apply(BITS, shape=shape_tuple(shape))

    @overload
    def constant(self, values: Public) -> SecretArray: ...

    @overload
    def constant(self, values: Public, type: Declared[V]) -> V: ...

    def constant(self, values: Public, type: Any = None) -> Secret:
        """A public array in the form of a secret one, so that code can treat both alike."""
        return constant(self, values, type)

    def concatenate(self, arrays: Sequence[Secret | Public], axis: int = 0) -> Any:
        """Join arrays along an existing axis, as `np.concatenate` does; public ones count as constants."""
        return concatenated(self, arrays, axis)

    def stack(self, arrays: Sequence[Secret | Public], axis: int = 0) -> Any:
        """Join arrays of one shape along a new axis, as `np.stack` does; public ones count as constants."""
        return stacked(self, arrays, axis)

    def where(self, condition: Secret | Public, x: Secret | Public, y: Secret | Public) -> Any:
        """x where a condition holds, else y, as `np.where`; one of the three is secret."""
        return where(self, condition, x, y)

    # -- material -------------------------------------------------------------------------------------------------

    def prepare(self, **wanted: int | Mapping[Any, int]) -> None:
        """Make material ahead of time, so that later operations find it; the same call at every party.

        Names are those of the kinds, values counts, by owner or dimensions where the kind has them:
        `prepare(triples=5, input_masks={0: 3}, matrix_triples={(2, 3, 4): 1})`. Without this, `reveal` makes what is
        missing. A product takes a triple per entry, a square a square, an input an input mask of its owner, one of a
        declared type proof masks (`spdz.plan` counts them), a matrix product of shapes (m, l) and (l, n) a matrix
        triple, or m l n triples.
        """
        extra = demand_of(wanted, self.parties)
        for kind in extra:
            if not self._source.supports(kind):
                raise UsageError(f"the {self.preprocessing} preprocessing does not make {kind}; matmul needs none")
        name = f"prepare {', '.join(f'{count} {kind}' for kind, count in extra.items())}"
        with self._alone("prepare material"):
            self._prepare(name, self._graph.pending(), extra)

    def discard_material(self) -> None:
        """Throw away all material that has been made and not used; the same call at every party."""
        with self._alone("discard material"):
            self._graph.note("discard material")
            self._source.store.discard()

    # -- revealing ------------------------------------------------------------------------------------------------

    def reveal(self, *arrays: Secret) -> Any:
        """Run everything asked for so far, check it, and open arrays to all parties.

        Returns a numpy array of signed integers (int64, or Python ints where they do not fit), or a tuple of them if
        several secrets are given; several in one call cost one opening. Raises before anything is released if a party
        cheated.
        """
        require_arrays(self, arrays)
        groups = by_domain(arrays)

        async def ending(ctx: Context) -> list[Any]:
            return await output_together(ctx, [group.joined() for group in groups])

        opened: list[Any] = self._drive(f"reveal {[array.shape for array in arrays]}", arrays, ending, {})
        return separated(arrays, groups, opened)

    def reveal_to(self, *arrays: Secret, party: int) -> Any:
        """As `reveal`, but only `party` learns the values; the others get None."""
        require_arrays(self, arrays)
        party = require_integer(party, "party", 0, self.parties - 1)
        groups = by_domain(arrays)
        need = {group.mask_kind(party): group.size for group in groups if group.size}

        async def ending(ctx: Context) -> list[Any] | None:
            lent = self._graph.lend(need)
            masks = [group.masks(ctx, lent.get(group.mask_kind(party))) for group in groups]
            return await output_together_to(ctx, [group.joined() for group in groups], party, masks)

        shapes = [array.shape for array in arrays]
        opened: list[Any] | None = self._drive(f"reveal to party {party} {shapes}", arrays, ending, need)
        return None if opened is None else separated(arrays, groups, opened)

    # -- what is no secret ----------------------------------------------------------------------------------------

    def publish(self, value: Any = None, *, owner: int) -> Any:
        """Tell all parties a plain value of `owner`'s, and return it at all of them, at once. **It is no secret.**

        For what the others must know before they can go on, such as a shape: `mpc.publish(np.shape(rows), owner=0)`.
        Numbers, text, bytes, None, and tuples and lists of them, up to a megabyte. The value that others than the owner
        pass is not used. Nothing vouches for what the owner says, but all are told the same.
        Raises UsageError for what is no plain value; BroadcastMismatch if different parties were told different things.
        """
        owner = require_integer(owner, "owner", 0, self.parties - 1)
        own = decode_plain(encode_plain(value)) if self.party == owner else None

        ending = f"publish by party {owner}"
        with self._alone("publish"):
            pending = self._graph.pending()
            # As before a reveal, under the same name: a party whose program reveals here instead is told so.
            self._party.run(lambda ctx: self._graph.agree(ctx.child("plan"), pending, ending), "prepare")
            return self._timed("online", lambda: self._party.run(lambda ctx: publish(ctx, owner, own), "publish"))

    # -- the session ----------------------------------------------------------------------------------------------

    def close(self) -> None:
        """End the session. What was asked for and never revealed is not run."""
        if self._party.over:
            return
        with self._alone("end"):
            self._party.run(self._source.finish, "finish")
            self._party.close()

    def abort(self, error: BaseException) -> None:
        """End the session because of an error outside of it: destroy key and material, tell the peers."""
        self._party.abort(error)

    def __enter__(self) -> Mpc:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            self.abort(error)
        else:
            self.close()

    def __repr__(self) -> str:
        return (
            f"Mpc(party {self.party} of {self.parties}, field={self.field.name}, "
            f"preprocessing={self.preprocessing}, transport={self.transport}"
            f"{', TAINTED: nothing in it is secret' if self.tainted else ''}"
            f"{', ranges are assumed' if self.assumes_ranges else ''})"
        )

    def __reduce__(self) -> str:
        raise TypeError("a session cannot be pickled")

    # -- for operations -------------------------------------------------------------------------------------------

    def apply(
        self, operation: Operation, *operands: Secret | Opened, private: Any = None, **parameters: Any
    ) -> SecretArray:
        """Ask for an operation on arrays of this session; see `spdz.online.operations.registry`.

        `private` stays at this party, the parameters are the same at all.
        """
        return self.apply_as(SecretArray, operation, *operands, private=private, **parameters)

    def apply_as(
        self, into: Into[T], operation: Operation, *operands: Secret | Opened, private: Any = None, **parameters: Any
    ) -> T:
        """As `apply`, with the result as another class of values than field elements."""
        require_own(self, operands)
        nodes = tuple(operand._node for operand in operands)
        call = Call.on(nodes, parameters, private)
        node = self._admit(operation.node(call, nodes), operation.distance(self.field, call))
        self.assumes_ranges |= operation.assumed
        return into(self, node)

    def apply_public(self, operation: Operation, *operands: Secret | Opened, **parameters: Any) -> Opened:
        """As `apply`, for an operation whose result is opened for others of the same plan."""
        return self.apply_as(Opened, operation, *operands, **parameters)

    def local(self, name: str, shape: tuple[int, ...], function: Local, *operands: Secret) -> SecretArray:
        """An operation without messages, on the operands' shares."""
        return self.local_as(SecretArray, name, shape, function, *operands)

    def local_as(self, into: Into[T], name: str, shape: tuple[int, ...], function: Local, *operands: Secret) -> T:
        """As `local`, with the result as another class of values."""
        require_own(self, operands)
        return into(self, self._admit(Node(name, shape, tuple(operand._node for operand in operands), local=function)))

    @property
    def mask_slack(self) -> MaskSlack:
        """What the masks of this session's preprocessing are made of."""
        return self._source.mask_slack(self.parties)

    def supports(self, kind: Kind) -> bool:
        """Whether this session's preprocessing makes that kind of material."""
        return self._source.supports(kind)

    def made(self, value: Secret) -> None:
        """A value of a declared range has been made; for whoever validates."""

    # -- inside ---------------------------------------------------------------------------------------------------

    def _ran(self) -> None:
        """All that was asked for has been computed, and nothing of it revealed; for whoever validates."""

    def _admit(self, node: Node, distance: Fraction = Fraction(0)) -> Node:
        self._require_running()
        if self._revealing == get_ident():
            raise UsageError(
                f"this session is busy: it runs a reveal, and cannot be asked for {node.description!r} from within it; "
                "ask before or after"
            )
        self._graph.undoing(self.hiding.spend(distance, node.description))
        return self._graph.add(node)

    @contextmanager
    def _alone(self, what: str) -> Iterator[None]:
        """One thread at a time makes material or reveals; another one is refused, and does no harm."""
        if not self._busy.acquire(blocking=False):
            raise UsageError(f"this session is busy: it cannot {what} now; a party does one thing at a time")
        self._revealing = get_ident()
        try:
            self._require_running()
            yield
        finally:
            self._revealing = None
            self._busy.release()

    def _require_running(self) -> None:
        if self._party.over:
            raise UsageError("this session has ended; start a new one")

    def _drive(
        self, name: str, arrays: tuple[Secret, ...], ending: Callable[[Context], Any], extra: dict[Kind, int]
    ) -> Any:
        """Prepare, run everything pending, and end with `ending`."""
        with self._alone("reveal"):
            pending = self._graph.pending([array._node for array in arrays])
            self._prepare(name, pending, extra)

            async def online(ctx: Context) -> Any:
                await self._graph.run(ctx, pending)
                self._ran()
                return await ending(ctx.child("reveal"))

            return self._timed("online", lambda: self._party.run(online, "online"))

    def _prepare(self, name: str, pending: list[Node], extra: dict[Kind, int]) -> None:
        def prepare(ctx: Context) -> Coroutine[Trap, Any, None]:
            return self._graph.prepare(ctx, pending, name, extra)

        self._timed("preprocessing", lambda: self._party.run(prepare, "prepare"))

    def _timed(self, phase: str, work: Callable[[], Any]) -> Any:
        started = perf_counter()
        try:
            return work()
        finally:
            self._seconds[phase] += perf_counter() - started
