"""Secrets belong to a session: what is asked for takes those of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from spdz.errors import UsageError
from spdz.online.values.opened import Opened
from spdz.online.values.secret import Secret

if TYPE_CHECKING:
    from spdz.online.session import Mpc


def require_arrays(mpc: Mpc, arrays: Sequence[Any]) -> None:
    """UsageError unless these are secret arrays of a session, at least one, which can be revealed."""
    if not arrays:
        raise UsageError("nothing to reveal")
    for array in arrays:
        if not isinstance(array, Secret):
            raise UsageError(f"only secret arrays can be revealed, got {type(array).__name__}")
    require_own(mpc, arrays)


def require_own(mpc: Mpc, arrays: Iterable[Any]) -> None:
    """UsageError unless these are values of a session, which operations take."""
    for array in arrays:
        if not isinstance(array, Secret | Opened):
            raise UsageError(f"a secret array is needed here, got {type(array).__name__}; see mpc.constant")
        if array._mpc is not mpc:
            raise UsageError("the secret belongs to another session; secrets of different sessions do not mix")
