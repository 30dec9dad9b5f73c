"""`FieldArray`: arrays of field elements that behave like numpy arrays of exact integers modulo p.

Elements are kept canonical in [0, p), as little-endian 64-bit limbs, so that the bytes in memory are the bytes on the
wire. Values are shares and keys: they never appear in a `repr`, an error message or a pickle, and numpy cannot take
them silently (`np.asarray` is refused).
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from spdz.errors import UsageError
from spdz.field import algebra, convert
from spdz.field.algebra import axis_of, broadcast_shape, count_of, place_of, shape_of
from spdz.field.memory import flat_words, readonly_bytes

if TYPE_CHECKING:
    from spdz.field.field import Field

Words = npt.NDArray[np.uint64]
Operand: TypeAlias = "FieldArray | int"


def _is_operand(other: object) -> bool:
    """Whether `other` may stand beside a FieldArray; numpy arrays are refused with advice."""
    if isinstance(other, np.ndarray):
        raise UsageError("numpy arrays and FieldArrays do not mix: convert with field.array() or field.signed()")
    return isinstance(other, FieldArray) or hasattr(type(other), "__index__")


class FieldArray:
    """An n-dimensional array of elements of one field.

    Made by methods of `Field`; the constructor is for this package and trusts that `limbs`, of shape
    shape + (field.limbs,), are canonical. Slices are views, as in numpy.
    """

    __slots__ = ("field", "limbs")
    __array_ufunc__ = None  # numpy leaves `ndarray * FieldArray` to us
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, field: Field, limbs: Words) -> None:
        self.field = field
        self.limbs = limbs

    # ---- shape

    @property
    def shape(self) -> tuple[int, ...]:
        return self.limbs.shape[:-1]

    @property
    def ndim(self) -> int:
        return self.limbs.ndim - 1

    @property
    def size(self) -> int:
        return self.limbs.size // self.field.limbs

    @property
    def T(self) -> FieldArray:  # noqa: N802  # numpy's name
        """All axes reversed; a view."""
        return self.transpose()

    def __len__(self) -> int:
        if self.ndim == 0:
            raise TypeError("len() of a 0-d FieldArray")
        return self.shape[0]

    def reshape(self, *shape: int | tuple[int, ...]) -> FieldArray:
        """The same elements in another shape, one entry may be -1; a view where numpy gives one."""
        target = shape_of(*shape)
        try:
            return FieldArray(self.field, self.limbs.reshape((*target, self.field.limbs)))
        except ValueError:
            raise UsageError(f"cannot reshape {self.shape} to {target}") from None

    def ravel(self) -> FieldArray:
        """All elements as one axis, in C order."""
        return FieldArray(self.field, self.limbs.reshape(-1, self.field.limbs))

    def transpose(self, *axes: int | tuple[int, ...]) -> FieldArray:
        """Axes permuted as in numpy; without arguments reversed. A view."""
        order = shape_of(*axes) if axes else tuple(reversed(range(self.ndim)))
        if sorted(axis % max(self.ndim, 1) for axis in order) != list(range(self.ndim)):
            raise UsageError(f"axes {order} do not permute the {self.ndim} axes of this array")
        return FieldArray(self.field, self.limbs.transpose((*(axis % self.ndim for axis in order), self.ndim)))

    def broadcast_to(self, shape: int | tuple[int, ...]) -> FieldArray:
        """A read-only view of a larger shape, by numpy's rules."""
        target = shape_of(shape)
        try:
            return FieldArray(self.field, np.broadcast_to(self.limbs, (*target, self.field.limbs)))
        except ValueError:
            raise UsageError(f"cannot broadcast {self.shape} to {target}") from None

    def copy(self) -> FieldArray:
        """A contiguous, writable copy."""
        return FieldArray(self.field, np.array(self.limbs, order="C"))

    @staticmethod
    def concatenate(arrays: Sequence[FieldArray], axis: int = 0) -> FieldArray:
        """Join arrays of one field along an existing axis."""
        return algebra.join(np.concatenate, arrays, axis, 0)

    @staticmethod
    def stack(arrays: Sequence[FieldArray], axis: int = 0) -> FieldArray:
        """Join arrays of one field and shape along a new axis."""
        return algebra.join(np.stack, arrays, axis, 1)

    # ---- elements

    def __getitem__(self, key: Any) -> FieldArray:
        return FieldArray(self.field, self.limbs[self._key(key)])

    def __setitem__(self, key: Any, value: Operand) -> None:
        self.limbs[self._key(key)] = self._operand(value).limbs

    def __iter__(self) -> NoReturn:
        raise TypeError("a FieldArray is not iterable: write whole-array operations, or use to_ints()")

    def __bool__(self) -> NoReturn:
        raise TypeError("a FieldArray has no truth value: use is_zero() or equals()")

    def _key(self, key: Any) -> tuple[Any, ...]:
        # An explicit Ellipsis keeps indices off the axis of limbs.
        parts = key if isinstance(key, tuple) else (key,)
        if any(part is Ellipsis for part in parts):
            return (*parts, slice(None))
        return (*parts, Ellipsis, slice(None))

    def _operand(self, other: Operand) -> FieldArray:
        """`other` as an array of this field: integers are reduced modulo p."""
        if isinstance(other, FieldArray):
            self._same_field(other)
            return other
        value = operator.index(other) % self.field.modulus
        return FieldArray(self.field, convert.words_of(value, self.field.limbs))

    def _same_field(self, other: FieldArray) -> None:
        if other.field is not self.field and other.field != self.field:
            raise UsageError(f"elements of {self.field.name} and {other.field.name} do not mix")

    # ---- arithmetic

    def _elementwise(self, kernel: str, other: Any, swap: bool = False) -> FieldArray:
        if not _is_operand(other):
            return cast(FieldArray, NotImplemented)
        x, y = self, self._operand(other)
        if swap:
            x, y = y, x
        shape = broadcast_shape(x.shape, y.shape)
        out = FieldArray(self.field, np.empty((*shape, self.field.limbs), dtype=np.uint64))
        # A single element is read again and again, with step 0; other broadcasts are written out.
        x_step, y_step = int(x.size != 1), int(y.size != 1)
        x = x.broadcast_to(shape) if x_step and x.shape != shape else x
        y = y.broadcast_to(shape) if y_step and y.shape != shape else y
        loop = getattr(self.field.kernels, kernel)
        loop(flat_words(x.limbs), x_step, flat_words(y.limbs), y_step, flat_words(out.limbs), self.field.parameter)
        return out

    def __add__(self, other: Operand) -> FieldArray:
        return self._elementwise("add_arrays", other)

    __radd__ = __add__

    def __sub__(self, other: Operand) -> FieldArray:
        return self._elementwise("sub_arrays", other)

    def __rsub__(self, other: Operand) -> FieldArray:
        return self._elementwise("sub_arrays", other, swap=True)

    def __mul__(self, other: Operand) -> FieldArray:
        return self._elementwise("mul_arrays", other)

    __rmul__ = __mul__

    def __neg__(self) -> FieldArray:
        return self._elementwise("sub_arrays", 0, swap=True)

    def __pos__(self) -> FieldArray:
        return self

    def __pow__(self, exponent: int) -> FieldArray:
        """Elementwise power with a public, non-negative exponent."""
        power = operator.index(exponent)
        if power < 0:
            raise UsageError("a power of field elements takes a non-negative exponent; see inverse()")
        bits = np.array([int(bit) for bit in f"{power:b}"], dtype=np.uint64)
        out = self.field.empty(self.shape)
        self.field.kernels.power_array(flat_words(self.limbs), bits, flat_words(out.limbs), self.field.parameter)
        return out

    def inverse(self) -> FieldArray:
        """Elementwise 1 / x. Raises UsageError naming the index of a zero."""
        zero = np.asarray(self.is_zero())
        if zero.any():
            raise UsageError(f"zero has no inverse ({place_of(zero)})")
        return algebra.inverse(self.ravel()).reshape(self.shape)

    def sqrt(self) -> FieldArray:
        """Elementwise canonical square root: the smaller of the two roots as an integer.

        Raises UsageError naming the index of a non-square.
        """
        field = self.field
        if field.modulus % 4 != 3:
            raise UsageError(f"square roots need p = 3 mod 4, which {field.name} does not have")
        root = self ** ((field.modulus + 1) // 4)
        wrong = np.asarray(root * root != self)
        if wrong.any():
            raise UsageError(f"not a square ({place_of(wrong)})")
        larger = convert.above_half(root.limbs, field.modulus)
        return FieldArray(field, np.where(larger[..., None], (-root).limbs, root.limbs))

    def sum(self, axis: int | None = None) -> FieldArray:
        """The sum over one axis, or over all of them."""
        if axis is None:
            outer, middle = 1, self.size
            out = self.field.empty(())
        else:
            axis = axis_of(axis, self.ndim)
            outer, middle = count_of(self.shape[:axis]), self.shape[axis]
            out = self.field.empty(self.shape[:axis] + self.shape[axis + 1 :])
        inner = out.size // outer if outer else 0
        loop = self.field.kernels.sum_middle
        loop(flat_words(self.limbs), outer, middle, inner, flat_words(out.limbs), self.field.parameter)
        return out

    def dot(self, other: FieldArray) -> FieldArray:
        """The inner product of two flat arrays of equal length: one element, shape ()."""
        if self.ndim != 1 or other.ndim != 1:
            raise UsageError(f"dot takes flat arrays, not {self.shape} and {other.shape}")
        return self @ other

    def __matmul__(self, other: FieldArray) -> FieldArray:
        """Matrix product by numpy's rules: 1-D, 2-D, and stacks of matrices that are broadcast."""
        if not isinstance(other, FieldArray):
            return NotImplemented
        self._same_field(other)
        if self.ndim == 0 or other.ndim == 0:
            raise UsageError("matmul takes arrays of at least one dimension; multiply by an element with *")
        x = self if self.ndim > 1 else self[None, :]
        y = other if other.ndim > 1 else other[:, None]
        if x.shape[-1] != y.shape[-2]:
            raise UsageError(f"matmul: {self.shape} @ {other.shape} do not fit")
        out = algebra.matmul(x, y)
        if self.ndim == 1:
            out = out[..., 0, :]
        return out[..., 0] if other.ndim == 1 else out

    # ---- comparison

    def is_zero(self) -> npt.NDArray[np.bool_]:
        """Which elements are zero."""
        return np.asarray((self.limbs == 0).all(axis=-1))

    def __eq__(self, other: object) -> npt.NDArray[np.bool_]:  # type: ignore[override]
        """Elementwise equality as a numpy array of bool, with broadcasting."""
        if not _is_operand(other):
            return NotImplemented
        y = self._operand(other)  # type: ignore[arg-type]
        broadcast_shape(self.shape, y.shape)
        return np.asarray((self.limbs == y.limbs).all(axis=-1))

    def __ne__(self, other: object) -> npt.NDArray[np.bool_]:  # type: ignore[override]
        equal = self.__eq__(other)
        return equal if equal is NotImplemented else ~equal

    def equals(self, other: FieldArray) -> bool:
        """Whether shape and all elements agree."""
        self._same_field(other)
        return bool(np.array_equal(self.limbs, other.limbs))

    # ---- output

    def to_ints(self) -> Any:
        """A Python int, or nested lists of them."""
        return convert.to_ints(self.limbs, signed=False).tolist()

    def to_signed(self) -> npt.NDArray[Any]:
        """Integers in [-(p-1)/2, (p-1)/2]: an int64 array where all fit, else an array of Python ints."""
        words = self.field.empty(self.shape).limbs
        wide = self.field.kernels.to_symmetric(flat_words(self.limbs), flat_words(words), self.field.parameter)
        # Whether a number is that large shows in the type of the result.
        return convert.to_ints(words, signed=True) if wide else convert.low_words(words)

    def to_bytes(self) -> bytes:
        """The canonical encoding: element_bytes per element, little-endian, in C order."""
        return self.limbs.tobytes()

    def bits(self) -> npt.NDArray[np.uint8]:
        """The bits of the canonical integers, least significant first: uint8 of 0 and 1, shape (size, field.bits)."""
        octets = np.frombuffer(self.memory, dtype=np.uint8).reshape(self.size, self.field.element_bytes)
        return np.unpackbits(octets, axis=1, count=self.field.bits, bitorder="little")

    def modulo_power(self, bits: int) -> FieldArray:
        """The canonical integers modulo 2^bits."""
        limbs = self.limbs.copy()
        for word in range(self.field.limbs):
            limbs[..., word] &= np.uint64((1 << min(64, max(0, bits - 64 * word))) - 1)
        return FieldArray(self.field, limbs)

    @property
    def memory(self) -> memoryview:
        """The canonical encoding as flat read-only memory; no copy is made of a contiguous array."""
        return readonly_bytes(self.limbs)

    def wipe(self) -> None:
        """Overwrite every element by zero, in place. A read-only view is left to the array that it looks at."""
        if self.limbs.flags.writeable:
            self.limbs[...] = 0

    def __repr__(self) -> str:
        return f"<FieldArray {self.field.name} {self.shape}>"

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("numpy cannot hold field elements: use to_signed() or to_ints() to take values out")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a FieldArray is not pickled: it may hold secrets; use to_bytes()")
