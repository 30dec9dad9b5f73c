"""The table of `docs/attacks.md`, written by `spdz attack --write-table`."""

from __future__ import annotations

from collections import Counter

from spdz.adversary import coins, generators, programs
from spdz.adversary.cases import PROGRAMS
from spdz.adversary.cheats import Cheat
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
    return mpc.reveal(x * x)

report = adversary.run(program, parties=3, cheats=[AddTo("multiply.masked", "last", delta=1, by=2)])
print(report)
```

The report says of every honest party how it ended (error, step and round; output; a hang), what had left it before, and
whether its key and material are destroyed. `python -m spdz.examples.cheating` shows more; `spdz attack PROGRAM.py` runs
the matrix below against `main(mpc)` of a file.

| kind | cheats |
|---|---|
| bytes | `Flip`, `Truncate`, `Extend`, `Drop`, `Duplicate`, `SwapLabels`, `Replay`, `Reorder`, `Silence` |
| values | `AddTo`; `Equivocate` tells every receiver something else |
| rushing | `Rush`, `CopyHonest`: the message is held until the honest ones of its exchange are there |
| altered code | {programs} |

Several cheats with different `by` are one coalition. A corrupted party runs the honest code otherwise, says nothing
when that code finds the cheat, and keeps its connections open. `transport="tls"` runs the same over TLS on loopback.

## The matrix

Every step of both preprocessings and of the online phase is attacked by every party against every victim, with two and
three parties: *bytes*, *values* (the first, middle or last element, so that the message stays well-formed; with three
parties everybody is told the same lie, and the echo is answered as if it were the truth), *equivocation* (one of two is
told something else). `--quick` takes some kinds, parties and victims of every step. A case is

- **detected** if an honest party ended with an outcome that the step declares (for bytes also: an unreadable or missing
  message; where the cheater's own code stops at its own cheat: its silence), nobody returned a wrong output, and keys
  and material were destroyed;
- **harmless** if the honest outputs are right and the step declares that this may happen (a guess at a secret bit that
  was right), or if messages only came in another order;
- an **input substitution** if the outputs are right for another input of the cheater;
- **undetected** otherwise. A party that hangs counts here too.

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
        "| step | declared outcome | bytes | values | equivocation | seen |",
        "|---|---|---|---|---|---|",
        *(_step_line(outcome, step) for step in steps),
        "",
        "A cell reads *detected / cases*; what is missing to the right number was harmless.",
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
    return f"| `{step}` | {declared} | {' | '.join(cells)} | {names} |"


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
