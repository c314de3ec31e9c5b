"""Clusterings, mixtures, decompositions, naive Bayes, covariances and discriminants."""

from __future__ import annotations

import functools

import numpy as np
from sklearn.cluster import (
    DBSCAN,
    OPTICS,
    AffinityPropagation,
    AgglomerativeClustering,
    Birch,
    BisectingKMeans,
    FeatureAgglomeration,
    KMeans,
    MiniBatchKMeans,
    SpectralClustering,
)
from sklearn.covariance import EllipticEnvelope, MinCovDet
from sklearn.decomposition import (
    NMF,
    PCA,
    DictionaryLearning,
    FactorAnalysis,
    FastICA,
    IncrementalPCA,
    LatentDirichletAllocation,
    MiniBatchDictionaryLearning,
    MiniBatchNMF,
    TruncatedSVD,
)
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.naive_bayes import BernoulliNB, CategoricalNB, ComplementNB, GaussianNB, MultinomialNB

from tests.support.zoo import data
from tests.support.zoo.case import Case, case, no_cache
from tests.support.zoo.training import in_batches, warm_started

__all__ = ["CASES"]

_ROWS = in_batches(targets=False)
_CLASSES = in_batches(classes=True)


def _hdbscan(**parameters: object) -> object:
    from sklearn.cluster import HDBSCAN  # scikit-learn >= 1.3

    return HDBSCAN(**parameters)


def _mixture(kind: str, **parameters: object) -> GaussianMixture:
    return GaussianMixture(2, covariance_type=kind, **({"random_state": 0} | parameters))


def _topics(**parameters: object) -> LatentDirichletAllocation:
    return LatentDirichletAllocation(2, **({"max_iter": 3, "random_state": 0} | parameters))


CASES: tuple[Case, ...] = (
    # clusterings
    case(
        "KMeans-random",
        lambda: KMeans(3, init="random", n_init=2, algorithm="elkan", random_state=0),
        data.float32_rows,
    ),
    case("KMeans-sparse", lambda: KMeans(3, n_init=1, random_state=0), data.sparse_rows),
    case("KMeans-given-centres", lambda: KMeans(2, init=np.eye(2, 5), n_init=1), data.rows),
    case("KMeans-global-random", lambda: KMeans(3, n_init=1), data.rows),
    case(
        "KMeans-frame",
        lambda: KMeans(3, n_init=1, random_state=0).set_output(transform="pandas"),
        data.number_frame,
    ),
    case(
        "MiniBatchKMeans-batches",
        lambda: MiniBatchKMeans(3, n_init=1, random_state=0),
        data.rows,
        train=_ROWS,
    ),
    case(
        "MiniBatchKMeans-own-random",
        lambda: MiniBatchKMeans(3, n_init=1, random_state=np.random.RandomState(0)),
        data.rows,
    ),
    case("MiniBatchKMeans-batches-global-random", lambda: MiniBatchKMeans(3, n_init=1), data.rows, train=_ROWS),
    case("BisectingKMeans-deep", lambda: BisectingKMeans(8, bisecting_strategy="largest_cluster"), data.rows),
    case(
        "Birch-many-leaves",
        lambda: Birch(threshold=0.02, branching_factor=10, n_clusters=None),
        data.many_points,
    ),
    case(
        "Birch-two-stages",
        lambda: Birch(threshold=0.2, n_clusters=AgglomerativeClustering(4)),
        data.many_points,
    ),
    case("Birch-batches", lambda: Birch(threshold=0.5, n_clusters=3), data.rows, train=_ROWS),
    case("Birch-sparse", lambda: Birch(threshold=0.5), data.sparse_rows),
    case("Birch-float32", lambda: Birch(threshold=0.5), data.float32_rows),
    case("DBSCAN-ball-tree", lambda: DBSCAN(2.0, min_samples=3, algorithm="ball_tree"), data.rows),
    case("DBSCAN-distances", lambda: DBSCAN(2.0, min_samples=3, metric="precomputed"), data.distances),
    case("DBSCAN-noise", lambda: DBSCAN(1e-3), data.rows),
    case("OPTICS-dbscan", lambda: OPTICS(min_samples=4, cluster_method="dbscan", eps=2.0), data.blobs),
    case("OPTICS-memory", lambda: OPTICS(min_samples=4, algorithm="kd_tree", memory=no_cache()), data.blobs),
    case("HDBSCAN-centres", lambda: _hdbscan(store_centers="both", min_cluster_size=5), data.blobs, since="1.3"),
    case(
        "HDBSCAN-ball-tree",
        lambda: _hdbscan(algorithm="ball_tree", metric="manhattan"),
        data.blobs,
        since="1.3",
    ),
    case(
        "HDBSCAN-distances",
        lambda: _hdbscan(metric="precomputed", min_samples=3),
        data.distances,
        since="1.3",
    ),
    case(
        "AffinityPropagation-given",
        lambda: AffinityPropagation(affinity="precomputed", random_state=0),
        data.affinities,
    ),
    case(
        "AgglomerativeClustering-full",
        lambda: AgglomerativeClustering(None, distance_threshold=3.0),
        data.rows,
    ),
    case("AgglomerativeClustering-single", lambda: AgglomerativeClustering(3, linkage="single"), data.blobs),
    case(
        "AgglomerativeClustering-given",
        lambda: AgglomerativeClustering(3, metric="precomputed", linkage="average"),
        data.distances,
    ),
    case(
        "FeatureAgglomeration-median",
        lambda: FeatureAgglomeration(3, pooling_func=np.median),
        data.number_frame,
    ),
    case(
        "SpectralClustering-given",
        lambda: SpectralClustering(3, affinity="precomputed", n_init=1, random_state=0),
        data.affinities,
    ),
    case(
        "SpectralClustering-neighbours",
        lambda: SpectralClustering(3, affinity="nearest_neighbors", n_init=1),
        data.rows,
    ),
    # mixtures
    *(
        case(f"GaussianMixture-{kind}", functools.partial(_mixture, kind), data.rows)
        for kind in ("tied", "diag", "spherical")
    ),
    case(
        "GaussianMixture-warm",
        lambda: _mixture("full", max_iter=2),
        data.rows,
        train=warm_started(max_iter=5),
    ),
    case("GaussianMixture-global-random", lambda: _mixture("full", random_state=None), data.rows),
    case(
        "BayesianGaussianMixture-distribution",
        lambda: BayesianGaussianMixture(
            n_components=3,
            weight_concentration_prior_type="dirichlet_distribution",
            max_iter=20,
            random_state=0,
        ),
        data.rows,
    ),
    # decompositions
    case("PCA-share", lambda: PCA(0.9), data.rows),
    case("PCA-whitened", lambda: PCA(2, whiten=True, svd_solver="full"), data.float32_rows),
    case("PCA-randomised", lambda: PCA(2, svd_solver="randomized", random_state=0), data.fortran_classes),
    case("PCA-likelihood", lambda: PCA("mle"), data.rows),
    case("PCA-frame", lambda: PCA(2).set_output(transform="pandas"), data.number_frame),
    case("IncrementalPCA-batches", lambda: IncrementalPCA(2), data.rows, train=_ROWS),
    case("TruncatedSVD-arpack", lambda: TruncatedSVD(2, algorithm="arpack", random_state=0), data.sparse_rows),
    case("FactorAnalysis-rotated", lambda: FactorAnalysis(2, rotation="varimax"), data.rows),
    case("FastICA-function", lambda: FastICA(2, fun="cube", whiten="unit-variance", random_state=0), data.rows),
    case(
        "NMF-kullback",
        lambda: NMF(2, solver="mu", beta_loss="kullback-leibler", init="random", random_state=0),
        data.counts,
    ),
    case("MiniBatchNMF-batches", lambda: MiniBatchNMF(2, random_state=0), data.counts, train=_ROWS),
    case("LatentDirichletAllocation-online", lambda: _topics(learning_method="online"), data.counts),
    case("LatentDirichletAllocation-batches", _topics, data.counts, train=_ROWS),
    case("LatentDirichletAllocation-global-random", lambda: _topics(random_state=None), data.counts),
    case(
        "DictionaryLearning-coordinate",
        lambda: DictionaryLearning(3, fit_algorithm="cd", max_iter=3),
        data.rows,
    ),
    case(
        "MiniBatchDictionaryLearning-batches",
        lambda: MiniBatchDictionaryLearning(3, batch_size=data.N_HEAD, random_state=0),
        data.rows,
        train=_ROWS,
    ),
    # naive Bayes
    case("GaussianNB-batches", GaussianNB, data.string_classes, train=_CLASSES),
    case("GaussianNB-priors", lambda: GaussianNB(priors=[0.2, 0.3, 0.5]), data.weighted_classes),
    case("MultinomialNB-batches", MultinomialNB, data.counts, train=_CLASSES),
    case("BernoulliNB-batches", lambda: BernoulliNB(binarize=0.5), data.three_classes, train=_CLASSES),
    case("BernoulliNB-flags", lambda: BernoulliNB(binarize=None), data.flags),
    case("ComplementNB-norm", lambda: ComplementNB(norm=True), data.counts),
    case("CategoricalNB-batches", lambda: CategoricalNB(min_categories=4), data.category_codes, train=_CLASSES),
    # covariances and discriminants
    case(
        "EllipticEnvelope-own-random",
        lambda: EllipticEnvelope(random_state=np.random.RandomState(0)),
        data.rows,
    ),
    case("MinCovDet-centred", lambda: MinCovDet(assume_centered=True, random_state=0), data.rows),
    case(
        "LinearDiscriminantAnalysis-eigen",
        lambda: LinearDiscriminantAnalysis("eigen", shrinkage="auto"),
        data.string_classes,
    ),
    case(
        "LinearDiscriminantAnalysis-covariance",
        lambda: LinearDiscriminantAnalysis(store_covariance=True, n_components=1),
        data.three_classes,
    ),
    case(
        "QuadraticDiscriminantAnalysis-covariance",
        lambda: QuadraticDiscriminantAnalysis(store_covariance=True),
        data.three_classes,
    ),
)
