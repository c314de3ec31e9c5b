"""What is reviewed of scikit-learn; nothing of it is imported here.

`reviewed.json` is the list that a reviewer reads: every class that is rebuilt from its attributes and every function
that may be a value, with the versions it was seen in and a note where the reason is not obvious.
"""

from __future__ import annotations

from os.path import dirname, join
from typing import Final

import msgspec

from vitrify.converters.sklearn import older
from vitrify.graph.registry import Family


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    since: str = ""
    until: str = ""
    id: str = ""
    note: str = ""
    keywords: tuple[str, ...] = ()


class _Reviewed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    types: dict[str, _Entry]
    functions: dict[str, _Entry]


def _reviewed() -> _Reviewed:
    with open(join(dirname(__file__), "reviewed.json"), "rb") as file:
        return msgspec.json.decode(file.read(), type=_Reviewed)


REVIEWED: Final = _reviewed()

DISTANCES: Final = (
    "Euclidean", "SEuclidean", "Manhattan", "Chebyshev", "Minkowski", "WMinkowski", "Mahalanobis", "Hamming",
    "Canberra", "BrayCurtis", "Jaccard", "Matching", "Dice", "Kulsinski", "RogersTanimoto", "RussellRao",
    "SokalMichener", "SokalSneath", "Haversine", "PyFunc",
)  # fmt: skip
_LOSSES: Final = (
    "HalfSquaredError", "AbsoluteError", "PinballLoss", "HuberLoss", "HalfPoissonLoss", "HalfGammaLoss",
    "HalfTweedieLoss", "HalfTweedieLossIdentity", "HalfBinomialLoss", "HalfMultinomialLoss", "ExponentialLoss",
)  # fmt: skip
_SGD_LOSSES: Final = (
    "Hinge", "SquaredHinge", "EpsilonInsensitive", "SquaredEpsilonInsensitive", "ModifiedHuber", "Log",
    "SquaredLoss", "Huber",
)  # fmt: skip


def _distances() -> dict[str, str]:
    """Before 1.3 the 64-bit metrics had no suffix; both spellings are one type in the file."""
    found: dict[str, str] = {}
    for name in DISTANCES:
        for suffix in ("", "32", "64"):
            class_name = f"sklearn.metrics._dist_metrics.{name}Distance{suffix}"
            found[class_name] = f"sklearn.metrics.DistanceMetric{suffix or '64'}"
    return found


FAMILIES: Final[tuple[Family, ...]] = (
    Family(module="vitrify.converters.sklearn.trees", types={"sklearn.tree._tree.Tree": "sklearn.tree.Tree"}),
    Family(
        module="vitrify.converters.sklearn.neighbors",
        types={
            **{
                f"sklearn.neighbors.{module}.{kind}{bits}": f"sklearn.neighbors.{kind}{bits}"
                for module, kind in (("_kd_tree", "KDTree"), ("_ball_tree", "BallTree"))
                for bits in ("", "32", "64")
            },
            **_distances(),
        },
    ),
    Family(
        module="vitrify.converters.sklearn.losses",
        types={
            **{
                f"{module}.Cy{name}": f"sklearn.loss.{name}"
                for name in _LOSSES
                for module in ("sklearn._loss._loss", "_loss")
            },
            **{f"sklearn.linear_model._sgd_fast.{name}": f"sklearn.sgd_loss.{name}" for name in _SGD_LOSSES},
        },
    ),
    Family(
        module="vitrify.converters.sklearn.containers",
        types={
            "sklearn.utils._bunch.Bunch": "sklearn.utils.Bunch",
            "sklearn.impute._iterative._ImputerTriplet": "sklearn.impute._ImputerTriplet",
        },
    ),
)
_SCORERS: Final = "sklearn.metrics._scorer"
ATTRS: Final[dict[str, str]] = {
    **{name: entry.id or name for name, entry in REVIEWED.types.items()},
    **{f"{older.__name__}.{name}": f"{_SCORERS}.{name}" for name in older.RESPONSES},
}
_RULED: Final = {
    "clusters": (
        "cluster._birch.Birch",
        "cluster._bisect_k_means.BisectingKMeans",
        "cluster._hdbscan.hdbscan.HDBSCAN",
        "cluster._kmeans.KMeans",
        "cluster._kmeans.MiniBatchKMeans",
    ),
    "continued": (
        "decomposition._incremental_pca.IncrementalPCA",
        "linear_model._huber.HuberRegressor",
        "mixture._bayesian_mixture.BayesianGaussianMixture",
        "mixture._gaussian_mixture.GaussianMixture",
        "neural_network._multilayer_perceptron.MLPClassifier",
        "neural_network._multilayer_perceptron.MLPRegressor",
    ),
    "counts": (
        "decomposition._dict_learning.SparseCoder",
        "decomposition._nmf.MiniBatchNMF",
        "decomposition._nmf.NMF",
        "dummy.DummyClassifier",
        "dummy.DummyRegressor",
        "ensemble._bagging.BaggingClassifier",
        "kernel_approximation.PolynomialCountSketch",
        "preprocessing._polynomial.SplineTransformer",
    ),
    "covariances": (
        "covariance._elliptic_envelope.EllipticEnvelope",
        "covariance._empirical_covariance.EmpiricalCovariance",
        "covariance._graph_lasso.GraphicalLasso",
        "covariance._graph_lasso.GraphicalLassoCV",
        "covariance._robust_covariance.MinCovDet",
        "covariance._shrunk_covariance.LedoitWolf",
        "covariance._shrunk_covariance.OAS",
        "covariance._shrunk_covariance.ShrunkCovariance",
    ),
    "derived": (
        "isotonic.IsotonicRegression",
        "linear_model._ridge.RidgeClassifier",
        "linear_model._ridge.RidgeClassifierCV",
        "neighbors._nca.NeighborhoodComponentsAnalysis",
    ),
    "descent": (
        "linear_model._coordinate_descent.ElasticNet",
        "linear_model._coordinate_descent.Lasso",
        "linear_model._coordinate_descent.MultiTaskElasticNet",
        "linear_model._coordinate_descent.MultiTaskLasso",
        "linear_model._passive_aggressive.PassiveAggressiveClassifier",
        "linear_model._passive_aggressive.PassiveAggressiveRegressor",
        "linear_model._perceptron.Perceptron",
        "linear_model._stochastic_gradient.SGDClassifier",
        "linear_model._stochastic_gradient.SGDOneClassSVM",
        "linear_model._stochastic_gradient.SGDRegressor",
    ),
    "encoders": (
        "preprocessing._encoders.OneHotEncoder",
        "preprocessing._label.MultiLabelBinarizer",
    ),
    "ensembles": (
        "ensemble._forest.ExtraTreesClassifier",
        "ensemble._forest.ExtraTreesRegressor",
        "ensemble._forest.RandomForestClassifier",
        "ensemble._forest.RandomForestRegressor",
        "ensemble._forest.RandomTreesEmbedding",
        "ensemble._gb.GradientBoostingClassifier",
        "ensemble._gb.GradientBoostingRegressor",
        "ensemble._hist_gradient_boosting.binning._BinMapper",
        "ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier",
        "ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingRegressor",
        "ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "tree._classes.DecisionTreeClassifier",
        "tree._classes.DecisionTreeRegressor",
        "tree._classes.ExtraTreeClassifier",
        "tree._classes.ExtraTreeRegressor",
    ),
    "functions": (
        "cluster._dbscan.DBSCAN",
        "cluster._optics.OPTICS",
        "cluster._spectral.SpectralClustering",
        "decomposition._fastica.FastICA",
        "decomposition._kernel_pca.KernelPCA",
        "gaussian_process.kernels.PairwiseKernel",
        "kernel_ridge.KernelRidge",
        "manifold._classical_mds.ClassicalMDS",
        "manifold._mds.MDS",
        "manifold._t_sne.TSNE",
        "metrics._scorer._CurveScorer",
        "metrics._scorer._PredictScorer",
        "metrics._scorer._ProbaScorer",
        "metrics._scorer._Scorer",
        "metrics._scorer._ThresholdScorer",
        "neighbors._kde.KernelDensity",
        "preprocessing._function_transformer.FunctionTransformer",
    ),
    "multiclass": ("multiclass.OneVsRestClassifier",),
    "polynomials": ("preprocessing._polynomial.PolynomialFeatures",),
    "searches": (
        "model_selection._search.GridSearchCV",
        "model_selection._search.RandomizedSearchCV",
        "model_selection._search_successive_halving.HalvingGridSearchCV",
        "model_selection._search_successive_halving.HalvingRandomSearchCV",
    ),
    "stored": (
        "neighbors._classification.KNeighborsClassifier",
        "neighbors._classification.RadiusNeighborsClassifier",
        "neighbors._graph.KNeighborsTransformer",
        "neighbors._graph.RadiusNeighborsTransformer",
        "neighbors._lof.LocalOutlierFactor",
        "neighbors._regression.KNeighborsRegressor",
        "neighbors._regression.RadiusNeighborsRegressor",
        "neighbors._unsupervised.NearestNeighbors",
    ),
    "svm": (
        "svm._classes.NuSVC",
        "svm._classes.NuSVR",
        "svm._classes.OneClassSVM",
        "svm._classes.SVC",
        "svm._classes.SVR",
    ),
    "text": (
        "feature_extraction._dict_vectorizer.DictVectorizer",
        "feature_extraction._hash.FeatureHasher",
        "feature_extraction.text.CountVectorizer",
        "feature_extraction.text.HashingVectorizer",
        "feature_extraction.text.TfidfVectorizer",
    ),
    "votes": ("ensemble._voting.VotingClassifier",),
    "widths": (
        "cluster._agglomerative.FeatureAgglomeration",
        "cross_decomposition._pls.CCA",
        "cross_decomposition._pls.PLSCanonical",
        "cross_decomposition._pls.PLSRegression",
        "cross_decomposition._pls.PLSSVD",
        "discriminant_analysis.LinearDiscriminantAnalysis",
        "kernel_approximation.Nystroem",
        "kernel_approximation.RBFSampler",
        "kernel_approximation.SkewedChi2Sampler",
        "manifold._isomap.Isomap",
        "manifold._locally_linear.LocallyLinearEmbedding",
        "neural_network._rbm.BernoulliRBM",
        "random_projection.GaussianRandomProjection",
        "random_projection.SparseRandomProjection",
    ),
}
"""Classes of which more must hold than what their attributes are, by the module whose `RULES` says what."""

RULES: Final = {f"sklearn.{name}": f"{__name__}.{module}" for module, names in _RULED.items() for name in names}
KEYWORDS: Final = {name: frozenset(entry.keywords) for name, entry in REVIEWED.functions.items() if entry.keywords}
NAMES: Final[dict[str, tuple[str, str]]] = {
    **{name: (name.rpartition(".")[0], name.rpartition(".")[2]) for name in REVIEWED.functions},
    f"{_SCORERS}._passthrough_scorer": (older.__name__, "_passthrough_scorer"),
}
