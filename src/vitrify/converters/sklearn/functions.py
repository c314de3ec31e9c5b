"""Functions that a model calls with keywords of its own: what may be given to them is what a partial may be given.

`kw_args=` of a transformer, the keywords of a scorer, and those of a metric or kernel that is a function, reach it as
they are, whenever the model is used. With the name of a metric they reach scikit-learn's and scipy's own, which compare
the lengths of weights and variances with the data; but `pairwise_kernels` starts as many threads as they say.
Sources: `sklearn/preprocessing/_function_transformer.py`, `sklearn/metrics/_scorer.py`, `sklearn/metrics/pairwise.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import chain
from types import FunctionType
from typing import Any, Final

from msgspec.structs import replace

from vitrify.converters import default_registry
from vitrify.converters.builtins.calls import refusal
from vitrify.converters.sklearn.older import RESPONSES, completed
from vitrify.errors import UnsupportedError
from vitrify.graph.converter import AttrsRule
from vitrify.graph.parameters import why_refused
from vitrify.graph.paths import with_article

Calls = tuple[tuple[str, str], ...]
_TRANSFORMER: Final = (("func", "kw_args"), ("inverse_func", "inv_kw_args"))
_SCORER: Final = (("_score_func", "_kwargs"),)
METRIC: Final[Calls] = (("metric", "metric_params"),)
KERNEL: Final[Calls] = (("kernel", "kernel_params"),)
"""Where estimators hold a function, or the name of one, and the keywords that go with it."""

_NOTHING_ELSE: Final = AttrsRule()


def problem_of(function: Any, given: Any, what: str) -> str | None:
    """Why a file may not have `function` called with the keywords `given`, which it calls `what`; None if it may."""
    if type(function) is partial:
        function = function.func
    if function is None or given is None:
        return None
    if type(given) is not dict or not all(type(keyword) is str for keyword in given):
        return f"{what} is no dict from names"
    if isinstance(function, FunctionType) and default_registry().name_of(function) is None:
        return None  # the caller's own, or one that is refused by its name
    reason = refusal(function, (), given) if given else None
    return f"{what} cannot be given: {reason}" if reason is not None else None


def _problem(model: Any, calls: Calls) -> str | None:
    """Why a file may not have the model call its functions like this; None if it may."""
    held = vars(model)
    return next(filter(None, (problem_of(held.get(name), held.get(what), what) for name, what in calls)), None)


def _rule(calls: Calls, *, before: Callable[[Any], None] | None = None) -> AttrsRule:
    return _with(AttrsRule(finish=before), lambda model: _problem(model, calls))


def _with(rule: AttrsRule, problem: Callable[[Any], str | None]) -> AttrsRule:
    """A rule that also refuses objects with a problem, when they are saved and when they are loaded."""

    def finish(model: Any) -> None:
        if rule.finish is not None:
            rule.finish(model)
        reason = problem(model)
        if reason is not None:
            raise ValueError(reason)

    def precheck(model: Any) -> None:
        if rule.precheck is not None:
            rule.precheck(model)
        reason = problem(model)
        if reason is not None:
            hint = (
                "Set it when the model is loaded"
                if reason.endswith(("workers", "an int"))
                else "Write a function of your own instead"
            )
            raise UnsupportedError(f"{with_article(type(model).__name__)} whose {reason}", hint=hint)

    return replace(rule, finish=finish, precheck=precheck)


def with_metric(calls: Calls, rule: AttrsRule = _NOTHING_ELSE) -> AttrsRule:
    """A rule, and for what is called a metric or a kernel that of functions: `calls` says where they stand."""
    requires = dict.fromkeys((*rule.requires, *chain.from_iterable(calls)))
    return _with(replace(rule, requires=tuple(requires)), lambda model: _metric_problem(model, calls))


def _metric_problem(model: Any, calls: Calls) -> str | None:
    """The same where a name may stand for a function, and some keywords are for who calls it."""
    held = vars(model)
    for name, what in calls:
        function, given = held.get(name), held.get(what)
        workers = why_refused("n_jobs", given.get("n_jobs")) if isinstance(given, dict) else None
        if workers is not None:
            return f"{what} {workers}" if workers.endswith("workers") else f"{what}: n_jobs {workers}"
        reason = problem_of(function, given, what) if callable(function) else None
        if reason is not None:
            return reason
    return None


_MEASURING: Final = with_metric(METRIC)
_WITH_KERNEL: Final = with_metric(KERNEL)
RULES: Final[Mapping[str, AttrsRule]] = {
    "sklearn.preprocessing._function_transformer.FunctionTransformer": _rule(_TRANSFORMER),
    **dict.fromkeys(("sklearn.metrics._scorer._CurveScorer", "sklearn.metrics._scorer._Scorer"), _rule(_SCORER)),
    **{f"sklearn.metrics._scorer.{name}": _rule(_SCORER, before=completed(name)) for name in RESPONSES},
    "sklearn.cluster._dbscan.DBSCAN": _MEASURING,
    "sklearn.cluster._optics.OPTICS": _MEASURING,
    "sklearn.cluster._spectral.SpectralClustering": with_metric((("affinity", "kernel_params"),)),
    "sklearn.decomposition._fastica.FastICA": with_metric((("fun", "fun_args"),)),
    "sklearn.decomposition._kernel_pca.KernelPCA": _WITH_KERNEL,
    "sklearn.gaussian_process.kernels.PairwiseKernel": with_metric((("metric", "pairwise_kernels_kwargs"),)),
    "sklearn.kernel_ridge.KernelRidge": _WITH_KERNEL,
    "sklearn.manifold._classical_mds.ClassicalMDS": _MEASURING,
    "sklearn.manifold._mds.MDS": _MEASURING,
    "sklearn.manifold._t_sne.TSNE": _MEASURING,
    "sklearn.neighbors._kde.KernelDensity": _MEASURING,
}
