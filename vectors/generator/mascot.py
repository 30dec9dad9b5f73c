"""The MASCOT generator: docs/wire, sections 13 and 14. Source: [KOS16], figures 4, 6 and 7."""

from __future__ import annotations

from collections.abc import Callable

from vectors.generator import matrices
from vectors.generator.checking import Scope, Shares, check, combine, open_partially, public_share, toss
from vectors.generator.dealing import Kind, Material
from vectors.generator.links import extend, finish, set_up_links
from vectors.generator.params import PLAINEST, MascotParams
from vectors.generator.vole import Voles
from vectors.generator.world import Clock, Place, Session

ROW_UNIT = 128

Rows = list[list[int]]

Turn = Callable[[], None]
"""Waits until it is one's turn to check."""


def _at_once() -> None:
    """Nobody else is under way."""


class Mascot:
    """All parties' generators."""

    def __init__(self, session: Session, clock: Clock, place: Place, params: MascotParams = PLAINEST) -> None:
        self.session = session
        self.links = set_up_links(session, clock, place.child("links"), params.tree_bits)
        self.voles = Voles(session, self.links, params.plan) if params.authentication == "vole" else None
        key_check = place.child("key_check")
        if len(session.parties) > 2:
            empty: list[list[int] | None] = [[] for _ in session.parties]
            self.authenticate(clock, key_check, empty, 0)

    # -- authenticate

    def authenticate(self, clock: Clock, place: Place, values: list[list[int] | None], count: int) -> list[list[int]]:
        """MAC shares by party."""
        return self.check_entered(clock, place, self.enter(clock, place, values, count))

    def enter(self, clock: Clock, place: Place, values: list[list[int] | None], count: int) -> Shares:
        """All up to the corrections; a contributor draws the random value that is appended, the last one."""
        session, field = self.session, self.session.field
        own: list[list[int]] = []
        for party in session.parties:
            part = values[party]
            own.append([0] * (count + 1) if part is None else part + session.draw_elements(party, 1))
        contributors = [party for party in session.parties if values[party] is not None]
        macs = [field.scale(session.mac_key[party], own[party]) for party in session.parties]
        if self.voles is not None and self.voles.due(count + 1):
            added = self.voles.enter(clock, place, contributors, own)
        else:
            added = self._enter_by_copee(clock, place, contributors, own)
        return Shares(own, [field.add(*rows) for rows in zip(macs, added, strict=True)])

    def _enter_by_copee(
        self, clock: Clock, place: Place, contributors: list[int], own: list[list[int]]
    ) -> list[list[int]]:
        session, field = self.session, self.session.field
        totals, sends = [[0] * len(row) for row in own], {}
        for party in contributors:
            for peer in session.peers(party):
                message, t = self.links.inputters[peer, party].extend(own[party])
                sends[party, peer] = field.encode(message)
                totals[party] = field.add(totals[party], t)
        received = session.exchange(clock, place, "copee.corrections", sends)
        for (sender, receiver), payload in sorted(received.items()):
            message = session.decode(sender, receiver, "copee.corrections", payload)
            q = self.links.key_holders[receiver, sender].extend(message)
            totals[receiver] = field.add(totals[receiver], q)
        return totals

    def check_entered(self, clock: Clock, place: Place, shares: Shares, turn: Turn = _at_once) -> list[list[int]]:
        """The check of what was entered; returns the MAC shares by party, without the last."""
        session, field, scope = self.session, self.session.field, Scope.of(self.session)
        place = place.child("check")
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
        turn()
        check(session, clock, place, scope, "authenticate.check", "AuthenticationFailed")
        return [row[:-1] for row in shares.macs]

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
        if kind.dims:
            return Material(matrices.make(self, clock, place, kind.dims, count), [])
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

    def check_parts(self, clock: Clock, place: Place, parts: list[Shares], turn: Turn = _at_once) -> list[Shares]:
        """One check of what was entered in several parts; each without what was appended to it."""

        def joined(rows: list[list[list[int]]]) -> list[list[int]]:
            return [[x for row in of_party for x in row] for of_party in zip(*rows, strict=True)]

        whole = Shares(joined([part.values for part in parts]), joined([part.macs for part in parts]))
        self.check_entered(clock, place, whole, turn)
        return [Shares([row[:-1] for row in part.values], [row[:-1] for row in part.macs]) for part in parts]

    def _triples(self, clock: Clock, place: Place, count: int) -> list[Shares]:
        arrays, inside, entered = self.candidates(clock, place, count)
        macs = self.check_candidates(clock, inside, entered)
        return self.sacrifice(clock, place, arrays, macs)

    def check_candidates(self, clock: Clock, place: Place, entered: list[Shares], turn: Turn = _at_once) -> Rows:
        """MAC shares of a || b || c || a^ || c^ by party, b having been entered first."""
        of_b, others = self.check_parts(clock, place, entered, turn)
        count = len(of_b.macs[0])
        return [[*rest[:count], *b, *rest[count:]] for b, rest in zip(of_b.macs, others.macs, strict=True)]

    def candidates(self, clock: Clock, place: Place, count: int) -> tuple[list[Rows], Place, list[Shares]]:
        """(a, b, c, a^, c^ by party; the place and the shares of their authentication), nothing checked."""
        session, field, parties = self.session, self.session.field, self.session.parties
        tau = field.combined_copies(len(parties))
        a, b = [], []
        for party in parties:
            a.append(session.draw_elements(party, count * tau))
            b.append(session.draw_elements(party, count))
        c = self.multiply(clock, place.child("multiply"), a, [[x for x in row for _ in range(tau)] for row in b])
        of_b: list[list[int] | None] = list(b)
        entered = [self.enter(clock, place.child("authenticate"), of_b, count)]
        coins = toss(session, clock, place, "combine")
        r, r_hat = coins.elements("r", count * tau), coins.elements("r hat", count * tau)

        def combined(weights: list[list[int]], rows: list[list[int]]) -> list[list[int]]:
            return [
                [field.dot(w[i : i + tau], x[i : i + tau]) for i in range(0, count * tau, tau)]
                for w, x in zip(weights, rows, strict=True)
            ]

        arrays = [combined(r, a), b, combined(r, c), combined(r_hat, a), combined(r_hat, c)]
        others = [array for array in arrays if array is not b]
        joined: list[list[int] | None] = [[x for array in others for x in array[party]] for party in parties]
        entered.append(self.enter(clock, place.child("authenticate"), joined, 4 * count))
        return arrays, place.child("authenticate"), entered

    def sacrifice(
        self, clock: Clock, place: Place, arrays: list[list[list[int]]], macs: list[list[int]], turn: Turn = _at_once
    ) -> list[Shares]:
        """a, b, c, if they multiply."""
        place, count = place.child("sacrifice"), len(arrays[0][0])
        shares = [
            Shares(array, [row[i * count : (i + 1) * count] for row in macs], (count,))
            for i, array in enumerate(arrays)
        ]
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
        turn()
        check(session, clock, place, scope, "sacrifice.check", "SacrificeFailed")
        return shares[:3]

    def multiply(self, clock: Clock, place: Place, a: list[list[int]], b: list[list[int]]) -> list[list[int]]:
        """Shares of the elementwise product; a party draws the padding, then 128 choice bits for each peer."""
        session, field, bits = self.session, self.session.field, self.session.field.bits
        size = len(a[0])
        self.extend(clock, place, a, self.session.field.bits)
        totals = [[x * y % field.p for x, y in zip(*rows, strict=True)] for rows in zip(a, b, strict=True)]
        sends = {}
        for (receiver, sender), link in sorted(self.links.ot_senders.items()):
            corrections = []
            for e in range(size):
                for bit in range(bits):
                    q0, q1 = link.hashed(e * bits + bit)
                    corrections.append((q0 - q1 + b[sender][e]) % field.p)
                    totals[sender][e] -= q0 << bit
            sends[sender, receiver] = field.encode(corrections)
        received = session.exchange(clock, place, "multiply.corrections", sends)
        for (sender, receiver), payload in sorted(received.items()):
            d = session.decode(sender, receiver, "multiply.corrections", payload)
            ot = self.links.ot_receivers[receiver, sender]
            for e in range(size):
                for bit in range(bits):
                    h = e * bits + bit
                    totals[receiver][e] += ot.hashed(h) + (a[receiver][e] >> bit & 1) * d[h] << bit
        finish(self.links, list(self.links.ot_senders))
        return [[x % field.p for x in row] for row in totals]

    def extend(self, clock: Clock, place: Place, entries: list[list[int]], ots: int) -> list[list[int]]:
        """`ots` OTs on the bits of each entry of every party, which draws more up to whole units; returns all."""
        session, choices, rows, whole = self.session, dict[tuple[int, int], int](), 0, []
        for party in session.parties:
            padded = entries[party] + session.draw_elements(party, -len(entries[party]) % ROW_UNIT)
            chosen, rows = sum(x << i * ots for i, x in enumerate(padded)), len(padded) * ots
            choices |= {(party, peer): chosen for peer in session.peers(party)}
            whole.append(padded)
        extend(session, self.links, clock, place, choices, rows)
        return whole

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
