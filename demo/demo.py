"""Train a real model, save it as a glass file, load it in another process, prove that it is the same, look inside."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import joblib
import numpy as np
import sklearn
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import vitrify

FOLDER = Path(__file__).parent / "out"
OTHER_PROCESS = """
import sys
import numpy as np
import vitrify
model = vitrify.load(sys.argv[1])
X = np.load(sys.argv[2], allow_pickle=False)
np.save(sys.argv[3], model.predict_proba(X), allow_pickle=False)
"""


def main() -> None:
    """Run the whole story and print it."""
    FOLDER.mkdir(exist_ok=True)
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    model = Pipeline([("scale", StandardScaler()), ("forest", RandomForestClassifier(200, random_state=0))])
    model.fit(X_train, y_train)
    print(f"trained: StandardScaler + RandomForestClassifier(200) on the digits data, {X_train.shape[0]} rows")
    print(f"accuracy on {X_test.shape[0]} rows it has not seen: {model.score(X_test, y_test):.3f}\n")

    path = FOLDER / "digits.glass"
    vitrify.dump(model, path)
    print(f"saved to {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")
    proba = load_elsewhere(path, X_test)
    same = proba.tobytes() == model.predict_proba(X_test).tobytes()
    print(f"loaded in another process: probabilities for {len(X_test)} rows are bit-equal: {same}")
    print(f"dumped again, the bytes are equal: {vitrify.dumps(vitrify.load(path)) == path.read_bytes()}\n")
    compare(model)
    print()
    sys.stdout.flush()
    subprocess.run([sys.executable, "-m", "vitrify", "inspect", str(path)], check=True)
    if not same:
        sys.exit("the predictions differ")


def load_elsewhere(path: Path, X: np.ndarray) -> np.ndarray:
    """The probabilities that the file gives in a process that never saw the model."""
    rows, answer = FOLDER / "rows.npy", FOLDER / "answer.npy"
    np.save(rows, X, allow_pickle=False)
    child = [sys.executable, "-c", OTHER_PROCESS, str(path), str(rows), str(answer)]
    subprocess.run(child, check=True)
    return np.load(answer, allow_pickle=False)


def compare(model: object) -> None:
    """Sizes and times beside pickle and joblib, in one run; medians of seven."""
    rows = []
    tools: list[tuple[str, Callable[[Path], object], Callable[[Path], object]]] = [
        ("pickle 5", save_pickle, load_pickle),
        ("joblib", lambda p: joblib.dump(MODEL[0], p), joblib.load),
        ("joblib compress=3", lambda p: joblib.dump(MODEL[0], p, compress=3), joblib.load),
        ("vitrify", lambda p: vitrify.dump(MODEL[0], p), vitrify.load),
        ("vitrify compress=True", lambda p: vitrify.dump(MODEL[0], p, compress=True), vitrify.load),
    ]
    MODEL[:] = [model]
    for name, save, load in tools:
        target = FOLDER / ("model." + name.replace(" ", "-"))
        save_ms, load_ms = median_ms(lambda s=save, t=target: s(t)), median_ms(lambda r=load, t=target: r(t))
        rows.append((name, os.path.getsize(target), save_ms, load_ms))
    print(f"scikit-learn {sklearn.__version__}, vitrify {vitrify.__version__}; ratios to pickle in this run")
    print(f"{'':22}{'size':>12}{'':>8}{'save':>12}{'':>8}{'load':>12}")
    _, size0, save0, load0 = rows[0]
    for name, size, save_ms, load_ms in rows:
        print(
            f"{name:22}{size / 1e6:9.2f} MB{size / size0:7.2f}x"
            f"{save_ms:9.1f} ms{save_ms / save0:7.2f}x{load_ms:9.1f} ms{load_ms / load0:7.2f}x"
        )


MODEL: list[object] = []


def save_pickle(path: Path) -> None:
    """The usual way."""
    with open(path, "wb") as stream:
        pickle.dump(MODEL[0], stream, protocol=5)


def load_pickle(path: Path) -> object:
    """The usual way back."""
    with open(path, "rb") as stream:
        return pickle.load(stream)


def median_ms(action: Callable[[], object]) -> float:
    """The median of seven runs, in milliseconds."""
    times = []
    for _ in range(7):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return sorted(times)[3] * 1e3


if __name__ == "__main__":
    main()
