#!/bin/sh
# What: ARFF tables, read by scipy and by liac-arff.
# Versions: scipy 1.17.1, liac-arff 2.5.0, numpy 2.4.6.
# Guess: both read an integer column as integers, a missing nominal value as nothing, and a quoted category.
# Seen: scipy makes the integers float64, so 2^53 + 1 becomes 2^53; the missing category is the text "?", like any
#     other category; a quoted category is read when it stands in the first row, and raises when the first row has
#     no quotes. liac-arff reads these as guessed, and cuts 3.7 in an integer column to 3 where scipy keeps it.
# For users of spdz: parties that read one table by two readers share different numbers. float64 is refused as an
#     input of secrets, so scipy's columns are noticed; the number that liac-arff cut is not.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check scipy==1.17.1 liac-arff==2.5.0 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - >"$folder/seen" <<'EOF'
import io

import arff
from scipy.io.arff import loadarff

HEAD = "@relation r\n@attribute i integer\n@attribute c {a,'b c'}\n@attribute r real\n@data\n"
for rows in (["9007199254740993,a,0"], ["1,?,0"], ["3.7,a,0"], ["1,'b c',0", "1,a,0"], ["1,a,0", "1,'b c',0"]):
    table = HEAD + "\n".join(rows) + "\n"
    try:
        theirs = loadarff(io.StringIO(table))[0].tolist()
    except ValueError as error:
        theirs = type(error).__name__
    print(rows)
    print("    scipy:    ", theirs)
    print("    liac-arff:", arff.loads(table)["data"])
EOF
cat "$folder/seen"
diff - "$folder/seen" <<'EOF'
['9007199254740993,a,0']
    scipy:     [(9007199254740992.0, b'a', 0.0)]
    liac-arff: [[9007199254740992, 'a', 0.0]]
['1,?,0']
    scipy:     [(1.0, b'?', 0.0)]
    liac-arff: [[1, None, 0.0]]
['3.7,a,0']
    scipy:     [(3.7, b'a', 0.0)]
    liac-arff: [[3, 'a', 0.0]]
["1,'b c',0", '1,a,0']
    scipy:     [(1.0, b'b c', 0.0), (1.0, b'a', 0.0)]
    liac-arff: [[1, 'b c', 0.0], [1, 'a', 0.0]]
['1,a,0', "1,'b c',0"]
    scipy:     ValueError
    liac-arff: [[1, 'a', 0.0], [1, 'b c', 0.0]]
EOF
