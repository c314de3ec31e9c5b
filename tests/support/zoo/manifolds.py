"""Manifold learning: embeddings, their eigen-solvers, and the models that can place new rows."""

from __future__ import annotations

from sklearn.manifold import MDS, TSNE, Isomap, LocallyLinearEmbedding, SpectralEmbedding
from sklearn.neighbors import NeighborhoodComponentsAnalysis
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection

from tests.support.zoo import data
from tests.support.zoo.case import Case, case
from tests.support.zoo.training import warm_started

__all__ = ["CASES"]


def _local(method: str, n_neighbors: int) -> LocallyLinearEmbedding:
    return LocallyLinearEmbedding(n_neighbors=n_neighbors, method=method, eigen_solver="dense", random_state=0)


def _scaling(**parameters: object) -> MDS:
    return MDS(**({"n_init": 1, "max_iter": 10, "random_state": 0} | parameters))


def _few_rows() -> data.Data:
    return data.Data(X=data.head(data.points()))


def _few_distances() -> data.Data:
    return data.Data(X=data.distances().X[: data.N_HEAD, : data.N_HEAD].copy())


CASES: tuple[Case, ...] = (
    case(
        "TSNE-exact",
        lambda: TSNE(perplexity=5.0, init="random", method="exact", random_state=0),
        _few_rows,
    ),
    case(
        "TSNE-distances",
        lambda: TSNE(metric="precomputed", init="random", perplexity=5.0),
        _few_distances,
    ),
    case("MDS-ranks", lambda: _scaling(metric=False), data.rows, before="1.8"),
    case("MDS-non-metric", lambda: _scaling(metric_mds=False, init="random"), data.rows, since="1.8"),
    case("MDS-distances", lambda: _scaling(dissimilarity="precomputed"), data.distances, before="1.8"),
    case("Isomap-dense", lambda: Isomap(n_neighbors=8, eigen_solver="dense"), data.rows),
    case("Isomap-kd-tree", lambda: Isomap(n_neighbors=8, neighbors_algorithm="kd_tree", p=1), data.float32_rows),
    case("Isomap-radius", lambda: Isomap(n_neighbors=None, radius=8.0), data.rows),
    case("Isomap-frame", lambda: Isomap(n_neighbors=8).set_output(transform="pandas"), data.number_frame),
    case("LocallyLinearEmbedding-modified", lambda: _local("modified", 8), data.rows),
    case("LocallyLinearEmbedding-hessian", lambda: _local("hessian", 8), data.rows),
    case("LocallyLinearEmbedding-tangent", lambda: _local("ltsa", 8), data.rows),
    case("SpectralEmbedding-kernel", lambda: SpectralEmbedding(affinity="rbf", random_state=0), data.rows),
    case(
        "SpectralEmbedding-given",
        lambda: SpectralEmbedding(affinity="precomputed", random_state=0),
        data.affinities,
    ),
    case(
        "NeighborhoodComponentsAnalysis-warm",
        lambda: NeighborhoodComponentsAnalysis(2, max_iter=3, random_state=0),
        data.string_classes,
        train=warm_started(max_iter=5),
    ),
    case(
        "GaussianRandomProjection-inverse",
        lambda: GaussianRandomProjection(3, compute_inverse_components=True),
        data.rows,
    ),
    case("SparseRandomProjection-dense", lambda: SparseRandomProjection(3, dense_output=True), data.sparse_rows),
)
