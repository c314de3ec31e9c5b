"""What is said of a registered name that stands for nothing here."""

from __future__ import annotations

import re
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
from vitrify.graph.registry import Family, Registry, find, import_dotted

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


class Own:
    """A class that somebody saves in a way of his own."""

    @staticmethod
    def helper() -> None:
        """Nothing."""


def converter(type_id: str, *types: str, reads: tuple[str, ...] = ()) -> vitrify.Converter[Own]:
    """One that saves nothing."""
    return vitrify.Converter[Own](type_id=type_id, types=types, fields=(), encode=lambda _: (), decode=Own, reads=reads)


class TestCollisions:
    def test_no_type_is_saved_by_two_families(self) -> None:
        """Which of them it would be depended on their order."""
        first, second = (Family(module=name, types={"acme.A": f"acme.{name}"}) for name in "ab")
        with pytest.raises(ValueError, match=r"^two converters for acme\.A$"):
            Registry(families=(first, second))

    def test_no_id_is_read_by_two_families(self) -> None:
        """Older ids count."""
        first = Family(module="a", types={"acme.A": "acme.A"})
        second = Family(module="b", types={"acme.B": "acme.B"}, reads=("acme.A",))
        with pytest.raises(ValueError, match=r"^two converters for acme\.A$"):
            Registry(families=(first, second))

    @pytest.mark.parametrize("attrs", [{"acme.A": "acme.X"}, {"acme.X": "acme.id"}])
    def test_no_class_has_a_converter_and_is_its_attributes(self, attrs: dict[str, str]) -> None:
        """Neither by its name nor by its id."""
        family = Family(module="a", types={"acme.A": "acme.id"})
        with pytest.raises(ValueError, match=r"^acme\.[AX] is registered twice$"):
            Registry(families=(family,), attrs=attrs)

    @pytest.mark.parametrize(
        ("converters", "name"),
        [
            ([converter("numpy.ndarray.mine", "numpy.dtype")], "numpy.dtype"),
            ([converter("numpy.dtype", "acme.A")], "numpy.dtype"),
            ([converter("acme.A", "acme.A", reads=("numpy.dtype",))], "numpy.dtype"),
            ([converter("acme.A", "acme.A"), converter("acme.B", "acme.A")], "acme.A"),
            ([converter("acme.A", "acme.A"), converter("acme.B", "acme.B", reads=("acme.A",))], "acme.A"),
        ],
    )
    def test_no_converter_of_the_callers_stands_before_another(self, converters: Any, name: str) -> None:
        """Neither for a type nor for an id, new or old."""
        family = Family(module="vitrify.converters.numpy.dtypes", types={"numpy.dtype": "numpy.dtype"})
        with pytest.raises(ValueError, match=rf"^two converters for {re.escape(name)}$"):
            Registry(families=(family,)).extended(converters)


class TestFinding:
    def test_of_several_converters_the_one_is_found(self) -> None:
        """By type, by id and by older id; what none has is nobody's."""
        name = f"{Own.__module__}.Own"
        first, second = converter("acme.A", "acme.A"), converter("acme.B", name, reads=("acme.b",))
        registry = Registry().extended([first, second])
        assert registry.converter_of(Own) is second
        assert registry.converter_for("acme.b") is second
        assert registry.converter_for("acme.A") is first
        assert registry.converter_for("acme.C") is None
        assert registry.converter_of(int) is None
        assert [registry.knows(type_id) for type_id in ("acme.b", "acme.C")] == [True, False]
        assert registry.attrs_class("acme.C") is None

    def test_a_static_method_is_its_function(self) -> None:
        """What a name stands for is what a caller would get."""
        assert find(Own.__module__, "Own.helper") is Own.helper
        assert find(Own.__module__, "Own.missing.more") is None
        assert find("no.such.module", "Own") is None

    def test_a_module_whose_own_imports_fail_says_so(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is there, and what is missing is another."""
        (tmp_path / "acme_broken.py").write_text("import acme_missing\n", "utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        with pytest.raises(ModuleNotFoundError, match="acme_missing"):
            import_dotted("acme_broken.Thing")
        assert import_dotted("acme_missing.Thing") is None
        assert import_dotted("pathlib.Path.cwd.nothing") is None
