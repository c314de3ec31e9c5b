"""Support vector machines, Gaussian processes and other kernel methods."""

from __future__ import annotations

import numpy as np
from sklearn.decomposition import KernelPCA
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import (
    RBF,
    CompoundKernel,
    ConstantKernel,
    DotProduct,
    Exponentiation,
    ExpSineSquared,
    Kernel,
    Matern,
    PairwiseKernel,
    RationalQuadratic,
    WhiteKernel,
)
from sklearn.kernel_approximation import Nystroem
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics.pairwise import laplacian_kernel
from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR, NuSVC, NuSVR, OneClassSVM

from tests.support.zoo import data
from tests.support.zoo.case import Case, case

__all__ = ["CASES"]


def _process(kernel: Kernel, **parameters: object) -> GaussianProcessRegressor:
    return GaussianProcessRegressor(kernel, **({"random_state": 0, "optimizer": None} | parameters))


def _long_kernel() -> Kernel:
    seasonal = ExpSineSquared(1.0, 3.0, periodicity_bounds=(1e-2, 1e2)) * ConstantKernel(2.0, "fixed")
    return seasonal + RationalQuadratic(0.5, 0.1) + WhiteKernel(0.1) + Exponentiation(DotProduct(1.0), 2)


def _with_compound(model: GaussianProcessClassifier) -> GaussianProcessClassifier:
    """Keep the kernels of all classes as one, a kernel that only a few models have."""
    model.kernels_ = CompoundKernel([part.kernel_ for part in model.base_estimator_.estimators_])
    return model


CASES: tuple[Case, ...] = (
    case("SVC-probability", lambda: SVC(probability=True, random_state=0), data.three_classes),
    case("SVC-two-classes", lambda: SVC(gamma="auto"), data.two_classes),
    case("SVC-linear", lambda: SVC(kernel="linear", C=2.5), data.string_classes),
    case("SVC-polynomial", lambda: SVC(kernel="poly", degree=2, coef0=1.0), data.three_classes),
    case("SVC-sigmoid", lambda: SVC(kernel="sigmoid", decision_function_shape="ovo"), data.three_classes),
    case("SVC-sparse", lambda: SVC(probability=True, random_state=0), data.sparse_classes),
    case("SVC-sparse-two-classes", lambda: SVC(kernel="linear"), data.sparse_two_classes),
    case("SVC-gram", lambda: SVC(kernel="precomputed"), data.gram),
    case("SVC-function", lambda: SVC(kernel=laplacian_kernel), data.three_classes),
    case("SVC-weights", lambda: SVC(class_weight="balanced", break_ties=True), data.weighted_classes),
    case("SVC-frame", SVC, data.number_frame),
    case("NuSVC-strings", lambda: NuSVC(nu=0.3, probability=True, random_state=0), data.string_classes),
    case("SVR-linear", lambda: SVR(kernel="linear", epsilon=0.2), data.regression),
    case("SVR-sparse", SVR, data.sparse_regression),
    case("NuSVR-gram", lambda: NuSVR(kernel="precomputed"), lambda: data.Data(X=data.gram().X, y=data.target())),
    case("OneClassSVM-sparse", lambda: OneClassSVM(nu=0.2), data.sparse_rows),
    case("OneClassSVM-polynomial", lambda: OneClassSVM(kernel="poly", degree=2), data.rows),
    case("LinearSVC-two-classes", lambda: LinearSVC(dual=False, penalty="l1", random_state=0), data.two_classes),
    case("LinearSVC-sparse", lambda: LinearSVC(dual=True, random_state=0), data.sparse_classes),
    case(
        "LinearSVC-crammer",
        lambda: LinearSVC(multi_class="crammer_singer", random_state=0),
        data.three_classes,
    ),
    case("LinearSVR-weights", lambda: LinearSVR(dual=True, random_state=0), data.weighted_regression),
    # Gaussian processes
    case("GaussianProcessRegressor-matern", lambda: _process(Matern([1.0] * 5, nu=1.5)), data.regression),
    case(
        "GaussianProcessRegressor-composed",
        lambda: _process(_long_kernel(), normalize_y=True),
        data.narrow_regression,
    ),
    case("GaussianProcessRegressor-pairwise", lambda: _process(PairwiseKernel(metric="rbf")), data.regression),
    case(
        "GaussianProcessRegressor-optimised",
        lambda: _process(ConstantKernel() * RBF(), optimizer="fmin_l_bfgs_b", n_restarts_optimizer=1),
        data.regression,
    ),
    case(
        "GaussianProcessRegressor-multi-output",
        lambda: _process(RBF(), alpha=0.1),
        data.multi_output_regression,
    ),
    case(
        "GaussianProcessRegressor-global-random",
        lambda: _process(RBF(2.0), random_state=None),
        data.regression,
    ),
    case(
        "GaussianProcessClassifier-composed",
        lambda: GaussianProcessClassifier(1.0 * RBF(1.0) + WhiteKernel(), optimizer=None, random_state=0),
        data.two_classes,
    ),
    case(
        "GaussianProcessClassifier-one-vs-one",
        lambda: GaussianProcessClassifier(multi_class="one_vs_one", optimizer=None, random_state=0),
        data.string_classes,
    ),
    case(
        "GaussianProcessClassifier-compound",
        lambda: GaussianProcessClassifier(random_state=np.random.RandomState(0)),
        data.three_classes,
        train=lambda model, d: _with_compound(model.fit(d.X, d.y)),
    ),
    # others
    case("KernelRidge-polynomial", lambda: KernelRidge(kernel="poly", degree=2), data.multi_output_regression),
    case("KernelRidge-gram", lambda: KernelRidge(kernel="precomputed"), data.gram),
    case("KernelRidge-function", lambda: KernelRidge(kernel=np.dot), data.positive),
    case("KernelPCA-inverse", lambda: KernelPCA(2, kernel="rbf", fit_inverse_transform=True), data.rows),
    case("KernelPCA-gram", lambda: KernelPCA(2, kernel="precomputed"), data.gram),
    case("Nystroem-polynomial", lambda: Nystroem("poly", degree=2, n_components=6, random_state=0), data.rows),
    case(
        "Nystroem-arguments",
        lambda: Nystroem(
            "polynomial", kernel_params={"degree": 2}, n_components=6, random_state=np.random.RandomState(0)
        ),
        data.rows,
    ),
)
