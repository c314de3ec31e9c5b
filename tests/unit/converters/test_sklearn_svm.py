"""Support vector machines: matrices, kernels and probabilities that no fit gives are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse
from sklearn.gaussian_process.kernels import RBF, CompoundKernel
from sklearn.metrics.pairwise import linear_kernel
from sklearn.svm import SVC, SVR, OneClassSVM

import vitrify
from vitrify.errors import StateError

X = np.random.default_rng(0).normal(size=(30, 3))
Y = np.arange(30) % 3
NAME = "sklearn.svm._classes.SVC"


def refusal(model: Any) -> str:
    """Why the file of a model that has been changed after it was fitted is refused."""
    with pytest.raises(StateError) as caught:
        vitrify.loads(vitrify.dumps([model]))
    assert caught.value.path == "$[0]"
    return caught.value.message.removeprefix("<bytes>: ")


def sparse(**attributes: Any) -> Any:
    """A machine that was fitted on a sparse matrix, with other attributes."""
    model = SVC(random_state=0).fit(scipy.sparse.csr_matrix(X), Y)
    vars(model).update(attributes)
    return model


N = len(sparse().support_)
SPARSE: list[tuple[str, Any, str]] = [
    ("support_vectors_", 5, "support_vectors_ must be a sparse matrix"),
    ("support_vectors_", np.zeros((N, 3)), "support_vectors_ must be a CSR matrix"),
    ("support_vectors_", scipy.sparse.csc_matrix((N, 3)), "support_vectors_ must be a CSR matrix"),
    ("support_vectors_", scipy.sparse.csr_matrix((N, 3), dtype=np.float32), "support_vectors_ must hold float64"),
    ("_dual_coef_", scipy.sparse.csr_matrix((2, N)), "_dual_coef_ must store every coefficient"),
    ("shape_fit_", (), "shape_fit_ must be a tuple of one or two ints"),
    ("shape_fit_", (30.0, 3), "shape_fit_ must be a tuple of one or two ints"),
    ("shape_fit_", (30, 3, 1), "shape_fit_ must be a tuple of one or two ints"),
    ("shape_fit_", None, "shape_fit_ must be a tuple of one or two ints"),
]
if hasattr(scipy.sparse, "coo_array"):
    SPARSE.append(
        ("support_vectors_", scipy.sparse.csr_array(np.zeros(3)), "support_vectors_ must have two dimensions")
    )


@pytest.mark.parametrize(("attribute", "held", "message"), SPARSE)
def test_sparse_machines(attribute: str, held: Any, message: str) -> None:
    """The library reads rows of CSR matrices by what these say."""
    assert refusal(sparse(**{attribute: held})) == f"{NAME}: {message}"


def test_probabilities_have_their_constants() -> None:
    """Where they are on in any way, libsvm reads them."""
    model = sparse(probability=1)
    name = "_effective_probability" if "_effective_probability" in vars(model) else "probability"
    setattr(model, name, 1)
    assert refusal(model) == f"{NAME}: {name} is 1, and _probA is empty"


@pytest.mark.parametrize("model", [SVC(), SVR(), OneClassSVM()])
@pytest.mark.parametrize("convert", [np.asarray, scipy.sparse.csr_matrix])
def test_what_was_fitted_comes_back(model: Any, convert: Any) -> None:
    """Dense and sparse, with classes and without."""
    model.fit(convert(X), Y)
    found = vitrify.loads(vitrify.dumps(model))
    assert found.predict(convert(X)).tolist() == model.predict(convert(X)).tolist()


def test_a_kernel_has_a_column_for_each_training_sample() -> None:
    """As many as there were, of what it is given."""
    cause = f"{NAME} cannot be rebuilt from these values (ValueError: "
    model = SVC(kernel=linear_kernel).fit(X, Y)
    model._BaseLibSVM__Xfit = X[:7]
    assert refusal(model) == cause + "there are 7 training samples for the kernel, must be 30)"
    model = SVC(kernel=linear_kernel).fit(X, Y)
    model.kernel = CompoundKernel([RBF(), RBF()])
    assert refusal(model) == cause + "kernel gives (1, 30, 2) for 1 row(s) and 30 training samples)"
