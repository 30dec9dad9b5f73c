"""What importing the package costs and shows."""

from __future__ import annotations

import subprocess
import sys

import spdz.crypto

SCRIPT = """
import sys
import spdz
before = set(sys.modules)
import spdz.crypto
print(sorted({"numba", "llvmlite", "nacl", "numpy"} & (set(sys.modules) - before)))
"""


def test_exports_exist() -> None:
    assert sorted(spdz.crypto.__all__) == sorted(set(spdz.crypto.__all__))
    assert all(hasattr(spdz.crypto, name) for name in spdz.crypto.__all__)


def test_the_package_itself_imports_neither_numba_nor_libsodium() -> None:
    result = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert result.stdout == "[]\n", result.stderr
