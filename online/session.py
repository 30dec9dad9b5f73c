"""`Mpc`: one party's view of a session, and the whole of the user's interface inside it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from spdz.errors import UsageError
from spdz.field import Field, FieldArray
from spdz.online.operations import nodes as operations
from spdz.online.plan.graph import Graph, Local, Node
from spdz.online.values.array import Public, SecretArray
from spdz.online.values.shapes import Shape, input_shape, matmul_shape, shape_tuple
from spdz.params import SessionParams, require_integer
from spdz.protocols.handshake import agree_on_parameters
from spdz.protocols.material_source import MaterialSource
from spdz.protocols.output import output, output_to
from spdz.runtime.context import Context
from spdz.runtime.party import Party
from spdz.runtime.traps import Trap
from spdz.sharing.material import RANDOM_BITS, RANDOM_SHARES, SQUARES, TRIPLES, InputMasks, Kind
from spdz.sharing.material import input_masks as input_masks_of
from spdz.sharing.material import matrix_triples as matrix_triples_of
from spdz.sharing.shares import AuthShare, concatenate_shares


@dataclass(frozen=True)
class Cost:
    """What a session has cost so far at this party."""

    rounds: int
    bytes_sent: int
    """Frame bytes to all peers, before TLS."""
    material: dict[str, int]
    """Material used, by kind."""
    seconds: dict[str, float]
    """Wall-clock seconds by phase: set-up, preprocessing, online."""


class Mpc:
    """One party of a running session.

    party, parties   this party's index, and how many there are
    field            the field that is computed in
    args, inputs     what the caller handed to this party's program
    """

    def __init__(self, party: Party, source: MaterialSource, args: Sequence[str] = (), inputs: Any = None) -> None:
        self.args = tuple(args)
        self.inputs = inputs
        self._party = party
        self._source = source
        self._graph = Graph(source)
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
        """True if this party's randomness comes from a seed, as in tests: then nothing is secret."""
        return self._party.session.randomness.tainted

    @property
    def cost(self) -> Cost:
        """What the session has cost so far."""
        material = {str(kind): count for kind, count in sorted(self._source.store.taken.items())}
        return Cost(self._party.depth, self._party.trace.bytes_sent, material, dict(self._seconds))

    # -- making secrets -------------------------------------------------------------------------------------------

    def input(self, values: Any = None, *, owner: int, shape: Shape | None = None) -> SecretArray:
        """Share `owner`'s array of integers.

        The owner passes integers between -(p-1)/2 and (p-1)/2. The others pass `shape`, or any array of the same shape,
        of which only the shape is used.
        Raises UsageError for values that are not such integers (naming the first index), and for unknown shapes.
        """
        require_integer(owner, "owner", 0, self.parties - 1)
        mine = self.party == owner
        encoded = self.field.signed(values) if mine and values is not None else None
        if encoded is None and mine:
            raise UsageError("the owner of an input must pass its values")
        actual = input_shape(values, shape, encoded)
        if encoded is not None and encoded.shape != actual:
            raise UsageError(f"the input has shape {encoded.shape}, but shape={actual} was asked for")

        return self._add(operations.input_of(owner, actual, encoded))

    def random(self, shape: Shape = ()) -> SecretArray:
        """Uniform elements of the field that nobody knows."""
        return self._add(operations.straight_from_material("random", shape_tuple(shape), RANDOM_SHARES))

    def random_bits(self, shape: Shape = ()) -> SecretArray:
        """Uniform bits, 0 or 1, that nobody knows."""
        return self._add(operations.straight_from_material("random bits", shape_tuple(shape), RANDOM_BITS))

    def constant(self, values: Public) -> SecretArray:
        """A public array in the form of a secret one, so that code can treat both alike."""
        public = self.field.signed(values)
        return self._add(Node("constant", public.shape, local=lambda: self.context.public(public)))

    def concatenate(self, arrays: Sequence[SecretArray], axis: int = 0) -> SecretArray:
        """Join secret arrays along an existing axis."""
        if not arrays:
            raise UsageError("nothing to concatenate")
        arrays = list(arrays)
        self._require_own(*arrays)
        try:
            shape = np.concatenate([np.broadcast_to(np.False_, array.shape) for array in arrays], axis).shape
        except ValueError as error:
            raise UsageError(str(error)) from None
        return self.local("concatenate", shape, lambda *shares: concatenate_shares(shares, axis), *arrays)

    # -- products -------------------------------------------------------------------------------------------------

    def multiply(self, x: SecretArray, y: SecretArray) -> SecretArray:
        """Elementwise product of two secret arrays of equal shape; the `*` operator broadcasts."""
        self._require_own(x, y)
        if x.shape != y.shape:
            raise UsageError(f"multiply takes arrays of equal shape, got {x.shape} and {y.shape}; x * y broadcasts")
        return self._add(operations.product(x._node, y._node))

    def square(self, x: SecretArray) -> SecretArray:
        """Elementwise square."""
        self._require_own(x)
        return self._add(operations.square_of(x._node))

    def matmul(self, x: SecretArray, y: SecretArray) -> SecretArray:
        """Matrix product; vectors count as in numpy."""
        self._require_own(x, y)
        shape = matmul_shape(x.shape, y.shape)
        left = x if x.ndim == 2 else x.reshape(1, -1)
        right = y if y.ndim == 2 else y.reshape(-1, 1)
        dims = (left.shape[0], left.shape[1], right.shape[1])
        if min(dims) == 0:
            return self.constant(np.zeros(shape, np.int64))
        whole = self._source.supports(matrix_triples_of(*dims))
        return self._add(operations.matrix_product(left._node, right._node, shape, whole=whole))

    # -- material -------------------------------------------------------------------------------------------------

    def prepare(
        self,
        *,
        triples: int = 0,
        squares: int = 0,
        random_bits: int = 0,
        random_shares: int = 0,
        input_masks: Mapping[int, int] | None = None,
        matrix_triples: Mapping[tuple[int, int, int], int] | None = None,
    ) -> None:
        """Make material ahead of time, so that later operations find it; the same call at every party.

        Without this, `reveal` makes what is missing. A product takes a triple per entry, a square a square, an input
        an input mask of its owner, a matrix product of shapes (m, l) and (l, n) a matrix triple, or m l n triples.
        """
        wanted: dict[Kind, int] = {
            TRIPLES: triples,
            SQUARES: squares,
            RANDOM_BITS: random_bits,
            RANDOM_SHARES: random_shares,
            **{input_masks_of(owner): count for owner, count in (input_masks or {}).items()},
            **{matrix_triples_of(*dims): count for dims, count in (matrix_triples or {}).items()},
        }
        for kind, count in wanted.items():
            require_integer(count, f"the number of {kind}", 0)
            if kind.owner >= self.parties:
                raise UsageError(f"there is no party {kind.owner} that could own input masks")
            if not self._source.supports(kind):
                raise UsageError(f"the {self.preprocessing} preprocessing does not make {kind}; matmul needs none")
        extra = {kind: count for kind, count in wanted.items() if count}
        self._prepare(f"prepare {', '.join(f'{count} {kind}' for kind, count in extra.items())}", extra)

    def discard_material(self) -> None:
        """Throw away all material that has been made and not used; the same call at every party."""
        self._graph.note("discard material")
        self._source.store.discard()

    # -- revealing ------------------------------------------------------------------------------------------------

    def reveal(self, *arrays: SecretArray) -> Any:
        """Run everything asked for so far, check it, and open arrays to all parties.

        Returns a numpy array of signed integers (int64, or Python ints where they do not fit), or a tuple of them if
        several secrets are given; several in one call cost one opening. Raises before anything is released if a party
        cheated.
        """
        self._require_arrays(arrays)

        async def ending(ctx: Context) -> FieldArray:
            return await output(ctx, _joined(arrays))

        opened: FieldArray = self._drive(f"reveal {[array.shape for array in arrays]}", ending, {})
        return _separated(opened, arrays)

    def reveal_to(self, *arrays: SecretArray, party: int) -> Any:
        """As `reveal`, but only `party` learns the values; the others get None."""
        self._require_arrays(arrays)
        require_integer(party, "party", 0, self.parties - 1)
        kind = input_masks_of(party)
        count = sum(array.size for array in arrays)

        async def ending(ctx: Context) -> FieldArray | None:
            if count == 0:
                empty = await output(ctx, _joined(arrays))
                return empty if self.party == party else None
            batch = self._graph.take(kind, count)
            return await output_to(ctx, _joined(arrays), party, InputMasks(batch.shares[0], batch.clear))

        shapes = [array.shape for array in arrays]
        opened: FieldArray | None = self._drive(
            f"reveal to party {party} {shapes}", ending, {kind: count} if count else {}
        )
        return None if opened is None else _separated(opened, arrays)

    # -- the session ----------------------------------------------------------------------------------------------

    def close(self) -> None:
        """End the session. What was asked for and never revealed is not run."""
        if self._party.over:
            return
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
            f"{', TAINTED: its randomness is known' if self.tainted else ''})"
        )

    def __reduce__(self) -> str:
        raise TypeError("a session cannot be pickled")

    # -- inside ---------------------------------------------------------------------------------------------------

    def local(self, name: str, shape: tuple[int, ...], function: Local, *operands: SecretArray) -> SecretArray:
        """An operation without messages, on the operands' shares."""
        self._require_own(*operands)
        return self._add(Node(name, shape, tuple(operand._node for operand in operands), local=function))

    def _add(self, node: Node) -> SecretArray:
        if self._party.over:
            raise UsageError("this session has ended; start a new one")
        return SecretArray(self, self._graph.add(node))

    def _drive(self, name: str, ending: Callable[[Context], Any], extra: dict[Kind, int]) -> Any:
        """Prepare, run everything pending, and end with `ending`."""
        self._prepare(name, extra)

        async def online(ctx: Context) -> Any:
            await self._graph.run(ctx)
            return await ending(ctx.child("reveal"))

        return self._timed("online", lambda: self._party.run(online, "online"))

    def _prepare(self, name: str, extra: dict[Kind, int]) -> None:
        def prepare(ctx: Context) -> Coroutine[Trap, Any, None]:
            return self._graph.prepare(ctx, name, extra)

        self._timed("preprocessing", lambda: self._party.run(prepare, "prepare"))

    def _timed(self, phase: str, work: Callable[[], Any]) -> Any:
        started = perf_counter()
        try:
            return work()
        finally:
            self._seconds[phase] += perf_counter() - started

    def _require_arrays(self, arrays: tuple[SecretArray, ...]) -> None:
        if not arrays:
            raise UsageError("nothing to reveal")
        for array in arrays:
            if not isinstance(array, SecretArray):
                raise UsageError(f"only secret arrays can be revealed, got {type(array).__name__}")
        self._require_own(*arrays)

    def _require_own(self, *arrays: SecretArray) -> None:
        for array in arrays:
            if not isinstance(array, SecretArray):
                raise UsageError(f"a secret array is needed here, got {type(array).__name__}; see mpc.constant")
            if array._mpc is not self:
                raise UsageError("the secret belongs to another session; secrets of different sessions do not mix")


def _joined(arrays: Sequence[SecretArray]) -> AuthShare:
    return concatenate_shares([array._node.result.reshape(-1) for array in arrays])


def _separated(opened: FieldArray, arrays: Sequence[SecretArray]) -> npt.NDArray[Any] | tuple[npt.NDArray[Any], ...]:
    results, start = [], 0
    for array in arrays:
        results.append(opened[start : start + array.size].reshape(*array.shape).to_signed())
        start += array.size
    return results[0] if len(results) == 1 else tuple(results)
