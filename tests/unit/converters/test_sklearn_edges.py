"""Fields of scikit-learn's types that no fitted model has, and edges of what some have."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib import util
from typing import Any

import numpy as np
import pytest
import sklearn.exceptions
from sklearn.cluster import HDBSCAN, BisectingKMeans
from sklearn.ensemble import AdaBoostClassifier, GradientBoostingClassifier, RandomForestClassifier
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import IterativeImputer
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier
from sklearn.metrics import DistanceMetric
from sklearn.neighbors import BallTree, KDTree
from sklearn.preprocessing import MultiLabelBinarizer, OneHotEncoder, PolynomialFeatures
from sklearn.tree import DecisionTreeClassifier
from sklearn.tree._tree import Tree

import vitrify
from tests.support.equality import assert_same
from tests.support.forge import Forged, forge_value, tamper
from tests.support.lying_writer import Lie
from vitrify.converters.sklearn import neighbors, trees, warning
from vitrify.errors import StateError, VersionWarning

X = np.random.default_rng(0).normal(size=(40, 3))
Y = np.arange(40) % 2
KD, BALL, METRIC = "sklearn.neighbors.KDTree", "sklearn.neighbors.BallTree", "sklearn.metrics.DistanceMetric64"
WIDE = np.zeros((3, 3))


def refusal(data: bytes) -> tuple[str, str | None]:
    """The message and the path of the StateError that a file raises."""
    with pytest.raises(StateError) as caught:
        vitrify.loads(data)
    assert type(caught.value) is StateError
    return caught.value.message.removeprefix("<bytes>: "), caught.value.path


def metric(**changes: Any) -> Forged:
    """A metric with other fields."""
    given = {"name": "Euclidean", "p": 2.0, "vec": np.zeros(1), "mat": np.zeros((1, 1)), "func": None, "kwargs": None}
    return Forged(METRIC, given | changes)


class TestNeighbors:
    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ({"data": np.zeros(3)}, "data must be a C-ordered matrix of <f8 with at least one point"),
            ({"data": X.astype("<f4")}, "data must be a C-ordered matrix of <f8 with at least one point"),
            ({"data": np.asfortranarray(X)}, "data must be a C-ordered matrix of <f8 with at least one point"),
            ({"data": X[:0]}, "data must be a C-ordered matrix of <f8 with at least one point"),
            ({"idx_array": np.zeros(40, np.int64)}, "idx_array is not a permutation"),
            ({"sample_weight": np.ones(39)}, "sample_weight must be None or 40 numbers"),
            ({"sample_weight": np.ones(40, "<f4")}, "sample_weight must be None or 40 numbers"),
            ({"sample_weight": [1.0]}, "sample_weight must be None or 40 numbers"),
            (
                {"dist_metric": DistanceMetric.get_metric("haversine")},
                "the metric is for another number of columns than the data's 3",
            ),
            (
                {"dist_metric": DistanceMetric.get_metric("seuclidean", V=np.ones(2))},
                "the metric is for another number of columns than the data's 3",
            ),
            ({"dist_metric": 1}, f"dist_metric must be of type {METRIC}"),
        ],
    )
    @pytest.mark.parametrize("type_id", [KD, BALL])
    def test_a_tree_is_refused(self, type_id: str, fields: dict[str, Any], message: str) -> None:
        """With its path."""
        tree = KDTree(X, leaf_size=5) if type_id == KD else BallTree(X, leaf_size=5)
        found = refusal(tamper([tree], type_id, **fields))
        assert found == (f"{type_id}: {message}", "$[0]")

    def test_a_ball_tree_keeps_its_weights(self) -> None:
        """Densities are sums of them."""
        tree = BallTree(X, leaf_size=5, sample_weight=np.arange(1.0, 41.0))
        found = vitrify.loads(vitrify.dumps(tree))
        assert found.kernel_density(X[:3], 0.5).tolist() == tree.kernel_density(X[:3], 0.5).tolist()

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"name": "Cosine"}, "is no metric of scikit-learn"),
            ({"name": 3}, "is no metric of scikit-learn"),
            ({"p": 2}, "p must be a float"),
            ({"vec": np.zeros((1, 1))}, "vec and mat must be a vector and a matrix of float64"),
            ({"mat": np.zeros((1, 1), "<f4")}, "vec and mat must be a vector and a matrix of float64"),
            ({"mat": np.asfortranarray(np.zeros((2, 2)))}, "vec and mat must be C-ordered"),
            ({"name": "Mahalanobis", "mat": np.zeros((2, 3))}, "mat must be square"),
            ({"name": "Mahalanobis", "mat": WIDE, "vec": np.zeros(2)}, "mat must be square"),
            ({"func": len}, "only a PyFunc metric has a function"),
            ({"kwargs": {}}, "only a PyFunc metric has a function"),
        ],
    )
    def test_a_metric_is_refused(self, changes: dict[str, Any], message: str) -> None:
        """With its path."""
        assert refusal(forge_value([metric(**changes)])) == (f"{METRIC}: {message}", "$[0]")

    @pytest.mark.parametrize("name", ["euclidean", "chebyshev"])
    def test_metrics_come_back_where_classes_have_no_suffix(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """As before scikit-learn 1.3; 32 bits had none at all."""
        data = vitrify.dumps(DistanceMetric.get_metric(name))
        whole, title = neighbors._dist_metrics, name.capitalize()

        class Older:
            pass

        setattr(
            Older, f"{title}Distance", getattr(whole, f"{title}Distance64", None) or getattr(whole, f"{title}Distance")
        )
        monkeypatch.setattr(neighbors, "_dist_metrics", Older)
        assert vitrify.loads(data).pairwise([[0.0, 0.0]], [[3.0, 3.0]]) > 2.9
        with pytest.raises(ValueError, match=rf"^this scikit-learn has no {title} metric of 32 bits$"):
            neighbors._metric_class(title, "32")


class TestTrees:
    def test_nodes_of_older_versions_get_what_is_new(self) -> None:
        """Before 1.3 no node said where missing values go."""
        tree = DecisionTreeClassifier(random_state=0).fit(X, Y).tree_
        fields = [(n, tree.__getstate__()["nodes"].dtype[n]) for n in trees._FIELDS]
        nodes = tree.__getstate__()["nodes"]
        older = np.zeros(len(nodes), np.dtype(fields, align=True))
        for name, _ in fields:
            older[name] = nodes[name]
        found = vitrify.loads(tamper(tree, "sklearn.tree.Tree", nodes=older))
        assert type(found) is Tree
        assert found.apply(X.astype(np.float32)).tolist() == tree.apply(X.astype(np.float32)).tolist()
        assert not found.__getstate__()["nodes"]["missing_go_to_left"].any()

    @pytest.mark.parametrize(
        "classes", [np.zeros((1, 1), np.int64), np.ones(1), np.ones(2, np.int64), np.zeros(0, np.int64)]
    )
    def test_each_output_has_a_number_of_classes(self, classes: Any) -> None:
        """An int, and one for each."""
        tree = DecisionTreeClassifier().fit(X, Y).tree_
        found = refusal(tamper([tree], "sklearn.tree.Tree", n_classes=classes))
        assert found == ("sklearn.tree.Tree: n_classes must hold one int for each output", "$[0]")

    def test_trees_are_checked_in_batches(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each once, in their order, also those that are larger than a batch."""
        monkeypatch.setattr(trees, "_BATCH_NODES", 10)
        assert [batch.tolist() for batch in trees._batches([4, 5, 2, 30, 1, 9])] == [[0, 1], [2], [3], [4, 5]]
        assert trees._batches([]) == []


class TestMembers:
    @pytest.mark.parametrize("model", [GradientBoostingClassifier, RandomForestClassifier, AdaBoostClassifier])
    def test_a_model_that_was_not_fitted_has_none(self, model: Any) -> None:
        """And is saved as it is."""
        assert_same(model(), vitrify.loads(vitrify.dumps(model())))

    def test_boosting_has_a_matrix_of_trees(self) -> None:
        """A vector, or one without rows, is none."""
        model = GradientBoostingClassifier(n_estimators=2, max_depth=1).fit(X, Y)
        name = type(model).__module__ + ".GradientBoostingClassifier"
        model.estimators_ = model.estimators_[:, 0]
        assert refusal(vitrify.dumps(model)) == (f"{name}: estimators_ must be a matrix of trees", "$")


class TestValues:
    @pytest.mark.parametrize("value", [1, None, "0.5", True])
    def test_a_parameter_of_a_loss_is_a_float(self, value: Any) -> None:
        """Compiled code takes nothing else."""
        model = SGDClassifier(loss="hinge").fit(X, Y)
        type_id = "sklearn.sgd_loss.Hinge"
        loss = vars(model).get("_loss_function_") or _hinge()
        data = tamper([loss], type_id, threshold=value)
        message, path = refusal(data)
        assert message == f"{type_id} cannot be rebuilt from these values (TypeError: threshold must be a float)"
        assert path == "$[0]"

    def test_losses_keep_their_parameters(self) -> None:
        """Which only their reduction tells."""
        assert vitrify.loads(vitrify.dumps(_hinge())).__reduce__() == _hinge().__reduce__()

    def test_imputers_keep_their_order(self) -> None:
        """Named tuples of feature, neighbours and estimator."""
        holes = X.copy()
        holes[::7, 1] = np.nan
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = IterativeImputer(max_iter=2, random_state=0).fit(holes)
        found = vitrify.loads(vitrify.dumps(model))
        assert [type(step).__name__ for step in found.imputation_sequence_][:1] == ["_ImputerTriplet"]
        assert [step.feat_idx for step in found.imputation_sequence_] == [
            s.feat_idx for s in model.imputation_sequence_
        ]
        np.testing.assert_array_equal(found.transform(holes), model.transform(holes))

    def test_interpolation_is_made_again(self) -> None:
        """Of the thresholds."""
        model = IsotonicRegression().fit(np.arange(40.0), Y)
        found = vitrify.loads(vitrify.dumps(model))
        assert found.predict([3.5, 7.25]).tolist() == model.predict([3.5, 7.25]).tolist()

    @pytest.mark.parametrize("interactions", [False, True])
    def test_products_of_features_are_counted(self, interactions: bool) -> None:
        """As many as scikit-learn makes; another number is refused, and so are degrees that fall."""
        model = PolynomialFeatures((1, 3), interaction_only=interactions).fit(X)
        found = vitrify.loads(vitrify.dumps(model))
        assert found.transform(X[:1]).shape == (1, model.n_output_features_)
        lie = Lie(vitrify.dumps(model))
        lie.assign("$._min_degree", 4)
        name = "sklearn.preprocessing._polynomial.PolynomialFeatures"
        message = "n_output_features_ does not follow from the degrees and n_features_in_"
        assert refusal(_plain(lie)) == (f"{name}: {message}", "$")

    def test_the_tree_of_a_bisection_holds_nodes(self) -> None:
        """And an algorithm without one has none."""
        name = "sklearn.cluster._bisect_k_means.BisectingKMeans"
        model = BisectingKMeans(3, random_state=0).fit(X)
        lie = Lie(vitrify.dumps(model))
        lie.assign("$._bisecting_tree", 5)
        assert refusal(_plain(lie)) == (f"{name}: _bisecting_tree holds something else than nodes", "$")
        assert vars(vitrify.loads(vitrify.dumps(BisectingKMeans())))["n_clusters"] == 8

    @pytest.mark.parametrize("change", [lambda a: a[:, None], lambda a: a["left_node"].copy()])
    def test_merges_are_a_vector_of_merges(self, change: Callable[[Any], Any]) -> None:
        """Of their own dtype."""
        model = HDBSCAN(min_cluster_size=5, copy=True).fit(X)
        model._single_linkage_tree_ = change(model._single_linkage_tree_)
        name = "sklearn.cluster._hdbscan.hdbscan.HDBSCAN"
        expected = f"{name}: _single_linkage_tree_ must be a vector of merges"
        assert refusal(vitrify.dumps(model)) == (expected, "$")
        assert vitrify.loads(vitrify.dumps(HDBSCAN(copy=True))).min_cluster_size == 5

    def test_words_are_numbered_by_a_dict(self) -> None:
        """No list, no text."""
        model = CountVectorizer().fit(["a word", "another word"])
        model.vocabulary_ = ["another", "word"]
        name = "sklearn.feature_extraction.text.CountVectorizer"
        assert refusal(vitrify.dumps(model)) == (f"{name}: vocabulary_ must be a dict", "$")

    @pytest.mark.parametrize("ngrams", ["12", (1,), (1, 2, 3), ("a", "b"), None])
    def test_what_python_refuses_to_count_with_is_loaded(self, ngrams: Any) -> None:
        """It does nothing before scikit-learn looks at it."""
        found = vitrify.loads(vitrify.dumps(CountVectorizer(ngram_range=ngrams)))
        assert found.ngram_range == ngrams

    @pytest.mark.parametrize("numbers", [{"a": 0, "b": 2}, {"a": 0, "b": 0}, {"a": 0, "b": 1.0}, [0, 1]])
    def test_labels_are_numbered(self, numbers: Any) -> None:
        """From 0 on, each once."""
        model = MultiLabelBinarizer().fit([["a"], ["b"]])
        model._cached_dict = numbers
        name = "sklearn.preprocessing._label.MultiLabelBinarizer"
        assert refusal(vitrify.dumps(model)) == (f"{name}: _cached_dict must number the classes 0, 1, 2 …", "$")
        model._cached_dict = None
        assert vitrify.loads(vitrify.dumps(model)).classes_.tolist() == ["a", "b"]


def _hinge() -> Any:
    from sklearn.linear_model import _sgd_fast

    return _sgd_fast.Hinge(1.5)


def _plain(lie: Lie) -> bytes:
    """The file, with columns of one kind as honest files have them."""
    for table in lie.graph["tables"]:
        for name, column in table["columns"].items():
            if column["kind"] == "mixed" and len(column["parts"]) == 1:
                table["columns"][name] = column["parts"][0]
    return lie.file()


class TestEncoders:
    def test_lists_are_as_long_as_there_are_columns(self) -> None:
        """Categories, widths, and what is dropped and rare."""
        words = np.array([["a", "x"], ["b", "y"], ["b", "y"], ["b", "z"]] * 5, object)
        name = "sklearn.preprocessing._encoders.OneHotEncoder"

        def fitted(**how: Any) -> Any:
            return OneHotEncoder(**how).fit(words)

        cases: list[tuple[Any, str, Any, str]] = [
            (
                fitted(),
                "categories_",
                fitted().categories_[:1],
                "categories_ and _n_features_outs must be lists of 2 items",
            ),
            (fitted(), "_n_features_outs", [2], "categories_ and _n_features_outs must be lists of 2 items"),
            (fitted(), "_n_features_outs", [2, 2.5], "_n_features_outs must hold ints"),
            (fitted(), "categories_", [np.zeros((2, 2)), np.zeros(2)], "categories_ must hold vectors"),
            (fitted(), "categories_", [np.zeros(0), np.zeros(2)], "categories_ must hold vectors"),
            (
                fitted(min_frequency=6),
                "_infrequent_indices",
                [None],
                "_infrequent_indices and _default_to_infrequent_mappings must be lists of 2 items",
            ),
            (
                fitted(drop="first"),
                "_drop_idx_after_grouping",
                np.array([0.5, 1.5]),
                "_drop_idx_after_grouping must hold 2 numbers of categories",
            ),
        ]
        for model, attribute, held, message in cases:
            setattr(model, attribute, held)
            assert refusal(vitrify.dumps(model)) == (f"{name}: {message}", "$")

    @pytest.mark.parametrize(
        "how", [{"drop": "first"}, {"min_frequency": 6}, {"drop": "first", "min_frequency": 6}, {}]
    )
    def test_what_is_dropped_or_rare_comes_back(self, how: dict[str, Any]) -> None:
        """Alone and together."""
        words = np.array([["a", "x"], ["b", "y"], ["b", "y"], ["b", "z"]] * 5, object)
        model = OneHotEncoder(sparse_output=False, **how).fit(words)
        np.testing.assert_array_equal(vitrify.loads(vitrify.dumps(model)).transform(words), model.transform(words))


class TestWarning:
    def test_it_is_scikit_learns_own_too(self) -> None:
        """Filters for either catch it."""
        found = warning.sklearn_warning("text", "2.0", "1.0")
        assert isinstance(found, VersionWarning)
        assert [str(found), found.current_sklearn_version, found.original_sklearn_version] == ["text", "2.0", "1.0"]  # type: ignore[attr-defined]  # of the subclass

    def test_one_that_has_none_gets_ours(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Before scikit-learn 1.3."""
        monkeypatch.delattr(sklearn.exceptions, "InconsistentVersionWarning")
        spec = util.spec_from_file_location("older_warning", warning.__file__)
        assert spec is not None
        assert spec.loader is not None
        older = util.module_from_spec(spec)
        spec.loader.exec_module(older)
        found = older.sklearn_warning("text", "1.2", "1.1")
        assert type(found) is VersionWarning
        assert str(found) == "text"
        assert type(warning.sklearn_warning("text", "1.2", "1.1")) is not VersionWarning


def test_linear_models_come_back() -> None:
    """The control: nothing above refuses what is fitted as usual."""
    for model in (LinearRegression(), LogisticRegression()):
        model.fit(X, Y)
        assert vitrify.loads(vitrify.dumps(model)).predict(X[:3]).tolist() == model.predict(X[:3]).tolist()
