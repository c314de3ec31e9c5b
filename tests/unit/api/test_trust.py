"""Classes and functions of the caller's own: refused without the caller's word, the same as before with it."""

from __future__ import annotations

import functools
import importlib.metadata
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import vitrify
from tests.support import own_code
from tests.support.equality import assert_same
from tests.support.own_code import (
    LOG,
    Access,
    Colour,
    FrozenPoint,
    HalfSlotted,
    Migrated,
    MigratedSlots,
    Pair,
    Plain,
    Point,
    Reduced,
    Shop,
    Slotted,
    Stack,
    Stateful,
    Table,
    Winsorizer,
    clip_income,
)  # fmt: skip
from vitrify.errors import StateError, UnsupportedError, UntrustedTypeError


def _stack() -> Stack:
    stack = Stack([1, [2]])
    stack.name = "s"  # type: ignore[attr-defined]  # as users do
    return stack


def _table() -> Table:
    table = Table({"a": 1, (1, 2): [3]})
    table.note = "n"  # type: ignore[attr-defined]  # as users do
    return table


VALUES: dict[str, Any] = {
    "plain": Plain([1, 2, "x"]),
    "slotted": Slotted(1, [2]),
    "half slotted": HalfSlotted(1, 2.5, {"k": None}),
    "dataclass": Point(1.5, -0.0),
    "frozen dataclass": FrozenPoint(1.0, 2.0),
    "named tuple": Pair(1, ["x"]),
    "enum": [Colour.RED, Colour.GREEN, Colour.ROUGE],
    "flag": [Access.READ, Access.READ | Access.WRITE],
    "estimator": Winsorizer().fit(np.arange(20.0).reshape(10, 2)),
    "list subclass": _stack(),
    "dict subclass": _table(),
    "function": clip_income,
    "class": Winsorizer,
    "partial": functools.partial(clip_income),
}
OWN = [
    Plain, Slotted, HalfSlotted, Point, FrozenPoint, Pair, Colour, Access, Winsorizer, Stack, Table, Stateful, Reduced,
    clip_income,
]  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_what_is_trusted_comes_back_the_same(name: str) -> None:
    """By object, by name, and by a mapping."""
    data = vitrify.dumps(VALUES[name])
    names = [f"{value.__module__}.{value.__qualname__}" for value in OWN]

    assert_same(VALUES[name], vitrify.loads(data, trust=OWN))
    assert_same(VALUES[name], vitrify.loads(data, trust=names))
    assert_same(VALUES[name], vitrify.loads(data, trust=dict(zip(names, OWN, strict=True))))


@pytest.mark.parametrize("name", VALUES)
def test_what_is_not_trusted_is_refused(name: str) -> None:
    """Nothing is loaded."""
    with pytest.raises(UntrustedTypeError, match="not reviewed"):
        vitrify.loads(vitrify.dumps(VALUES[name]))


def test_none_of_the_code_runs_before_the_callers_word() -> None:
    """Neither constructors nor state methods, not even when a part of the names is trusted."""
    data = vitrify.dumps([Plain(1), Stateful([1]), Reduced(3)])
    LOG.clear()
    with pytest.raises(UntrustedTypeError) as caught:
        vitrify.loads(data, trust=[Plain])

    assert LOG == []
    assert caught.value.names == ("tests.support.own_code.Stateful", "tests.support.own_code.Reduced")


def test_state_methods_run_with_the_callers_word() -> None:
    """`__setstate__`, and `__reduce__` where it names the class itself."""
    data = vitrify.dumps([Stateful([1, 2]), Reduced(3)])
    LOG.clear()
    stateful, reduced = vitrify.loads(data, trust=[Stateful, Reduced])

    assert stateful.items == [1, 2]
    assert reduced.n == 3
    assert sorted(LOG) == ["Reduced.__init__", "Stateful.__setstate__"]


def test_a_reduction_that_calls_something_else_is_refused_when_saved() -> None:
    """The file could not say that without naming a callable."""
    with pytest.raises(UnsupportedError, match=r"Elsewhere.__reduce__ asks to call print - at \$\['x'\]"):
        vitrify.dumps({"x": own_code.Elsewhere()})


def test_the_message_lists_names_kinds_paths_and_packages(tmp_path: Path) -> None:
    """All that is missing is listed at once, with the way to allow it."""
    steps = [("w", Winsorizer()), ("f", FunctionTransformer(clip_income)), ("s", StandardScaler())]
    vitrify.dump(Pipeline(steps), tmp_path / "churn.glass")
    with pytest.raises(UntrustedTypeError) as caught:
        vitrify.load(tmp_path / "churn.glass")

    lines = str(caught.value).splitlines()
    assert lines[0] == "churn.glass needs 2 names that vitrify has not reviewed:"
    assert lines[1].split()[:3] == ["tests.support.own_code.Winsorizer", "class", "$.steps[0][1]"]
    assert lines[2].split()[:3] == ["tests.support.own_code.clip_income", "function", "$.steps[1][1].func"]
    assert lines[-1] == "  trust=[Winsorizer, clip_income]"


def test_what_is_not_installed_has_no_trust_line(tmp_path: Path) -> None:
    """The message does not invite installing or trusting what a file names."""
    (tmp_path / "gone_module.py").write_text("class Gone:\n    pass\n")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import gone_module, vitrify; "
        f"vitrify.dump(gone_module.Gone(), {str(tmp_path / 'x.glass')!r})"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(UntrustedTypeError) as caught:
        vitrify.load(tmp_path / "x.glass")

    assert "not found here" in str(caught.value)
    assert "trust=[" not in str(caught.value)
    assert "gone_module" not in sys.modules


def test_own_code_that_was_not_imported_yet_has_a_trust_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module beside the program is no installed package; it is found, and still not imported."""
    (tmp_path / "beside_module.py").write_text("class Beside:\n    pass\n")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import beside_module, vitrify; "
        f"vitrify.dump(beside_module.Beside(), {str(tmp_path / 'x.glass')!r})"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UntrustedTypeError) as caught:
        vitrify.load(tmp_path / "x.glass")

    lines = str(caught.value).splitlines()
    assert lines[1].split() == ["beside_module.Beside", "class", "$", "found", "here"]
    assert lines[-1] == "  trust=[Beside]"
    assert "beside_module" not in sys.modules


def test_names_that_end_alike_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line can be copied: two different things cannot be imported under one name."""
    other = types.ModuleType("other_shop")
    exec("class Plain:\n    pass", vars(other))
    monkeypatch.setitem(sys.modules, "other_shop", other)
    with pytest.raises(UntrustedTypeError) as caught:
        vitrify.loads(vitrify.dumps([Plain(1), vars(other)["Plain"](), Point(1.0, 2.0)]))

    assert str(caught.value).splitlines()[-1] == "  trust=[tests.support.own_code.Plain, other_shop.Plain, Point]"


def test_a_class_in_a_class_is_spelled_from_the_outer_one() -> None:
    """`from module import Shop.Plain` is no Python; `Shop` can be imported, and `Shop.Plain` passed."""
    data = vitrify.dumps([Plain(1), Shop.Plain()])
    with pytest.raises(UntrustedTypeError) as caught:
        vitrify.loads(data)

    line = str(caught.value).splitlines()[-1]
    assert line == "  trust=[Plain, Shop.Plain]"
    passed = eval(line.strip().removeprefix("trust="), {"Plain": Plain, "Shop": Shop})
    assert [type(value) for value in vitrify.loads(data, trust=passed)] == [Plain, Shop.Plain]


@pytest.mark.parametrize("layout", ["shop.py", "shop/__init__.py", "shop/counter.py"])
def test_it_is_spelled_so_before_its_module_is_imported(
    layout: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module, a package and a module in a package, found where Python would; none is imported."""
    (tmp_path / layout).parent.mkdir(exist_ok=True)
    (tmp_path / layout).write_text("class Outer:\n    class Inner:\n        pass\n")
    module = layout.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import {module}, vitrify; "
        f"vitrify.dump({module}.Outer.Inner(), {str(tmp_path / 'x.glass')!r})"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UntrustedTypeError) as caught:
        vitrify.load(tmp_path / "x.glass")

    assert str(caught.value).splitlines()[-1] == "  trust=[Outer.Inner]"
    assert "shop" not in sys.modules


def test_looking_up_packages_takes_no_longer_for_many_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table of installed packages is read once for a file, however many names that lists."""
    calls: list[int] = []
    whole = importlib.metadata.packages_distributions
    monkeypatch.setattr(importlib.metadata, "packages_distributions", lambda: calls.append(1) or whole())
    with pytest.raises(UntrustedTypeError, match="needs 4 names"):
        vitrify.loads(vitrify.dumps([Plain(1), Point(1.0, 2.0), Winsorizer(), clip_income]))

    assert calls == [1]


@pytest.mark.parametrize("name", ["os.system", "subprocess.Popen", "builtins.eval", "numpy.load", "sklearn.base.clone"])
def test_names_that_can_never_be_trusted(name: str) -> None:
    """Not by name, and not by a mapping."""
    with pytest.raises(UnsupportedError, match="can never be trusted"):
        vitrify.loads(vitrify.dumps(1), trust=[name])


def test_objects_of_the_standard_library_can_never_be_trusted() -> None:
    """Not as objects, either."""
    with pytest.raises(UnsupportedError, match="can never be trusted"):
        vitrify.loads(vitrify.dumps(1), trust=[subprocess.Popen])


@pytest.mark.parametrize("trust", [True, "acme.Thing", 1, [3.5], {"a.b": "c.d"}])
def test_trust_takes_nothing_else(trust: Any) -> None:
    """In particular, there is no way to trust everything."""
    with pytest.raises(TypeError, match="trust="):
        vitrify.loads(vitrify.dumps(1), trust=trust)


def test_what_has_moved_is_found_by_a_mapping() -> None:
    """The name in the file, and the object as it is called today."""
    data = vitrify.dumps(Point(1.0, 2.0)).replace(b"", b"")

    assert vitrify.loads(data, trust={"tests.support.own_code.Point": Point}) == Point(1.0, 2.0)


def test_a_class_is_called_only_if_it_asks_for_it() -> None:
    """No file can have `__init__` run: the class itself must have a `__reduce__` (XGBoost's would open a path)."""
    data = vitrify.dumps(Reduced(3))
    LOG.clear()
    with pytest.raises(StateError, match="asks for a call of its class, which has no __reduce__"):
        vitrify.loads(data, trust={"tests.support.own_code.Reduced": Plain})

    assert LOG == []


def test_a_state_method_that_came_later_is_called() -> None:
    """As pickle does; a file cannot set past it what the method would make from the state."""
    plain, slotted = vitrify.dumps(Plain(5)), vitrify.dumps(Slotted(1, 2))
    LOG.clear()
    migrated = vitrify.loads(plain, trust={"tests.support.own_code.Plain": Migrated})
    turned = vitrify.loads(slotted, trust={"tests.support.own_code.Slotted": MigratedSlots})

    assert vars(migrated) == {"amount": 5}
    assert LOG == ["Migrated.__setstate__"]
    assert (turned.left, turned.right) == (2, 1)


def test_what_lives_in_main_is_saved_with_a_warning(tmp_path: Path) -> None:
    """The warning says how it must be loaded elsewhere, and that works."""
    script = tmp_path / "train.py"
    script.write_text(
        "import sys, warnings, vitrify\n"
        "class Model:\n    pass\n"
        "m = Model(); m.w = [1, 2]\n"
        "with warnings.catch_warnings(record=True) as caught:\n"
        "    warnings.simplefilter('always')\n"
        "    vitrify.dump(m, sys.argv[1])\n"
        "print(caught[0].category.__name__, caught[0].message)\n"
        "print(vitrify.load(sys.argv[1], trust=[Model]).w)\n"
    )
    target = str(tmp_path / "m.glass")
    done = subprocess.run([sys.executable, str(script), target], check=True, capture_output=True, text=True)
    warned, loaded = done.stdout.splitlines()

    assert warned.startswith("MainModuleWarning")
    assert "trust={'__main__.Model': Model}" in warned
    assert loaded == "[1, 2]"
    assert vitrify.load(target, trust={"__main__.Model": Plain}).w == [1, 2]


def test_an_attribute_may_not_hide_a_method() -> None:
    """Neither when saved nor when loaded."""
    model = Winsorizer()
    model.transform = "not a method"  # type: ignore[assignment]  # the point of the test
    with pytest.raises(UnsupportedError, match="replaces a member of its class"):
        vitrify.dumps(model)


def test_shared_objects_and_cycles_of_own_classes() -> None:
    """Identity is kept across user classes."""
    first, second = Plain(None), Plain(None)
    first.value, second.value = [second], [first, first]
    again = vitrify.loads(vitrify.dumps(first), trust=[Plain])

    assert_same(first, again)
    assert again.value[0].value[1] is again
