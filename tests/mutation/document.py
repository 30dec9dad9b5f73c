"""docs/mutants.md, written from the catalogue and from what the last runs saw."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from tests.mutation.catalogue import EXEMPT, MUTANTS
from tests.mutation.runner import Result

DOCUMENT = "docs/mutants.md"
_ROW = re.compile(r"^\| `([^`]+)` \| `([^`]+)` \| (.*) \| `([^`]+)` \|$", re.MULTILINE)

_HEAD = """# Mutants

Written by `make mutants`; do not edit. A mutant is this package with one security check taken out. The suite is run
against each of them and must turn red. The tool finds every place that makes a `ProtocolAbort` in the syntax trees, and
fails if one of them is neither mutated nor listed with a reason below; it fails as well if a mutant no longer fits the
source, or if it survives.

{killed} of {total} killed.

| mutant | place | what it disables | killed by |
|---|---|---|---|
"""

_EXEMPT_HEAD = """
## Places that make an abort and are not mutated

| place | reason |
|---|---|
"""


def write(root: Path, results: Sequence[Result]) -> None:
    """Put the results into the document; what it says of other mutants of the catalogue stays."""
    killers = known_killers(root)
    for result in results:
        if result.killed:
            killers[result.mutant.name] = result.killer or result.verdict.value
        else:
            killers.pop(result.mutant.name, None)
    text = _HEAD.format(killed=sum(mutant.name in killers for mutant in MUTANTS), total=len(MUTANTS))
    for mutant in MUTANTS:
        scope = mutant.edits[0].scope
        place = f"{mutant.path}::{scope}" if scope else mutant.path
        killer = killers.get(mutant.name, "nothing: run make mutants")
        text += f"| `{mutant.name}` | `{place}` | {mutant.disables} | `{killer}` |\n"
    text += _EXEMPT_HEAD
    for (file, function), reason in EXEMPT.items():
        text += f"| `{file}::{function}` | {reason} |\n"
    (root / DOCUMENT).write_text(text)


def known_killers(root: Path) -> dict[str, str]:
    """Which test killed which mutant, as far as the document knows."""
    path = root / DOCUMENT
    return {name: killer for name, (_, killer) in rows(path.read_text() if path.exists() else "").items()}


def rows(text: str) -> dict[str, tuple[str, str]]:
    """The document as a table: from the name of a mutant that was killed to its place and to the test that did it."""
    found = {name: (place, killer) for name, place, _, killer in _ROW.findall(text)}
    return {name: row for name, row in found.items() if not row[1].startswith("nothing")}
