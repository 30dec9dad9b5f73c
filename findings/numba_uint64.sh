#!/bin/sh
# What: uint64 elements beside signed integers in a compiled function.
# Versions: numba 0.68.1, numpy 2.4.6.
# Guess: as NumPy 2: a literal takes the type of the array, so everything stays uint64.
# Seen: an element plus a literal is int64 and comes out negative; the array minus a literal is float64, negative
#     too; `%` and `//` by a literal give the result for the negative number. `>> 1` alone stays uint64.
# For users of spdz: only who writes kernels of their own meets it. Cast every literal: np.uint64(1).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numba==0.68.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - >"$folder/seen" <<'EOF'
import numba
import numpy as np

a = np.array([2**63 + 5], dtype=np.uint64)
print("element + 1: ", numba.njit(lambda a: a[0] + 1)(a), "numpy:", a[0] + 1)
print("element % 7: ", numba.njit(lambda a: a[0] % 7)(a), "numpy:", a[0] % 7)
print("element // 2:", numba.njit(lambda a: a[0] // 2)(a), "numpy:", a[0] // 2)
print("element >> 1:", numba.njit(lambda a: a[0] >> 1)(a), "numpy:", a[0] >> 1)
minus = numba.njit(lambda a: a - 1)(a)
print("array - 1:   ", minus.dtype, minus[0], "numpy:", (a - 1).dtype, (a - 1)[0])
EOF
cat "$folder/seen"
diff - "$folder/seen" <<'EOF'
element + 1:  -9223372036854775802 numpy: 9223372036854775814
element % 7:  4 numpy: 6
element // 2: -4611686018427387902 numpy: 4611686018427387906
element >> 1: 4611686018427387906 numpy: 4611686018427387906
array - 1:    float64 -9.223372036854776e+18 numpy: uint64 9223372036854775812
EOF
