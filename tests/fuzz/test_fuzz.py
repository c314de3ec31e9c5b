"""A short campaign, and what earlier ones have found."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks.harness import Attack, assert_refused, run_one
from tests.fuzz.__main__ import campaign, findings
from vitrify.errors import StateError

FINDINGS = Path(__file__).parent / "findings"
FOUND = {  # what used to happen when the model was used: a crash where it says so, else a hang or another error
    "Birch-1-115": "_n_features_out is 2147483648, must be 80",
    "CountVectorizer-stop-words-100-25": "ngram_range must rise from at least 1",
    "FeatureAgglomeration-0-24": "labels_ holds a number that is not below 2",  # SIGABRT in numpy.bincount
    "HashingVectorizer-100-38": "ngram_range must rise from at least 1",
    "NuSVC-100-28": "cannot have these values",
    "OneClassSVM-sparse-101-33": "_effective_probability is .*, and _probA is empty",  # SIGSEGV in libsvm
    "PolynomialFeatures-101-7": "_max_degree must be at most 255",
    "PolynomialFeatures-sparse-100-7": "_max_degree must be at most 255",  # SIGSEGV
}
CASES = [
    "DecisionTreeClassifier", "SVC", "KNeighborsClassifier", "KMeans", "OneHotEncoder", "CountVectorizer", "Birch",
    "HistGradientBoostingClassifier", "GradientBoostingClassifier", "GaussianMixture", "SplineTransformer", "Pipeline",
]  # fmt: skip
_EACH = 60


def test_every_finding_has_its_line() -> None:
    """A file is kept for each."""
    assert {path.stem for path in FINDINGS.glob("*.glass")} == FOUND.keys()


@pytest.mark.parametrize("name", FOUND)
def test_what_was_found_is_refused(name: str) -> None:
    """By name of what is wrong, in a child."""
    outcome = run_one(Attack((FINDINGS / f"{name}.glass").read_bytes()))
    assert_refused(outcome, StateError, path="$", match=FOUND[name])


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
