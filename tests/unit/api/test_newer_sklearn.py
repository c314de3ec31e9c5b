"""A scikit-learn newer than reviewed: what is as we know it is saved, what is not is refused by name."""

from __future__ import annotations

import re
import sys
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import sklearn
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestRegressor
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import vitrify
from tests.support.equality import assert_same
from tests.support.forge import reforge
from vitrify.converters.sklearn import RULES
from vitrify.errors import (
    FormatError,
    LimitError,
    StateError,
    UnsupportedError,
    UntrustedTypeError,
    VersionError,
    VersionWarning,
    VitrifyError,
)  # fmt: skip
from vitrify.graph.converter import accept
from vitrify.graph.decode import Decoder
from vitrify.graph.registry import load_rules
from vitrify.graph.schema import Graph

NEWER = "99.1.0"
HERE = sklearn.__version__
X = np.random.default_rng(0).normal(size=(60, 3))
Y = (X[:, 0] > 0).astype(np.int64)
_BRAND_NEW = (
    "class BrandNew(BaseEstimator):\n    def __init__(self, a=1):\n        self.a = a\ndef new_score(y):\n    pass\n"
)

_LOOKED_AT_WITHOUT_A_FIT = ("TreePredictor", "HashingVectorizer", "FeatureHasher", "FunctionTransformer")


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scikit-learn installed here claims to be one that nobody has reviewed."""
    monkeypatch.setattr(sklearn, "__version__", NEWER)


@pytest.fixture
def brand_new(newer: None, monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """A module of scikit-learn that this vitrify has never heard of, with an estimator and a function."""
    module = types.ModuleType("sklearn.linear_model._brand_new")
    vars(module)["BaseEstimator"] = BaseEstimator
    exec(_BRAND_NEW, vars(module))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def recorded(call: Callable[[], Any]) -> tuple[Any, list[warnings.WarningMessage]]:
    """What a call returns, and every warning it gives."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        return call(), caught


class TestUnchangedTypes:
    @pytest.mark.parametrize("make", [LogisticRegression, SVC, DecisionTreeClassifier, HistGradientBoostingClassifier])
    def test_they_are_saved_with_one_warning_and_come_back_the_same(
        self, make: type, newer: None, tmp_path: Path
    ) -> None:
        """The warning says what to do; the model predicts as before."""
        model = make().fit(X, Y)
        data, caught = recorded(lambda: vitrify.dumps(model))
        assert [warning.category for warning in caught] == [VersionWarning]
        assert "upgrade vitrify" in str(caught[0].message)

        _, caught = recorded(lambda: vitrify.dump(model, tmp_path / "m.glass"))
        assert [warning.category for warning in caught] == [VersionWarning]
        assert (tmp_path / "m.glass").read_bytes() == data
        loaded, _ = recorded(lambda: vitrify.load(tmp_path / "m.glass"))
        assert_same(model, loaded)
        np.testing.assert_array_equal(loaded.predict(X), model.predict(X))

    @pytest.mark.parametrize("verb", ["dump", "dumps"])
    def test_the_warning_points_at_the_callers_line(self, verb: str, newer: None, tmp_path: Path) -> None:
        """Filters by module, and the line that Python prints, depend on it."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            if verb == "dump":
                vitrify.dump(LogisticRegression(), tmp_path / "m.glass")
            else:
                vitrify.dumps(LogisticRegression())
        assert [warning.filename for warning in caught] == [__file__]

    def test_the_file_says_which_version_wrote_it(self, newer: None) -> None:
        """Readers compare with it."""
        data, _ = recorded(lambda: vitrify.dumps(LogisticRegression()))
        assert vitrify.inspect(data).versions["sklearn"] == NEWER

    def test_values_without_scikit_learn_need_no_warning(self, newer: None) -> None:
        """The version of a library that a file does not use says nothing about the file."""
        value = {"weights": np.arange(3.0), "names": ["a", "b"]}
        data, caught = recorded(lambda: vitrify.dumps(value))
        assert caught == []
        assert_same(value, vitrify.loads(data))

    def test_an_unknown_attribute_is_kept_as_plain_data(self, newer: None) -> None:
        """Attribute sets change with every minor version; what no check reads is inert."""
        model = LogisticRegression().fit(X, Y)
        shared = np.arange(5.0)
        model.brand_new_ = {"steps": [1, "x", None, 2.5], "path": shared, "again": shared, "kinds": {"a", "b"}}
        data, _ = recorded(lambda: vitrify.dumps({"model": model}))
        loaded, _ = recorded(lambda: vitrify.loads(data))
        assert_same({"model": model}, loaded)
        assert loaded["model"].brand_new_["path"] is loaded["model"].brand_new_["again"]


class TestNewTypes:
    def test_an_estimator_is_refused_by_name_when_saved(self, brand_new: Any, tmp_path: Path) -> None:
        """Nobody has looked at what its attributes can do."""
        with pytest.raises(UnsupportedError, match="Upgrade vitrify") as caught:
            vitrify.dump({"model": brand_new.BrandNew()}, tmp_path / "m.glass")
        assert "sklearn.linear_model._brand_new.BrandNew" in str(caught.value)
        assert caught.value.path == "$['model']"
        assert list(tmp_path.iterdir()) == []

    def test_an_estimator_inside_a_known_one_is_refused_by_name(self, brand_new: Any) -> None:
        """Depth makes no difference."""
        model = LogisticRegression().fit(X, Y)
        model.helper_ = brand_new.BrandNew()
        with pytest.raises(UnsupportedError, match=r"_brand_new\.BrandNew.*\$\.helper_.*Upgrade vitrify"):
            vitrify.dumps(model)

    @pytest.mark.parametrize("name", ["BrandNew", "new_score"])
    def test_a_class_or_function_as_a_value_is_refused_by_name(self, name: str, brand_new: Any) -> None:
        """A scorer or a metric of a newer version is code that nobody has reviewed."""
        with pytest.raises(UnsupportedError, match=rf"sklearn\.linear_model\._brand_new\.{name}") as caught:
            vitrify.dumps({"value": getattr(brand_new, name)})
        assert caught.value.path == "$['value']"
        assert "upgrade vitrify" in (caught.value.hint or "")

    @pytest.mark.parametrize("trust", [[], ["caller"]])
    def test_a_file_with_a_new_estimator_is_refused_by_name(self, trust: list[str], brand_new: Any) -> None:
        """Also where the class exists, and whatever the caller trusts besides."""
        with pytest.raises(UntrustedTypeError, match=r"sklearn\.linear_model\._brand_new\.BrandNew") as caught:
            recorded(lambda: vitrify.loads(file_with_new_estimator(), trust=[f"a.{name}" for name in trust]))
        assert caught.value.names == ("sklearn.linear_model._brand_new.BrandNew",)
        assert "trust=[" not in str(caught.value)

    def test_no_word_of_the_caller_makes_a_new_estimator_trusted(self, brand_new: Any) -> None:
        """Neither the class nor its name: the list of reviewed types belongs to a release of vitrify."""
        for trust in ([brand_new.BrandNew], ["sklearn.linear_model._brand_new.BrandNew"]):
            with pytest.raises(UnsupportedError, match="can never be trusted"):
                vitrify.loads(file_with_new_estimator(), trust=trust)

    @pytest.mark.parametrize("what", ["estimator", "compiled"])
    def test_the_refusal_of_a_file_says_to_upgrade(self, what: str, brand_new: Any) -> None:
        """The reader cannot know the type; a later release may."""
        data = file_with_new_estimator() if what == "estimator" else file_with_new_compiled_type()
        with pytest.raises((UntrustedTypeError, UnsupportedError), match=r"(?i)upgrade vitrify"):
            recorded(lambda: vitrify.loads(data))


def file_with_new_estimator() -> bytes:
    """A file as a later vitrify would write it: the type is not in our registry."""
    data, _ = recorded(lambda: vitrify.dumps({"model": LogisticRegression()}))
    return with_type(
        data, "sklearn.linear_model._logistic.LogisticRegression", "sklearn.linear_model._brand_new.BrandNew"
    )


def file_with_new_compiled_type() -> bytes:
    """The same, with a type that a converter of a later vitrify has saved."""
    data, _ = recorded(lambda: vitrify.dumps(DecisionTreeClassifier().fit(X, Y)))
    return with_type(data, "sklearn.tree.Tree", "sklearn.tree.ObliqueTree")


def with_type(data: bytes, old: str, new: str) -> bytes:
    """A file in which another type stands in the place of one."""

    def edit(graph: Graph) -> Graph:
        assert [table.type for table in graph.tables].count(old) == 1
        tables = (msgspec.structs.replace(t, type=new) if t.type == old else t for t in graph.tables)
        return msgspec.structs.replace(graph, tables=tuple(tables))

    return reforge(data, edit)


def svc(**changes: Any) -> SVC:
    """A fitted SVC with other attributes; a function in place of a value makes it from the old one."""
    model = SVC().fit(X, Y)
    for name, value in changes.items():
        setattr(model, name, value(getattr(model, name)) if callable(value) else value)
    return model


def svc_without_counts() -> SVC:
    model = svc()
    del model._n_support
    return model


def boosting(edit: Callable[[Any], None]) -> HistGradientBoostingClassifier:
    """A fitted model with its first predictor changed."""
    model = HistGradientBoostingClassifier(max_iter=2).fit(X, Y)
    edit(model._predictors[0][0])
    return model


def with_wide_children(predictor: Any) -> None:
    predictor.nodes = retyped(predictor.nodes, left="<f8")


def with_renamed_nodes(predictor: Any) -> None:
    predictor.tree_nodes = predictor.nodes
    del predictor.nodes


def retyped(nodes: Any, **dtypes: str) -> Any:
    """Structured elements, some fields in another dtype."""
    return nodes.astype([(name, dtypes.get(name, nodes.dtype[name])) for name in nodes.dtype.names])


def decision_tree(change: Callable[[Any], Any]) -> DecisionTreeClassifier:
    """A fitted tree whose compiled part says of itself what `change` makes of it."""
    model = DecisionTreeClassifier(random_state=0).fit(X, Y)
    real = model.tree_

    class Tree:
        def __reduce__(self) -> Any:
            return change(real.__reduce__())

    Tree.__module__, Tree.__qualname__ = "sklearn.tree._tree", "Tree"
    model.tree_ = Tree()
    return model


def edited(**changes: Any) -> Callable[[Any], Any]:
    """Another state of a tree: None leaves an entry out."""

    def change(recipe: Any) -> Any:
        function, arguments, state = recipe
        for name, value in changes.items():
            state = {**state, name: value(state[name]) if callable(value) else value}
        return function, arguments, {name: value for name, value in state.items() if value is not None}

    return change


def kd_tree(change: Callable[[tuple[Any, ...]], tuple[Any, ...]]) -> KNeighborsClassifier:
    """The same for the index of a nearest-neighbour model."""
    model = KNeighborsClassifier(algorithm="kd_tree").fit(X, Y)
    real = model._tree

    class KDTree:
        def __getstate__(self) -> tuple[Any, ...]:
            return change(real.__getstate__())

    KDTree.__module__, KDTree.__qualname__ = "sklearn.neighbors._kd_tree", "KDTree"
    model._tree = KDTree()
    return model


def other_columns() -> DecisionTreeClassifier:
    model = DecisionTreeClassifier().fit(X, Y)
    model.n_features_in_ = 2
    return model


# What changed, the model, and what the refusal must name.
CHANGED: dict[str, tuple[Callable[[], Any], str]] = {
    "support vectors in another dtype": (
        lambda: svc(support_vectors_=lambda found: found.astype(np.float32)),
        "SVC: support_vectors_ must be",
    ),
    "support indices of 64 bits": (lambda: svc(support_=lambda found: found.astype(np.int64)), "SVC: support_ must be"),
    "support counts that are gone": (svc_without_counts, "SVC: _n_support is missing"),
    "a count of features as text": (lambda: svc(n_features_in_="3"), "SVC: n_features_in_ must be an int"),
    "boosting nodes with another dtype": (lambda: boosting(with_wide_children), "TreePredictor: nodes must be"),
    "boosting nodes under another name": (lambda: boosting(with_renamed_nodes), "TreePredictor: nodes is missing"),
    "tree nodes with another dtype": (
        lambda: decision_tree(edited(nodes=lambda nodes: retyped(nodes, threshold="<f4"))),
        "Tree: nodes must have",
    ),
    "tree values in two dimensions": (
        lambda: decision_tree(edited(values=lambda values: values[:, 0])),
        "Tree: values must be",
    ),
    "a depth that is not the depth": (lambda: decision_tree(edited(max_depth=99)), "Tree: max_depth is 99"),
    "another number of features": (other_columns, "DecisionTreeClassifier: n_features_in_ is not"),
    "neighbour indices of 32 bits": (
        lambda: kd_tree(lambda state: (state[0], np.asarray(state[1]).astype(np.int32), *state[2:])),
        "KDTree: idx_array must hold",
    ),
}
# Here it is not a check that meets the change first, but the code that takes the object apart.
TAKEN_APART: dict[str, tuple[Callable[[], Any], str]] = {
    "support vectors in a list": (lambda: svc(support_vectors_=np.ndarray.tolist), "support_vectors_"),
    "tree values that are gone": (lambda: decision_tree(edited(values=None)), "Tree"),
    "a tree with more in its state": (lambda: decision_tree(edited(bitsets=np.zeros(3))), "Tree"),
    "an index with more in its state": (lambda: kd_tree(lambda state: (*state, 1)), "KDTree"),
}


class TestChangedAttributes:
    @pytest.mark.parametrize("name", CHANGED)
    def test_what_a_check_reads_may_not_have_changed(self, name: str, newer: None, tmp_path: Path) -> None:
        """Compiled code trusts it, and in this version we do not know what for; nothing is written."""
        make, expected = CHANGED[name]
        self.assert_refused(make(), expected, tmp_path)

    @pytest.mark.parametrize("name", TAKEN_APART)
    def test_what_a_converter_reads_may_not_have_changed(self, name: str, newer: None, tmp_path: Path) -> None:
        """Neither less nor more than it knows: what it does not know would be lost without a word."""
        make, expected = TAKEN_APART[name]
        self.assert_refused(make(), expected, tmp_path)

    def assert_refused(self, model: Any, expected: str, folder: Path) -> None:
        with pytest.raises(UnsupportedError, match=re.escape(expected)) as caught:
            recorded(lambda: vitrify.dump({"model": model}, folder / "m.glass"))
        assert "Upgrade vitrify" in str(caught.value)
        assert (caught.value.path or "").startswith("$['model']")
        assert list(folder.iterdir()) == []


def renamed(model: Any, name: str) -> Any:
    """The model with an attribute under another name, as a newer scikit-learn might have it."""
    vars(model)[f"{name.rstrip('_')}_v2_"] = vars(model).pop(name)
    return model


# A check that finds nothing under the name that it knows has nothing to look at.
RENAMED: dict[str, tuple[Callable[[], Any], str]] = {
    "tree_": (lambda: DecisionTreeClassifier().fit(X, Y), "DecisionTreeClassifier"),
    "_predictors": (lambda: HistGradientBoostingClassifier(max_iter=2).fit(X, Y), "HistGradientBoostingClassifier"),
    "estimators_": (lambda: RandomForestRegressor(2).fit(X, Y), "RandomForestRegressor"),
    "vocabulary_": (lambda: CountVectorizer().fit(["a word", "and another"]), "CountVectorizer"),
}


class TestRenamedAttributes:
    @pytest.mark.parametrize("name", RENAMED)
    def test_nothing_is_written_that_was_not_checked(self, name: str, newer: None, tmp_path: Path) -> None:
        """The attribute is there, under a name that no check knows; the refusal says which one it misses."""
        make, kind = RENAMED[name]
        with pytest.raises(UnsupportedError, match=rf"{kind}: {name} is missing.*Upgrade vitrify") as caught:
            recorded(lambda: vitrify.dump({"model": renamed(make(), name)}, tmp_path / "m.glass"))
        assert caught.value.path == "$['model']"
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("versions", ["warn", "ignore"])
    @pytest.mark.parametrize("name", RENAMED)
    def test_a_file_with_another_name_is_not_loaded(
        self, name: str, versions: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whatever the file says of itself: it was written where no version asks for the attribute."""
        make, kind = RENAMED[name]
        data = vitrify.dumps([renamed(make(), name)])
        monkeypatch.setattr(sklearn, "__version__", NEWER)
        with pytest.raises(StateError, match=rf"{kind}: {name} is missing.*upgrade vitrify") as caught:
            recorded(lambda: vitrify.loads(data, versions=versions))
        assert caught.value.path == "$[0]"

    @pytest.mark.parametrize("name", RENAMED)
    def test_here_it_is_an_attribute_like_any_other(self, name: str) -> None:
        """In a reviewed version no code looks for it under another name, and a fit may have ended early."""
        model = renamed(RENAMED[name][0](), name)
        assert_same(model, vitrify.loads(vitrify.dumps(model)))

    @pytest.mark.parametrize("name", RENAMED)
    def test_what_was_never_fitted_lacks_nothing(self, name: str, newer: None) -> None:
        """Parameters are no sign of a fit."""
        model = type(RENAMED[name][0]())()
        data, _ = recorded(lambda: vitrify.dumps(model))
        assert_same(model, recorded(lambda: vitrify.loads(data))[0])

    @pytest.mark.parametrize("type_id", RULES)
    def test_every_check_that_may_skip_requires_what_it_looks_at(self, type_id: str) -> None:
        """Save those that look at objects without a fit, and those that nothing is checked of."""
        rule = load_rules(RULES[type_id])[type_id]
        is_always = "._scorer." in type_id or type_id.rpartition(".")[2] in _LOOKED_AT_WITHOUT_A_FIT
        has_none = rule.check is accept and rule.precheck is None and "._search" not in type_id  # grids go by name
        assert bool(rule.requires) != (is_always or has_none)


class TestOtherErrorsOfTheCheck:
    @pytest.mark.parametrize("error", [FormatError, LimitError, StateError])
    def test_each_is_a_refusal_to_save(
        self, error: type[VitrifyError], newer: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whatever keeps our own reader from accepting the file: the advice is the same."""

        def check(_: Decoder) -> None:
            raise error("out of bounds", path="$.x")

        monkeypatch.setattr(Decoder, "check", check)
        with pytest.raises(UnsupportedError, match=r"newer than reviewed, and out of bounds - at \$\.x") as caught:
            recorded(lambda: vitrify.dumps(LogisticRegression()))
        assert caught.value.hint == "Upgrade vitrify"
        assert type(caught.value.__cause__) is error


class TestFilesOfNewerVersions:
    @pytest.fixture
    def data(self) -> Any:
        """A file that names a scikit-learn newer than the one installed here."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sklearn, "__version__", NEWER)
            return recorded(lambda: vitrify.dumps({"model": LogisticRegression().fit(X, Y)}))[0]

    def test_one_warning_names_both_versions(self, data: bytes) -> None:
        """It is vitrify's and scikit-learn's own at once, and points at the caller's line."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            loaded = vitrify.loads(data)
        assert len(caught) == 1
        assert issubclass(caught[0].category, VersionWarning)
        assert issubclass(caught[0].category, InconsistentVersionWarning)
        assert caught[0].filename == __file__
        assert f"scikit-learn {NEWER} (here {HERE})" in str(caught[0].message)
        np.testing.assert_array_equal(loaded["model"].coef_, LogisticRegression().fit(X, Y).coef_)

    def test_it_can_be_an_error(self, data: bytes) -> None:
        """For services that must not guess."""
        with pytest.raises(VersionError, match=rf"scikit-learn {re.escape(NEWER)} \(here {re.escape(HERE)}\)"):
            vitrify.loads(data, versions="error")

    def test_it_can_be_silent(self, data: bytes) -> None:
        """The caller has decided."""
        _, caught = recorded(lambda: vitrify.loads(data, versions="ignore"))
        assert caught == []

    def test_a_reader_that_is_newer_itself_warns_once_when_it_loads(self, newer: None) -> None:
        """That the same version wrote the file does not mean that anyone has reviewed it."""
        data, _ = recorded(lambda: vitrify.dumps(LogisticRegression().fit(X, Y)))
        _, caught = recorded(lambda: vitrify.loads(data))
        assert [warning.category for warning in caught] == [VersionWarning]
        assert "upgrade vitrify" in str(caught[0].message)
