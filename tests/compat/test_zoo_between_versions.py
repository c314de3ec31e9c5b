"""Every model of the zoo, saved by the oldest versions and loaded by the newest, and the other way round."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn
from sklearn.neighbors import BallTree

import vitrify
from tests.compat.environments import OLDEST, python_with, run

NEWEST = ".".join(sklearn.__version__.split(".")[:2])
TIES = {
    "KNeighborsClassifier-flags": ["kneighbors"],
    "KNeighborsClassifier-sparse": ["kneighbors", "kneighbors_graph"],
    "NearestNeighbors-sparse": ["kneighbors"],
}
"""Of neighbours that are equally near, versions name different ones."""
DIFFER: dict[str, Mapping[str, list[str]]] = {
    "newest": TIES | {"NeighborhoodComponentsAnalysis-warm": ["get_feature_names_out"]},  # 1.2 named the features
    "oldest": TIES | {"IterativeImputer-posterior": ["transform"]},  # draws numbers, and scipy draws others
}
CAUTIOUS: dict[str, frozenset[str]] = {
    "newest": frozenset({"OutputCodeClassifier-own-random", "SelectFromModel-forest", "VotingClassifier"}),
    "oldest": frozenset(
        {
            "CalibratedClassifierCV", "LogisticRegression-sparse-array", "SelectFromModel", "SelectFromModel-prefit",
            "VotingClassifier",
        }
    ),
}  # fmt: skip
"""Refused for a part that would go wrong, of which nothing shows in what this model answers."""
FEWEST_SAME = {"newest": 450, "oldest": 495}
Outcomes = dict[str, Any]


@pytest.fixture(scope="module", params=["newest", "oldest"])
def trip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Outcomes]:
    """Where the files of the other version were loaded, and what became of each."""
    pythons = {"newest": Path(sys.executable), "oldest": python_with("oldest", OLDEST)}
    there = next(name for name in pythons if name != request.param)
    folder = tmp_path_factory.mktemp(f"from-{there}")
    dumped = run(pythons[there], "-W", "ignore", "-m", "tests.compat.zoo_files", "dump", str(folder))
    assert dumped.returncode == 0, dumped.stderr[-3000:]
    loaded = run(pythons[request.param], "-m", "tests.compat.zoo_files", "load", str(folder))
    assert loaded.returncode == 0, loaded.stderr[-3000:]
    outcomes = json.loads(loaded.stdout)
    assert len(outcomes) > 600
    return request.param, outcomes


def test_every_file_loads_with_a_warning_or_an_error_that_says_what_to_install(trip: tuple[str, Outcomes]) -> None:
    """No file is called damaged; what does not exist in a version is said to be so."""
    here, outcomes = trip
    hints = {"newest": "Install scikit-learn 1.2.*, or train again", "oldest": f"Install scikit-learn {NEWEST}.*"}
    odd = {}
    for name, outcome in outcomes.items():
        kind, _, message = outcome["default"].partition(": ")
        is_right = False
        match kind:
            case "model":
                is_right = outcome["warned"] == [True]
            case "VersionError":
                is_right = hints[here] in message
            case "UnsupportedError":
                is_right = here == "oldest" and message.endswith(
                    "Install the version that wrote the file: vitrify inspect shows it"
                )
        if not is_right:
            odd[name] = outcome
    assert odd == {}


def test_what_loads_answers_as_before_or_raises(trip: tuple[str, Outcomes]) -> None:
    """Never something else without an error."""
    here, outcomes = trip
    loaded = {name: outcome["differs"] for name, outcome in outcomes.items() if outcome["default"] == "model"}
    silent = {name: [each for each in found if not each.endswith(" raises")] for name, found in loaded.items()}
    assert {name: found for name, found in silent.items() if found} == DIFFER[here]
    assert sum(not found for found in loaded.values()) >= FEWEST_SAME[here]


def test_what_is_refused_for_its_version_would_go_wrong(trip: tuple[str, Outcomes]) -> None:
    """With `versions="ignore"` it answers something else, raises or does not load."""
    here, outcomes = trip
    refused = {name: found for name, found in outcomes.items() if found["default"].startswith("VersionError: ")}
    assert {name for name, found in refused.items() if found["ignore"] == "model" and not found["differs"]} == CAUTIOUS[
        here
    ]


@pytest.mark.parametrize(
    "name",
    [
        "GridSearchCV-no-refit",
        "GridSearchCV-scorer",
        "RandomizedSearchCV-uniform",
        "SGDClassifier-log-loss",
        "TfidfTransformer-plain",
    ],
)
@pytest.mark.parametrize("trip", ["newest"], indirect=True)
def test_what_newer_versions_have_under_another_name_is_found(name: str, trip: tuple[str, Outcomes]) -> None:
    """Scorers, losses; answers and scores are those of then."""
    assert trip[1][name] == {"default": "model", "ignore": "model", "warned": [True], "differs": []}


_QUERY = """
import sys, warnings, vitrify
warnings.simplefilter("ignore")
tree = vitrify.load(sys.argv[1])
print(len(tree.__getstate__()[11].__getstate__()[1]), tree.query([[0.0] * 40], k=1)[1].tolist())
"""


def test_a_distance_of_a_newer_version_computes_in_memory_of_its_own(tmp_path: Path) -> None:
    """Mahalanobis in 1.2 writes as many numbers into its vector as the data has columns; newer ones leave it at one."""
    points = np.arange(2400.0).reshape(60, 40) % 7
    vitrify.dump(BallTree(points, metric="mahalanobis", VI=np.eye(40)), tmp_path / "tree.glass")
    done = run(python_with("oldest", OLDEST), "-c", _QUERY, str(tmp_path / "tree.glass"))
    nearest = int(np.argmin((points**2).sum(axis=1)))
    assert (done.returncode, done.stdout) == (0, f"40 [[{nearest}]]\n"), done.stderr
