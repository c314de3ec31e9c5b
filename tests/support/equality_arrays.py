"""How numpy's dtypes, arrays and scalars, and scipy's sparse matrices are compared: bit for bit.

What does not count: NaN payloads, padding between fields, metadata of a dtype, the layout of an array that is
contiguous in no order, and whether an array is a file mapped to memory.
"""

from __future__ import annotations

import copy
import sys
from typing import Any

import numpy as np
import scipy.sparse

from tests.support.equality_step import Step
from tests.support.equality_values import RULES as VALUE_RULES
from tests.support.equality_values import compare_identity
from tests.support.equality_walk import Origin, Rule, Walk, brief

__all__ = ["RULES"]

_Array = np.ndarray[Any, Any]
_NATIVE = "<" if sys.byteorder == "little" else ">"
_OF_MEMMAP = ("_mmap", "filename", "offset", "mode")
_OF_MASKED = frozenset(
    {
        "_basedict",
        "_baseclass",
        "_data",
        "_fill_value",
        "_hardmask",
        "_isfield",
        "_mask",
        "_optinfo",
        "_sharedmask",
    }
)
_LAZY_FLAGS = {"_has_sorted_indices": "has_sorted_indices", "_has_canonical_format": "has_canonical_format"}


def _compare_dtype(walk: Walk, expected: Any, found: Any, step: Step) -> None:
    if expected is found:
        return
    mine, theirs = _describe(expected), _describe(found)
    if mine != theirs:
        walk.report(step, f"dtype {mine}", f"dtype {theirs}")
    elif expected.kind == "T":
        walk.compare(expected.coerce, found.coerce, step, ".", "coerce")
        mine, theirs = (getattr(dtype, "na_object", NotImplemented) for dtype in (expected, found))
        walk.compare(mine, theirs, step, ".", "na_object", Origin.STATE)


def _describe(dtype: Any) -> object:
    """All of a dtype but its metadata; `long` and `longlong` are one dtype where they have the same width."""
    if dtype.subdtype is not None:
        return _describe(dtype.subdtype[0]), dtype.subdtype[1]
    if dtype.kind == "T":
        return "StringDType"
    if dtype.names is None:
        return f"{dtype.kind}{dtype.itemsize} {dtype}", dtype.byteorder.replace("=", _NATIVE)
    fields = [(name, _describe(dtype.fields[name][0]), *dtype.fields[name][1:]) for name in dtype.names]
    return dtype.type.__name__, fields, dtype.itemsize, dtype.isalignedstruct


def _compare_array(walk: Walk, expected: _Array, found: _Array, step: Step) -> None:
    _compare_content(walk, np.asarray(expected), np.asarray(found), step)
    _compare_flags(walk, expected, found, step)
    walk.watch_memory(expected, found, step)
    is_mapped = isinstance(expected, np.memmap) or isinstance(found, np.memmap)
    walk.attributes(expected, found, step, but=_OF_MEMMAP if is_mapped else ())


def _compare_masked(walk: Walk, expected: Any, found: Any, step: Step) -> None:
    if expected is np.ma.masked or found is np.ma.masked:
        compare_identity(walk, expected, found, step)
        return
    _compare_content(walk, np.asarray(expected.data), np.asarray(found.data), step)
    _compare_flags(walk, expected, found, step)
    walk.watch_memory(expected, found, step)
    mask = Step(step, ".", "mask")
    if isinstance(expected._mask, np.ndarray) and isinstance(found._mask, np.ndarray):
        _compare_content(walk, expected._mask, found._mask, mask)
        walk.watch_memory(expected._mask, found._mask, mask)
    elif expected._mask is not found._mask:
        walk.unequal(mask, expected._mask, found._mask)
    walk.compare(_fill_value(expected), _fill_value(found), step, ".", "fill_value", Origin.STATE)
    for name in ("hardmask", "baseclass"):
        walk.compare(getattr(expected, name), getattr(found, name), step, ".", name)
    walk.compare(expected._optinfo, found._optinfo, step, ".", "_optinfo", Origin.MADE)
    walk.attributes(expected, found, step, but=tuple(_OF_MASKED))


def _fill_value(array: Any) -> object:
    """Read from a view, as reading sets it; numpy's default for objects is a str here and a str_ there."""
    value = array.view().fill_value
    return str(value) if array.dtype == object and isinstance(value, str) else value


def _compare_content(walk: Walk, expected: _Array, found: _Array, step: Step) -> None:
    """Dtype, shape and elements of two plain arrays; fields of a structured array one by one."""
    already = len(walk.lines)
    _compare_dtype(walk, expected.dtype, found.dtype, Step(step, ".", "dtype"))
    if len(walk.lines) > already:
        return
    if expected.shape != found.shape:
        walk.report(Step(step, ".", "shape"), str(expected.shape), str(found.shape))
    elif expected.dtype.names is not None:
        for name in expected.dtype.names:
            _compare_content(walk, expected[name], found[name], Step(step, "[", name))
    elif expected.dtype.kind in "OT":
        _compare_objects(walk, expected, found, step)
    elif expected.tobytes() != found.tobytes():
        _compare_bits(walk, expected, found, step)


def _compare_objects(walk: Walk, expected: _Array, found: _Array, step: Step) -> None:
    pairs = zip(expected.astype(object).ravel(), found.astype(object).ravel(), strict=True)
    for number, (mine, theirs) in enumerate(pairs):
        walk.compare(mine, theirs, step, "[", _index(number, expected.shape))


def _compare_bits(walk: Walk, expected: _Array, found: _Array, step: Step) -> None:
    apart = np.flatnonzero(~_same_bits(expected, found))
    if not apart.size:
        return
    first = int(apart[0])
    where = Step(step, "[", _index(first, expected.shape)) if expected.ndim else step
    more = f" (and {apart.size - 1} more)" if apart.size > 1 else ""
    walk.report(where, brief(expected.ravel()[first]), brief(found.ravel()[first]) + more)


def _index(number: int, shape: tuple[int, ...]) -> object:
    """An element's position in C order, as a path shows it: 7 in a vector, (2, 1) in a matrix."""
    return number if len(shape) == 1 else tuple(int(index) for index in np.unravel_index(number, shape))


def _same_bits(expected: _Array, found: _Array) -> Any:
    """Where two arrays of one dtype and shape agree, element by element: a bool array of the same shape."""
    kind = expected.dtype.kind
    if kind == "c":
        return _same_bits(expected.real, found.real) & _same_bits(expected.imag, found.imag)
    if kind == "f":
        with np.errstate(all="ignore"):
            equal = (expected == found) & (np.signbit(expected) == np.signbit(found))
            return equal | (np.isnan(expected) & np.isnan(found))
    return (_octets(expected) == _octets(found)).all(axis=-1)


def _octets(array: _Array) -> _Array:
    return np.ascontiguousarray(array).view(np.uint8).reshape(*array.shape, array.itemsize)


def _compare_flags(walk: Walk, expected: _Array, found: _Array, step: Step) -> None:
    """An array may not lose what code relies on: its order in memory, being writeable, being aligned."""
    if not walk.is_held:
        return
    mine, theirs = expected.flags, found.flags
    if mine.c_contiguous or mine.f_contiguous:
        for name in ("c_contiguous", "f_contiguous"):
            if getattr(mine, name) != getattr(theirs, name):
                walk.report(Step(step, ".", f"flags.{name}"), str(getattr(mine, name)), str(getattr(theirs, name)))
    for name in ("writeable", "aligned"):
        if getattr(mine, name) and not getattr(theirs, name):
            walk.report(Step(step, ".", f"flags.{name}"), "True", "False")


def _compare_scalar(walk: Walk, expected: Any, found: Any, step: Step) -> None:
    """As arrays without dimensions, so that bits, the unit of a datetime and the fields of a record count."""
    _compare_content(walk, np.asarray(expected), np.asarray(found), step)


def _compare_sparse(walk: Walk, expected: Any, found: Any, step: Step) -> None:
    """By attributes, except for the flags that scipy computes when asked for and then keeps."""
    if isinstance(expected, dict):  # dok_matrix, before scipy 1.11
        VALUE_RULES[dict].compare(walk, expected, found, step)
    walk.attributes(expected, found, step, but=tuple(_LAZY_FLAGS))
    for private, public in _LAZY_FLAGS.items():
        is_known = [private in vars(matrix) for matrix in (expected, found)]
        if all(is_known) or (any(is_known) and _same_structure(expected, found)):
            flags = [getattr(copy.copy(matrix), public) for matrix in (expected, found)]
            walk.compare(bool(flags[0]), bool(flags[1]), step, ".", public)


def _same_structure(expected: Any, found: Any) -> bool:
    """Whether it is safe to let scipy compute flags of `found`: it does not check its indices."""
    return all(np.array_equal(getattr(expected, name), getattr(found, name)) for name in ("indptr", "indices"))


_SCALAR = Rule(compare=_compare_scalar, tracked=False)

RULES: dict[type, Rule] = {
    np.dtype: Rule(compare=_compare_dtype, tracked=False, attributes=False),
    np.ndarray: Rule(compare=_compare_array, tracked=True, attributes=False),
    np.ma.MaskedArray: Rule(compare=_compare_masked, tracked=True, attributes=False),
    **dict.fromkeys((np.generic, np.str_, np.bytes_), _SCALAR),
    **{
        kind: Rule(compare=_compare_sparse, tracked=True, attributes=False)
        for kind in (scipy.sparse.spmatrix, getattr(scipy.sparse, "sparray", scipy.sparse.spmatrix))
    },
}
