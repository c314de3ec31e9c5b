"""What is said of a registered name that stands for nothing here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.tree import DecisionTreeClassifier

import vitrify
from vitrify.errors import UnsupportedError
from vitrify.graph.registry import Registry

# None in `sys.modules` is how Python itself says that there is no such module.
_WITHOUT = """
import sys
sys.modules["sklearn"] = None
import vitrify
try:
    vitrify.load(sys.argv[1])
except vitrify.errors.UnsupportedError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (LogisticRegression(), "sklearn.linear_model._logistic.LogisticRegression"),
        (DecisionTreeClassifier().fit([[0], [1]], [0, 1]).tree_, "sklearn.tree.Tree"),
        (accuracy_score, "sklearn.metrics.accuracy_score"),
        (LogisticRegression, "sklearn.linear_model._logistic.LogisticRegression"),
    ],
    ids=["a class", "a compiled type", "a function", "a class as a value"],
)
def test_a_library_that_is_not_installed_is_named(value: Any, name: str, tmp_path: Path) -> None:
    """As pip calls it, and with the way to the version that wrote the file."""
    vitrify.dump([value], tmp_path / "m.glass")
    command = [sys.executable, "-c", _WITHOUT, tmp_path / "m.glass"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"{name} needs scikit-learn, which is not installed here" in done.stdout
    assert "Install scikit-learn: vitrify inspect shows the version that wrote the file" in done.stdout


class TestOtherVersions:
    def test_a_class_that_is_gone_is_said_to_be_gone(self) -> None:
        """The library is here, in a version without it."""
        name = "sklearn.linear_model._gone.Gone"
        with pytest.raises(UnsupportedError) as caught:
            Registry(attrs={name: name}).attrs_class(name)
        assert caught.value.message == f"{name} does not exist in the scikit-learn {sklearn.__version__} installed here"
        assert caught.value.hint == "Install the version that wrote the file: vitrify inspect shows it"

    @pytest.mark.parametrize("module", ["sklearn.metrics", "sklearn.metrics._gone"])
    def test_a_function_that_is_gone_is_said_to_be_gone(self, module: str) -> None:
        """Also where its whole module is."""
        registry = Registry(names={f"{module}.gone": (module, "gone")})
        with pytest.raises(UnsupportedError, match="gone does not exist in the scikit-learn") as caught:
            registry.resolve_name(f"{module}.gone")
        assert "vitrify inspect" in (caught.value.hint or "")

    def test_a_library_that_the_library_needs_is_named_as_python_does(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """scikit-learn is here, and what one of its parts needs is not."""
        monkeypatch.setitem(sys.modules, "needed", None)
        registry = Registry(names={"sklearn.part": ("needed", "part")})
        with pytest.raises(UnsupportedError, match=r"sklearn\.part needs a library that is not here \(.*needed"):
            registry.resolve_name("sklearn.part")
