"""What is reviewed of numpy beyond plain arrays and scalars, which the object graph knows by itself.

The converters are imported when one of their types turns up; `names` lists the classes and functions.
"""

from __future__ import annotations

from typing import Final

from vitrify.converters.numpy.names import KEYWORDS as KEYWORDS
from vitrify.converters.numpy.names import LEADING as LEADING
from vitrify.converters.numpy.names import NAMES as NAMES
from vitrify.graph.registry import Family

_HERE: Final = "vitrify.converters.numpy"
_DTYPE_CLASSES: Final = (
    "Bool", "Bytes", "Byte", "UByte", "Short", "UShort", "CLongDouble", "Complex128", "Complex64", "DateTime64",
    "Float16", "Float32", "Float64", "Int", "Int16", "Int32", "Int64", "Int8", "Long", "LongDouble", "LongLong",
    "Object", "Str", "TimeDelta64", "UInt", "UInt16", "UInt32", "UInt64", "UInt8", "ULong", "ULongLong", "Void",
)  # fmt: skip
_DTYPE_SCALARS: Final = (
    "bool_", "bytes_", "complex128", "complex192", "complex256", "complex64", "clongdouble", "datetime64", "float128",
    "float16", "float32", "float64", "float96", "int16", "int32", "int64", "int8", "intc", "long", "longdouble",
    "longlong", "object_", "str_", "timedelta64", "uint16", "uint32", "uint64", "uint8", "uintc", "ulong", "ulonglong",
    "void",
)  # fmt: skip
DTYPE_TYPES: Final = (
    *(f"numpy.dtypes.{name}DType" for name in _DTYPE_CLASSES),
    *(f"numpy.dtype[{name}]" for name in _DTYPE_SCALARS),
)
"""What the class of a dtype object is called: since numpy 1.25, and before."""

FAMILIES: Final[tuple[Family, ...]] = (
    Family(
        module=f"{_HERE}.dtypes",
        types={
            **dict.fromkeys(DTYPE_TYPES, "numpy.dtype"),
            "numpy.dtypes.StringDType": "numpy.dtypes.StringDType",
        },
    ),
    Family(
        module=f"{_HERE}.scalars",
        types={
            "numpy.str_": "numpy.str_",
            "numpy.bytes_": "numpy.bytes_",
            "numpy.datetime64": "numpy.datetime64",
            "numpy.timedelta64": "numpy.timedelta64",
            "numpy.void": "numpy.void",
            "numpy.record": "numpy.record",
            "numpy.rec.record": "numpy.record",
            "numpy.longdouble": "numpy.longdouble",
            "numpy.float96": "numpy.longdouble",
            "numpy.float128": "numpy.longdouble",
            "numpy.clongdouble": "numpy.clongdouble",
            "numpy.complex192": "numpy.clongdouble",
            "numpy.complex256": "numpy.clongdouble",
            "numpy.longlong": "numpy.longlong",
            "numpy.ulonglong": "numpy.ulonglong",
            "numpy.intc": "numpy.intc",
            "numpy.uintc": "numpy.uintc",
        },
    ),
    Family(
        module=f"{_HERE}.subclasses",
        types={
            "numpy.matrix": "numpy.matrix",
            "numpy.recarray": "numpy.recarray",
            "numpy.rec.recarray": "numpy.recarray",
            "numpy.chararray": "numpy.chararray",
            "numpy.char.chararray": "numpy.chararray",
            "numpy.poly1d": "numpy.poly1d",
        },
    ),
    Family(
        module=f"{_HERE}.masked",
        types={
            "numpy.ma.MaskedArray": "numpy.ma.MaskedArray",
            "numpy.ma.core.MaskedArray": "numpy.ma.MaskedArray",
            "numpy.ma.core.MaskedConstant": "numpy.ma.masked",
        },
    ),
    Family(module=f"{_HERE}.strings", types={"numpy.ndarray[StringDType]": "numpy.StringArray"}),
    Family(
        module=f"{_HERE}.random",
        types={
            "numpy.random.mtrand.RandomState": "numpy.random.RandomState",
            "numpy.random._generator.Generator": "numpy.random.Generator",
            "numpy.random._mt19937.MT19937": "numpy.random.MT19937",
            "numpy.random._pcg64.PCG64": "numpy.random.PCG64",
            "numpy.random._pcg64.PCG64DXSM": "numpy.random.PCG64DXSM",
            "numpy.random._philox.Philox": "numpy.random.Philox",
            "numpy.random._sfc64.SFC64": "numpy.random.SFC64",
            "numpy.random.bit_generator.SeedSequence": "numpy.random.SeedSequence",
        },
    ),
)
ATTRS: Final[dict[str, str]] = {}
