"""Vectorizers: a vocabulary must number its words 0, 1, 2 … (attacks M19), and a hasher has a width (M20).

The numbers become column indices of a sparse matrix, which compiled code does not check.
Source: `sklearn/feature_extraction/_hashing_fast.pyx`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from vitrify.errors import UnsupportedError
from vitrify.graph.converter import AttrsRule
from vitrify.graph.invariants import IntField, every, invariants
from vitrify.graph.paths import with_article
from vitrify.graph.rows import Rows

_MAX_WIDTH: Final = 2**31 - 1
check_hasher: Final = invariants(IntField(name="n_features", low=1, high=_MAX_WIDTH))


def check_vocabulary(rows: Rows) -> None:
    """`vocabulary_` is a dict from word to a number of its own."""
    if not rows.has("vocabulary_"):
        return
    column = rows.column("vocabulary_")
    if column.of != "ref" or column.numbers is None or rows.others(column.table).type_id != "dict":
        rows.fail(0, "vocabulary_ must be a dict")
    dicts = rows.others(column.table)
    assert dicts.lengths is not None
    ends = np.cumsum(dicts.lengths)
    numbers = _numbers(dicts)
    for row, at in enumerate(column.numbers.tolist()):
        begin, end = int(ends[at]) - int(dicts.lengths[at]), int(ends[at])
        places = numbers[begin:end]
        n = end - begin
        if n and (int(places.min()) < 0 or int(places.max()) >= n or not _all_taken(places)):
            rows.fail(row, f"vocabulary_ must number its {n} entries 0 to {n - 1}, each once")


def check_ngrams(rows: Rows) -> None:
    """`ngram_range` goes from at least 1 up: every length in it is tried on every text."""
    if not rows.has("ngram_range"):
        return
    for row, ends in enumerate(rows.tuples("ngram_range")):
        if ends is None or len(ends) != 2 or not all(isinstance(end, int) for end in ends):
            continue  # Python itself refuses to count with it
        low, high = int(str(ends[0])), int(str(ends[1]))
        if not 1 <= low <= high:
            rows.fail(row, f"ngram_range must rise from at least 1, not {low} to {high}")


def require_rising_ngrams(model: Any) -> None:
    """Refuse to save what `check_ngrams` would not load.

    Raises:
        UnsupportedError: `ngram_range` falls, or begins below 1.
    """
    ends = vars(model).get("ngram_range")
    if not isinstance(ends, (tuple, list)) or len(ends) != 2 or not all(isinstance(end, int) for end in ends):
        return
    if not 1 <= ends[0] <= ends[1]:
        raise UnsupportedError(
            f"{with_article(type(model).__name__)} whose ngram_range does not rise from at least 1, but goes from "
            f"{ends[0]} to {ends[1]}",
            hint="scikit-learn refuses to fit with it, or makes words of no letters",
        )


def require_hash_width(model: Any) -> None:
    """Refuse to save what `check_hasher` would not load.

    Raises:
        UnsupportedError: `n_features` is no int from 1 to 2**31 - 1.
    """
    n_features = vars(model).get("n_features")
    if (
        not isinstance(n_features, (int, np.integer))
        or isinstance(n_features, bool)
        or not 1 <= n_features <= _MAX_WIDTH
    ):
        raise UnsupportedError(
            f"{with_article(type(model).__name__)} whose n_features is not an int from 1 to {_MAX_WIDTH}",
            hint="scikit-learn refuses to transform with it",
        )


def _all_taken(places: npt.NDArray[Any]) -> bool:
    """Whether n numbers below n are all of them."""
    taken = np.zeros(len(places), np.bool_)
    taken[places.astype(np.int64) if places.dtype.kind == "u" else places] = True
    return bool(taken.all())


def _numbers(dicts: Rows) -> npt.NDArray[Any]:
    """The values of all dicts as ints of any width; -1 for what is none."""
    column = dicts.column("values")
    if column.numbers is not None and column.is_integral:
        return column.numbers
    values = column.plain()
    is_int = [isinstance(v, (int, np.integer)) and not isinstance(v, bool) and abs(int(v)) < 2**62 for v in values]
    return np.array([int(str(v)) if ok else -1 for v, ok in zip(values, is_int, strict=True)], np.int64)


def knows_stop_words(model: Any) -> bool:
    """What is stored for `_stop_words_id`, the `id()` of the stop words that were looked at: whether it is today's.

    The number itself means nothing in another process, and would make equal models give other bytes.
    """
    return type(model._stop_words_id) is int and model._stop_words_id == id(model.stop_words)


def restore_stop_words(model: Any) -> None:
    """Make the number again; False, which is no `id()`, stays where others had been looked at."""
    if "_stop_words_id" in vars(model):
        model._stop_words_id = id(model.stop_words) if model._stop_words_id is True else False


def _require_hashing(model: Any) -> None:
    require_hash_width(model)
    require_rising_ngrams(model)


_VECTORIZER: Final = AttrsRule(
    stored_as={"_stop_words_id": knows_stop_words},
    check=every(check_vocabulary, check_ngrams),
    finish=restore_stop_words,
    precheck=require_rising_ngrams,
    requires=("vocabulary_",),
)
RULES: Final[Mapping[str, AttrsRule]] = {
    "sklearn.feature_extraction.text.CountVectorizer": _VECTORIZER,
    "sklearn.feature_extraction.text.TfidfVectorizer": _VECTORIZER,
    "sklearn.feature_extraction.text.HashingVectorizer": replace(
        _VECTORIZER, check=every(check_hasher, check_ngrams), precheck=_require_hashing, requires=()
    ),
    "sklearn.feature_extraction._dict_vectorizer.DictVectorizer": AttrsRule(
        check=check_vocabulary, requires=("vocabulary_",)
    ),
    "sklearn.feature_extraction._hash.FeatureHasher": AttrsRule(check=check_hasher, precheck=require_hash_width),
}
