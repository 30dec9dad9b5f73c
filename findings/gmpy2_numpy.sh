#!/bin/sh
# What: a gmpy2 integer as operand of a numpy integer or array.
# Versions: gmpy2 2.3.2, numpy 2.4.6.
# Guess: numpy knows no mpz, so the result is an mpz, or an object array of them; exact in any case.
# Seen: numpy takes an mpz that fits 64 bits for an int64. Beside uint64 the result is then float64, and loses the
#     low bits without a warning. An mpz beyond 64 bits gives an exact Python int, so the big number is safe and
#     the small one is not.
# For users of spdz: float64 is refused as an input, so the loss is noticed. A list of mpz is taken exactly.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check gmpy2==2.3.2 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - >"$folder/seen" <<'EOF'
import numpy as np
from gmpy2 import mpz

def show(text, value):
    print(f"{text}: {value!r}")

show("int64 + mpz        ", np.int64(3) + mpz(5))
show("uint64 + mpz       ", np.uint64(2**60 + 1) + mpz(1))
show("uint64 array + mpz ", np.array([2**60 + 1], dtype=np.uint64) + mpz(1))
show("int64 * mpz(2**70) ", np.int64(3) * mpz(2**70))
show("array of mpz       ", np.array([mpz(1), mpz(2)]).dtype)
EOF
cat "$folder/seen"
diff - "$folder/seen" <<'EOF'
int64 + mpz        : np.int64(8)
uint64 + mpz       : np.float64(1.152921504606847e+18)
uint64 array + mpz : array([1.1529215e+18])
int64 * mpz(2**70) : 3541774862152233910272
array of mpz       : dtype('int64')
EOF
