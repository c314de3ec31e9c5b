"""Which outputs a model gives for rows alone, and what it answers, without a trace in the model or outside of it."""

from __future__ import annotations

import contextlib
import inspect
import random
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import numpy as np

from vitrify.graph.paths import with_article
from vitrify.record.probing.comparing import Tolerance, compare
from vitrify.record.telling import told

METHODS: Final = (
    "predict", "predict_proba", "predict_log_proba", "predict_joint_log_proba", "decision_function", "transform",
    "score_samples", "apply", "decision_path", "kneighbors", "kneighbors_graph", "radius_neighbors",
    "radius_neighbors_graph", "mahalanobis",
)  # fmt: skip
_KEPT_FROM: Final = ("builtins", "numpy", "scipy", "pandas", "datetime", "decimal")

Method = Callable[[Any], Any]


def output_methods(model: Any) -> dict[str, Method]:
    """The methods that give an output for rows alone: those of `METHODS`, and all others called `predict…`."""
    others = sorted({name for name in dir(type(model)) if name.startswith("predict")} - set(METHODS))
    found = {name: _method(model, name) for name in (*METHODS, *others)}
    return {name: method for name, method in found.items() if method is not None}


def _method(model: Any, name: str) -> Method | None:
    try:
        method = getattr(model, name, None)
    except Exception:  # noqa: BLE001  # what the condition of a method can raise has no end
        return None
    return method if callable(method) and _takes_rows_alone(method) else None


def _takes_rows_alone(method: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(method).parameters.values()
    except (TypeError, ValueError):  # compiled methods may have none
        return True
    places = [
        one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD, one.VAR_POSITIONAL)
    ]
    required = [
        one for one in parameters if one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
    ]
    return bool(places) and len(required) <= 1 and all(one in places for one in required)


def answers(methods: Mapping[str, Method], X: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """What each method gives for the rows, and why others give nothing that can be kept."""
    outputs: dict[str, Any] = {}
    failed: dict[str, str] = {}
    for name, method in methods.items():
        try:
            output = method(copied(X))
            again = method(copied(X))
        except Exception as error:  # noqa: BLE001  # what a model can raise has no end
            failed[name] = told(error)
            continue
        if not is_kept(output):
            failed[name] = f"gives {with_article(type(output).__qualname__)}, or holds values, that no record keeps"
        elif compare(output, again, Tolerance()).status == "different":
            failed[name] = "not deterministic: a second call gave another result"
        else:
            outputs[name] = output
    return outputs, failed


def copied(X: Any) -> Any:
    """The rows in memory of their own: some models write into their input."""
    if isinstance(X, list):
        return [dict(row) if isinstance(row, dict) else row for row in X]
    return X.copy(order="K") if isinstance(X, np.ndarray) else X.copy()


def is_kept(value: Any) -> bool:
    """Whether a record can hold a value: arrays, matrices and tables, and lists, tuples and dicts of plain values."""
    kind = type(value)
    if kind in (list, tuple):
        return all(map(is_kept, value))
    if kind is dict:
        return all(map(is_kept, value)) and all(map(is_kept, value.values()))
    if isinstance(value, np.ndarray):
        return kind is np.ndarray and (value.dtype != object or all(map(is_kept, value.ravel().tolist())))
    if kind.__module__.split(".", maxsplit=1)[0] not in _KEPT_FROM or callable(value):
        return False
    if hasattr(value, "iloc"):
        columns = [value] if value.ndim == 1 else [value.iloc[:, i] for i in range(value.shape[1])]
        return all(is_kept(np.asarray(column.array)) for column in columns if column.dtype == object)
    return True


@contextlib.contextmanager
def undisturbed(objects: list[Any]) -> Iterator[None]:
    """Whatever is asked inside leaves no trace.

    The attributes of `objects`, the generators and search trees among them, numpy's and Python's global generators,
    warning filters and error state are what they were; warnings are not shown; scikit-learn's outputs have their
    default form.
    """
    restoring = [back for value in objects for back in _restoring(value)]
    numpy_state, python_state = np.random.get_state(), random.getstate()
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"), _default_outputs():
            warnings.simplefilter("ignore")
            yield
    finally:
        np.random.set_state(numpy_state)
        random.setstate(python_state)
        for restore in restoring:
            restore()


def _default_outputs() -> contextlib.AbstractContextManager[None]:
    sklearn: Any = sys.modules.get("sklearn")
    if sklearn is None:
        return contextlib.nullcontext()
    return sklearn.config_context(transform_output="default")  # type: ignore[no-any-return]  # untyped


def _restoring(value: Any) -> Iterator[Callable[[], object]]:
    """How an object gets its attributes back, a generator its state, and a search tree its counts of questions."""
    attributes = getattr(value, "__dict__", None)
    if isinstance(attributes, dict):
        before = dict(attributes)
        yield lambda: _put_back(attributes, before)
    if isinstance(value, np.random.RandomState):
        state = value.get_state(legacy=False)
        yield lambda: value.set_state(state)
    elif isinstance(value, np.random.Generator):
        numbers = value.bit_generator.state
        yield lambda: setattr(value.bit_generator, "state", numbers)
    elif hasattr(type(value), "get_tree_stats"):
        counted = value.__getstate__()
        yield lambda: value.__setstate__(counted)


def _put_back(attributes: dict[str, Any], before: dict[str, Any]) -> None:
    if len(attributes) != len(before) or any(attributes.get(name) is not value for name, value in before.items()):
        attributes.clear()
        attributes.update(before)
