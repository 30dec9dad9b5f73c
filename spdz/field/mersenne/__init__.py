"""Fields of p = 2^e - 1: one limb for e <= 61, two for e = 127."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spdz.field.family import ArrayLoops, BeaverLoops, ChoiceLoops, CodeLoops, GadgetLoops, RowLoops
    from spdz.field.mersenne import arrays, beaver, choices, code, gadget, rows

    # The type checker compares every loop with the interface of families.
    _: tuple[ArrayLoops, BeaverLoops, GadgetLoops, ChoiceLoops, RowLoops, CodeLoops] = (
        arrays,
        beaver,
        gadget,
        choices,
        rows,
        code,
    )
