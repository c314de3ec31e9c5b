"""Parameters that act after loading: what a file may set, whatever the class.

A file of a stranger may ask for much work, as a long training does, but not for what happens behind a prediction's
back: pickles read from a folder, more threads than a machine can start, expressions that are evaluated. What holds for
an attribute holds for what sets it when a model is fitted: grids of searches, and the names that ensembles give to
their members (attacks F32, F34, F36).

Classes of the caller's own are free, but for parameters that they take over from a reviewed library.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from msgspec import Struct

from vitrify.container.limits import Limits
from vitrify.errors import StateError, UnsupportedError
from vitrify.graph.members import attributes
from vitrify.graph.registry import REVIEWED_LIBRARIES
from vitrify.graph.rows import UNBUILT, Place, Rows

MAX_WORKERS: Final = 1024
_MAX_UNSEEN_FEATURES: Final = 1 << 24
_UNSEEN: Final = "n_features_in_ is {}, and no array of the object has that size"
_DISPATCH: Final = re.compile(r"all|n_jobs|\d{1,4}(?:\.\d{1,4})? ?\* ?n_jobs|n_jobs ?\* ?\d{1,4}|\d{1,9}")
_SCALARS: Final = (type(None), bool, int, float, complex, str, bytes, np.generic)


class _Setting(Struct, frozen=True, kw_only=True):
    """What an object sets, in itself or in others: `what` in words, the parameter it is, and the value."""

    what: str
    name: str
    value: object
    is_in_grid: bool


@functools.lru_cache(maxsize=4096)
def _inherited(cls: Any) -> frozenset[str]:
    """What has a policy and comes from a base of a reviewed library: its parameters, and what a fit makes of them."""
    found = set[str]()
    for base in cls.__mro__:
        if str(base.__module__).partition(".")[0] in REVIEWED_LIBRARIES:
            taken = _parameters(base)
            found |= {name for name in _POLICY if name in taken or name.strip("_") in taken}
    return frozenset(found)


def _parameters(cls: Any) -> set[str]:
    """The parameters of the constructor that a class defines itself."""
    try:
        return set(inspect.signature(vars(cls)["__init__"]).parameters)
    except (KeyError, TypeError, ValueError):  # it defines none, or a compiled one
        return set()


def restricted(cls: Any, names: Iterable[str], *, is_reviewed: bool) -> list[str]:
    """Attributes that are, or become in a member of the object, parameters that not every file may set."""
    if is_reviewed:
        return _standing_for(_POLICY, names)
    inherited = _inherited(cls)
    return [name for name in names if name in inherited]


def _standing_for(parameters: Container[str], names: Iterable[str]) -> list[str]:
    """The names that stand for one of the parameters; asked for all attributes of all tables of each file."""
    return [name for name in names if (_last(name) if "__" in name else name) in parameters]


def unrestorable(
    type_id: str, cls: type, columns: Mapping[str, Sequence[object]], *, is_reviewed: bool
) -> tuple[int, UnsupportedError] | None:
    """The first row that `load` would not take, and why; what is never saved aside."""
    for name in restricted(cls, columns, is_reviewed=is_reviewed):
        if name not in NEVER_SAVED:
            for row, value in enumerate(columns[name]):
                for setting in _settings(name, value):
                    problem = _problem(setting)
                    if problem is not None:
                        hint = "Take it out of the grid" if setting.is_in_grid else "Set it when the model is loaded"
                        return row, UnsupportedError(f"{type_id}: {problem}", hint=hint)
    for row, value in _wide(columns.get("n_features_in_", ()) if is_reviewed else ()):
        held = (column[row] for column in columns.values())
        if not any(value in array.shape for array in held if type(array) is np.ndarray):
            return row, UnsupportedError(f"{type_id}: {_UNSEEN.format(value)}", hint="Use fewer features")
    return None


def require_state(cls: Any, state: object) -> None:
    """The same for the state that an object of a caller's class asks to get back; there, nothing is left out.

    Raises:
        UnsupportedError: It sets a parameter as no file may.
    """
    for part in state if isinstance(state, tuple) else (state,):
        for name, value in part.items() if type(part) is dict else ():
            problem = None if name not in _inherited(cls) else why_refused(name, value)
            if problem is not None:
                raise UnsupportedError(
                    f"{cls.__qualname__}: {name} {problem}", hint="Leave it out of what __getstate__ gives"
                )


def check_parameters(rows: Rows) -> None:
    """Fail for an object of a reviewed class with a plain value that no file may set so, before it is built."""
    for name in _standing_for(_PLAIN, rows.columns):
        last = _last(name)
        for row, value in enumerate(rows.values(name)):
            is_later = value is UNBUILT and last not in NEVER_SAVED  # `check_built` looks at what it has become
            problem = None if is_later else why_refused(last, value)
            if problem is not None:
                rows.fail(row, f"{name} {problem}")
            if last in _WORKERS and _count(value) > rows.limits.workers:
                path = rows.path(rows.table, rows.first + row)
                rows.limits.require("workers", _count(value), f"{rows.type_id}: {name}", path)
    if rows.has("n_features_in_"):
        _check_input_width(rows)


def check_built(
    type_id: str, objects: Sequence[Any], limits: Limits, path: Callable[[int], str], *, is_reviewed: bool
) -> None:
    """Fail for an object that was made of a file with a parameter that no file may set so, however it got there.

    Raises:
        StateError: It has one.
        LimitError: It asks for more workers than `limits` allows.
    """
    if is_reviewed and not (objects and _standing_for(_POLICY, attributes(objects[0]))):
        return  # all have the same attributes
    for row, target in enumerate(objects):
        for setting in _settings_of(target, is_reviewed=is_reviewed):
            problem = _problem(setting)
            if problem is not None:
                raise StateError(f"{type_id}: {problem}", path=path(row))
            if setting.name in _WORKERS and _count(setting.value) > limits.workers:
                limits.require("workers", _count(setting.value), f"{type_id}: {setting.what}", path(row))


def opens_files(target: Any, *, is_reviewed: bool = False) -> bool:
    """Whether an object, or what it sets when it is fitted, opens the files whose names it is given as texts."""
    found = _settings_of(target, is_reviewed=is_reviewed)
    return any(one.name == "input" and isinstance(one.value, str) and one.value == "filename" for one in found)


def why_refused(name: str, value: object) -> str | None:
    """Why no file may give the parameter this value, as what follows its name; None if it may."""
    return _POLICY[name](value)


def _problem(setting: _Setting) -> str | None:
    problem = why_refused(setting.name, setting.value)
    joint = ", which " if setting.is_in_grid else " "
    return None if problem is None else f"{setting.what}{joint}{problem}"


def _settings_of(target: Any, *, is_reviewed: bool) -> Iterator[_Setting]:
    cls: Any = type(target)
    if is_reviewed or _inherited(cls):
        held = attributes(target)
        for name in restricted(cls, held, is_reviewed=is_reviewed):
            yield from _settings(name, held[name])


def _settings(name: str, value: object) -> Iterator[_Setting]:
    """What an attribute sets: itself; if it is a grid, all that its keys name, also of grids in it."""
    waiting: list[tuple[str, str, object]] = [("", name, value)]
    seen = set[int]()
    while waiting:
        grid, name, value = waiting.pop()
        last = _last(name)
        if last not in _GRIDS or value is ...:
            if last in _POLICY:
                what = f"{grid} sets {name[:80]}" if grid else name
                yield _Setting(what=what, name=last, value=value, is_in_grid=bool(grid))
        elif id(value) not in seen:
            seen.add(id(value))
            waiting += [(grid or name, key, held) for key, held in _named_in(value)]


def _named_in(grid: object) -> list[tuple[str, object]]:
    """The keys of all dicts of a grid, whatever containers it is made of, with each of their values.

    A text beside the dicts stands for a key whose values are not known, and so does one whose values are not listed.
    """
    found: list[tuple[str, object]] = []
    waiting, seen = [grid], set[int]()
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            found.append((part, ...))
        elif id(part) not in seen and not isinstance(part, (type, *_SCALARS)):
            seen.add(id(part))
            if isinstance(part, Mapping):
                for key, values in part.items():
                    found += [(key, value) for value in _listed(key, values)] if isinstance(key, str) else ()
            elif isinstance(part, (list, tuple, set, frozenset)):
                waiting += part
            elif isinstance(part, np.ndarray):
                waiting += part.ravel().tolist() if part.dtype.kind in "OUT" else ()
            else:
                waiting += attributes(part).values()
    return found


def _listed(key: str, values: object) -> list[object]:
    if _last(key) in _POLICY and _last(key) not in NEVER_SAVED:
        if isinstance(values, np.ndarray):
            return values.ravel().tolist()
        if isinstance(values, (list, tuple)):
            return list(values)
    return [...]


def _last(name: str) -> str:
    """The parameter that a name of `set_params` stands for: `memory` of `steps__memory`."""
    return name.rpartition("__")[2]


def _count(value: object) -> int:
    """Each worker of joblib is a process with libraries of its own: a thousand take more memory than there is."""
    return int(value) if isinstance(value, (int, np.integer)) else 0


def _check_input_width(rows: Rows) -> None:
    """So many names of features are made on demand: a large number needs an array of that size to go with it."""
    for row, value in _wide(rows.values("n_features_in_")):
        held = (rows.places(name)[row] for name in rows.columns)
        if not any(value in (place.shape or ()) for place in held if isinstance(place, Place)):
            rows.fail(row, _UNSEEN.format(value))


def _wide(values: Sequence[object]) -> list[tuple[int, int]]:
    """The rows of numbers of features that are large, and these."""
    ints = [(row, int(value)) for row, value in enumerate(values) if isinstance(value, (int, np.integer))]
    return [(row, value) for row, value in ints if value > _MAX_UNSEEN_FEATURES]


def _never(value: object) -> str | None:
    return None if value is None else "is never in a file"


def _callbacks(_: object) -> str:
    return "is never in a file"


def _workers(value: object) -> str | None:
    """Only ints: joblib takes `int()` of what it gets, texts among it."""
    if value is None:
        return None
    if not isinstance(value, (int, np.integer)):
        return "must be None or an int"
    return f"asks for more than {MAX_WORKERS} workers" if abs(int(value)) > MAX_WORKERS else None


def _dispatch(value: object) -> str | None:
    """Only such texts: joblib evaluates them."""
    is_product = _DISPATCH.fullmatch(value) if isinstance(value, str) else _is_plain(value)
    return None if is_product else "must be 'all', a number, or a number times n_jobs"


def _text(value: object) -> str | None:
    """An array of one text equals that text, but is none."""
    return None if _is_plain(value) or isinstance(value, str) else "must be a text"


def _attribute(value: object) -> str | None:
    """scikit-learn follows a text as a path of attributes."""
    has_dunder = isinstance(value, str) and any(part.startswith("__") for part in value.split("."))
    return "must be a path of attributes without dunders" if has_dunder or value is ... else None


def _members(value: object) -> str | None:
    """What members of an ensemble get by these names would be looked for at the ensemble itself."""
    names = value if isinstance(value, (tuple, list)) else [value]
    if all(isinstance(name, str) and "__" not in name and name not in _POLICY for name in names):
        return None
    return "names what no file may set in members of an ensemble"


def _methods(value: object) -> str | None:
    """scikit-learn calls the method of that name of whatever stands where it expects an estimator.

    Of a path, say, `write_bytes` would write the input of `predict`.
    """
    names = value if isinstance(value, (tuple, list)) else [value]
    if all(name is None or (isinstance(name, str) and name in _METHODS) for name in names):
        return None
    return "names a method that no estimator answers with"


def _resource(value: object) -> str | None:
    """A halving search sets the parameter of this name."""
    is_free = isinstance(value, str) and _last(value) not in _POLICY
    return None if is_free or _is_plain(value) else "names a parameter that no file may set"


def _grid(value: object) -> str | None:
    """What it holds is checked instead, if that can be seen."""
    return "must be a list of grids" if value is ... else None


def _is_plain(value: object) -> bool:
    return value is None or (isinstance(value, (int, float, np.number)) and not isinstance(value, np.complexfloating))


NEVER_SAVED: Final[Mapping[str, str]] = {
    "memory": "a cache folder named by a file could make a later fit load pickles; it comes back as None",
    "_skl_callbacks": "callbacks act while a model is fitted; give it new ones with set_callbacks",
}
"""Attributes that are left out, with a warning that says why (attacks F32)."""
_WORKERS: Final = ("n_jobs", "n_threads")
"""`Limits.workers` bounds them as well."""
_METHODS: Final = frozenset({"auto", "predict", "predict_proba", "predict_log_proba", "decision_function"})
_NAME_METHODS: Final = (
    "stack_method_", "stack_method", "chain_method_", "chain_method", "response_method", "_response_method",
)  # fmt: skip
_GRIDS: Final = ("param_grid", "param_distributions")
_PLAIN: Final[Mapping[str, Callable[[object], str | None]]] = {
    "memory": _never,
    "_skl_callbacks": _callbacks,
    **dict.fromkeys(_WORKERS, _workers),
    "pre_dispatch": _dispatch,
    "input": _text,
}
"""What is wrong with a value, for parameters that have plain ones."""
_POLICY: Final[Mapping[str, Callable[[object], str | None]]] = {
    **_PLAIN,
    "importance_getter": _attribute,
    "estimator_params": _members,
    "resource": _resource,
    **dict.fromkeys(_NAME_METHODS, _methods),
    **dict.fromkeys(_GRIDS, _grid),
}
