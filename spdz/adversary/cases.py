"""The cases of the attack matrix: every step x every kind of cheat x every sender and victim.

They are made from what an honest run sends, so a new step is attacked without being named here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count

from spdz.adversary.cheats import AddTo, Cheat
from spdz.adversary.kinds import (
    ALSO,
    BEFORE_THE_ECHO,
    BYTES,
    IN_TURN,
    IN_TURN_AMONG_THREE,
    LATER,
    PLACES,
    PROGRAMS,
    UNSURE,
    going_on,
    pretending,
)
from spdz.adversary.report import Report
from spdz.adversary.settings import CHEAPER, ONLY, Config, attacked
from spdz.errors import BroadcastMismatch
from spdz.wire.steps import Delivery, Outcome, Payload, all_steps


@dataclass(frozen=True)
class Case:
    """One session of the matrix."""

    number: int
    category: str
    """bytes, values, equivocation or program"""
    kind: str
    step: str
    config: Config
    by: int
    to: int | None = None
    occurrence: int = 0
    """How many exchanges of the step are left alone before."""

    def __str__(self) -> str:
        preprocessing, parties = self.config
        victim = "everyone" if self.to is None else f"party {self.to}"
        at = f" at exchange {self.occurrence + 1}" if self.occurrence else ""
        return f"{self.step}: {self.kind}{at}, party {self.by} to {victim}, {preprocessing}, n = {parties}"

    def cheats(self) -> list[Cheat]:
        """What the corrupted parties do."""
        if self.category == "program":
            return PROGRAMS[self.kind].make(self.by, self.config[1])
        if self.category == "bytes":
            to = -1 if self.to is None else self.to
            return [BYTES[self.kind](self.step, self.by, to, self.occurrence), *going_on(self.step, self.by)]
        added = AddTo(self.step, PLACES[self.kind.split()[-1]], by=self.by, to=self.to, skip=self.occurrence)
        if self.category == "values" and self.to is None:
            return [added, *pretending(self.by, self.config[1])]
        return [added, *going_on(self.step, self.by)]

    def expected(self) -> tuple[Outcome, ...]:
        """The outcomes that are declared."""
        if self.category == "program":
            return PROGRAMS[self.kind].expected
        if self.category == "equivocation":
            # Whatever else might notice: the echo comes first, and must not be left to others.
            return (BroadcastMismatch, *BEFORE_THE_ECHO.get(self.step, ()))
        return (*all_steps()[self.step].tampering, *ALSO.get(self.kind, ()))

    def found_before(self) -> str | None:
        """A step that no honest party may have reached when it finds out."""
        return PROGRAMS[self.kind].before if self.category == "program" else None


def full_cases(surveys: Mapping[Config, Report], *, programs: bool) -> list[Case]:
    """Everything: every step, kind, sender and victim, in the cheapest preprocessing that has the step.

    Kinds that only touch the frame have the victims in turn.

    Bytes are changed at the first exchange of a step, and at the last one with the victims in turn; values at the
    first exchange in all places, and at one in the middle and the last with the places in turn.
    """
    numbers = count(1)
    cases = []
    for config, report in surveys.items():
        name, parties = config
        cheaper = CHEAPER.get(name, ())
        done = {key[0] for other in cheaper if (other, parties) in surveys for key in surveys[other, parties].recording}
        only = ONLY.get(name)
        among_two = {key[0] for key in surveys[name, 2].recording} if _is_dear(config, surveys) else set()
        for case in _of_survey(config, report):
            repeated = case.step in among_two and case.category != "equivocation"
            if case.step not in done and (only is None or case.step in only) and not repeated:
                cases.append(replace(case, number=next(numbers)))
    return [*cases, *(replace(case, number=next(numbers)) for case in _programs(surveys))] if programs else cases


def _is_dear(config: Config, surveys: Mapping[Config, Report]) -> bool:
    """Whether three parties are attacked only where they differ from two: runs with bits from OT take seconds."""
    name, parties = config
    return attacked(name).bit_plan is not None and parties > 2 and (name, 2) in surveys


def _of_survey(config: Config, report: Report) -> Iterator[Case]:
    """All cases of one honest run; it tells who sends what to whom, and how often."""
    channels: dict[str, list[tuple[int, int]]] = {}
    for step, by, to in sorted(report.recording):
        if (by, to) != (config[1], config[1]):
            channels.setdefault(step, []).append((by, to))
    for turn, (step, pairs) in enumerate(channels.items()):
        for place, (by, to) in enumerate(pairs):
            case = Case(0, "", "", step, config, by, to)
            often = len(report.recording[(step, by, to)])
            chosen = [kind for number, kind in enumerate(BYTES) if (number + turn - place) % len(pairs) == 0]
            yield from _bytes(case, often, chosen)
            if all_steps()[step].payload in (Payload.ELEMENTS, Payload.BITS):
                first_receiver = to == min(receiver for sender, receiver in pairs if sender == by)
                yield from _values(case, often, place, first_receiver=first_receiver)


def _bytes(case: Case, often: int, turn: list[str]) -> Iterator[Case]:
    """Every kind at the first exchange where it can happen, and the kinds whose `turn` it is also at the last one."""
    rare = IN_TURN_AMONG_THREE if case.config[1] > 2 else IN_TURN
    for kind in BYTES:
        first = 1 if kind in LATER else 0
        if first < often and (kind not in rare or kind in turn):
            yield replace(case, category="bytes", kind=kind, occurrence=first)
        if kind in turn and first < often - 1:
            yield replace(case, category="bytes", kind=kind, occurrence=often - 1)


def _values(case: Case, often: int, turn: int, *, first_receiver: bool) -> Iterator[Case]:
    """Every place at the first exchange; places in turn at one in the middle and at the last."""
    broadcast = all_steps()[case.step].delivery is Delivery.BROADCAST
    chosen = [(0, place) for place in PLACES]
    for number, occurrence in enumerate(sorted({often // 2, often - 1} - {0})):
        chosen.append((occurrence, list(PLACES)[(turn + number) % len(PLACES)]))
    for occurrence, place in chosen:
        if not broadcast:
            yield replace(case, category="values", kind=f"add to {place}", occurrence=occurrence)
        elif first_receiver:
            yield replace(case, category="values", kind=f"add to {place}", to=None, occurrence=occurrence)
        if broadcast and case.config[1] > 2:
            yield replace(case, category="equivocation", kind=f"equivocate in {place}", occurrence=occurrence)


def _programs(surveys: Mapping[Config, Report]) -> Iterator[Case]:
    for kind, program in PROGRAMS.items():
        for parties in program.parties:
            config = (program.preprocessing, parties)
            if config not in surveys:
                continue
            # Only the first and the last party of the suite's programs have an input.
            for by in (0, parties - 1) * -(-program.times // 2):
                step = program.make(by, parties)[0].step
                yield Case(0, "program", kind, step, config, by)


QUICK_BYTES = 3


def quick_cases(cases: list[Case]) -> list[Case]:
    """At least one case of every step and category, turning through kinds, exchanges, parties and victims."""
    chosen: list[Case] = []
    for turn, step in enumerate(sorted({case.step for case in cases})):
        for category, wanted in (("bytes", QUICK_BYTES), ("values", 2), ("equivocation", 1)):
            chosen += _spread([case for case in cases if (case.step, case.category) == (step, category)], wanted, turn)
    for kind in PROGRAMS:
        chosen += [case for case in cases if case.category == "program" and case.kind == kind][:1]
    return chosen


def _spread(cases: list[Case], wanted: int, turn: int) -> list[Case]:
    """`wanted` cases of different kinds, the last of them late; the kinds and the places turn with `turn`."""
    sure = [case for case in cases if case.kind not in UNSURE]
    kinds = list(dict.fromkeys(case.kind for case in sure))
    chosen = []
    for i in range(min(wanted, len(kinds))):
        kind = kinds[(turn * wanted + i) % len(kinds)]
        same_kind = [case for case in sure if case.kind == kind]
        late = [case for case in same_kind if case.occurrence]
        if i == wanted - 1 and late:
            same_kind = late
        chosen.append(same_kind[(turn + i * 5) % len(same_kind)])
    return chosen
