"""What `import vitrify` brings into a process: its own modules, its four dependencies and the standard library."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import vitrify

# A service, a notebook and a command line pay for each of these; the model brings what it needs when it is loaded.
KEPT_OUT = {
    "sklearn", "scipy", "pandas", "joblib", "typer", "click", "rich", "xgboost", "lightgbm", "catboost", "torch",
    "matplotlib", "pyarrow", "skops", "cloudpickle", "dill", "safetensors", "multiprocessing", "asyncio", "ssl",
    "http", "unittest", "pydoc", "doctest",
}  # fmt: skip
# Modules that unpickle or run code from files; numpy itself imports pickle.
UNPICKLING = {"pickle", "_pickle", "cPickle", "shelve", "dbm", "copyreg", "marshal", "runpy", "code", "codeop"}
DEPENDENCIES = "numpy, msgspec, blake3, zstandard"


def modules_after(program: str, *words: str) -> list[str]:
    """The modules of a fresh process that has run a program."""
    command = [sys.executable, "-c", f"{program}\nprint(*sys.modules, sep='\\n')", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split()


def tops(modules: list[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


@pytest.fixture(scope="module")
def added() -> list[str]:
    """What vitrify adds to a process that has imported its dependencies."""
    before = set(modules_after(f"import sys, {DEPENDENCIES}"))
    return [name for name in modules_after(f"import sys, {DEPENDENCIES}, vitrify") if name not in before]


class TestImport:
    def test_no_library_for_models_or_terminals_is_imported(self) -> None:
        """Nothing at all of them, not even a submodule."""
        found = modules_after("import sys, vitrify")
        assert "vitrify.api" in found
        assert tops(found) & KEPT_OUT == set()

    def test_vitrify_adds_only_itself_and_the_standard_library(self, added: list[str]) -> None:
        """Of its dependencies, which the process has then already, no more than further modules of numpy."""
        assert "vitrify.api" in added
        assert tops(added) - {"vitrify", "numpy"} - set(sys.stdlib_module_names) == set()

    def test_what_loading_rarely_needs_waits_for_its_first_use(self) -> None:
        """Each of these costs a fair part of the import; `inspect` is there all the same."""
        rare = {"vitrify.inspection", "importlib.metadata", "importlib.resources", "email", "zipfile", "difflib"}
        assert rare & set(modules_after("import sys, vitrify")) == set()
        program = (
            "import sys, vitrify\n"
            "assert 'inspect' in dir(vitrify) and 'inspect' not in vars(vitrify)\n"
            "assert callable(vitrify.inspect) and 'vitrify.inspection' in sys.modules\n"
            "assert vitrify.inspect is vitrify.inspection.inspect"
        )
        assert "vitrify.inspection" in modules_after(program)
        assert "vitrify.inspection" in modules_after("import sys, vitrify\nassert vitrify.inspection.read_array")
        assert "vitrify.inspection" in modules_after("import sys\nfrom vitrify import inspect, inspection")

    def test_what_saves_waits_for_the_first_save(self) -> None:
        """Most processes only load."""
        program = "import sys, vitrify\nassert vitrify.loads(DATA) == [1]".replace("DATA", repr(vitrify.dumps([1])))
        saves = {"vitrify.saving", "vitrify.graph.encode", "vitrify.container.files"}
        assert saves & set(modules_after(program)) == set()
        assert saves < set(modules_after("import sys, vitrify\nvitrify.dumps([1])"))

    def test_vitrify_adds_nothing_that_unpickles(self, added: list[str]) -> None:
        """Neither directly nor through what it imports."""
        assert set(added) & UNPICKLING == set()

    def test_no_module_of_vitrify_holds_a_module_that_unpickles(self) -> None:
        """Though numpy has brought pickle into the process, no name of ours leads to it."""
        program = (
            "import importlib, pkgutil, sys, types, vitrify\n"
            "names = [m.name for m in pkgutil.walk_packages(vitrify.__path__, 'vitrify.')]\n"
            "names.remove('vitrify.__main__')\n"
            "held = [(n, v.__name__) for n in names for v in vars(importlib.import_module(n)).values()\n"
            "        if isinstance(v, types.ModuleType) and v.__name__ in sys.argv[1:]]\n"
            "assert len(names) > 50\n"
            "print(held)"
        )
        words = sorted(UNPICKLING - {"copyreg"})
        done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"

    def test_it_works_without_site_packages_that_are_not_its_own(self) -> None:
        """Blocked, each library for models is missing, and the import and a round trip of plain values still work."""
        program = (
            "import sys\n"
            "for name in sys.argv[1:]: sys.modules[name] = None\n"
            "import numpy, vitrify\n"
            "value = {'a': numpy.arange(3), 'b': [1, 'x']}\n"
            "again = vitrify.loads(vitrify.dumps(value))\n"
            "assert again['a'].tolist() == [0, 1, 2] and again['b'] == [1, 'x']\n"
            "print('ok')"
        )
        words = ["sklearn", "scipy", "pandas", "joblib", "typer", "click", "rich"]
        done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=True)
        assert (done.stdout, done.stderr) == ("ok\n", "")


class TestLoad:
    def test_arrays_and_containers_need_no_library(self, tmp_path: Path) -> None:
        """From a file to arrays, mapped and read, with numpy alone."""
        vitrify.dump({"weights": np.arange(90_000.0), "names": ["a"], "seen": {1, 2}}, tmp_path / "m.glass")
        program = (
            "import sys, vitrify\n"
            "for mmap in (False, True):\n"
            "    assert vitrify.load(sys.argv[1], mmap=mmap)['weights'][-1] == 89_999.0\n"
            "vitrify.dumps(vitrify.load(sys.argv[1]))\n"
            "vitrify.inspect(sys.argv[1])"
        )
        assert tops(modules_after(program, str(tmp_path / "m.glass"))) & KEPT_OUT == set()

    def test_values_without_a_model_ask_for_no_installed_version(self, tmp_path: Path) -> None:
        """Reading the metadata of packages would take longer than the load."""
        vitrify.dump([np.arange(3.0)], tmp_path / "m.glass")
        found = modules_after("import sys, vitrify\nvitrify.load(sys.argv[1])", str(tmp_path / "m.glass"))
        assert "importlib.metadata" not in found

    def test_a_model_brings_its_own_library_and_no_other(self, tmp_path: Path) -> None:
        """Those that vitrify knows but this model does not use stay out; rich is one that scikit-learn may import."""
        model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
        vitrify.dump(model, tmp_path / "m.glass")
        found = tops(modules_after("import sys, vitrify\nvitrify.load(sys.argv[1])", str(tmp_path / "m.glass")))
        assert "sklearn" in found
        assert found & {"typer", "xgboost", "lightgbm", "catboost", "torch", "skops"} == set()

    def test_a_refused_file_imports_nothing(self, tmp_path: Path) -> None:
        """What must be trusted is named without being imported."""
        (tmp_path / "acme.py").write_text("class Thing:\n    pass\n")
        (tmp_path / "make.py").write_text("import sys, acme, vitrify\nvitrify.dump(acme.Thing(), sys.argv[1])\n")
        target = str(tmp_path / "m.glass")
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *filter(None, sys.path)])}
        subprocess.run([sys.executable, str(tmp_path / "make.py"), target], check=True, env=environment)
        program = (
            "import sys, vitrify\n"
            "sys.path.insert(0, sys.argv[2])\n"
            "try: vitrify.load(sys.argv[1])\n"
            "except vitrify.errors.UntrustedTypeError as error: assert error.names == ('acme.Thing',)\n"
            "else: raise SystemExit('loaded')"
        )
        found = tops(modules_after(program, target, str(tmp_path)))
        assert "acme" not in found
        assert found & KEPT_OUT == set()


def test_the_module_can_be_run() -> None:
    """`python -m vitrify` answers like the command."""
    done = subprocess.run([sys.executable, "-m", "vitrify", "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0].split() == ["vitrify", vitrify.__version__]
