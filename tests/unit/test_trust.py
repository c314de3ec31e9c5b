"""What is said of names that the caller trusts, or does not, and that stand for nothing here."""

from __future__ import annotations

import io
from importlib import metadata
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest

import vitrify
from tests.support import own_code
from tests.support.lying_writer import Lie
from vitrify.errors import UnsupportedError, UntrustedTypeError
from vitrify.trust import Need, is_forbidden, read_trust, require

OWN = f"{own_code.__name__}.Plain"


def called(name: str) -> bytes:
    """The file of an object of a class of that name."""
    lie = Lie(vitrify.dumps([own_code.Plain(1)]))
    lie.tables(OWN)[0]["type"] = name
    return lie.file()


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("__main__.Thing", "was defined in the program that saved it: pass trust={name: object}"),
        ("skops.io.Thing", f"installed: skops {metadata.version('skops')}"),
        ("acme_nowhere.Thing", "not found here"),
        ("tests.Thing", "imported here"),
        ("os.Thing", "can never be trusted"),
        ("Thing", "can never be trusted"),
        ("acme.my-thing", "can never be trusted"),
        ("acme.__class__", "can never be trusted"),
        ("acme.Thing.__init__.__globals__", "can never be trusted"),
        ("sklearn.no.Thing", "can never be trusted"),
    ],
)
def test_where_a_name_would_come_from_is_told(name: str, status: str) -> None:
    """With its kind and its path; nothing is imported for it."""
    with pytest.raises(UntrustedTypeError) as caught:
        vitrify.loads(called(name))
    lines = str(caught.value).split("\n")
    assert lines[1].split(maxsplit=3) == [name, "class", "$[0]", status]
    assert caught.value.names == (name,)
    assert ("If a newer vitrify wrote the file" in lines[-1]) == name.startswith("sklearn")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("acme.Thing", False),
        ("__main__.Thing", False),
        ("acme.Outer.Inner", False),
        ("acme._private.Thing", False),
        ("Thing", True),
        ("", True),
        (".Thing", True),
        ("acme..Thing", True),
        ("acme.Thing ", True),
        ("acme.a b", True),
        ("acme.__subclasses__", True),
        ("__builtins__.eval", True),
        ("builtins.eval", True),
        ("os.system", True),
        ("numpy.load", True),
        ("vitrify.load", True),
        ("cloudpickle.loads", True),
        ("dill._dill.loads", True),
        ("yaml.unsafe_load", True),
        ("pip._internal.cli.main", True),
        ("setuptools.Command", True),
        ("pkg_resources.X", True),
        ("torch.load", True),
        ("torch.hub.load", True),
        ("torch.utils.cpp_extension.load", True),
        ("torch.nn.Linear", False),
        ("torch.loading", False),
        ("yaml_tools.Reader", False),
    ],
)
def test_names_that_no_word_of_the_callers_makes_trusted(name: str, expected: bool) -> None:
    """Libraries that are reviewed or Python's own, what loads or installs, dunders, and what is no dotted name."""
    assert is_forbidden(name) is expected


def loader(*_: Any) -> None:
    """Stands for a function of another package."""


@pytest.mark.parametrize("module", ["cloudpickle.cloudpickle", "torch.hub"])
def test_what_nobody_can_load_is_not_saved(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that loads what it is given can never be trusted, so no file names it."""
    monkeypatch.setattr(loader, "__module__", module)
    with pytest.raises(UnsupportedError) as caught:
        vitrify.dumps({"f": loader})
    assert caught.value.path == "$['f']"
    assert caught.value.message == (
        f"cannot save the function {module}.loader, which loads, installs or runs what it is given"
    )


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("tests.\u3164", r"tests.\u3164"),
        ("tests.M\u043edel", "tests.M\u043edel"),
        (f"tests.{'x' * 300}", f"tests.{'x' * 54}…"),
    ],
)
def test_a_name_that_is_not_what_it_looks_like_is_not_offered_for_copying(name: str, shown: str) -> None:
    """Letters that do not show, letters of another script, and names that are cut."""
    with pytest.raises(UntrustedTypeError) as caught:
        vitrify.loads(called(name))
    lines = caught.value.message.split("\n")
    assert lines[1].split(maxsplit=1)[0] == shown
    assert lines[-1].startswith("  trust=[…] with the objects themselves")
    assert caught.value.names == (name,)
    assert caught.value.is_grantable


def test_of_very_many_names_some_are_listed() -> None:
    """First those that stand in the way; the error has all."""
    needs = [Need(name=f"tests.F{i}", what="class", path=f"$[{i}]{'[1]' * 50}") for i in range(999)]
    with pytest.raises(UntrustedTypeError) as caught:
        require([*needs, Need(name="os.system", what="function", path="$.end")], read_trust([]), "a.glass")
    lines = caught.value.message.split("\n")
    assert lines[0] == "a.glass needs 1,000 names that vitrify has not reviewed:"
    assert lines[1].split() == ["os.system", "function", "$.end", "can", "never", "be", "trusted"]
    assert lines[2].split()[:2] == ["tests.F0", "class"]
    assert lines[21] == "  and 980 more"
    assert max(map(len, lines)) < 200
    assert caught.value.names == (*(f"tests.F{i}" for i in range(999)), "os.system")
    with pytest.raises(UntrustedTypeError) as caught:
        require(needs, read_trust([]), "a.glass")
    assert caught.value.message.split("\n")[-1].startswith("  trust=[…] with each of them")


def test_names_of_another_program_are_asked_for_with_the_objects_of_today() -> None:
    """A list would give their names of today, which the file does not have."""
    data = vitrify.dumps([own_code.Plain(1), own_code.clip_income])
    lie = Lie(data)
    lie.tables(OWN)[0]["type"] = "__main__.Plain"
    with pytest.raises(UntrustedTypeError) as caught:
        vitrify.loads(lie.file(), trust=[own_code.Plain])
    clip = f"{own_code.__name__}.clip_income"
    assert str(caught.value).split("\n")[-1] == f'  trust={{"__main__.Plain": Plain, "{clip}": clip_income}}'
    loaded, function = vitrify.loads(lie.file(), trust={"__main__.Plain": own_code.Plain, clip: own_code.clip_income})
    assert (type(loaded), function) == (own_code.Plain, own_code.clip_income)


def test_names_of_this_program_are_asked_for_as_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are where the file says."""
    monkeypatch.setattr("__main__.Plain", own_code.Plain, raising=False)
    with pytest.raises(UntrustedTypeError) as caught:
        vitrify.loads(called("__main__.Plain"))
    assert str(caught.value).split("\n")[-1] == "  trust=[Plain]"


class Watched:
    """An object of the program, with a property that must not run."""

    @property
    def Inner(self) -> Any:
        """Fails."""
        raise AssertionError("code of the program ran")


def test_looking_for_names_of_this_program_runs_none_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file could name a property."""
    monkeypatch.setattr("__main__.thing", Watched(), raising=False)
    with pytest.raises(UntrustedTypeError) as caught:
        vitrify.loads(called("__main__.thing.Inner"))
    assert str(caught.value).split("\n")[-1] == '  trust={"__main__.thing.Inner": thing.Inner}'


def _local_class() -> type:
    class Local:
        pass

    return Local


@pytest.mark.parametrize(
    ("value", "verdict", "hint"),
    [
        ("Winsorizer", "cannot be trusted: it is not a full dotted name", 'Give "package.module.Name", or'),
        ("acme.my-thing", "cannot be trusted: it is not a full dotted name", 'Give "package.module.Name", or'),
        (lambda x: x, "cannot be trusted: a lambda has no name", "Write it as a function at the top level"),
        (_local_class(), "cannot be trusted: it was defined inside a function", "Move it to the top level"),
        ("numpy.load", "can never be trusted: it is code of numpy, of which", "trust= is for classes and functions"),
        ("os.system", "can never be trusted: it is code of Python's own", "trust= is for classes and functions"),
        (eval, "can never be trusted: it is code of Python's own", "trust= is for classes and functions"),
        ("eval", "can never be trusted: it is code of Python's own", "trust= is for classes and functions"),
        (
            "yaml.unsafe_load",
            "can never be trusted: it loads, installs or runs what it is",
            "trust= is for classes and",
        ),
        ("acme.__class__", "can never be trusted: names with two underscores", "trust= is for classes and functions"),
    ],
)
def test_what_cannot_be_trusted_says_why_and_what_to_do(value: Any, verdict: str, hint: str) -> None:
    """Before the file is read: each kind of mistake has its own way out."""
    with pytest.raises(UnsupportedError) as caught:
        vitrify.loads(vitrify.dumps(1), trust=[value])
    name = value if isinstance(value, str) else f"{value.__module__}.{value.__qualname__}"
    assert caught.value.message.startswith(f"<bytes>: {name} {verdict}")
    assert (caught.value.hint or "").startswith(hint)


def test_a_trusted_name_whose_module_fails_says_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the path of what needs it."""
    (tmp_path / "acme_fails.py").write_text("raise ImportError('no luck')\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UnsupportedError) as caught:
        vitrify.loads(called("acme_fails.Thing"), trust=["acme_fails.Thing"])
    assert caught.value.message == "<bytes>: acme_fails.Thing cannot be imported (no luck)"
    assert caught.value.path == "$[0]"


@pytest.mark.parametrize("name", ["acme_nowhere.Thing", "tests.support.own_code.Missing"])
def test_a_trusted_name_that_has_moved_says_so(name: str) -> None:
    """With the way to say where it is now."""
    with pytest.raises(UnsupportedError) as caught:
        vitrify.loads(called(name), trust=[name])
    assert caught.value.message == f"<bytes>: {name} cannot be imported"
    assert (caught.value.path, caught.value.hint) == ("$[0]", "If it has moved, pass trust={'old.name': the_object}")
    assert vitrify.loads(called(name), trust={name: own_code.Plain})[0].value == 1


class Silent(io.RawIOBase):
    """A stream that does not say how much it took."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []

    def write(self, data: Any) -> Any:
        """All of it."""
        self.taken.append(bytes(data))


def test_a_stream_may_keep_to_itself_how_much_it_took() -> None:
    """Some wrappers do; they take all."""
    stream = Silent()
    vitrify.dump([1, "x"], cast("BinaryIO", stream))
    assert b"".join(stream.taken) == vitrify.dumps([1, "x"])
