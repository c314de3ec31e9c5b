"""Environments with other versions of scikit-learn, built by uv and kept for the next run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
OLDEST = ("scikit-learn==1.2.2", "numpy==1.23.5", "scipy==1.10.1", "pandas==1.5.3")
_COMMON = ("msgspec", "blake3", "zstandard", "pytest")


@lru_cache(maxsize=8)
def python_with(name: str, requirements: tuple[str, ...]) -> Path:
    """The interpreter of an environment that has these requirements and runs vitrify from the source tree."""
    folder = ROOT / ".envs" / f"{name}-py{sys.version_info[0]}{sys.version_info[1]}"
    interpreter = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not (folder / "ready").exists():
        uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(folder)], check=True)
        install = [uv, "pip", "install", "--quiet", "--python", str(interpreter), *requirements, *_COMMON]
        subprocess.run(install, check=True)
        (folder / "ready").touch()
    return interpreter


def run(interpreter: Path, *arguments: str, timeout_s: int = 900) -> subprocess.CompletedProcess[str]:
    """Run an interpreter in the source tree, with its output captured."""
    env = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "COV")) and key != "PYTHONPATH"
    }
    env |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")  # small models: threads would only wait
    env["PYTHONPATH"] = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    return subprocess.run(
        [str(interpreter), *arguments],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
