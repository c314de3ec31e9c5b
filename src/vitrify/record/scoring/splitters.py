"""How data is split into folds: scikit-learn's splitters as plain parameters, and back.

Only the splitters of a closed table are made again from what a file says; folds that came as indices, or from a class
of the caller's, can be repeated only where the caller gives them again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from blake3 import blake3

from vitrify.errors import UnsupportedError
from vitrify.graph.paths import cut
from vitrify.graph.registry import find
from vitrify.record.summary import Json, Splitter

MAX_FOLDS: Final = 10_000
INDICES: Final = "builtins.list"  # the folds as pairs of indices
FOLDS: Final = "folds_digest"  # of splitters that no parameters describe
_MODULE: Final = "sklearn.model_selection."
_SHUFFLED: Final = ("n_splits", "shuffle", "random_state")
_DRAWN: Final = ("n_splits", "test_size", "train_size", "random_state")
_REPEATED: Final = ("n_splits", "n_repeats", "random_state")


class _Kind(NamedTuple):
    parameters: tuple[str, ...]
    needs_groups: bool = False


_KINDS: Final[Mapping[str, _Kind]] = {
    f"{_MODULE}{name}": kind
    for name, kind in {
        "KFold": _Kind(_SHUFFLED),
        "StratifiedKFold": _Kind(_SHUFFLED),
        "GroupKFold": _Kind(_SHUFFLED, needs_groups=True),
        "StratifiedGroupKFold": _Kind(_SHUFFLED, needs_groups=True),
        "RepeatedKFold": _Kind(_REPEATED),
        "RepeatedStratifiedKFold": _Kind(_REPEATED),
        "ShuffleSplit": _Kind(_DRAWN),
        "StratifiedShuffleSplit": _Kind(_DRAWN),
        "GroupShuffleSplit": _Kind(_DRAWN, needs_groups=True),
        "TimeSeriesSplit": _Kind(("n_splits", "max_train_size", "test_size", "gap")),
        "LeaveOneOut": _Kind(()),
        "LeavePOut": _Kind(("p",)),
        "LeaveOneGroupOut": _Kind((), needs_groups=True),
        "LeavePGroupsOut": _Kind(("n_groups",), needs_groups=True),
    }.items()
}


def resolved(model: Any, cv: Any, y: Any) -> Any:
    """The splitter that `cross_validate` uses for `cv`: stratified folds for a classifier and a number.

    Raises:
        UnsupportedError: It is nothing that splits data.
    """
    from sklearn.base import is_classifier
    from sklearn.model_selection import check_cv

    try:
        return check_cv(cv, y, classifier=is_classifier(model))
    except (ValueError, TypeError, AttributeError) as error:
        raise UnsupportedError(
            f"cv= does not say how to split the data ({error})",
            hint="Give a number of folds, a splitter of sklearn.model_selection, or pairs of indices",
        ) from error


def described(splitter: Any, *, has_groups: bool = False, n_splits: int = 0) -> Splitter:
    """What is kept of a splitter that `resolved` gave.

    Raises:
        UnsupportedError: It draws other folds each time.
    """
    name = type_name(splitter)
    parameters = _parameters(splitter)
    seed = parameters.get("random_state", 0)
    if parameters.get("shuffle", True) and not (isinstance(seed, (int, np.integer)) and not isinstance(seed, bool)):
        raise UnsupportedError(
            f"{type(splitter).__name__} draws its folds with random_state={cut(str(seed))}, so they cannot be repeated",
            hint="Give it a number as random_state=",
        )
    plain = {key: _plain(value) for key, value in parameters.items() if _is_plain(value)}
    return Splitter(type=name, parameters=plain, n_splits=n_splits, has_groups=has_groups)


def type_name(splitter: Any) -> str:
    """The dotted name that is kept: that of the public module for scikit-learn's own."""
    cls = type(splitter)
    if cls.__name__ == "_CVIterableWrapper":
        return INDICES
    public = f"{_MODULE}{cls.__name__}"
    if find("sklearn.model_selection", cls.__name__) is cls:
        return public
    return f"{cls.__module__}.{cls.__qualname__}"


def shown_name(splitter: Any) -> str:
    """What a message calls it: the name of its class, or the argument that held the folds themselves."""
    return "cv=" if type_name(splitter) == INDICES else type(splitter).__name__


def is_repeatable(stored: Splitter) -> bool:
    """Whether it is made again from what is stored: one of the closed table."""
    return stored.type in _KINDS


def fold_digest(train: Any, test: Any) -> bytes:
    """The digest of the rows of one fold; empty where they are no indices or flags."""
    hasher = blake3()
    for part in (train, test):
        try:
            rows = np.asarray(part)
        except ValueError:  # rows of several lengths
            return b""
        if rows.ndim != 1 or rows.dtype.kind not in "biu":
            return b""
        indices = np.flatnonzero(rows) if rows.dtype.kind == "b" else rows
        hasher.update(len(indices).to_bytes(8, "little") + indices.astype("<i8").tobytes())
    return hasher.digest()


def folds_digest(digests: Sequence[bytes]) -> str:
    """That of all folds, by which they are told from others; empty where one of them has none."""
    return blake3(b"".join(digests)).hexdigest() if digests and all(digests) else ""


def with_folds(splitter: Splitter, n_splits: int, digest: str = "") -> Splitter:
    """The same splitter, with the folds that it made: their number and, where no parameters say which, their digest."""
    parameters = splitter.parameters
    if digest and not is_repeatable(splitter):
        parameters = {**parameters, FOLDS: digest}
    return Splitter(type=splitter.type, parameters=parameters, n_splits=n_splits, has_groups=splitter.has_groups)


def needs_groups(name: str) -> bool | None:
    """Whether a splitter of scikit-learn splits by groups; None for others, which may."""
    kind = _KINDS.get(name)
    return None if kind is None else kind.needs_groups


def _parameters(splitter: Any) -> dict[str, Any]:
    kind = _KINDS.get(type_name(splitter))
    held = getattr(splitter, "__dict__", {})
    if kind is None:
        return {key: value for key, value in held.items() if not key.startswith("_")}
    held = held | held.get("cvargs", {})  # where the repeated ones keep n_splits
    return {key: held[key] for key in kind.parameters if key in held}


def _is_plain(value: Any) -> bool:
    return value is None or (isinstance(value, (bool, int, float, str, np.generic)) and _plain(value) is not None)


def _plain(value: Any) -> Json:
    plain: Json = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(plain, float) and not math.isfinite(plain) else plain


def splitter_of(stored: Splitter, cv: Any = None) -> Any:
    """The splitter that a file describes, or as text why there is none here.

    Args:
        stored: From a file: it is not believed.
        cv: The caller's own, as `resolved` gave it: used where it is of the stored kind.
    """
    kind = _KINDS.get(stored.type)
    if kind is None:
        if cv is not None and type_name(cv) == stored.type:
            return cv
        return f"its folds came from {cut(stored.type)}, which no file holds: give them again with cv="
    from sklearn import model_selection

    cls = getattr(model_selection, stored.type.removeprefix(_MODULE), None)
    if cls is None:
        return f"{stored.type} is not in this version of scikit-learn"
    if not set(stored.parameters) <= set(kind.parameters):
        return (
            f"{stored.type} has no parameters {cut(', '.join(sorted(set(stored.parameters) - set(kind.parameters))))}"
        )
    from inspect import signature

    here = signature(cls).parameters
    given = {k: v for k, v in stored.parameters.items() if k in here or (v is not None and v is not False)}
    try:
        return cls(**given)
    except (TypeError, ValueError) as error:
        return f"{stored.type} cannot be made with the stored parameters here ({error})"


def overlap(splitter: Splitter | None, n_folds: int, n_rows: int = 0) -> float:
    """Rows tested for each row trained on: by how much the training sets of different folds overlap.

    For folds of which the sizes are not known it is that of as many equal parts, 1 / (n_folds - 1).
    """
    equal_parts = 1 / max(n_folds - 1, 1)
    if splitter is None or splitter.type not in _KINDS:
        return equal_parts
    name = splitter.type.removeprefix(_MODULE)
    kept = splitter.parameters
    if name == "TimeSeriesSplit":  # parts of one size; the training sets are 1, 2, … n_folds of them
        return 2 / (n_folds + 1)
    if name in ("LeavePOut", "LeavePGroupsOut"):
        p = kept.get("p", kept.get("n_groups"))
        if not isinstance(p, int) or not 0 < p < MAX_FOLDS:
            return equal_parts
        parts = p + 1
        while math.comb(parts, p) < n_folds:
            parts += 1
        return p / (parts - p)
    if "n_repeats" in kept and isinstance(kept.get("n_splits"), int):
        return 1 / max(int(str(kept["n_splits"])) - 1, 1)
    if "test_size" not in kept:
        return equal_parts
    tested = _fraction(kept.get("test_size"), n_rows)
    trained = _fraction(kept.get("train_size"), n_rows)
    if tested is None and trained is None:
        tested = 0.2 if name == "GroupShuffleSplit" else 0.1
    tested = 1 - (trained or 0.0) if tested is None else tested
    trained = 1 - tested if trained is None else trained
    return tested / trained if 0 < tested < 1 and 0 < trained < 1 else equal_parts


def _fraction(size: Json, n_rows: int) -> float | None:
    if isinstance(size, float):
        return size
    return size / n_rows if isinstance(size, int) and n_rows else None
