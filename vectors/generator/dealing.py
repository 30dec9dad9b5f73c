"""Hand-shake and the trusted dealer: docs/wire, sections 8 and 10."""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from vectors.generator.aes import Prg
from vectors.generator.checking import Shares
from vectors.generator.hashing import PROTOCOL_VERSION, derive, digest
from vectors.generator.online import matrix_product
from vectors.generator.world import Clock, Place, Session

CODES = {
    "triples": 1,
    "squares": 2,
    "random bits": 3,
    "random shares": 4,
    "input masks": 5,
    "matrix triples": 6,
}
UNIFORM = {
    "triples": (True, True, False),
    "squares": (True, False),
    "random bits": (False,),
    "random shares": (True,),
    "input masks": (False,),
    "matrix triples": (True, True, False),
}
CHUNK_BYTES = 2097152
NO_OWNER = 255


class Kind(NamedTuple):
    """A sort of material; sorts as section 9 has it, by name, owner, dims."""

    name: str
    owner: int = -1
    dims: tuple[int, ...] = ()

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """The shape of one element of each array."""
        if self.name == "matrix triples":
            m, inner, n = self.dims
            return [(m, inner), (inner, n), (m, n)]
        return [()] * len(UNIFORM[self.name])


class Material(NamedTuple):
    """Arrays of one kind, and the masks in clear, which the owner knows."""

    arrays: list[Shares]
    clear: list[int]


def describe(session: Session, preprocessing: str, mascot: str, *, statistical_bits: int = 60) -> list[str]:
    """The lines of a hello message in memory, that is, without certificates and without a program file."""
    lines = [
        f"protocol version={PROTOCOL_VERSION}",
        f"number of parties={len(session.parties)}",
        f"field={session.field.name}",
        f"preprocessing={preprocessing}",
        f"statistical security={statistical_bits}",
    ]
    return [*lines, f"MASCOT={mascot}"] if preprocessing == "mascot" else lines


def shake_hands(session: Session, clock: Clock, place: Place, texts: list[str]) -> None:
    """Compare parameters, agree on the session id; sets `session.session_id`. Each endpoint draws its nonce."""
    ends = session.endpoints

    def to_all(payloads: list[bytes]) -> dict[tuple[int, int], bytes]:
        return {(i, j): payloads[i] for i in ends for j in ends if i != j}

    nonces = [session.draw(endpoint, 32) for endpoint in ends]
    hellos = [nonces[i] + texts[i].encode("ascii").ljust(1024, b"\0") for i in ends]
    received = session.exchange(clock, place, "handshake.hello", to_all(hellos))
    ids = []
    for me in ends:
        seen = [hellos[i] if i == me else received[i, me] for i in ends]
        for other in ends:
            _compare(session, me, other, texts[me], seen[other][32:])
        ids.append(digest("session id", *(hello[:32] for hello in seen)))
    received = session.exchange(clock, place, "handshake.confirm", to_all(ids))
    for (_, receiver), theirs in sorted(received.items()):
        if theirs != ids[receiver]:
            session.fail(receiver, "BroadcastMismatch", "handshake.confirm")
    session.session_id = ids[min(session.outcomes)]


def _compare(session: Session, me: int, other: int, mine: str, theirs: bytes) -> None:
    text = theirs.rstrip(b"\0")
    lines = text.split(b"\n")
    names = {line.split(b"=")[0] for line in lines if b"=" in line}
    if len(names) != len(lines) or any(not (32 <= byte < 127 or byte == 10) for byte in text):
        session.fail(me, "MalformedMessage", "handshake.hello", other)
    elif text != mine.encode():
        session.fail(me, "ConfigurationMismatch")


class Dealer:
    """The dealer's side and the parties' streams."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self.session = session
        self.index = len(session.parties)
        self.place = Place("/dealer")
        sid, parties = session.session_id, session.parties
        # The dealer draws the parties' seeds in their order.
        seeds = {(self.index, party): session.draw(self.index, 16) for party in parties}
        received = session.exchange(clock, self.place, "dealer.seed", seeds)

        def expand(seed: bytes, party: int) -> tuple[int, Prg]:
            key, stream = (
                Prg(derive("dealer seed", seed, 16, use, session_id=sid, party=party)) for use in ("mac key", "shares")
            )
            return session.field.sample(key, 1)[0], stream

        at_parties = [expand(received[self.index, party], party) for party in parties]
        at_dealer = [expand(seeds[self.index, party], party) for party in parties]
        session.mac_key = [alpha for alpha, _ in at_parties]
        self.streams = [stream for _, stream in at_parties]
        self.alpha = sum(alpha for alpha, _ in at_dealer) % session.field.p
        self.copies = [stream for _, stream in at_dealer]

    def _request(self, clock: Clock, payload: bytes) -> None:
        sends = {(party, self.index): payload for party in self.session.parties}
        received = self.session.exchange(clock, self.place, "dealer.request", sends)
        for (_, receiver), theirs in sorted(received.items()):
            if theirs != received[0, self.index]:
                self.session.fail(receiver, "ConfigurationMismatch")

    def fetch(self, clock: Clock, kind: Kind, missing: int) -> Material:
        """All of one kind, which must fit one chunk: small sessions do."""
        field = self.session.field
        bytes_each = 2 * field.width * sum(prod(shape) for shape in kind.shapes)
        if missing * bytes_each > CHUNK_BYTES:
            raise ValueError("more than one chunk")
        owner = kind.owner if kind.owner >= 0 else NO_OWNER
        dims = b"".join(dim.to_bytes(4, "little") for dim in kind.dims or (0, 0, 0))
        self._request(clock, bytes([CODES[kind.name], owner]) + dims + missing.to_bytes(8, "little"))
        return self._answer(clock, kind, missing)

    def _answer(self, clock: Clock, kind: Kind, count: int) -> Material:
        session, field, last = self.session, self.session.field, self.index - 1
        sizes = [count * prod(shape) for shape in kind.shapes] * 2
        uniform = (*UNIFORM[kind.name], *[False] * len(kind.shapes))

        def read(stream: Prg, party: int) -> tuple[list[int], list[list[int] | None]]:
            masks = field.sample(stream, count) if party == kind.owner else []
            skips = [party == last and not known for known in uniform]
            return masks, [None if skip else field.sample(stream, n) for skip, n in zip(skips, sizes, strict=True)]

        dealt = [read(stream, party) for party, stream in enumerate(self.copies)]
        truth = self._values(kind, count, [part for _, part in dealt], [masks for masks, _ in dealt])
        truth += [field.scale(self.alpha, values) for values in truth]
        corrections: list[int] = []
        for i, known in enumerate(uniform):
            if not known:
                others = [part[i] or [] for _, part in dealt[:last]]
                corrections += field.subtract(truth[i], field.total(others))
        sends = {(self.index, last): field.encode(corrections)}
        received = session.exchange(clock, self.place, "dealer.corrections", sends)
        correct = session.decode(self.index, last, "dealer.corrections", received[self.index, last])

        held = [read(stream, party) for party, stream in enumerate(self.streams)]
        arrays: list[list[list[int]]] = []
        for i, size in enumerate(sizes):
            column = [part[i] for _, part in held]
            if column[last] is None:
                column[last], correct = correct[:size], correct[size:]
            arrays.append([array or [] for array in column])
        half = len(kind.shapes)
        shares = [Shares(arrays[i], arrays[half + i], (count, *kind.shapes[i])) for i in range(half)]
        return Material(shares, held[kind.owner][0] if kind.owner >= 0 else [])

    def _values(
        self, kind: Kind, count: int, parts: list[list[list[int] | None]], masks: list[list[int]]
    ) -> list[list[int]]:
        field = self.session.field
        totals = [field.total([part[i] or [] for part in parts]) for i, known in enumerate(UNIFORM[kind.name]) if known]
        if kind.name == "triples":
            return [*totals, [a * b % field.p for a, b in zip(*totals, strict=True)]]
        if kind.name == "squares":
            return [*totals, [a * a % field.p for a in totals[0]]]
        if kind.name == "random shares":
            return totals
        if kind.name == "input masks":
            return [masks[kind.owner]]
        if kind.name == "random bits":
            # The dealer draws whole bytes; bit 0 is the highest of the first.
            data = int.from_bytes(self.session.draw(self.index, -(-count // 8)), "big")
            width = -(-count // 8) * 8
            return [[data >> (width - 1 - i) & 1 for i in range(count)]]
        m, inner, n = kind.dims
        products: list[int] = []
        for i in range(count):
            left = totals[0][i * m * inner : (i + 1) * m * inner]
            right = totals[1][i * inner * n : (i + 1) * inner * n]
            products += matrix_product(field.p, left, right, (m, inner, n))
        return [*totals, products]

    def finish(self, clock: Clock) -> None:
        """All parties say that they need nothing more."""
        self._request(clock, bytes([0, NO_OWNER]) + bytes(20))
