"""numpy.ma: data, mask and fill value, and the flags that a pickle loses; `numpy.ma.masked` is itself.

Data and mask are views of the arrays in the file, so what was shared before is shared again.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vitrify.converters.checking.values import charge, exact
from vitrify.errors import UnsupportedError
from vitrify.graph.converter import Converter
from vitrify.graph.paths import with_article
from vitrify.graph.rows import Rows

_OBJECT_BYTES: Final = 1000
_OWN_ATTRIBUTES: Final = frozenset(
    {"_fill_value", "_hardmask", "_sharedmask", "_isfield", "_baseclass", "_optinfo", "_basedict", "_mask", "_getitem"}
)
_DATA_TYPES: Final = (np.ndarray, np.memmap, np.matrix)


def _encode(array: np.ma.MaskedArray[Any, Any]) -> tuple[object, ...]:
    own = vars(array)
    info = dict(own["_optinfo"])
    extra = own.keys() - _OWN_ATTRIBUTES - info.keys()
    if extra:
        raise UnsupportedError(f"a masked array with attributes of its own ({', '.join(sorted(extra))[:80]})")
    data, mask = array.data, own["_mask"]
    if type(data) not in _DATA_TYPES:
        raise UnsupportedError(
            f"a masked array over {with_article(type(data).__name__)}", hint="Mask a plain array instead"
        )
    info.pop("_getitem", None)
    parts = data, None if mask is np.ma.nomask else mask, own["_fill_value"]
    reason = _problem(*parts)
    if reason is not None:
        raise UnsupportedError(f"a masked array: {reason}")
    return (*parts, bool(own["_hardmask"]), bool(own["_sharedmask"]), info)


def _check(rows: Rows) -> None:
    charge(rows, _OBJECT_BYTES)


def _decode(
    data: npt.NDArray[Any],
    mask: npt.NDArray[Any] | None,
    fill_value: npt.NDArray[Any] | None,
    hard: bool,
    shared: bool,
    info: dict[str, Any],
) -> np.ma.MaskedArray[Any, Any]:
    exact(data, *_DATA_TYPES)
    exact(hard, bool)
    exact(shared, bool)
    exact(info, dict)
    reason = _problem(data, mask, fill_value)
    if reason is not None:
        raise ValueError(reason)
    for name in info:
        exact(name, str)
    made: np.ma.MaskedArray[Any, Any] = data.view(np.ma.MaskedArray)
    own = vars(made)
    own["_mask"] = np.ma.nomask if mask is None else mask
    own["_fill_value"] = fill_value
    own["_hardmask"] = hard
    own["_sharedmask"] = shared
    own["_optinfo"].update(info)
    return made


def _problem(data: npt.NDArray[Any], mask: object, fill_value: object) -> str | None:
    """What makes these no masked array: numpy's compiled code relies on equal shapes and matching dtypes."""
    if mask is not None:
        if type(mask) is not np.ndarray or mask.shape != data.shape:
            return f"its mask is not an array of shape {data.shape}"
        if mask.dtype != np.ma.make_mask_descr(data.dtype):
            return f"its mask is an array of {mask.dtype}"
    if fill_value is not None:
        if type(fill_value) is not np.ndarray or fill_value.ndim:
            return "its fill value is not an array without dimensions"
        if fill_value.dtype != data.dtype and data.dtype != object:
            return f"its fill value is of {fill_value.dtype}, its data of {data.dtype}"
    return None


CONVERTERS: Final[tuple[Converter[Any], ...]] = (
    Converter(
        type_id="numpy.ma.MaskedArray",
        types=("numpy.ma.MaskedArray", "numpy.ma.core.MaskedArray"),
        fields=("data", "mask", "fill_value", "hard", "shared", "info"),
        encode=_encode,
        decode=_decode,
        check=_check,
    ),
    Converter(
        type_id="numpy.ma.masked",
        types=("numpy.ma.core.MaskedConstant",),
        fields=(),
        encode=lambda _: (),
        decode=lambda: np.ma.masked,
    ),
)
