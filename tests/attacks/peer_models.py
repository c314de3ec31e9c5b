"""The lies of the catalogue told to skops, pickle and joblib: the same paths, followed through a living model.

    draft = Draft(model)
    draft.array("$.tree_.nodes")["left_child"][0] = 2**40
    joblib.dump(draft.finished(), file)

A `Draft` takes the edits that `Lie` takes. Compiled objects, which would not hold a lie, are replaced by a `Part`: it
is written like the object, by each of the three, but with other state. So the bytes are those of a file in which
somebody changed just that.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from scipy import sparse, spatial
from sklearn.neighbors import BallTree, KDTree
from sklearn.tree._tree import Tree
from skops.io import _utils as skops_utils

_TREE: Final = (
    "data", "idx_array", "node_data", "node_bounds", "leaf_size", "n_levels", "n_nodes", "n_trims", "n_leaves",
    "n_splits", "n_calls", "dist_metric", "sample_weight",
)  # fmt: skip
"""The state of KDTree and BallTree, in its order."""
_POINTS: Final = ("nodes", "data", "n", "m", "leafsize", "maxes", "mins", "indices", "boxsize", "boxsize_data")
"""The same of scipy's trees; `nodes` is the memory of its compiled code."""
_DRAWS: Final = ("buffer", "buffer_pos", "has_uint32", "uinteger")
"""What the state of a bit generator has beside `state`."""

State = dict[str, Any]


class Part:
    """A compiled object as its state.

    Attributes:
        honest: The object.
        state: What a path may name: attribute → value.
    """

    def __init__(self, honest: Any) -> None:
        self.honest = honest
        self.state: State = _opened(honest)

    def __reduce__(self) -> Any:
        return _closed(self.honest, self.state)

    def of_skops(self, context: Any) -> Any:
        """The node that skops writes for the object, with the state in it replaced."""
        node = skops_utils.get_state(self.honest, context)
        closed = _closed(self.honest, self.state)
        match self.honest:
            case Tree():
                node["__reduce__"]["args"] = skops_utils.get_state(closed[1], context)
                node["content"] = skops_utils.get_state(closed[2], context)
            case KDTree() | BallTree() | np.random.RandomState():
                node["content"] = skops_utils.get_state(closed[2], context)
            case np.random.Generator():
                bits = self.state["bits"]
                node["content"]["bit_generator"] = skops_utils.get_state(_merged(bits.honest, bits.state), context)
        return node


skops_utils._get_state.register(Part)(lambda part, context: part.of_skops(context))


def _opened(honest: Any) -> State:
    match honest:
        case Tree():
            _, (n_features, n_classes, n_outputs), state = honest.__reduce__()
            arrays = {name: state[name].copy() for name in ("nodes", "values")}
            sizes = {"n_features": n_features, "n_classes": n_classes.copy(), "n_outputs": n_outputs}
            return {"max_depth": state["max_depth"], **sizes, **arrays}
        case KDTree() | BallTree():
            return {name: _own(value) for name, value in zip(_TREE, honest.__getstate__(), strict=True)}
        case np.random.RandomState():
            state = honest.get_state(legacy=False)
            return {"bits": state["state"], "all": state}
        case np.random.Generator():
            return {"bits": Part(honest.bit_generator)}
        case np.random.BitGenerator():
            state = dict(copy.deepcopy(honest.state))
            return {**state["state"], **{name: state[name] for name in _DRAWS if name in state}}
        case spatial.cKDTree():
            points = {name: _own(value) for name, value in zip(_POINTS, honest.__getstate__(), strict=True)}
            nodes = points["nodes"].view(np.int64).reshape(-1, 9)
            nodes[:, 5:7] = 0  # addresses, which scipy makes again
            nodes[nodes[:, 0] == -1, 7:] = 0  # a leaf has nothing below, and what stands there is of no one's making
            return points
    raise TypeError(f"a {type(honest).__name__} cannot be taken apart")


def _own(value: Any) -> Any:
    return np.array(value) if hasattr(value, "shape") else value


def _closed(honest: Any, state: State) -> Any:
    """What `__reduce__` of the object would give with this state."""
    if isinstance(honest, spatial.cKDTree):
        return type(honest).__new__, (type(honest),), tuple(state[name] for name in _POINTS)
    reduced: Any = honest.__reduce__()
    match honest:
        case Tree():
            arguments = (state["n_features"], state["n_classes"], state["n_outputs"])
            held = {name: state[name] for name in ("max_depth", "nodes", "values")}
            return reduced[0], arguments, {**held, "node_count": len(state["nodes"])}
        case KDTree() | BallTree():
            return *reduced[:2], tuple(state[name] for name in _TREE)
        case np.random.RandomState():
            return *reduced[:2], state["all"] | {"state": state["bits"]}
        case np.random.Generator():
            return reduced[0], (state["bits"],), *reduced[2:]
        case np.random.BitGenerator():
            return *reduced[:2], (_merged(honest, state), *reduced[2][1:])
    raise TypeError(f"a {type(honest).__name__} cannot be put together")


def _merged(honest: np.random.BitGenerator, state: State) -> State:
    """What `state` of a bit generator would give."""
    whole: State = dict(honest.state)
    inner = {name: state[name] for name in whole["state"]}
    return whole | {name: state[name] for name in _DRAWS if name in whole} | {"state": inner}


class Draft:
    """A copy of a model that takes the edits of `Lie`."""

    def __init__(self, model: Any) -> None:
        self._held = [copy.deepcopy(model)]
        self._shapes: list[tuple[Any, Any]] = []
        self.graph: dict[str, list[Any]] = {"tables": []}
        if _is_compiled(self._held[0]):
            self._held[0] = Part(self._held[0])

    def finished(self) -> Any:
        """The model to write."""
        for matrix, shape in self._shapes:
            matrix._shape = tuple(map(int, shape))
        return self._held[0]

    def ref(self, path: str) -> tuple[Any, Any]:
        """What holds the object at a path, and where."""
        owner, key = self._held, 0
        for name, item in re.findall(r"\.(\w+)|\[([^]]*)\]", path.removeprefix("$")):
            held = _opened_in(owner, key)
            owner, key = _place(held, name) if name else (held, item.strip("'") if "'" in item else int(item))
        return owner, key

    def array(self, path: str) -> Any:
        """The array there, to be changed in place."""
        owner, key = self.ref(path)
        if isinstance(owner, sparse.sparray | sparse.spmatrix) and key == "_shape":
            self._shapes.append((owner, np.array(owner._shape)))
            return self._shapes[-1][1]
        found = _get(owner, key)
        if not found.flags.writeable:
            found = found.copy()
            _set(owner, key, found)
        return found

    def put(self, owner: Any, key: Any, array: Any) -> None:
        """Another array in the place of one, of the same dtype."""
        _set(owner, key, np.asarray(array, _get(owner, key).dtype))

    def assign(self, path: str, value: Any) -> None:
        """A value, or what `ref` found, at a path."""
        _set(*self.ref(path), _get(*value) if isinstance(value, tuple) else value)


def _is_compiled(value: Any) -> bool:
    return isinstance(value, (Tree, KDTree, BallTree, spatial.cKDTree, np.random.RandomState, np.random.Generator))


def _opened_in(owner: Any, key: Any) -> Any:
    held = _get(owner, key)
    if _is_compiled(held):
        held = Part(held)
        _set(owner, key, held)
    return held


def _place(held: Any, name: str) -> tuple[Any, Any]:
    """The dict that an attribute stands in, or the object, and the key."""
    if isinstance(held, Part):
        return held.state, name
    if isinstance(held, dict):
        return held, name
    return held, next((each for each in (name, f"_{name}") if each in vars(held)), name)


def _get(owner: Any, key: Any) -> Any:
    if isinstance(owner, np.ndarray):
        return owner.flat[key]
    return owner[key] if isinstance(owner, (list, tuple, dict)) else vars(owner)[key]


def _set(owner: Any, key: Any, value: Any) -> None:
    if isinstance(owner, (list, dict)):
        owner[key] = value
    elif isinstance(owner, np.ndarray):
        owner.flat[key] = value
    else:
        vars(owner)[key] = value


Edit = Callable[[Any], None]


def told(model: Any, edit: Edit) -> Any:
    """A copy of a model with a lie in it."""
    draft = Draft(model)
    edit(draft)
    return draft.finished()
