"""verify: what passes, what is told, and what fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

import vitrify
from tests.support import own_code
from tests.support.lying_writer import Lie
from vitrify.errors import FormatError, UnsupportedError, UntrustedTypeError, VerificationError
from vitrify.verification import Report

FRAME, TARGET = load_iris(return_X_y=True, as_frame=True)


@pytest.fixture(scope="module")
def model() -> LogisticRegression:
    return LogisticRegression(max_iter=300).fit(FRAME, TARGET)


@pytest.fixture
def path(model: LogisticRegression, tmp_path: Path) -> Path:
    record = vitrify.capture(model, FRAME, TARGET, cv=3, scoring="accuracy", holdout=(FRAME[::2], TARGET[::2]))
    vitrify.dump(model, tmp_path / "iris.glass", record=record)
    return tmp_path / "iris.glass"


def statuses(report: Report) -> dict[str, str]:
    return {finding.check: finding.status for finding in report.findings}


class TestTheSameModel:
    def test_everything_that_can_be_checked_passes(self, path: Path) -> None:
        report = vitrify.verify(path, FRAME, TARGET, holdout=(FRAME[::2], TARGET[::2]))
        assert report.ok
        assert set(statuses(report).values()) == {"pass"}
        assert {"integrity", "content", "versions", "probes:predict", "data", "schema", "scores:accuracy"} <= set(
            statuses(report)
        )
        assert any(check.startswith("holdout:") for check in statuses(report))

    def test_without_data_the_file_alone_is_checked(self, path: Path) -> None:
        assert not {"data", "schema", "scores:accuracy"} & set(statuses(vitrify.verify(path)))

    def test_fits_can_be_left_out(self, path: Path) -> None:
        assert "scores:accuracy" not in statuses(vitrify.verify(path, FRAME, TARGET, cv=False))

    def test_loading_with_proof(self, path: Path, model: LogisticRegression) -> None:
        assert np.array_equal(vitrify.load(path, verify="probes").coef_, model.coef_)

    def test_nothing_else_can_be_proven_on_load(self, path: Path) -> None:
        with pytest.raises(ValueError, match=r'^verify= is None or "probes", got True$'):
            vitrify.load(path, verify=True)  # type: ignore[arg-type]  # the point


class TestAnotherModel:
    def test_other_coefficients_predict_otherwise(self, model: LogisticRegression, path: Path) -> None:
        data = changed(path, "coef_", lambda coef: coef * 1.5)
        report = vitrify.verify(data)
        assert not report.ok
        assert statuses(report)["integrity"] == "pass"
        assert statuses(report)["probes:predict_proba"] == "fail"
        with pytest.raises(VerificationError, match="the model does not predict what it did when it was saved: ") as no:
            vitrify.load(data, verify="probes")
        assert "predict_proba: " in no.value.message

    def test_the_last_bits_are_another_cpu(self, path: Path) -> None:
        report = vitrify.verify(changed(path, "coef_", lambda coef: coef * (1 + 1e-14)))
        assert report.ok
        assert {f.found for f in report.findings if f.check.startswith("probes:")} <= {"equal", "close"}

    def test_damage_is_a_finding(self, path: Path) -> None:
        data = bytearray(path.read_bytes())
        data[-9] ^= 4
        path.write_bytes(bytes(data))
        report = vitrify.verify(path)
        assert statuses(report) == {"integrity": "fail"}

    def test_a_file_that_shows_nothing_is_not_ok(self, model: LogisticRegression, tmp_path: Path) -> None:
        vitrify.dump(model, tmp_path / "plain.glass")
        report = vitrify.verify(tmp_path / "plain.glass")
        assert not report.ok
        (finding,) = [one for one in report.findings if one.check == "probes"]
        assert finding.message.startswith("nothing to replay: dump with X=")
        assert vitrify.verify(tmp_path / "plain.glass", skip=["probes"]).ok
        with pytest.raises(VerificationError, match="the file has no probes"):
            vitrify.load(tmp_path / "plain.glass", verify="probes")

    def test_a_version_that_predicts_otherwise(self, tmp_path: Path) -> None:
        tree = DecisionTreeClassifier(random_state=0).fit(FRAME, TARGET)
        lie = Lie(vitrify.dumps(tree, X=FRAME, y=TARGET))
        record = json.loads(lie.metadata["record"])
        record["versions"]["sklearn"] = "1.2.2"
        lie.metadata["record"] = json.dumps(record, separators=(",", ":"))
        (tmp_path / "old.glass").write_bytes(lie.file())
        report = vitrify.verify(tmp_path / "old.glass")
        assert statuses(report)["versions"] == "fail"


class TestOtherData:
    def test_one_changed_value_is_other_data(self, path: Path) -> None:
        other = FRAME.copy()
        other.iloc[77, 2] += 0.5
        report = vitrify.verify(path, other, TARGET, cv=False)
        (finding,) = [one for one in report.findings if one.check == "data"]
        assert finding.status == "warn"
        assert finding.message == "this is other data: 1 of 4 columns differ"

    @pytest.mark.parametrize(
        "change",
        [
            lambda X: X.rename(columns={"petal width (cm)": "width"}),
            lambda X: X.drop(columns="petal width (cm)"),
            lambda X: X.assign(more=1.0),
            lambda X: X.assign(**{"petal width (cm)": "wide"}),
        ],
    )
    def test_data_that_does_not_fit_fails(self, path: Path, change: Callable[[Any], Any]) -> None:
        report = vitrify.verify(path, change(FRAME))
        assert statuses(report)["schema"] == "fail"
        assert vitrify.check_input(path, change(FRAME))

    def test_data_that_fits_has_no_misfits(self, path: Path) -> None:
        assert vitrify.check_input(path, FRAME.iloc[:7]) == []

    def test_scores_on_shuffled_targets_are_out_of_range(self, path: Path) -> None:
        shuffled = pd.Series(np.random.default_rng(0).permutation(TARGET.to_numpy()))
        report = vitrify.verify(path, FRAME, shuffled)
        assert statuses(report)["scores:accuracy"] == "fail"


class TestTrust:
    def test_names_of_the_callers_are_needed_here_too(self, tmp_path: Path) -> None:
        vitrify.dump({"x": own_code.Point(1, 2)}, tmp_path / "own.glass")
        with pytest.raises(UntrustedTypeError, match="needs 1 name"):
            vitrify.verify(tmp_path / "own.glass")
        report = vitrify.verify(tmp_path / "own.glass", trust=[own_code.Point], skip=["probes"])
        assert report.ok

    def test_what_is_no_check_cannot_be_skipped(self, path: Path) -> None:
        with pytest.raises(ValueError, match=r"skip= names \['probe'\]; what can be left out is versions, "):
            vitrify.verify(path, skip=["probe"])


def changed(path: Path, field: str, change: Callable[[Any], Any]) -> Path:
    """The file with another array in it, and every digest right."""
    model = vitrify.load(path)
    setattr(model, field, change(getattr(model, field)))
    record = vitrify.Record(**_parts(path), model=model)
    vitrify.dump(model, path, record=record)
    return path


def _parts(path: Path) -> dict[str, Any]:
    from vitrify.container.reader import open_glass
    from vitrify.record import read_summary
    from vitrify.record.attached import read_attached

    with open_glass(path) as opened:
        return {"summary": read_summary(opened.header.metadata.record), "attached": read_attached(opened)}


class TestWhatIsNotThere:
    def test_data_that_the_file_does_not_know(self, model: LogisticRegression, tmp_path: Path) -> None:
        vitrify.dump(model, tmp_path / "plain.glass")
        report = vitrify.verify(tmp_path / "plain.glass", FRAME, TARGET, skip=["probes", "versions"])
        assert statuses(report) == {"integrity": "pass", "content": "pass", "data": "warn"}
        with pytest.raises(UnsupportedError, match="the file does not say what its model expects"):
            vitrify.check_input(tmp_path / "plain.glass", FRAME)

    @pytest.mark.parametrize("skipped", ["data", "schema"])
    def test_what_is_left_out(self, path: Path, skipped: str) -> None:
        found = statuses(vitrify.verify(path, FRAME, TARGET, cv=False, skip=[skipped]))
        assert {"data", "schema"} - set(found) == {skipped}

    def test_data_that_is_no_table(self, path: Path) -> None:
        report = vitrify.verify(path, object())
        assert statuses(report)["schema"] == "fail"

    def test_targets_of_another_length(self, path: Path) -> None:
        report = vitrify.verify(path, FRAME, TARGET[:7])
        assert statuses(report)["scores"] == "fail"

    def test_a_holdout_that_is_no_pair(self, path: Path) -> None:
        report = vitrify.verify(path, holdout=FRAME)  # type: ignore[arg-type]  # the point
        (finding,) = [one for one in report.findings if one.check == "holdout"]
        assert (finding.status, finding.message) == ("fail", "holdout= is a pair of X and y")

    def test_a_file_without_a_holdout_score(self, model: LogisticRegression, tmp_path: Path) -> None:
        vitrify.dump(model, tmp_path / "m.glass", X=FRAME, y=TARGET)
        report = vitrify.verify(tmp_path / "m.glass", holdout=(FRAME, TARGET))
        assert statuses(report)["holdout"] == "warn"

    def test_values_that_no_object_has(self, path: Path) -> None:
        lie = Lie(path.read_bytes())
        (table,) = lie.tables("sklearn.linear_model._logistic.LogisticRegression")
        (table["columns"]["predict"],) = lie.column([1])["parts"]
        path.write_bytes(lie.file())
        report = vitrify.verify(path)
        assert statuses(report)["content"] == "fail"

    def test_other_versions_are_told(self, model: LogisticRegression, tmp_path: Path) -> None:
        lie = Lie(vitrify.dumps(model, X=FRAME, y=TARGET))
        lie.metadata["record"] = lie.metadata["record"].replace(f'"numpy":"{np.__version__}"', '"numpy":"0.5"', 1)
        (tmp_path / "m.glass").write_bytes(lie.file())
        (finding,) = [one for one in vitrify.verify(tmp_path / "m.glass").findings if one.check == "versions"]
        assert (finding.status, finding.expected) == ("warn", "numpy 0.5")

    def test_a_record_about_nothing(self, path: Path) -> None:
        lie = Lie(path.read_bytes())
        record = {"versions": {}, "model_path": ["model"]}
        lie.metadata["record"] = json.dumps(record, separators=(",", ":"))
        path.write_bytes(lie.file())
        report = vitrify.verify(path)
        assert statuses(report) == {"integrity": "pass", "versions": "pass", "content": "pass", "record": "fail"}
        assert report.findings[-1].message == "the record is about a model that the file does not hold"
        with pytest.raises(FormatError, match="the record is about a model that the file does not hold"):
            vitrify.load(path, verify="probes")

    @pytest.mark.parametrize("text", ["[]", '{"versions":{},"more":1}', '{"versions": {}}', "{"])
    def test_a_record_that_is_none(self, path: Path, text: str) -> None:
        lie = Lie(path.read_bytes())
        lie.metadata["record"] = text
        with pytest.raises(FormatError, match="the record is not "):
            vitrify.loads(lie.file())
        path.write_bytes(lie.file())
        assert statuses(vitrify.verify(path)) == {"integrity": "pass", "record": "fail"}

    def test_probes_that_are_none(self, model: LogisticRegression, path: Path) -> None:
        parts = _parts(path)
        record = vitrify.Record(
            summary=parts["summary"], attached=replace(parts["attached"], probes={"X": 7}), model=model
        )
        vitrify.dump(model, path, record=record)
        (finding,) = [one for one in vitrify.verify(path).findings if one.status == "fail"]
        assert finding.check == "probes"
        assert finding.message.startswith("the probes of the record are not rows with outputs")
