"""What must hold for classes that are rebuilt from their attributes, beyond the attributes themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from vitrify.converters.sklearn import svm
from vitrify.converters.sklearn.boosting import check_predictors, match_dtype, require_columns
from vitrify.converters.sklearn.clusters import check_birch, check_bisecting, check_hdbscan, check_kmeans
from vitrify.converters.sklearn.continued import CONTINUED
from vitrify.converters.sklearn.counts import COUNTS, check_boosted_columns, check_class_counts, check_iterations
from vitrify.converters.sklearn.covariances import COVARIANCES
from vitrify.converters.sklearn.descent import DESCENT
from vitrify.converters.sklearn.encoders import (
    check_hasher,
    check_one_hot,
    require_distinct_classes,
    require_hash_width,
)
from vitrify.converters.sklearn.ensembles import (
    TREE_ESTIMATORS,
    check_forests,
    check_gradient_boosting,
    check_hist_boosting,
    check_tree_estimators,
    require_like_trees,
    require_start,
)  # fmt: skip
from vitrify.converters.sklearn.functions import with_metrics
from vitrify.converters.sklearn.multiclass import require_askable, require_one_answer
from vitrify.converters.sklearn.polynomials import check_polynomial, require_low_degree
from vitrify.converters.sklearn.searches import GRIDS, check_grids, require_no_memory
from vitrify.converters.sklearn.stored import check_neighbour_classifier, check_neighbours, stored_points
from vitrify.converters.sklearn.text import (
    check_label_cache,
    check_ngrams,
    check_vocabulary,
    knows_stop_words,
    require_rising_ngrams,
    restore_stop_words,
)  # fmt: skip
from vitrify.converters.sklearn.votes import check_votes, require_classifiers
from vitrify.converters.sklearn.widths import WIDTHS
from vitrify.graph.converter import AttrsRule
from vitrify.graph.invariants import every


def _rebuild_interpolator(model: Any) -> None:
    """IsotonicRegression's f_ is a function of its thresholds; scikit-learn itself never pickles it."""
    if hasattr(model, "X_thresholds_") and hasattr(model, "y_thresholds_"):
        model._build_f(model.X_thresholds_, model.y_thresholds_)


# After early stopping on a score, the estimator holds its own bound method under the method's name, a leftover of
# scikit-learn's `_patch_raw_predict`; without it the same method is found in the class.
_HIST_BOOSTING: Final = AttrsRule(
    drop=frozenset({"_raw_predict"}),
    check=every(check_hist_boosting, check_iterations),
    ask=require_columns,
    requires=("_predictors",),
)
_VECTORIZER: Final = AttrsRule(
    stored_as={"_stop_words_id": knows_stop_words},
    check=every(check_vocabulary, check_ngrams),
    finish=restore_stop_words,
    precheck=require_rising_ngrams,
    requires=("vocabulary_",),
)


def _require_hashing(model: Any) -> None:
    require_hash_width(model)
    require_rising_ngrams(model)


_STATELESS: Final = replace(
    _VECTORIZER, check=every(check_hasher, check_ngrams), precheck=_require_hashing, requires=()
)
_BOOSTED: Final = AttrsRule(
    check=every(check_gradient_boosting, check_boosted_columns), ask=require_start, requires=("estimators_",)
)
_KMEANS: Final = AttrsRule(check=check_kmeans, requires=("cluster_centers_", "_n_threads"))
_NEIGHBOURS: Final = AttrsRule(
    stored_as={"_fit_X": stored_points}, check=check_neighbours, requires=("_fit_X", "n_samples_fit_")
)
_NEIGHBOUR_CLASSIFIER: Final = replace(_NEIGHBOURS, check=check_neighbour_classifier)
_CLASSIFIER: Final = AttrsRule(check=svm.check_classifier, ask=svm.require_kernel, requires=("support_",))
_REGRESSOR: Final = AttrsRule(check=svm.check_regressor, ask=svm.require_kernel, requires=("support_",))
_HIST: Final = "sklearn.ensemble._hist_gradient_boosting"

_RULES: Final[Mapping[str, AttrsRule]] = {
    **WIDTHS,
    **CONTINUED,
    **COUNTS,
    **COVARIANCES,
    **DESCENT,
    **dict.fromkeys(TREE_ESTIMATORS, AttrsRule(check=check_tree_estimators, requires=("tree_",))),
    **{
        f"sklearn.ensemble.{name}": AttrsRule(
            check=every(check_forests, check_class_counts), precheck=require_like_trees, requires=("estimators_",)
        )
        for name in (
            "_forest.RandomForestClassifier",
            "_forest.RandomForestRegressor",
            "_forest.ExtraTreesClassifier",
            "_forest.ExtraTreesRegressor",
            "_forest.RandomTreesEmbedding",
        )
    },
    "sklearn.ensemble._voting.VotingClassifier": AttrsRule(
        check=check_votes, finish=require_classifiers, requires=("estimators_",)
    ),
    "sklearn.ensemble._gb.GradientBoostingClassifier": _BOOSTED,
    "sklearn.ensemble._gb.GradientBoostingRegressor": _BOOSTED,
    f"{_HIST}.gradient_boosting.HistGradientBoostingClassifier": _HIST_BOOSTING,
    f"{_HIST}.gradient_boosting.HistGradientBoostingRegressor": _HIST_BOOSTING,
    f"{_HIST}.predictor.TreePredictor": AttrsRule(check=check_predictors, finish=match_dtype),
    "sklearn.isotonic.IsotonicRegression": AttrsRule(drop=frozenset({"f_"}), finish=_rebuild_interpolator),
    **{
        name: AttrsRule(check=check_grids, precheck=require_no_memory, requires=(grid,)) for name, grid in GRIDS.items()
    },
    "sklearn.multiclass.OneVsRestClassifier": AttrsRule(
        ask=require_one_answer, precheck=require_askable, requires=("estimators_", "label_binarizer_")
    ),
    "sklearn.svm._classes.SVC": _CLASSIFIER,
    "sklearn.svm._classes.NuSVC": _CLASSIFIER,
    "sklearn.svm._classes.SVR": _REGRESSOR,
    "sklearn.svm._classes.NuSVR": _REGRESSOR,
    "sklearn.svm._classes.OneClassSVM": _REGRESSOR,
    "sklearn.feature_extraction.text.CountVectorizer": _VECTORIZER,
    "sklearn.feature_extraction.text.TfidfVectorizer": _VECTORIZER,
    "sklearn.feature_extraction.text.HashingVectorizer": _STATELESS,
    "sklearn.feature_extraction._dict_vectorizer.DictVectorizer": AttrsRule(
        check=check_vocabulary, requires=("vocabulary_",)
    ),
    "sklearn.feature_extraction._hash.FeatureHasher": AttrsRule(check=check_hasher, precheck=require_hash_width),
    "sklearn.preprocessing._encoders.OneHotEncoder": AttrsRule(check=check_one_hot, requires=("categories_",)),
    "sklearn.preprocessing._polynomial.PolynomialFeatures": AttrsRule(
        check=check_polynomial, precheck=require_low_degree, requires=("n_output_features_", "_max_degree")
    ),
    "sklearn.preprocessing._label.MultiLabelBinarizer": AttrsRule(
        check=check_label_cache, finish=require_distinct_classes, requires=("_cached_dict",)
    ),
    "sklearn.cluster._kmeans.KMeans": _KMEANS,
    "sklearn.cluster._kmeans.MiniBatchKMeans": _KMEANS,
    "sklearn.cluster._bisect_k_means.BisectingKMeans": AttrsRule(
        check=check_bisecting, requires=("_bisecting_tree", "_n_threads")
    ),
    "sklearn.cluster._birch.Birch": AttrsRule(check=check_birch, requires=("subcluster_centers_",)),
    "sklearn.cluster._hdbscan.hdbscan.HDBSCAN": AttrsRule(check=check_hdbscan, requires=("_single_linkage_tree_",)),
    "sklearn.neighbors._classification.KNeighborsClassifier": _NEIGHBOUR_CLASSIFIER,
    "sklearn.neighbors._classification.RadiusNeighborsClassifier": _NEIGHBOUR_CLASSIFIER,
    **{
        f"sklearn.neighbors.{name}": _NEIGHBOURS
        for name in (
            "_graph.KNeighborsTransformer",
            "_graph.RadiusNeighborsTransformer",
            "_lof.LocalOutlierFactor",
            "_regression.KNeighborsRegressor",
            "_regression.RadiusNeighborsRegressor",
            "_unsupervised.NearestNeighbors",
        )
    },
}
_DERIVED: Final = {
    **dict.fromkeys(
        (
            "sklearn.neighbors._nca.NeighborhoodComponentsAnalysis",
            "sklearn.random_projection.GaussianRandomProjection",
            "sklearn.random_projection.SparseRandomProjection",
        ),
        ("_n_features_out",),
    ),
    **dict.fromkeys(
        (
            "sklearn.linear_model._stochastic_gradient.SGDClassifier",
            "sklearn.linear_model._stochastic_gradient.SGDOneClassSVM",
            "sklearn.linear_model._perceptron.Perceptron",
            "sklearn.linear_model._passive_aggressive.PassiveAggressiveClassifier",
        ),
        ("loss_function_",),
    ),
    "sklearn.decomposition._dict_learning.SparseCoder": ("n_components_", "n_features_in_"),
    "sklearn.linear_model._ridge.RidgeClassifier": ("classes_",),
    "sklearn.linear_model._ridge.RidgeClassifierCV": ("classes_",),
}
"""What only some versions keep (1.2 to 1.9 were compared): `AttrsRule.derived`."""
RULES: Final[Mapping[str, AttrsRule]] = with_metrics(
    {
        **_RULES,
        **{
            name: replace(_RULES.get(name, AttrsRule()), derived=frozenset(derived))
            for name, derived in _DERIVED.items()
        },
    }
)
