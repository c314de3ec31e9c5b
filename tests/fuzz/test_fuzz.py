"""A short campaign, and what earlier ones have found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.attacks.harness import Attack, assert_refused, run_one
from tests.fuzz import harness
from tests.fuzz.__main__ import campaign, findings
from vitrify.errors import LimitError, StateError

FINDINGS = Path(__file__).parent / "findings"
FOUND = {  # what used to happen when the model was used: a crash where it says so, else a hang or another error
    "BayesianGaussianMixture-distribution-3000-29": "covariances_ must be finite",
    "Birch-1-115": "_n_features_out is 2147483648, must be 80",
    "CountVectorizer-stop-words-100-25": "ngram_range must rise from at least 1",
    "EmpiricalCovariance-3000-29": r"precision_.shape\[1\] is 1, must be 5",  # reads beyond an array in scipy's cdist
    "FeatureAgglomeration-0-24": "labels_ holds a number that is not below 2",  # SIGABRT in numpy.bincount
    "HashingVectorizer-100-38": "ngram_range must rise from at least 1",
    "HuberRegressor-3000-28": r"coef_.shape\[0\] is 10, must be 5",  # reads beyond an array in scipy's L-BFGS-B
    "IncrementalPCA-3000-7": "mean_ must be finite",
    "IncrementalPCA-4001-15": "components_ must be finite when it is squared",
    "KNeighborsClassifier-brute-mahalanobis-3000-3": r"VI of shape \(4, 5\), must be",  # as EmpiricalCovariance
    "Lasso-sparse-3000-3": "coef_ must hold 5 coefficients",  # writes beyond an array
    "MLPClassifier-lbfgs-3000-11": r"weights of shape \(5, 8\), \(4,\) intercepts",  # as HuberRegressor
    "MultiTaskElasticNet-3000-17": "coef_ must hold 5 coefficients",  # writes beyond an array
    "NuSVC-100-28": "cannot have these values",
    "OneClassSVM-sparse-101-33": "_effective_probability is .*, and _probA is empty",  # SIGSEGV in libsvm
    "PolynomialFeatures-101-7": "_max_degree must be at most 255",
    "PolynomialFeatures-sparse-100-7": "_max_degree must be at most 255",  # SIGSEGV
    "SGDRegressor-3000-39": "coef_ must hold 5 coefficients",  # writes beyond an array
    "SparseCoder-40003-3": "n_jobs: 1000, the limit workers is 64",  # all memory of the machine
    "VotingRegressor-weights-40002-57": "VotingRegressor: a member of itself",
}
CASES = [
    "DecisionTreeClassifier", "SVC", "KNeighborsClassifier", "KMeans", "OneHotEncoder", "CountVectorizer", "Birch",
    "HistGradientBoostingClassifier", "GradientBoostingClassifier", "GaussianMixture", "SplineTransformer", "Pipeline",
]  # fmt: skip
LEGAL = {"inspect-array-in-itself", "inspect-dates-without-a-unit"}  # which `inspect` could not show
_EACH = 60


def test_every_finding_has_its_line() -> None:
    """A file is kept for each."""
    assert {path.stem for path in FINDINGS.glob("*.glass")} == FOUND.keys() | LEGAL


@pytest.mark.parametrize("name", FOUND)
def test_what_was_found_is_refused(name: str) -> None:
    """By name of what is wrong, in a child."""
    outcome = run_one(Attack((FINDINGS / f"{name}.glass").read_bytes()))
    error = LimitError if "the limit" in FOUND[name] else StateError
    assert_refused(outcome, error, path="$", match=FOUND[name])


@pytest.mark.parametrize("name", sorted(LEGAL))
def test_what_was_found_and_is_legal_is_shown_and_loaded(name: str) -> None:
    """And printed, and saved again."""
    assert harness.graph((FINDINGS / f"{name}.glass").read_bytes()) == ("value", "value")


def test_the_page_says_what_the_runs_counted() -> None:
    """The sums of `runs.jsonl`, harness by harness, with the versions of the last run."""
    page = (Path(__file__).parents[2] / "docs" / "security-testing.md").read_text(encoding="utf-8")
    runs = [json.loads(line) for line in (Path(__file__).with_name("runs.jsonl")).read_text("utf-8").splitlines()]
    assert {run["harness"] for run in runs} == {"mutation", "container", "graph", "kernels"}
    for name in ("mutation", "container", "graph", "kernels"):
        mine = [run for run in runs if run["harness"] == name]
        files = f"{sum(run['counts']['executions'] for run in mine):,}".replace(",", " ")
        minutes = round(sum(run["seconds"] for run in mine) / 60)
        row = next(line for line in page.split("\n") if line.startswith(f"| {name} | {files} | {minutes} |"))
        versions = mine[-1]["versions"]
        assert all(f"{library} {versions[library]}" in row for library in ("numpy", "scipy", "pandas", "scikit-learn"))


def test_a_short_campaign_finds_nothing(tmp_path: Path) -> None:
    """Hundreds of mutations of models with compiled state: each is refused, or answers."""
    from tests.support.estimators import CASES as ALL

    names = [name for name in CASES if name in ALL]
    assert len(names) >= 10
    counted = campaign(names, out=tmp_path, seed=7, count=_EACH, seconds=240, workers=1)
    found = [f"{f['kind']} {f['case']} {f['change']}: {f['what']}" for f in findings(tmp_path)]
    assert found == []
    assert counted["executions"] == _EACH * len(names)
    assert counted["executions"] > counted["loaded"] > len(names)
    assert counted["StateError"] > len(names)
    refused = sum(counted.get(name, 0) for name in ("StateError", "FormatError", "LimitError", "UnsupportedError"))
    assert counted["loaded"] + refused == counted["executions"]
    assert counted["cases"] == len(names)
