"""What each two parties of MASCOT share, the set-up of it, and OT extension: docs/wire, sections 13 and 14."""

from __future__ import annotations

from dataclasses import dataclass

from vectors.generator import base_ot, copee, ot_extension, ot_trees
from vectors.generator.aes import Prg
from vectors.generator.checking import toss
from vectors.generator.hashing import derive
from vectors.generator.world import Clock, Place, Session

BASE_OTS = ot_extension.BASE_OTS

Ends = tuple[int, int]


def bits_of(number: int, count: int) -> list[int]:
    """From the lowest."""
    return [number >> i & 1 for i in range(count)]


@dataclass
class Links:
    """The state of all ordered pairs."""

    ot_receivers: dict[Ends, ot_extension.Receiver]
    """(receiver, sender)"""
    ot_senders: dict[Ends, ot_extension.Sender]
    """(receiver, sender)"""
    inputters: dict[Ends, copee.Inputter]
    """(key holder, inputter)"""
    key_holders: dict[Ends, copee.KeyHolder]
    """(key holder, inputter)"""
    input_shares: dict[Ends, tuple[Prg, Prg]]
    """(owner, other): the stream, at the owner and at the other"""
    zero_shares: dict[Ends, tuple[Prg, Prg]]
    """(who adds, who subtracts): the stream at each"""


def set_up_links(session: Session, clock: Clock, place: Place, depth: int) -> Links:
    """Each party draws alpha_i, Delta per peer, its OT requests, its seeds for the peers; then what senders draw."""
    field, parties = session.field, session.parties
    choices: base_ot.Choices = {}
    requests, seeds = {}, {}
    branches = place.child("base_ots"), place.child("share_seeds")
    for party in parties:
        (session.mac_key[party],) = session.draw_elements(party, 1)
        key_bits = bits_of(session.mac_key[party], field.bits)
        for peer in session.peers(party):
            delta = int.from_bytes(session.draw(party, 16), "little")
            choices[party, peer] = bits_of(delta, BASE_OTS) + key_bits
        for peer in session.peers(party):
            requests[party, peer] = base_ot.make_requests(session, party, peer, choices[party, peer])
        for peer in session.peers(party):
            seeds[party, peer] = session.draw(party, 16)
    beside = Clock(clock.depth)
    points = {ends: b"".join(part for _, part in rows) for ends, rows in requests.items()}
    received = session.exchange(clock, branches[0], base_ot.RECEIVER_STEP, points)
    theirs = session.exchange(beside, branches[1], "setup.share_seeds", seeds)
    keys = base_ot.finish(session, clock, branches[0], choices, requests, received)

    def streams(use: str) -> dict[Ends, tuple[Prg, Prg]]:
        return {
            ends: (Prg(derive("prg key", seeds[ends], 16, use)), Prg(derive("prg key", theirs[ends], 16, use)))
            for ends in seeds
        }

    dealt, held = grow_trees(session, clock, place.child("ot_trees"), depth, choices, keys)
    # Who has Delta is receiver of the base OTs and sender of the extension.
    return Links(
        {
            (sender, has): ot_extension.Receiver(ot_extension.Pair(session.session_id, sender, has), dealt[has, sender])
            for has, sender in keys
        },
        {
            (sender, has): ot_extension.Sender(
                ot_extension.Pair(session.session_id, sender, has), choices[has, sender][:BASE_OTS], held[has, sender]
            )
            for has, sender in keys
        },
        {ends: copee.Inputter(field, pair.pairs[BASE_OTS:]) for ends, pair in keys.items()},
        {ends: copee.KeyHolder(field, choices[ends][BASE_OTS:], pair.chosen[BASE_OTS:]) for ends, pair in keys.items()},
        streams("input shares"),
        streams("zero shares"),
    )


def grow_trees(
    session: Session, clock: Clock, place: Place, depth: int, choices: base_ot.Choices, keys: dict[Ends, base_ot.Keys]
) -> tuple[dict[Ends, ot_trees.Seeds], dict[Ends, ot_trees.HeldSeeds]]:
    """All seeds by (holder, dealer), at the dealer and at the holder. A dealer draws the roots for each peer."""
    if depth == 1:
        dealt = {ends: [list(pair) for pair in of.pairs[:BASE_OTS]] for ends, of in keys.items()}
        held: dict[Ends, ot_trees.HeldSeeds] = {}
        for ends, of in keys.items():
            rows = zip(choices[ends][:BASE_OTS], of.chosen[:BASE_OTS], strict=True)
            held[ends] = [[None, key] if bit else [key, None] for bit, key in rows]
        return dealt, held
    dealt, held, sends = {}, {}, {}
    for dealer in session.parties:
        for holder in session.peers(dealer):
            drawn = session.draw(dealer, 16 * (BASE_OTS // depth))
            roots = [drawn[i : i + 16] for i in range(0, len(drawn), 16)]
            pair, ends = ot_trees.Pair(session.session_id, holder, dealer), (holder, dealer)
            sends[dealer, holder], dealt[ends] = ot_trees.deal(pair, depth, roots, keys[ends].pairs)
    received = session.exchange(clock, place, "setup.ot_trees", sends)
    for (dealer, holder), message in sorted(received.items()):
        pair, ends = ot_trees.Pair(session.session_id, holder, dealer), (holder, dealer)
        held[ends], good = ot_trees.hold(pair, depth, choices[ends], keys[ends].chosen, message)
        if not good:
            session.fail(holder, "OtConsistencyFailed", "setup.ot_trees", dealer)
    return dealt, held


def extend(session: Session, links: Links, clock: Clock, place: Place, choices: dict[Ends, int], rows: int) -> None:
    """OTs for the (receiver, sender) of `choices`; a receiver draws 128 further choice bits for each peer."""
    sends = {}
    for (receiver, sender), chosen in sorted(choices.items()):
        extra = int.from_bytes(session.draw(receiver, 16), "little") << rows
        link = links.ot_receivers[receiver, sender]
        sends[receiver, sender] = link.extend(chosen | extra, rows + ot_extension.EXTRA_ROWS)
    received = session.exchange(clock, place, "ot_extension.columns", sends)
    for (receiver, sender), payload in received.items():
        links.ot_senders[receiver, sender].receive(payload)
    coins = toss(session, clock, place, "ot_extension.check")
    sends = {
        (receiver, sender): links.ot_receivers[receiver, sender].digests(
            coins.key(receiver, f"receiver {receiver} sender {sender}")
        )
        for receiver, sender in sends
    }
    received = session.exchange(clock, place, "ot_extension.digests", sends)
    for (receiver, sender), payload in sorted(received.items()):
        key = coins.key(sender, f"receiver {receiver} sender {sender}")
        if not links.ot_senders[receiver, sender].accepts(key, payload):
            session.fail(sender, "OtConsistencyFailed", "ot_extension.digests", receiver)


def finish(links: Links, pairs: list[Ends]) -> None:
    """The next extension of these (receiver, sender) counts on."""
    for ends in pairs:
        links.ot_receivers[ends].finish()
        links.ot_senders[ends].finish()
