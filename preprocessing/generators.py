"""The makers of material by name."""

from __future__ import annotations

import difflib
from collections.abc import Callable

from spdz.errors import UsageError
from spdz.params import MascotParams
from spdz.preprocessing.dealer.dealer import DealerPreprocessing
from spdz.preprocessing.mascot.generator import MascotPreprocessing
from spdz.protocols.material_source import MaterialSource
from spdz.sharing.material import Kind

Progress = Callable[[Kind, int, int], None]
"""(kind, made so far, to be made)"""

PREPROCESSING = ("mascot", "dealer")


def material_source(name: str, progress: Progress | None = None, mascot: MascotParams | None = None) -> MaterialSource:
    """A new maker for one party: "mascot" trusts nobody, "dealer" trusts the dealer with everything."""
    if name == "mascot":
        return MascotPreprocessing(progress, mascot or MascotParams())
    if name == "dealer":
        return DealerPreprocessing(progress)
    near = difflib.get_close_matches(str(name), PREPROCESSING, 1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise UsageError(f"preprocessing must be one of {', '.join(PREPROCESSING)}, got {name!r}{hint}")
