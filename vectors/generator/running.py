"""Whole sessions: docs/wire, sections 3, 9 and 10, for programs that are lists of operations (vectors/README.md)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from math import prod
from typing import Any

from vectors.generator import online
from vectors.generator.checking import Scope, Shares, combine, output
from vectors.generator.dealing import Dealer, Kind, Material, describe, shake_hands
from vectors.generator.mascot import Mascot
from vectors.generator.matrices import pays
from vectors.generator.params import PLAINEST, MascotParams
from vectors.generator.world import Clock, OverError, Place, Session


@dataclass
class Node:
    """One operation."""

    line: str
    shape: tuple[int, ...]
    operands: list[Node]
    need: tuple[Kind, int] | None
    what: dict[str, Any]
    shares: Shares | None = None
    depth: int = 0
    running: bool = False
    blocked: frozenset[int] = frozenset()
    """Parties that wait in it for somebody who has failed."""


@dataclass
class Stock:
    """Material that is left, in the order in which it was made: flat arrays by kind."""

    kept: dict[Kind, Material] = field(default_factory=dict)

    def left(self, kind: Kind) -> int:
        """How many elements."""
        return self.kept[kind].arrays[0].shape[0] if kind in self.kept else 0

    def add(self, kind: Kind, new: Material) -> None:
        """Put new elements behind the old ones."""
        if kind in self.kept:
            old = self.kept[kind]
            arrays = [
                Shares(
                    [x + y for x, y in zip(a.values, b.values, strict=True)],
                    [x + y for x, y in zip(a.macs, b.macs, strict=True)],
                    (a.shape[0] + b.shape[0], *a.shape[1:]),
                )
                for a, b in zip(old.arrays, new.arrays, strict=True)
            ]
            new = Material(arrays, old.clear + new.clear)
        self.kept[kind] = new

    def take(self, kind: Kind, count: int) -> Material:
        """The first `count` elements."""
        material = self.kept[kind]
        first, rest = [], []
        for shares in material.arrays:
            cut = count * prod(shares.shape[1:])
            size = shares.shape[0]
            first.append(
                Shares([r[:cut] for r in shares.values], [r[:cut] for r in shares.macs], (count, *shares.shape[1:]))
            )
            rest.append(
                Shares(
                    [r[cut:] for r in shares.values], [r[cut:] for r in shares.macs], (size - count, *shares.shape[1:])
                )
            )
        self.kept[kind] = Material(rest, material.clear[count:])
        return Material(first, material.clear[:count])


class Runner:
    """Runs one program at all endpoints."""

    def __init__(self, session: Session, preprocessing: str, mascot: MascotParams = PLAINEST) -> None:
        self.session, self.preprocessing, self.mascot = session, preprocessing, mascot
        self.clock, self.root = Clock(), Place()
        self.scope = Scope.of(session)
        self.stock, self.pending = Stock(), list[Node]()
        self.results: list[dict[str, bytes]] = [{} for _ in session.endpoints]
        """What each endpoint learns, by the number of the operation that reveals it."""
        self.maker: Dealer | Mascot | None = None

    def run(self, program: list[dict[str, Any]], texts: list[str] | None = None) -> None:
        """Hand-shake, set-up, the program, the end; stops where the session is over."""
        session, clock = self.session, self.clock
        try:
            lines = "\n".join(describe(session, self.preprocessing, str(self.mascot)))
            shake_hands(session, clock, self.root.child("handshake"), texts or [lines for _ in session.endpoints])
            place = self.root.child("set-up")
            if self.preprocessing == "dealer":
                self.maker = Dealer(session, clock)
            else:
                self.maker = Mascot(session, clock, place, self.mascot)
            self._program(program)
            self._finish()
        except OverError:
            return

    def _finish(self) -> None:
        self.root.child("finish")
        if isinstance(self.maker, Dealer):
            self.maker.finish(self.clock)
        if self.session.failed:
            self.session.settle()
            return
        for endpoint in self.session.outcomes:
            # The dealer has to hear from everybody first.
            self.session.say_goodbye(endpoint, 1 + (endpoint == len(self.session.parties)))

    # -- programs

    def _program(self, program: list[dict[str, Any]]) -> None:
        nodes: list[Node | None] = []
        for number, what in enumerate(program):
            operands = [node for i in what.get("of", []) if (node := nodes[i]) is not None]
            if what["op"] in ("reveal", "reveal to", "prepare"):
                nodes.append(None)
                self._ending(number, what, operands)
                continue
            nodes.append(self._node(what, operands))

    def _node(self, what: dict[str, Any], operands: list[Node]) -> Node:
        op, shape = what["op"], tuple(what.get("shape", operands[0].shape if operands else ()))
        need: tuple[Kind, int] | None = None
        if op == "input":
            line, need = f"input of party {what['owner']} {shape}", (Kind("input masks", what["owner"]), prod(shape))
        elif op in ("random", "random bits"):
            kind = Kind("random shares" if op == "random" else "random bits")
            line, need = f"{op} {shape}", (kind, prod(shape))
        elif op in ("multiply", "square"):
            line, need = f"{op} {shape}", (Kind("triples" if op == "multiply" else "squares"), prod(shape))
        elif op == "matmul":
            dims = (*operands[0].shape, operands[1].shape[1])
            line, shape = f"matmul {dims}", (dims[0], dims[2])
            whole = self.preprocessing == "dealer" or pays(dims)
            need = (Kind("matrix triples", -1, dims), 1) if whole else (Kind("triples"), prod(dims))
        else:
            line = op
        node = Node(line, shape, operands, need, what)
        if op == "add" and all(operand.shares is not None for operand in operands):
            node.shares = self._add(node)
        else:
            self.pending.append(node)
        return node

    def _add(self, node: Node) -> Shares:
        shares = [operand.shares for operand in node.operands if operand.shares is not None]
        return combine(self.session, *((1, part) for part in shares))

    def _ending(self, number: int, what: dict[str, Any], operands: list[Node]) -> None:
        shapes = [node.shape for node in operands]
        extra: list[tuple[Kind, int]] = []
        if what["op"] == "reveal":
            line = f"reveal {shapes}"
        elif what["op"] == "reveal to":
            line = f"reveal to party {what['party']} {shapes}"
            extra = [(Kind("input masks", what["party"]), sum(prod(shape) for shape in shapes))]
        else:
            extra = [(Kind(part["kind"]), part["count"]) for part in what["material"]]
            line = "prepare " + ", ".join(f"{count} {kind.name}" for kind, count in extra)
        self._prepare(line, extra)
        if what["op"] != "prepare":
            self._online(number, what, operands, extra)

    def _prepare(self, ending: str, extra: list[tuple[Kind, int]]) -> None:
        session, place = self.session, self.root.child("prepare")
        text = "\n".join([*(node.line for node in self.pending), ending]).encode("ascii")
        payload = hashlib.sha256(text).digest() + text[:480].ljust(480)
        own = [payload] * len(session.parties)
        received = session.exchange(self.clock, place.child("plan"), "program.plan", session.to_all(own))
        for (_, receiver), theirs in sorted(received.items()):
            if theirs != payload:
                session.fail(receiver, "ConfigurationMismatch")
        place = place.child("material")
        demand: dict[Kind, int] = {}
        for kind, count in [node.need for node in self.pending if node.need] + extra:
            demand[kind] = demand.get(kind, 0) + count
        for kind in sorted(demand):
            missing = demand[kind] - self.stock.left(kind)
            if missing > 0:
                self.stock.add(kind, self._make(place, kind, missing))

    def _make(self, place: Place, kind: Kind, count: int) -> Material:
        if isinstance(self.maker, Dealer):
            return self.maker.fetch(self.clock, kind, count)
        if self.maker is None or count > 128:
            raise ValueError("small sessions only: one batch")
        return self.maker.make(self.clock, place.child("batch"), kind, count)

    def _online(self, number: int, what: dict[str, Any], operands: list[Node], extra: list[tuple[Kind, int]]) -> None:
        session, place, start = self.session, self.root.child("online"), self.clock.depth
        pending, self.pending = self.pending, []
        material = [self.stock.take(*node.need) if node.need else None for node in pending]
        for node in pending:
            node.running = True
        waiting, session.branching = session.waiting, True
        for node, batch in zip(pending, material, strict=True):
            session.waiting = waiting.union(*(operand.blocked for operand in node.operands))
            clock = Clock(max([start, *(operand.depth for operand in node.operands if operand.running)]))
            node.shares = self._compute(node, clock, place.child("operation"), batch)
            node.depth, node.blocked = clock.depth, session.waiting
        session.waiting, session.branching = waiting.union(*(node.blocked for node in pending)), False
        session.end_if_all_wait()
        self.clock.depth = max([start, *(node.depth for node in pending)])
        for node in pending:
            node.running = False
        self._reveal(place.child("reveal"), number, what, operands, extra)

    def _compute(self, node: Node, clock: Clock, place: Place, batch: Material | None) -> Shares:
        session, op = self.session, node.what["op"]
        x, *rest = [operand.shares for operand in node.operands if operand.shares is not None] or [Shares([], [])]
        if batch is None:
            return self._add(node)
        arrays = [Shares(part.values, part.macs, node.shape) for part in batch.arrays]
        whole = bool(node.need and node.need[0].dims)
        if op == "input":
            values = session.field.decode(bytes.fromhex(node.what["values"]))
            return online.share_input(
                session, clock, place, self.scope, node.what["owner"], values, arrays[0], batch.clear
            )
        if op in ("random", "random bits"):
            return arrays[0]
        if op == "square":
            return online.square(session, clock, place, self.scope, x, (arrays[0], arrays[1]))
        triple = (arrays[0], arrays[1], arrays[2])
        if op == "multiply":
            return online.multiply(session, clock, place, self.scope, x, rest[0], triple)
        product = online.matmul if whole else online.matmul_by_triples
        return product(session, clock, place, self.scope, x, rest[0], triple)

    def _reveal(
        self, place: Place, number: int, what: dict[str, Any], operands: list[Node], extra: list[tuple[Kind, int]]
    ) -> None:
        session = self.session
        parts = [node.shares for node in operands if node.shares is not None]
        joined = Shares(
            [[x for part in parts for x in part.values[party]] for party in session.parties],
            [[x for part in parts for x in part.macs[party]] for party in session.parties],
        )
        if what["op"] == "reveal":
            opened = output(session, self.clock, place, self.scope, joined)
            for party in session.parties:
                self.results[party][f"reveal {number}"] = session.field.encode(opened[party])
            return
        masks = self.stock.take(*extra[0])
        opened = output(session, self.clock, place, self.scope, combine(session, (1, joined), (-1, masks.arrays[0])))
        receiver = what["party"]
        learned = session.field.add(opened[receiver], masks.clear)
        self.results[receiver][f"reveal {number}"] = session.field.encode(learned)
