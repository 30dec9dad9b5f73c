#!/bin/sh
# What: a table, a labelled array or a sparse matrix on the left of an operand that sets `__array_ufunc__ = None`,
#     by which an array-like object asks numpy to let it do the arithmetic.
# Versions: pandas 2.3.3, xarray 2026.9.0, scipy 1.17.1, polars 2.1.0, dask 2026.8.0, numpy 2.4.6.
# Guess: as in numpy: the operand's own method is called once, with the whole left side.
# Seen: numpy and dask do so. A pandas Series hands its bare array over and wraps the answer into a column, one copy
#     per row; a DataFrame iterates, polars and xarray raise. pandas lets go only of an operand that has a
#     `__pandas_priority__`, and of that for `+`, not for `@`. A sparse matrix lets go of `+` and not of `@`.
# For users of spdz: a secret array has that priority; `series @ secret` and sparse matrices need `.to_numpy()`, `.toarray()`.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pandas==2.3.3 xarray==2026.9.0 scipy==1.17.1 polars==2.1.0 dask==2026.8.0 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - >"$folder/seen" <<'EOF'
import dask.array
import numpy as np
import pandas
import polars
import scipy.sparse
import xarray

class Operand:
    __array_ufunc__ = None

    def answer(self, other):
        return f"given {type(other).__name__}"

    __radd__ = __rmatmul__ = answer

    def __array__(self, *args, **kwargs):
        raise TypeError("kept to itself")

    __iter__ = __array__

class Preferred(Operand):
    __pandas_priority__ = 5000

def show(text, left, operand, product=False):
    try:
        answer = left @ operand if product else left + operand
        print(f"{text}:", answer.tolist() if hasattr(answer, "tolist") else answer)
    except (TypeError, ValueError, AttributeError) as error:
        print(f"{text}:", type(error).__name__)

column, sparse = pandas.Series([1, 2]), scipy.sparse.csr_array(np.eye(2, dtype=int))
show("numpy +", np.array([1, 2]), Operand())
show("dask +", dask.array.from_array(np.array([1, 2])), Operand())
for left in (column, column.to_frame(), column.astype("Int64"), pandas.Index([1, 2])):
    show(f"pandas {type(left).__name__} {getattr(left, 'dtype', '')} +", left, Operand())
    show("   with __pandas_priority__", left, Preferred())
show("pandas Series @, with priority", column, Preferred(), product=True)
show("polars +", polars.Series([1, 2]), Operand())
show("xarray +", xarray.DataArray([1, 2]), Operand())
show("sparse +", sparse, Operand())
show("sparse @", sparse, Operand(), product=True)
EOF
cat "$folder/seen"
diff - "$folder/seen" <<'EOF'
numpy +: given ndarray
dask +: given Array
pandas Series int64 +: ['given ndarray', 'given ndarray']
   with __pandas_priority__: given Series
pandas DataFrame  +: TypeError
   with __pandas_priority__: given DataFrame
pandas Series Int64 +: TypeError
   with __pandas_priority__: given Series
pandas Index int64 +: AttributeError
   with __pandas_priority__: given Index
pandas Series @, with priority: TypeError
polars +: TypeError
xarray +: ValueError
sparse +: given csr_array
sparse @: TypeError
EOF
