"""What is reviewed of the standard library; its converters are imported when one of their types turns up.

Functions are values only: a name stands for a function that turns values into values, opens nothing, imports nothing
and calls nothing but what its caller hands to it.
"""

from __future__ import annotations

from typing import Final

from vitrify.graph.registry import Family

_HERE: Final = "vitrify.converters.builtins"
_PATHS: Final = ("PurePosixPath", "PureWindowsPath", "PosixPath", "WindowsPath")
_ADDRESSES: Final = ("IPv4Address", "IPv6Address", "IPv4Interface", "IPv6Interface", "IPv4Network", "IPv6Network")


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


FAMILIES: Final[tuple[Family, ...]] = (
    Family(
        module=f"{_HERE}.scalars",
        types={
            "builtins.complex": "complex",
            "builtins.range": "range",
            "builtins.slice": "slice",
            "builtins.bytearray": "bytearray",
            "builtins.ellipsis": "Ellipsis",
            "builtins.NotImplementedType": "NotImplemented",
            **_same("fractions.Fraction", "re.RegexFlag", "http.HTTPStatus", "uuid.SafeUUID"),
        },
    ),
    Family(
        module=f"{_HERE}.collections",
        types={
            **_same(
                "collections.OrderedDict", "collections.Counter", "collections.defaultdict", "collections.deque",
                "collections.ChainMap", "types.SimpleNamespace",
            ),
            "builtins.mappingproxy": "types.MappingProxyType",
        },
    ),
    Family(
        module=f"{_HERE}.times",
        types=_same(
            "datetime.date", "datetime.time", "datetime.datetime", "datetime.timedelta", "datetime.timezone",
            "zoneinfo.ZoneInfo",
        ),
    ),
    Family(
        module=f"{_HERE}.texts",
        types={
            **_same("decimal.Decimal", "uuid.UUID", *(f"ipaddress.{name}" for name in _ADDRESSES)),
            **{f"{module}.{name}": f"pathlib.{name}" for module in ("pathlib", "pathlib._local") for name in _PATHS},
        },
    ),
    Family(module=f"{_HERE}.patterns", types=_same("re.Pattern")),
    Family(module=f"{_HERE}.partials", types=_same("functools.partial")),
    Family(module=f"{_HERE}.rng", types=_same("random.Random")),
)  # fmt: skip

ATTRS: Final[dict[str, str]] = {}

_CLASSES: Final = (
    "bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "object", "range", "set",
    "slice", "str", "tuple",
)  # fmt: skip
_FUNCTIONS: Final = ("abs", "all", "any", "divmod", "len", "max", "min", "pow", "round", "sorted", "sum")
_TEXT_METHODS: Final = (
    "capitalize", "casefold", "expandtabs", "isalnum", "isalpha", "isascii", "isdecimal", "isdigit", "islower",
    "isnumeric", "isspace", "istitle", "isupper", "lower", "lstrip", "rsplit", "rstrip", "split", "splitlines", "strip",
    "swapcase", "title", "upper",
)  # fmt: skip
_MATH: Final = (
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "copysign", "cos", "cosh", "degrees", "dist",
    "erf", "erfc", "exp", "expm1", "fabs", "floor", "fmod", "frexp", "fsum", "gamma", "gcd", "hypot", "isclose",
    "isfinite", "isinf", "isnan", "isqrt", "lcm", "ldexp", "lgamma", "log", "log10", "log1p", "log2", "modf", "pow",
    "prod", "radians", "remainder", "sin", "sinh", "sqrt", "tan", "tanh", "trunc",
)  # fmt: skip
_OTHERS: Final = (
    "collections.ChainMap", "collections.Counter", "collections.OrderedDict", "collections.defaultdict",
    "collections.deque", "datetime.date", "datetime.datetime", "datetime.time", "datetime.timedelta",
    "decimal.Decimal", "fractions.Fraction", "html.unescape", "statistics.fmean", "statistics.mean",
    "statistics.median", "statistics.mode", "types.NoneType", "types.SimpleNamespace", "unicodedata.normalize",
)  # fmt: skip

NAMES: Final[dict[str, tuple[str, str]]] = {
    **{f"builtins.{name}": ("builtins", name) for name in (*_CLASSES, *_FUNCTIONS)},
    **{f"builtins.str.{name}": ("builtins", f"str.{name}") for name in _TEXT_METHODS},
    **{f"math.{name}": ("math", name) for name in _MATH},
    **{name: (name.rpartition(".")[0], name.rpartition(".")[2]) for name in _OTHERS},
}

KEYWORDS: Final[dict[str, frozenset[str]]] = {
    "builtins.int": frozenset({"base"}),
    "builtins.max": frozenset({"default"}),
    "builtins.min": frozenset({"default"}),
    "builtins.round": frozenset({"ndigits"}),
    "builtins.sorted": frozenset({"reverse"}),
    "builtins.str.rsplit": frozenset({"sep", "maxsplit"}),
    "builtins.str.split": frozenset({"sep", "maxsplit"}),
    "builtins.str.splitlines": frozenset({"keepends"}),
    "builtins.sum": frozenset({"start"}),
    "math.isclose": frozenset({"rel_tol", "abs_tol"}),
    "math.prod": frozenset({"start"}),
}
"""Id of a reviewed function → the keyword arguments that a file may give it; none where the id is missing."""

LEADING: Final[dict[str, int]] = {
    "builtins.divmod": 1,
    "builtins.max": 1,
    "builtins.min": 1,
    "collections.defaultdict": 1,
    "math.atan2": 1,
    "math.copysign": 1,
    "math.fmod": 1,
    "math.gcd": 1,
    "math.hypot": 1,
    "math.lcm": 1,
    "math.pow": 1,
    "math.remainder": 1,
    "unicodedata.normalize": 1,
}
"""Id of a reviewed function → how many leading arguments a file may give it; none where the id is missing."""
