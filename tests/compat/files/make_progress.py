"""Makes `progress-1.5.glass`: the full script of the tutorial, run with scikit-learn 1.5.

Run it where scikit-learn is 1.5, with vitrify importable:

    uv run --isolated --with scikit-learn==1.5.2 --with numpy==1.26.4 --with pandas==2.2.3 --with . \
        python tests/compat/files/make_progress.py
"""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from pathlib import Path

import sklearn

HERE = Path(__file__).parent
PAGE = HERE.parents[2] / "docs/tutorial-record.md"


def script() -> str:
    """The block of the page."""
    return PAGE.read_text(encoding="utf-8").split('```python title="train_full.py"\n')[1].split("```")[0]


def main() -> None:
    """Run the script in an empty folder, and keep what it saved.

    Raises:
        SystemExit: scikit-learn is another here.
    """
    if not sklearn.__version__.startswith("1.5."):
        raise SystemExit(f"this needs scikit-learn 1.5, here is {sklearn.__version__}")
    platform.release = lambda: ""  # which kernel ran here is of no use to anybody
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        exec(script(), {})
        shutil.copy("full.glass", HERE / "progress-1.5.glass")
        os.chdir(HERE)


if __name__ == "__main__":
    main()
