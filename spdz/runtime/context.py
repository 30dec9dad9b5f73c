"""What a protocol function is given: who it is, where it is in the program, and how to reach its peers."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from spdz.crypto.randomness import Randomness
from spdz.errors import InternalError
from spdz.field import Field, FieldArray
from spdz.params import SecurityParams
from spdz.runtime.traps import Exchange, Gather, Trap
from spdz.sharing.bit_domain import BitDomain
from spdz.sharing.domain import Domains
from spdz.sharing.field_domain import FieldDomain
from spdz.sharing.mac_key import MacKey
from spdz.sharing.shares import AuthShare
from spdz.sharing.unverified import Unverified
from spdz.wire.codec import Codec
from spdz.wire.steps import Step


@dataclass(eq=False)
class SessionState:
    """What all contexts of one party's session share."""

    party: int
    parties: int
    field: Field
    security: SecurityParams
    randomness: Randomness
    session_id: bytes = b""
    threads: int = 1
    """How many threads the heavy loops of this party may use; the peers need not know."""

    def __post_init__(self) -> None:
        self.security.require_field(self.field.name, self.field.bits)
        self.field_domain = FieldDomain(self.field, self.party)
        self.bit_domain = BitDomain()
        self.domains = Domains(self.field_domain, self.bit_domain)
        """All sharing domains. They hold the MAC key shares of this party."""

    @property
    def key(self) -> MacKey[FieldArray]:
        """The MAC key share of the field domain."""
        return self.field_domain.key


class Context:
    """A place in the program of one party.

    Every message has a label made from the path; paths are unique because a context numbers its children and its
    exchanges. Children inherit the log of unverified openings unless they are given one of their own.
    """

    def __init__(self, session: SessionState, path: str = "", unverified: Unverified | None = None) -> None:
        self.session = session
        self.path = path
        self.unverified = unverified if unverified is not None else Unverified()
        self.last_path = path
        """Path of the latest exchange; names what is logged as unverified."""
        self._count = 0

    @property
    def party(self) -> int:
        return self.session.party

    @property
    def parties(self) -> int:
        return self.session.parties

    @property
    def peers(self) -> tuple[int, ...]:
        """The other computing parties, in order. A dealer is not among them."""
        return tuple(party for party in range(self.session.parties) if party != self.session.party)

    @property
    def field(self) -> Field:
        return self.session.field

    @property
    def randomness(self) -> Randomness:
        return self.session.randomness

    def child(self, name: str, unverified: Unverified | None = None) -> Context:
        """A context below this one, with a path of its own."""
        return Context(self.session, self._next_path(name), unverified or self.unverified)

    def random(self, shape: tuple[int, ...] | int) -> FieldArray:
        """Uniform secret elements of this party's own."""
        return self.field.sample(self.randomness.fill, (shape,) if isinstance(shape, int) else shape)

    def public(self, value: FieldArray) -> AuthShare:
        """A share of a public constant in the field domain."""
        return self.session.field_domain.public(value)

    async def exchange(
        self, step: Step, sends: Mapping[int, tuple[Codec, Any]], receives: Mapping[int, Codec]
    ) -> dict[int, Any]:
        """Send `sends[peer]` to every peer in it and receive from every peer in `receives`. One round."""
        codecs = [*(codec for codec, _ in sends.values()), *receives.values()]
        if any(codec.payload is not step.payload for codec in codecs):
            raise InternalError(f"step {step.name} declares {step.payload.value}, and is used for something else")
        path = self._next_path(step.name)
        answer: dict[int, Any] = await Exchange(step, path, sends, receives)
        self.last_path = path
        return answer

    async def swap(
        self, step: Step, codec: Codec, payloads: Mapping[int, Any], senders: Iterable[int] | None = None
    ) -> dict[int, Any]:
        """Send `payloads[peer]` to every peer in it and receive from `senders`, or else from all peers. One round.

        All payloads have the layout of `codec`.
        """
        sends = {peer: (codec, payload) for peer, payload in payloads.items()}
        return await self.exchange(step, sends, dict.fromkeys(self.peers if senders is None else senders, codec))

    async def tell_all(self, step: Step, codec: Codec, value: Any) -> dict[int, Any]:
        """`swap` with the same payload for every peer."""
        return await self.swap(step, codec, dict.fromkeys(self.peers, value))

    async def gather(self, *children: Coroutine[Trap, Any, Any]) -> list[Any]:
        """Run coroutines side by side; each must have been given a child context of its own."""
        results: list[Any] = await Gather(children)
        return results

    def _next_path(self, name: str) -> str:
        self._count += 1
        return f"{self.path}/{self._count:06d}.{name}"
