"""Outputs are equal to the bit, close within a stated tolerance, or different; labels count where scores decide."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression

from vitrify.errors import FormatError
from vitrify.record.data.tables import read_table
from vitrify.record.probing.probes import Outcome, make_probes, replay

ROWS = np.random.RandomState(0).normal(size=(50, 2))
EPS = float(np.finfo(float).eps)
NAN = float("nan")


class Saying:
    """A model that gives one fixed output for each method."""

    def __init__(self, **outputs: Any) -> None:
        for name, output in outputs.items():
            setattr(self, name, lambda X, output=output: output)


def outcomes(stored: dict[str, Any], found: dict[str, Any], **tolerance: float) -> dict[str, Outcome]:
    """What comes of outputs when others are found."""
    return {one.method: one for one in replay(Saying(**found), {"X": ROWS, "outputs": stored}, **tolerance)}


def outcome(stored: Any, found: Any, **tolerance: float) -> Outcome:
    """The same for an output of values."""
    return outcomes({"transform": stored}, {"transform": found}, **tolerance)["transform"]


FLOATS = np.array([[1.0, 2.0], [-3.0, NAN], [0.0, np.inf]])
FRAME = pd.DataFrame({"a": [1.0, NAN], "b": ["x", None], "c": pd.Categorical(["u", "v"])}, index=[5, 6])
OBJECTS = np.array(["a", 1.5, None, NAN, 3], object)


class TestEqual:
    @pytest.mark.parametrize(
        "value",
        [
            FLOATS, FLOATS.astype("f4"), FLOATS + 1j, FLOATS.astype("g"), np.arange(3), np.array(["a", "b"]), OBJECTS,
            np.array(["2020", "NaT"], "M8[s]"), sp.csr_matrix(np.eye(3)), sp.csc_array(np.eye(3)), FRAME, FRAME["b"],
            [FLOATS, (FLOATS, 1)], {"a": FLOATS}, 1.5, 2**70, None, "text", np.empty((0, 3)), [],
            dt.date(2020, 1, 1),            np.array([np.arange(2), np.arange(3)], object),
        ],
    )  # fmt: skip
    def test_the_same_bits_are_equal(self, value: Any) -> None:
        """NaN equals NaN, whatever holds it."""
        copy = value.copy() if hasattr(value, "copy") else value
        assert outcome(value, copy) == Outcome(method="transform", status="equal", message="equal bit for bit")

    def test_a_nan_of_other_bits_is_still_a_nan(self) -> None:
        """Its sign means nothing."""
        assert outcome(np.array([NAN]), np.array([-NAN])).status == "equal"


class TestClose:
    @pytest.mark.parametrize(
        ("stored", "found", "n", "largest", "where"),
        [
            (np.array([[1.0, 2.0]]), np.array([[1.0, 2.0 + 2 * EPS]]), 1, 2 * EPS, (0, 1)),
            (np.array([1.0, 4.0]), np.array([1.0 + 1e-7, 4.0 + 4e-7]), 2, 4e-7, (1,)),
            (np.array([0.0]), np.array([-0.0]), 1, 0.0, (0,)),
            (np.array([0.0]), np.array([9e-10]), 1, 9e-10, (0,)),
            (np.array([1e9, 0.0]), np.array([1e9, 3e-6]), 1, 3e-6, (1,)),
            (np.array([1.0], "f4"), np.array([1.0 + 8 * 2.0**-23], "f4"), 1, 2.0**-20, (0,)),
            (np.array([1.0 + 1j]), np.array([1.0 + 1.0000001j]), 1, 1e-7, (0,)),
            ([np.ones(2), np.ones(2)], [np.ones(2), np.array([1.0, 1.0 + 1e-9])], 1, 1e-9, (1,)),
            (np.array([1.5, "a"], object), np.array([1.5 + 1e-9, "a"], object), 1, 1e-9, (0,)),
            (sp.csr_matrix(np.eye(3)), sp.csr_matrix(np.eye(3) * (1 + 1e-9)), 3, 1e-9, (0, 0)),
        ],
    )
    def test_within_the_tolerance(self, stored: Any, found: Any, n: int, largest: float, where: Any) -> None:
        """How many differ, by how much, where, and what was allowed."""
        one = outcome(stored, found)
        assert (one.status, one.n_different, one.where) == ("close", n, where)
        assert one.largest == pytest.approx(largest, rel=1e-3)
        assert one.message.endswith("within rtol=1e-06, atol=1e-09")

    @pytest.mark.parametrize(
        ("stored", "found", "message"),
        [
            (np.ones(2, "f4"), np.ones(2), "dtype float64, was float32"),
            (np.arange(2), np.arange(2, dtype="i4"), "dtype int32, was int64"),
            (np.array([True]), np.array([1]), "dtype int64, was bool"),
            (np.array(["a"]), np.array(["a"], object), "dtype object, was <U1"),
            (sp.csr_matrix(np.eye(2)), sp.csc_array(np.eye(2)), "a csc_array, was a csr_matrix"),
            (FRAME.astype({"b": object}), FRAME.astype({"b": "string"}), "column b: dtype string, was object"),
            (FRAME["c"], FRAME["c"].astype(object), "dtype object, was category"),
            (FRAME["a"].astype("f4"), FRAME["a"], "dtype float64, was float32"),
        ],
    )
    def test_the_same_values_in_another_form(self, stored: Any, found: Any, message: str) -> None:
        """A wider dtype, another width of integers, another format."""
        one = outcome(stored, found)
        assert (one.status, one.message) == ("close", message)

    def test_a_wider_dtype_may_also_round(self) -> None:
        """Both are told."""
        one = outcome(np.array([0.1], "f4"), np.array([0.1]))
        assert one.status == "close"
        assert one.message.startswith("dtype float64, was float32; 1 of 1 values differ, by at most 1.49e-09 at [0]")


class TestDifferent:
    @pytest.mark.parametrize(
        ("stored", "found", "n", "largest", "where", "message"),
        [
            (np.array([[1.0, 2.0]]), np.array([[1.5, 5.0]]), 2, 3.0, (0, 1),
             "2 of 2 values differ by more than rtol=1e-06, atol=1e-09, most at [0, 1]: 5.0, was 2.0"),
            (np.array([1.0, 2.0]), np.array([NAN, 2.0]), 1, None, (0,),
             "1 of 2 values differ by more than rtol=1e-06, atol=1e-09, most at [0]: nan, was 1.0"),
            (np.array([1, 2]), np.array([1, 4]), 1, 2.0, (1,), "1 of 2 values differ, at [1] 4, was 2"),
            (np.array([1, 2]), np.array([1, 2.5]), 1, 0.5, (1,), "1 of 2 values differ, at [1] 2.5, was 2"),
            (np.array(["a", "b"]), np.array(["a", "c"]), 1, None, (1,), "at [1]: is 'c', was 'b'"),
            (np.array([None, 2**70, 1], object), np.array([NAN, 2**71, 1], object), 2, None, (0,),
             "at [0]: gives a float, was a NoneType"),
            (np.array([np.ones(1), np.ones(2)], object), np.array([np.ones(1), np.ones(3)], object), 1, None, (1,),
             "at [1]: gives the shape (3,), was (2,)"),
            (np.array(["2020"], "M8[Y]"), np.array(["2021"], "M8[Y]"), 1, None, (0,),
             "1 of 1 values differ, at [0] datetime.date(2021, 1, 1), was datetime.date(2020, 1, 1)"),
            (np.array([1j]), np.array([3 + 1j]), 1, 3.0, (0,),
             "1 of 1 values differ by more than rtol=1e-06, atol=1e-09, most at [0]: 3.0, was 0.0"),
            (np.ones(2), np.ones(3), 0, None, None, "gives the shape (3,), was (2,)"),
            (np.ones(2), np.ones(2, "f4"), 0, None, None, "dtype float32, was float64"),
            (np.array(["2020"], "M8[Y]"), np.array([1]), 0, None, None, "dtype int64, was datetime64[Y]"),
            (np.ones(2), sp.csr_matrix(np.ones(2)), 0, None, None, "gives a csr_matrix, was a ndarray"),
            (sp.csr_matrix(np.eye(2)), sp.csr_matrix(np.eye(3)), 0, None, None, "gives the shape (3, 3), was (2, 2)"),
            (sp.csr_matrix(np.eye(2)), sp.csc_matrix(np.eye(2)[:, ::-1]), 4, 1.0, (0, 0),
             "4 of 4 values differ by more than rtol=1e-06, atol=1e-09, most at [0, 0]: 0.0, was 1.0"),
            ([1.0, 2.0], [1.0], 0, None, None, "gives 1 items, were 2"),
            ((1.0, 2.0), (1.0, 3.0), 1, 1.0, (),
             "item 1: 1 of 1 values differ by more than rtol=1e-06, atol=1e-09, most at []: 3.0, was 2.0"),
            ({"a": 1}, {"b": 1}, 0, None, None, "gives the keys ['b'], were ['a']"),
            ("old", "new", 1, None, None, "is 'new', was 'old'"),
            (FRAME, FRAME.iloc[:1], 0, None, None, "gives the shape (1, 3), was (2, 3)"),
            (FRAME, FRAME.rename(columns={"a": "z"}), 0, None, None,
             "gives the columns ['z', 'b', 'c'], was ['a', 'b', 'c']"),
            (FRAME, FRAME.reset_index(drop=True), 0, None, None, "gives the index [0, 1], was [5, 6]"),
            (FRAME, FRAME.assign(b=["x", "y"]), 1, None, (1, 1), "column b: at [1]: is 'y', was None"),
            (FRAME["a"], FRAME["a"] + 1.0, 1, 1.0, (0,),
             "1 of 2 values differ by more than rtol=1e-06, atol=1e-09, most at [0]: 2.0, was 1.0"),
            (FRAME["a"], FRAME["a"].rename("z"), 0, None, None, "gives the name 'z', was 'a'"),
        ],
    )  # fmt: skip
    def test_what_differs_is_told(
        self, stored: Any, found: Any, n: int, largest: float | None, where: Any, message: str
    ) -> None:
        """How many values, the largest difference, its place, both values."""
        assert outcome(stored, found) == Outcome(
            method="transform", status="different", n_different=n, largest=largest, where=where, message=message
        )

    def test_the_tolerance_is_the_callers(self) -> None:
        """It may be wider or narrower than the default, but not narrower than the dtype."""
        assert outcome(np.ones(1), np.full(1, 1.01), rtol=0.1).status == "close"
        assert outcome(np.ones(1), np.full(1, 1.01), atol=0.1).status == "close"
        assert outcome(np.ones(1), np.full(1, 1 + 1e-12), rtol=0.0, atol=0.0).status == "different"
        assert outcome(np.ones(1), np.full(1, 1 + EPS), rtol=0.0, atol=0.0).status == "close"


class TestLabels:
    @pytest.mark.parametrize(
        ("labels", "found", "scores", "status"),
        [
            (np.array(["a", "b"]), np.array(["b", "b"]), {"decision_function": np.array([1e-10, 1.0])}, "close"),
            (np.array(["a", "b"]), np.array(["a", "a"]), {"decision_function": np.array([1e-10, 1.0])}, "different"),
            (np.array(["a", "b"]), np.array(["bb", "b"]), {"decision_function": np.array([1e-10, 1.0])}, "close"),
            (np.array([0, 1]), np.array([1, 1]), {"predict_proba": np.array([[0.5, 0.5], [0.1, 0.9]])}, "close"),
            (np.array([0, 1]), np.array([0, 0]), {"predict_proba": np.array([[0.5, 0.5], [0.1, 0.9]])}, "different"),
            (np.array([0, 1]), np.array([1, 1]), {"predict_proba": np.array([[1.0], [1.0]])}, "different"),
            (np.array([0, 1]), np.array([2, 1]), {"decision_function": np.array([[3, 0.0, 1], [1, 2, 3]])}, "close"),
            (np.array([0, 1]), np.array([1, 1]), {"decision_function": np.ones(3)}, "different"),
            (np.array([0, 1]), np.array([1, 1]), {"decision_function": np.ones((2, 2, 2))}, "different"),
            (np.array([0, 1]), np.array([1, 1]), {"decision_function": "forged"}, "different"),
            (np.array([[0, 1]]), np.array([[1, 1]]), {"decision_function": np.array([[0.0, 9.0]])}, "close"),
            (np.array([[0, 1]]), np.array([[1, 1]]), {"predict_proba": np.array([[0.5, 0.9]])}, "close"),
            (np.array([[0, 1]]), np.array([[1, 1]]), {"predict_proba": np.array([[0.0, 0.9]])}, "different"),
            (np.array([["a", 1]], object), np.array([["b", 1]], object),
             {"predict_proba": [np.array([[0.5, 0.5]]), np.array([[0.1, 0.9]])]}, "close"),
            (np.array([[0, 1]]), np.array([[1, 1]]), {"predict_proba": [np.array([[0.5, 0.5]]), "x"]}, "different"),
            (np.array([0, 1]), np.array([1, 1]), {}, "different"),
            (np.array([0, 1]), np.array([0, 1, 1]), {"decision_function": np.zeros(2)}, "different"),
            (np.array([0, 1]), ["a", "b"], {"decision_function": np.zeros(2)}, "different"),
        ],
    )  # fmt: skip
    def test_labels_count_where_the_stored_scores_decide(
        self, labels: Any, found: Any, scores: Any, status: str
    ) -> None:
        """Binary, multiclass, one against one, multilabel, several outputs."""
        one = outcomes({"predict": labels} | scores, {"predict": found} | scores)["predict"]
        assert one.status == status
        if status == "close":
            assert one.n_different == 1
            assert one.message == (
                f"1 of {labels.size} labels differ, all where the two best scores are within rtol=1e-06, atol=1e-09 "
                "of each other"
            )

    def test_both_scores_may_show_a_tie(self) -> None:
        """Some models decide by one of them, some by the other."""
        scores = {"decision_function": np.array([0.0, 2.0]), "predict_proba": np.array([[0.4, 0.6], [0.5, 0.5]])}
        assert (
            outcomes({"predict": np.array([0, 1])} | scores, {"predict": np.array([1, 0])})["predict"].status == "close"
        )


class TestReplay:
    def test_methods_that_are_gone_or_raise_are_told(self) -> None:
        """The others are still compared."""

        class Changed:
            def predict(self, X: Any) -> Any:
                raise KeyError("column")

            def transform(self, X: Any) -> Any:
                return X

        probes = {"X": ROWS, "outputs": {"predict": ROWS, "apply": ROWS, "transform": ROWS}}
        assert replay(Changed(), probes) == [
            Outcome(method="predict", status="raised", message="KeyError: 'column'"),
            Outcome(method="apply", status="missing", message="the model has no such method"),
            Outcome(method="transform", status="equal", message="equal bit for bit"),
        ]

    def test_no_other_method_is_called_whatever_the_probes_say(self) -> None:
        """A forged record names what it likes."""

        class Trap:
            def fit(self, X: Any) -> Any:
                raise AssertionError("called")

            delete = __call__ = fit

        names = ("fit", "delete", "__call__", "__class__", "__init__", "predict.__globals__")
        found = replay(Trap(), {"X": ROWS, "outputs": dict.fromkeys(names, 1)})
        assert {one.status for one in found} == {"missing"}

    @pytest.mark.parametrize(
        ("probes", "message"),
        [
            ({"X": ROWS}, "the probes of the record are not rows with outputs"),
            ({"X": ROWS, "outputs": []}, "the probes of the record are not rows with outputs"),
            ({"X": ROWS, "outputs": {1: 2}}, "the probes of the record are not rows with outputs"),
            ({"X": ROWS, "outputs": {}, "more": 1}, "the probes of the record are not rows with outputs"),
            ({"X": ROWS, "outputs": {}}, "the probes of the record are not rows with outputs"),
            ({"X": "abc", "outputs": {"predict": [1]}}, "the probes of the record have no rows of input"),
            (
                {"X": ["a"] * 10_001, "outputs": {"predict": [1]}},
                r"the probes of the record are rows of the shape \(10001,\), more than are replayed",
            ),
            (
                {"X": np.broadcast_to(0.0, (2, 1 << 26 | 1)), "outputs": {"predict": [1]}},
                r"the probes of the record are rows of the shape \(2, 67108865\), more than are replayed",
            ),
        ],
    )
    def test_forged_probes_are_refused(self, probes: dict[str, Any], message: str) -> None:
        """Before anything is asked."""
        with pytest.raises(FormatError, match=message):
            replay(Saying(predict=1), probes)

    def test_without_probes_nothing_comes_of_it(self) -> None:
        """Whoever asks says what that means."""
        assert replay(Saying(predict=1), {}) == []

    def test_a_model_with_one_coefficient_changed_is_found(self) -> None:
        """Where it shows most, and by how much."""
        model = LogisticRegression().fit(ROWS, ROWS[:, 0] > 0)
        probes = make_probes(model, read_table(ROWS))[1]
        model.coef_[0, 1] += 0.5
        gap = np.abs(probes["X"][:, 1]) * 0.5
        found = {one.method: one for one in replay(model, probes)}["decision_function"]
        assert found.status == "different"
        assert found.largest == pytest.approx(gap.max())
        assert found.where == (int(gap.argmax()),)
        assert found.n_different == np.count_nonzero(gap > 1e-5)
