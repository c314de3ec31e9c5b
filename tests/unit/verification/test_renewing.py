"""rebuild: the same model trained anew, saved with its lineage, in its bundle."""

from __future__ import annotations

import os
from collections import OrderedDict, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

import vitrify
from vitrify.errors import StateError

FRAME, TARGET = load_iris(return_X_y=True, as_frame=True)


def saved(path: Path, wrap: Any = lambda model: model, **options: Any) -> Path:
    """A tree in a file, as it lies in some bundle."""
    model = DecisionTreeClassifier(max_depth=3, random_state=0).fit(FRAME, TARGET)
    record = vitrify.capture(model, FRAME, TARGET, cv=3, scoring="accuracy", notes="kept", authors=["Ada"], **options)
    vitrify.dump(wrap(model), path, record=record)
    return path


def test_on_the_same_data_it_is_the_same_model(tmp_path: Path) -> None:
    old = saved(tmp_path / "old.glass")
    rebuilt = vitrify.rebuild(old, FRAME, TARGET, out=tmp_path / "new.glass", data="s3://bucket/train")
    assert rebuilt.is_same_data
    assert [score.message for score in rebuilt.scores] == ["all 3 folds are the same"]
    before, after = (vitrify.inspect(tmp_path / name) for name in ("old.glass", "new.glass"))
    assert after.model_digest == before.model_digest
    assert after.record.parents == (before.model_digest,)
    assert (after.record.notes, after.record.authors) == ("kept", ("Ada",))
    assert after.record.scores[0].values == before.record.scores[0].values
    assert vitrify.verify(tmp_path / "new.glass", FRAME, TARGET).ok


def test_on_other_data_it_is_another_model(tmp_path: Path) -> None:
    rebuilt = vitrify.rebuild(saved(tmp_path / "old.glass"), FRAME.iloc[::2], TARGET.iloc[::2])
    assert not rebuilt.is_same_data
    assert rebuilt.model.tree_.n_node_samples[0] == 75
    assert list(tmp_path.iterdir()) == [tmp_path / "old.glass"]


@pytest.mark.parametrize(
    ("wrap", "found"),
    [
        (lambda model: {"model": model, "threshold": 0.25}, lambda bundle: bundle["model"]),
        (lambda model: ["notes", model], lambda bundle: bundle[1]),
        (lambda model: {"a": ("x", model)}, lambda bundle: bundle["a"][1]),
    ],
)
def test_in_a_bundle_it_takes_the_place_of_the_old_one(tmp_path: Path, wrap: Any, found: Any) -> None:
    old = saved(tmp_path / "old.glass", wrap)
    vitrify.rebuild(old, FRAME.iloc[::2], TARGET.iloc[::2], out=tmp_path / "new.glass")
    before, after = vitrify.load(old), vitrify.load(tmp_path / "new.glass", verify="probes")
    assert type(after) is type(before)
    assert found(after).tree_.n_node_samples[0] == 75
    if isinstance(after, dict) and "threshold" in after:
        assert after["threshold"] == 0.25


@pytest.mark.parametrize("kind", [OrderedDict, lambda items: defaultdict(list, items)])
def test_a_bundle_keeps_its_type(tmp_path: Path, kind: Any) -> None:
    old = saved(tmp_path / "old.glass", lambda model: kind({"z": 1, "model": model, "a": [2]}))
    vitrify.rebuild(old, FRAME.iloc[::2], TARGET.iloc[::2], out=tmp_path / "new.glass")
    before, after = vitrify.load(old), vitrify.load(tmp_path / "new.glass")
    assert type(after) is type(before) is type(kind({}))
    assert getattr(after, "default_factory", None) is getattr(before, "default_factory", None)
    assert [(key, value) for key, value in after.items() if key != "model"] == [("z", 1), ("a", [2])]
    assert after["model"].tree_.n_node_samples[0] == 75


@pytest.mark.parametrize(
    ("wrap", "found"),
    [
        (lambda model: {"a": model, "b": model}, lambda bundle: (bundle["a"], bundle["b"])),
        (lambda model: [model, [(model, 1)]], lambda bundle: (bundle[0], bundle[1][0][0])),
        (lambda model: (model, {"deep": (0, (model,))}), lambda bundle: (bundle[0], bundle[1]["deep"][1][0])),
        (lambda model: [(1, 2), model, (model,)], lambda bundle: (bundle[1], bundle[2][0])),
    ],
)
def test_wherever_the_old_one_was_is_the_new_one(tmp_path: Path, wrap: Any, found: Any) -> None:
    """One object, as before."""
    old = saved(tmp_path / "old.glass", wrap)
    vitrify.rebuild(old, FRAME.iloc[::2], TARGET.iloc[::2], out=tmp_path / "new.glass")
    one, other = found(vitrify.load(tmp_path / "new.glass"))
    assert one is other
    assert one.tree_.n_node_samples[0] == 75


def test_a_bundle_that_holds_itself(tmp_path: Path) -> None:
    def looped(model: Any) -> Any:
        bundle = [model]
        bundle.append(bundle)
        return bundle

    old = saved(tmp_path / "old.glass", looped)
    vitrify.rebuild(old, FRAME.iloc[::2], TARGET.iloc[::2], out=tmp_path / "new.glass")
    after = vitrify.load(tmp_path / "new.glass")
    assert after[1] is after
    assert after[0].tree_.n_node_samples[0] == 75


@pytest.mark.parametrize(
    ("out", "kind", "message"),
    [
        ("no/new.glass", FileNotFoundError, "cannot be saved: its folder does not exist"),
        ("old.glass/new.glass", NotADirectoryError, "cannot be saved: its folder is a file"),
        ("", IsADirectoryError, "is a folder, where a file is to be saved"),
        ("new/", IsADirectoryError, "is a folder, where a file is to be saved"),
    ],
)
def test_where_nothing_can_be_saved_nothing_is_trained(
    tmp_path: Path, out: str, kind: type[OSError], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error has the name that the caller gave."""
    old = saved(tmp_path / "old.glass")
    monkeypatch.setattr(DecisionTreeClassifier, "fit", lambda *_, **__: pytest.fail("it was trained"))
    with pytest.raises(kind) as caught:
        vitrify.rebuild(old, FRAME, TARGET, out=os.path.join(tmp_path, out))
    assert (caught.value.filename, caught.value.strerror) == (os.path.join(tmp_path, out), message)


def test_a_file_that_may_not_be_written_is_known_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system is asked, which would refuse it after the training."""
    old = saved(tmp_path / "old.glass")
    monkeypatch.setattr(DecisionTreeClassifier, "fit", lambda *_, **__: pytest.fail("it was trained"))
    monkeypatch.setattr(os, "access", lambda path, mode, **_: not (mode == os.W_OK and str(path) == str(old)))
    with pytest.raises(PermissionError) as caught:
        vitrify.rebuild(old, FRAME, TARGET, out=old)
    assert (caught.value.filename, caught.value.strerror) == (str(old), "cannot be saved: the file may not be written")


def test_other_columns_are_told(tmp_path: Path) -> None:
    old = saved(tmp_path / "old.glass")
    first, *others = FRAME.columns
    rebuilt = vitrify.rebuild(old, FRAME[others].assign(more=1), TARGET)
    assert {(one.problem, one.column) for one in rebuilt.misfits} == {("missing", f"'{first}'"), ("extra", "'more'")}
    assert vitrify.rebuild(old, FRAME, TARGET).misfits == ()


def test_a_stream_is_read_like_a_file(tmp_path: Path) -> None:
    with open(saved(tmp_path / "old.glass"), "rb") as stream:
        assert vitrify.rebuild(stream, FRAME, TARGET).is_same_data


def test_data_that_cannot_be_learned_from_leaves_nothing_behind(tmp_path: Path) -> None:
    old = saved(tmp_path / "old.glass")
    with pytest.raises(StateError, match="y has 9 rows, and X has 150"):
        vitrify.rebuild(old, FRAME, TARGET.iloc[:9], out=tmp_path / "new.glass")
    assert not (tmp_path / "new.glass").exists()


def test_parameters_that_a_class_has_got_since_have_their_defaults(tmp_path: Path) -> None:
    model = LogisticRegression(max_iter=300).fit(FRAME, TARGET)
    del model.tol
    vitrify.dump([model], tmp_path / "old.glass", X=FRAME, y=TARGET)
    rebuilt = vitrify.rebuild(tmp_path / "old.glass", FRAME, TARGET)
    assert rebuilt.model.tol == LogisticRegression().tol
    assert "tol" not in vars(vitrify.load(tmp_path / "old.glass")[0])
    np.testing.assert_allclose(rebuilt.model.coef_, model.coef_)
