"""Nearest neighbours: search structures, metrics with parameters, inputs, and what is built on them."""

from __future__ import annotations

import functools

import numpy as np
from sklearn.neighbors import (
    KernelDensity,
    KNeighborsClassifier,
    KNeighborsRegressor,
    KNeighborsTransformer,
    LocalOutlierFactor,
    NearestCentroid,
    NearestNeighbors,
    RadiusNeighborsClassifier,
    RadiusNeighborsRegressor,
)
from sklearn.semi_supervised import LabelPropagation, LabelSpreading

from tests.support.zoo import data
from tests.support.zoo.case import Case, case

__all__ = ["CASES"]


def _search(*structures: str, **parameters: object) -> tuple[Case, ...]:
    """The classifier with each structure."""
    metric = str(parameters.get("metric", "euclidean"))
    return tuple(
        case(
            f"KNeighborsClassifier-{structure}-{metric}",
            functools.partial(KNeighborsClassifier, 3, algorithm=structure, leaf_size=5, **parameters),
            data.globe if metric == "haversine" else data.three_classes,
        )
        for structure in structures
    )


CASES: tuple[Case, ...] = (
    *_search("brute", "kd_tree", "ball_tree"),
    *_search("brute", "kd_tree", "ball_tree", metric="minkowski", p=3),
    *_search("brute", "kd_tree", "ball_tree", metric="manhattan"),
    *_search("brute", "kd_tree", "ball_tree", metric="chebyshev"),
    *_search("brute", "ball_tree", metric="seuclidean", metric_params={"V": np.array([1.0, 2.0, 0.5, 1.0, 3.0])}),
    *_search("brute", "ball_tree", metric="mahalanobis", metric_params={"VI": np.diag([1.0, 2.0, 0.5, 1.0, 3.0])}),
    *_search("brute", "ball_tree", metric="haversine"),
    *_search("brute", "ball_tree", metric="canberra"),
    *_search("brute", metric="cosine"),
    case("KNeighborsClassifier-sparse", KNeighborsClassifier, data.sparse_classes),
    case("KNeighborsClassifier-distances", lambda: KNeighborsClassifier(metric="precomputed"), data.distances),
    case(
        "KNeighborsClassifier-float32",
        lambda: KNeighborsClassifier(algorithm="kd_tree"),
        data.float32_classes,
    ),
    case(
        "KNeighborsClassifier-fortran",
        lambda: KNeighborsClassifier(algorithm="ball_tree"),
        data.fortran_classes,
    ),
    case("KNeighborsClassifier-strings", lambda: KNeighborsClassifier(weights="distance"), data.string_classes),
    case("KNeighborsClassifier-objects", KNeighborsClassifier, data.object_classes),
    case("KNeighborsClassifier-multi-output", KNeighborsClassifier, data.multi_output_classes),
    case("KNeighborsClassifier-multi-output-strings", KNeighborsClassifier, data.multi_output_strings),
    case("KNeighborsClassifier-sparse-multi-label", KNeighborsClassifier, data.sparse_multi_label),
    case(
        "KNeighborsClassifier-flags",
        lambda: KNeighborsClassifier(metric="jaccard", algorithm="ball_tree"),
        data.flags,
    ),
    case(
        "KNeighborsClassifier-function",
        lambda: KNeighborsClassifier(metric=np.dot, algorithm="brute"),
        data.positive,
    ),
    case("KNeighborsClassifier-frame", KNeighborsClassifier, data.number_frame),
    case(
        "KNeighborsClassifier-nan-metric",
        lambda: KNeighborsClassifier(metric="nan_euclidean"),
        data.missing_classes,
        since="1.3",
    ),
    case(
        "KNeighborsRegressor-multi-output",
        lambda: KNeighborsRegressor(weights="distance"),
        data.multi_output_regression,
    ),
    case(
        "KNeighborsRegressor-kd-tree",
        lambda: KNeighborsRegressor(algorithm="kd_tree"),
        data.float32_regression,
    ),
    case(
        "RadiusNeighborsClassifier-outliers",
        lambda: RadiusNeighborsClassifier(1.5, outlier_label=2),
        data.three_classes,
    ),
    case("RadiusNeighborsRegressor-sparse", lambda: RadiusNeighborsRegressor(20.0), data.sparse_regression),
    case(
        "KNeighborsTransformer-distance",
        lambda: KNeighborsTransformer(mode="distance", n_neighbors=3),
        data.rows,
    ),
    case("NearestNeighbors-kd-tree", lambda: NearestNeighbors(algorithm="kd_tree"), data.float32_rows),
    case("NearestNeighbors-sparse", lambda: NearestNeighbors(metric="l1"), data.sparse_rows),
    case("NearestCentroid-shrunk", lambda: NearestCentroid(shrink_threshold=0.2), data.string_classes),
    case("NearestCentroid-manhattan", lambda: NearestCentroid(metric="manhattan"), data.three_classes),
    case("LocalOutlierFactor-novelty", lambda: LocalOutlierFactor(5, novelty=True), data.rows),
    case("LocalOutlierFactor-distances", lambda: LocalOutlierFactor(5, metric="precomputed"), data.distances),
    case(
        "LocalOutlierFactor-ball-tree",
        lambda: LocalOutlierFactor(5, novelty=True, algorithm="ball_tree"),
        data.rows,
    ),
    case("KernelDensity-kd-tree", lambda: KernelDensity(algorithm="kd_tree", kernel="cosine"), data.rows),
    case("KernelDensity-ball-tree", lambda: KernelDensity(metric="haversine", bandwidth=0.2), data.globe),
    case(
        "KernelDensity-weights",
        lambda: KernelDensity(bandwidth="scott"),
        lambda: data.Data(X=data.points(), fit={"sample_weight": np.linspace(1.0, 2.0, data.N_ROWS)}),
    ),
    case("LabelPropagation-neighbours", lambda: LabelPropagation("knn", n_neighbors=5), data.some_labels),
    case("LabelSpreading-neighbours", lambda: LabelSpreading("knn", n_neighbors=5), data.some_labels),
)
