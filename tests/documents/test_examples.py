"""The examples of the documents on saving scikit-learn models, each under its own name."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import vitrify
from tests.support.equality import assert_same
from vitrify import dump, dumps, load, loads

X, Y = load_iris(return_X_y=True)
FRAME = load_iris(as_frame=True)


def test_logistic_regression_to_a_byte_string_and_back() -> None:
    """`s = pickle.dumps(clf); clf2 = pickle.loads(s)` with another import."""
    model = LogisticRegression(max_iter=1000).fit(X, Y)
    again = loads(dumps(model))

    assert_same(model, again)
    assert again.predict(X[0:1]).tolist() == [0]
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


def test_svc_to_a_byte_string_and_back() -> None:
    """scikit-learn's own introduction."""
    model = SVC().fit(X, Y)
    again = loads(dumps(model))

    assert_same(model, again)
    assert again.predict(X[0:1])[0] == Y[0] == 0


def test_dump_into_and_load_from_an_open_file(tmp_path: Path) -> None:
    """`with open("model.pkl", "wb") as f: dump(model, f)`."""
    model = LogisticRegression(max_iter=1000).fit(X, Y)
    with open(tmp_path / "model.pkl", "wb") as f:
        dump(model, f)
    with open(tmp_path / "model.pkl", "rb") as f:
        again = load(f)

    assert_same(model, again)


def test_k_neighbors_through_bytes_and_through_a_path(tmp_path: Path) -> None:
    """KNeighborsClassifier(3) on a training split."""
    X_train, X_test, y_train, y_test = train_test_split(X, Y, random_state=42)
    model = KNeighborsClassifier(n_neighbors=3).fit(X_train, y_train)
    dump(model, tmp_path / "filename.glass")

    assert_same(model, loads(dumps(model)))
    assert load(tmp_path / "filename.glass").score(X_test, y_test) == model.score(X_test, y_test)


@pytest.mark.parametrize("kind", [str, Path, os.fsencode])
def test_a_path_may_be_text_a_path_object_or_bytes(kind: Any, tmp_path: Path) -> None:
    """Whatever `open` takes."""
    target = kind(str(tmp_path / "model.glass"))
    dump({"answer": 42}, target)

    assert load(target) == {"answer": 42}


@pytest.mark.parametrize("compress", [True, 3, 1, 9, False, 0, None])
def test_compressed_files_are_opened_by_the_same_load(compress: Any, tmp_path: Path) -> None:
    """`joblib.dump(model, path, compress=3)` with another import."""
    model = RandomForestClassifier(10, random_state=0).fit(X, Y)
    dump(model, tmp_path / "model.glass", compress=compress)

    assert_same(model, load(tmp_path / "model.glass"))


def test_compression_makes_redundant_models_smaller() -> None:
    """A forest has much to squeeze."""
    model = RandomForestClassifier(50, random_state=0).fit(X, Y)

    assert len(dumps(model, compress=True)) < len(dumps(model)) / 2


def test_bytes_io() -> None:
    """A file object that is no file."""
    model = SVC().fit(X, Y)
    stream = io.BytesIO()
    dump(model, stream)
    stream.seek(0)

    assert_same(model, load(stream))


class OneWay(io.RawIOBase):
    """A stream that can neither seek nor tell, and takes or gives a few bytes at a time."""

    def __init__(self, data: bytes = b"") -> None:
        self.data = bytearray(data)

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def write(self, data: Any) -> int:
        part = bytes(data)[:1000]
        self.data += part
        return len(part)

    def readinto(self, buffer: Any) -> int:
        part = self.data[: min(len(buffer), 777)]
        buffer[: len(part)] = part
        del self.data[: len(part)]
        return len(part)


def test_streams_that_cannot_seek() -> None:
    """Sockets and pipes behave like this."""
    model = RandomForestClassifier(10, random_state=0).fit(X, Y)
    stream = OneWay()
    dump(model, stream)  # type: ignore[arg-type]  # any object with write

    assert_same(model, load(OneWay(bytes(stream.data))))  # type: ignore[arg-type]  # any object with read


def test_nothing_is_written_to_a_stream_before_encoding_has_succeeded() -> None:
    """The caller's stream stays as it was."""
    stream = io.BytesIO(b"before")
    stream.seek(0, io.SEEK_END)
    with pytest.raises(vitrify.errors.UnsupportedError, match=r"cannot save a lambda - at \$\['bad'\]"):
        dump({"model": np.arange(10_000), "bad": (lambda: 0)}, stream)

    assert stream.getvalue() == b"before"


def test_random_forest_trained_on_a_data_frame(tmp_path: Path) -> None:
    """RandomForestClassifier(n_estimators=50) on `as_frame=True` data."""
    model = RandomForestClassifier(n_estimators=50, random_state=0).fit(FRAME.data, FRAME.target)
    dump(model, tmp_path / "forest.glass")
    again = load(tmp_path / "forest.glass")

    assert_same(model, again)
    np.testing.assert_array_equal(again.predict_proba(FRAME.data), model.predict_proba(FRAME.data))


def test_feature_names_are_kept() -> None:
    """LogisticRegression trained on a DataFrame and a Series."""
    frame = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    model = LogisticRegression(max_iter=1000).fit(frame, pd.Series(Y, name="kind"))
    again = loads(dumps(model))

    assert again.feature_names_in_.tolist() == ["a", "b", "c", "d"]
    with pytest.raises(ValueError, match="feature names"):
        again.predict(frame[["d", "c", "b", "a"]])


def test_a_pipeline_with_its_preprocessing() -> None:
    """`Pipeline([("scaler", StandardScaler()), ("clf", …)])`."""
    model = Pipeline([("scaler", StandardScaler()), ("clf", LogisticRegression())]).fit(X, Y)
    again = loads(dumps(model))

    assert_same(model, again)
    assert [name for name, _ in again.steps] == ["scaler", "clf"]


def test_a_bundle_of_model_features_and_threshold() -> None:
    """What a service needs lies in one file."""
    model = LogisticRegression(max_iter=1000).fit(X, Y)
    bundle = {"model": model, "features": ["sl", "sw", "pl", "pw"], "threshold": 0.4}
    again = loads(dumps(bundle))

    assert_same(bundle, again)
    assert list(again) == ["model", "features", "threshold"]


def test_the_same_predictions_in_another_process(tmp_path: Path) -> None:
    """The main job."""
    model = Pipeline([("scaler", StandardScaler()), ("forest", RandomForestClassifier(20, random_state=0))]).fit(X, Y)
    dump(model, tmp_path / "model.glass")
    code = (
        "import sys, numpy, vitrify; from sklearn.datasets import load_iris; "
        "m = vitrify.load(sys.argv[1]); sys.stdout.write(m.predict_proba(load_iris().data).tobytes().hex())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "model.glass")], check=True, capture_output=True, text=True
    )

    assert done.stdout == model.predict_proba(X).tobytes().hex()
