"""The cases of the attack matrix: every step x every kind of cheat x every sender and victim.

They are made from what an honest run sends, so a new step is attacked without being named here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count

from spdz.adversary.cheats import (
    AddTo,
    Cheat,
    CopyHonest,
    Drop,
    Duplicate,
    Extend,
    Flip,
    Place,
    Reorder,
    Replay,
    Silence,
    SwapLabels,
    Truncate,
)
from spdz.adversary.coins import EarlyCoins, ReusedCoins
from spdz.adversary.generators import OtherKeyPerPeer, WrongTriples
from spdz.adversary.programs import (
    ForgedMac,
    GuessBitsOfA,
    GuessKeyBits,
    InconsistentChoiceBits,
    OtherInput,
    OtherKeyPerBatch,
    WrongBitsOfA,
)
from spdz.adversary.report import Report
from spdz.errors import (
    AuthenticationFailed,
    BroadcastMismatch,
    CommitmentMismatch,
    MacCheckFailed,
    OtConsistencyFailed,
    SacrificeFailed,
    TransportError,
)
from spdz.wire.steps import Delivery, Harmless, Outcome, all_steps

Make = Callable[..., Cheat]
Config = tuple[str, int]
"""(preprocessing, number of parties)"""

BYTES: dict[str, Callable[[str, int, int], Cheat]] = {
    "flip first byte": lambda step, by, to: Flip(step, "first", by=by, to=to),
    "truncate": lambda step, by, to: Truncate(step, by=by, to=to),
    "swap labels": lambda step, by, to: SwapLabels(step, by=by, to=to),
    "drop": lambda step, by, to: Drop(step, by=by, to=to),
    "flip last byte": lambda step, by, to: Flip(step, "last", mask=128, by=by, to=to),
    "extend": lambda step, by, to: Extend(step, by=by, to=to),
    "duplicate": lambda step, by, to: Duplicate(step, by=by, to=to),
    "replay another session": lambda step, by, to: Replay(step, "other", by=by, to=to),
    "replay another round": lambda step, by, to: Replay(step, "this", by=by, to=to, skip=1),
    "reorder": lambda step, by, to: Reorder(step, by=by, to=to),
}
PLACES: dict[str, Place] = {"first": "first", "middle": "middle", "last": "last"}


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

    def __str__(self) -> str:
        preprocessing, parties = self.config
        victim = "everyone" if self.to is None else f"party {self.to}"
        return f"{self.step}: {self.kind}, party {self.by} to {victim}, {preprocessing}, n = {parties}"

    def cheats(self) -> list[Cheat]:
        """What the corrupted parties do."""
        if self.category == "program":
            return PROGRAMS[self.kind].make(self.by, self.config[1])
        if self.category == "bytes":
            return [BYTES[self.kind](self.step, self.by, -1 if self.to is None else self.to)]
        added = AddTo(self.step, PLACES[self.kind.split()[-1]], by=self.by, to=self.to)
        if self.category == "values" and self.to is None:
            return [added, *_pretending(self.by, self.config[1])]
        return [added]

    def expected(self) -> tuple[Outcome, ...]:
        """The outcomes that are declared."""
        if self.category == "program":
            return PROGRAMS[self.kind].expected
        return all_steps()[self.step].tampering


def _pretending(by: int, parties: int) -> list[Cheat]:
    """Say the same as the honest parties in every echo, so that a lie to everybody is left to the MAC check."""
    return [CopyHonest("broadcast.echo", by=by, pretend=True, every=True)] if parties > 2 and by < parties else []


@dataclass(frozen=True)
class _Program:
    make: Callable[[int, int], list[Cheat]]
    expected: tuple[Outcome, ...]
    preprocessing: str = "mascot"
    parties: tuple[int, ...] = (2, 3)


def _forge(step: str) -> Callable[[int, int], list[Cheat]]:
    return lambda by, parties: [ForgedMac(step, by=by), *_pretending(by, parties)]


def _reflect(by: int, parties: int) -> list[Cheat]:
    return [CopyHonest("mac_check.coins.commit", by=by), CopyHonest("mac_check.coins.open", by=by)]


PROGRAMS: dict[str, _Program] = {
    "inconsistent choice bits": _Program(lambda by, n: [InconsistentChoiceBits(by=by)], (OtConsistencyFailed,)),
    "wrong bits of a": _Program(lambda by, n: [WrongBitsOfA(by=by)], (SacrificeFailed,)),
    "guess bits of a": _Program(lambda by, n: [GuessBitsOfA(by=by)], (SacrificeFailed, Harmless.NO_EFFECT)),
    "guess bits of the key": _Program(lambda by, n: [GuessKeyBits(by=by)], (AuthenticationFailed, Harmless.NO_EFFECT)),
    "another key in a later batch": _Program(lambda by, n: [OtherKeyPerBatch(by=by)], (AuthenticationFailed,)),
    "another key for one peer": _Program(lambda by, n: [OtherKeyPerPeer(by=by)], (AuthenticationFailed,), parties=(3,)),
    "wrong triples": _Program(lambda by, n: [WrongTriples(by=by)], (SacrificeFailed,)),
    "forged MAC of an output": _Program(_forge("output.open"), (MacCheckFailed,), "dealer"),
    "forged MAC in a product": _Program(_forge("multiply.masked"), (MacCheckFailed,), "dealer"),
    "reflected coins": _Program(_reflect, (CommitmentMismatch, BroadcastMismatch), "dealer"),
    "reused coins": _Program(lambda by, n: [ReusedCoins(by=by)], (Harmless.NO_EFFECT,)),
    "coins opened early": _Program(lambda by, n: [EarlyCoins(by=by)], (Harmless.NO_EFFECT,), "dealer", (2,)),
    "another input": _Program(lambda by, n: [OtherInput(by=by)], (Harmless.INPUT_SUBSTITUTION,)),
    "silence": _Program(lambda by, n: [Silence("multiply.masked", by=by)], (TransportError,), "dealer"),
    "coalition": _Program(
        lambda by, n: [
            AddTo("multiply.masked", PLACES[place], by=(by + i) % n) for i, place in enumerate(list(PLACES)[: n - 1])
        ],
        (MacCheckFailed, BroadcastMismatch),
        "dealer",
    ),
}
"""Altered programs and their combinations: what each must lead to."""


def full_cases(surveys: Mapping[Config, Report], *, programs: bool) -> list[Case]:
    """Everything: every step, kind, sender and victim, in the cheapest preprocessing that has the step."""
    numbers = count(1)
    cases = []
    for config, report in surveys.items():
        preprocessing, parties = config
        dealt = surveys.get(("dealer", parties))
        done = {key[0] for key in dealt.recording} if dealt is not None and preprocessing != "dealer" else set()
        for case in _of_survey(config, report):
            if case.step not in done:
                cases.append(replace(case, number=next(numbers)))
    return [*cases, *(replace(case, number=next(numbers)) for case in _programs(surveys))] if programs else cases


def _of_survey(config: Config, report: Report) -> Iterator[Case]:
    """All cases of one honest run; it tells who sends what to whom."""
    for step, by, to in sorted(report.recording):
        if (by, to) == (config[1], config[1]):
            continue
        first_receiver = to == min(
            receiver for one, sender, receiver in report.recording if (one, sender) == (step, by)
        )
        broadcast = all_steps()[step].delivery is Delivery.BROADCAST
        for kind in BYTES:
            if kind != "replay another round" or len(report.recording[(step, by, to)]) > 1:
                yield Case(0, "bytes", kind, step, config, by, to)
        for place in PLACES if step in report.elements else ():
            if not broadcast:
                yield Case(0, "values", f"add to {place}", step, config, by, to)
            elif first_receiver:
                yield Case(0, "values", f"add to {place}", step, config, by)
            if broadcast and config[1] > 2:
                yield Case(0, "equivocation", f"equivocate in {place}", step, config, by, to)


def _programs(surveys: Mapping[Config, Report]) -> Iterator[Case]:
    for kind, program in PROGRAMS.items():
        for parties in program.parties:
            config = (program.preprocessing, parties)
            if config not in surveys:
                continue
            # Only the first and the last party of the suite's programs have an input.
            for by in (0, parties - 1):
                step = program.make(by, parties)[0].step
                yield Case(0, "program", kind, step, config, by)


QUICK_BYTES = 3


def quick_cases(cases: list[Case]) -> list[Case]:
    """At least one case of every step and category, turning through kinds, parties and victims."""
    chosen: list[Case] = []
    for turn, step in enumerate(sorted({case.step for case in cases})):
        for category, wanted in (("bytes", QUICK_BYTES), ("values", 2), ("equivocation", 1)):
            chosen += _spread([case for case in cases if (case.step, case.category) == (step, category)], wanted, turn)
    for kind in PROGRAMS:
        chosen += [case for case in cases if case.category == "program" and case.kind == kind][:1]
    return chosen


def _spread(cases: list[Case], wanted: int, turn: int) -> list[Case]:
    """`wanted` cases of different kinds; the kinds and the places turn with `turn`."""
    sure = [case for case in cases if case.kind not in ("reorder", "replay another round")]
    kinds = list(dict.fromkeys(case.kind for case in sure))
    chosen = []
    for i in range(min(wanted, len(kinds))):
        kind = kinds[(turn * wanted + i) % len(kinds)]
        same_kind = [case for case in sure if case.kind == kind]
        chosen.append(same_kind[(turn + i * 5) % len(same_kind)])
    return chosen
