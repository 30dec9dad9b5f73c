"""Prime fields and arrays of their elements: the only arrays that protocol code touches.

    >>> from spdz.field import M127
    >>> x = M127.signed([-1, 2, 3])
    >>> (x * x - 1).to_signed().tolist()
    [0, 3, 8]

Importing this package is cheap: numba and the kernels are loaded when the first array is computed with.
"""

from spdz.field.array import FieldArray
from spdz.field.field import M5, M7, M13, M17, M19, M31, M61, M127, Field, field_by_name, register

__all__ = ["M5", "M7", "M13", "M17", "M19", "M31", "M61", "M127", "Field", "FieldArray", "field_by_name", "register"]
