"""Transformers of features and targets: scaling, encoding, imputing, selecting, and text."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special
from sklearn.ensemble import RandomForestClassifier
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.feature_extraction import DictVectorizer, FeatureHasher
from sklearn.feature_extraction.image import PatchExtractor
from sklearn.feature_extraction.text import (
    CountVectorizer,
    HashingVectorizer,
    TfidfTransformer,
    TfidfVectorizer,
)
from sklearn.feature_selection import (
    RFECV,
    GenericUnivariateSelect,
    SelectFromModel,
    SelectKBest,
    SequentialFeatureSelector,
    chi2,
    f_regression,
    mutual_info_classif,
)
from sklearn.impute import IterativeImputer, KNNImputer, MissingIndicator, SimpleImputer
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import BayesianRidge, LassoCV, LogisticRegression, SGDClassifier
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    LabelBinarizer,
    LabelEncoder,
    MaxAbsScaler,
    MinMaxScaler,
    MultiLabelBinarizer,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
)
from sklearn.svm import LinearSVC

from tests.support.zoo import data
from tests.support.zoo.case import Case, case
from tests.support.zoo.training import in_batches

__all__ = ["CASES"]

_BATCHES = in_batches(targets=False)


def _target_encoder(**parameters: Any) -> Any:
    from sklearn.preprocessing import TargetEncoder  # scikit-learn >= 1.3

    return TargetEncoder(**({"random_state": 0} | parameters))


def _imputer(**parameters: Any) -> IterativeImputer:
    return IterativeImputer(**({"max_iter": 2, "random_state": 0} | parameters))


def _category_columns() -> data.Data:
    return data.Data(X=data.frame().X[["city", "size", "note"]], y=data.labels(2))


def _three_targets() -> data.Data:
    return data.Data(X=data.category_names().X, y=data.string_classes().y)


def _fitted() -> LogisticRegression:
    return LogisticRegression().fit(data.points(), data.labels(3))


CASES: tuple[Case, ...] = (
    # scaling
    case("StandardScaler-batches", StandardScaler, data.rows, train=_BATCHES),
    case("StandardScaler-frame", lambda: StandardScaler().set_output(transform="pandas"), data.number_frame),
    case("StandardScaler-sparse", lambda: StandardScaler(with_mean=False), data.sparse_rows),
    case("StandardScaler-float32", StandardScaler, data.float32_rows),
    case("StandardScaler-missing", StandardScaler, data.missing_rows),
    case("StandardScaler-nothing", lambda: StandardScaler(with_mean=False, with_std=False), data.rows),
    case("MinMaxScaler-batches", lambda: MinMaxScaler((-1, 1), clip=True), data.rows, train=_BATCHES),
    case("MaxAbsScaler-sparse", MaxAbsScaler, data.sparse_rows),
    case("RobustScaler-range", lambda: RobustScaler(quantile_range=(10.0, 90.0), unit_variance=True), data.rows),
    case("Normalizer-frame", lambda: Normalizer("l1").set_output(transform="pandas"), data.number_frame),
    case(
        "QuantileTransformer-normal",
        lambda: QuantileTransformer(n_quantiles=20, output_distribution="normal"),
        data.rows,
    ),
    case("PowerTransformer-box-cox", lambda: PowerTransformer("box-cox"), data.positive),
    case("PowerTransformer-plain", lambda: PowerTransformer(standardize=False), data.missing_rows),
    case("Binarizer-sparse", lambda: Binarizer(threshold=0.5), data.sparse_rows),
    case(
        "PolynomialFeatures-interactions",
        lambda: PolynomialFeatures(3, interaction_only=True),
        data.number_frame,
    ),
    case("PolynomialFeatures-sparse", PolynomialFeatures, data.sparse_rows),
    case("SplineTransformer-periodic", lambda: SplineTransformer(4, extrapolation="periodic"), data.rows),
    case(
        "SplineTransformer-quantiles",
        lambda: SplineTransformer(4, knots="quantile", include_bias=False),
        data.rows,
    ),
    case(
        "KBinsDiscretizer-quantile",
        lambda: KBinsDiscretizer(4, strategy="quantile", encode="ordinal"),
        data.rows,
    ),
    case(
        "KBinsDiscretizer-kmeans",
        lambda: KBinsDiscretizer(3, strategy="kmeans", random_state=0),
        data.float32_rows,
    ),
    case(
        "FunctionTransformer-log",
        lambda: FunctionTransformer(np.log1p, np.expm1, validate=True),
        data.positive,
    ),
    case(
        "FunctionTransformer-arguments",
        lambda: FunctionTransformer(np.clip, kw_args={"a_min": 0, "a_max": 1}),
        data.rows,
    ),
    case(
        "FunctionTransformer-names",
        lambda: FunctionTransformer(np.abs, feature_names_out="one-to-one"),
        data.number_frame,
    ),
    case("FunctionTransformer-scipy", lambda: FunctionTransformer(scipy.special.expit), data.rows),
    case(
        "IsotonicRegression-clipped",
        lambda: IsotonicRegression(out_of_bounds="clip", y_max=3.0),
        data.one_column,
    ),
    case("IsotonicRegression-decreasing", lambda: IsotonicRegression(increasing="auto"), data.one_column),
    # encoding
    case(
        "OneHotEncoder-dense",
        lambda: OneHotEncoder(sparse_output=False, handle_unknown="ignore"),
        data.category_names,
    ),
    case("OneHotEncoder-drop", lambda: OneHotEncoder(drop="if_binary"), _category_columns),
    case(
        "OneHotEncoder-rare",
        lambda: OneHotEncoder(min_frequency=25, handle_unknown="infrequent_if_exist"),
        data.category_names,
    ),
    case("OneHotEncoder-mixed", OneHotEncoder, data.mixed_categories),
    case(
        "OneHotEncoder-frame",
        lambda: OneHotEncoder(sparse_output=False).set_output(transform="pandas"),
        _category_columns,
    ),
    case(
        "OneHotEncoder-codes",
        lambda: OneHotEncoder(categories=[range(4)] * 3, dtype=np.float32),
        data.category_codes,
    ),
    case(
        "OrdinalEncoder-unknown",
        lambda: OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan),
        data.category_names,
    ),
    case("OrdinalEncoder-frame", OrdinalEncoder, _category_columns),
    case("OrdinalEncoder-mixed", lambda: OrdinalEncoder(encoded_missing_value=-1), data.mixed_categories),
    case("TargetEncoder-frame", _target_encoder, _category_columns, since="1.3"),
    case(
        "TargetEncoder-strings",
        lambda: _target_encoder(smooth=2.0),
        _three_targets,
        since="1.4",
    ),
    case("LabelEncoder-numbers", LabelEncoder, data.class_numbers),
    case("LabelBinarizer-sparse", lambda: LabelBinarizer(sparse_output=True), data.class_numbers),
    case(
        "MultiLabelBinarizer-sparse",
        lambda: MultiLabelBinarizer(sparse_output=True, classes=["c", "b", "a"]),
        data.label_sets,
    ),
    # missing values
    case(
        "SimpleImputer-frequent",
        lambda: SimpleImputer(missing_values=None, strategy="most_frequent"),
        data.mixed_categories,
    ),
    case(
        "SimpleImputer-indicator",
        lambda: SimpleImputer(add_indicator=True, strategy="median"),
        data.missing_rows,
    ),
    case(
        "SimpleImputer-constant",
        lambda: SimpleImputer(strategy="constant", fill_value=-1.0),
        data.missing_rows,
    ),
    case("SimpleImputer-sparse", lambda: SimpleImputer(missing_values=-1), data.sparse_rows),
    case(
        "KNNImputer-indicator",
        lambda: KNNImputer(n_neighbors=2, weights="distance", add_indicator=True),
        data.missing_rows,
    ),
    case("MissingIndicator-all", lambda: MissingIndicator(features="all", sparse=True), data.missing_rows),
    case(
        "IterativeImputer-indicator",
        lambda: _imputer(add_indicator=True, imputation_order="roman"),
        data.missing_rows,
    ),
    case(
        "IterativeImputer-estimator",
        lambda: _imputer(estimator=BayesianRidge(), initial_strategy="median"),
        data.missing_rows,
    ),
    case("IterativeImputer-posterior", lambda: _imputer(sample_posterior=True), data.missing_rows),
    case("IterativeImputer-global-random", lambda: _imputer(random_state=None), data.missing_rows),
    # selection
    case("SelectKBest-chi2", lambda: SelectKBest(chi2, k=2), data.counts),
    case("SelectKBest-information", lambda: SelectKBest(mutual_info_classif, k=2), data.number_frame),
    case(
        "GenericUnivariateSelect-regression",
        lambda: GenericUnivariateSelect(f_regression, mode="k_best", param=2),
        data.regression,
    ),
    case(
        "SelectFromModel-forest",
        lambda: SelectFromModel(RandomForestClassifier(4, random_state=0)),
        data.number_frame,
    ),
    case(
        "SelectFromModel-lasso",
        lambda: SelectFromModel(LassoCV(alphas=[0.1], cv=3), threshold="1.2*mean"),
        data.regression,
    ),
    case(
        "SelectFromModel-prefit",
        lambda: SelectFromModel(_fitted(), prefit=True, max_features=2),
        data.three_classes,
    ),
    case(
        "SelectFromModel-batches",
        lambda: SelectFromModel(SGDClassifier(random_state=0)),
        data.three_classes,
        train=in_batches(classes=True),
    ),
    case("RFECV-frame", lambda: RFECV(LinearSVC(dual=False), cv=3, min_features_to_select=2), data.number_frame),
    case(
        "SequentialFeatureSelector-backward",
        lambda: SequentialFeatureSelector(LogisticRegression(), direction="backward", cv=2, n_features_to_select=4),
        data.number_frame,
    ),
    # text and dictionaries
    case("CountVectorizer-ngrams", lambda: CountVectorizer(ngram_range=(1, 2), min_df=2), data.texts),
    case(
        "CountVectorizer-characters",
        lambda: CountVectorizer(analyzer="char_wb", ngram_range=(2, 3), binary=True),
        data.texts,
    ),
    case(
        "CountVectorizer-vocabulary",
        lambda: CountVectorizer(vocabulary=["dog", "cat"], dtype=np.float32),
        data.texts,
    ),
    case(
        "CountVectorizer-function",
        lambda: CountVectorizer(tokenizer=str.split, token_pattern=None),
        data.texts,
    ),
    case(
        "CountVectorizer-stop-words",
        lambda: CountVectorizer(stop_words=["cat", "dog"], max_features=5),
        data.texts,
    ),
    case(
        "CountVectorizer-english",
        lambda: CountVectorizer(stop_words="english", strip_accents="unicode"),
        data.texts,
    ),
    case(
        "TfidfVectorizer-sublinear",
        lambda: TfidfVectorizer(sublinear_tf=True, norm="l1", max_df=0.9),
        data.texts,
    ),
    case("TfidfTransformer-plain", lambda: TfidfTransformer(use_idf=False), data.counts),
    case("HashingVectorizer-bigrams", lambda: HashingVectorizer(n_features=32, ngram_range=(1, 2)), data.texts),
    case("DictVectorizer-dense", lambda: DictVectorizer(sparse=False, sort=False), data.dictionaries),
    case("FeatureHasher-strings", lambda: FeatureHasher(8, input_type="string"), data.tokens),
    case("PatchExtractor-all", lambda: PatchExtractor(patch_size=(4, 4)), data.images),
)
