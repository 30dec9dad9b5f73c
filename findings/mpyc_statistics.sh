#!/bin/sh
# What: mpyc.statistics on secure integers, beside the module `statistics` of Python that it is modelled on.
# Versions: mpyc 0.11, numpy 2.4.6, gmpy2 2.3.2.
# Guess: 7 / 2 raises; mode takes the value met first; median and stdev round to the nearest integer.
# Seen: 7 / 2 is a quotient in the underlying field, a number of 19 digits far outside the 32 bits asked for, while
#     6 / 2 is 3. mode takes the smallest. The median of 2, 2, 5, 5 is 3 and of -5, -5, -2, -2 is -4: rounded down,
#     where mean rounds to the nearest. stdev of 3.559... is 3, although the variance 12.67 is rounded up to 13.
# For users of spdz: a secret array has no `/` and no median, so nothing is taken wrongly; porting programs is.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check mpyc==0.11 numpy==2.4.6 gmpy2==2.3.2
"$folder/venv/bin/python" -W ignore - >"$folder/seen" <<'EOF'
import statistics as plain

from mpyc import statistics as secure
from mpyc.runtime import mpc

secint = mpc.SecInt(32)

def opened(value):
    return mpc.run(mpc.output(value))

def secret(values):
    return [secint(value) for value in values]

print("6 / 2: ", opened(secint(6) / secint(2)))
print("7 / 2 fits 32 bits:", abs(opened(secint(7) / secint(2))) < 2**31)
for name, values in [
    ("mode", [5, 5, 1, 1]), ("median", [2, 2, 5, 5]), ("median", [-5, -5, -2, -2]), ("mean", [1, 2, 2]),
    ("variance", [1, 2, 4, 9]), ("stdev", [1, 2, 4, 9]),
]:
    print(name, values, opened(getattr(secure, name)(secret(values))), "plain:", getattr(plain, name)(values))
EOF
cat "$folder/seen"
diff - "$folder/seen" <<'EOF'
6 / 2:  3
7 / 2 fits 32 bits: False
mode [5, 5, 1, 1] 1 plain: 5
median [2, 2, 5, 5] 3 plain: 3.5
median [-5, -5, -2, -2] -4 plain: -3.5
mean [1, 2, 2] 2 plain: 1.6666666666666667
variance [1, 2, 4, 9] 13 plain: 12.666666666666666
stdev [1, 2, 4, 9] 3 plain: 3.559026084010437
EOF
