"""Batches of triples in flight: docs/wire, section 14."""

from __future__ import annotations

from vectors.generator.checking import Shares
from vectors.generator.mascot import Mascot
from vectors.generator.turns import Body, Task, Turns
from vectors.generator.world import Clock, Place

IN_FLIGHT = 3


class _Flights:
    """The stages A, B and C of batches 0, 1, ..."""

    def __init__(self, mascot: Mascot, turns: Turns, place: Place, counts: list[int]) -> None:
        self.mascot, self.turns, self.place, self.counts = mascot, turns, place, counts
        self.places: list[Place] = []
        self.a: list[Task] = []
        self.b: list[Task] = []
        self.c: list[Task] = []

    def all(self, clock: Clock) -> list[list[Shares]]:
        """The arrays of every batch."""
        for i in range(len(self.counts)):
            if i >= IN_FLIGHT:
                self.turns.join(clock, self.c[i - IN_FLIGHT])
            self.places.append(self.place.child("batch"))
            self.a.append(self.turns.spawn(clock, self._candidates(i)))
            self.b.append(self.turns.spawn(clock, self._authenticated(i)))
            if i:
                self.c.append(self.turns.spawn(clock, self._sacrificed(i - 1)))
        self.c.append(self.turns.spawn(clock, self._sacrificed(len(self.counts) - 1)))
        for task in self.c[-IN_FLIGHT:]:
            self.turns.join(clock, task)
        return [task.result for task in self.c]

    def _join(self, clock: Clock, tasks: list[Task], i: int) -> None:
        """Nothing, if there is no such task."""
        if 0 <= i < len(tasks):
            self.turns.join(clock, tasks[i])

    def _candidates(self, i: int) -> Body:
        def body(clock: Clock) -> object:
            self._join(clock, self.a, i - 1)
            return self.mascot.candidates(clock, self.places[i], self.counts[i])

        return body

    def _authenticated(self, i: int) -> Body:
        def body(clock: Clock) -> object:
            arrays, inside, entered = self.turns.join(clock, self.a[i])
            self._join(clock, self.b, i - 1)
            macs = self.mascot.check_candidates(clock, inside, entered, lambda: self._join(clock, self.c, i - 2))
            return arrays, macs

        return body

    def _sacrificed(self, i: int) -> Body:
        def turn(clock: Clock) -> None:
            if i + 1 < len(self.b):
                self._join(clock, self.b, i + 1)
            else:
                self._join(clock, self.c, i - 1)

        def body(clock: Clock) -> object:
            arrays, macs = self.turns.join(clock, self.b[i])
            return self.mascot.sacrifice(clock, self.places[i], arrays, macs, lambda: turn(clock))

        return body


def triples_in_flight(mascot: Mascot, clock: Clock, place: Place, counts: list[int]) -> list[Shares]:
    """a, b, c of all batches."""
    turns = Turns(mascot.session)
    made: list[list[Shares]] = turns.run(clock, _Flights(mascot, turns, place, counts).all)

    def joined(parts: list[list[list[int]]]) -> list[list[int]]:
        return [[x for part in parts for x in part[party]] for party in mascot.session.parties]

    return [
        Shares(joined([array.values for array in arrays]), joined([array.macs for array in arrays]), (sum(counts),))
        for arrays in zip(*made, strict=True)
    ]
