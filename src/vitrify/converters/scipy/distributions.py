"""scipy.stats distributions: the library's own by name, frozen ones by name and arguments.

scipy builds the signature of a distribution from a text and executes it, so no text of a file ever gets there: names
come from a literal table, `shapes` is never passed. Distributions that a user subclassed or parametrised are refused.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import scipy.stats

from vitrify.converters.scipy import types_of
from vitrify.converters.scipy.names import CONTINUOUS, DISCRETE
from vitrify.converters.scipy.numbers import is_numeric, require
from vitrify.errors import UnsupportedError
from vitrify.graph.converter import Converter

_NAMES: Final = (*CONTINUOUS, *DISCRETE)
_OWN_SETTINGS: Final = ("name", "a", "b", "badvalue", "xtol", "moment_tol", "momtype", "inc")
_GENERIC: Final = (scipy.stats.rv_continuous, scipy.stats.rv_discrete)
_SAMPLE: Final = type(scipy.stats.rv_discrete(values=([0, 1], [0.5, 0.5])))
_MAX_NAME_CHARS: Final = 200


def _encode_library(distribution: Any) -> tuple[str]:
    for name in _NAMES:
        if getattr(scipy.stats, name, None) is distribution:
            return (name,)
    raise UnsupportedError(
        f"a {type(distribution).__name__} that is not scipy.stats' own instance",
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


def _encode_sample(distribution: Any) -> tuple[Any, ...]:
    found = (
        distribution.xk, distribution.pk, distribution.name, distribution.badvalue, distribution.moment_tol,
        distribution.inc, _own_random(distribution),
    )  # fmt: skip
    if not _is_sample(*found[:6]):
        raise UnsupportedError("an rv_discrete whose values are not numbers")
    return found


def _is_sample(xk: Any, pk: Any, name: Any, badvalue: Any, moment_tol: Any, inc: Any) -> bool:
    arrays = all(is_numeric(value) and type(value) is np.ndarray and value.ndim == 1 for value in (xk, pk))
    numbers = all(isinstance(value, (int, float, np.number)) for value in (badvalue, moment_tol, inc))
    return arrays and numbers and xk.size > 0 and isinstance(name, str) and len(name) <= _MAX_NAME_CHARS


def _decode_sample(xk: Any, pk: Any, name: Any, badvalue: Any, moment_tol: Any, inc: Any, random_state: Any) -> Any:
    require(_is_sample(xk, pk, name, badvalue, moment_tol, inc), "values must be arrays of numbers")
    distribution = scipy.stats.rv_discrete(
        values=(xk, pk), name=name, badvalue=badvalue, moment_tol=moment_tol, inc=inc
    )
    _set_random(distribution, random_state)
    return distribution


def _encode_histogram(distribution: Any) -> tuple[Any, ...]:
    counts, edges = distribution._histogram
    found = (counts, edges, distribution._density, distribution.name, _own_random(distribution))
    if not _is_histogram(*found[:4]):
        raise UnsupportedError("an rv_histogram whose values are not numbers")
    return found


def _is_histogram(counts: Any, edges: Any, density: Any, name: Any) -> bool:
    is_named = name is None or (isinstance(name, str) and len(name) <= _MAX_NAME_CHARS)
    return is_numeric(counts) and is_numeric(edges) and density in (None, True, False) and is_named


def _decode_histogram(counts: Any, edges: Any, density: Any, name: Any, random_state: Any) -> Any:
    require(_is_histogram(counts, edges, density, name), "values must be numbers")
    for values, least in ((counts, 1), (edges, 2)):
        require(np.ndim(values) == 1 and np.size(values) >= least, "a histogram has one row of counts and one of edges")
    require(np.all(np.diff(edges) > 0), "the edges of a histogram must increase")
    # Left out, `density` would be taken as True with a warning that its author has seen already.
    distribution = scipy.stats.rv_histogram((counts, edges), density=density is not False, name=name)
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
    ),
    Converter(
        type_id="scipy.stats.frozen",
        types=types_of("scipy.stats.frozen"),
        fields=("distribution", "args", "kwds", "random_state"),
        encode=_encode_frozen,
        decode=_decode_frozen,
    ),
    Converter(
        type_id="scipy.stats.rv_sample",
        types=types_of("scipy.stats.rv_sample"),
        fields=("xk", "pk", "name", "badvalue", "moment_tol", "inc", "random_state"),
        encode=_encode_sample,
        decode=_decode_sample,
    ),
    Converter(
        type_id="scipy.stats.rv_histogram",
        types=types_of("scipy.stats.rv_histogram"),
        fields=("counts", "edges", "density", "name", "random_state"),
        encode=_encode_histogram,
        decode=_decode_histogram,
    ),
)
