"""What the last runs saw: `killers.json` for the tool, docs/mutants.md for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tests.mutation.catalogue import AREAS, EXEMPT, MUTANTS
from tests.mutation.runner import Result

DOCUMENT = "docs/mutants.md"
KILLERS = "tests/mutation/killers.json"

_HEAD = """# Mutants

Written by `make mutants`; do not edit. A mutant is this package with one security check taken out. The suite is run
against each of them and must turn red. The tool finds every place that makes a `ProtocolAbort` in the syntax trees, and
fails if one of them is neither mutated nor listed with a reason below; it fails as well if a mutant no longer fits the
source, or if it survives. `python -m tests.mutation --list` prints what each of them disables;
`tests/mutation/killers.json` holds which test noticed it.

{killed} of {total} killed.

| area | mutants | killed |
|---|---|---|
"""

_EXEMPT_HEAD = """
## Places that make an abort and are not mutated

| place | reason |
|---|---|
"""


def write(root: Path, results: Sequence[Result]) -> None:
    """Keep the results, and write the document; what is known of other mutants of the catalogue stays."""
    known = known_killers(root)
    for result in results:
        if result.killed:
            known[result.mutant.name] = result.killer or result.verdict.value
        else:
            known.pop(result.mutant.name, None)
    killers = {mutant.name: known[mutant.name] for mutant in MUTANTS if mutant.name in known}
    (root / KILLERS).write_text(json.dumps(killers, indent=1) + "\n")
    (root / DOCUMENT).write_text(document(killers))


def document(killers: dict[str, str]) -> str:
    """The page: how many mutants of each area were killed, and which places are left out."""
    text = _HEAD.format(killed=len(killers), total=len(MUTANTS))
    for title, mutants in AREAS.items():
        text += f"| {title} | {len(mutants)} | {sum(mutant.name in killers for mutant in mutants)} |\n"
    text += _EXEMPT_HEAD
    for (file, function), reason in EXEMPT.items():
        text += f"| `{file}::{function}` | {reason} |\n"
    return text


def known_killers(root: Path) -> dict[str, str]:
    """Which test killed which mutant, as far as the last runs know."""
    path = root / KILLERS
    return dict(json.loads(path.read_text())) if path.exists() else {}
