"""One party of a session with a trusted dealer: input, multiply, MAC check, output, for two parties.

Written from docs/wire alone and sharing no code with the suite: plain integers, `hashlib`, `ssl`, and AES from
`cryptography`. It computes x * y and then x * y * y for vectors x of party 0 and y of party 1. Section numbers are
those of the page.
A study of the protocol, not a product: it wipes nothing, and its time depends on what it computes with.
"""

from __future__ import annotations

import argparse
import hashlib
import secrets
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from . import wire
from .connections import Connections, Network
from .wire import Field, Place, Prg, ProtocolError

NONCE_BYTES, HELLO_TEXT_BYTES, PLAN_TEXT_BYTES = 32, 1024, 480
CHUNK_BYTES = 1 << 21
FINISHED, TRIPLES, INPUT_MASKS, NO_OWNER = 0, 1, 5, 255
ARRAYS = {TRIPLES: (True, True, False), INPUT_MASKS: (False,)}
"""For each array of a kind whether it is uniform (section 10)."""


class Shares(NamedTuple):
    """This party's shares of a vector, and its MAC shares (section 6)."""

    values: list[int]
    macs: list[int]


class Batch(NamedTuple):
    """Material: the arrays of a kind, and the masks in clear at their owner."""

    arrays: list[Shares]
    clear: list[int]


class Party:
    """One of two parties; the dealer is endpoint 2."""

    def __init__(self, connections: Connections, me: int, field: Field) -> None:
        self.me, self.peer, self.dealer = me, 1 - me, 2
        self.field, self.connections = field, connections
        self.root, self.talk = Place(), Place("/dealer")
        self.session_id = b""
        self.depth, self.path = 0, ""
        """Of the latest exchange; between runs, the greatest depth so far."""
        self.opened: list[tuple[str, list[int], list[int]]] = []
        """Path, opened values and MAC shares of what no MAC check has covered yet."""

    def exchange(self, place: Place, step: str, send: dict[int, bytes], receive: dict[int, int]) -> dict[int, bytes]:
        """Send payloads, and receive payloads of these lengths: one round (section 3)."""
        self.path = place.next(step)
        self.depth += 1
        where = wire.label(self.session_id, self.path)
        for to, payload in send.items():
            self.connections.send(to, wire.Frame(wire.DATA, wire.wire_id(step), where, self.depth, payload))
        return {peer: self.connections.receive(peer, where, step, self.depth, size) for peer, size in receive.items()}

    def swap(self, place: Place, step: str, payload: bytes) -> bytes:
        """Send to the peer, and receive as many bytes from it."""
        return self.exchange(place, step, {self.peer: payload}, {self.peer: len(payload)})[self.peer]

    def swap_with_all(self, place: Place, step: str, payload: bytes) -> dict[int, bytes]:
        """Send to the peer and the dealer, and receive as many bytes from each."""
        others = (self.peer, self.dealer)
        return self.exchange(place, step, dict.fromkeys(others, payload), dict.fromkeys(others, len(payload)))

    def handshake(self, field_name: str, network_digest: str, label: str) -> None:
        """Compare the configurations, and agree on the session id (section 8)."""
        place = self.root.child("handshake")
        lines = [
            f"protocol version={wire.PROTOCOL_VERSION}",
            "number of parties=2",
            f"field={field_name}",
            "preprocessing=dealer",
            "statistical security=60",
            f"certificates and their order={network_digest}",
            f"session={label}",
        ]
        nonces = {self.me: secrets.token_bytes(NONCE_BYTES)}
        hello = nonces[self.me] + "\n".join(lines).encode().ljust(HELLO_TEXT_BYTES, b"\0")
        for endpoint, payload in self.swap_with_all(place, "handshake.hello", hello).items():
            nonces[endpoint] = payload[:NONCE_BYTES]
            theirs = payload[NONCE_BYTES:].rstrip(b"\0").decode("ascii", "replace").split("\n")
            if sorted(line for line in theirs if not line.startswith("program=")) != sorted(lines):
                raise ProtocolError(f"endpoint {endpoint} is configured differently: {theirs}", "handshake.hello")
        session_id = wire.labelled_hash(b"session id", *(nonces[endpoint] for endpoint in sorted(nonces)))
        confirmed = self.swap_with_all(place, "handshake.confirm", session_id)
        if any(theirs != session_id for theirs in confirmed.values()):
            raise ProtocolError("the endpoints saw different nonces", "handshake.confirm")
        self.session_id = session_id

    def set_up(self) -> None:
        """Receive the seed of the MAC key share and of the stream of shares (section 10)."""
        self.root.child("set-up")
        seed = self.exchange(self.talk, "dealer.seed", {}, {self.dealer: 16})[self.dealer]
        key, self.stream = (
            Prg(wire.derive_seed(b"dealer seed", seed, use, session_id=self.session_id, party=self.me))
            for use in ("mac key", "shares")
        )
        self.alpha = self.field.sample(key, 1)[0]

    def prepare(self, plan: Sequence[str], demand: Sequence[tuple[int, int, int]]) -> list[Batch]:
        """Compare plans, and fetch (kind, owner, count) in the order of section 9, which the caller keeps."""
        place = self.root.child("prepare")
        text = "\n".join(plan).encode("ascii")
        mine = hashlib.sha256(text).digest() + text[:PLAN_TEXT_BYTES].ljust(PLAN_TEXT_BYTES)
        theirs = self.swap(place.child("plan"), "program.plan", mine)
        if theirs != mine:
            raise ProtocolError(f"the programs differ: {theirs[32:].decode('ascii', 'replace')!r}", "program.plan")
        place.child("material")
        return [self._fetch(*wanted) for wanted in demand]

    def _request(self, kind: int, owner: int, count: int) -> None:
        payload = bytes([kind, owner]) + bytes(12) + count.to_bytes(8, "little")
        self.exchange(self.talk, "dealer.request", {self.dealer: payload}, {})

    def _fetch(self, kind: int, owner: int, count: int) -> Batch:
        uniform = ARRAYS[kind]
        if count > CHUNK_BYTES // (2 * len(uniform) * self.field.width):
            raise ProtocolError("this small program fetches one chunk of a kind only")
        self._request(kind, owner, count)
        last = self.me == 1
        skipped = [last and not known for known in uniform] + [last] * len(uniform)
        size = sum(skipped) * count * self.field.width
        received = self.exchange(self.talk, "dealer.corrections", {}, {self.dealer: size} if last else {})
        sent = iter(self.field.decode(received.get(self.dealer, b""), "dealer.corrections"))
        clear = self.field.sample(self.stream, count) if owner == self.me else []
        arrays = [list(islice(sent, count)) if skip else self.field.sample(self.stream, count) for skip in skipped]
        return Batch(list(map(Shares, arrays[: len(uniform)], arrays[len(uniform) :])), clear)

    def open(self, place: Place, step: str, shares: Shares) -> list[int]:
        """Partial opening: nothing is checked yet (section 6)."""
        theirs = self.field.decode(self.swap(place, step, self.field.encode(shares.values)), step)
        values = [(mine + other) % self.field.p for mine, other in zip(shares.values, theirs, strict=True)]
        self.opened.append((self.path, values, shares.macs))
        return values

    def commit_and_open(self, place: Place, name: str, payload: bytes) -> bytes:
        """The peer's payload, which does not depend on this party's (section 7)."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        mine = wire.commitment(self.session_id, self.me, place.path, nonce, payload)
        committed = self.swap(place, f"{name}.commit", mine)
        theirs = self.swap(place, f"{name}.open", nonce + payload)
        peer_nonce, peer_payload = theirs[:NONCE_BYTES], theirs[NONCE_BYTES:]
        if committed != wire.commitment(self.session_id, self.peer, place.path, peer_nonce, peer_payload):
            raise ProtocolError("the peer opened something else than it had committed to", f"{name}.open")
        return peer_payload

    def coins(self, place: Place, name: str, use: str, count: int) -> list[int]:
        """Public random elements of a fresh toss (section 7)."""
        toss = place.child("toss")
        mine = secrets.token_bytes(NONCE_BYTES)
        theirs = self.commit_and_open(toss, f"{name}.coins", mine)
        seed = bytes(left ^ right for left, right in zip(mine, theirs, strict=True))
        key = wire.derive_seed(b"coin toss", seed, toss.path, use, session_id=self.session_id)
        return self.field.sample(Prg(key), count)

    def check(self, place: Place) -> None:
        """The MAC check of everything opened since the last one (section 7)."""
        if not self.opened:
            return
        place = place.child("check")
        openings, self.opened = sorted(self.opened), []
        values = [value for _, opened, _ in openings for value in opened]
        macs = [mac for _, _, shares in openings for mac in shares]
        chi = [1, *self.coins(place, "mac_check", "chi", len(values))[1:]]
        value = sum(c * y for c, y in zip(chi, values, strict=True))
        sigma = (sum(c * m for c, m in zip(chi, macs, strict=True)) - self.alpha * value) % self.field.p
        payload = self.commit_and_open(place.child("sigma"), "mac_check.sigma", self.field.encode([sigma]))
        theirs = self.field.decode(payload, "mac_check.sigma.open")[0]
        if (sigma + theirs) % self.field.p:
            raise ProtocolError("the MAC check failed: an opened value does not fit its MAC", "mac_check.sigma.open")

    def add_public(self, shares: Shares, public: list[int]) -> Shares:
        """[x] + y: party 0 has y, and everybody alpha_i y in the MAC."""
        p, mine = self.field.p, int(self.me == 0)
        values = [(share + mine * y) % p for share, y in zip(shares.values, public, strict=True)]
        macs = [(mac + self.alpha * y) % p for mac, y in zip(shares.macs, public, strict=True)]
        return Shares(values, macs)

    def input(self, online: Place, owner: int, values: list[int], masks: Batch) -> Shares:
        """[x] = [r] + (x - r) (section 9)."""
        place, (mask,) = online.child("operation"), masks.arrays
        if owner == self.me:
            difference = [(x - r) % self.field.p for x, r in zip(values, masks.clear, strict=True)]
            self.exchange(place, "input.masked", {self.peer: self.field.encode(difference)}, {})
        else:
            length = len(mask.values) * self.field.width
            payload = self.exchange(place, "input.masked", {}, {owner: length})[owner]
            difference = self.field.decode(payload, "input.masked")
        return self.add_public(mask, difference)

    def multiply(self, online: Place, x: Shares, y: Shares, triples: Batch) -> Shares:
        """[x y] = [c] + epsilon [b] + delta [a] + epsilon delta."""
        a, b, c = triples.arrays
        p, count = self.field.p, len(x.values)
        values = [(left - right) % p for left, right in zip(x.values + y.values, a.values + b.values, strict=True)]
        macs = [(left - right) % p for left, right in zip(x.macs + y.macs, a.macs + b.macs, strict=True)]
        opened = self.open(online.child("operation"), "multiply.masked", Shares(values, macs))
        epsilon, delta = opened[:count], opened[count:]

        def combined(a_: list[int], b_: list[int], c_: list[int]) -> list[int]:
            return [(c + e * b + d * a) % p for a, b, c, e, d in zip(a_, b_, c_, epsilon, delta, strict=True)]

        shares = Shares(combined(a.values, b.values, c.values), combined(a.macs, b.macs, c.macs))
        return self.add_public(shares, [e * d % p for e, d in zip(epsilon, delta, strict=True)])

    def output(self, online: Place, x: Shares) -> list[int]:
        """Check, open, check, release (section 9)."""
        place = online.child("reveal")
        self.check(place)
        values = self.open(place, "output.open", x)
        self.check(place)
        return [value if value <= self.field.p // 2 else value - self.field.p for value in values]

    def finish(self) -> None:
        """The dealer may go, and the session ends."""
        self.root.child("finish")
        self._request(FINISHED, NO_OWNER, 0)
        self.connections.close()


def program(party: Party, mine: list[int]) -> None:
    """x * y is revealed, then x * y * y, for x of party 0 and y of party 1."""
    count = len(mine)
    shape = f"({count},)"
    plan = [f"input of party {owner} {shape}" for owner in range(2)] + [f"multiply {shape}", f"reveal [{shape}]"]
    demand = [(INPUT_MASKS, 0, count), (INPUT_MASKS, 1, count), (TRIPLES, NO_OWNER, count)]
    *masks, triples = party.prepare(plan, demand)

    online, start = party.root.child("online"), party.depth
    x = party.input(online, 0, mine, masks[0])
    party.depth = start  # Both inputs start at the depth of the run: section 9, "Operations".
    y = party.input(online, 1, mine, masks[1])
    product = party.multiply(online, x, y, triples)
    print(party.output(online, product))

    (triples,) = party.prepare([f"multiply {shape}", f"reveal [{shape}]"], [(TRIPLES, NO_OWNER, count)])
    online = party.root.child("online")
    print(party.output(online, party.multiply(online, product, y, triples)))


def main() -> None:
    """Play one party; the exit code is that of `spdz run`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--config", type=Path, required=True, help="parties.toml, with this party's key beside it")
    parser.add_argument("--party", type=int, choices=(0, 1), required=True)
    parser.add_argument("--field", choices=wire.FIELDS, default="M61")
    parser.add_argument("values", type=int, nargs="+", help="this party's vector")
    options = parser.parse_args()
    field = wire.FIELDS[options.field]
    try:
        network = Network(options.config)
        connections = Connections(network, options.party)
    except (ProtocolError, OSError) as error:
        parser.exit(4, f"minimal_party: {error}\n")
    try:
        party = Party(connections, options.party, field)
        party.handshake(options.field, network.digest, network.label)
        party.set_up()
        program(party, [value % field.p for value in options.values])
        party.finish()
    except (ProtocolError, OSError) as error:
        step = error.step if isinstance(error, ProtocolError) else ""
        connections.abort(step)
        parser.exit(5, f"minimal_party: at step {step or 'unknown'}: {error}\n")


if __name__ == "__main__":
    main()
