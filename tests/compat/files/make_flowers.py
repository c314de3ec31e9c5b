"""Makes `flowers-1.3.glass`, a decision tree of scikit-learn 1.3, next to this script.

Run it where scikit-learn is 1.3, with vitrify importable:

    uv run --isolated --with scikit-learn==1.3.2 --with numpy==1.26.4 --with . python tests/compat/files/make_flowers.py
"""

from __future__ import annotations

import platform
from pathlib import Path

import sklearn
from sklearn.datasets import load_iris
from sklearn.tree import DecisionTreeClassifier

import vitrify

FILE = Path(__file__).with_name("flowers-1.3.glass")


def main() -> None:
    """Train, and save with a record.

    Raises:
        SystemExit: scikit-learn is another here.
    """
    if not sklearn.__version__.startswith("1.3."):
        raise SystemExit(f"this needs scikit-learn 1.3, here is {sklearn.__version__}")
    platform.release = lambda: ""  # which kernel ran here is of no use to anybody
    X, y = load_iris(return_X_y=True)
    model = DecisionTreeClassifier(max_depth=2, random_state=0).fit(X, y)
    vitrify.dump(model, FILE, X=X, y=y)


if __name__ == "__main__":
    main()
