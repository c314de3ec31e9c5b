"""Whether two outputs of a model are the same: bit for bit, within a tolerance, or not.

Another CPU rounds sums in another order, so numbers may differ in their last bits; labels, counts and texts may not.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vitrify.graph.paths import cut, with_article
from vitrify.record.data.tables import is_nothing

Array = npt.NDArray[Any]
_ROUNDINGS: Final = 16
_RANKS: Final = ("equal", "close", "different")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How far a number may be from the one that was stored: `atol + rtol * |stored|`.

    Nobody can ask for more than the dtype gives: both are at least 16 units in its last place, `atol` of the largest
    value of a column.
    """

    rtol: float = 1e-6
    atol: float = 1e-9

    def __str__(self) -> str:
        return f"rtol={self.rtol:g}, atol={self.atol:g}"

    def around(self, stored: Array, eps: float = float(np.finfo(np.float64).eps)) -> Array:
        """What is allowed for each value."""
        size = np.abs(np.where(np.isfinite(stored), stored, 0.0))
        largest = np.max(size, axis=0, initial=0.0, keepdims=True) if stored.ndim else size
        rounding = _ROUNDINGS * eps
        return np.asarray(np.maximum(self.atol, rounding * largest) + max(self.rtol, rounding) * size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How far two outputs are apart.

    Attributes:
        status: `equal`, `close` or `different`.
        n_different: How many values differ; for `different`, how many by more than is allowed.
        largest: The largest absolute difference, where it is a finite number.
        where: The position of that value.
        message: In words.
    """

    status: str
    n_different: int = 0
    largest: float | None = None
    where: tuple[int, ...] | None = None
    message: str = ""


_EQUAL: Final = Difference(status="equal")


def compare(stored: Any, found: Any, tolerance: Tolerance) -> Difference:
    """How far `found` is from `stored`."""
    kind = _kind(stored)
    if kind != _kind(found):
        return _other(f"gives {with_article(type(found).__qualname__)}, was {with_article(type(stored).__qualname__)}")
    if kind == "array":
        return _arrays(np.asarray(stored), np.asarray(found), tolerance)
    if kind == "sparse":
        return _sparse(stored, found, tolerance)
    if kind == "table":
        return _tables(stored, found, tolerance)
    if kind == "list":
        return _lists(stored, found, tolerance)
    if kind == "dict":
        if list(stored) != list(found):
            return _other(f"gives the keys {cut(repr(list(found)))}, were {cut(repr(list(stored)))}")
        return _lists(list(stored.values()), list(found.values()), tolerance)
    is_same = _are_same(stored, found) or (type(stored) is type(found) and bool(stored == found))
    return _EQUAL if is_same else _other(f"is {_shown(found)}, was {_shown(stored)}", 1)


def _kind(value: Any) -> str:
    if isinstance(value, int):
        return "array" if -(2**63) <= value < 2**63 else "other"
    if isinstance(value, (np.ndarray, np.generic, float, complex)):
        return "array"
    if isinstance(value, (list, tuple)):
        return "list"
    if isinstance(value, dict):
        return "dict"
    if hasattr(value, "iloc"):
        return "table"
    sparse: Any = sys.modules.get("scipy.sparse")
    return "sparse" if sparse is not None and sparse.issparse(value) else "other"


def _other(message: str, n_different: int = 0) -> Difference:
    return Difference(status="different", message=message, n_different=n_different)


def _worst(differences: Iterable[Difference]) -> Difference:
    """All of them as one: the message and the position are those of the worst."""
    listed = list(differences)
    worst = max(listed, key=lambda one: (_RANKS.index(one.status), one.largest or 0.0), default=_EQUAL)
    return replace(worst, n_different=sum(one.n_different for one in listed if one.status == worst.status))


def _at(difference: Difference, what: str) -> Difference:
    return difference if difference.status == "equal" else replace(difference, message=f"{what}: {difference.message}")


def _lists(stored: Any, found: Any, tolerance: Tolerance) -> Difference:
    if len(stored) != len(found):
        return _other(f"gives {len(found)} items, were {len(stored)}")
    pairs = enumerate(zip(stored, found, strict=True))
    return _worst(_at(compare(old, new, tolerance), f"item {i}") for i, (old, new) in pairs)


def _arrays(stored: Array, found: Array, tolerance: Tolerance) -> Difference:
    if stored.shape != found.shape:
        return _other(f"gives the shape {found.shape}, was {stored.shape}")
    changed = "" if stored.dtype == found.dtype else f"dtype {found.dtype}, was {stored.dtype}"
    if changed and not _is_wider(stored.dtype, found.dtype):
        return _other(changed)
    if stored.dtype.kind in "biufc" and found.dtype.kind in "biufc":
        difference = _numbers(stored, found, tolerance)
    elif stored.dtype.kind in "mM":
        difference = _exact(stored, found, (stored == found) | (np.isnat(stored) & np.isnat(found)))
    else:
        difference = _objects(stored, found, tolerance)
    if not changed or difference.status == "different":
        return difference
    return replace(difference, status="close", message=_joined(changed, difference))


def _is_wider(stored: Any, found: Any) -> bool:
    """Whether a dtype may stand for another: a wider one, an integer of another width, a text of any kind."""
    if all(dtype.kind in "iu" for dtype in (stored, found)) or all(dtype.kind in "UTO" for dtype in (stored, found)):
        return True
    return stored.kind in "biufc" and found.kind in "biufc" and np.can_cast(stored, found)


def _numbers(stored: Array, found: Array, tolerance: Tolerance) -> Difference:
    if "c" in (stored.dtype.kind, found.dtype.kind):
        parts = ((stored.real, found.real), (stored.imag, found.imag))
        return _worst(_numbers(old, new, tolerance) for old, new in parts)
    if stored.dtype.kind != "f":
        return _exact(stored, found, stored == found)
    both_missing = np.isnan(stored) & np.isnan(found)
    is_same = ((stored == found) & (np.signbit(stored) == np.signbit(found))) | both_missing
    if is_same.all():
        return _EQUAL
    gap = np.where(is_same, 0.0, np.abs(_wide(found) - _wide(stored)))
    gap = np.where(np.isnan(gap), np.inf, gap)
    eps = max(float(np.finfo(dtype).eps) for dtype in (stored.dtype, found.dtype))
    allowed = tolerance.around(_wide(stored), eps)
    is_beyond = gap > allowed
    where = _position(np.where(is_beyond, gap, 0.0) if is_beyond.any() else gap)
    size = float(gap[where])
    if not is_beyond.any():
        n = int(np.count_nonzero(~is_same))
        message = f"{n} of {gap.size} values differ, by at most {size:.3g} {_place(where)}: within {tolerance}"
        return Difference(status="close", n_different=n, largest=size, where=where, message=message)
    n = int(np.count_nonzero(is_beyond))
    told = f"most {_place(where)}: {_shown(found[where])}, was {_shown(stored[where])}"
    return Difference(
        status="different",
        n_different=n,
        largest=size if np.isfinite(size) else None,
        where=where,
        message=f"{n} of {gap.size} values differ by more than {tolerance}, {told}",
    )


def _wide(values: Array) -> Array:
    return values if values.dtype.itemsize > 8 else values.astype(np.float64)


def _exact(stored: Array, found: Array, is_same: Array) -> Difference:
    """Values of which none may differ."""
    if is_same.all():
        return _EQUAL
    where = _position(~is_same)
    n = int(np.count_nonzero(~is_same))
    largest = None
    if stored.dtype.kind in "biuf" and found.dtype.kind in "biuf":
        gap = np.abs(found.astype(np.float64) - stored.astype(np.float64))
        where, largest = _position(gap), float(gap.max())
    told = f"{_place(where)} {_shown(found[where])}, was {_shown(stored[where])}"
    message = f"{n} of {is_same.size} values differ, {told}"
    return Difference(status="different", n_different=n, largest=largest, where=where, message=message)


def _objects(stored: Array, found: Array, tolerance: Tolerance) -> Difference:
    """Texts and mixtures, value by value; arrays within arrays as such."""
    pairs = zip(stored.ravel().tolist(), found.ravel().tolist(), strict=True)
    differing = []
    for i, (old, new) in enumerate(pairs):
        if not _are_same(old, new):
            where = tuple(int(k) for k in np.unravel_index(i, stored.shape))
            difference = compare(old, new, tolerance)
            if difference.status != "equal":
                n = max(difference.n_different, 1)
                differing.append(replace(_at(difference, _place(where)), where=where, n_different=n))
    return _worst(differing)


def _are_same(old: Any, new: Any) -> bool:
    """Whether two single values are the same; whatever is not simple is compared in its own way."""
    if is_nothing(old) or is_nothing(new):
        return type(old) is type(new) and is_nothing(old) and is_nothing(new)
    return type(old) is type(new) and isinstance(old, (str, bytes, bool, int, float)) and old == new


def _sparse(stored: Any, found: Any, tolerance: Tolerance) -> Difference:
    """What two matrices hold, whatever their format; what is not stored is 0."""
    if stored.shape != found.shape:
        return _other(f"gives the shape {found.shape}, was {stored.shape}")
    changed = (
        ""
        if type(stored) is type(found)
        else f"{with_article(type(found).__qualname__)}, was {with_article(type(stored).__qualname__)}"
    )
    old_keys, old_values = _entries(stored)
    new_keys, new_values = _entries(found)
    keys = np.union1d(old_keys, new_keys)
    old, new = np.zeros(len(keys), stored.dtype), np.zeros(len(keys), found.dtype)
    old[np.searchsorted(keys, old_keys)] = old_values
    new[np.searchsorted(keys, new_keys)] = new_values
    difference = _arrays(old, new, tolerance)
    if difference.where is not None:
        where = tuple(int(k) for k in np.unravel_index(int(keys[difference.where[0]]), stored.shape))
        message = difference.message.replace(_place(difference.where), _place(where))
        difference = replace(difference, where=where, message=message)
    if not changed or difference.status == "different":
        return difference
    return replace(difference, status="close", message=_joined(changed, difference))


def _entries(matrix: Any) -> tuple[Array, Array]:
    """Positions, as numbers of cells, and values."""
    rows = matrix.tocsr(copy=True)
    rows.sum_duplicates()
    entries = rows.tocoo()
    return entries.row.astype(np.int64) * matrix.shape[1] + entries.col, entries.data


def _tables(stored: Any, found: Any, tolerance: Tolerance) -> Difference:
    """DataFrames and Series by values, columns and index."""
    if stored.shape != found.shape:
        return _other(f"gives the shape {found.shape}, was {stored.shape}")
    names = ("name",) if stored.ndim == 1 else ("columns",)
    for what in (*names, "index"):
        old, new = getattr(stored, what), getattr(found, what)
        if (old != new) if what == "name" else (list(old) != list(new)):
            return _other(f"gives the {what} {_shown(_listed(new))}, was {_shown(_listed(old))}")
    if stored.ndim == 1:
        return _columns(stored, found, tolerance)
    columns = []
    for i, name in enumerate(stored.columns):
        difference = _columns(stored.iloc[:, i], found.iloc[:, i], tolerance)
        where = None if difference.where is None else (*difference.where, i)
        columns.append(replace(_at(difference, f"column {cut(str(name))}"), where=where))
    return _worst(columns)


def _columns(stored: Any, found: Any, tolerance: Tolerance) -> Difference:
    """Series by values; what only pandas has a dtype for by that too."""
    difference = _arrays(_values(stored), _values(found), tolerance)
    if difference.status == "different" or str(stored.dtype) == str(found.dtype):
        return difference
    if isinstance(stored.dtype, np.dtype) and isinstance(found.dtype, np.dtype):
        return difference
    return replace(difference, status="close", message=_joined(f"dtype {found.dtype}, was {stored.dtype}", difference))


def _joined(changed: str, difference: Difference) -> str:
    return "; ".join(filter(None, (changed, difference.message)))


def _listed(value: Any) -> Any:
    return list(value) if hasattr(value, "tolist") else value


def _values(series: Any) -> Array:
    """The values of a column; objects for what numpy has no dtype for, None where nothing is."""
    if isinstance(series.dtype, np.dtype) and series.dtype.kind != "O":
        return np.asarray(series.to_numpy())
    values = np.empty(len(series), object)
    values[:] = [None if is_nothing(value) else value for value in series.tolist()]
    return values


def _position(sizes: Array) -> tuple[int, ...]:
    return tuple(int(k) for k in np.unravel_index(int(np.argmax(sizes)), sizes.shape))


def _place(where: tuple[int, ...]) -> str:
    return f"at {list(where)}"


def _shown(value: Any) -> str:
    return cut(repr(value.item() if isinstance(value, np.generic) else value))
