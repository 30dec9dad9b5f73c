#!/bin/sh
# What: numpy functions on the field arrays of galois.
# Versions: galois 0.4.11, numpy 2.4.6.
# Guess: what galois does not support raises; concatenate with 9 raises in GF(7); where keeps the class; a plain
#     integer that is a factor stands for the field element of that number.
# Seen: concatenate makes an element 9 of GF(7). where, einsum and tensordot return plain uint8, and the sums are
#     taken without any modulus, so modulo 256. In GF(2^8) a plain factor means repeated addition: times 2 is 0.
# For users of spdz: galois is handy to check results against. Use its operators and dot, and wrap each constant.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check galois==0.4.11 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - >"$folder/seen" <<'EOF'
import galois
import numpy as np

F = galois.GF(7)
x = F([5, 5])
print("concatenate:", repr(np.concatenate([F([3]), [9]])))
print("where:      ", repr(np.where([True, False], x, F([1, 2]))))
print("dot:        ", repr(np.dot(x, F([1, 1]))))
print("einsum:     ", repr(np.einsum("i,i->", x, F([1, 1]))))
big = galois.GF(251)([200, 200])
print("tensordot:  ", repr(np.tensordot(big, big, 1)), "right:", int(np.dot(big, big)))
G = galois.GF(2**8)
print("5 times 2:  ", int(G(5) * 2), "times element 2:", int(G(5) * G(2)))
EOF
cat "$folder/seen"
diff - "$folder/seen" <<'EOF'
concatenate: GF([3, 9], order=7)
where:       array([5, 2], dtype=uint8)
dot:         GF(3, order=7)
einsum:      np.uint8(10)
tensordot:   array(128, dtype=uint8) right: 182
5 times 2:   0 times element 2: 10
EOF
