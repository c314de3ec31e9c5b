"""The same model gives the same bytes: in every process, under every hash seed, wherever its arrays lie."""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC

import vitrify

EFFORTS: tuple[int, ...] = (0, 1, 9)
WORDS = [f"word{i}" for i in range(200)]
TEXTS = [" ".join(WORDS[i % 190 : i % 190 + 9]) for i in range(80)]


def data() -> tuple[Any, Any]:
    rng = np.random.default_rng(7)
    X = rng.normal(size=(80, 4))
    return X, (X[:, 0] + 0.1 * rng.normal(size=80) > 0).astype(np.int64)


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "income": rng.normal(size=80),
            "city": pd.Categorical(rng.choice(["Rome", "Oslo", "Bonn"], 80)),
            "plan": rng.choice(["a", "b", "c"], 80),
        }
    )


def column_transformer() -> Any:
    steps = [("scale", StandardScaler(), ["income"]), ("code", OneHotEncoder(), ["city", "plan"])]
    return make_pipeline(ColumnTransformer(steps), LogisticRegression()).fit(frame(), data()[1])


def grid_search() -> Any:
    """A search without the seconds that its fits took: these are measurements, and no two runs measure the same."""
    model = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0, 10.0]}, cv=3).fit(*data())
    for name in ("mean_fit_time", "std_fit_time", "mean_score_time", "std_score_time"):
        model.cv_results_[name] = np.zeros_like(model.cv_results_[name])
    model.refit_time_ = 0.0
    return model


def sets_and_dicts() -> Any:
    return {
        "set": set(WORDS),
        "frozenset": frozenset(WORDS[::3]),
        "dict from set": dict.fromkeys(sorted(WORDS), 1.5),
        "sets in a set": {frozenset(WORDS[i : i + 4]) for i in range(30)},
        "mixed": {1, "x", 2.5, None, b"y", (1, "z")},
    }


def stop_words(*, seen: bool = True) -> Any:
    """With a frozenset, which scikit-learn took before 1.2, and which may or may not have been looked at since."""
    model = CountVectorizer(stop_words=WORDS[::7]).fit(TEXTS).set_params(stop_words=frozenset(WORDS[::7]))
    if seen:
        model._stop_words_id = id(model.stop_words)
    return model


def english_stop_words() -> Any:
    """The name of a frozenset that scikit-learn itself holds."""
    return TfidfVectorizer(stop_words="english").fit(TEXTS)


# Without `random_state`, MLP and SGD would differ, as every two of their fits do.
MODELS: dict[str, Callable[[], Any]] = {
    "sets and dicts": sets_and_dicts,
    "stop words": stop_words,
    "English stop words": english_stop_words,
    "tf-idf": lambda: TfidfVectorizer(stop_words=list(WORDS[:5])).fit(TEXTS),
    "column transformer": column_transformer,
    "random forest": lambda: RandomForestClassifier(12, random_state=0, n_jobs=1).fit(*data()),
    "histogram boosting": lambda: HistGradientBoostingClassifier(max_iter=8, random_state=0).fit(*data()),
    "grid search": grid_search,
    "svc": lambda: SVC(random_state=0).fit(*data()),
    "sgd": lambda: SGDClassifier(random_state=np.random.RandomState(3)).fit(*data()),
    "mlp": lambda: MLPClassifier((5,), max_iter=400, tol=1e-2, random_state=0).fit(*data()),
}


def digests(folder: Path) -> dict[str, list[str]]:
    """For each model, fitted now: the SHA-256 of its bytes at every effort, by `dumps` and by `dump`."""
    found: dict[str, list[str]] = {}
    for name, make in MODELS.items():
        model = make()
        found[name] = []
        for effort in EFFORTS:
            vitrify.dump(model, folder / "m.glass", compress=effort)
            for data in (vitrify.dumps(model, compress=effort), (folder / "m.glass").read_bytes()):
                found[name].append(hashlib.sha256(data).hexdigest())
    return found


@pytest.fixture(scope="module")
def by_process(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, list[str]]]:
    """The digests that two processes find which fit all models themselves, under different hash seeds."""
    program = (
        "import json, pathlib, sys\n"
        "from tests.conformance.test_determinism import digests\n"
        "print(json.dumps([digests(pathlib.Path(sys.argv[1])), list({'a', 'b', 'c', 'd', 'e', 'f', 'g'})]))"
    )
    answers = []
    for seed in ("1", "2"):
        folder = tmp_path_factory.mktemp(f"seed{seed}")
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        done = subprocess.run(
            [sys.executable, "-c", program, str(folder)],
            env=environment, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True,
        )  # fmt: skip
        answers.append(json.loads(done.stdout))
    assert answers[0][1] != answers[1][1], "the two processes order a set alike, so they show nothing"
    return [answer[0] for answer in answers]


@pytest.mark.parametrize("name", MODELS)
def test_two_processes_write_the_same_bytes(name: str, by_process: list[dict[str, list[str]]]) -> None:
    """Trained twice, under two hash seeds, saved at three efforts, to bytes and to a file."""
    one, two = (found[name] for found in by_process)
    assert one == two
    assert one[::2] == one[1::2]
    assert len(one) == 2 * len(EFFORTS)


@pytest.mark.parametrize("name", MODELS)
def test_saving_what_was_loaded_gives_the_same_bytes(name: str, tmp_path: Path) -> None:
    """Through bytes, a file and a map, whatever compression it came from."""
    model = MODELS[name]()
    written = {effort: vitrify.dumps(model, compress=effort) for effort in EFFORTS}
    (tmp_path / "m.glass").write_bytes(written[0])
    for effort in EFFORTS:
        for loaded in (vitrify.loads(written[effort]), vitrify.load(tmp_path / "m.glass", mmap=True)):
            assert {e: vitrify.dumps(loaded, compress=e) for e in EFFORTS} == written


@pytest.mark.parametrize("name", MODELS)
def test_the_model_digest_is_the_same_at_every_compression(name: str) -> None:
    """It belongs to the values; another model has another one."""
    model = MODELS[name]()
    found = {vitrify.inspect(vitrify.dumps(model, compress=effort)).model_digest for effort in (False, True, 1, 9)}
    assert len(found) == 1
    others = {vitrify.inspect(vitrify.dumps(MODELS[other]())).model_digest for other in MODELS if other != name}
    assert found & others == set()


def test_stop_words_that_were_set_after_fitting() -> None:
    """The vectorizer remembers by `id()` which ones it has looked at; saying "others" must survive as well."""
    written = vitrify.dumps(stop_words(seen=False))
    assert vitrify.dumps(vitrify.loads(written)) == written
    assert written != vitrify.dumps(stop_words())


def test_one_changed_bit_changes_the_model_digest() -> None:
    """A coefficient in its last place, or a zero's sign."""
    model = LogisticRegression().fit(*data())
    model.intercept_[0] = 0.0
    before = vitrify.inspect(vitrify.dumps(model)).model_digest
    model.intercept_[0] = -0.0
    assert vitrify.inspect(vitrify.dumps(model)).model_digest != before
    model.intercept_[0] = 0.0
    assert vitrify.inspect(vitrify.dumps(model)).model_digest == before
    model.coef_[0, 0] = np.nextafter(model.coef_[0, 0], np.inf)
    assert vitrify.inspect(vitrify.dumps(model)).model_digest != before


class TestWhereArraysLie:
    """Neither the address, nor the owner, nor what lies around the elements of an array is in the file."""

    ARRAY = np.arange(2400.0).reshape(40, 60)

    def mapped(self, folder: Path) -> Any:
        self.ARRAY.tofile(folder / "array.bin")
        return np.memmap(folder / "array.bin", self.ARRAY.dtype, "r", shape=self.ARRAY.shape)

    def copies(self, folder: Path) -> dict[str, Any]:
        """Arrays with the same elements in the same order in memory."""
        wide = np.full((40, 61), -1.0).ravel()[1:2401]
        wide[:] = self.ARRAY.ravel()
        buffer = mmap.mmap(-1, self.ARRAY.nbytes)
        in_map = np.frombuffer(buffer, np.float64).reshape(self.ARRAY.shape)
        in_map[:] = self.ARRAY
        read_only = self.ARRAY.copy()
        read_only.flags.writeable = False
        unaligned = np.frombuffer(b"." + self.ARRAY.tobytes(), np.uint8)[1:].view(np.float64).reshape(40, 60)
        return {
            "a memory-mapped file": self.mapped(folder),
            "a view of that map's memory": np.asarray(self.mapped(folder)),
            "anonymous mapped memory": in_map,
            "a slice of a larger buffer": wide.reshape(40, 60),
            "rows of a larger array": np.vstack([self.ARRAY, self.ARRAY])[:40],
            "read-only": read_only,
            "unaligned": unaligned,
        }

    @pytest.mark.parametrize("place", ["alone", "in a model"])
    def test_memory_makes_no_difference(self, place: str, tmp_path: Path) -> None:
        """Mapped, borrowed, sliced, read-only or unaligned: the elements are what is saved."""
        expected = vitrify.dumps(self.within(place, self.ARRAY.copy()))
        for name, array in self.copies(tmp_path).items():
            np.testing.assert_array_equal(array, self.ARRAY)
            assert vitrify.dumps(self.within(place, array)) == expected, name

    def within(self, place: str, array: Any) -> Any:
        if place == "alone":
            return {"array": array}
        model = StandardScaler()
        model.mean_ = array
        return model

    def test_other_strides_are_kept_and_repeat_themselves(self) -> None:
        """A model with Fortran-ordered, transposed and spread arrays gives one file again and again."""
        spread = np.zeros((80, 120))[::2, ::2]
        spread[:] = self.ARRAY
        model = {
            "F": np.asfortranarray(self.ARRAY),
            "T": self.ARRAY.copy().T,
            "spread": spread,
            "back": self.ARRAY[::-1],
        }
        data = vitrify.dumps(model)
        loaded = vitrify.loads(data)
        assert vitrify.dumps(loaded) == data
        assert vitrify.dumps(model) == data
        for name, array in model.items():
            np.testing.assert_array_equal(loaded[name], array)
            assert loaded[name].flags.f_contiguous == array.flags.f_contiguous, name

    def test_what_lies_between_elements_is_not_in_the_file(self) -> None:
        """Two arrays with equal elements, spread over memory with other contents."""
        files = set()
        for filler in (0.0, 1e300):
            memory = np.full((80, 120), filler)
            memory[::2, ::2] = self.ARRAY
            files.add(vitrify.dumps({"array": memory[::2, ::2]}))
        assert len(files) == 1

    def test_sparse_matrices_of_mapped_memory(self, tmp_path: Path) -> None:
        """Indices and data from maps give the bytes of those from the heap."""
        matrix = sparse.csr_matrix(np.where(self.ARRAY % 7 == 0, self.ARRAY, 0.0))
        parts = []
        for name in ("data", "indices", "indptr"):
            part = getattr(matrix, name)
            part.tofile(tmp_path / name)
            parts.append(np.memmap(tmp_path / name, part.dtype, "r"))
        again = sparse.csr_matrix(tuple(parts), shape=matrix.shape)
        assert vitrify.dumps([again]) == vitrify.dumps([matrix])
