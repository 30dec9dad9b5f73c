#!/bin/sh
# What: the rank sum test of scipy under its three names, on samples with ties.
# Versions: scipy 1.17.1, numpy 2.4.6.
# Guess: ranksums is the Mann-Whitney test with the normal approximation and without continuity correction.
# Seen: so it is without ties only. With ties, mannwhitneyu and kruskal shrink the variance, ranksums does not: its
#     p is larger by an eighth here, and by more the more ties there are.
# For users of spdz: whole numbers from surveys are full of ties. Say which test a secure program is compared with.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - >"$folder/seen" <<'EOF'
from scipy import stats

def show(x, y):
    whitney = stats.mannwhitneyu(x, y, method="asymptotic", use_continuity=False)
    three = stats.ranksums(x, y), whitney, stats.kruskal(x, y)
    print(*(f"{result.pvalue:.6f}" for result in three))

print("ranksums mannwhitneyu kruskal")
show([1, 2, 4, 6, 7], [3, 5, 8, 9, 10])
show([1, 2, 2, 3, 3, 3, 4], [2, 3, 3, 4, 4, 5, 5])
show([0, 0, 0, 0, 0, 0, 1], [0, 0, 0, 1, 1, 1, 1])
EOF
cat "$folder/seen"
diff - "$folder/seen" <<'EOF'
ranksums mannwhitneyu kruskal
0.117185 0.117185 0.117185
0.084533 0.074633 0.074633
0.179712 0.106864 0.106864
EOF
