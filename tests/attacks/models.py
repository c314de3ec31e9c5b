"""Small fitted models with compiled state, one file each, and what is asked of them when they load."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse, spatial
from sklearn import cluster, ensemble, feature_extraction, isotonic, mixture, neighbors, preprocessing, svm, tree
from sklearn.dummy import DummyClassifier

import vitrify

RNG = np.random.default_rng(7)
X = RNG.normal(size=(60, 4))
Y = np.arange(60) % 3
WORDS = ["red blue", "green", "blue blue green", "yellow red"] * 5
COLOURS = [["red", "s"], ["blue", "m"], ["green", "s"], ["blue", "l"]] * 5
CATEGORICAL = np.column_stack([X[:, 0], np.arange(60) % 5])


def _make() -> dict[str, Any]:
    """Name → function that gives a fitted model and what to call on it."""
    predict, transform = ("predict", X), ("transform", X)
    proba = ("predict_proba", X)
    return {
        "tree": lambda: (
            tree.DecisionTreeClassifier(max_depth=4, random_state=0).fit(X, Y),
            (predict, ("apply", X), ("decision_path", X)),
        ),
        "forest": lambda: (ensemble.RandomForestClassifier(3, random_state=0).fit(X, Y), (predict,)),
        "isolation": lambda: (ensemble.IsolationForest(n_estimators=3, random_state=0).fit(X), (predict,)),
        "boosting": lambda: (ensemble.GradientBoostingClassifier(n_estimators=3).fit(X, Y), (predict,)),
        "boosting-own-start": lambda: (
            ensemble.GradientBoostingClassifier(n_estimators=2, init=DummyClassifier()).fit(X, Y),
            (predict,),
        ),
        "hist": lambda: (ensemble.HistGradientBoostingClassifier(max_iter=3).fit(X, Y), (predict,)),
        "hist-categories": lambda: (
            ensemble.HistGradientBoostingRegressor(max_iter=3, categorical_features=[1], min_samples_leaf=2).fit(
                CATEGORICAL, CATEGORICAL[:, 1] ** 2
            ),
            (("predict", CATEGORICAL),),
        ),
        "svc": lambda: (svm.SVC().fit(X, Y), (predict, ("decision_function", X))),
        "svc-precomputed": lambda: (svm.SVC(kernel="precomputed").fit(X @ X.T, Y), (("predict", X @ X.T),)),
        "svc-sparse": lambda: (svm.SVC().fit(sparse.csr_matrix(X), Y), (("predict", sparse.csr_matrix(X)),)),
        "kdtree": lambda: (neighbors.KNeighborsClassifier(algorithm="kd_tree").fit(X, Y), (predict, proba)),
        "balltree": lambda: (neighbors.KNeighborsClassifier(algorithm="ball_tree").fit(X, Y), (predict, proba)),
        "kdtree-deep": lambda: (
            neighbors.KNeighborsClassifier(algorithm="kd_tree", leaf_size=5).fit(X, Y),
            (predict, proba),
        ),
        "balltree-deep": lambda: (
            neighbors.KNeighborsClassifier(algorithm="ball_tree", leaf_size=5).fit(X, Y),
            (predict, proba),
        ),
        "centroid": lambda: (neighbors.NearestCentroid().fit(X, Y), (predict, proba)),
        "brute": lambda: (neighbors.KNeighborsClassifier(algorithm="brute").fit(X, Y), (predict, proba)),
        "brute-sparse": lambda: (
            neighbors.KNeighborsClassifier(algorithm="brute").fit(sparse.csr_matrix(X), Y),
            (("predict", sparse.csr_matrix(X)),),
        ),
        "radius": lambda: (neighbors.RadiusNeighborsClassifier(9.0, algorithm="brute").fit(X, Y), (predict, proba)),
        "kmeans": lambda: (cluster.KMeans(3, n_init=1, random_state=0).fit(X), (predict, transform)),
        "minibatch": lambda: (
            cluster.MiniBatchKMeans(3, n_init=1, random_state=0).fit(X),
            (predict, ("partial_fit", X)),
        ),
        "bisecting": lambda: (cluster.BisectingKMeans(4, random_state=0).fit(X), (predict,)),
        "birch": lambda: (cluster.Birch(n_clusters=None, threshold=1.0).fit(X), (predict,)),
        "hdbscan": lambda: (cluster.HDBSCAN(min_cluster_size=5, copy=True).fit(X), (("dbscan_clustering", 2.0),)),
        "mixture": lambda: (mixture.GaussianMixture(3, random_state=0).fit(X), (predict, proba)),
        "mixture-diag": lambda: (
            mixture.GaussianMixture(3, covariance_type="diag", random_state=0).fit(X),
            (predict, proba),
        ),
        "isotonic": lambda: (
            isotonic.IsotonicRegression(out_of_bounds="clip").fit(X[:, 0], X[:, 1]),
            (("predict", X[:, 0]),),
        ),
        "words": lambda: (feature_extraction.text.CountVectorizer().fit(WORDS), (("transform", WORDS),)),
        "dicts": lambda: (
            feature_extraction.DictVectorizer().fit([{"a": 1, "b": 2}]),
            (("transform", [{"a": 1, "b": 2}]),),
        ),
        "hashing": lambda: (feature_extraction.text.HashingVectorizer(n_features=16), (("transform", WORDS),)),
        "hasher": lambda: (
            feature_extraction.FeatureHasher(n_features=16, input_type="string"),
            (("transform", [["a", "b"]]),),
        ),
        "one-hot": lambda: (preprocessing.OneHotEncoder().fit(COLOURS), (("transform", COLOURS),)),
        "one-hot-numbers": lambda: (
            preprocessing.OneHotEncoder().fit(Y.reshape(-1, 1)),
            (("transform", Y.reshape(-1, 1)),),
        ),
        "one-hot-drop": lambda: (preprocessing.OneHotEncoder(drop="first").fit(COLOURS), (("transform", COLOURS),)),
        "one-hot-rare": lambda: (
            preprocessing.OneHotEncoder(min_frequency=6).fit(COLOURS),
            (("transform", COLOURS),),
        ),
        "labels": lambda: (_used_labels(), (("transform", [["a"], ["b", "c"]]),)),
        "spline": lambda: (preprocessing.SplineTransformer().fit(X), (transform,)),
        "csr": lambda: (sparse.csr_array(np.eye(6)), (("toarray",),)),
        "csc": lambda: (sparse.csc_matrix(np.eye(6)), (("toarray",),)),
        "bsr": lambda: (sparse.bsr_array(np.eye(6), blocksize=(2, 2)), (("toarray",),)),
        "coo": lambda: (sparse.coo_array(np.eye(6)), (("toarray",),)),
        "dia": lambda: (sparse.dia_array(np.eye(6)), (("toarray",),)),
        "lil": lambda: (sparse.lil_array(np.eye(6)), (("toarray",),)),
        "dok": lambda: (sparse.dok_array(np.eye(6)), (("toarray",),)),
        "unsorted": lambda: (sparse.csr_array(np.ones((3, 3))), (("__getitem__", (0, 2)), ("toarray",))),
        "scipy-kdtree": lambda: (spatial.KDTree(X, leafsize=5), (("query", X[:3]),)),
        "ckdtree": lambda: (spatial.cKDTree(X, leafsize=5), (("query", X[:3]),)),
        "mt": lambda: (np.random.RandomState(3), (("uniform",),)),
        "philox": lambda: (np.random.Generator(np.random.Philox(3)), (("random",),)),
        "pcg": lambda: (np.random.Generator(np.random.PCG64(3)), (("random",),)),
        "sfc": lambda: (np.random.Generator(np.random.SFC64(3)), (("random",),)),
        "frame": lambda: (
            pd.DataFrame({"a": pd.Categorical(["x", "y", "x"]), "b": [1.0, 2.0, 3.0]}),
            (("to_numpy",), ("describe",)),
        ),
        "multiindex": lambda: (pd.MultiIndex.from_product([["x", "y"], [1, 2]]), (("to_frame",),)),
    }


def _used_labels() -> Any:
    """A binarizer that has made its cache."""
    labels = preprocessing.MultiLabelBinarizer().fit([["a"], ["b", "c"]])
    labels.transform([["a"]])
    return labels


@cache
def fitted(name: str) -> tuple[Any, tuple[Any, ...]]:
    """A model and the calls."""
    made: tuple[Any, tuple[Any, ...]] = _make()[name]()
    return made


@cache
def file_of(name: str) -> bytes:
    """Its file."""
    return vitrify.dumps(fitted(name)[0])
