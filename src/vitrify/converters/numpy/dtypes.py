"""numpy.dtype objects as values: the spelling that arrays use (SPEC.md §6.4), as text.

Beyond what arrays may have, a dtype alone may be `|O`, a record, a sub-array, or StringDType; nothing is allocated by
its size. No text of a file is given to `numpy.dtype` before it has passed the grammar.
"""

from __future__ import annotations

from typing import Any, Final, cast

import msgspec
import numpy as np

from vitrify.converters.checking.values import charge, exact, require_texts
from vitrify.converters.numpy import DTYPE_TYPES
from vitrify.errors import UnsupportedError
from vitrify.graph.converter import Converter
from vitrify.graph.dtypes import decode_dtype, encode_dtype
from vitrify.graph.paths import with_article
from vitrify.graph.registry import full_name
from vitrify.graph.rows import Rows

_MAX_CHARS: Final = 1 << 20
_MAX_DIMS: Final = 32
_MAX_DIM: Final = 1 << 30
_OBJECT: Final = "|O"
_OBJECT_BYTES: Final = 200
_PANDAS_NA: Final = ("pandas.api.typing.NAType", "pandas._libs.missing.NAType")


def spell(dtype: np.dtype[Any]) -> str:
    """The one spelling of a dtype: numpy's short form, or the canonical JSON of an object.

    Raises:
        UnsupportedError: It has none.
    """
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        return _json({"base": _parse(spell(base)), "shape": list(shape)})
    if dtype.hasobject and dtype.names is None:
        return _OBJECT
    is_record = dtype.type is np.record and dtype.names is not None
    found = encode_dtype(without_records(dtype))
    if isinstance(found, str):
        return found
    return _json({"record": found} if is_record else found)


def without_records(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The plain structured dtype that a dtype of records is in all but the class of its items."""
    return np.dtype((np.void, dtype)) if dtype.type is np.record and dtype.names is not None else dtype


def unspell(text: str) -> np.dtype[Any]:
    """The dtype of a spelling.

    Raises:
        ValueError: It is not one, or not the canonical one.
    """
    dtype = _dtype_of(_parse(text), 0)
    if spell(dtype) != text:
        raise ValueError("the dtype is not in canonical form")
    return dtype


def _dtype_of(spelling: Any, depth: int) -> np.dtype[Any]:
    if spelling == _OBJECT:
        return np.dtype(object)
    if isinstance(spelling, dict) and list(spelling) == ["record"] and isinstance(spelling["record"], dict):
        return np.dtype((np.record, decode_dtype(spelling["record"])))
    if isinstance(spelling, dict) and list(spelling) == ["base", "shape"] and depth == 0:
        shape = spelling["shape"]
        if not isinstance(shape, list) or not 0 < len(shape) <= _MAX_DIMS:
            raise ValueError("a sub-array dtype has no shape")
        if not all(type(n) is int and 0 <= n <= _MAX_DIM for n in shape):
            raise ValueError("a sub-array dtype has an impossible shape")
        return np.dtype((_dtype_of(spelling["base"], 1), tuple(shape)))
    if not isinstance(spelling, (str, dict)):
        raise ValueError("malformed dtype")  # noqa: TRY004  # it is the file that is wrong
    return decode_dtype(cast("str | dict[str, object]", spelling))


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _parse(text: str) -> Any:
    if not text.startswith("{"):
        return text
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(f"malformed dtype ({error})") from error


def _check(rows: Rows) -> None:
    charge(rows, _OBJECT_BYTES)
    require_texts(rows, "spelling", _MAX_CHARS)


def _encode_string_dtype(dtype: Any) -> tuple[object, ...]:
    if not hasattr(dtype, "na_object"):
        return bool(dtype.coerce), False, None
    if not _is_missing_value(dtype.na_object):
        kind = type(dtype.na_object).__name__
        raise UnsupportedError(
            f"a StringDType whose na_object is {with_article(kind)}", hint="Use None, nan or pandas.NA"
        )
    return bool(dtype.coerce), True, dtype.na_object


def _decode_string_dtype(coerce: bool, has_na: bool, na_object: object) -> Any:
    exact(coerce, bool)
    exact(has_na, bool)
    make: Any = getattr(getattr(np, "dtypes", None), "StringDType", None)
    if make is None:
        raise UnsupportedError(f"StringDType does not exist in the numpy {np.__version__} installed here")
    if not has_na:
        exact(na_object, type(None))
        return make(coerce=coerce)
    if not _is_missing_value(na_object):
        raise ValueError(f"na_object is {with_article(type(na_object).__name__)}")
    return make(coerce=coerce, na_object=na_object)


def _is_missing_value(value: Any) -> bool:
    """Whether numpy's own code expects a value as `na_object`: None, a NaN, a text, or pandas.NA."""
    if type(value) is float:
        return value != value
    return value is None or type(value) is str or full_name(type(value)) in _PANDAS_NA


def _check_string_dtype(rows: Rows) -> None:
    charge(rows, _OBJECT_BYTES)


CONVERTERS: Final[tuple[Converter[Any], ...]] = (
    Converter(
        type_id="numpy.dtype",
        types=DTYPE_TYPES,
        fields=("spelling",),
        encode=lambda dtype: (spell(dtype),),
        decode=unspell,
        check=_check,
    ),
    Converter(
        type_id="numpy.dtypes.StringDType",
        types=("numpy.dtypes.StringDType",),
        fields=("coerce", "has_na", "na_object"),
        encode=_encode_string_dtype,
        decode=_decode_string_dtype,
        check=_check_string_dtype,
    ),
)
