"""Models made of models: pipelines on frames, unions, stacks, votes, chains, calibration, text."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import (
    ColumnTransformer,
    TransformedTargetRegressor,
    make_column_selector,
    make_column_transformer,
)
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.feature_extraction.text import (
    CountVectorizer,
    HashingVectorizer,
    TfidfTransformer,
    TfidfVectorizer,
)
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, SGDClassifier, SGDRegressor
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor, RegressorChain
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    PolynomialFeatures,
    QuantileTransformer,
    StandardScaler,
)
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from tests.support.zoo import data
from tests.support.zoo.case import Case, case, no_cache
from tests.support.zoo.training import in_batches

__all__ = ["CASES"]


def _columns(**parameters: Any) -> ColumnTransformer:
    """Numbers are imputed and scaled, categories encoded, one column dropped, the rest passed on."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    return ColumnTransformer(
        [
            ("numbers", numbers, ["age", "income"]),
            ("categories", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["city", "size"]),
            ("unused", "drop", ["note"]),
        ],
        **({"remainder": "passthrough"} | parameters),
    )


def _selected_columns() -> ColumnTransformer:
    return make_column_transformer(
        (SimpleImputer(), make_column_selector(dtype_include=np.number)),
        (OneHotEncoder(), make_column_selector(pattern="^(city|size)$")),
        remainder=FunctionTransformer(),
        sparse_threshold=0.0,
    )


def _logistic() -> LogisticRegression:
    return LogisticRegression(max_iter=50)


def _tree() -> DecisionTreeClassifier:
    return DecisionTreeClassifier(max_depth=3, random_state=0)


def _frozen() -> Any:
    from sklearn.frozen import FrozenEstimator  # scikit-learn >= 1.6

    return FrozenEstimator(_logistic().fit(data.points(), data.labels(3)))


def _text_and_number() -> data.Data:
    frame = data.frame()
    return data.Data(X=frame.X.assign(text=data.texts().X)[["text", "age"]], y=frame.y)


def _shared_step() -> Pipeline:
    """The same scaler object twice; fitting a pipeline copies neither."""
    scaler = StandardScaler()
    return Pipeline([("first", scaler), ("again", scaler), ("classify", _logistic())])


def _prefit() -> LogisticRegression:
    return _logistic().fit(data.points(), data.labels(3))


CASES: tuple[Case, ...] = (
    # frames
    case("Pipeline-frame", lambda: make_pipeline(_columns(), _logistic()), data.frame),
    case(
        "Pipeline-frame-forest",
        lambda: make_pipeline(_columns(), RandomForestClassifier(4, random_state=0)),
        data.frame,
    ),
    case(
        "Pipeline-frame-pandas-out",
        lambda: Pipeline([("columns", _columns()), ("classify", _logistic())]).set_output(transform="pandas"),
        data.frame,
    ),
    case("ColumnTransformer-frame", lambda: _columns(verbose_feature_names_out=False), data.frame),
    case("ColumnTransformer-pandas-out", lambda: _columns().set_output(transform="pandas"), data.frame),
    case("ColumnTransformer-weights", lambda: _columns(transformer_weights={"numbers": 0.5}), data.frame),
    case("ColumnTransformer-selectors", _selected_columns, data.frame),
    case(
        "ColumnTransformer-positions",
        lambda: ColumnTransformer([("a", StandardScaler(), slice(0, 2)), ("b", PCA(1), [2, 3, 4])], remainder="drop"),
        data.rows,
    ),
    case(
        "ColumnTransformer-masks",
        lambda: ColumnTransformer(
            [("a", StandardScaler(), [True, False, True, False, False])], remainder="passthrough"
        ),
        data.float32_rows,
    ),
    # pipelines
    case(
        "Pipeline-of-pipelines",
        lambda: make_pipeline(
            make_pipeline(StandardScaler(), PolynomialFeatures(2)),
            make_union(make_pipeline(StandardScaler(), PCA(2)), SelectKBest(k=3)),
            StackingClassifier([("a", make_pipeline(StandardScaler(), _tree())), ("b", GaussianNB())], cv=2),
        ),
        data.string_classes,
    ),
    case(
        "Pipeline-passthrough",
        lambda: Pipeline([("a", "passthrough"), ("b", None), ("c", _logistic())]),
        data.three_classes,
    ),
    case("Pipeline-transformer", lambda: make_pipeline(StandardScaler(), PCA(2)), data.rows),
    case("Pipeline-shared-step", _shared_step, data.three_classes),
    case(
        "Pipeline-memory",
        lambda: make_pipeline(StandardScaler(), _logistic(), memory=no_cache()),
        data.three_classes,
    ),
    case(
        "Pipeline-union",
        lambda: make_pipeline(
            FeatureUnion([("a", PCA(2)), ("b", SelectKBest(k=1)), ("c", "drop"), ("d", "passthrough")]), SVC()
        ),
        data.three_classes,
    ),
    case(
        "FeatureUnion-weights",
        lambda: FeatureUnion([("a", PCA(2)), ("b", StandardScaler())], transformer_weights={"a": 10.0}),
        data.number_frame,
    ),
    case(
        "Pipeline-boosting",
        lambda: make_pipeline(StandardScaler(), GradientBoostingClassifier(n_estimators=3)),
        data.two_classes,
    ),
    case(
        "Pipeline-histogram",
        lambda: make_pipeline(_columns(), HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=5)),
        data.frame,
    ),
    case("Pipeline-neighbours", lambda: make_pipeline(PCA(2), KNeighborsClassifier(3)), data.three_classes),
    # text
    case(
        "Pipeline-tfidf-sgd",
        lambda: make_pipeline(TfidfVectorizer(), SGDClassifier(random_state=0)),
        data.texts,
    ),
    case("Pipeline-hashing", lambda: make_pipeline(HashingVectorizer(n_features=64), _logistic()), data.texts),
    case(
        "Pipeline-counts",
        lambda: make_pipeline(CountVectorizer(ngram_range=(1, 2)), TfidfTransformer(), MultinomialNB()),
        data.texts,
    ),
    case(
        "Pipeline-latent",
        lambda: make_pipeline(TfidfVectorizer(), TruncatedSVD(3, random_state=0), _logistic()),
        data.texts,
    ),
    case(
        "Pipeline-text-column",
        lambda: make_pipeline(
            ColumnTransformer([("text", TfidfVectorizer(), "text"), ("number", StandardScaler(), ["age"])]),
            _logistic(),
        ),
        _text_and_number,
    ),
    # calibration
    case(
        "CalibratedClassifierCV-sigmoid",
        lambda: CalibratedClassifierCV(LinearSVC(dual=False), cv=3),
        data.string_classes,
    ),
    case(
        "CalibratedClassifierCV-isotonic",
        lambda: CalibratedClassifierCV(GaussianNB(), method="isotonic", cv=3),
        data.three_classes,
    ),
    case(
        "CalibratedClassifierCV-single",
        lambda: CalibratedClassifierCV(GaussianNB(), ensemble=False, cv=3),
        data.two_classes,
    ),
    case(
        "CalibratedClassifierCV-prefit",
        lambda: CalibratedClassifierCV(_prefit(), cv="prefit"),
        data.three_classes,
        before="1.6",
    ),
    case(
        "CalibratedClassifierCV-frozen",
        lambda: CalibratedClassifierCV(_frozen()),
        data.three_classes,
        since="1.6",
    ),
    case(
        "CalibratedClassifierCV-temperature",
        lambda: CalibratedClassifierCV(_logistic(), method="temperature", cv=3),
        data.three_classes,
        since="1.8",
    ),
    # stacks and votes
    case(
        "StackingClassifier-passthrough",
        lambda: StackingClassifier([("a", _tree()), ("b", SVC(random_state=0))], _logistic(), cv=2, passthrough=True),
        data.string_classes,
    ),
    case(
        "StackingClassifier-prefit",
        lambda: StackingClassifier([("a", _prefit())], cv="prefit"),
        data.three_classes,
    ),
    case(
        "StackingRegressor-forest",
        lambda: StackingRegressor([("a", Ridge())], RandomForestRegressor(3), cv=2),
        data.regression,
    ),
    case(
        "VotingClassifier-soft",
        lambda: VotingClassifier([("a", _tree()), ("b", "drop"), ("c", _logistic())], voting="soft", weights=[1, 1, 2]),
        data.string_classes,
    ),
    case(
        "VotingRegressor-weights",
        lambda: VotingRegressor([("a", Ridge()), ("b", LinearRegression())], weights=[1, 3]),
        data.regression,
    ),
    # several targets
    case("ClassifierChain-forest", lambda: ClassifierChain(_tree(), order=[2, 0, 1]), data.multi_label),
    case(
        "RegressorChain-folds",
        lambda: RegressorChain(Ridge(), cv=3, order="random", random_state=0),
        data.multi_output_regression,
    ),
    case("MultiOutputClassifier-strings", lambda: MultiOutputClassifier(_tree()), data.multi_output_strings),
    case(
        "MultiOutputClassifier-batches",
        lambda: MultiOutputClassifier(SGDClassifier(random_state=0)),
        data.multi_output_classes,
        train=lambda model, d: model.partial_fit(d.X, d.y, [np.unique(column) for column in d.y.T]),
    ),
    case(
        "MultiOutputRegressor-batches",
        lambda: MultiOutputRegressor(SGDRegressor(random_state=0)),
        data.multi_output_regression,
        train=in_batches(),
    ),
    case("OneVsRestClassifier-multi-label", lambda: OneVsRestClassifier(_logistic()), data.multi_label),
    case(
        "OneVsRestClassifier-two-classes",
        lambda: OneVsRestClassifier(LinearSVC(dual=False)),
        data.two_classes,
    ),
    case("OneVsOneClassifier-strings", lambda: OneVsOneClassifier(LinearSVC(dual=False)), data.string_classes),
    case(
        "OutputCodeClassifier-own-random",
        lambda: OutputCodeClassifier(_tree(), random_state=np.random.RandomState(0)),
        data.string_classes,
    ),
    # transformed targets, partly labelled
    case(
        "TransformedTargetRegressor-log",
        lambda: TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1),
        data.positive_regression,
    ),
    case(
        "TransformedTargetRegressor-quantiles",
        lambda: TransformedTargetRegressor(Ridge(), transformer=QuantileTransformer(n_quantiles=10)),
        data.regression,
    ),
    case(
        "SelfTrainingClassifier-best",
        lambda: SelfTrainingClassifier(GaussianNB(), criterion="k_best"),
        data.some_labels,
    ),
)
