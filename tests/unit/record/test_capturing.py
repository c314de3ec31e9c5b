"""What `capture` keeps, where it finds the model again, and what it refuses."""

from __future__ import annotations

import datetime as dt
import io
import json
import uuid
import warnings
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
import safetensors
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.cluster import DBSCAN
from sklearn.datasets import load_iris
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

import vitrify
from vitrify.container.reader import open_glass_bytes
from vitrify.errors import FormatError, IntegrityError, UnsupportedError, VerificationError, VitrifyWarning
from vitrify.record.attached import Attached, read_attached, write_attached

X, Y = load_iris(return_X_y=True)


@pytest.fixture(scope="module")
def model() -> LogisticRegression:
    return LogisticRegression(max_iter=300).fit(X, Y)


def told(data: bytes) -> dict[str, Any]:
    """The record as any reader of safetensors sees it."""
    length = int.from_bytes(data[:8], "little")
    record: dict[str, Any] = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["record"])
    return record


def nested(depth: int) -> dict[str, Any]:
    """Dicts in one another."""
    found: dict[str, Any] = {}
    for _ in range(depth):
        found = {"a": found}
    return found


class TestWhatIsKept:
    def test_a_plain_dump_says_versions_and_nothing_else(self, model: LogisticRegression) -> None:
        assert list(told(vitrify.dumps(model))) == ["versions"]

    def test_data_is_all_that_most_people_need_to_give(self, model: LogisticRegression) -> None:
        record = told(vitrify.dumps(model, X=X, y=Y))
        assert record["data"]["n_rows"] == 150
        assert record["data"]["n_columns"] == 4
        assert [(one["label"], one["n"]) for one in record["target"]["classes"]] == [("0", 50), ("1", 50), ("2", 50)]
        assert record["probes"]["n_rows"] == 32
        assert "predict_proba" in record["probes"]["methods"]
        assert record["environment"]["distributions"]["scikit-learn"]
        assert "scores" not in record

    def test_scores_are_those_of_scikit_learn(self, model: LogisticRegression) -> None:
        record = vitrify.capture(model, X, Y, cv=5, scoring="accuracy")
        (score,) = record.summary.scores
        expected = cross_val_score(LogisticRegression(max_iter=300), X, Y, cv=5, scoring="accuracy")
        assert list(score.values) == expected.tolist()
        assert score.splitter is not None
        assert score.splitter.type == "sklearn.model_selection.StratifiedKFold"

    def test_what_the_caller_says_is_kept(self, model: LogisticRegression) -> None:
        record = vitrify.capture(
            model,
            X,
            Y,
            data=("s3://bucket/train", "v3"),
            notes="first try",
            authors=["Ada", "Grace"],
            license="BSD-3-Clause",
            extra={"ticket": 7, "more": [1.5, None, True, {"a": "b"}]},
            parents=["ab" * 32],
        )
        kept = told(vitrify.dumps(model, record=record))
        assert kept["data"]["reference"] == {"uri": "s3://bucket/train", "version": "v3"}
        assert kept["notes"] == "first try"
        assert kept["authors"] == ["Ada", "Grace"]
        assert kept["license"] == "BSD-3-Clause"
        assert kept["extra"] == {"ticket": 7, "more": [1.5, None, True, {"a": "b"}]}
        assert kept["parents"] == ["ab" * 32]

    def test_the_digest_of_the_model_is_that_of_its_values(self, model: LogisticRegression) -> None:
        digests = {
            vitrify.inspect(data).model_digest for data in (vitrify.dumps(model), vitrify.dumps(model, X=X, y=Y))
        }
        assert len(digests) == 1

    def test_the_same_record_gives_the_same_bytes(self, model: LogisticRegression) -> None:
        assert vitrify.dumps(model, X=X, y=Y) == vitrify.dumps(model, X=X.copy(), y=Y.tolist())

    def test_a_fingerprint_does_not_depend_on_how_data_lies_in_memory(self, model: LogisticRegression) -> None:
        alike = [X, X.copy(order="F"), np.repeat(X, 2, axis=0)[::2], X.astype(">f8"), X.tolist()]
        found = {vitrify.capture(model, data, probes=None).summary.data for data in alike}
        assert len({data.fingerprint for data in found if data is not None}) == 1

    def test_any_safetensors_reader_opens_the_file(self, model: LogisticRegression, tmp_path: Path) -> None:
        vitrify.dump(model, tmp_path / "m.glass", X=X, y=Y)
        with safetensors.safe_open(tmp_path / "m.glass", "numpy") as opened:
            block = opened.get_tensor("$record").tobytes()
        assert set(vitrify.loads(block)) == {"columns", "target", "probes", "texts"}

    def test_minima_and_rows_are_kept_on_request_only(self, model: LogisticRegression) -> None:
        few, more = (
            vitrify.capture(model, X, Y, statistics=statistics, probes=probes).attached
            for statistics, probes in (("summary", "synthetic"), ("full", "sample"))
        )
        assert "minimum" not in few.columns
        assert more.columns["minimum"].tolist() == X.min(axis=0).tolist()
        rows = {tuple(row) for row in X.tolist()}
        assert not rows & {tuple(row) for row in np.asarray(few.probes["X"]).tolist()}
        assert {tuple(row) for row in np.asarray(more.probes["X"]).tolist()} <= rows

    def test_without_statistics_the_schema_is_left(self, model: LogisticRegression) -> None:
        kept = vitrify.capture(model, X, Y, statistics=None).attached
        assert "mean" not in kept.columns
        assert kept.target == {}
        data = vitrify.dumps(model, record=vitrify.capture(model, X, Y, statistics=None))
        assert vitrify.check_input(io.BytesIO(data), X) == []

    def test_whatever_predicts_is_a_model(self) -> None:
        data = vitrify.dumps(Threshold(), X=X, y=Y)
        assert told(data)["probes"]["methods"] == ["predict"]
        assert vitrify.loads(data, trust=[Threshold], verify="probes").at == 2.5

    def test_words_alone_need_no_block(self, model: LogisticRegression) -> None:
        data = vitrify.dumps(model, record=vitrify.capture(model, notes="by hand"))
        assert list(told(data)) == ["versions", "notes"]
        with open_glass_bytes(data) as opened:
            assert opened.attached() is None
            assert read_attached(opened).is_empty

    def test_the_code_is_kept_on_request(self, model: LogisticRegression) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what git says where the tests lie
            record = vitrify.capture(model, X, source=True)
        assert record.summary.source is not None
        assert record.attached.texts == {}

    def test_a_path_names_data_as_its_text(self, model: LogisticRegression) -> None:
        """Alone or with a version, which nobody opens."""
        for given, version in ((Path("a/b"), ""), ((Path("a/b"), "v2"), "v2")):
            data = vitrify.capture(model, X, Y, data=given).summary.data
            assert data is not None
            assert data.reference is not None
            assert (data.reference.uri, data.reference.version) == (str(Path("a/b")), version)

    def test_values_a_hundred_levels_deep_come_back(self, model: LogisticRegression) -> None:
        extra = nested(99)
        assert told(vitrify.dumps(model, record=vitrify.capture(model, extra=extra)))["extra"] == extra

    def test_notes_on_a_table_stay_with_the_caller(self, model: LogisticRegression) -> None:
        """`attrs` of a DataFrame are no rows."""
        frame = pd.DataFrame(X)
        frame.attrs["token"] = "hunter2"
        data = vitrify.dumps(model, record=vitrify.capture(model, frame, Y, probes="sample"))
        assert b"hunter2" not in data
        assert frame.attrs == {"token": "hunter2"}

    @pytest.mark.parametrize("probes", ["synthetic", "sample"])
    @pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC"])
    @pytest.mark.parametrize("form", ["column", "categories", "objects"])
    def test_moments_of_any_zone_are_kept(self, form: str, zone: str, probes: str) -> None:
        """Zones of the tz database as well: what was written is read again, and fits itself."""
        moments = pd.date_range("2020-03-20", periods=60, tz=zone)
        forms: dict[str, Any] = {
            "column": moments,
            "categories": pd.Categorical(moments),
            "objects": pd.Series(
                [dt.datetime(2020, 3, 1 + i % 31, tzinfo=ZoneInfo(zone)) for i in range(60)], dtype=object
            ),
        }
        frame = pd.DataFrame({"a": forms[form]})
        labels = np.arange(60) % 2
        model = DummyClassifier().fit(np.zeros((60, 1)), labels)
        model.n_features_in_ = 1
        data = vitrify.dumps(model, record=vitrify.capture(model, frame, labels, probes=probes))
        report = vitrify.verify(io.BytesIO(data), frame, labels)
        assert {finding.status for finding in report.findings} == {"pass"}
        assert vitrify.check_input(io.BytesIO(data), frame) == []
        vitrify.loads(data, verify="probes")


class TestWithoutProbes:
    @pytest.mark.parametrize(
        ("make", "rows", "options", "reason"),
        [
            (lambda: DBSCAN().fit(X), X, {}, "predict: the model has no method that gives an output for rows alone"),
            (
                lambda: LogisticRegression(max_iter=300).fit(X, Y),
                ["a", "b"] * 75,
                {},
                "predict, predict_proba, predict_log_proba, decision_function: ValueError: Expected 2D array",
            ),
            (
                lambda: DummyClassifier().fit(X, Y),
                [[uuid.UUID(int=i)] * 4 for i in range(150)],
                {"probes": "sample"},
                "X: the rows hold values that no record keeps",
            ),
            (
                lambda: DummyClassifier().fit(X, Y),
                pd.DataFrame({name: pd.period_range("2020", periods=150) for name in "abcd"}),
                {},
                "X: ValueError: no values can be made for the column 'a' of period[D]",
            ),
        ],
        ids=["no output", "texts", "identifiers", "periods"],
    )
    def test_that_nothing_can_be_replayed_is_said_once_with_the_reason(
        self, make: Any, rows: Any, options: Any, reason: str
    ) -> None:
        """At the line that captures, and again where the probes are asked for."""
        model = make()
        with pytest.warns(VitrifyWarning) as caught:
            record = vitrify.capture(model, rows, Y, **options)
        (warning,) = caught
        kind = type(model).__name__
        start = f"no probes are kept, so nothing will show that this {kind} still predicts the same: {reason}"
        assert str(warning.message).startswith(start)
        assert warning.filename == __file__
        with pytest.raises(VerificationError) as refused:
            vitrify.loads(vitrify.dumps(model, record=record), verify="probes")
        assert f"predicts what it did; when it was saved, {reason}" in refused.value.message
        assert refused.value.hint == "Load it without verify="

    @pytest.mark.parametrize(
        "save", [vitrify.dumps, lambda *args, **options: vitrify.dump(args[0], io.BytesIO(), **options)]
    )
    def test_the_warning_of_dump_is_at_the_line_that_dumps(self, save: Any) -> None:
        with pytest.warns(VitrifyWarning, match="^no probes are kept") as caught:
            save(DBSCAN().fit(X), X=X)
        assert [warning.filename for warning in caught] == [__file__]

    def test_whoever_wants_no_probes_is_not_warned(self) -> None:
        """Warnings are errors here."""
        model = DBSCAN().fit(X)
        assert vitrify.capture(model, X, probes=None).summary.probes is None
        assert vitrify.capture(model, notes="by hand").summary.probes is None


class TestBundles:
    @pytest.mark.parametrize(
        ("bundle", "path"),
        [
            (lambda m: {"model": m, "threshold": 0.4}, ["model"]),
            (lambda m: [m, "notes"], [0]),
            (lambda m: {"a": {"b": (1, m)}}, ["a", "b", 1]),
        ],
    )
    def test_a_record_is_bound_to_its_model(self, model: LogisticRegression, bundle: Any, path: list[Any]) -> None:
        record = vitrify.capture(model, X, Y)
        data = vitrify.dumps(bundle(model), record=record)
        assert told(data)["model_path"] == path
        vitrify.loads(data, verify="probes")

    def test_data_finds_the_only_model_of_a_bundle(self, model: LogisticRegression) -> None:
        assert told(vitrify.dumps({"features": ["a"], "model": model}, X=X, y=Y))["model_path"] == ["model"]

    @pytest.mark.parametrize("beside", [pd.DataFrame({"a": [1.0]}), pd.Series([1.0]), LogisticRegression, np.ones(2)])
    def test_a_table_beside_it_is_no_model(self, model: LogisticRegression, beside: Any) -> None:
        """Though pandas' have a `transform`, and a class all methods of its objects."""
        assert told(vitrify.dumps({"beside": beside, "model": model}, X=X, y=Y))["model_path"] == ["model"]

    def test_of_several_models_one_must_be_named(self, model: LogisticRegression) -> None:
        with pytest.raises(UnsupportedError, match="X= belongs to one model, and this dict holds 2") as caught:
            vitrify.dumps({"a": model, "b": LogisticRegression(max_iter=300).fit(X, Y)}, X=X)
        assert caught.value.hint == "Give record=vitrify.capture(model, X, y), which says to which"

    def test_a_model_that_lies_too_deep_is_not_found(self, model: LogisticRegression) -> None:
        deep: Any = model
        for _ in range(10):
            deep = [deep]
        with pytest.raises(UnsupportedError) as caught:
            vitrify.dumps(deep, record=vitrify.capture(model, X, Y))
        message = "the LogisticRegression of the record lies 10 levels deep, and a record names at most 8"
        assert (caught.value.message, caught.value.hint) == (message, "Save it nearer to the root")

    @pytest.mark.parametrize(
        ("key", "shown"),
        [
            (np.int64(1), "int64 (np.int64(1))"), (True, "bool (True)"), (1.5, "float (1.5)"),
            (("a", 1), "tuple (('a', 1))"), ("\ud800", "str ('\\ud800')"),
        ],
    )  # fmt: skip
    def test_a_key_that_no_record_can_name_is_told(self, model: LogisticRegression, key: Any, shown: str) -> None:
        """It is the same model, so its capture is not at fault."""
        for options in ({"record": vitrify.capture(model, X, Y)}, {"X": X, "y": Y}):
            with pytest.raises(UnsupportedError) as caught:
                vitrify.dumps({key: model}, **options)
            message = f"the LogisticRegression of the record lies under a key of type {shown}, which no record can name"
            assert (caught.value.message, caught.value.hint) == (message, "Use a text as the key")

    def test_a_bundle_that_holds_itself_is_searched_once(self, model: LogisticRegression) -> None:
        """The model is found behind a strange key, and another one not at all."""
        bundle: dict[Any, Any] = {1.5: [model]}
        bundle["self"] = bundle
        with pytest.raises(UnsupportedError, match=r"lies under a key of type float \(1\.5\)"):
            vitrify.dumps(bundle, record=vitrify.capture(model, X, Y))
        with pytest.raises(UnsupportedError, match=r"^record= was captured from another"):
            vitrify.dumps(bundle, record=vitrify.capture(LogisticRegression(max_iter=300).fit(X, Y), X, Y))

    def test_the_record_of_another_model_is_refused(self, model: LogisticRegression) -> None:
        record = vitrify.capture(LogisticRegression(max_iter=300).fit(X, Y), X, Y)
        with pytest.raises(UnsupportedError, match=r"^record= was captured from another LogisticRegression"):
            vitrify.dumps(model, record=record)


class TestRefusals:
    @pytest.mark.parametrize(
        ("arguments", "options", "kind", "message"),
        [
            ((X[:0], Y[:0]), {}, UnsupportedError, "X has no rows"),
            ((X, Y[:9]), {}, UnsupportedError, "X has 150 rows and y 9"),
            ((None, Y), {}, TypeError, "y= was given without X="),
            ((object(), None), {}, UnsupportedError, "X is an object, which is no table that vitrify reads"),
            ((X, Y), {"probes": "many"}, ValueError, "probes= is 'synthetic', 'sample' or None, got 'many'"),
            ((X, Y), {"statistics": True}, ValueError, "statistics= is 'summary', 'full' or None, got True"),
            ((X, Y), {"scoring": "accuracy"}, TypeError, "scoring"),
            ((), {"data": "s3://x"}, TypeError, "data= says where X can be had again: give X, too"),
        ],
    )
    def test_what_makes_no_record(
        self, model: LogisticRegression, arguments: Any, options: Any, kind: type[Exception], message: str
    ) -> None:
        with pytest.raises(kind) as caught:
            vitrify.capture(model, *arguments, **options)
        assert message in str(caught.value)

    def test_a_model_must_be_fitted(self) -> None:
        with pytest.raises(UnsupportedError, match="this LogisticRegression is not fitted") as caught:
            vitrify.capture(LogisticRegression(), X, Y)
        assert caught.value.hint == "Fit it first"

    @pytest.mark.parametrize("probes", ["synthetic", None])
    def test_an_estimator_says_itself_whether_it_is_fitted(self, probes: str | None) -> None:
        """As scikit-learn asks it."""
        with pytest.raises(UnsupportedError) as caught:
            vitrify.capture(Learner(), X, Y, probes=probes)
        assert caught.value.message == "this Learner is not fitted: there is nothing to capture"
        assert caught.value.hint == "Fit it first"
        assert vitrify.capture(Learner().fit(X, Y), X, Y).summary.probes is not None

    def test_whose_every_output_fails_for_want_of_a_fit_is_not_fitted(self) -> None:
        """Whatever library it comes from, and whichever subclass of the error it raises."""
        with pytest.raises(UnsupportedError) as caught:
            vitrify.dumps(Unfitted(), X=X, y=Y)
        assert caught.value.message == "this Unfitted is not fitted: there is nothing to capture"
        assert caught.value.hint == "Fit it first"

    @pytest.mark.parametrize(
        ("value", "message", "hint"),
        [
            (None, "this NoneType is no model", "Give the fitted model"),
            ("m", "this str is no model", "Give the fitted model"),
            (
                {"names": ["a"], "model": LogisticRegression(max_iter=300).fit(X, Y)},
                "this dict is no model",
                "Give vitrify.capture(bundle['model'], …), and the whole dict to dump",
            ),
            (
                [1, LogisticRegression(max_iter=300).fit(X, Y)],
                "this list is no model",
                "Give vitrify.capture(bundle[1], …), and the whole list to dump",
            ),
            ({}, "this dict is no model", "Give vitrify.capture(model, …), and the whole dict to dump"),
        ],
    )
    def test_what_neither_learns_nor_answers_is_no_model(self, value: Any, message: str, hint: str) -> None:
        for arguments in ((X, Y), ()):
            with pytest.raises(UnsupportedError) as caught:
                vitrify.capture(value, *arguments)
            assert caught.value.message == f"{message}: it has neither fit nor a method that gives outputs"
            assert caught.value.hint == hint

    def test_a_class_is_no_model(self) -> None:
        with pytest.raises(UnsupportedError) as caught:
            vitrify.capture(LogisticRegression, X, Y)
        assert caught.value.message == "LogisticRegression is a class, not a model"
        assert caught.value.hint == "Make one, as with LogisticRegression(), and fit it"

    @pytest.mark.parametrize("record", [{"a": 1}, "r"])
    def test_only_capture_makes_records(self, model: LogisticRegression, record: Any) -> None:
        """Also the summary of one is none."""
        for given in (record, vitrify.capture(model, X, Y).summary):
            with pytest.raises(TypeError) as caught:
                vitrify.dumps(model, record=given)
            kind = type(given).__name__
            assert str(caught.value) == f"record= is what vitrify.capture(model, X, y) returns, got a {kind}"

    @pytest.mark.parametrize(
        ("data", "got"),
        [
            (("a", "b", "c"), "a tuple of str, str, str"), (["a"], "a list of str"), (5, "an int"),
            ((5, "v1"), "a tuple of int, str"), ((), "a tuple of nothing"), (b"a/b", "a bytes"),
        ],
    )  # fmt: skip
    def test_what_names_no_data_is_refused(self, model: LogisticRegression, data: Any, got: str) -> None:
        with pytest.raises(TypeError) as caught:
            vitrify.capture(model, X, Y, data=data)
        assert str(caught.value) == f"data= is a URI or a path, or a pair of that and its version, got {got}"

    @pytest.mark.parametrize("data", ["", ("", "v1")])
    def test_data_at_no_place_is_refused(self, model: LogisticRegression, data: Any) -> None:
        with pytest.raises(UnsupportedError) as caught:
            vitrify.capture(model, X, Y, data=data)
        assert caught.value.message == "data is an empty text"
        assert caught.value.hint == "Give a URI or a path, or leave it out"

    def test_a_record_that_no_reader_would_take_is_not_written(self, model: LogisticRegression, tmp_path: Path) -> None:
        """It stands in the header, whose size the format bounds (SPEC.md 8.1)."""
        path = tmp_path / "m.glass"
        with pytest.raises(
            UnsupportedError, match=r"^the header would have 1\d{8} bytes, most of them the record"
        ) as caught:
            vitrify.dump(model, path, record=vitrify.capture(model, notes="n" * 100_000_000))
        assert caught.value.hint == "Put long notes= and extra= elsewhere, and name the place"
        assert not path.exists()

    def test_probes_that_no_record_has_are_not_written(self) -> None:
        """A reader would refuse them."""
        for value in (LogisticRegression(), np.random.RandomState(0), Own):
            with pytest.raises(
                UnsupportedError, match=r"^the data or its outputs hold .*, which no record has"
            ) as caught:
                write_attached(Attached(probes={"X": value}))
            assert caught.value.hint is not None
            assert "probes=None" in caught.value.hint

    def test_a_record_is_given_once(self, model: LogisticRegression) -> None:
        with pytest.raises(TypeError, match="X= and y= are short for record="):
            vitrify.dumps(model, X=X, record=vitrify.capture(model, X, Y))

    def test_after_a_refusal_the_old_file_is_there(self, model: LogisticRegression, tmp_path: Path) -> None:
        path = tmp_path / "m.glass"
        vitrify.dump(model, path)
        before = path.read_bytes()
        with pytest.raises(UnsupportedError, match="X has 3 rows and y 150"):
            vitrify.dump(model, path, X=X[:3], y=Y)
        assert path.read_bytes() == before
        assert list(tmp_path.iterdir()) == [path]


class TestFilesOfOthers:
    def test_a_flipped_bit_in_the_record_is_an_error_though_nobody_asked_for_it(
        self, model: LogisticRegression
    ) -> None:
        data = bytearray(vitrify.dumps(model, X=X, y=Y))
        data[-100] ^= 1
        with pytest.raises(IntegrityError, match="block '\\$record' does not match its digest"):
            vitrify.loads(bytes(data))

    @pytest.mark.parametrize("content", [[], {"columns": {}}, {"columns": 1, "target": {}, "probes": {}, "texts": {}}])
    def test_the_block_of_a_record_is_closed(self, model: LogisticRegression, content: Any) -> None:
        with (
            open_glass_bytes(with_attached(model, bare(content))) as opened,
            pytest.raises(FormatError, match="the block of the record is not what SPEC"),
        ):
            read_attached(opened)

    def test_nothing_in_it_is_ever_trusted(self, model: LogisticRegression) -> None:
        own = bare({"columns": {"x": Own}, "target": {}, "probes": {}, "texts": {}})
        with (
            open_glass_bytes(with_attached(model, own)) as opened,
            pytest.raises(FormatError, match="the record needs names that no record has"),
        ):
            read_attached(opened)

    @pytest.mark.parametrize("value", [LogisticRegression(), np.random.RandomState(0)])
    def test_what_no_record_has_is_not_built(self, model: LogisticRegression, value: Any) -> None:
        other = bare({"columns": {"x": value}, "target": {}, "probes": {}, "texts": {}})
        with (
            open_glass_bytes(with_attached(model, other)) as opened,
            pytest.raises(FormatError, match="the record needs types that no record has"),
        ):
            read_attached(opened)

    def test_it_has_no_record_of_its_own(self, model: LogisticRegression) -> None:
        block = vitrify.dumps({"columns": {}, "target": {}, "probes": {}, "texts": {}})
        with (
            open_glass_bytes(with_attached(model, block)) as opened,
            pytest.raises(FormatError, match="the block of the record has a record of its own"),
        ):
            read_attached(opened)

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (X[:, :2], "X has 2 columns, and this LogisticRegression was fitted on 4"),
            (sparse.csr_array(np.hstack([X, X])), "X has 8 columns, and this LogisticRegression was fitted on 4"),
            (pd.DataFrame(X)[[0]], "X has 1 columns, and this LogisticRegression was fitted on 4"),
        ],
    )
    def test_data_of_another_width_is_refused(self, model: LogisticRegression, data: Any, message: str) -> None:
        """Its outputs could not be kept, and the record would be about other data."""
        with pytest.raises(UnsupportedError) as caught:
            vitrify.dumps(model, X=data, y=Y)
        assert caught.value.message == message
        assert caught.value.hint == "Give the X that it was fitted on"

    def test_other_names_are_refused(self) -> None:
        """Also the same in another order; an array has none."""
        frame = pd.DataFrame(X, columns=list("abcd"))
        model = LogisticRegression(max_iter=300).fit(frame, Y)
        vitrify.capture(model, frame.to_numpy(), Y)
        for other, at in ((frame[list("abdc")], 2), (frame.rename(columns={"d": "D"}), 3)):
            was, now = "abcd"[at], other.columns[at]
            message = f"column {at} of X is '{now}', and this LogisticRegression was fitted on '{was}' there"
            with pytest.raises(UnsupportedError) as caught:
                vitrify.capture(model, other, Y)
            assert caught.value.message == message

    @pytest.mark.parametrize(
        ("stated", "message"),
        [
            ({"parents": ["AB" * 32]}, f"parents[0] is '{'AB' * 30}…', not 64 hexadecimal digits"),
            ({"extra": {"a": [np.float64(1)]}}, "extra['a'][0] is a float64, which JSON does not have"),
            ({"extra": {"a": float("nan")}}, "extra['a'] is nan, which JSON does not have"),
            ({"extra": {1: "x"}}, "a key of extra is an int, not a text"),
            ({"extra": []}, "extra is a list, not a dict"),
            ({"notes": "\ud800"}, "notes holds half of a character (a lone surrogate)"),
            ({"authors": [1]}, "authors[0] is an int, not a text"),
            ({"extra": {"a": {"b": {1, 2}}}}, "extra['a']['b'] is a set, which JSON does not have"),
            ({"extra": nested(600)}, "extra holds values deeper than 100 levels"),
            ({"extra": {"a": [nested(100)]}}, "extra holds values deeper than 100 levels"),
            ({"authors": 5}, "authors is an int, not a list of texts"),
            ({"parents": None}, "parents is a NoneType, not a list of texts"),
        ],
    )
    def test_what_no_record_can_say_is_refused_with_its_place(
        self, model: LogisticRegression, stated: Any, message: str
    ) -> None:
        with pytest.raises(UnsupportedError) as caught:
            vitrify.capture(model, **stated)
        assert caught.value.message == message


class Learner(BaseEstimator):
    """An estimator of the caller's, which knows whether it is fitted."""

    def fit(self, rows: Any, _: Any) -> Learner:
        self.width_ = np.asarray(rows).shape[1]
        return self

    def predict(self, rows: Any) -> Any:
        return np.zeros(len(rows))

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "width_")


class StillNotFittedError(NotFittedError):
    """What a library of the caller's raises."""


class Unfitted:
    """A model that finds out when it is asked."""

    def predict(self, rows: Any) -> Any:
        raise StillNotFittedError("call fit")

    def transform(self, rows: Any) -> Any:
        raise NotFittedError("call fit")


class Own:
    """A class of the caller's."""


class Threshold:
    """A model of the caller's."""

    def __init__(self) -> None:
        self.at = 2.5

    def predict(self, rows: Any) -> Any:
        return np.asarray(rows)[:, 0] > self.at


def bare(value: Any) -> bytes:
    """The file of a value that says nothing of where it comes from."""
    return with_attached(value, None)


def with_attached(model: Any, block: bytes | None) -> bytes:
    """The file of a model whose record brings these bytes."""
    from vitrify.container.writer import plan
    from vitrify.converters import default_registry
    from vitrify.graph.encode import encode

    encoded = encode(model, default_registry())
    prepared = plan(
        encoded.pieces,
        cells=encoded.cells,
        graph=encoded.graph,
        record='{"versions":{}}',
        effort=0,
        attached=block,
    )
    return b"".join(prepared.buffers())
