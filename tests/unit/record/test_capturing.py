"""What `capture` keeps, where it finds the model again, and what it refuses."""

from __future__ import annotations

import io
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import safetensors
from scipy import sparse
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

import vitrify
from vitrify.container.reader import open_glass_bytes
from vitrify.errors import FormatError, IntegrityError, UnsupportedError
from vitrify.record.attached import read_attached

X, Y = load_iris(return_X_y=True)


@pytest.fixture(scope="module")
def model() -> LogisticRegression:
    return LogisticRegression(max_iter=300).fit(X, Y)


def told(data: bytes) -> dict[str, Any]:
    """The record as any reader of safetensors sees it."""
    length = int.from_bytes(data[:8], "little")
    record: dict[str, Any] = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["record"])
    return record


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
        with pytest.raises(UnsupportedError, match=r"^record= was captured from another"):
            vitrify.dumps(deep, record=vitrify.capture(model, X, Y))

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
            ((object(), None), {}, UnsupportedError, "X is a object, which is no table that vitrify reads"),
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

    def test_a_record_is_given_once(self, model: LogisticRegression) -> None:
        with pytest.raises(TypeError, match="X= and y= are short for record="):
            vitrify.dumps(model, X=X, record=vitrify.capture(model, X, Y))

    def test_after_a_refusal_the_old_file_is_there(self, model: LogisticRegression, tmp_path: Path) -> None:
        path = tmp_path / "m.glass"
        vitrify.dump(model, path)
        before = path.read_bytes()
        with pytest.raises(UnsupportedError):
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
            ({"extra": {1: "x"}}, "a key of extra is a int, not a text"),
            ({"extra": []}, "extra is a list, not a dict"),
            ({"notes": "\ud800"}, "notes holds half of a character (a lone surrogate)"),
            ({"authors": [1]}, "authors[0] is a int, not a text"),
            ({"extra": {"a": {"b": {1, 2}}}}, "extra['a']['b'] is a set, which JSON does not have"),
        ],
    )
    def test_what_no_record_can_say_is_refused_with_its_place(
        self, model: LogisticRegression, stated: Any, message: str
    ) -> None:
        with pytest.raises(UnsupportedError) as caught:
            vitrify.capture(model, **stated)
        assert caught.value.message == message


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
