#!/bin/sh
# What: the fixed-point numbers of tno.mpc.encryption_schemes.utils, which its Paillier scheme decrypts to.
# Versions: tno.mpc.encryption_schemes.utils 0.16.1.
# Guess: halves go to the even neighbour; a product has the digits of both factors; int() cuts off, as of a float.
# Seen: halves go away from zero, in int() as well; the number of digits is that of the text or float a number came
#     from, and a product or quotient keeps the larger of the two: 0.3 * 0.3 is 0.1, and 1 / 3 is 0.
# For users of spdz: a result of such a scheme is a decimal rounded at each step; ours is an exact integer that you
#     scale once. Compare with a tolerance of half a unit per step.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tno.mpc.encryption_schemes.utils==0.16.1
"$folder/venv/bin/python" -W ignore - >"$folder/seen" <<'EOF'
from tno.mpc.encryption_schemes.utils import FixedPoint

fxp = FixedPoint.fxp
print("0.25 and -0.25 to one digit:", fxp("0.25", 1), fxp("-0.25", 1))
print("int(2.5), int(-2.5):", int(fxp("2.5")), int(fxp("-2.5")))
print("0.3 * 0.3:", fxp(0.3) * fxp(0.3), "with two digits:", fxp(0.3, 2) * fxp(0.3, 2))
print("1 / 3:", fxp(1) / fxp(3), "7 / 2:", fxp(7) / fxp(2))
print("1.5 * 1.25:", fxp("1.5") * fxp("1.25"))
EOF
cat "$folder/seen"
diff - "$folder/seen" <<'EOF'
0.25 and -0.25 to one digit: 0.3 -0.3
int(2.5), int(-2.5): 3 -3
0.3 * 0.3: 0.1 with two digits: 0.09
1 / 3: 0 7 / 2: 4
1.5 * 1.25: 1.88
EOF
