#!/bin/sh
# What: negative powers and truncation of MPyC's fixed-point numbers, and its lists at a secret place.
# Versions: mpyc 0.11, numpy 2.4.6, gmpy2 2.3.2.
# Guess: secfxp(4) ** -1 is 0.25, as 1 / secfxp(4) is; trunc takes -3.5 to -3; a secret place beyond a list gives zero,
#     or an error.
# Seen: ** -1 is the inverse of the scaled integer in the underlying field: 4.6e18 for 4, and 2^-16 for 1, where 1 / x is
#     right in both cases. trunc shifts the scaled integer by all 16 bits after the point and leaves it scaled, so -3.5
#     becomes -4 or -3 units of 2^-16. A secret place counts by its lowest bits: of two entries, 2 is the first and 5 the
#     second; of three, 3 and 4 are both the first.
# For users of spdz: ** takes exponents from one on; a lookup is refused unless all that the index can be is a row.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check mpyc==0.11 numpy==2.4.6 gmpy2==2.3.2
"$folder/venv/bin/python" -W ignore - >"$folder/seen" <<'EOF'
from mpyc.runtime import mpc

secfxp, secint = mpc.SecFxp(32, 16), mpc.SecInt(32)


def opened(value):
    return mpc.run(mpc.output(value))


for number in (4, 1):
    print(f"{number} ** -1: {opened(secfxp(number) ** -1):.3g}, 1 / {number}: {opened(1 / secfxp(number)):.3g}")
units = opened(mpc.trunc(secfxp(-3.5))) * 2**16
print("trunc of -3.5 is -4 or -3 units of 2^-16:", units in (-4, -3))
for entries, places in (([5, 6], (0, 1, 2, 5)), ([5, 6, 8], (0, 1, 2, 3, 4))):
    secret = mpc.seclist([secint(entry) for entry in entries])
    print(entries, "at", {place: int(opened(secret[secint(place)])) for place in places})
EOF
cat "$folder/seen"
diff - "$folder/seen" <<'EOF'
4 ** -1: 4.61e+18, 1 / 4: 0.25
1 ** -1: 1.53e-05, 1 / 1: 1
trunc of -3.5 is -4 or -3 units of 2^-16: True
[5, 6] at {0: 5, 1: 6, 2: 5, 5: 6}
[5, 6, 8] at {0: 5, 1: 6, 2: 8, 3: 5, 4: 5}
EOF
