"""The pages of the report: what is measured for each, and its text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from . import texts, texts_bits, texts_ranges
from .cases import BIT_HONEST, BIT_LEAKY, HONEST, LEAKY, RANGE_HONEST, RANGE_LEAKY
from .homogeneity import Case
from .ranges import range_cheats
from .rows import all_cheats
from .rows_bits import bit_cheats
from .trials import Cheat


@dataclass(frozen=True)
class Page:
    """One page: `file` without what comes behind the dot, and a module with HEAD, RATES, PRIVACY and TAIL."""

    file: str
    cheats: Callable[[], list[Cheat]]
    honest: tuple[Case, ...]
    leaky: tuple[Case, ...]
    texts: ModuleType


PAGES = {
    "field": Page("soundness", all_cheats, HONEST, LEAKY, texts),
    "bits": Page("soundness-bits", bit_cheats, BIT_HONEST, BIT_LEAKY, texts_bits),
    "ranges": Page("soundness-ranges", range_cheats, RANGE_HONEST, RANGE_LEAKY, texts_ranges),
}
"""By the name on the command line."""
