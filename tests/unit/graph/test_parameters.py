"""Parameters that act after loading: no file sets them, in an object, in what a fit sets, or in a trusted subclass."""

from __future__ import annotations

import dataclasses
import sys
from collections import deque
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    IsolationForest,
    RandomForestClassifier,
    RandomTreesEmbedding,
    StackingClassifier,
)  # fmt: skip
from sklearn.experimental import enable_halving_search_cv  # noqa: F401  # it is imported to be enabled
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
from sklearn.feature_selection import RFE
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, ParameterGrid, RandomizedSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import StandardScaler

import vitrify
from tests.support.lying_writer import Lie
from vitrify.errors import LimitError, NotRestoredWarning, ReadsFilesWarning, StateError, UnsupportedError

X = np.random.default_rng(0).normal(size=(30, 3))
Y = np.arange(30) % 2
EVIL = "__import__('os').system('true') or 2"
FOLDER = "/tmp/cache"


class OwnPipeline(Pipeline):
    """A pipeline of a caller's."""


class OwnSearch(GridSearchCV):
    """A search of a caller's."""


class OwnForest(RandomForestClassifier):
    """A forest of a caller's."""


class OwnWords(CountVectorizer):
    """A vectorizer of a caller's."""


class SaysItself(Pipeline):
    """A pipeline that says itself what is saved."""

    def __getstate__(self) -> Any:
        """All of it."""
        return dict(super().__getstate__())


class OwnMeaning(BaseEstimator):
    """Parameters with names that scikit-learn uses elsewhere, and with other meanings."""

    def __init__(
        self,
        memory: Any = None,
        n_jobs: Any = None,
        input: Any = None,  # noqa: A002  # the name is the point
        param_grid: Any = None,
        response_method: Any = None,
    ) -> None:
        self.memory = memory
        self.n_jobs = n_jobs
        self.input = input
        self.param_grid = param_grid
        self.response_method = response_method
        self.stack_method_ = response_method


class OwnStacking(StackingClassifier):  # type: ignore[misc]  # scikit-learn has no types
    """Stacking by another name."""


OWN = [OwnStacking, OwnPipeline, OwnSearch, OwnForest, OwnWords, SaysItself, OwnMeaning]


def steps() -> list[Any]:
    """Those of a pipeline."""
    return [("s", StandardScaler()), ("l", LogisticRegression())]


def assigned(model: Any, path: str, value: Any) -> bytes:
    """The file of a model with another value at a path."""
    lie = Lie(vitrify.dumps(model))
    lie.assign(path, value)
    return lie.file()


def refused(data: bytes) -> tuple[str, str | None]:
    """The message, without the file and the type in front, and the path."""
    with pytest.raises(StateError) as caught:
        vitrify.loads(data, trust=OWN)
    return caught.value.message.removeprefix("<bytes>: ").partition(": ")[2], caught.value.path


def unsaved(model: Any) -> tuple[str, str]:
    """What `dump` says, without the type in front, and the path."""
    with pytest.raises(UnsupportedError) as caught:
        vitrify.dumps(model)
    ((path, what, _),) = caught.value.problems
    return what.partition(": ")[2], path


class TestEnsembles:
    """`estimator_params`: scikit-learn gives members what these names stand for at the ensemble."""

    MESSAGE = "estimator_params names what no file may set in members of an ensemble"

    @pytest.mark.parametrize("name", ["p__memory", "p__steps", "memory", "n_jobs", "pre_dispatch", "param_grid"])
    @pytest.mark.parametrize("kind", [AdaBoostClassifier, BaggingClassifier, RandomForestClassifier, IsolationForest])
    def test_names_that_reach_into_members_are_refused(self, kind: Any, name: str) -> None:
        """In both directions."""
        model = kind(n_estimators=1)
        model.estimator_params = ("n_estimators",)
        data = assigned(model, "$.estimator_params[0]", name)
        assert refused(data) == (self.MESSAGE, "$")
        model.estimator_params = (name,)
        assert unsaved({"m": model}) == (self.MESSAGE, "$['m']")

    @pytest.mark.parametrize("value", [5, "memory", np.array(["p__memory"]), {"p__memory": 1}], ids=repr)
    def test_what_is_no_tuple_of_names_is_refused(self, value: Any) -> None:
        """Whatever could be walked like one."""
        model = BaggingClassifier()
        model.estimator_params = value
        assert unsaved(model) == (self.MESSAGE, "$")

    @pytest.mark.parametrize("kind", [RandomForestClassifier, ExtraTreesClassifier, RandomTreesEmbedding, OwnForest])
    def test_those_that_sklearn_sets_are_kept(self, kind: Any) -> None:
        """Forests name about ten."""
        model = kind(n_estimators=2, random_state=0).fit(X, Y)
        loaded = vitrify.loads(vitrify.dumps(model), trust=OWN)
        assert len(model.estimator_params) > 5
        assert loaded.estimator_params == model.estimator_params

    def test_an_attribute_for_a_member_is_refused(self) -> None:
        """What is set in a member by its name has the policy of the last part."""
        model: Any = BaggingClassifier()
        model.p__memory = FOLDER
        assert unsaved(model) == ("p__memory is never in a file", "$")
        model.p__memory = None
        assert refused(assigned(model, "$.p__memory", FOLDER)) == ("p__memory is never in a file", "$")


class TestWorkers:
    """Only what is None or an int says how many workers: joblib takes `int()` of all else."""

    MODELS = (
        FeatureUnion([("a", StandardScaler())]),
        ColumnTransformer([("a", StandardScaler(), [0])]),
        RandomForestClassifier(),
    )

    @pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
    @pytest.mark.parametrize("value", ["12", 12.0, b"12", np.float64(12), 1e9], ids=repr)
    def test_what_is_no_int_is_refused(self, model: Any, value: Any) -> None:
        """In both directions."""
        message = "n_jobs must be None or an int"
        assert refused(assigned(model, "$.n_jobs", value)) == (message, "$")
        before, model.n_jobs = model.n_jobs, value
        try:
            assert unsaved([model]) == (message, "$[0]")
        finally:
            model.n_jobs = before

    @pytest.mark.parametrize("value", [np.array([12]), np.array(12)], ids=repr)
    def test_an_array_of_one_number_is_refused(self, value: Any) -> None:
        """`int()` of it is a number."""
        assert unsaved(RandomForestClassifier(n_jobs=value)) == ("n_jobs must be None or an int", "$")

    @pytest.mark.parametrize("value", [None, True, -1, 2, np.int64(2)], ids=repr)
    def test_ints_come_back(self, value: Any) -> None:
        """With their type."""
        loaded = vitrify.loads(vitrify.dumps(RandomForestClassifier(n_jobs=value)))
        assert (type(loaded.n_jobs), loaded.n_jobs) == (type(value), value)


class TestGrids:
    """What a grid sets in a later fit has the policy of what is set now."""

    @pytest.mark.parametrize(
        ("key", "good", "bad", "problem"),
        [
            ("pre_dispatch", "all", "n_jobs**2", "must be 'all', a number, or a number times n_jobs"),
            ("s__pre_dispatch", 3, EVIL, "must be 'all', a number, or a number times n_jobs"),
            ("n_jobs", 2, 10**6, "asks for more than 1024 workers"),
            ("a__b__n_jobs", None, "2", "must be None or an int"),
            ("n_threads", 2, 2.0, "must be None or an int"),
            ("resource", "n_samples", "estimator__n_jobs", "names a parameter that no file may set"),
            ("importance_getter", "coef_", "__class__.x", "must be a path of attributes without dunders"),
        ],
    )
    @pytest.mark.parametrize(("search", "grid"), [(GridSearchCV, "param_grid"), (OwnSearch, "param_grid"),
                                                  (RandomizedSearchCV, "param_distributions")])  # fmt: skip
    def test_bad_values_are_refused(self, search: Any, grid: str, key: str, good: Any, bad: Any, problem: str) -> None:
        """In both directions, with the grid and the key."""
        message = f"{grid} sets {key}, which {problem}"
        data = assigned(search(LogisticRegression(), {key: [good, good]}), f"$.{grid}['{key}'][1]", bad)
        assert refused(data) == (message, "$")
        assert unsaved((search(LogisticRegression(), [{"C": [1.0]}, {key: (good, bad)}]),)) == (message, "$[0]")

    @pytest.mark.parametrize(
        ("grid", "what"),
        [
            ({"estimator__param_grid": [{"C": [1.0]}, {"memory": [None]}]}, "memory, which is never in a file"),
            ({"estimator__param_grid": deque([{"C": [1.0]}])}, "estimator__param_grid, which must be a list of grids"),
            ({"n_jobs": range(1, 3)}, "n_jobs, which must be None or an int"),
            ([{"C": [1.0]}, "n_jobs"], "n_jobs, which must be None or an int"),
            pytest.param(ParameterGrid({"n_jobs": ["2"]}), "n_jobs, which must be None or an int", id="an object"),
            ({"n_jobs": np.array(["2"])}, "n_jobs, which must be None or an int"),
            (
                {"estimator_params": [("p__memory",)]},
                "estimator_params, which names what no file may set in members of an ensemble",
            ),
        ],
        ids=repr,
    )
    def test_grids_in_grids_and_what_is_not_listed(self, grid: Any, what: str) -> None:
        """What cannot be seen is refused, too."""
        assert unsaved(GridSearchCV(LogisticRegression(), grid)) == (f"param_grid sets {what}", "$")

    def test_a_grid_may_stand_in_two_places(self) -> None:
        """And is one object afterwards."""
        grid = {"C": [1.0]}
        search = GridSearchCV(LogisticRegression(), {"a__param_grid": [grid], "b__param_grid": [grid]})
        loaded = vitrify.loads(vitrify.dumps(search)).param_grid
        assert loaded["a__param_grid"][0] is loaded["b__param_grid"][0]

    def test_more_workers_than_the_limit(self) -> None:
        """64 by default, like those of an estimator."""
        data = vitrify.dumps(GridSearchCV(RandomForestClassifier(), {"n_jobs": [1, 100]}))
        with pytest.raises(LimitError, match=r"param_grid sets n_jobs: 100, the limit workers is 64 - at \$\."):
            vitrify.loads(data)
        loaded = vitrify.loads(data, limits=dataclasses.replace(vitrify.LIMITS, workers=100))
        assert loaded.param_grid == {"n_jobs": [1, 100]}

    def test_good_grids_come_back(self) -> None:
        """As they are."""
        inner = GridSearchCV(Pipeline(steps()), {"l__C": [1.0]})
        grid = [{"n_jobs": [None, 2]}, {"pre_dispatch": ("2*n_jobs", 3)}, {"estimator__l": [LogisticRegression()]}]
        loaded = vitrify.loads(vitrify.dumps(GridSearchCV(inner, grid)))
        assert [list(part.values()) for part in loaded.param_grid[:2]] == [[[None, 2]], [("2*n_jobs", 3)]]
        assert vitrify.loads(vitrify.dumps({"param_grid": {"memory": [1]}})) == {"param_grid": {"memory": [1]}}


class TestOwnClasses:
    """A class in `trust=` has the policy of the parameters that it takes over from scikit-learn."""

    def test_a_folder_is_not_saved(self) -> None:
        """With the warning that a pipeline gives."""
        with pytest.warns(NotRestoredWarning, match=r"^\$\['m'\]\.memory is not saved: a cache folder"):
            data = vitrify.dumps({"m": OwnPipeline(steps(), memory=FOLDER)})
        assert vitrify.loads(data, trust=OWN)["m"].memory is None

    @pytest.mark.parametrize(
        ("model", "path", "value", "problem"),
        [
            (OwnPipeline(steps()), "memory", FOLDER, "memory is never in a file"),
            (OwnSearch(LogisticRegression(), {}), "n_jobs", 10**6, "n_jobs asks for more than 1024 workers"),
            (OwnSearch(LogisticRegression(), {}), "n_jobs", "4", "n_jobs must be None or an int"),
            (
                OwnSearch(LogisticRegression(), {}),
                "pre_dispatch",
                EVIL,
                "pre_dispatch must be 'all', a number, or a number times n_jobs",
            ),
            (OwnForest(), "estimator_params[0]", "p__memory", TestEnsembles.MESSAGE),
            (SaysItself(steps()), "state['memory']", FOLDER, "memory is never in a file"),
        ],
        ids=str,
    )
    def test_a_file_is_refused(self, model: Any, path: str, value: Any, problem: str) -> None:
        """However the object is made."""
        assert refused(assigned({"m": model}, f"$['m'].{path}", value)) == (problem, "$['m']")

    def test_a_file_that_makes_it_in_another_way_is_refused(self) -> None:
        """A file says `new` and `state` of a class that is saved as its attributes."""
        lie = Lie(vitrify.dumps(SaysItself(steps())))
        (table,) = lie.tables(f"{__name__}.SaysItself")
        table["type"] = f"{__name__}.OwnPipeline"
        honest = vitrify.loads(lie.file(), trust=OWN)
        assert (type(honest), honest.memory) == (OwnPipeline, None)
        lie.assign("$.state['memory']", FOLDER)
        assert refused(lie.file()) == ("memory is never in a file", "$")

    def test_more_workers_than_the_limit(self) -> None:
        """64 by default."""
        with pytest.raises(LimitError, match=r"OwnForest: n_jobs: 100, the limit workers is 64 - at \$\[0\]\."):
            vitrify.loads(vitrify.dumps([OwnForest(n_jobs=100)]), trust=OWN)

    def test_dump_refuses_what_would_not_load(self) -> None:
        """Also in the state that a class gives."""
        assert unsaved([OwnForest(n_jobs="2")]) == ("n_jobs must be None or an int", "$[0]")
        assert unsaved([SaysItself(steps(), memory=FOLDER)]) == ("memory is never in a file", "$[0]")

    def test_parameters_of_their_own_are_free(self) -> None:
        """A name alone says nothing."""
        model = OwnMeaning("16 GB", "many", "filename", param_grid={"memory": [1]}, response_method="transform")
        loaded = vitrify.loads(vitrify.dumps(model), trust=OWN)
        assert vars(loaded) == vars(model)


class TestFileReaders:
    """What opens the files whose names it is given is told, wherever that is said."""

    @pytest.mark.parametrize(
        "model",
        [
            OwnWords(input="filename"),
            HashingVectorizer(input=np.str_("filename")),
            GridSearchCV(Pipeline([("v", CountVectorizer())]), {"v__input": ["content", "filename"]}),
            RandomizedSearchCV(CountVectorizer(), [{"input": np.array(["filename"])}]),
            OwnSearch(CountVectorizer(), {"input": ("filename",)}),
        ],
        ids=str,
    )
    def test_load_warns(self, model: Any) -> None:
        """With the path."""
        data = vitrify.dumps({"m": model})
        with pytest.warns(ReadsFilesWarning, match=r"^<bytes>: \$\['m'\] opens the files whose names it is given$"):
            vitrify.loads(data, trust=OWN)

    @pytest.mark.parametrize("value", [np.array("filename"), np.array(["filename"]), ["filename"], b"filename"])
    def test_what_equals_the_text_but_is_none_is_refused(self, value: Any) -> None:
        """An array of one text equals it."""
        assert unsaved(CountVectorizer(input=value)) == ("input must be a text", "$")

    def test_a_file_with_an_array_in_its_place_is_refused(self) -> None:
        """Before anything is built."""
        model: Any = CountVectorizer()
        model.note = np.array("filename")
        lie = Lie(vitrify.dumps(model))
        lie.assign("$.input", lie.ref("$.note"))
        assert refused(lie.file()) == ("input must be a text", "$")


class TestNames:
    """Texts that scikit-learn or Python look up."""

    @pytest.mark.parametrize("path", ["__class__", "coef_.__class__", "named_steps.l.__init__"])
    def test_a_path_through_dunders_is_refused(self, path: str) -> None:
        """`importance_getter` is followed from the estimator, in both directions."""
        message = "importance_getter must be a path of attributes without dunders"
        assert refused(assigned(RFE(LogisticRegression()), "$.importance_getter", path)) == (message, "$")
        assert unsaved(RFE(LogisticRegression(), importance_getter=path)) == (message, "$")

    @pytest.mark.parametrize("path", ["auto", "coef_", "named_steps.l.coef_", "_final_estimator.coef_"])
    def test_a_path_of_attributes_comes_back(self, path: str) -> None:
        """As it is."""
        assert vitrify.loads(vitrify.dumps(RFE(LogisticRegression(), importance_getter=path))).importance_getter == path

    @pytest.mark.parametrize(
        "name", ["zlib_codec", "bz2_codec", "base64_codec", "rot13", "os.system", "../os", "undefined"]
    )
    def test_an_encoding_that_is_none_of_text_does_nothing(self, name: str) -> None:
        """`bytes.decode` takes no codec but those from bytes to text: nothing is unpacked or imported."""
        model = vitrify.loads(vitrify.dumps(HashingVectorizer(encoding=name)))
        expected = UnicodeError if name == "undefined" else LookupError
        before = set(sys.modules)
        with pytest.raises(expected):
            model.transform([b"x\x9c"])
        assert {module for module in set(sys.modules) - before if not module.startswith("encodings.")} <= {
            "zlib",
            "bz2",
        }

    def test_a_resource_that_is_a_number_of_workers_is_refused(self) -> None:
        """A halving search sets the parameter of that name, to as much as the file says."""
        search = HalvingGridSearchCV(RandomForestClassifier(), {}, resource="n_estimators", max_resources=10**6)
        message = "resource names a parameter that no file may set"
        assert refused(assigned(search, "$.resource", "n_jobs")) == (message, "$")
        search.resource = "estimator__n_jobs"
        assert unsaved([search]) == (message, "$[0]")


class TestMethods:
    """Names of methods that scikit-learn calls of whatever stands where it expects an estimator."""

    @pytest.mark.parametrize("method", ["auto", "predict", "predict_proba", "decision_function"])
    def test_those_that_estimators_have_are_kept(self, method: str) -> None:
        """As parameters, alone or in lists."""
        model = StackingClassifier([("l", LogisticRegression())], stack_method=method).fit(X, Y)
        loaded = vitrify.loads(vitrify.dumps([model, make_scorer(accuracy_score, response_method=[method, "predict"])]))
        assert loaded[0].stack_method_ == model.stack_method_
        assert loaded[0].stack_method == method
        assert loaded[1]._response_method == [method, "predict"]

    MESSAGE = "stack_method_ names a method that no estimator answers with"

    @pytest.mark.parametrize("cls", [StackingClassifier, OwnStacking])
    @pytest.mark.parametrize("value", ["write_bytes", "fit", "", 5, b"predict"], ids=repr)
    def test_others_are_refused(self, cls: Any, value: Any) -> None:
        """In both directions, and of a class of the caller's that takes scikit-learn's over."""
        model = cls([("l", LogisticRegression())]).fit(X, Y)
        assert refused(assigned(model, "$.stack_method_[0]", value)) == (self.MESSAGE, "$")
        assert refused(assigned(model, "$.stack_method_", value)) == (self.MESSAGE, "$")
        model.stack_method_ = [value]
        assert unsaved(model) == (self.MESSAGE, "$")

    @pytest.mark.parametrize("value", [[["predict"]], {"predict": 1}, np.array(["predict"])], ids=repr)
    def test_what_holds_no_names_is_refused(self, value: Any) -> None:
        """Whatever could be walked like a list."""
        model = StackingClassifier([("l", LogisticRegression())]).fit(X, Y)
        model.stack_method_ = value
        assert unsaved(model) == (self.MESSAGE, "$")
