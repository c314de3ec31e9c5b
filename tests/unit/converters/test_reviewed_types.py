"""Every class that the installed scikit-learn has was looked at: it is in the registry, or refused for a reason.

`refused_types.json` has the reasons, and under each the classes. A class that a new version brings is in neither, and
fails here by its name until somebody has decided.
"""

from __future__ import annotations

import functools
import importlib
import json
import pkgutil
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import sklearn
import sklearn.linear_model
from sklearn.base import BaseEstimator
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.utils.discovery import all_estimators

import vitrify
from tests.support.equality import assert_same
from vitrify.converters import default_registry
from vitrify.converters.sklearn import REVIEWED

# Not part of what a program can hold: tests and their tools, build scripts, copies of other projects, switches.
_SKIPPED = re.compile(
    r"\.(tests|conftest|_testing|estimator_checks|_build_utils|__check_build|externals|experimental)\b"
)
_BASE_CLASSES = "a base class or mixin: no model is an instance of it itself"
REFUSED: dict[str, list[str]] = json.loads((Path(__file__).parent / "refused_types.json").read_text())
HERE = tuple(map(int, sklearn.__version__.split(".")[:2]))

# Spellings of compiled types in the registry that only older versions have, with what came after them.
FORMER: dict[str, str] = {
    r"_loss\.Cy\w+": "until 1.2 the compiled losses called their module _loss",
    r"sklearn\.metrics\._dist_metrics\.\w+Distance": "until 1.2 the metrics of 64 bits had no suffix",
    r"sklearn\.metrics\._dist_metrics\.WMinkowskiDistance(32|64)": "minkowski with weights took its place in 1.3",
    r"sklearn\.linear_model\._sgd_fast\.(Huber|Log|SquaredLoss)": "the losses of sklearn._loss took their place",
}


@functools.lru_cache(maxsize=1)
def modules() -> tuple[Any, ...]:
    """All modules of scikit-learn, imported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of modules that have moved
        names = [m.name for m in pkgutil.walk_packages(sklearn.__path__, "sklearn.") if not _SKIPPED.search(m.name)]
        return tuple(map(importlib.import_module, names))


def classes() -> dict[str, type]:
    """Every class that stands in any of them and was made by scikit-learn, by its full name."""
    members = (value for module in modules() for value in vars(module).values() if isinstance(value, type))
    return {
        f"{c.__module__}.{c.__qualname__}": c for c in members if c.__module__.split(".")[0] in ("sklearn", "_loss")
    }


def estimators() -> dict[str, type]:
    """What scikit-learn itself lists, by full name."""
    return {f"{c.__module__}.{c.__qualname__}": c for _, c in all_estimators()}


def in_registry() -> set[str]:
    registry = default_registry()
    listed = {*registry.attrs, *(name for family in registry.families for name in family.types)}
    return {name for name in listed if name.startswith(("sklearn.", "_loss."))}


def refused() -> Iterator[str]:
    for names in REFUSED.values():
        yield from names


def unreviewed(found: Iterable[str]) -> list[str]:
    """The names that are neither in the registry nor refused for a reason."""
    return sorted(set(found) - in_registry() - set(refused()))


def exists(name: str) -> bool:
    """Whether the installed version has this, found by its name alone."""
    module, _, last = name.rpartition(".")
    try:
        return hasattr(importlib.import_module(module), last)
    except ModuleNotFoundError:
        return False


def minor(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


class TestInstalledVersion:
    def test_every_estimator_is_in_the_registry(self) -> None:
        """There is none that is refused."""
        assert len(estimators()) > 190
        assert sorted(set(estimators()) - in_registry()) == []

    def test_every_class_is_in_the_registry_or_refused_for_a_reason(self) -> None:
        """Losses, links, kernels, splitters, metrics, index trees, predictors, containers and all that is private."""
        found = classes()
        assert len(found) > 600
        assert unreviewed(found) == []

    @pytest.mark.parametrize(
        "name",
        [
            "sklearn._loss.link.LogitLink",
            "sklearn._loss._loss.CyHalfBinomialLoss",
            "sklearn.gaussian_process.kernels.RBF",
            "sklearn.model_selection._split.StratifiedKFold",
            "sklearn.metrics._dist_metrics.EuclideanDistance64",
            "sklearn.neighbors._kd_tree.KDTree64",
            "sklearn.neighbors._ball_tree.BallTree32",
            "sklearn.tree._tree.Tree",
            "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
            "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
            "sklearn.linear_model._sgd_fast.Hinge",
            "sklearn.cluster._birch._CFNode",
            "sklearn.utils._bunch.Bunch",
            "sklearn.utils._metadata_requests.MetadataRequest",
        ],
    )
    def test_the_search_reaches_what_models_hold(self, name: str) -> None:
        """A search that finds nothing would find nothing wrong, either."""
        assert name in classes()
        assert name in in_registry()

    @pytest.mark.parametrize("name", get_scorer_names())
    def test_every_scorer_can_be_saved(self, name: str) -> None:
        """A search keeps its scorer; a new one refers to a function that nobody has reviewed."""
        scorer = get_scorer(name)
        assert_same(scorer, vitrify.loads(vitrify.dumps(scorer)))


class TestLists:
    @pytest.mark.parametrize("kind", ["types", "functions"])
    def test_what_is_reviewed_exists_in_the_versions_it_states(self, kind: str) -> None:
        """From `since` to `until`, and not beyond: a name that nothing has is a mistake, or a way in."""
        entries: Mapping[str, Any] = getattr(REVIEWED, kind)
        assert len(entries) > 100
        found, wrong = classes(), []
        for name, entry in entries.items():
            is_stated = minor(entry.since or "0") <= HERE <= minor(entry.until or "999")
            is_here = name in found if kind == "types" else exists(name)
            if is_here != is_stated:
                wrong.append(f"{name}: {'' if is_here else 'not '}here, stated {entry.since}-{entry.until}")
        assert wrong == []

    def test_compiled_types_exist_or_are_former_spellings(self) -> None:
        """What converters save; the pattern of a former spelling matches nothing that exists today."""
        listed = in_registry() - set(REVIEWED.types)
        former = {name for name in listed if any(re.fullmatch(pattern, name) for pattern in FORMER)}
        assert sorted(name for name in former if name in classes()) == []
        assert sorted(name for name in listed - former if name not in classes()) == []
        for pattern in FORMER:
            assert any(re.fullmatch(pattern, name) for name in former), pattern

    def test_what_is_refused_exists_and_is_not_reviewed_as_well(self) -> None:
        """The list shrinks when scikit-learn drops a class; no class is on both lists, or twice on one."""
        names = list(refused())
        assert sorted(set(names) - set(classes())) == []
        assert sorted(set(names) & in_registry()) == []
        assert len(names) == len(set(names))

    def test_every_refusal_has_a_reason(self) -> None:
        """A sentence, not a placeholder."""
        assert all(len(reason.split()) >= 4 and names for reason, names in REFUSED.items())

    def test_base_classes_have_subclasses(self) -> None:
        """The reason that most are refused for holds: scikit-learn derives from each of them."""
        found = classes()
        alone = [
            name
            for name in REFUSED[_BASE_CLASSES]
            if not any(other is not found[name] and issubclass(other, found[name]) for other in found.values())
        ]
        assert alone == []

    @pytest.mark.parametrize("reason", REFUSED)
    def test_what_is_refused_is_refused(self, reason: str) -> None:
        """By its name, also where only the class stands in a model."""
        found = classes()
        for name in REFUSED[reason]:
            with pytest.raises(vitrify.errors.UnsupportedError, match=re.escape(found[name].__qualname__)):
                vitrify.dumps([found[name]])


class TestTheTest:
    """A class that nobody has seen is reported."""

    @pytest.fixture
    def brand_new(self, monkeypatch: pytest.MonkeyPatch) -> str:
        """An estimator in a public module, as a new version would bring it."""
        cls = type("BrandNewRegressor", (BaseEstimator,), {"__module__": "sklearn.linear_model._brand_new"})
        monkeypatch.setattr(sklearn.linear_model, "BrandNewRegressor", cls, raising=False)
        return "sklearn.linear_model._brand_new.BrandNewRegressor"

    def test_a_new_estimator_is_reported_by_name(self, brand_new: str) -> None:
        """Once by scikit-learn's own list, once by ours."""
        assert brand_new in estimators()
        assert sorted(set(estimators()) - in_registry()) == [brand_new]
        assert unreviewed(classes()) == [brand_new]

    def test_a_new_class_that_is_no_estimator_is_reported_by_name(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A splitter, in a private module of which other classes are refused."""
        module = importlib.import_module("sklearn.model_selection._split")
        cls = type("BrandNewSplit", (), {"__module__": module.__name__})
        monkeypatch.setattr(module, "BrandNewSplit", cls, raising=False)
        assert unreviewed(classes()) == ["sklearn.model_selection._split.BrandNewSplit"]

    def test_a_reason_that_is_struck_out_is_missed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nothing passes for being like its neighbours."""
        name = REFUSED[_BASE_CLASSES][0]
        monkeypatch.setitem(REFUSED, _BASE_CLASSES, REFUSED[_BASE_CLASSES][1:])
        assert unreviewed(classes()) == [name]
