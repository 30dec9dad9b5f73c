"""What importing the package costs and shows."""

from __future__ import annotations

import subprocess
import sys

import spdz.crypto


def test_exports_exist() -> None:
    assert sorted(spdz.crypto.__all__) == sorted(set(spdz.crypto.__all__))
    assert all(hasattr(spdz.crypto, name) for name in spdz.crypto.__all__)


def test_neither_numba_nor_libsodium_is_imported_early() -> None:
    script = "import sys, spdz.crypto; print([m for m in ('numba', 'llvmlite', 'nacl', 'numpy') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert result.stdout == "[]\n", result.stderr
