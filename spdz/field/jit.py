"""How kernels are compiled: `numba.njit` with types that mypy understands, and a cache that notices every change.

Numba's own cache looks at the file of the function it compiles, not at the files of what that function inlines. A
kernel compiled before a change of `element.py` would go on computing with the old arithmetic and nobody would see it.
Here the key of every cache entry holds a digest of all sources of this package, of the families in it, and of the
folder beside the kernel.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numba
import numba.core.caching
import numba.extending

from spdz.errors import UsageError

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])

# Some releases of numba have types and some have none; to this package it is all the same.
_numba: Any = numba
_FunctionCache: Any = _numba.core.caching.FunctionCache


if _numba.config.DISABLE_JIT:
    raise UsageError("spdz needs numba's compiler, which NUMBA_DISABLE_JIT turns off; unset it")

# The errors of reading a pickle that is damaged, as Python's documentation lists them. Numba reads it, not we.
_DAMAGED = (
    EOFError,
    _numba.core.caching.pickle.UnpicklingError,
    AttributeError,
    ImportError,
    IndexError,
    KeyError,
    TypeError,
    ValueError,
)


def _digest_of_sources() -> str:
    return _digest_of_folder(Path(__file__).parent)


def _digest_of_folder(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        source = path.read_bytes()
        digest.update(len(source).to_bytes(8, "little"))
        digest.update(source)
    return digest.hexdigest()


SOURCES_DIGEST = _digest_of_sources()
_digest_beside = functools.cache(_digest_of_folder)


class _KernelCache(_FunctionCache):  # type: ignore[misc]  # see above
    """Numba's cache on disk, whose entries also depend on the sources that a kernel inlines.

    A file that was cut short (a full disk, a power cut) counts as no entry: numba would fail in every later run.
    """

    def _index_key(self, sig: Any, codegen: Any) -> tuple[Any, ...]:
        neighbours = _digest_beside(Path(self._py_func.__code__.co_filename).parent)
        return (*super()._index_key(sig, codegen), SOURCES_DIGEST, neighbours)

    def _load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super()._load_overload(sig, target_context)
        except _DAMAGED:
            # The index starts anew, so that saving finds it readable and writes all its files again.
            with contextlib.suppress(OSError):
                self.flush()
            return None

    def _save_overload(self, sig: Any, data: Any) -> None:
        """What was compiled serves this process, also if the damaged file could be neither read nor replaced."""
        with contextlib.suppress(*_DAMAGED):
            super()._save_overload(sig, data)


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` when it is first called; it runs without the GIL and is cached on disk.

    Where no directory can be written (a read-only installation without a home), the kernel is compiled anew by
    every process instead.
    """
    dispatcher = _numba.njit(nogil=True, error_model="numpy")(function)
    # Numba raises RuntimeError ("no locator available") if there is nowhere to put the cache.
    with contextlib.suppress(RuntimeError):
        dispatcher._cache = _KernelCache(function)
    return cast(Callable[P, R], dispatcher)


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a helper that only kernels call: it has no cache entry of its own."""
    return cast(Callable[P, R], _numba.njit(nogil=True, error_model="numpy", forceinline=True)(function))


def intrinsic(function: Callable[..., Any]) -> Any:
    """`numba.extending.intrinsic`: the decorated function returns (signature, code generator)."""
    return _numba.extending.intrinsic(function)


def overload(target: Callable[..., Any]) -> Callable[[F], F]:
    """Typed `numba.extending.overload`: choose an implementation of `target` by the types of its arguments.

    Not strict: numba would compare annotations of the chooser and of the implementation, and those say nothing.
    """
    options = {"nogil": True, "error_model": "numpy", "forceinline": True}
    return cast(Callable[[F], F], _numba.extending.overload(target, jit_options=options, strict=False))
