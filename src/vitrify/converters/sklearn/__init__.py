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
_CALLERS: Final = (
    "sklearn.metrics._scorer._CurveScorer",
    "sklearn.metrics._scorer._PredictScorer",
    "sklearn.metrics._scorer._ProbaScorer",
    "sklearn.metrics._scorer._Scorer",
    "sklearn.metrics._scorer._ThresholdScorer",
    "sklearn.preprocessing._function_transformer.FunctionTransformer",
)
RULES: Final[dict[str, str]] = dict.fromkeys(_CALLERS, "vitrify.converters.sklearn.functions") | dict.fromkeys(
    (
        "sklearn.cluster._agglomerative.FeatureAgglomeration",
        "sklearn.cluster._birch.Birch",
        "sklearn.cluster._bisect_k_means.BisectingKMeans",
        "sklearn.cluster._dbscan.DBSCAN",
        "sklearn.cluster._hdbscan.hdbscan.HDBSCAN",
        "sklearn.cluster._kmeans.KMeans",
        "sklearn.cluster._kmeans.MiniBatchKMeans",
        "sklearn.cluster._optics.OPTICS",
        "sklearn.cluster._spectral.SpectralClustering",
        "sklearn.covariance._elliptic_envelope.EllipticEnvelope",
        "sklearn.covariance._empirical_covariance.EmpiricalCovariance",
        "sklearn.covariance._graph_lasso.GraphicalLasso",
        "sklearn.covariance._graph_lasso.GraphicalLassoCV",
        "sklearn.covariance._robust_covariance.MinCovDet",
        "sklearn.covariance._shrunk_covariance.LedoitWolf",
        "sklearn.covariance._shrunk_covariance.OAS",
        "sklearn.covariance._shrunk_covariance.ShrunkCovariance",
        "sklearn.cross_decomposition._pls.CCA",
        "sklearn.cross_decomposition._pls.PLSCanonical",
        "sklearn.cross_decomposition._pls.PLSRegression",
        "sklearn.cross_decomposition._pls.PLSSVD",
        "sklearn.decomposition._dict_learning.SparseCoder",
        "sklearn.decomposition._fastica.FastICA",
        "sklearn.decomposition._incremental_pca.IncrementalPCA",
        "sklearn.decomposition._kernel_pca.KernelPCA",
        "sklearn.decomposition._nmf.MiniBatchNMF",
        "sklearn.decomposition._nmf.NMF",
        "sklearn.discriminant_analysis.LinearDiscriminantAnalysis",
        "sklearn.dummy.DummyClassifier",
        "sklearn.dummy.DummyRegressor",
        "sklearn.ensemble._bagging.BaggingClassifier",
        "sklearn.ensemble._forest.ExtraTreesClassifier",
        "sklearn.ensemble._forest.ExtraTreesRegressor",
        "sklearn.ensemble._forest.RandomForestClassifier",
        "sklearn.ensemble._forest.RandomForestRegressor",
        "sklearn.ensemble._forest.RandomTreesEmbedding",
        "sklearn.ensemble._gb.GradientBoostingClassifier",
        "sklearn.ensemble._gb.GradientBoostingRegressor",
        "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier",
        "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingRegressor",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.ensemble._voting.VotingClassifier",
        "sklearn.feature_extraction._dict_vectorizer.DictVectorizer",
        "sklearn.feature_extraction._hash.FeatureHasher",
        "sklearn.feature_extraction.text.CountVectorizer",
        "sklearn.feature_extraction.text.HashingVectorizer",
        "sklearn.feature_extraction.text.TfidfVectorizer",
        "sklearn.gaussian_process.kernels.PairwiseKernel",
        "sklearn.isotonic.IsotonicRegression",
        "sklearn.kernel_approximation.Nystroem",
        "sklearn.kernel_approximation.PolynomialCountSketch",
        "sklearn.kernel_approximation.RBFSampler",
        "sklearn.kernel_approximation.SkewedChi2Sampler",
        "sklearn.kernel_ridge.KernelRidge",
        "sklearn.linear_model._coordinate_descent.ElasticNet",
        "sklearn.linear_model._coordinate_descent.Lasso",
        "sklearn.linear_model._coordinate_descent.MultiTaskElasticNet",
        "sklearn.linear_model._coordinate_descent.MultiTaskLasso",
        "sklearn.linear_model._huber.HuberRegressor",
        "sklearn.linear_model._passive_aggressive.PassiveAggressiveClassifier",
        "sklearn.linear_model._passive_aggressive.PassiveAggressiveRegressor",
        "sklearn.linear_model._perceptron.Perceptron",
        "sklearn.linear_model._ridge.RidgeClassifier",
        "sklearn.linear_model._ridge.RidgeClassifierCV",
        "sklearn.linear_model._stochastic_gradient.SGDClassifier",
        "sklearn.linear_model._stochastic_gradient.SGDOneClassSVM",
        "sklearn.linear_model._stochastic_gradient.SGDRegressor",
        "sklearn.manifold._classical_mds.ClassicalMDS",
        "sklearn.manifold._isomap.Isomap",
        "sklearn.manifold._locally_linear.LocallyLinearEmbedding",
        "sklearn.manifold._mds.MDS",
        "sklearn.manifold._t_sne.TSNE",
        "sklearn.model_selection._search.GridSearchCV",
        "sklearn.model_selection._search.RandomizedSearchCV",
        "sklearn.model_selection._search_successive_halving.HalvingGridSearchCV",
        "sklearn.model_selection._search_successive_halving.HalvingRandomSearchCV",
        "sklearn.multiclass.OneVsRestClassifier",
        "sklearn.mixture._bayesian_mixture.BayesianGaussianMixture",
        "sklearn.mixture._gaussian_mixture.GaussianMixture",
        "sklearn.neighbors._classification.KNeighborsClassifier",
        "sklearn.neighbors._classification.RadiusNeighborsClassifier",
        "sklearn.neighbors._graph.KNeighborsTransformer",
        "sklearn.neighbors._graph.RadiusNeighborsTransformer",
        "sklearn.neighbors._kde.KernelDensity",
        "sklearn.neighbors._lof.LocalOutlierFactor",
        "sklearn.neighbors._nca.NeighborhoodComponentsAnalysis",
        "sklearn.neighbors._regression.KNeighborsRegressor",
        "sklearn.neighbors._regression.RadiusNeighborsRegressor",
        "sklearn.neighbors._unsupervised.NearestNeighbors",
        "sklearn.neural_network._multilayer_perceptron.MLPClassifier",
        "sklearn.neural_network._multilayer_perceptron.MLPRegressor",
        "sklearn.neural_network._rbm.BernoulliRBM",
        "sklearn.preprocessing._encoders.OneHotEncoder",
        "sklearn.preprocessing._label.MultiLabelBinarizer",
        "sklearn.preprocessing._polynomial.PolynomialFeatures",
        "sklearn.preprocessing._polynomial.SplineTransformer",
        "sklearn.random_projection.GaussianRandomProjection",
        "sklearn.random_projection.SparseRandomProjection",
        "sklearn.svm._classes.NuSVC",
        "sklearn.svm._classes.NuSVR",
        "sklearn.svm._classes.OneClassSVM",
        "sklearn.svm._classes.SVC",
        "sklearn.svm._classes.SVR",
        "sklearn.tree._classes.DecisionTreeClassifier",
        "sklearn.tree._classes.DecisionTreeRegressor",
        "sklearn.tree._classes.ExtraTreeClassifier",
        "sklearn.tree._classes.ExtraTreeRegressor",
    ),
    "vitrify.converters.sklearn.rules",
)
KEYWORDS: Final = {name: frozenset(entry.keywords) for name, entry in REVIEWED.functions.items() if entry.keywords}
NAMES: Final[dict[str, tuple[str, str]]] = {
    **{name: (name.rpartition(".")[0], name.rpartition(".")[2]) for name in REVIEWED.functions},
    f"{_SCORERS}._passthrough_scorer": (older.__name__, "_passthrough_scorer"),
}
