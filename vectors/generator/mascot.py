"""The MASCOT generator: docs/wire.md, sections 13 and 14. Source: [KOS16], figures 4, 6 and 7."""

from __future__ import annotations

from dataclasses import dataclass

from vectors.generator import base_ot, copee, ot_extension
from vectors.generator.aes import Prg
from vectors.generator.checking import Scope, Shares, check, combine, open_partially, public_share, toss
from vectors.generator.dealing import Kind, Material
from vectors.generator.hashing import derive
from vectors.generator.world import Clock, Place, Session

ROW_UNIT = 128


def _bits_of(number: int, count: int) -> list[int]:
    return [number >> i & 1 for i in range(count)]


@dataclass
class Links:
    """The state of all ordered pairs."""

    ot_receivers: dict[tuple[int, int], ot_extension.Receiver]
    """(receiver, sender)"""
    ot_senders: dict[tuple[int, int], ot_extension.Sender]
    """(receiver, sender)"""
    inputters: dict[tuple[int, int], copee.Inputter]
    """(key holder, inputter)"""
    key_holders: dict[tuple[int, int], copee.KeyHolder]
    """(key holder, inputter)"""
    input_shares: dict[tuple[int, int], tuple[Prg, Prg]]
    """(owner, other): the stream, at the owner and at the other"""
    zero_shares: dict[tuple[int, int], tuple[Prg, Prg]]
    """(who adds, who subtracts): the stream at each"""


def _set_up_links(session: Session, clock: Clock, place: Place) -> Links:
    """Each party draws alpha_i, Delta per peer, its OT requests, its seeds for the peers; then what senders draw."""
    field, parties = session.field, session.parties
    choices: base_ot.Choices = {}
    requests, seeds = {}, {}
    branches = place.child("base_ots"), place.child("share_seeds")
    for party in parties:
        (session.mac_key[party],) = session.draw_elements(party, 1)
        key_bits = _bits_of(session.mac_key[party], field.bits)
        for peer in session.peers(party):
            delta = int.from_bytes(session.draw(party, 16), "little")
            choices[party, peer] = _bits_of(delta, ot_extension.BASE_OTS) + key_bits
        for peer in session.peers(party):
            requests[party, peer] = base_ot.make_requests(session, party, peer, choices[party, peer])
        for peer in session.peers(party):
            seeds[party, peer] = session.draw(party, 16)
    beside = Clock(clock.depth)
    points = {ends: b"".join(part for _, part in rows) for ends, rows in requests.items()}
    received = session.exchange(clock, branches[0], base_ot.RECEIVER_STEP, points)
    theirs = session.exchange(beside, branches[1], "setup.share_seeds", seeds)
    keys = base_ot.finish(session, clock, branches[0], choices, requests, received)

    def streams(use: str) -> dict[tuple[int, int], tuple[Prg, Prg]]:
        return {
            ends: (Prg(derive("prg key", seeds[ends], 16, use)), Prg(derive("prg key", theirs[ends], 16, use)))
            for ends in seeds
        }

    cut = ot_extension.BASE_OTS
    # Who has Delta is receiver of the base OTs and sender of the extension.
    return Links(
        {(sender, has): ot_extension.Receiver(pair.pairs[:cut]) for (has, sender), pair in keys.items()},
        {
            (sender, has): ot_extension.Sender(choices[has, sender][:cut], pair.chosen[:cut])
            for (has, sender), pair in keys.items()
        },
        {ends: copee.Inputter(field, pair.pairs[cut:]) for ends, pair in keys.items()},
        {ends: copee.KeyHolder(field, choices[ends][cut:], pair.chosen[cut:]) for ends, pair in keys.items()},
        streams("input shares"),
        streams("zero shares"),
    )


class Mascot:
    """All parties' generators."""

    def __init__(self, session: Session, clock: Clock, place: Place) -> None:
        self.session = session
        self.links = _set_up_links(session, clock, place.child("links"))
        key_check = place.child("key_check")
        if len(session.parties) > 2:
            empty: list[list[int] | None] = [[] for _ in session.parties]
            self.authenticate(clock, key_check, empty, 0)

    # -- authenticate

    def authenticate(self, clock: Clock, place: Place, values: list[list[int] | None], count: int) -> list[list[int]]:
        """MAC shares by party; a contributor draws the random value that is appended."""
        session, field = self.session, self.session.field
        own: list[list[int]] = []
        for party in session.parties:
            part = values[party]
            own.append([0] * (count + 1) if part is None else part + session.draw_elements(party, 1))
        macs = [field.scale(session.mac_key[party], own[party]) for party in session.parties]
        sends = {}
        for party in session.parties:
            if values[party] is not None:
                for peer in session.peers(party):
                    message, t = self.links.inputters[peer, party].extend(own[party])
                    sends[party, peer] = field.encode(message)
                    macs[party] = field.add(macs[party], t)
        received = session.exchange(clock, place, "copee.corrections", sends)
        for (sender, receiver), payload in sorted(received.items()):
            message = session.decode(sender, receiver, "copee.corrections", payload)
            q = self.links.key_holders[receiver, sender].extend(message)
            macs[receiver] = field.add(macs[receiver], q)
        self._check(clock, place.child("check"), Shares(own, macs))
        return [row[:count] for row in macs]

    def _check(self, clock: Clock, place: Place, shares: Shares) -> None:
        session, field, scope = self.session, self.session.field, Scope.of(self.session)
        coins = toss(session, clock, place, "authenticate")
        chi = coins.elements("chi", len(shares.values[0]))
        opened = Shares([], [])
        for party in session.parties:
            chi[party][-1] = 1
            value = field.dot(chi[party], shares.values[party])
            for peer in session.peers(party):
                added = field.sample(self.links.zero_shares[party, peer][0], 1)[0]
                subtracted = field.sample(self.links.zero_shares[peer, party][1], 1)[0]
                value = (value + added - subtracted) % field.p
            opened.values.append([value])
            opened.macs.append([field.dot(chi[party], shares.macs[party])])
        open_partially(session, clock, place, scope, "authenticate.combination", opened)
        check(session, clock, place, scope, "authenticate.check", "AuthenticationFailed")

    # -- material

    def make(self, clock: Clock, place: Place, kind: Kind, count: int) -> Material:
        """One batch."""
        if kind.name == "input masks":
            return self._input_masks(clock, place, kind.owner, count)
        if kind.name == "random shares":
            values = [self.session.draw_elements(party, count) for party in self.session.parties]
            given: list[list[int] | None] = list(values)
            macs = self.authenticate(clock, place.child("authenticate"), given, count)
            return Material([Shares(values, macs, (count,))], [])
        makers = {"triples": self._triples, "squares": self._squares, "random bits": self._bits}
        return Material(makers[kind.name](clock, place, count), [])

    def _input_masks(self, clock: Clock, place: Place, owner: int, count: int) -> Material:
        session, field = self.session, self.session.field
        clear = session.draw_elements(owner, count)
        given: list[list[int] | None] = [clear if party == owner else None for party in session.parties]
        macs = self.authenticate(clock, place.child("authenticate"), given, count)
        values = [clear] * len(session.parties)
        for peer in session.peers(owner):
            at_owner, at_peer = self.links.input_shares[owner, peer]
            values[owner] = field.subtract(values[owner], field.sample(at_owner, count))
            values[peer] = field.sample(at_peer, count)
        return Material([Shares(values, macs, (count,))], clear)

    def _triples(self, clock: Clock, place: Place, count: int) -> list[Shares]:
        session, field, parties = self.session, self.session.field, self.session.parties
        tau = field.combined_copies
        a, b = [], []
        for party in parties:
            a.append(session.draw_elements(party, count * tau))
            b.append(session.draw_elements(party, count))
        c = self.multiply(clock, place.child("multiply"), a, [[x for x in row for _ in range(tau)] for row in b])
        coins = toss(session, clock, place, "combine")
        r, r_hat = coins.elements("r", count * tau), coins.elements("r hat", count * tau)

        def combined(weights: list[list[int]], rows: list[list[int]]) -> list[list[int]]:
            return [
                [field.dot(w[i : i + tau], x[i : i + tau]) for i in range(0, count * tau, tau)]
                for w, x in zip(weights, rows, strict=True)
            ]

        arrays = [combined(r, a), b, combined(r, c), combined(r_hat, a), combined(r_hat, c)]
        joined: list[list[int] | None] = [[x for array in arrays for x in array[party]] for party in parties]
        macs = self.authenticate(clock, place.child("authenticate"), joined, 5 * count)
        shares = [
            Shares(array, [row[i * count : (i + 1) * count] for row in macs], (count,))
            for i, array in enumerate(arrays)
        ]
        self._sacrifice(clock, place.child("sacrifice"), shares, count)
        return shares[:3]

    def _sacrifice(self, clock: Clock, place: Place, shares: list[Shares], count: int) -> None:
        session, scope = self.session, Scope.of(self.session)
        a, b, c, a_hat, c_hat = shares
        t = [row[0] for row in toss(session, clock, place, "sacrifice").elements("t", 1)]
        rho = combine(session, (1, _scaled(session, t, a)), (-1, a_hat))
        opened = open_partially(session, clock, place, scope, "sacrifice.rho", rho)
        products = Shares(_rows(session, opened, b.values), _rows(session, opened, b.macs))
        sigma = combine(session, (1, _scaled(session, t, c)), (-1, c_hat), (-1, products))
        path = f"{place.path}/{place.count:06d}.sacrifice.rho.sigma"
        for party in session.parties:
            scope.openings[party].append((path, [0] * count, sigma.macs[party]))
        check(session, clock, place, scope, "sacrifice.check", "SacrificeFailed")

    def multiply(self, clock: Clock, place: Place, a: list[list[int]], b: list[list[int]]) -> list[list[int]]:
        """Shares of the elementwise product; a party draws the padding, then 128 choice bits for each peer."""
        session, field, bits = self.session, self.session.field, self.session.field.bits
        size = len(a[0])
        self._extend(clock, place, a)
        totals = [[x * y % field.p for x, y in zip(*rows, strict=True)] for rows in zip(a, b, strict=True)]
        sends = {}
        for (receiver, sender), link in sorted(self.links.ot_senders.items()):
            corrections = []
            for e in range(size):
                for bit in range(bits):
                    q0, q1 = link.hashed(e * bits + bit)
                    corrections.append((q0 - q1 + b[sender][e]) % field.p)
                    totals[sender][e] -= q0 << bit
            link.finish()
            sends[sender, receiver] = field.encode(corrections)
        received = session.exchange(clock, place, "multiply.corrections", sends)
        for (sender, receiver), payload in sorted(received.items()):
            d = session.decode(sender, receiver, "multiply.corrections", payload)
            ot = self.links.ot_receivers[receiver, sender]
            for e in range(size):
                for bit in range(bits):
                    h = e * bits + bit
                    totals[receiver][e] += ot.hashed(h) + (a[receiver][e] >> bit & 1) * d[h] << bit
            ot.finish()
        return [[x % field.p for x in row] for row in totals]

    def _extend(self, clock: Clock, place: Place, a: list[list[int]]) -> None:
        session, bits = self.session, self.session.field.bits
        sends = {}
        for party in session.parties:
            padded = a[party] + session.draw_elements(party, -len(a[party]) % ROW_UNIT)
            choices, rows = sum(x << i * bits for i, x in enumerate(padded)), len(padded) * bits
            for peer in session.peers(party):
                extra = int.from_bytes(session.draw(party, 16), "little") << rows
                link = self.links.ot_receivers[party, peer]
                sends[party, peer] = link.extend(choices | extra, rows + ot_extension.EXTRA_ROWS)
        received = session.exchange(clock, place, "ot_extension.columns", sends)
        for (receiver, sender), payload in received.items():
            self.links.ot_senders[receiver, sender].receive(payload)
        coins = toss(session, clock, place, "ot_extension.check")
        sends = {
            (receiver, sender): link.digests(coins.key(receiver, f"receiver {receiver} sender {sender}"))
            for (receiver, sender), link in self.links.ot_receivers.items()
        }
        received = session.exchange(clock, place, "ot_extension.digests", sends)
        for (receiver, sender), payload in sorted(received.items()):
            key = coins.key(sender, f"receiver {receiver} sender {sender}")
            if not self.links.ot_senders[receiver, sender].accepts(key, payload):
                session.fail(sender, "OtConsistencyFailed", "ot_extension.digests", receiver)

    # -- squares and bits

    def _squared(self, clock: Clock, place: Place, scope: Scope, triples: list[Shares]) -> list[Shares]:
        session = self.session
        a, b, c = triples
        delta = open_partially(session, clock, place, scope, "squares.difference", combine(session, (1, a), (-1, b)))
        cross = Shares(_rows(session, delta, a.values), _rows(session, delta, a.macs))
        return [a, combine(session, (1, c), (1, cross))]

    def _squares(self, clock: Clock, place: Place, count: int) -> list[Shares]:
        triples = self._triples(clock, place.child("triples"), count)
        where, scope = place.child("openings"), Scope.of(self.session)
        squares = self._squared(clock, where, scope, triples)
        check(self.session, clock, where, scope)
        return squares

    def _bits(self, clock: Clock, place: Place, count: int) -> list[Shares]:
        session, p = self.session, self.session.field.p
        found = Shares([[] for _ in session.parties], [[] for _ in session.parties], (count,))
        while len(found.values[0]) < count:
            missing = count - len(found.values[0])
            triples = self._triples(clock, place.child("triples"), missing)
            where, scope = place.child("openings"), Scope.of(session)
            a, squares = self._squared(clock, where, scope, triples)
            opened = open_partially(session, clock, where, scope, "bits.square", squares)
            check(session, clock, where, scope)
            kept = [i for i in range(missing) if opened[0][i]]
            factors = [session.field.inverse(2 * (session.field.root(opened[0][i]) or 1) % p) for i in kept]
            half = [[(p + 1) // 2] * len(kept)] * len(session.parties)

            def scaled(rows: list[list[int]], kept: list[int] = kept, factors: list[int] = factors) -> list[list[int]]:
                return [[row[i] * f % p for i, f in zip(kept, factors, strict=True)] for row in rows]

            part = Shares(scaled(a.values), scaled(a.macs))
            bits = combine(session, (1, part), (1, public_share(session, half)))
            for party in session.parties:
                found.values[party] += bits.values[party]
                found.macs[party] += bits.macs[party]
        return [found]


def _rows(session: Session, factors: list[list[int]], rows: list[list[int]]) -> list[list[int]]:
    """Each party's own public factors times its row."""
    return [[f * x % session.field.p for f, x in zip(*pair, strict=True)] for pair in zip(factors, rows, strict=True)]


def _scaled(session: Session, factors: list[int], shares: Shares) -> Shares:
    """Each party's own public factor times its shares."""
    spread = [[factor] * len(row) for factor, row in zip(factors, shares.values, strict=True)]
    return Shares(_rows(session, spread, shares.values), _rows(session, spread, shares.macs), shares.shape)
