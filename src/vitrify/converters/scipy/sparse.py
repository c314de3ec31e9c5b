"""scipy's sparse matrices and arrays: shape and arrays as they lie in memory.

Flags that scipy works out when asked (sorted, canonical) are never stored, so none can be claimed; the flag of the coo
format, which scipy does not work out, is checked. A matrix is made empty by its constructor and gets its arrays only
when every index in them has been checked, so their dtype and identity are kept.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import scipy.sparse

from vitrify.converters.checking.claims import require
from vitrify.converters.scipy import types_of
from vitrify.converters.scipy.rowwise import charged, each_row
from vitrify.converters.scipy.sparse_checks import (
    check_compressed,
    check_coordinates,
    check_diagonals,
    check_lists,
    check_numbers,
    check_pairs,
    is_canonical,
    shape_from,
)  # fmt: skip
from vitrify.errors import FormatError, UnsupportedError
from vitrify.graph.converter import Converter, accept
from vitrify.graph.dtypes import decode_dtype, encode_dtype
from vitrify.graph.paths import with_article
from vitrify.graph.rows import Rows

_MAX_PRINT: Final = 2**31
_MATRIX_BYTES: Final = 8_000


def _shape(matrix: Any) -> Any:
    return np.array(matrix.shape, np.int64)


def _checked(matrix: Any, check: Callable[..., Any], values: tuple[Any, ...]) -> tuple[Any, ...]:
    """The values, if they would be accepted when the file is read."""
    try:
        check(*values)
    except (ValueError, TypeError) as error:
        raise UnsupportedError(
            f"{with_article(type(matrix).__name__)} that is not valid: {error}", hint="Make a new one from its entries"
        ) from error
    return values


def _empty(type_id: str, shape: tuple[int, ...], maxprint: int, **options: Any) -> Any:
    """An empty matrix of the type that the id names in `scipy.sparse`.

    Raises:
        UnsupportedError: This version has no such type, or not with so many dimensions.
    """
    name = type_id.rpartition(".")[2]
    cls = getattr(scipy.sparse, name, None)
    if cls is None:
        raise UnsupportedError(f"{type_id} does not exist in the scipy {scipy.__version__} installed here")
    try:
        if len(shape) == 1 and name == "csr_matrix":  # which scipy makes of a 1-d array, but not of a shape
            matrix = cls(scipy.sparse.csr_array(shape), **options)
        else:
            matrix = cls(shape, **options)
    except (TypeError, ValueError) as error:
        if len(shape) == 2:
            raise
        raise UnsupportedError(
            f"a {name} of {len(shape)} dimensions does not exist in the scipy {scipy.__version__} installed here"
        ) from error
    if matrix.maxprint != maxprint:
        matrix.maxprint = maxprint
    return matrix


def _check_maxprint(rows: Rows) -> None:
    limit = rows.integers("maxprint")
    rows.require((limit >= 0) & (limit < _MAX_PRINT), "impossible maxprint")


def _with_maxprint(check: Callable[[Rows], None] = accept) -> Callable[[Rows], None]:
    def both(rows: Rows) -> None:
        _check_maxprint(rows)
        check(rows)

    return charged(_MATRIX_BYTES, both)


def _maxprint(matrix: Any) -> int:
    return min(max(operator.index(matrix.maxprint), 0), _MAX_PRINT - 1)


def _compressed(type_id: str, *, by_column: bool) -> Converter[Any]:
    """csr, and csc with rows and columns exchanged."""

    def check(shape: Any, data: Any, indices: Any, indptr: Any) -> None:
        sizes = shape_from(shape)
        if len(sizes) > 2 or (by_column and len(sizes) != 2):
            raise ValueError(f"impossible shape {sizes}")
        major, minor = (1, *sizes)[-2:]
        if by_column:
            major, minor = minor, major
        check_numbers(data, "data")
        if data.ndim != 1:
            raise ValueError("data must have one dimension")
        check_compressed(sizes, major, minor, data, indices, indptr)

    def encode(matrix: Any) -> tuple[Any, ...]:
        data, indices = _trimmed(matrix)
        return (*_checked(matrix, check, (_shape(matrix), data, indices, matrix.indptr)), _maxprint(matrix))

    def decode(shape: Any, data: Any, indices: Any, indptr: Any, maxprint: int) -> Any:
        matrix = _empty(type_id, shape_from(shape), maxprint)
        matrix.data, matrix.indices, matrix.indptr = data, indices, indptr
        return matrix

    return Converter(
        type_id=type_id,
        types=types_of(type_id),
        fields=("shape", "data", "indices", "indptr", "maxprint"),
        encode=encode,
        decode=decode,
        check=_with_maxprint(each_row(check, "shape", "data", "indices", "indptr")),
    )


def _blocked(type_id: str) -> Converter[Any]:
    """bsr: dense blocks in rows of blocks."""

    def check(shape: Any, data: Any, indices: Any, indptr: Any) -> None:
        sizes = shape_from(shape)
        check_numbers(data, "data")
        if len(sizes) != 2 or data.ndim != 3:
            raise ValueError(f"data of {data.ndim} dimensions for a shape {sizes}")
        rows, columns = data.shape[1:]
        if rows < 1 or columns < 1 or sizes[0] % rows or sizes[1] % columns:
            raise ValueError(f"blocks of {rows} × {columns} do not fill a shape {sizes}")
        check_compressed(sizes, sizes[0] // rows, sizes[1] // columns, data, indices, indptr)

    def encode(matrix: Any) -> tuple[Any, ...]:
        data, indices = _trimmed(matrix)
        return (*_checked(matrix, check, (_shape(matrix), data, indices, matrix.indptr)), _maxprint(matrix))

    def decode(shape: Any, data: Any, indices: Any, indptr: Any, maxprint: int) -> Any:
        matrix = _empty(type_id, shape_from(shape), maxprint, blocksize=data.shape[1:])
        matrix.data, matrix.indices, matrix.indptr = data, indices, indptr
        return matrix

    return Converter(
        type_id=type_id,
        types=types_of(type_id),
        fields=("shape", "data", "indices", "indptr", "maxprint"),
        encode=encode,
        decode=decode,
        check=_with_maxprint(each_row(check, "shape", "data", "indices", "indptr")),
    )


def _trimmed(matrix: Any) -> tuple[Any, Any]:
    """Data and indices without the room that some operations leave at their end."""
    n = int(matrix.indptr[-1]) if len(matrix.indptr) else 0
    if len(matrix.data) == len(matrix.indices) == n or n < 0:
        return matrix.data, matrix.indices
    return matrix.data[:n], matrix.indices[:n]


def _coordinates(type_id: str) -> Converter[Any]:
    """coo, with any number of dimensions where scipy has them."""

    def check(shape: Any, data: Any, coords: Any) -> None:
        require(isinstance(coords, Sequence), "coords must be arrays")
        check_coordinates(shape_from(shape), data, coords)

    def encode(matrix: Any) -> tuple[Any, ...]:
        coords = list(matrix.coords) if hasattr(matrix, "coords") else [matrix.row, matrix.col]
        values = _checked(matrix, check, (_shape(matrix), matrix.data, coords))
        return (*values, bool(matrix.has_canonical_format) and is_canonical(coords), _maxprint(matrix))

    def decode(shape: Any, data: Any, coords: Any, canonical: Any, maxprint: int) -> Any:
        check(shape, data, coords)
        if type(canonical) is not bool or (canonical and not is_canonical(coords)):
            raise ValueError("the entries are not in canonical order")
        matrix = _empty(type_id, shape_from(shape), maxprint)
        if hasattr(matrix, "coords"):
            matrix.coords = tuple(coords)
        else:
            matrix.row, matrix.col = coords
        matrix.data = data
        matrix.has_canonical_format = canonical
        return matrix

    return Converter(
        type_id=type_id,
        types=types_of(type_id),
        fields=("shape", "data", "coords", "has_canonical_format", "maxprint"),
        encode=encode,
        decode=decode,
        check=_with_maxprint(),
    )


def _diagonals(type_id: str) -> Converter[Any]:
    """dia: a row of data for each diagonal."""

    def check(shape: Any, data: Any, offsets: Any) -> None:
        check_diagonals(shape_from(shape), data, offsets)

    def encode(matrix: Any) -> tuple[Any, ...]:
        return (*_checked(matrix, check, (_shape(matrix), matrix.data, matrix.offsets)), _maxprint(matrix))

    def decode(shape: Any, data: Any, offsets: Any, maxprint: int) -> Any:
        matrix = _empty(type_id, shape_from(shape), maxprint)
        matrix.data, matrix.offsets = data, offsets
        return matrix

    return Converter(
        type_id=type_id,
        types=types_of(type_id),
        fields=("shape", "data", "offsets", "maxprint"),
        encode=encode,
        decode=decode,
        check=_with_maxprint(each_row(check, "shape", "data", "offsets")),
    )


def _lists(type_id: str) -> Converter[Any]:
    """lil: a list of columns and a list of values for each row."""

    def check(shape: Any, rows: Any, data: Any) -> None:
        check_lists(shape_from(shape), rows, data)

    def encode(matrix: Any) -> tuple[Any, ...]:
        values = _checked(matrix, check, (_shape(matrix), matrix.rows, matrix.data))
        return (*values, encode_dtype(matrix.dtype), _maxprint(matrix))

    def decode(shape: Any, rows: Any, data: Any, dtype: Any, maxprint: int) -> Any:
        check(shape, rows, data)
        matrix = _empty(type_id, shape_from(shape), maxprint, dtype=_dtype_from(dtype))
        matrix.rows, matrix.data = rows, data
        return matrix

    return Converter(
        type_id=type_id,
        types=types_of(type_id),
        fields=("shape", "rows", "data", "dtype", "maxprint"),
        encode=encode,
        decode=decode,
        check=_with_maxprint(),
    )


def _pairs(type_id: str) -> Converter[Any]:
    """dok: a dict of coordinates, in its own order."""

    def check(shape: Any, pairs: Any) -> None:
        sizes = shape_from(shape)
        if len(sizes) > 2:
            raise ValueError(f"impossible shape {sizes}")
        check_pairs(sizes, pairs)

    def encode(matrix: Any) -> tuple[Any, ...]:
        values = _checked(matrix, check, (_shape(matrix), dict(matrix.items())))
        return (*values, encode_dtype(matrix.dtype), _maxprint(matrix))

    def decode(shape: Any, pairs: Any, dtype: Any, maxprint: int) -> Any:
        check(shape, pairs)
        matrix = _empty(type_id, shape_from(shape), maxprint, dtype=_dtype_from(dtype))
        for key, value in pairs.items():
            matrix.setdefault(key, value)
        return matrix

    return Converter(
        type_id=type_id,
        types=types_of(type_id),
        fields=("shape", "pairs", "dtype", "maxprint"),
        encode=encode,
        decode=decode,
        check=_with_maxprint(),
    )


def _dtype_from(text: Any) -> Any:
    require(isinstance(text, str), "dtype must be text")
    try:
        dtype = decode_dtype(text)
    except FormatError as error:
        raise ValueError(error.message) from error
    require(dtype.kind in "biufc" and dtype.isnative, f"a sparse matrix has no dtype {dtype}")
    return dtype


CONVERTERS: tuple[Converter[Any], ...] = (
    _compressed("scipy.sparse.csr_matrix", by_column=False),
    _compressed("scipy.sparse.csr_array", by_column=False),
    _compressed("scipy.sparse.csc_matrix", by_column=True),
    _compressed("scipy.sparse.csc_array", by_column=True),
    _blocked("scipy.sparse.bsr_matrix"),
    _blocked("scipy.sparse.bsr_array"),
    _coordinates("scipy.sparse.coo_matrix"),
    _coordinates("scipy.sparse.coo_array"),
    _diagonals("scipy.sparse.dia_matrix"),
    _diagonals("scipy.sparse.dia_array"),
    _lists("scipy.sparse.lil_matrix"),
    _lists("scipy.sparse.lil_array"),
    _pairs("scipy.sparse.dok_matrix"),
    _pairs("scipy.sparse.dok_array"),
)
