"""What a record says of the place where a model was made, and which projects it names."""

from __future__ import annotations

import ctypes
import getpass
import importlib
import os
import platform
import subprocess
import sys
import warnings
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import threadpoolctl
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import vitrify
from vitrify.record.provenance import environment as module
from vitrify.record.provenance.environment import environment
from vitrify.record.summary import Summary, read_summary, write_summary


def needed(*names: str) -> set[str]:
    """The projects that these need, and those that they need, as `packaging` evaluates it; none asks for extras."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        found.add(name)
        required = map(Requirement, metadata.distribution(name).requires or ())
        waiting += [one.name for one in required if one.marker is None or one.marker.evaluate({"extra": ""})]
    return found


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Installs a project: its metadata, and an empty package."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(name: str, version: str, *requires: str, package: str = "", is_listed: bool = True) -> None:
        folder = tmp_path / f"{name.replace('-', '_')}-{version}.dist-info"
        folder.mkdir()
        lines = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {one}" for one in requires)]
        (folder / "METADATA").write_text("\n".join(["Metadata-Version: 2.1", *lines, ""]))
        if package:
            (tmp_path / package).mkdir(exist_ok=True)
            (tmp_path / package / "__init__.py").touch()
            (folder / "RECORD" if is_listed else folder / "top_level.txt").write_text(
                f"{package}/__init__.py,,\n" if is_listed else f"{package}\n"
            )
        importlib.invalidate_caches()

    return install


class TestDistributions:
    def test_scikit_learn_comes_with_all_that_it_needs(self) -> None:
        """And with nothing else that is installed here, such as pytest; vitrify is always there."""
        found = environment(("numpy", "sklearn", "builtins", "__main__")).distributions
        assert set(found) == needed("scikit-learn") | {"vitrify"}
        assert {name: metadata.version(name) for name in found if name != "vitrify"}.items() <= found.items()
        assert found["vitrify"] == vitrify.__version__
        assert list(found) == sorted(found)

    def test_a_plain_value_needs_vitrify_alone(self) -> None:
        """The standard library comes from no project."""
        found = environment(("builtins", "collections", "datetime", "__main__", "vitrify")).distributions
        assert found == {"vitrify": vitrify.__version__}

    def test_a_package_is_found_under_another_project_name(self, installed: Any) -> None:
        """As `dateutil` comes from `python-dateutil`; two projects may have parts of one package."""
        installed("Acme.Models", "1.2", "acme-base>=1", package="acme", is_listed=False)
        installed("acme-more", "1.3", package="acme", is_listed=False)
        installed("acme-base", "1.1", "absent-project")
        found = environment(("acme",)).distributions
        assert found == {"acme-base": "1.1", "acme-models": "1.2", "acme-more": "1.3", "vitrify": vitrify.__version__}

    def test_a_project_of_the_packages_name_without_the_package_is_another(self, installed: Any) -> None:
        """`sklearn` was one."""
        installed("acme", "9", package="other")
        installed("acme-real", "1", package="acme", is_listed=False)
        assert environment(("acme",)).distributions == {"acme-real": "1", "vitrify": vitrify.__version__}

    def test_extras_are_followed_only_where_a_project_asks_for_them(self, installed: Any) -> None:
        """Nobody asks for those of the first one."""
        asked = ("b[Fast_Mode]", 'd; extra == "test"', 'e; sys_platform == "none"', "a")
        installed("a", "1", *asked, package="a")
        installed("b", "1", 'c; extra == "fast-mode"', 'd; extra == "other"')
        for name in "cde":
            installed(name, "1")
        assert environment(("a",)).distributions == {"a": "1", "b": "1", "c": "1", "vitrify": vitrify.__version__}

    def test_damaged_metadata_is_as_good_as_none(self, installed: Any, tmp_path: Path) -> None:
        """Without a version, without a name, not in UTF-8."""
        installed("a", "1", "b", "c", "=nonsense", package="a")
        installed("b", "1")
        installed("c", "1")
        (tmp_path / "b-1.dist-info" / "METADATA").write_bytes(b"Name: b\nVersion: \xff\xfe\n")
        (tmp_path / "c-1.dist-info" / "METADATA").write_text("Name: c\n")
        assert environment(("a",)).distributions == {"a": "1", "vitrify": vitrify.__version__}
        (tmp_path / "b-1.dist-info" / "RECORD").write_bytes(b"b/\xff\xfe")
        assert module._provides("b", "b") is False

    def test_a_package_without_a_project_is_left_out(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A module of the caller's own."""
        monkeypatch.syspath_prepend(tmp_path)
        (tmp_path / "my_own_models.py").touch()
        assert environment(("my_own_models",)).distributions == {"vitrify": vitrify.__version__}

    def test_names_are_no_patterns(self) -> None:
        """A dot would stand for any letter."""
        assert module._provides("numpy", "num.y") is False
        assert module._provides("numpy", "numpy") is True


class TestPlace:
    def test_python_and_the_system_are_named(self) -> None:
        """As `platform` names them, and it goes through a header unchanged."""
        found = environment(("numpy",))
        assert found.implementation == platform.python_implementation()
        assert found.system == platform.system()
        assert found.machine == platform.machine()
        text = write_summary(Summary(versions={}, environment=found))
        assert read_summary(text).environment == found

    def test_no_host_user_or_path_is_named(self) -> None:
        """Nothing that says whose machine it was."""
        text = write_summary(Summary(versions={}, environment=environment(("numpy", "sklearn"))))
        for secret in (platform.node(), str(Path.home()), sys.prefix, os.sep + "site-packages"):
            assert len(secret) > 1
            assert secret not in text
        assert f'"{getpass.getuser()}"' not in text

    def test_no_process_is_started(self) -> None:
        """An audit hook looks."""
        program = (
            "import sys; from vitrify.record.provenance.environment import environment\n"
            "events = []; sys.addaudithook(lambda name, _: events.append(name))\n"
            "environment(('numpy', 'sklearn', 'dateutil'))\n"
            "assert 'open' in events\n"
            "print([e for e in events if e.startswith(('subprocess', 'os.exec', 'os.fork', 'os.system', 'socket'))])\n"
            "print([name for name in ('sklearn', 'scipy', 'pandas') if name in sys.modules])"
        )
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True
        )
        assert done.stdout.split("\n")[:2] == ["[]", "[]"]

    @pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="only Linux has this file")
    def test_the_cpu_is_that_of_linux(self) -> None:
        """Its name stands in the file."""
        cpu = environment(()).cpu
        assert cpu
        assert " ".join(Path("/proc/cpuinfo").read_text().split()).find(cpu.split(" part ")[-1]) >= 0

    @pytest.mark.parametrize(
        ("text", "cpu"),
        [
            ("processor\t: 0\nmodel name\t: AMD  EPYC 7B13 \n\nprocessor\t: 1\nmodel name\t: other\n", "AMD EPYC 7B13"),
            ("cpu\t\t: POWER9, altivec supported\n", "POWER9, altivec supported"),
            ("CPU implementer\t: 0x41\nCPU part\t: 0xd0c\nSerial\t: 00beef\n", "implementer 0x41 part 0xd0c"),
            ("processor 0: version = FF,  identification = 0123AB\n", ""),
            ("", ""),
        ],
    )
    def test_a_cpu_is_named_and_its_serial_number_is_not(
        self, text: str, cpu: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """x86, POWER, ARM, and a mainframe that says nothing but its number."""
        (tmp_path / "cpuinfo").write_text(text)
        monkeypatch.setattr(module, "_CPUINFO", str(tmp_path / "cpuinfo"))
        monkeypatch.setattr(platform, "system", lambda: "Linux")
        assert environment(()).cpu == cpu

    def test_a_system_without_that_file_says_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """No error."""
        monkeypatch.setattr(module, "_CPUINFO", str(tmp_path / "absent"))
        monkeypatch.setattr(platform, "system", lambda: "Plan 9")
        assert environment(()).cpu == ""

    def test_windows_and_macos_are_asked_in_their_way(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A variable, and a function of the C library that may be missing or fail."""
        monkeypatch.setattr(platform, "system", lambda: "Windows")
        monkeypatch.setenv("PROCESSOR_IDENTIFIER", "Intel64 Family 6")
        assert environment(()).cpu == "Intel64 Family 6"
        monkeypatch.setattr(platform, "system", lambda: "Darwin")

        def tell(name: bytes, value: Any, n_bytes: Any, new: None, n_new: int) -> int:
            assert (name, new, n_new) == (b"machdep.cpu.brand_string", None, 0)
            value.value = b"Apple M2"
            return 0

        for library, expected in (
            (SimpleNamespace(sysctlbyname=tell), "Apple M2"),
            (SimpleNamespace(sysctlbyname=lambda *_: -1), ""),
            (SimpleNamespace(), ""),
        ):
            monkeypatch.setattr(ctypes, "CDLL", lambda _, found=library: found)
            assert environment(()).cpu == expected


class TestThreadLibraries:
    def test_they_are_those_of_threadpoolctl(self) -> None:
        """Each once, in one order, without the paths where they lie."""
        np.ones((2, 2)) @ np.ones((2, 2))
        expected = {
            (one["internal_api"], one["version"] or "", one.get("architecture") or "", one["num_threads"])
            for one in threadpoolctl.threadpool_info()
        }
        found = [(one.name, one.version, one.architecture, one.n_threads) for one in environment(()).thread_libraries]
        assert found == sorted(expected)
        assert any(name in ("openblas", "mkl", "blis") for name, *_ in found)

    def test_without_threadpoolctl_there_are_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is no dependency of vitrify."""
        monkeypatch.setitem(sys.modules, "threadpoolctl", None)
        assert environment(()).thread_libraries == ()

    def test_what_it_warns_of_or_fails_at_stops_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Old releases fail on libraries without a version; two OpenMP libraries are a warning."""

        def fail() -> list[dict[str, Any]]:
            raise AttributeError("'NoneType' object has no attribute 'split'")

        def warn() -> list[dict[str, Any]]:
            warnings.warn("two OpenMP libraries", RuntimeWarning, stacklevel=2)
            return [{"internal_api": "openmp", "version": None}, {"internal_api": "openmp"}]

        monkeypatch.setattr(threadpoolctl, "threadpool_info", fail)
        assert environment(()).thread_libraries == ()
        monkeypatch.setattr(threadpoolctl, "threadpool_info", warn)
        assert [one.name for one in environment(()).thread_libraries] == ["openmp"]
