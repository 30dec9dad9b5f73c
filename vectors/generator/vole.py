"""Silent VOLE: docs/wire, section 13. Source: Weng, Yang, Katz, Wang, ePrint 2020/925 (Wolverine).

A pair is (inputter, key holder); its VOLEs are u and v at the one, w = v + u alpha at the other.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from itertools import chain

from vectors.generator import ggm
from vectors.generator.aes import Prg
from vectors.generator.checking import toss
from vectors.generator.field import Field
from vectors.generator.hashing import commitment, derive
from vectors.generator.links import Ends, Links, bits_of, extend, finish
from vectors.generator.params import Lpn, Plan
from vectors.generator.world import Clock, Place, Sends, Session

ROW_UNIT = 128
BLOCK_BYTES = 16
LOCALITY = 10


@dataclass
class Vole:
    """Those of one pair, what both ends hold."""

    u: list[int] = field(default_factory=list)
    v: list[int] = field(default_factory=list)
    w: list[int] = field(default_factory=list)

    def part(self, start: int, stop: int | None = None) -> Vole:
        """Some of them."""
        return Vole(self.u[start:stop], self.v[start:stop], self.w[start:stop])

    def add(self, more: Vole) -> None:
        """Put others behind."""
        self.u, self.v, self.w = self.u + more.u, self.v + more.v, self.w + more.w


Made = dict[Ends, Vole]


def code_seed(session_id: bytes, stage: str) -> bytes:
    """Of the public code of one stage."""
    return derive("lpn code", b"", 16, stage, session_id=session_id)


def coded(field_: Field, stream: Prg, secret: list[int], outputs: list[int]) -> list[int]:
    """The outputs with the secret times the code, which is read from the stream, added."""
    result = []
    for value in outputs:
        words = struct.unpack(f"<{LOCALITY}Q", stream.read(8 * LOCALITY))
        row = ((word >> 32) * secret[(word & 0xFFFFFFFF) * len(secret) >> 32] for word in words)
        result.append((value + sum(row)) % field_.p)
    return result


def _label(pair: Ends) -> str:
    return f"inputter {pair[0]} key holder {pair[1]}"


class Voles:
    """All pairs' VOLEs, and how many values have been authenticated."""

    def __init__(self, session: Session, links: Links, plan: Plan) -> None:
        self.session, self.links, self.plan = session, links, plan
        self._authenticated = 0
        self._base: Made = {}
        self._ready: Made = {(i, j): Vole() for i in session.parties for j in session.peers(i)}

    def due(self, count: int) -> bool:
        """Count values that are about to be authenticated; whether they are to go through VOLEs."""
        self._authenticated += count
        return self._authenticated > self.plan.threshold

    def _pairs(self, inputters: list[int]) -> list[Ends]:
        return [(inputter, peer) for inputter in inputters for peer in self.session.peers(inputter)]

    def _sent(
        self, clock: Clock, place: Place, step: str, values: dict[Ends, list[int]], *, back: bool = False
    ) -> dict[Ends, list[int]]:
        """Elements that go to the other end of each pair, from the inputter, or `back` to it; by pair."""
        session = self.session
        turned = {pair[::-1] if back else pair: pair for pair in values}
        sends: Sends = {ends: session.field.encode(values[pair]) for ends, pair in turned.items()}
        received = session.exchange(clock, place, step, sends)
        return {turned[ends]: session.decode(*ends, step, payload) for ends, payload in sorted(received.items())}

    def enter(self, clock: Clock, place: Place, contributors: list[int], own: list[list[int]]) -> list[list[int]]:
        """t and q of every contribution, added up by party."""
        field_, size = self.session.field, len(own[0])
        self._replenish(clock, place.child("voles"), contributors, size)
        totals, taken, sends = [[0] * size for _ in own], {}, {}
        for pair in self._pairs(contributors):
            ready = self._ready[pair]
            taken[pair], self._ready[pair] = ready.part(0, size), ready.part(size)
            sends[pair] = field_.subtract(own[pair[0]], taken[pair].u)
        received = self._sent(clock, place, "vole.corrections", sends)
        for (inputter, holder), vole in taken.items():
            totals[inputter] = field_.subtract(totals[inputter], vole.v)
            q = field_.add(vole.w, field_.scale(self.session.mac_key[holder], received[inputter, holder]))
            totals[holder] = field_.add(totals[holder], q)
        return totals

    def _replenish(self, clock: Clock, place: Place, contributors: list[int], count: int) -> None:
        first, main = self.plan.first, self.plan.main
        while short := [i for i in contributors if len(self._ready[self._pairs([i])[0]].u) < count]:
            new = [i for i in short if self._pairs([i])[0] not in self._base]
            if new:
                base = self.make_base(clock, place.child("base"), new, first.base)
                for pair, made in self.stretch(clock, place.child("first"), first, "first", base).items():
                    self._base[pair] = made.part(0, main.base)
            base = {pair: self._base[pair] for pair in self._pairs(short)}
            for pair, made in self.stretch(clock, place.child("main"), main, "main", base).items():
                self._base[pair] = made.part(0, main.base)
                self._ready[pair].add(made.part(main.base))

    # -- the base

    def make_base(self, clock: Clock, place: Place, inputters: list[int], count: int) -> Made:
        """An inputter draws count + 1 random u for each peer."""
        session, field_ = self.session, self.session.field
        made, sends = Made(), {}
        for inputter, holder in self._pairs(inputters):
            u = session.draw_elements(inputter, count + 1)
            sends[inputter, holder], t = self.links.inputters[holder, inputter].extend(u)
            made[inputter, holder] = Vole(u, field_.scale(-1, t))
        received = self._sent(clock, place, "copee.corrections", sends)
        for (inputter, holder), vole in made.items():
            vole.w = self.links.key_holders[holder, inputter].extend(received[inputter, holder])
        coins, combined, expected = toss(session, clock, place, "vole.base"), {}, {}
        for pair, vole in made.items():
            chi = [[*row[:-1], 1] for row in coins.elements(_label(pair), count + 1)]
            combined[pair] = [field_.dot(chi[pair[0]], row) for row in (vole.u, vole.v)]
            expected[pair] = field_.dot(chi[pair[1]], vole.w)
        received = self._sent(clock, place, "vole.base.combination", combined)
        for (inputter, holder), (u_sum, v_sum) in sorted(received.items()):
            if expected[inputter, holder] != (v_sum + u_sum * session.mac_key[holder]) % field_.p:
                session.fail(holder, "AuthenticationFailed", "vole.base.combination", inputter)
        return {pair: vole.part(0, count) for pair, vole in made.items()}

    # -- one extension

    def stretch(self, clock: Clock, place: Place, params: Lpn, stage: str, base: Made) -> Made:
        """n VOLEs from a base of k + t + 1, for all pairs of the base."""
        k, session = params.secret, self.session
        noise = {pair: vole.part(k, k + params.blocks) for pair, vole in base.items()}
        made = self._single_points(clock, place, params, noise)
        masks = {pair: vole.part(params.base - 1, params.base) for pair, vole in base.items()}
        self._check(clock, place.child("check"), made, masks)
        seed = code_seed(session.session_id, stage)
        return {
            pair: Vole(
                *(
                    coded(session.field, Prg(seed), secret[:k], outputs)
                    for secret, outputs in ((base[pair].u, vole.u), (base[pair].v, vole.v), (base[pair].w, vole.w))
                )
            )
            for pair, vole in made.items()
        }

    def _single_points(self, clock: Clock, place: Place, params: Lpn, noise: Made) -> Made:
        """An inputter draws the places for each peer, then the choice bits that fill up; then what key holders draw."""
        session, count = self.session, params.blocks * params.depth
        rows, inputters = -(-count // ROW_UNIT) * ROW_UNIT, sorted({inputter for inputter, _ in noise})
        paths, choices = dict[Ends, list[int]](), dict[Ends, int]()
        for inputter in inputters:
            for peer in session.peers(inputter):
                drawn = int.from_bytes(session.draw(inputter, -(-count // 8)), "little")
                paths[inputter, peer] = bits_of(drawn, count)
            for peer in session.peers(inputter):
                random = int.from_bytes(session.draw(inputter, rows // 8), "little") >> count << count
                choices[inputter, peer] = random | sum((1 - bit) << i for i, bit in enumerate(paths[inputter, peer]))
        extend(session, self.links, clock, place.child("ots"), choices, rows)
        keys = {pair: ggm.side_keys(session.session_id, "vole", place.path, *pair) for pair in noise}
        sums, totals, made = {}, {}, Made()
        for pair in sorted(noise, key=lambda pair: pair[::-1]):
            sums[pair[::-1]], totals[pair], w = self._grow(pair, keys[pair], params, noise[pair].w)
            made[pair] = Vole(w=w)
        where, beside = (place.child("sums"), place.child("totals")), Clock(clock.depth)
        received = session.exchange(clock, where[0], "vole.sums", sums)
        differences = self._sent(beside, where[1], "vole.totals", totals, back=True)
        for pair, vole in made.items():
            vole.u, vole.v = self._puncture(
                pair, keys[pair], params, noise[pair], paths[pair], received[pair[::-1]], differences[pair]
            )
        finish(self.links, list(noise))
        return {pair: made[pair] for pair in noise}

    def _grow(self, pair: Ends, keys: ggm.Keys, params: Lpn, noise: list[int]) -> tuple[bytes, list[int], list[int]]:
        """The key holder's end: (masked sums, totals, w). It draws the roots of all blocks."""
        p, depth, ots = self.session.field.p, params.depth, self.links.ot_senders[pair]
        drawn = self.session.draw(pair[1], BLOCK_BYTES * params.blocks)
        masked, totals, w = b"", [], list[int]()
        for block in range(params.blocks):
            leaves, levels = ggm.grow(keys, drawn[BLOCK_BYTES * block : BLOCK_BYTES * (block + 1)], depth)
            for level, both in enumerate(levels):
                for total, mask in zip(both, ots.hashed(block * depth + level), strict=True):
                    masked += (total ^ mask).to_bytes(BLOCK_BYTES, "little")
            totals.append((noise[block] - sum(leaves)) % p)
            w += [leaf % p for leaf in leaves]
        return masked, totals, w

    def _puncture(
        self, pair: Ends, keys: ggm.Keys, params: Lpn, noise: Vole, path: list[int], masked: bytes, totals: list[int]
    ) -> tuple[list[int], list[int]]:
        """The inputter's end: (u, v)."""
        p, depth, ots = self.session.field.p, params.depth, self.links.ot_receivers[pair]
        u, v = list[list[int]](), list[list[int]]()
        for block in range(params.blocks):
            bits, chosen = path[block * depth : (block + 1) * depth], []
            for number, bit in enumerate(bits, block * depth):
                at = BLOCK_BYTES * (2 * number + 1 - bit)
                chosen.append(int.from_bytes(masked[at : at + BLOCK_BYTES], "little") ^ ots.hashed(number))
            leaves = ggm.grow_punctured(keys, bits, chosen)
            place, others = leaves.index(None), sum(leaf or 0 for leaf in leaves)
            u.append([noise.u[block] if y == place else 0 for y in range(1 << depth)])
            v.append([(leaf or 0) % p for leaf in leaves])
            v[-1][place] = (noise.v[block] - totals[block] - others) % p
        return list(chain(*u)), list(chain(*v))

    def _check(self, clock: Clock, place: Place, made: Made, masks: Made) -> None:
        """A key holder draws the nonce of its commitment, for each inputter."""
        session, field_, sid = self.session, self.session.field, self.session.session_id
        coins = toss(session, clock, place, "vole.check")
        differences, answers, expected = {}, {}, {}
        for pair, vole in made.items():
            chi, mask = coins.elements(_label(pair), len(vole.u)), masks[pair]
            differences[pair] = [(field_.dot(chi[pair[0]], vole.u) - mask.u[0]) % field_.p]
            answers[pair] = [(field_.dot(chi[pair[0]], vole.v) - mask.v[0]) % field_.p]
            expected[pair] = field_.dot(chi[pair[1]], vole.w) - mask.w[0]
        received = self._sent(clock, place, "vole.difference", differences)
        commitments, nonces = {}, {}
        for inputter, holder in sorted(made, key=lambda pair: pair[::-1]):
            pair, ends = (inputter, holder), (holder, inputter)
            expected[pair] = (expected[pair] - received[pair][0] * session.mac_key[holder]) % field_.p
            nonces[ends], payload = session.draw(holder, 32), field_.encode([expected[pair]])
            commitments[ends] = commitment(sid, holder, f"{place.path} to {inputter}".encode(), nonces[ends], payload)
        commitments = session.exchange(clock, place, "vole.commit", commitments)
        for pair, (answer,) in sorted(self._sent(clock, place, "vole.response", answers).items()):
            if answer != expected[pair]:
                session.fail(pair[1], "AuthenticationFailed", "vole.response", pair[0])
        for (holder, inputter), nonce in sorted(session.exchange(clock, place, "vole.open", nonces).items()):
            payload, where = field_.encode(answers[inputter, holder]), f"{place.path} to {inputter}".encode()
            if commitment(sid, holder, where, nonce, payload) != commitments[holder, inputter]:
                session.fail(inputter, "AuthenticationFailed", "vole.open", holder)
