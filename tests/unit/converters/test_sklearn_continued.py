"""What training on, drawing samples and distances read of a model must be of the size that they read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.covariance import EllipticEnvelope, EmpiricalCovariance, GraphicalLassoCV, LedoitWolf, MinCovDet
from sklearn.decomposition import IncrementalPCA
from sklearn.linear_model import HuberRegressor, Lasso, MultiTaskLasso
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor

import vitrify
from tests.support.lying_writer import Lie
from vitrify.errors import StateError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
Y = np.stack([X @ [1.0, 2.0, 3.0], X @ [3.0, 2.0, 1.0]], axis=1)
LABELS = (X[:, 0] > 0).astype(int)
QUIET = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
COVARIANCES = [EmpiricalCovariance(), EllipticEnvelope(random_state=0), LedoitWolf(), MinCovDet(random_state=0)]


def refusal(model: Any, path: str, change: Any) -> tuple[str | None, str]:
    """Path and message of the error for the model's file in which the array at `path` is another."""
    lie = Lie(vitrify.dumps(model))
    number, row = lie.ref(path)
    lie.put(number, row, change(np.array(lie.chunk(number, row)[1])))
    with pytest.raises(StateError) as caught:
        vitrify.loads(lie.file())
    return caught.value.path, caught.value.message


@pytest.mark.parametrize("model", COVARIANCES, ids=lambda model: type(model).__name__)
@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("precision_", lambda array: array[:, :1], r"precision_.shape[1] is 1, must be 3"),
        ("precision_", lambda array: array[:0], r"precision_.shape[0] is 0, must be 3"),
        ("covariance_", lambda array: array[:2], r"covariance_.shape[0] is 2, must be 3"),
        ("location_", lambda array: np.zeros(7), r"covariance_.shape[0] is 3, must be 7"),
    ],
)
def test_a_precision_matrix_is_as_wide_as_the_location(model: Any, name: str, change: Any, message: str) -> None:
    """`cdist` looks at the points alone."""
    path, said = refusal(model.fit(X), f"$.{name}", change)
    assert path == "$"
    assert said.endswith(message)


@QUIET
@pytest.mark.parametrize("model", [EmpiricalCovariance(store_precision=False), GraphicalLassoCV(cv=2)])
def test_covariances_without_a_stored_precision_and_others_load(model: Any) -> None:
    """`precision_` may be None."""
    model.fit(X)
    np.testing.assert_array_equal(vitrify.loads(vitrify.dumps(model)).mahalanobis(X), model.mahalanobis(X))


@pytest.mark.parametrize("shape", [(2, 3), (3, 2), (0, 3), (1, 1)])
def test_a_matrix_for_distances_is_as_wide_as_the_data(shape: tuple[int, int]) -> None:
    """The inverse covariance that comes with the metric."""
    model = KNeighborsClassifier(metric="mahalanobis", algorithm="brute", metric_params={"VI": np.eye(3)})
    model.fit(X, LABELS)
    path, said = refusal(model, "$.metric_params['VI']", lambda array: np.zeros(shape))
    assert path == "$"
    assert said.endswith(f"metric_params holds a VI of shape {shape}, must be (3, 3)")


@pytest.mark.parametrize(("rows", "shape"), [(3, 3), (2, 3), (3, 2), (3, None)])
def test_a_matrix_for_distances_may_be_a_list_of_lists(rows: int, shape: int | None) -> None:
    """Of the right size; one without data to measure may be any."""
    matrix = [[1.0] * (shape or 3) for _ in range(rows)]
    if shape is None:
        matrix[1] = [1.0]
    model = KNeighborsClassifier(metric="mahalanobis", algorithm="brute", metric_params={"VI": matrix})
    assert vitrify.loads(vitrify.dumps(model)).metric_params == {"VI": matrix}
    model.metric_params = {"VI": np.eye(3).tolist()}
    model.fit(X, LABELS)
    np.testing.assert_array_equal(vitrify.loads(vitrify.dumps(model)).predict(X), model.predict(X))
    if (rows, shape) != (3, 3):
        model.effective_metric_params_ = {"VI": matrix}
        with pytest.raises(StateError, match=r"holds a VI of shape .*, must be \(3, 3\)") as caught:
            vitrify.loads(vitrify.dumps(model))
        assert caught.value.path == "$"


@pytest.mark.parametrize("wrong", ["VI", {1: 2}, {"a"}, [1, 2, 3], np.float64(1.0)], ids=repr)
def test_a_matrix_for_distances_is_nothing_else(wrong: Any) -> None:
    """No text, number, dict or set, nor a list of numbers."""
    model = KNeighborsClassifier(metric="mahalanobis", algorithm="brute", metric_params={"VI": np.eye(3)})
    model.fit(X, LABELS)
    model.effective_metric_params_ = {"VI": wrong}
    with pytest.raises(StateError, match=r"holds a VI of shape .*, must be \(3, 3\)"):
        vitrify.loads(vitrify.dumps(model))


@pytest.mark.parametrize(("n", "model"), [(2, HuberRegressor()), (7, HuberRegressor(warm_start=True))])
def test_huber_has_a_coefficient_for_each_feature(n: int, model: Any) -> None:
    """A warm start hands them to L-BFGS-B with a gradient for as many as there are features."""
    path, said = refusal(model.fit(X, Y[:, 0]), "$.coef_", lambda array: np.zeros(n))
    assert path == "$"
    assert said.endswith(f"coef_.shape[0] is {n}, must be 3")


@QUIET
@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("coefs_[0]", (3, 8), "layer 0 has weights of shape (3, 8), (4,) intercepts and 3 inputs"),
        ("coefs_[0]", (2, 4), "layer 0 has weights of shape (2, 4), (4,) intercepts and 3 inputs"),
        ("coefs_[1]", (4, 3), "layer 1 has weights of shape (4, 3), (2,) intercepts and 4 inputs"),
        ("intercepts_[1]", (1,), "layer 1 has weights of shape (4, 2), (1,) intercepts and 4 inputs"),
    ],
)
def test_each_layer_takes_what_the_one_before_gives(name: str, shape: tuple[int, ...], message: str) -> None:
    """From the columns of the data to the outputs."""
    model = MLPRegressor(hidden_layer_sizes=(4,), max_iter=2, random_state=0).fit(X, Y)
    path, said = refusal(model, f"$.{name}", lambda array: np.zeros(shape))
    assert path == "$"
    assert said.endswith(message)


@QUIET
@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("coefs_", 3, "coefs_ and intercepts_ must be lists of the same length"),
        ("intercepts_", None, "coefs_ and intercepts_ must be lists of the same length"),
        ("n_outputs_", 5, "the last layer gives 2 outputs, must give 5"),
        ("n_features_in_", 4, "layer 0 has weights of shape (3, 4), (4,) intercepts and 4 inputs"),
        ("coefs_[0]", 3, "layer 0 has weights of shape (), (4,) intercepts and 3 inputs"),
    ],
)
def test_a_network_has_weights_from_its_inputs_to_its_outputs(name: str, value: Any, message: str) -> None:
    """And nothing else in their place."""
    lie = Lie(vitrify.dumps(MLPRegressor(hidden_layer_sizes=(4,), max_iter=2, random_state=0).fit(X, Y)))
    lie.assign(f"$.{name}", value)
    with pytest.raises(StateError) as caught:
        vitrify.loads(lie.file())
    assert caught.value.path == "$"
    assert caught.value.message.endswith(message)


@QUIET
def test_networks_that_lack_something_come_back() -> None:
    """One that was not fitted, and one that was put together by hand."""
    assert vitrify.loads(vitrify.dumps(MLPRegressor(alpha=0.5))).alpha == 0.5
    model = MLPRegressor(hidden_layer_sizes=(4,), max_iter=2, random_state=0).fit(X, Y)
    expected = model.predict(X)
    del model.n_features_in_, model.n_outputs_, model.warm_start
    np.testing.assert_array_equal(vitrify.loads(vitrify.dumps(model)).predict(X), expected)


@QUIET
@pytest.mark.parametrize("sizes", [(4,), [4], np.array([4]), 4, (4, 2), ()])
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_networks_that_may_start_warm_come_back(sizes: Any, solver: str) -> None:
    """However `hidden_layer_sizes` says how wide the layers are."""
    model = MLPClassifier(sizes, solver=solver, warm_start=True, max_iter=2, random_state=0).fit(X, LABELS)
    loaded = vitrify.loads(vitrify.dumps(model))
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    assert loaded.fit(X, LABELS) is loaded


@QUIET
@pytest.mark.parametrize("is_warm", [True, False])
@pytest.mark.parametrize(
    "sizes", [(9,), (2,), (4, 4), (), 5, [4.0], np.array([[4]]), None, "4", [np.array([4])]], ids=repr
)
def test_a_network_with_other_hidden_layer_sizes_starts_anew_or_not_at_all(sizes: Any, is_warm: bool) -> None:
    """They are what the next fit shall do; a warm start by lbfgs would read and write as many numbers as they say."""
    model = MLPClassifier((4,), solver="lbfgs", max_iter=2, random_state=0).fit(X, LABELS)
    expected = model.predict_proba(X)
    loaded = vitrify.loads(vitrify.dumps(model.set_params(hidden_layer_sizes=sizes, warm_start=is_warm)))
    np.testing.assert_array_equal(loaded.predict_proba(X), expected)
    loaded = vitrify.loads(vitrify.dumps(loaded)).set_params(hidden_layer_sizes=(4,), warm_start=True)
    with pytest.raises(TypeError, match="'tuple' object does not support item assignment"):
        loaded.fit(X, LABELS)
    loaded.set_params(warm_start=False).fit(X, LABELS)
    np.testing.assert_array_equal(loaded.predict_proba(X), expected)


@QUIET
@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_other_solvers_train_on_from_the_layers_as_they_are(solver: str) -> None:
    """Whatever `hidden_layer_sizes` says: numpy does all of it, and the result is that of the model itself."""
    model = MLPClassifier((4,), solver=solver, max_iter=2, random_state=0).fit(X, LABELS)
    model.set_params(hidden_layer_sizes=(300,), warm_start=True)
    loaded = vitrify.loads(vitrify.dumps(model))
    for trained in (model, loaded):
        trained.fit(X, LABELS).partial_fit(X, LABELS)
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    for other, error in (((4, 4), AttributeError), ((), IndexError)):
        with pytest.raises(error):
            vitrify.loads(vitrify.dumps(model.set_params(hidden_layer_sizes=other))).partial_fit(X, LABELS)


@QUIET
def test_a_network_that_may_not_know_its_width_does_not_train_on() -> None:
    """scikit-learn would compare new data with nothing."""
    model = MLPRegressor(hidden_layer_sizes=(4,), solver="lbfgs", max_iter=2, random_state=0).fit(X, Y)
    del model.n_features_in_
    loaded = vitrify.loads(vitrify.dumps(model)).set_params(warm_start=True)
    with pytest.raises(TypeError, match="'tuple' object does not support item assignment"):
        loaded.fit(X, Y)


THREE = np.arange(60) % 3
MANY = (X > 0).astype(int)


@QUIET
@pytest.mark.parametrize("labels", [LABELS, THREE, MANY, MANY[:, :2], np.array(["a", "b"], object)[LABELS]])
def test_classifiers_of_every_kind_of_classes_come_back(labels: Any) -> None:
    """Two classes have one output, several labels one each."""
    model = MLPClassifier((4,), max_iter=2, random_state=0).fit(X, labels)
    np.testing.assert_array_equal(vitrify.loads(vitrify.dumps(model)).predict(X), model.predict(X))


@QUIET
@pytest.mark.parametrize(
    ("labels", "classes", "said"),
    [
        (THREE, [0, 1], "3 outputs cannot be those for classes of shape (2,)"),
        (THREE, [[0, 1, 2]], "3 outputs cannot be those for classes of shape (1, 3)"),
        (LABELS, [0, 1, 2], "1 outputs cannot be those for classes of shape (3,)"),
    ],
)
@pytest.mark.parametrize("name", ["classes_", "_label_binarizer.classes_"])
def test_a_classifier_has_an_output_for_each_class(labels: Any, classes: Any, said: str, name: str) -> None:
    """Training makes room for as many."""
    model = MLPClassifier((4,), max_iter=2, random_state=0).fit(X, labels)
    owner = model._label_binarizer if "." in name else model
    owner.classes_ = np.array(classes)
    with pytest.raises(StateError) as caught:
        vitrify.loads(vitrify.dumps(model))
    assert caught.value.path == "$"
    assert caught.value.message.endswith(said)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    ("model", "name"),
    [
        (IncrementalPCA(2), "mean_"),
        (IncrementalPCA(2), "components_"),
        (GaussianMixture(2, random_state=0), "covariances_"),
        (BayesianGaussianMixture(n_components=2, random_state=0), "covariances_"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
@QUIET
def test_what_lapack_gets_unchecked_is_finite(model: Any, name: str, wrong: float) -> None:
    """It may not come back otherwise."""

    def spoilt(array: Any) -> Any:
        array.flat[-1] = wrong
        return array

    assert f"{name} must be finite" in refusal(model.fit(X), f"$.{name}", spoilt)[1]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_multiplied_first_has_finite_squares(dtype: Any) -> None:
    """Singular values times components would be infinite otherwise; as large as they can be they load."""
    model = IncrementalPCA(2).fit(X)
    largest = np.sqrt(np.finfo(dtype).max)
    model.components_ = model.components_.astype(dtype)
    model.components_[0, 0] = largest
    np.testing.assert_array_equal(vitrify.loads(vitrify.dumps(model)).components_, model.components_)

    def spoilt(array: Any) -> Any:
        array[0, 0] = 2 * array[0, 0]
        return array

    assert refusal(model, "$.components_", spoilt)[1].endswith("components_ must be finite when it is squared")


def test_numbers_in_the_place_of_arrays_are_no_matter() -> None:
    """A mean that is one number is fine arithmetic, and numbers that are no floats are finite."""
    model = IncrementalPCA(2).fit(X)
    model.mean_, model.singular_values_ = 0.0, np.array([2, 1])
    loaded = vitrify.loads(vitrify.dumps(model))
    assert loaded.mean_ == 0.0
    np.testing.assert_array_equal(loaded.singular_values_, [2, 1])


@pytest.mark.parametrize(("model", "n_rows"), [(MultiTaskLasso(), 1), (MultiTaskLasso(), 3), (Lasso(), 0)])
def test_there_is_a_row_of_coefficients_for_each_intercept(model: Any, n_rows: int) -> None:
    """A warm start writes to as many as there are targets."""
    path, said = refusal(model.fit(X, Y), "$.coef_", lambda array: np.zeros((n_rows, 3)))
    assert path == "$"
    assert said.endswith(
        f"coef_ has the shape ({n_rows}, 3), and intercept_ (2,)" if n_rows else "coefficients, one for each feature"
    )
