"""verify: what passes, what is told, and what fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, ShuffleSplit
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


def share(model: Any, X: Any, y: Any) -> float:
    """A scorer that no file holds."""
    return float(np.mean(model.predict(X) == y))


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


class TestTheTarget:
    def only(self, path: Path, X: Any, y: Any, **options: Any) -> tuple[bool, str, str]:
        report = vitrify.verify(path, X, y, cv=False, **options)
        (finding,) = [one for one in report.findings if one.check == "target"]
        return report.ok, finding.status, finding.message

    @pytest.mark.parametrize("y", [TARGET, TARGET.to_numpy(), TARGET.tolist(), TARGET.rename("other")])
    def test_the_same_values_pass_whatever_holds_them(self, path: Path, y: Any) -> None:
        assert self.only(path, FRAME, y) == (True, "pass", "this is the target it was trained on")

    @pytest.mark.parametrize("y", [np.roll(TARGET, 50), TARGET.astype(str), TARGET.where(TARGET.index > 3)])
    def test_other_values_are_told(self, path: Path, y: Any) -> None:
        """Also where no score needs them."""
        told = (True, "warn", "this is another target: its values or rows differ")
        assert self.only(path, FRAME, y) == told

    def test_another_number_of_rows_fails(self, path: Path) -> None:
        message = "y has 10 rows, and X has 150: give one value of y for each row of X"
        assert self.only(path, FRAME, TARGET[:10]) == (False, "fail", message)

    def test_rows_that_belong_together_are_other_data(self, path: Path) -> None:
        assert self.only(path, FRAME[::2], TARGET[::2])[:2] == (True, "warn")

    def test_what_is_no_table_fails(self, path: Path) -> None:
        ok, status, message = self.only(path, FRAME, "hello")
        assert (ok, status) == (False, "fail")
        assert message.startswith("y is a str, which is no table that vitrify reads")

    def test_without_rows_it_belongs_to_nothing(self, path: Path) -> None:
        with pytest.raises(TypeError, match=r"^y= was given without X=$"):
            vitrify.verify(path, None, TARGET)

    def test_it_may_be_left_out(self, path: Path) -> None:
        """By a name alone as by a list of names."""
        for skip in ("target", ["target"]):
            assert "target" not in statuses(vitrify.verify(path, FRAME, TARGET[:10], cv=False, skip=skip))

    def test_scores_that_need_one_ask_for_it(self, path: Path) -> None:
        (finding,) = [one for one in vitrify.verify(path, FRAME).findings if one.check == "scores:accuracy"]
        assert finding.status == "warn"
        assert finding.message == "it needs the target: give y, which on the command line is --target"


class TestScoresThatCannotBeHad:
    def test_no_fold_that_can_be_fitted_on_the_same_data_fails(self, model: LogisticRegression, tmp_path: Path) -> None:
        """As one of five does; on other data it is told."""
        record = vitrify.capture(model, FRAME, TARGET, cv=3, scoring="accuracy")
        vitrify.dump(model, tmp_path / "m.glass", record=record)
        other = vitrify.load(tmp_path / "m.glass")
        other.solver = "newton"
        vitrify.dump(other, tmp_path / "m.glass", record=vitrify.Record(**_parts(tmp_path / "m.glass"), model=other))
        for rows, status in ((slice(None), "fail"), (slice(0, None, 2), "warn")):
            report = vitrify.verify(tmp_path / "m.glass", FRAME[rows], TARGET[rows])
            (finding,) = [one for one in report.findings if one.check == "scores:accuracy"]
            assert (finding.status, report.ok) == (status, status == "warn")
            assert finding.message.startswith("LogisticRegression cannot be fitted on this data (InvalidParameterError")

    def test_what_asks_for_them_is_not_here(self, model: LogisticRegression, tmp_path: Path) -> None:
        """No failure: a scorer of the caller's own, and folds that no file holds."""
        folds = list(KFold(3, shuffle=True, random_state=0).split(FRAME))
        record = vitrify.capture(model, FRAME, TARGET, cv=folds, scoring={"a": "accuracy", "own": share})
        vitrify.dump(model, tmp_path / "m.glass", record=record)
        report = vitrify.verify(tmp_path / "m.glass", FRAME, TARGET)
        assert report.ok
        found = {f.check: (f.status, f.message) for f in report.findings if f.check.startswith("scores")}
        assert found["scores:accuracy"][0] == found[f"scores:{__name__}.share"][0] == "warn"
        assert "no file holds: give them again with cv=" in found["scores:accuracy"][1]
        assert "given again with scoring=" in found[f"scores:{__name__}.share"][1]

    @pytest.mark.parametrize(
        ("cv", "how"),
        [
            (list(KFold(3, shuffle=True, random_state=0).split(FRAME)), "all 3 folds are the same"),
            (list(ShuffleSplit(3, random_state=0).split(FRAME)), "as 3 folds before and 3 now are no pairs"),
        ],
    )
    def test_folds_given_again_are_pairs_only_if_they_are_the_same(
        self, model: LogisticRegression, tmp_path: Path, cv: Any, how: str
    ) -> None:
        folds = list(KFold(3, shuffle=True, random_state=0).split(FRAME))
        vitrify.dump(model, tmp_path / "m.glass", record=vitrify.capture(model, FRAME, TARGET, cv=folds))
        report = vitrify.verify(tmp_path / "m.glass", FRAME, TARGET, cv=cv)
        (finding,) = [one for one in report.findings if one.check == "scores:score"]
        assert how in finding.message

    @pytest.mark.parametrize(("cv", "is_told"), [(KFold(3), True), (3, False), (ShuffleSplit(3), True)])
    def test_a_splitter_that_is_not_needed_is_told(self, path: Path, cv: Any, is_told: bool) -> None:
        """The record's own makes the folds; its equal is no other."""
        found = {one.check: one for one in vitrify.verify(path, FRAME, TARGET, cv=cv).findings}
        assert found["scores:accuracy"].message == "all 3 folds are the same"
        assert ("scores" in found) == is_told
        if is_told:
            assert found["scores"].status == "warn"
            assert "than that of the record, sklearn.model_selection.StratifiedKFold" in found["scores"].message

    def test_a_splitter_that_is_none_fails(self, path: Path) -> None:
        (finding,) = [one for one in vitrify.verify(path, FRAME, TARGET, cv="five").findings if one.check == "scores"]
        assert finding.status == "fail"
        assert finding.message.startswith("cv= does not say how to split the data")


class TestTheHoldout:
    @pytest.mark.parametrize(
        ("holdout", "check", "message"),
        [
            ((object(), TARGET), "holdout", "the holdout is an object, which is no table that vitrify reads"),
            (("text", TARGET), "holdout", "the holdout is a str, which is no table that vitrify reads"),
            ((FRAME[::2], TARGET), "holdout", "y has 150 rows, and X has 75"),
            ((FRAME.iloc[:, :2], TARGET), "holdout:score", "score cannot score a LogisticRegression on this data"),
            ((["a"] * 150, TARGET), "holdout:score", "score cannot score a LogisticRegression on this data"),
            ((FRAME, None), "holdout:score", "score cannot score a LogisticRegression on this data"),
        ],
    )
    def test_one_that_cannot_be_scored_fails(
        self, model: LogisticRegression, tmp_path: Path, holdout: Any, check: str, message: str
    ) -> None:
        """Whoever hands it over wants to know its score."""
        record = vitrify.capture(model, FRAME, TARGET, holdout=(FRAME[::2], TARGET[::2]))
        vitrify.dump(model, tmp_path / "m.glass", record=record)
        report = vitrify.verify(tmp_path / "m.glass", holdout=holdout)
        assert statuses(report)["integrity"] == "pass"
        (finding,) = [one for one in report.findings if one.status == "fail"]
        assert finding.check == check
        assert finding.message.startswith(message)

    def test_a_pair_may_be_a_list(self, model: LogisticRegression, tmp_path: Path) -> None:
        """Here as in capture."""
        pair = [FRAME[::2], TARGET[::2]]
        record = vitrify.capture(model, FRAME, TARGET, holdout=pair)  # type: ignore[arg-type]  # the point
        vitrify.dump(model, tmp_path / "m.glass", record=record)
        report = vitrify.verify(tmp_path / "m.glass", holdout=pair)  # type: ignore[arg-type]  # the point
        assert statuses(report)["holdout:score"] == "pass"


class TestNoProbes:
    def test_the_record_says_why(self, model: LogisticRegression, path: Path) -> None:
        parts = _parts(path)
        failed = {"predict": "ValueError: no such row"}
        probes = msgspec.structs.replace(parts["summary"].probes, n_rows=0, methods=(), failed=failed)
        record = vitrify.Record(
            summary=msgspec.structs.replace(parts["summary"], probes=probes),
            attached=replace(parts["attached"], probes={}),
            model=model,
        )
        vitrify.dump(model, path, record=record)
        (finding,) = [one for one in vitrify.verify(path).findings if one.check == "probes"]
        assert finding.status == "fail"
        assert finding.message.startswith("no probes: predict: ValueError: no such row")

    def test_they_were_not_wanted(self, model: LogisticRegression, tmp_path: Path) -> None:
        record = vitrify.capture(model, FRAME, TARGET, probes=None)
        vitrify.dump(model, tmp_path / "m.glass", record=record)
        (finding,) = [one for one in vitrify.verify(tmp_path / "m.glass").findings if one.check == "probes"]
        assert finding.message.startswith("nothing to replay: capture with probes='synthetic', or leave this check out")


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
        assert statuses(report) == {"integrity": "pass", "content": "pass", "data": "warn", "target": "warn"}
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

    def test_only_compared_libraries_are_named(self, tmp_path: Path) -> None:
        """Not Python, not what is not here, and no text of the record's own."""
        path = tmp_path / "named.glass"
        lie = Lie(vitrify.dumps([np.ones(2)]))
        record = json.loads(lie.metadata["record"])
        record["versions"] |= {"torch": "2.0", "\x1b[31m\u202e\n": "1", "Q" * 60_000: "1"}
        lie.metadata["record"] = json.dumps(record, separators=(",", ":"), ensure_ascii=False)
        path.write_bytes(lie.file())
        found = {one.check: one for one in vitrify.verify(path).findings}
        assert found["versions"].status == "pass"
        assert found["versions"].message == f"nothing that matters differs from numpy {np.__version__}"
        vitrify.dump({"n": 1}, path)
        found = {one.check: one for one in vitrify.verify(path).findings}
        assert found["versions"].message == "no library to compare is recorded"

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
