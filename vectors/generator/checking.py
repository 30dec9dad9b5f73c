"""Commit-and-open, coin toss, opening, echo, MAC check, output: docs/wire, sections 6, 7 and 9.

Sources: [DKLPSS13] figure 10 (MAC check), [DPSZ12] (partial opening, output), [KOS16] section 2 (coins).
Everything is computed per party, from what this party received.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache

from vectors.generator import bits
from vectors.generator.aes import Prg
from vectors.generator.field import NotCanonicalError
from vectors.generator.hashing import commitment, derive, digest
from vectors.generator.world import Clock, Place, Session

SIGMA_OF_BITS = 16


@dataclass
class Shares:
    """An array as all parties hold it: `values[i]` and `macs[i]` are those of party i, flat in C order."""

    values: list[list[int]]
    macs: list[list[int]]
    shape: tuple[int, ...] = ()


@dataclass
class BitShares:
    """An array of bits as all parties hold it: `words[i]` are those of party i, flat in C order."""

    words: list[list[int]]
    shape: tuple[int, ...] = ()


@dataclass
class Scope:
    """What has been opened and broadcast and not been checked, for each party."""

    openings: list[list[tuple[str, list[int], list[int]]]] = field(default_factory=list)
    bits: list[list[tuple[str, list[int], list[int]]]] = field(default_factory=list)
    broadcasts: list[list[tuple[str, bytes]]] = field(default_factory=list)

    @classmethod
    def of(cls, session: Session) -> Scope:
        """An empty one."""
        return cls([[] for _ in session.parties], [[] for _ in session.parties], [[] for _ in session.parties])


# -- broadcast


def log_broadcast(
    session: Session, scope: Scope, path: str, received: dict[tuple[int, int], bytes], own: dict[int, bytes]
) -> None:
    """Every party notes what it received and sent; for three parties and more only."""
    if len(session.parties) == 2:
        return
    for party in session.parties:
        contents = {sender: own[sender] if sender == party else received[sender, party] for sender in own}
        joined = b"".join(
            sender.to_bytes(4, "little") + len(payload).to_bytes(8, "little") + payload
            for sender, payload in sorted(contents.items())
        )
        scope.broadcasts[party].append((path, hashlib.sha256(joined).digest()))


def echo(session: Session, clock: Clock, place: Place, scope: Scope) -> None:
    """Compare digests of everything that was broadcast in a scope."""
    if len(session.parties) == 2:
        return
    own = []
    for party in session.parties:
        logged = [part for entry in sorted(scope.broadcasts[party]) for part in entry]
        scope.broadcasts[party] = []
        own.append(digest("transcript", *logged, session_id=session.session_id))
    received = session.exchange(clock, place, "broadcast.echo", session.to_all(own))
    for (_, receiver), theirs in sorted(received.items()):
        if theirs != own[receiver]:
            session.fail(receiver, "BroadcastMismatch", "broadcast.echo")


# -- commitments and coins


def commit_and_open(
    session: Session, clock: Clock, place: Place, name: str, payloads: list[bytes]
) -> list[list[bytes]]:
    """Returns what each party saw of everybody: `seen[party][sender]`. Nonces are drawn before the commitments go."""
    sid, where, parties = session.session_id, place.path.encode(), session.parties
    nonces = [session.draw(party, 32) for party in parties]
    own = [commitment(sid, party, where, nonces[party], payloads[party]) for party in parties]
    received = session.exchange(clock, place, f"{name}.commit", session.to_all(own))
    views = [[own[j] if i == j else received[j, i] for j in parties] for i in parties]

    digests = [b"" if len(parties) == 2 else digest("transcript", place.path, *v, session_id=sid) for v in views]
    step = f"{name}.open"
    openings = [nonces[i] + payloads[i] + digests[i] for i in parties]
    received = session.exchange(clock, place, step, session.to_all(openings))
    result = [[payloads[party]] * len(parties) for party in parties]
    for (sender, receiver), opening in sorted(received.items()):
        end = 32 + len(payloads[receiver])
        nonce, payload, seen = opening[:32], opening[32:end], opening[end:]
        result[receiver][sender] = payload
        if seen != digests[receiver]:
            session.fail(receiver, "BroadcastMismatch", step)
        elif commitment(sid, sender, where, nonce, payload) != views[receiver][sender]:
            session.fail(receiver, "CommitmentMismatch", step, sender)
    return result


@dataclass(frozen=True)
class Coins:
    """What came out of one toss, as each party has it."""

    session: Session
    path: str
    seeds: tuple[bytes, ...]

    def key(self, party: int, use: str) -> bytes:
        """16 public bytes."""
        return _expanded(self.seeds[party], self.path, use, self.session.session_id)

    def elements(self, use: str, count: int) -> list[list[int]]:
        """Public elements, by party."""
        keys = [self.key(party, use) for party in self.session.parties]
        drawn = {key: self.session.field.sample(Prg(key), count) for key in set(keys)}
        return [list(drawn[key]) for key in keys]


@lru_cache(maxsize=1024)
def _expanded(seed: bytes, path: str, use: str, session_id: bytes) -> bytes:
    return derive("coin toss", seed, 16, path, use, session_id=session_id)


def toss(session: Session, clock: Clock, place: Place, name: str) -> Coins:
    """A coin toss: each party draws its contribution, then the nonce of its commitment."""
    where = place.child("toss")
    contributions = [session.draw(party, 32) for party in session.parties]
    seen = commit_and_open(session, clock, where, f"{name}.coins", contributions)
    seeds = []
    for view in seen:
        total = 0
        for contribution in view:
            total ^= int.from_bytes(contribution, "little")
        seeds.append(total.to_bytes(32, "little"))
    return Coins(session, where.path, tuple(seeds))


# -- openings


def open_partially(
    session: Session, clock: Clock, place: Place, scope: Scope, step: str, shares: Shares
) -> list[list[int]]:
    """Everybody sends its shares to everybody; returns the sums, by party. Unchecked until the check of the scope."""
    encoded = {party: session.field.encode(shares.values[party]) for party in session.parties}
    received = session.exchange(clock, place, step, session.to_all(encoded))
    path = _last(place, step)
    arrays = {
        party: [shares.values[party] if sender == party else [] for sender in session.parties]
        for party in session.parties
    }
    for (sender, receiver), payload in sorted(received.items()):
        arrays[receiver][sender] = session.decode(sender, receiver, step, payload)
    opened = [session.field.total(arrays[party]) for party in session.parties]
    log_broadcast(session, scope, path, received, encoded)
    for party in session.parties:
        scope.openings[party].append((path, opened[party], shares.macs[party]))
    return opened


def _last(place: Place, step: str) -> str:
    """The path of the exchange that was the latest in a place."""
    return f"{place.path}/{place.count:06d}.{step}"


def check(
    session: Session, clock: Clock, place: Place, scope: Scope, name: str = "mac_check", error: str = "MacCheckFailed"
) -> None:
    """The MAC check of a scope; nothing at all if nothing was opened or broadcast."""
    if not (scope.openings[0] or scope.bits[0] or scope.broadcasts[0]):
        return
    place = place.child("check")
    openings = [sorted(entries, key=lambda entry: entry[0]) for entries in scope.openings]
    of_bits = [sorted(entries, key=lambda entry: entry[0]) for entries in scope.bits]
    scope.openings, scope.bits = [[] for _ in session.parties], [[] for _ in session.parties]
    echo(session, clock, place, scope)
    if not (openings[0] or of_bits[0]):
        return
    coins = toss(session, clock, place, name)
    payloads = [b"" for _ in session.parties]
    if of_bits[0]:
        payloads = _sigmas_of_bits(session, coins, of_bits)
    if openings[0]:
        payloads = [x + y for x, y in zip(payloads, _sigmas(session, coins, openings), strict=True)]
    seen = commit_and_open(session, clock, place.child("sigma"), f"{name}.sigma", payloads)
    for party in session.parties:
        _judge(session, party, seen[party], (bool(of_bits[0]), bool(openings[0])), f"{name}.sigma.open", error)


def _sigmas(session: Session, coins: Coins, openings: list[list[tuple[str, list[int], list[int]]]]) -> list[bytes]:
    field_, sigmas = session.field, []
    chi = coins.elements("chi", sum(len(values) for _, values, _ in openings[0]))
    for party in session.parties:
        values = [value for _, opened, _ in openings[party] for value in opened]
        macs = [mac for _, _, shares in openings[party] for mac in shares]
        if chi[party]:
            chi[party][0] = 1
        combined = field_.dot(chi[party], values), field_.dot(chi[party], macs)
        sigmas.append((combined[1] - session.mac_key[party] * combined[0]) % field_.p)
    return [field_.encode([sigma]) for sigma in sigmas]


def _sigmas_of_bits(
    session: Session, coins: Coins, openings: list[list[tuple[str, list[int], list[int]]]]
) -> list[bytes]:
    found = []
    for party in session.parties:
        kappa = Prg(coins.key(party, "kappa")).read(SIGMA_OF_BITS)
        words = [word for _, _, part in openings[party] for word in part]
        opened = [bit for _, part, _ in openings[party] for bit in part]
        found.append(bits.sigma(session.bit_key[party], kappa, words, opened))
    return found


def _judge(
    session: Session, party: int, payloads: list[bytes], domains: tuple[bool, bool], step: str, error: str
) -> None:
    """Of bits, then of elements, as far as either has been opened."""
    start = SIGMA_OF_BITS if domains[0] else 0
    wrong, total = 0, 0
    for payload in payloads:
        wrong ^= int.from_bytes(payload[:start], "little")
    for sender, payload in enumerate(payloads if domains[1] else []):
        try:
            total += session.field.decode(payload[start:], 1)[0]
        except NotCanonicalError:
            session.fail(party, "MalformedMessage", step, sender)
    if wrong or total % session.field.p:
        session.fail(party, error, step)


def output(session: Session, clock: Clock, place: Place, scope: Scope, shares: Shares) -> list[list[int]]:
    """Check, open, check."""
    check(session, clock, place, scope)
    opened = open_partially(session, clock, place, scope, "output.open", shares)
    check(session, clock, place, scope)
    return opened


def public_share(session: Session, values: list[list[int]]) -> Shares:
    """A public array, as each party knows it, in shared form."""
    own = [values[party] if party == 0 else [0] * len(values[party]) for party in session.parties]
    macs = [session.field.scale(session.mac_key[party], values[party]) for party in session.parties]
    return Shares(own, macs)


def combine(session: Session, *terms: tuple[int, Shares]) -> Shares:
    """A public linear combination of shared arrays."""

    def summed(arrays: list[list[int]]) -> list[int]:
        return session.field.total(
            [session.field.scale(factor, array) for (factor, _), array in zip(terms, arrays, strict=True)]
        )

    return Shares(
        [summed([shares.values[party] for _, shares in terms]) for party in session.parties],
        [summed([shares.macs[party] for _, shares in terms]) for party in session.parties],
        terms[0][1].shape,
    )
