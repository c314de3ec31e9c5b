"""scipy.stats distributions: the library's own by name, frozen ones by name and arguments.

scipy builds the signature of a distribution from a text and executes it, so no text of a file ever gets there: names
come from a literal table, `shapes` is never passed. Distributions that a user subclassed or parametrised are refused.
"""

from __future__ import annotations

import math
import re
from typing import Any, Final

import numpy as np
import scipy.stats

from vitrify.converters.checking.claims import is_numeric, require
from vitrify.converters.scipy import types_of
from vitrify.converters.scipy.names import CONTINUOUS, DISCRETE
from vitrify.converters.scipy.rowwise import charged
from vitrify.errors import UnsupportedError
from vitrify.graph.converter import Converter
from vitrify.graph.paths import with_article

_NAME_BYTES: Final = 100
_FROZEN_BYTES: Final = 200_000
_NAMES: Final = (*CONTINUOUS, *DISCRETE)
_OWN_SETTINGS: Final = ("name", "a", "b", "badvalue", "xtol", "moment_tol", "momtype", "inc")
_GENERIC: Final = (scipy.stats.rv_continuous, scipy.stats.rv_discrete)
_SAMPLE: Final = type(scipy.stats.rv_discrete(values=([0, 1], [0.5, 0.5])))
_NAME: Final = re.compile(r"[\w .-]{1,200}")


def _encode_library(distribution: Any) -> tuple[str]:
    for name in _NAMES:
        if getattr(scipy.stats, name, None) is distribution:
            return (name,)
    raise UnsupportedError(
        f"{with_article(type(distribution).__name__)} that is not scipy.stats' own instance",
        hint=f"Use scipy.stats.{distribution.name} itself, or freeze it",
    )


def _decode_library(name: Any) -> Any:
    require(isinstance(name, str) and name in _NAMES, f"unknown distribution {str(name)[:80]!r}")
    distribution = getattr(scipy.stats, name, None)
    if not isinstance(distribution, _GENERIC):
        raise UnsupportedError(f"scipy.stats.{name} does not exist in the scipy {scipy.__version__} installed here")
    return distribution


def _encode_frozen(frozen: Any) -> tuple[Any, ...]:
    args, kwds = tuple(frozen.args), dict(frozen.kwds)
    if not _are_arguments(args, kwds):
        raise UnsupportedError(f"a frozen {frozen.dist.name} distribution with arguments that are not numbers")
    return _original(frozen.dist), args, kwds, _own_random(frozen)


def _decode_frozen(distribution: Any, args: Any, kwds: Any, random_state: Any) -> Any:
    require(isinstance(distribution, _GENERIC), "not a distribution")
    require(_are_arguments(args, kwds), "arguments must be numbers or arrays of them")
    frozen = distribution(*args, **kwds)
    _set_random(frozen, random_state)
    return frozen


def _are_arguments(args: Any, kwds: Any) -> bool:
    if type(args) is not tuple or type(kwds) is not dict or not all(type(key) is str for key in kwds):
        return False
    return all(map(is_numeric, args)) and all(map(is_numeric, kwds.values()))


def _original(distribution: Any) -> Any:
    """The library's distribution that a frozen one is a copy of, or the copy itself where it holds its own data."""
    if type(distribution) in (_SAMPLE, scipy.stats.rv_histogram):
        return distribution
    for name in _NAMES:
        known = getattr(scipy.stats, name, None)
        if type(known) is type(distribution) and _settings(known) == _settings(distribution):
            return known
    raise UnsupportedError(
        f"a frozen {distribution.name}, a distribution that is not scipy.stats' own",
        hint="Freeze a distribution of scipy.stats, such as scipy.stats.uniform(0, 1)",
    )


def _settings(distribution: Any) -> list[Any]:
    found = [getattr(distribution, name, None) for name in _OWN_SETTINGS]
    return ["nan" if isinstance(value, float) and math.isnan(value) else value for value in found]


def _own_random(holder: Any) -> Any:
    """The random state that the user gave; None for numpy's global one, which no file carries."""
    state = holder.random_state
    return None if state is np.random.mtrand._rand else state


def _set_random(holder: Any, state: Any) -> None:
    require(state is None or isinstance(state, (np.random.RandomState, np.random.Generator)), "not a random state")
    if state is not None:
        holder.random_state = state


def _constructor(distribution: Any, defaults: dict[str, Any]) -> tuple[Any, ...]:
    """What the user gave the constructor: name, long name and seed; other settings must be the defaults.

    Raises:
        UnsupportedError: Others are not, or a name has other signs than words have.
    """
    given = distribution._ctor_param
    changed = [name for name, value in defaults.items() if given.get(name, value) != value]
    names = given.get("name"), given.get("longname")
    if changed or not _is_labelled(*names, given.get("seed")):
        raise UnsupportedError(
            f"an {type(distribution).__name__} with settings of its own: {', '.join(changed) or names}"
        )
    return (*names, given.get("seed"))


def _is_labelled(name: Any, longname: Any, seed: Any) -> bool:
    is_seed = seed is None or type(seed) is int or isinstance(seed, (np.random.RandomState, np.random.Generator))
    return is_seed and all(text is None or (type(text) is str and _NAME.fullmatch(text)) for text in (name, longname))


def _encode_sample(distribution: Any) -> tuple[Any, ...]:
    labels = _constructor(distribution, {"moment_tol": 1e-8, "inc": 1})
    values = distribution._ctor_param["values"]
    if not _is_pair(values):
        raise UnsupportedError("an rv_discrete whose values are not numbers")
    return (values, *labels, _own_random(distribution))


def _decode_sample(values: Any, name: Any, longname: Any, seed: Any, random_state: Any) -> Any:
    require(_is_pair(values), "values must be two rows of numbers")
    require(_is_labelled(name, longname, seed), "impossible name or seed")
    require(np.size(values[0]), "a distribution needs values")
    distribution = scipy.stats.rv_discrete(values=values, name=name, longname=longname, seed=seed)
    _set_random(distribution, random_state)
    return distribution


def _is_pair(values: Any) -> bool:
    return type(values) in (tuple, list) and len(values) == 2 and is_numeric(values)


def _encode_histogram(distribution: Any) -> tuple[Any, ...]:
    labels = _constructor(distribution, {"momtype": 1, "xtol": 1e-14})
    histogram, density = distribution._histogram, distribution._density
    if not _is_pair(histogram) or not any(density is known for known in (None, True, False)):
        raise UnsupportedError("an rv_histogram whose values are not numbers")
    return (histogram, density, *labels, _own_random(distribution))


def _decode_histogram(histogram: Any, density: Any, name: Any, longname: Any, seed: Any, random_state: Any) -> Any:
    require(_is_pair(histogram), "a histogram is two rows of numbers")
    require(_is_labelled(name, longname, seed), "impossible name or seed")
    require(any(density is known for known in (None, True, False)), "density is True, False or None")
    for values, least in zip(histogram, (1, 2), strict=True):
        require(np.ndim(values) == 1 and np.size(values) >= least, "a histogram is two rows of numbers")
    widths = np.diff(histogram[1])
    require(np.all(widths > 0), "the edges of a histogram must increase")
    # Left out where bins vary, `density` is taken as True, with a warning that its author has seen already.
    known = True if density is None and not np.allclose(widths, widths[0]) else density
    distribution = scipy.stats.rv_histogram(histogram, density=known, name=name, longname=longname, seed=seed)
    distribution._density = density
    _set_random(distribution, random_state)
    return distribution


CONVERTERS: tuple[Converter[Any], ...] = (
    Converter(
        type_id="scipy.stats.distribution",
        types=types_of("scipy.stats.distribution"),
        fields=("name",),
        encode=_encode_library,
        decode=_decode_library,
        check=charged(_NAME_BYTES),
    ),
    Converter(
        type_id="scipy.stats.frozen",
        types=types_of("scipy.stats.frozen"),
        fields=("distribution", "args", "kwds", "random_state"),
        encode=_encode_frozen,
        decode=_decode_frozen,
        check=charged(_FROZEN_BYTES),
    ),
    Converter(
        type_id="scipy.stats.rv_sample",
        types=types_of("scipy.stats.rv_sample"),
        fields=("values", "name", "longname", "seed", "random_state"),
        encode=_encode_sample,
        decode=_decode_sample,
        check=charged(_FROZEN_BYTES),
    ),
    Converter(
        type_id="scipy.stats.rv_histogram",
        types=types_of("scipy.stats.rv_histogram"),
        fields=("histogram", "density", "name", "longname", "seed", "random_state"),
        encode=_encode_histogram,
        decode=_decode_histogram,
        check=charged(_FROZEN_BYTES),
    ),
)
