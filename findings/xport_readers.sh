#!/bin/sh
# What: one SAS transport file, written by pyreadstat, read by pyreadstat and by pandas.
# Versions: pyreadstat 1.3.7, pandas 2.3.3, numpy 2.4.6.
# Guess: pandas reads what pyreadstat writes; numbers that the format cannot hold raise when written.
# Seen: the writer's default is version 8 of the format, which pandas does not read. In version 5 pandas reads every
#     zero, eight zero bytes in the file, as 5.4e-79, and so no zero equals 0. Numbers out of range are written
#     without a word, and the two readers differ: infinity here is 7.2e75 there.
# For users of spdz: floats are refused as inputs of secrets. Who scales them with round() gets 0 back, who counts or
#     selects zeros before sharing gets none.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pyreadstat==1.3.7 pandas==2.3.3 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - >"$folder/seen" <<'EOF'
import math
import tempfile

import pandas
import pyreadstat

with tempfile.TemporaryDirectory() as folder:
    path = folder + "/table.xpt"
    frame = pandas.DataFrame({"a": [0.1, 0.0, -0.0, 1e-80, 1e80, math.inf]})
    pyreadstat.write_xport(frame, path)
    try:
        print("default version:", pandas.read_sas(path).a.tolist())
    except ValueError as error:
        print("default version: ValueError:", error)
    pyreadstat.write_xport(frame, path, file_format_version=5)
    with open(path, "rb") as file:
        print("bytes of the second number:", file.read()[-80:][8:16].hex())
    print("written:   ", frame.a.tolist())
    print("pyreadstat:", pyreadstat.read_xport(path)[0].a.tolist())
    print("pandas:    ", pandas.read_sas(path).a.tolist())
EOF
cat "$folder/seen"
diff - "$folder/seen" <<'EOF'
default version: ValueError: Header record is not an XPORT file.
bytes of the second number: 0000000000000000
written:    [0.1, 0.0, -0.0, 1e-80, 1e+80, inf]
pyreadstat: [0.1, 0.0, 0.0, 0.0, inf, inf]
pandas:     [0.1, 5.397605346934028e-79, 5.397605346934028e-79, 5.397605346934028e-79, 7.2370055773322614e+75, 7.2370055773322614e+75]
EOF
