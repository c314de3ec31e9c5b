"""Attacks F29 to F37: attributes and parameters of reviewed types that are not theirs, or not of their kind."""

from __future__ import annotations

import pickle
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.cluster import OPTICS, AgglomerativeClustering, FeatureAgglomeration
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier, StackingClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import PairwiseKernel
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import ClassifierChain
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import vitrify
from tests.attacks.actions import use_many
from tests.attacks.files import lied
from tests.attacks.harness import (
    Attack,
    Outcome,
    assert_harmless,
    assert_refused,
    assert_unharmed,
    canary,
    run,
    run_one,
)
from tests.support.lying_writer import Lie
from tests.vectors.strict_graph import Name
from vitrify.errors import FormatError, StateError, UnsupportedError, UntrustedTypeError

X = np.arange(40.0).reshape(20, 2)
Y = np.arange(20) % 2
PREDICT = (("predict", X),)


@cache
def fitted(name: str) -> bytes:
    """The file of a small fitted model."""
    models: dict[str, Any] = {
        "linear": LogisticRegression(),
        "tree": DecisionTreeClassifier(),
        "forest": RandomForestClassifier(n_estimators=3),
        "svc": SVC(),
        "neighbours": KNeighborsClassifier(),
        "pipeline": make_pipeline(StandardScaler(), LogisticRegression()),
        "search": GridSearchCV(LogisticRegression(), {"C": [1.0, 2.0]}, cv=2),
    }
    return vitrify.dumps(models[name].fit(X, Y))


def retyped(data: bytes, old: str, new: str) -> bytes:
    """The file in which objects of one class say that they are of another."""

    def change(lie: Lie) -> None:
        (table,) = (table for table in lie.graph["tables"] if table["type"].endswith(f".{old}"))
        table["type"] = new

    return lied(data, change)


def with_attribute(data: bytes, name: str, value: Any, of: str = "") -> bytes:
    """The file in which the root, or the objects of a class, have one more attribute."""

    def change(lie: Lie) -> None:
        number = lie.graph["root"]["table"]
        tables = [table for table in lie.graph["tables"] if table["type"].endswith(of)] if of else [None]
        table = tables[0] or lie.graph["tables"][number]
        table["columns"][name] = lie.column([value] * table["rows"])

    return lied(data, change)


def assigned(data: bytes, path: str, value: Any) -> bytes:
    """The file with another value at a path."""
    return lied(data, lambda lie: lie.assign(path, value))


_CLASSES = {
    "LogisticRegression": "sklearn.linear_model._logistic.LogisticRegression",
    "SVC": "sklearn.svm._classes.SVC",
    "RandomForestClassifier": "sklearn.ensemble._forest.RandomForestClassifier",
    "DecisionTreeClassifier": "sklearn.tree._classes.DecisionTreeClassifier",
    "KNeighborsClassifier": "sklearn.neighbors._classification.KNeighborsClassifier",
    "GradientBoostingClassifier": "sklearn.ensemble._gb.GradientBoostingClassifier",
    "HistGradientBoostingClassifier": (
        "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier"
    ),
    "CountVectorizer": "sklearn.feature_extraction.text.CountVectorizer",
    "KMeans": "sklearn.cluster._kmeans.KMeans",
    "Pipeline": "sklearn.pipeline.Pipeline",
}


@pytest.mark.parametrize("name", ["linear", "tree", "forest", "svc", "neighbours"])
def test_F29_the_attributes_of_another_estimator(name: str) -> None:
    """Each model under the name of each other class is refused, or answers with an error of Python."""
    data = fitted(name)
    own = next(cls for cls in _CLASSES if data.find(f'"{_CLASSES[cls]}"'.encode()) >= 0 and _is_root(data, cls))
    others = [cls for cls in _CLASSES if cls != own]
    for outcome in run([Attack(retyped(data, own, _CLASSES[cls]), then=PREDICT, label=cls) for cls in others]):
        assert_unharmed(outcome)
        if outcome.kind == "error":
            assert outcome.error in ("StateError", "FormatError"), outcome
        else:
            assert outcome.answers[0].error, outcome


def _is_root(data: bytes, cls: str) -> bool:
    lie = Lie(data)
    return bool(lie.graph["tables"][lie.graph["root"]["table"]]["type"] == _CLASSES[cls])


@pytest.mark.parametrize(
    "attribute",
    [
        "predict", "fit", "score", "get_params", "set_params", "__class__", "__dict__", "__setstate__", "__getstate__",
        "__reduce__", "__reduce_ex__", "__init__", "__sklearn_tags__", "__sklearn_clone__", "__call__", "__del__",
        "_repr_html_", "_repr_mimebundle_", "_html_repr", "_validate_params", "_doc_link_template", "_get_doc_link",
        "predict_proba", "decision_function", "sparsify",
    ],
)  # fmt: skip
@pytest.mark.parametrize("value", [1, "x", Name("function", "numpy.log1p")], ids=str)
def test_F30_an_attribute_in_front_of_a_method(attribute: str, value: Any) -> None:
    """What the class has as a method, a property or a dunder cannot be an attribute of an object in a file."""
    outcome = run_one(Attack(with_attribute(fitted("linear"), attribute, value)))
    assert_refused(outcome, StateError, path="$", match=f"attribute '{attribute}' would hide a member of the class")


def test_F30_an_attribute_that_nobody_knows_is_data() -> None:
    """It is kept and does nothing."""
    outcome = run_one(Attack(with_attribute(fitted("linear"), "unheard_of", "x"), then=[("unheard_of",), *PREDICT]))
    assert_harmless(outcome)
    assert [answer.error for answer in outcome.answers] == ["", ""]
    assert outcome.answers[0].text == "x"


_TRANSFORMER = vitrify.dumps(FunctionTransformer(np.log1p))
_VECTORIZER = vitrify.dumps(CountVectorizer().fit(["aa bb", "bb cc"]))
_CODE = ["os.system", "numpy:load", "__import__('os').system('true')", "lambda x: x", "cos\nsystem\n."]


def _calls(text: str) -> list[tuple[bytes, tuple[Any, ...]]]:
    """Files in which a text stands where a callable may be, and what would call it."""
    return [
        (assigned(_TRANSFORMER, "$.func", text), ("transform", X)),
        (assigned(_TRANSFORMER, "$.inverse_func", text), ("inverse_transform", X)),
        (assigned(fitted("neighbours"), "$.metric", text), ("predict", X)),
        (assigned(fitted("neighbours"), "$.weights", text), ("predict", X)),
        (assigned(fitted("svc"), "$.kernel", text), ("predict", X)),
        (assigned(fitted("search"), "$.scoring", text), ("score", X, Y)),
        (assigned(fitted("search"), "$.scorer_", text), ("score", X, Y)),
        *((assigned(_VECTORIZER, f"$.{name}", text), ("transform", ["aa bb"])) for name in _TEXT_CALLABLES),
    ]


_TEXT_CALLABLES = ("tokenizer", "preprocessor", "analyzer", "token_pattern", "stop_words")


@pytest.mark.parametrize("text", _CODE)
def test_F31_text_where_a_callable_may_be(text: str) -> None:
    """A text stays a text: nothing resolves, evaluates or imports it, in loading or in use."""
    for outcome in run([Attack(data, then=[call], label=call[0]) for data, call in _calls(text)]):
        assert_unharmed(outcome)
        assert outcome.kind == "loaded" or outcome.error == "StateError", outcome


@pytest.mark.parametrize("name", ["os.system", "numpy.load", "sklearn.datasets._svmlight_format_io.dump_svmlight_file"])
def test_F31_a_function_by_name_where_a_callable_may_be(name: str) -> None:
    """A name is a callable only if it is reviewed."""
    for data, path in ((_TRANSFORMER, "$.func"), (fitted("neighbours"), "$.metric"), (_VECTORIZER, "$.tokenizer")):
        outcome = run_one(Attack(assigned(data, path, Name("function", name))))
        assert_refused(outcome, UntrustedTypeError, match="can never be trusted")


@pytest.mark.parametrize(
    "model",
    [
        Pipeline([("a", StandardScaler())]), AgglomerativeClustering(), FeatureAgglomeration(), OPTICS(),
    ],
    ids=lambda model: type(model).__name__,
)  # fmt: skip
@pytest.mark.parametrize("value", ["/tmp/cache", "", b"/tmp/cache", 5, True])
def test_F32_a_cache_folder_named_by_a_file(model: Any, value: Any) -> None:
    """A file with `memory=` is refused: joblib would read pickles from that folder."""
    outcome = run_one(Attack(assigned(vitrify.dumps(model), "$.memory", value)))
    assert_refused(outcome, StateError, path="$", match="memory is never in a file")


def test_F32_a_cache_folder_of_the_writer_is_not_saved() -> None:
    """An honest `memory=` comes back as None, with a warning at `dump`."""
    with pytest.warns(vitrify.errors.NotRestoredWarning, match=r"\$\.memory is not saved"):
        data = vitrify.dumps(Pipeline([("a", StandardScaler())], memory=canary()))
    outcome = run_one(Attack(data, then=[("memory",), ("fit", X)]))
    assert_harmless(outcome)
    assert outcome.answers[0].text == "None"


@pytest.mark.parametrize(
    ("model", "path", "match"),
    [
        (
            GridSearchCV(Pipeline([("a", StandardScaler())]), {"memorx": ["/tmp/cache"]}),
            "",
            "param_grid sets memory, which is never in a file",
        ),
        (
            RandomForestClassifier(),
            "$.estimator_params[0]",
            "estimator_params names what no file may set in members of an ensemble",
        ),
    ],
    ids=["grid", "members"],
)
def test_F32_a_cache_folder_that_a_fit_would_set(model: Any, path: str, match: str) -> None:
    """A grid, or an ensemble in its members, would set it before joblib reads pickles from there."""
    lie = Lie(vitrify.dumps(model))
    if path:
        lie.assign(path, "pipeline__memory")
    else:
        ((keys,),) = [[table["columns"]["keys"]] for table in lie.tables("dict") if "keys" in table["columns"]]
        keys["value"] = "memory"
    assert_refused(run_one(Attack(lie.file())), StateError, path="$", match=match)


_RANDOM_STATE = vitrify.dumps(np.random.RandomState(1))


@pytest.mark.parametrize("name", ["set_bit_generator", "numpy.random.mtrand.set_bit_generator", "numpy.random.seed"])
def test_F33_a_bit_generator_that_is_a_function(name: str) -> None:
    """The kind of generator is a registered type, and no name that is looked up in numpy."""
    by_type = retyped(_RANDOM_STATE, "MT19937", name)
    by_text = assigned(_RANDOM_STATE, "$.bits", name)
    by_name = assigned(_RANDOM_STATE, "$.bits", Name("function", name))
    outcomes = run([Attack(by_type), Attack(by_text), Attack(by_name)])
    assert_refused(outcomes[0], UnsupportedError, path="$.bits", match="saved by a converter that is not here")
    assert_refused(outcomes[1], StateError, path="$", match="found a str, expected MT19937")
    assert_refused(outcomes[2], UntrustedTypeError, match="can never be trusted")


def test_F33_a_state_for_the_global_generator() -> None:
    """A file that says its generator is numpy's own, and gives it a state, changes nothing of it."""
    outcome = run_one(Attack(assigned(_RANDOM_STATE, "$.bits.is_global", True)))
    assert_unharmed(outcome)
    assert outcome.kind == "loaded" or outcome.error == "StateError", outcome


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("svc", "$.cache_size", 1e12), ("svc", "$.cache_size", -1), ("svc", "$.verbose", 10**9),
        ("svc", "$.max_iter", 2**62), ("svc", "$.max_iter", 2**80), ("linear", "$.verbose", 10**9),
        ("linear", "$.max_iter", 2**62), ("linear", "$.tol", 0.0), ("forest", "$.verbose", 10**9),
        ("search", "$.verbose", 10**9), ("neighbours", "$.leaf_size", 2**62), ("neighbours", "$.n_neighbors", 2**62),
        ("pipeline", "$.verbose", 10**9),
    ],
)  # fmt: skip
def test_F34_parameters_without_measure(name: str, path: str, value: Any) -> None:
    """They are kept as numbers, and neither loading nor predicting takes time or memory by them."""
    outcome = run_one(Attack(assigned(fitted(name), path, value), then=PREDICT, peak_bytes=16 << 20))
    assert_harmless(outcome)


@pytest.mark.parametrize("name", ["linear", "forest", "neighbours", "search"])
@pytest.mark.parametrize("value", [10**6, -(10**6), 2**62, 2**80, np.int64(2**40)])
def test_F34_a_million_workers(name: str, value: Any) -> None:
    """A number of threads that no machine starts is refused, since predicting would start them."""
    outcome = run_one(Attack(assigned(fitted(name), "$.n_jobs", value)))
    assert_refused(outcome, StateError, path="$", match="n_jobs asks for more than 1024 workers")


@pytest.mark.parametrize("name", ["linear", "forest", "neighbours", "search"])
@pytest.mark.parametrize("value", ["1000000", b"1000000", 1e6, np.float64(1e6)], ids=repr)
def test_F34_workers_that_are_no_int(name: str, value: Any) -> None:
    """What is no int, joblib makes one of."""
    outcome = run_one(Attack(assigned(fitted(name), "$.n_jobs", value)))
    assert_refused(outcome, StateError, path="$", match="n_jobs must be None or an int")


@pytest.mark.parametrize(
    ("key", "good", "bad", "match"),
    [
        ("n_jobs", 2, 10**6, "param_grid sets n_jobs, which asks for more than 1024 workers"),
        ("estimator__n_jobs", 2, "9", "param_grid sets estimator__n_jobs, which must be None or an int"),
        ("pre_dispatch", "all", "n_jobs**n_jobs", "param_grid sets pre_dispatch, which must be 'all', a number"),
    ],
)
def test_F34_workers_and_expressions_in_a_grid(key: str, good: Any, bad: Any, match: str) -> None:
    """A later fit would set them."""
    search = vitrify.dumps(GridSearchCV(LogisticRegression(), {key: [good]}))
    outcome = run_one(Attack(assigned(search, f"$.param_grid['{key}'][0]", bad)))
    assert_refused(outcome, StateError, path="$", match=match)


def test_F34_a_million_workers_among_the_keywords_of_a_kernel() -> None:
    """`pairwise_kernels` starts as many threads as a Gaussian process says."""
    kernel = PairwiseKernel(metric="rbf", pairwise_kernels_kwargs={"n_jobs": 2})
    data = vitrify.dumps(GaussianProcessRegressor(kernel, optimizer=None).fit(X, Y))
    hostile = assigned(data, "$.kernel_.pairwise_kernels_kwargs['n_jobs']", 10**6)
    outcome = run_one(Attack(hostile, then=PREDICT))
    assert_refused(outcome, StateError, path="$.kernel_", match="_kwargs asks for more than 1024 workers")


_WRONG = (None, True, -1, 2**70, 1.5, float("nan"), "x", b"x", np.float32(1))


@pytest.mark.parametrize("name", ["linear", "tree", "forest", "svc", "neighbours", "pipeline", "search"])
def test_F35_every_attribute_of_another_type(name: str) -> None:
    """Each attribute of the root with each of ten wrong values: refused, or errors of Python in use."""
    data = fitted(name)
    lie = Lie(data)
    attributes = list(lie.graph["tables"][lie.graph["root"]["table"]]["columns"])
    files = [assigned(data, f"$.{attribute}", value) for attribute in attributes for value in _WRONG]
    files += [lied(data, partial(_redirect, attribute=attribute)) for attribute in attributes]
    outcome = run_one(Attack(b"", partial(use_many, files=files, X=X), [dict], wall_s=60))
    assert outcome.kind == "loaded", outcome
    assert (outcome.noted, outcome.changed) == ((), ()), outcome
    assert outcome.seconds < 30, outcome
    assert "NOT OURS" not in outcome.answers[0].text, outcome


def _redirect(lie: Lie, attribute: str) -> None:
    """The estimator itself, where one of its attributes is asked for."""
    lie.assign(f"$.{attribute}", lie.ref("$"))


_PIPELINE = fitted("pipeline")


@pytest.mark.parametrize(
    ("kind", "attribute", "path"),
    [
        (StackingClassifier, "stack_method_", "$.stack_method_[0]"),
        (ClassifierChain, "chain_method_", "$.chain_method_"),
    ],
    ids=["stacking", "chain"],
)
@pytest.mark.parametrize("name", ["write_bytes", "write_text", "unlink", "__class__", "fit", "set_params"])
def test_F36_a_method_that_is_called_by_its_name(kind: Any, attribute: str, path: str, name: str) -> None:
    """Where an estimator is expected a path may stand: its `write_bytes` would write the input of `predict`."""
    model = kind([("a", DummyClassifier())]) if kind is StackingClassifier else kind(DummyClassifier())
    model.fit([[0.0], [1.0], [2.0], [3.0]] * 3, [0, 1] * 6 if kind is StackingClassifier else [[0, 1], [1, 0]] * 6)
    model.estimators_ = [Path(canary())] * len(model.estimators_)
    outcome = run_one(Attack(assigned(vitrify.dumps(model), path, name), then=[("predict", [[0.0]])]))
    assert_refused(outcome, StateError, path="$", match=f"{attribute} names a method that no estimator answers with")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$.steps[0][1]", None), ("$.steps[0][1]", 5), ("$.steps[1][1]", "passthrough"), ("$.steps[1][1]", "os.system"),
        ("$.steps[1][1]", b"cos\nsystem\n."), ("$.steps[0][0]", "logisticregression"), ("$.steps[0][0]", "a__b"),
        ("$.steps[0][0]", "__class__"), ("$.steps[0][0]", "steps"), ("$.steps[0][0]", 5), ("$.steps[0]", None),
        ("$.steps[0]", "ab"), ("$.steps", None), ("$.steps", "steps"), ("$.steps", Name("function", "numpy.log1p")),
        ("$.steps[1][1]", Name("class", "sklearn.linear_model._logistic.LogisticRegression")),
    ],
)  # fmt: skip
def test_F36_steps_that_are_no_estimators(path: str, value: Any) -> None:
    """A pipeline of other things is refused, or answers with an error of Python, or leaves the step out."""
    outcome = run_one(Attack(assigned(_PIPELINE, path, value), then=[*PREDICT, repr]))
    assert_unharmed(outcome)
    if outcome.kind == "error":
        assert outcome.is_ours, outcome


def test_F36_a_pipeline_that_is_its_own_step() -> None:
    """Nothing could print it, and two such steps would be walked for ever."""
    outcome = run_one(Attack(lied(_PIPELINE, lambda lie: lie.assign("$.steps[1][1]", lie.ref("$"))), then=PREDICT))
    assert_refused(outcome, StateError, path="$", match="Pipeline: a member of itself")


@pytest.mark.parametrize("name", ["forest", "search"])
def test_F36_members_that_are_no_estimators(name: str) -> None:
    """The trees of a forest are trees; what a search predicts with may be anything that has no such method."""
    if name == "forest":
        data = fitted("forest")
        for value in (None, 5, "x", Name("class", _CLASSES["DecisionTreeClassifier"])):
            outcome = run_one(Attack(assigned(data, "$.estimators_[1]", value)))
            assert_unharmed(outcome)
            assert outcome.kind == "error", outcome
            assert outcome.error in ("StateError", "FormatError", "UntrustedTypeError"), outcome
        return
    for value in (None, 5, "x"):
        outcome = run_one(Attack(assigned(fitted("search"), "$.best_estimator_", value), then=PREDICT))
        assert_harmless(outcome)
        assert outcome.answers[0].error


class _Payload:
    def __reduce__(self) -> tuple[Any, ...]:
        return open, (canary(), "w")


def _pickles() -> list[bytes]:
    return [pickle.dumps(_Payload(), protocol) for protocol in range(6)]


@pytest.mark.parametrize("protocol", range(6))
def test_F37_a_pickle_in_bytes_stays_bytes(protocol: int) -> None:
    """Bytes, arrays of bytes and text that are a pickle come back as they are, wherever they stand."""
    payload = _pickles()[protocol]
    value = {
        "bytes": payload,
        "array": np.frombuffer(payload, np.uint8),
        "void": np.array([payload.ljust(200, b"\0")], "V200"),
        "object": np.array([payload, None], object),
        "text": payload.decode("latin1"),
    }
    data = vitrify.dumps(value)
    assert payload in data
    outcome = run_one(Attack(data, then=[("__getitem__", "bytes"), ("__len__",)]))
    assert_harmless(outcome)
    assert outcome.answers[0].text == repr(payload)
    assert_harmless(run_one(Attack(data, "inspect", then=[repr])))
    for outcome in run([Attack(assigned(fitted("linear"), f"$.{name}", payload)) for name in ("C", "coef_", "solver")]):
        _is_inert(outcome)


def _is_inert(outcome: Outcome) -> None:
    assert_unharmed(outcome)
    assert outcome.kind == "loaded" or outcome.error in (StateError.__name__, FormatError.__name__), outcome


def test_F37_the_pickles_would_have_left_their_mark() -> None:
    """Unpickled, each of them makes the canary, and the harness sees it."""
    for payload in _pickles():
        outcome = run_one(Attack(payload, _unpickle))
        assert "the canary file is there" in outcome.changed
        assert any(what.startswith("open for writing") for what in outcome.noted)


def _unpickle(data: bytes, path: str) -> None:
    pickle.loads(data)
