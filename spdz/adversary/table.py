"""The table of `docs/attacks.md`, written by `spdz attack --write-table`."""

from __future__ import annotations

from collections import Counter

from spdz.adversary import coins, generators, programs
from spdz.adversary.cheats import Cheat
from spdz.adversary.kinds import BYTES, PROGRAMS, exempt
from spdz.adversary.matrix import Outcome, Result
from spdz.adversary.programs import Altered
from spdz.adversary.verdict import DETECTED, HARMLESS, INPUT_SUBSTITUTION, NOT_APPLICABLE, UNDETECTED
from spdz.wire.steps import Harmless, all_steps

_HEAD = """# Attacks

What happens when a party cheats. This page is written by `spdz attack {size} --write-table docs/attacks.md`; edit
`spdz/adversary/table.py` instead of it.

## Cheat yourself

```python
from spdz import adversary
from spdz.adversary import AddTo


def program(mpc):
    x = mpc.input([3, 4], owner=0, shape=2)
    return mpc.reveal(x * x[::-1])


report = adversary.run(program, parties=3, cheats=[AddTo("multiply.masked", "last", delta=1, by=2)])
print(report)
```

The report says of every honest party how it ended (error, step and round; output; a hang), what had left it before,
every value that was released to it, and whether its key, material and links were destroyed when the error came up. An
error of the cheat itself is raised: such a run shows nothing. `python -m spdz.examples.cheating` shows more; `spdz
attack PROGRAM.py` runs the matrix below against `main(mpc)` of a file.

| kind | cheats |
|---|---|
| bytes | `Flip`, `Truncate`, `Extend`, `Drop`, `Duplicate`, `SwapLabels`, `Replay`, `Reorder`, `Silence` |
| frames | `ReplayFrame`: an old frame with its old label |
| control | `SayGoodbye`: the frames that end a session, too early |
| values | `AddTo`; `Equivocate` tells every receiver something else |
| rushing | `Rush`, `CopyHonest`: the message waits until the coalition has the honest ones of its exchange |
| altered code | {programs} |

Several cheats with different `by` are one coalition: a cheat sees what all of them have received and want to send. A
corrupted party runs the honest code otherwise, says nothing when that code finds the cheat, and keeps its connections
open. `transport="tls"` runs the same over TLS on loopback.

## The matrix

Every step of all preprocessings (COPEe and silent VOLE, an OT extension with trees and without) and of the online phase
is attacked by every party against every victim, with two and three parties: *bytes*, *values* (the first, middle or
last element, so that the message stays well-formed; with three parties everybody is told the same lie, and the echo is
answered as if it were the truth), *equivocation* (one of two is told something else, which the echo must find). A step
that occurs often in a session is attacked at its first exchange, at one in the middle (values) and at the last (bytes:
victims in turn). Cheats that touch the frame alone have the victims in turn where there are three parties. In the cases
of other steps base OTs are ideal (`spdz/adversary/ideal_base_ots.py`): nothing is made before, and they take most of a
tiny session. `--quick` takes some kinds, exchanges, parties and victims of every step, and all base OTs are real. A
case is

- **detected** if an honest party ended with an outcome that the step declares (for bytes also: an unreadable or missing
  message), the others with that or with the news, no honest party was given a wrong value before or after, and keys,
  material, OT correlations, streams and VOLEs were destroyed when the first error left the library;
- **harmless** if all values are right and the step declares that this may happen (a guess at a secret bit that was
  right), or if messages only came in another order. Guesses at one bit are foreseen from the victim's bit: a right one
  must be harmless, a wrong one detected, and both must be seen;
- an **input substitution** if the values are right for another input of the cheater;
- **undetected** otherwise. A party that hangs counts here too.

A cheat that did not happen is no case: there was nothing to reorder with, or an old message was equal to the new one.
"""


def markdown(outcome: Outcome, size: str) -> str:
    """The whole page."""
    summary = outcome.summary()
    totals = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in summary.items())
    steps = sorted({result.case.step for result in outcome.results if result.case.category != "program"})
    lines = [
        _HEAD.format(size=size, programs=_altered()) + f"In this run: {totals}.",
        "",
        "### By step",
        "",
        "| step | declared outcome | bytes | values | equivocation | did not happen | seen |",
        "|---|---|---|---|---|---|---|",
        *(_step_line(outcome, step) for step in steps),
        "",
        "A cell reads *detected / cases*; what is missing to the right number was harmless. *did not happen* counts",
        "cheats that could not be done. Kinds of cheats that never happened at a step:",
        "",
        *_never(outcome),
        "",
        "### Altered programs",
        "",
        "| cheat | must lead to | cases | detected | harmless | input substitution |",
        "|---|---|---|---|---|---|",
        *(_program_line(outcome, kind) for kind in PROGRAMS),
    ]
    if outcome.undetected:
        lines += ["", "### Undetected", "", *(f"- {one.case}: {one.verdict.reason}" for one in outcome.undetected)]
    return "\n".join(lines) + "\n"


def _altered() -> str:
    modules = (coins, generators, programs)
    names = {name for module in modules for name, value in vars(module).items() if _is_altered(module.__name__, value)}
    return ", ".join(f"`{name}`" for name in sorted(names))


def _is_altered(module: str, value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Cheat) and value.__module__ == module and value is not Altered


def _step_line(outcome: Outcome, step: str) -> str:
    results = [one for one in outcome.results if one.case.step == step and one.case.category != "program"]
    declared = ", ".join(
        declared.value if isinstance(declared, Harmless) else declared.__name__
        for declared in all_steps()[step].tampering
    )
    cells = [
        _cell([one for one in results if one.case.category == name]) for name in ("bytes", "values", "equivocation")
    ]
    seen = Counter(
        part.split(" at ")[0]
        for one in results
        if one.verdict.outcome == DETECTED
        for part in {*one.verdict.reason.split("; ")}
        if not part.startswith("PeerAborted")
    )
    names = ", ".join(sorted(seen))
    missed = sum(one.verdict.outcome == NOT_APPLICABLE for one in results) or ""
    return f"| `{step}` | {declared} | {' | '.join(cells)} | {missed} | {names} |"


def _never(outcome: Outcome) -> list[str]:
    """Kinds that were tried at a step, and could not be done at any exchange of it, with the reason."""
    tried: dict[str, set[str]] = {}
    for one in outcome.results:
        if one.case.kind in BYTES:
            tried.setdefault(one.case.kind, set()).add(one.case.step)
    lines = []
    for kind, steps in tried.items():
        done = {
            one.case.step for one in outcome.results if one.case.kind == kind and one.verdict.outcome != NOT_APPLICABLE
        }
        reasons: dict[str, list[str]] = {}
        for step in sorted(steps - done):
            reasons.setdefault(exempt(kind, step) or "**no reason**", []).append(f"`{step}`")
        lines += [f"- {kind}, {why}: {', '.join(names)}" for why, names in reasons.items()]
    return lines or ["none."]


def _cell(results: list[Result]) -> str:
    happened = [one for one in results if one.verdict.outcome != NOT_APPLICABLE]
    if not happened:
        return ""
    bad = sum(one.verdict.outcome == UNDETECTED for one in happened)
    found = sum(one.verdict.outcome == DETECTED for one in happened)
    return f"{found} / {len(happened)}" + (f", **{bad} undetected**" if bad else "")


def _program_line(outcome: Outcome, kind: str) -> str:
    results = [one for one in outcome.results if one.case.category == "program" and one.case.kind == kind]
    expected = ", ".join(one.value if isinstance(one, Harmless) else one.__name__ for one in PROGRAMS[kind].expected)
    counts = Counter(one.verdict.outcome for one in results)
    numbers = " | ".join(str(counts[name]) for name in (DETECTED, HARMLESS, INPUT_SUBSTITUTION))
    return f"| {kind} | {expected} | {len(results)} | {numbers} |"
