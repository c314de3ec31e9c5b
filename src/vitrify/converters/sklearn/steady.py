"""Members whose answers are as many as the rows, whatever the rows hold (attacks M08, M09, M29).

Compiled code of boosting and of OneVsRestClassifier writes as many answers as there are rows to an array that a member
made. numpy's broadcasting lets an intercept or a mean of any shape bring more or fewer: what a member gives is known
for certain only by asking it. That is only worth something where the shape of an answer follows from the number of rows
and from attributes alone, and only safe where an answer costs no more than the file is large. `STEADY` is the closed
list of scikit-learn's classes for which both were read in their source; `numpy.unique` in a FunctionTransformer would
have as many answers as there are different rows. Code of the caller's own is trusted.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import numpy as np

from vitrify.converters.sklearn import REVIEWED
from vitrify.errors import UnsupportedError
from vitrify.graph.names import STANDARD_LIBRARY
from vitrify.graph.paths import with_article
from vitrify.graph.registry import REVIEWED_LIBRARIES

_LISTED: Final = """
    ARDRegression AdaBoostClassifier AdaBoostRegressor BaggingClassifier BaggingRegressor BayesianRidge BernoulliNB
    BernoulliRBM Binarizer CCA CalibratedClassifierCV CategoricalNB ClassifierChain ColumnTransformer ComplementNB
    CountVectorizer DecisionTreeClassifier DecisionTreeRegressor DictVectorizer DummyClassifier DummyRegressor
    ElasticNet ElasticNetCV ExtraTreeClassifier ExtraTreeRegressor ExtraTreesClassifier ExtraTreesRegressor
    FactorAnalysis FastICA FeatureHasher FeatureUnion FixedThresholdClassifier FunctionTransformer GammaRegressor
    GaussianNB GaussianProcessClassifier GaussianProcessRegressor GaussianRandomProjection GenericUnivariateSelect
    GradientBoostingClassifier GradientBoostingRegressor GridSearchCV HalvingGridSearchCV HalvingRandomSearchCV
    HashingVectorizer HistGradientBoostingClassifier HistGradientBoostingRegressor HuberRegressor IncrementalPCA
    IsotonicRegression IterativeImputer KBinsDiscretizer KMeans KNNImputer KNeighborsClassifier KNeighborsRegressor
    KernelCenterer KernelPCA KernelRidge LabelBinarizer LabelEncoder LabelPropagation LabelSpreading Lars LarsCV Lasso
    LassoCV LassoLars LassoLarsCV LassoLarsIC LinearDiscriminantAnalysis LinearRegression LinearSVC LinearSVR
    LogisticRegression LogisticRegressionCV MLPClassifier MLPRegressor MaxAbsScaler MinMaxScaler MissingIndicator
    MultiLabelBinarizer MultiOutputClassifier MultiOutputRegressor MultiTaskElasticNet MultiTaskElasticNetCV
    MultiTaskLasso MultiTaskLassoCV MultinomialNB NearestCentroid NearestNeighbors NeighborhoodComponentsAnalysis
    Normalizer NuSVC NuSVR Nystroem OneHotEncoder OneVsOneClassifier OneVsRestClassifier OrdinalEncoder
    OrthogonalMatchingPursuit OrthogonalMatchingPursuitCV OutputCodeClassifier PCA PLSCanonical PLSRegression
    PassiveAggressiveClassifier PassiveAggressiveRegressor Perceptron Pipeline PoissonRegressor PolynomialFeatures
    PowerTransformer QuadraticDiscriminantAnalysis QuantileRegressor QuantileTransformer RANSACRegressor RBFSampler RFE
    RFECV RadiusNeighborsClassifier RadiusNeighborsRegressor RandomForestClassifier RandomForestRegressor
    RandomTreesEmbedding RandomizedSearchCV RegressorChain Ridge RidgeCV RidgeClassifier RidgeClassifierCV RobustScaler
    SGDClassifier SGDRegressor SVC SVR SelectFdr SelectFpr SelectFromModel SelectFwe SelectKBest SelectPercentile
    SelfTrainingClassifier SequentialFeatureSelector SimpleImputer SkewedChi2Sampler SparseRandomProjection
    SplineTransformer StackingClassifier StackingRegressor StandardScaler TargetEncoder TfidfTransformer
    TfidfVectorizer TheilSenRegressor TransformedTargetRegressor TruncatedSVD TunedThresholdClassifierCV
    TweedieRegressor VarianceThreshold VotingClassifier VotingRegressor
    _BinMapper _BinaryGaussianProcessClassifierLaplace _CalibratedClassifier _ConstantPredictor _SigmoidCalibration
"""
_NAMES: Final = frozenset(_LISTED.split())
STEADY: Final = frozenset(name for name in REVIEWED.types if name.rpartition(".")[2] in _NAMES)
_CALLED: Final = (
    "analyzer", "affinity", "decode_error", "effective_metric_", "func", "importance_getter", "inverse_func", "kernel",
    "metric", "pooling_func", "preprocessor", "tokenizer", "weights",
)  # fmt: skip
"""Attributes that are called with the rows, where they are functions."""

_QUIET: Final = {"n_jobs": None, "verbose": 0}
_MAX_COLUMNS: Final = 1 << 20
_ASKED_ROWS: Final = (1, 2)
"""With one row anything broadcasts, and its answers show how far; with two, whether they are as many as the rows."""


def require_steady(member: Any, what: str) -> None:
    """Fail unless nothing in a member can give more or fewer answers for some rows than for others.

    Raises:
        ValueError: It holds something else; `what` is what the message calls the member.
    """
    for held in _objects(member):
        name = f"{type(held).__module__}.{type(held).__qualname__}"
        if name not in STEADY and (hasattr(type(held), "fit") or hasattr(type(held), "predict")):
            raise ValueError(
                f"{what} holds {with_article(type(held).__name__)}, which is not known to give one answer for each row"
            )
        reason = _unsteady(held)
        if reason is not None:
            raise ValueError(f"{what} holds {with_article(type(held).__name__)} {reason}")


def required_when_saved(name: str) -> Callable[[Any], None]:
    """A rule's `precheck` that refuses to save what `require_steady` would not load as the attribute `name`."""

    def precheck(model: Any) -> None:
        try:
            require_steady(vars(model).get(name), name)
        except ValueError as error:
            hint = "Put such steps before the model, in a Pipeline"
            raise UnsupportedError(f"{type(model).__name__}: {error}", hint=hint) from error

    return precheck


def shapes_of_answers(member: Any, ask: Callable[[int], Any]) -> Iterator[tuple[int, tuple[int, ...]]]:
    """For one row and for two: how many, and the shape of the answer; asked in this thread alone."""
    with warnings.catch_warnings(), _alone(member):
        warnings.simplefilter("ignore")
        for n in _ASKED_ROWS:
            yield n, np.shape(ask(n))


@contextmanager
def _alone(member: Any) -> Iterator[None]:
    """Without the workers that estimators may ask for, and without a word: for two rows both are of no use."""
    former = [
        (vars(held), name, vars(held)[name]) for held in _objects(member) for name in _QUIET if vars(held).get(name)
    ]
    try:
        for held, name, _ in former:
            held[name] = _QUIET[name]
        yield
    finally:
        for held, name, value in former:
            held[name] = value


def _objects(root: Any) -> Iterator[Any]:
    """All objects of scikit-learn's own classes in an object, each once; not those within code of the caller's own."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        held = waiting.pop()
        if isinstance(held, np.ndarray) and held.dtype.hasobject:
            waiting += held.ravel().tolist()
        elif isinstance(held, dict):
            waiting += held.values()
        elif isinstance(held, (list, tuple)) and id(held) not in seen:
            seen.add(id(held))
            waiting += held
        elif _is_of_sklearn(held) and id(held) not in seen and hasattr(held, "__dict__"):
            seen.add(id(held))
            waiting += vars(held).values()
            yield held


def _unsteady(held: Any) -> str | None:
    """What attributes let an estimator give answers that cannot be counted on, or cost too much."""
    values = vars(held)
    for name in _CALLED:
        called = values.get(name)
        if name != "kernel" and callable(called) and _is_of_sklearn(called):
            return f"that calls a {type(called).__name__} as {name}"
        if is_of_a_library(called) and not _keeps_rows(called, values.get("kw_args")):
            return f"with a function as {name}, which may give any number of answers"
    if values.get("input", "content") != "content":
        return "that reads files"
    if type(held).__name__ == "PolynomialFeatures" and not values.get("n_output_features_", 0) <= _MAX_COLUMNS:
        return f"of more than {_MAX_COLUMNS} columns"
    methods: Sequence[Any] = values.get("stack_method_") or ()
    if not all(method in ("predict", "predict_proba", "decision_function") for method in methods):
        return "that asks its members for something else"
    return None


def is_of_a_library(function: Any) -> bool:
    """Whether a function is not the caller's own, who trusts it: one of Python's, or of a library that is reviewed.

    Ufuncs have no module, but all of them are numpy's or scipy's; objects of scikit-learn's own are no functions.
    """
    if not callable(function) or _is_of_sklearn(function):
        return False
    owner = function.func if isinstance(function, partial) else function
    top = (getattr(owner, "__module__", None) or "numpy").partition(".")[0]
    return top in REVIEWED_LIBRARIES or top in STANDARD_LIBRARY


def _is_of_sklearn(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] == "sklearn"


def _keeps_rows(function: Any, keywords: Any) -> bool:
    """Functions of one array that give another of its shape, and what histogram boosting makes of categories."""
    if isinstance(function, np.ufunc):
        return function.nin == 1 and function.nout == 1 and not keywords
    inner = function.func if type(function) is partial and not function.args else function
    module, name = getattr(inner, "__module__", None), getattr(inner, "__name__", None)
    return (module, name) == ("sklearn.utils.validation", "check_array") and not keywords
