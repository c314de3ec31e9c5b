"""One case for every class that scikit-learn lists, named like the class.

Most classes need only suitable data (`_BY_DATA`) and small sizes (`_PARAMETERS`); the arguments of those that
are built around another estimator stand in `_MADE`. A class that a newer version adds is missing here until
someone adds it, and a test says so.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.experimental import enable_halving_search_cv, enable_iterative_imputer  # noqa: F401
from sklearn.utils import all_estimators

from tests.support.zoo import data
from tests.support.zoo.case import Case, case
from tests.support.zoo.data import Data

__all__ = ["CASES"]

_BY_DATA: dict[Callable[[], Data], str] = {
    data.three_classes: """
        AdaBoostClassifier BaggingClassifier BernoulliNB CalibratedClassifierCV DecisionTreeClassifier
        DummyClassifier ExtraTreeClassifier ExtraTreesClassifier GaussianNB GaussianProcessClassifier
        GenericUnivariateSelect GradientBoostingClassifier GridSearchCV HalvingGridSearchCV
        HalvingRandomSearchCV HistGradientBoostingClassifier KNeighborsClassifier LinearDiscriminantAnalysis
        LinearSVC LogisticRegression LogisticRegressionCV MLPClassifier NearestCentroid
        NeighborhoodComponentsAnalysis NuSVC OneVsOneClassifier OneVsRestClassifier OutputCodeClassifier
        PassiveAggressiveClassifier Perceptron Pipeline QuadraticDiscriminantAnalysis RFE RFECV
        RadiusNeighborsClassifier RandomForestClassifier RandomizedSearchCV RidgeClassifier RidgeClassifierCV
        SGDClassifier SVC SelectFdr SelectFpr SelectFromModel SelectFwe SelectKBest SelectPercentile
        SequentialFeatureSelector StackingClassifier VotingClassifier ColumnTransformer FeatureUnion
        TargetEncoder FrozenEstimator""",
    data.two_classes: "FixedThresholdClassifier TunedThresholdClassifierCV",
    data.some_labels: "LabelPropagation LabelSpreading SelfTrainingClassifier",
    data.counts: """
        AdditiveChi2Sampler ComplementNB LatentDirichletAllocation MiniBatchNMF MultinomialNB NMF
        SkewedChi2Sampler TfidfTransformer""",
    data.category_codes: "CategoricalNB",
    data.category_names: "OneHotEncoder OrdinalEncoder",
    data.multi_label: "ClassifierChain MultiOutputClassifier",
    data.regression: """
        ARDRegression AdaBoostRegressor BaggingRegressor BayesianRidge DecisionTreeRegressor DummyRegressor
        ElasticNet ElasticNetCV ExtraTreeRegressor ExtraTreesRegressor GaussianProcessRegressor
        GradientBoostingRegressor HistGradientBoostingRegressor HuberRegressor KNeighborsRegressor KernelRidge
        Lars LarsCV Lasso LassoCV LassoLars LassoLarsCV LassoLarsIC LinearRegression LinearSVR MLPRegressor
        NuSVR OrthogonalMatchingPursuit OrthogonalMatchingPursuitCV PassiveAggressiveRegressor
        QuantileRegressor RANSACRegressor RadiusNeighborsRegressor RandomForestRegressor Ridge RidgeCV
        SGDRegressor SVR StackingRegressor TheilSenRegressor TransformedTargetRegressor VotingRegressor""",
    data.positive_regression: "GammaRegressor PoissonRegressor TweedieRegressor",
    data.multi_output_regression: """
        CCA MultiOutputRegressor MultiTaskElasticNet MultiTaskElasticNetCV MultiTaskLasso MultiTaskLassoCV
        PLSCanonical PLSRegression PLSSVD RegressorChain""",
    data.one_column: "IsotonicRegression",
    data.rows: """
        AffinityPropagation AgglomerativeClustering BayesianGaussianMixture BernoulliRBM Binarizer Birch
        BisectingKMeans ClassicalMDS DBSCAN DictionaryLearning EllipticEnvelope EmpiricalCovariance
        FactorAnalysis FastICA FeatureAgglomeration FunctionTransformer GaussianMixture
        GaussianRandomProjection GraphicalLasso GraphicalLassoCV HDBSCAN IncrementalPCA IsolationForest Isomap
        KBinsDiscretizer KMeans KNeighborsTransformer KernelDensity KernelPCA LedoitWolf LocalOutlierFactor
        LocallyLinearEmbedding MDS MaxAbsScaler MeanShift MinCovDet MinMaxScaler MiniBatchDictionaryLearning
        MiniBatchKMeans MiniBatchSparsePCA NearestNeighbors Normalizer Nystroem OAS OPTICS OneClassSVM PCA
        PolynomialCountSketch PolynomialFeatures PowerTransformer QuantileTransformer RBFSampler
        RadiusNeighborsTransformer RandomTreesEmbedding RobustScaler SGDOneClassSVM ShrunkCovariance SparsePCA
        SparseRandomProjection SpectralClustering SpectralEmbedding SplineTransformer StandardScaler TSNE
        TruncatedSVD VarianceThreshold SparseCoder""",
    data.positive: "SpectralBiclustering SpectralCoclustering",
    data.missing_rows: "IterativeImputer KNNImputer MissingIndicator SimpleImputer",
    data.gram: "KernelCenterer",
    data.texts: "CountVectorizer HashingVectorizer TfidfVectorizer",
    data.dictionaries: "DictVectorizer FeatureHasher",
    data.class_names: "LabelBinarizer LabelEncoder",
    data.label_sets: "MultiLabelBinarizer",
    data.images: "PatchExtractor",
}

# What keeps the models small and quick; parameters that a class does not have are left out.
_EVERYWHERE: dict[str, object] = {"random_state": 0, "n_estimators": 5}
_PARAMETERS: dict[str, dict[str, object]] = {
    "AffinityPropagation": {"max_iter": 50},
    "BernoulliRBM": {"n_components": 3, "n_iter": 2, "batch_size": data.N_HEAD},
    "BayesianGaussianMixture": {"n_components": 2, "max_iter": 20},
    "DictionaryLearning": {"n_components": 3, "max_iter": 5},
    "ElasticNetCV": {"alphas": [0.1, 1.0], "cv": 3},
    "FastICA": {"whiten": "unit-variance", "max_iter": 20},
    "FeatureHasher": {"n_features": 16},
    "GaussianMixture": {"n_components": 2},
    "GaussianRandomProjection": {"n_components": 3},
    "GraphicalLassoCV": {"alphas": 2, "cv": 3},
    "HDBSCAN": {"min_cluster_size": 4},
    "HashingVectorizer": {"n_features": 16},
    "HistGradientBoostingClassifier": {"max_iter": 5, "max_leaf_nodes": 5},
    "HistGradientBoostingRegressor": {"max_iter": 5, "max_leaf_nodes": 5},
    "IterativeImputer": {"max_iter": 2},
    "KBinsDiscretizer": {"subsample": 200_000},
    "LarsCV": {"cv": 3},
    "LassoCV": {"alphas": [0.1, 1.0], "cv": 3},
    "LassoLarsCV": {"cv": 3},
    "LatentDirichletAllocation": {"n_components": 2, "max_iter": 3},
    "LogisticRegressionCV": {"Cs": [0.1, 1.0], "cv": 3, "max_iter": 50},
    "LocallyLinearEmbedding": {"n_neighbors": 8},
    "MDS": {"n_init": 1, "max_iter": 10, "normalized_stress": False},
    "MLPClassifier": {"hidden_layer_sizes": (4,), "max_iter": 10},
    "MLPRegressor": {"hidden_layer_sizes": (4,), "max_iter": 10},
    "MeanShift": {"max_iter": 20},
    "MiniBatchDictionaryLearning": {"n_components": 3, "max_iter": 3},
    "MiniBatchKMeans": {"n_clusters": 3, "n_init": 1},
    "KMeans": {"n_clusters": 3, "n_init": 1},
    "BisectingKMeans": {"n_clusters": 3, "n_init": 1},
    "MiniBatchNMF": {"n_components": 2, "max_iter": 5},
    "MiniBatchSparsePCA": {"n_components": 2, "max_iter": 3},
    "MultiTaskElasticNetCV": {"alphas": [0.1, 1.0], "cv": 3},
    "MultiTaskLassoCV": {"alphas": [0.1, 1.0], "cv": 3},
    "NMF": {"n_components": 2, "max_iter": 50},
    "NeighborhoodComponentsAnalysis": {"max_iter": 5},
    "Nystroem": {"n_components": 10},
    "PatchExtractor": {"patch_size": (3, 3), "max_patches": 4},
    "QuantileRegressor": {"solver": "highs"},
    "QuantileTransformer": {"n_quantiles": 20},
    "RadiusNeighborsClassifier": {"radius": 20.0},
    "RadiusNeighborsRegressor": {"radius": 20.0},
    "RandomTreesEmbedding": {"max_depth": 3},
    "SelectKBest": {"k": 3},
    "SkewedChi2Sampler": {"n_components": 5},
    "RBFSampler": {"n_components": 5},
    "PolynomialCountSketch": {"n_components": 8},
    "SparsePCA": {"n_components": 2, "max_iter": 5},
    "SparseRandomProjection": {"n_components": 3},
    "SpectralBiclustering": {"n_clusters": 2, "n_init": 1},
    "SpectralClustering": {"n_clusters": 3, "n_init": 1},
    "SpectralCoclustering": {"n_clusters": 2, "n_init": 1},
    "TSNE": {"perplexity": 5.0, "init": "random", "learning_rate": 100.0},
    "TheilSenRegressor": {"max_subpopulation": 50},
}


def _classes() -> dict[str, Any]:
    return dict(all_estimators())


def _inner(name: str, **parameters: object) -> Any:
    return _classes()[name](**parameters)


def _tree(**parameters: object) -> Any:
    return _inner("DecisionTreeClassifier", max_depth=3, random_state=0, **parameters)


def _logistic() -> Any:
    return _inner("LogisticRegression", max_iter=50)


_GRID = {"max_depth": [1, 3]}
_SEARCH = {"estimator": _tree, "cv": 3}
# Arguments that are themselves estimators are given as functions that make them.
_MADE: dict[str, dict[str, Any]] = {
    "AdaBoostClassifier": {"estimator": _tree},
    "CalibratedClassifierCV": {"estimator": _logistic, "cv": 3},
    "ClassifierChain": {"": _logistic, "order": "random", "cv": 3},
    "ColumnTransformer": {"transformers": lambda: [("a", _inner("StandardScaler"), [0, 1]), ("b", "passthrough", [2])]},
    "FeatureUnion": {
        "transformer_list": lambda: [("a", _inner("StandardScaler")), ("b", _inner("PCA", n_components=2))]
    },
    "FixedThresholdClassifier": {"estimator": _logistic, "threshold": 0.4},
    "FrozenEstimator": {"estimator": lambda: _logistic().fit(data.points(), data.labels(3))},
    "GridSearchCV": {**_SEARCH, "param_grid": _GRID},
    "HalvingGridSearchCV": {**_SEARCH, "param_grid": _GRID, "min_resources": 20},
    "HalvingRandomSearchCV": {
        **_SEARCH,
        "param_distributions": _GRID,
        "n_candidates": 2,
        "min_resources": 20,
    },
    "MultiOutputClassifier": {"estimator": _logistic},
    "MultiOutputRegressor": {"estimator": lambda: _inner("Ridge")},
    "OneVsOneClassifier": {"estimator": _logistic},
    "OneVsRestClassifier": {"estimator": _logistic},
    "OutputCodeClassifier": {"estimator": _logistic},
    "Pipeline": {"steps": lambda: [("scale", _inner("StandardScaler")), ("classify", _logistic())]},
    "RANSACRegressor": {"estimator": lambda: _inner("LinearRegression")},
    "RFE": {"estimator": _logistic},
    "RFECV": {"estimator": _tree, "cv": 3},
    "RandomizedSearchCV": {**_SEARCH, "param_distributions": _GRID, "n_iter": 2},
    "RegressorChain": {"": lambda: _inner("Ridge")},
    "SelectFromModel": {"estimator": _logistic},
    "SelfTrainingClassifier": {"": _logistic},
    "SequentialFeatureSelector": {"estimator": _logistic, "cv": 2, "n_features_to_select": 2},
    "SparseCoder": {"dictionary": lambda: np.eye(3, 5)},
    "StackingClassifier": {"estimators": lambda: [("tree", _tree()), ("line", _logistic())], "cv": 3},
    "StackingRegressor": {"estimators": lambda: [("line", _inner("Ridge"))], "cv": 3},
    "TransformedTargetRegressor": {"regressor": lambda: _inner("Ridge")},
    "TunedThresholdClassifierCV": {"estimator": _logistic, "cv": 3, "thresholds": 10},
    "VotingClassifier": {"estimators": lambda: [("tree", _tree()), ("line", _logistic())]},
    "VotingRegressor": {"estimators": lambda: [("line", _inner("Ridge")), ("mean", _inner("DummyRegressor"))]},
}


def _make(name: str) -> Any:
    """The class `name` with small sizes; the key "" of `_MADE` is a first parameter that was renamed."""
    kind = _classes()[name]
    known = inspect.signature(kind).parameters
    small = {key: value for key, value in _EVERYWHERE.items() if key in known}
    made = {key: value() if callable(value) else value for key, value in _MADE.get(name, {}).items()}
    first = [made.pop("")] if "" in made else []
    return kind(*first, **(small | _PARAMETERS.get(name, {}) | made))


CASES: tuple[Case, ...] = tuple(
    case(name, functools.partial(_make, name), kind_of_data)
    for kind_of_data, names in _BY_DATA.items()
    for name in names.split()
    if name in _classes()
)
