"""Bunch, a dict whose items are attributes, and the named tuples that estimators keep."""

from __future__ import annotations

from typing import Any, Final

from sklearn.impute._iterative import _ImputerTriplet
from sklearn.utils import Bunch

from vitrify.graph.converter import Converter


def _encode_bunch(bunch: Any) -> tuple[object, ...]:
    return tuple(dict.keys(bunch)), tuple(dict.values(bunch))


def _fill_bunch(bunch: Any, keys: tuple[object, ...], values: tuple[object, ...]) -> None:
    dict.update(bunch, zip(keys, values, strict=True))


def _decode_triplet(feat_idx: object, neighbor_feat_idx: object, estimator: object) -> Any:
    return _ImputerTriplet(feat_idx, neighbor_feat_idx, estimator)


CONVERTERS: Final = (
    Converter[Any](
        type_id="sklearn.utils.Bunch",
        types=("sklearn.utils._bunch.Bunch",),
        fields=("keys", "values"),
        encode=_encode_bunch,
        allocate=Bunch,
        fill=_fill_bunch,
    ),
    Converter[Any](
        type_id="sklearn.impute._ImputerTriplet",
        types=("sklearn.impute._iterative._ImputerTriplet",),
        fields=("feat_idx", "neighbor_feat_idx", "estimator"),
        encode=tuple,
        decode=_decode_triplet,
    ),
)
