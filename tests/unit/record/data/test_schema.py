"""What does not fit a model is told at once, in sentences that say what to do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from vitrify.errors import FormatError, UnsupportedError
from vitrify.record.data.fingerprint import fingerprint
from vitrify.record.data.schema import Misfit, Schema, misfits, schema_part
from vitrify.record.data.statistics import column_statistics
from vitrify.record.data.tables import read_table
from vitrify.record.summary import Data


def described(X: Any) -> tuple[dict[str, Any], Data]:
    """What a record keeps of X."""
    table = read_table(X)
    data = Data(form=table.form, n_rows=table.n_rows, n_columns=table.n_columns, fingerprint=fingerprint(table))
    return column_statistics(table), data


def of(trained_on: Any, X: Any) -> list[Misfit]:
    return misfits(Schema.of(*described(trained_on)), read_table(X))


def told(trained_on: Any, X: Any) -> list[tuple[str, str, str]]:
    """Column, problem and severity of each misfit."""
    return [(misfit.column, misfit.problem, misfit.severity) for misfit in of(trained_on, X)]


FRAME = pd.DataFrame(
    {
        "age": [31.0, 42.0, 53.0],
        "city": pd.Categorical(["Ulm", "Bonn", "Ulm"]),
        "note": ["x", "y", None],
        "since": pd.to_datetime(["2020-01-01", "2020-02-01", "2020-03-01"]),
        "paid": [True, False, True],
    }
)


def of_categories(frame: pd.DataFrame) -> pd.DataFrame:
    """The same values in a categorical column."""
    return pd.DataFrame({"a": pd.Categorical(frame["a"])})


ARRAY = np.arange(12.0).reshape(4, 3)
SPARSE = sp.csr_array(ARRAY)
TEXTS = ["a b", "c"]
MOMENTS = pd.DataFrame({"a": pd.date_range("2020-01-01 12:30", periods=3)})
ZONED = pd.DataFrame({"a": pd.date_range("2020-03-28", periods=3, tz="Europe/Berlin")})
SPANS = pd.DataFrame({"a": pd.to_timedelta([90, -1, 10**6], "s")})
RECORDS: list[dict[Any, Any]] = [{"n": 1, "t": "a"}, {"n": 2.5}]


class TestFits:
    @pytest.mark.parametrize(
        ("trained_on", "X"),
        [
            (FRAME, FRAME), (FRAME, FRAME.iloc[:1]), (ARRAY, ARRAY), (ARRAY, ARRAY[:1].astype(int)), (ARRAY, ARRAY > 3),
            (ARRAY, ARRAY.tolist()), (SPARSE, SPARSE), (SPARSE, SPARSE.tocsc()),
            (TEXTS, TEXTS), (TEXTS, pd.Series(["z"])), (RECORDS, RECORDS), (RECORDS, [{"n": np.int8(4)}]),
            (FRAME, FRAME.assign(age=[1, 2, 3], note=[None, "p", "q"])),
            (FRAME, FRAME.assign(city=FRAME["city"].cat.add_categories("Kiel"))),
            (ARRAY * 1j, ARRAY), (np.array([["a", 1]], object), np.array([["b", 2.5]], object)),
            (pd.DataFrame([[1, 2]], columns=["a", "a"]), pd.DataFrame([[1, 2]], columns=["a", "a"])),
            (RECORDS, [{"n": None}]),
            (MOMENTS, MOMENTS), (MOMENTS.astype("M8[s]"), MOMENTS.astype("M8[s]")),
            (of_categories(MOMENTS), of_categories(MOMENTS)),
            (of_categories(ZONED), of_categories(ZONED)), (of_categories(SPANS), of_categories(SPANS)),
        ],
    )  # fmt: skip
    def test_what_fits_has_no_misfit(self, trained_on: Any, X: Any) -> None:
        """Numbers are numbers, and fewer categories are no others."""
        assert of(trained_on, X) == []


class TestMisfits:
    @pytest.mark.parametrize(
        ("X", "expected"),
        [
            (
                FRAME.drop(columns="age"),
                ("'age'", "missing", "float", "nothing", "column 'age': add it; it holds float"),
            ),
            (
                FRAME.assign(id=[1, 2, 3]),
                ("'id'", "extra", "nothing", "int",
                 "column 'id': the model does not know it; leave it out, as with X.drop(columns=['id'])"),
            ),
            (
                FRAME.rename(columns={"age": "years"}),
                ("'age'", "renamed", "'age'", "'years'",
                 "column 'age' is called 'years' here and holds the same values: rename it to 'age'"),
            ),
            (
                FRAME.rename(columns={"age": "Age "})[:2],
                ("'age'", "renamed", "'age'", "'Age '", "column 'age' is spelled 'Age ' here: rename it to 'age'"),
            ),
            (
                FRAME.rename(columns={"age": "years"})[:2],
                ("'age'", "renamed", "'age'", "'years'",
                 "there is no column 'age'; 'years' stands in its place: rename it to 'age', if it is the same"),
            ),
            (
                FRAME[["city", "age", "note", "since", "paid"]],
                ("", "order", "'age', 'city', 'note', 'since', 'paid'", "'city', 'age', 'note', 'since', 'paid'",
                 "the columns stand in another order: give X[['age', 'city', 'note', 'since', 'paid']]"),
            ),
            (
                FRAME.assign(age=["31", "42", "53"]),
                ("'age'", "text", "float", "text",
                 "column 'age': text instead of float; convert it, as with pandas.to_numeric"),
            ),
            (
                FRAME.assign(since=["2020-01-01", "2020-01-02", "2020-01-03"]),
                ("'since'", "text", "datetime", "text",
                 "column 'since': text instead of datetime; convert it, as with pandas.to_datetime"),
            ),
            (
                FRAME.assign(paid=["True", "False", "True"]),
                ("'paid'", "text", "bool", "text",
                 "column 'paid': text instead of bool; convert it, as with map({'True': True, 'False': False})"),
            ),
            (
                FRAME.assign(since=[1, 2, 3]),
                ("'since'", "kind", "datetime", "int", "column 'since': int instead of datetime; convert it"),
            ),
            (
                FRAME.assign(note=pd.Series([1, "x", "y"], dtype=object)),
                ("'note'", "kind", "text", "object", "column 'note': object instead of text; convert it"),
            ),
            (
                FRAME.assign(city=pd.Categorical(["Ulm", "Kiel", "Rom"])),
                ("'city'", "categories", "'Bonn', 'Ulm'", "'Kiel', 'Rom'",
                 "column 'city': 'Kiel', 'Rom' not among the categories of training; map them to known ones"),
            ),
            (FRAME[:0], ("", "empty", "rows", "none", "X has no rows: give at least one")),
        ],
    )  # fmt: skip
    def test_of_a_frame(self, X: pd.DataFrame, expected: tuple[str, ...]) -> None:
        """By name."""
        (misfit,) = of(FRAME, X)
        assert (misfit.column, misfit.problem, misfit.expected, misfit.found, misfit.message) == expected
        assert misfit.severity == "error"

    @pytest.mark.parametrize(
        ("X", "expected"),
        [
            (
                FRAME.assign(age=[np.nan, 1, 2]),
                ("'age'", "missing values", "none", "1",
                 "column 'age': 1 missing, and none was in training; fill them, unless the model takes care of it"),
            ),
            (FRAME.assign(age=[None] * 3), ("'age'", "missing values", "none", "3", "column 'age': 3 missing")),
            (
                FRAME.assign(city=["Ulm", "Ulm", "Bonn"]),
                ("'city'", "dtype", "category", str(FRAME["note"].dtype), "convert it, as with astype('category')"),
            ),
            (
                FRAME.assign(note=pd.Categorical(list("xyz"))),
                ("'note'", "dtype", str(FRAME["note"].dtype), "category", "dtype category instead of"),
            ),
        ],
    )  # fmt: skip
    def test_what_many_models_take_is_a_note(self, X: pd.DataFrame, expected: tuple[str, ...]) -> None:
        """Missing values, other dtypes for the same values."""
        (misfit,) = of(FRAME, X)
        assert (misfit.column, misfit.problem, misfit.expected, misfit.found) == expected[:4]
        assert expected[4] in misfit.message
        assert misfit.severity == "note"

    @pytest.mark.parametrize(
        ("trained_on", "X", "expected"),
        [
            (ARRAY, ARRAY[:, :2], ("columns", "3 columns", "2 columns", "X has 2 columns and the model expects 3")),
            (SPARSE, SPARSE[:, :2], ("columns", "3 columns", "2 columns", "X has 2 columns and the model expects 3")),
            (ARRAY, SPARSE, ("form", "an array", "a sparse matrix", "X is sparse: give an array, such as X.toarray()")),
            (SPARSE, ARRAY, ("form", "a sparse matrix", "an array", "X is dense: give a sparse matrix")),
            (SPARSE, SPARSE * 1j, ("kind", "float", "complex", "X holds complex numbers instead of float")),
            (TEXTS, ARRAY, ("form", "a list of texts", "an array", "X is an array: give a list of texts")),
            (ARRAY, TEXTS, ("form", "an array", "a list of texts", "X is a list of texts: give an array")),
            (RECORDS, TEXTS, ("form", "a list of dicts", "a list of texts", "X is a list of texts: give a list of ")),
            (FRAME, RECORDS, ("form", "a DataFrame", "a list of dicts", "X is a list of dicts: give a DataFrame")),
            (
                pd.DataFrame({"a": [1.0]}), np.ones((1, 1)),
                ("names", "'a'", "no names", "X has no names: give a DataFrame with the columns 'a'"),
            ),
        ],
    )  # fmt: skip
    def test_of_the_whole(self, trained_on: Any, X: Any, expected: tuple[str, ...]) -> None:
        """Number of columns, and form."""
        (misfit,) = of(trained_on, X)
        assert (misfit.column, misfit.problem, misfit.expected, misfit.found) == ("", *expected[:3])
        assert misfit.message.startswith(expected[3])
        assert misfit.severity == "error"

    @pytest.mark.parametrize(
        ("trained_on", "X", "expected"),
        [
            (ARRAY, pd.DataFrame(ARRAY, columns=list("abc")), ("", "names", "columns count by their place")),
            (SPARSE, sp.csr_array(np.array([[np.nan, 0, 1]])), ("", "missing values", "X has 1 missing values")),
            (ARRAY, np.full((1, 3), np.nan), ("0, 1, 2", "missing values", "columns 0, 1, 2: 1 missing")),
            (RECORDS, [{"n": 1, "u": 1, "v": 1}], ("'u', 'v'", "extra", "'u', 'v': keys that were not in training")),
        ],
    )
    def test_of_the_whole_as_a_note(self, trained_on: Any, X: Any, expected: tuple[str, ...]) -> None:
        """Where the model still gives an answer."""
        (misfit,) = of(trained_on, X)
        assert (misfit.column, misfit.problem, misfit.severity) == (*expected[:2], "note")
        assert expected[2] in misfit.message

    @pytest.mark.parametrize(
        ("X", "expected"),
        [
            ([{"t": "a"}], ("'n'", "missing", "key 'n': no row has it, and in training all had; it holds float")),
            ([{"n": "1"}], ("'n'", "text", "key 'n': text instead of float; convert it")),
            ([{"n": 1, "t": 5}], ("'t'", "kind", "key 't': int instead of text; convert it")),
        ],
    )
    def test_of_records(self, X: Any, expected: tuple[str, str, str]) -> None:
        """By key."""
        (misfit,) = of(RECORDS, X)
        assert (misfit.column, misfit.problem, misfit.message, misfit.severity) == (*expected, "error")

    def test_columns_with_the_same_problem_are_one_misfit(self) -> None:
        """Where they have no names; the first few are listed."""
        (misfit,) = of(np.zeros((2, 30)), np.full((2, 30), "1"))
        assert misfit.column == "0, 1, 2, 3, 4, 5, 6, 7 and 22 more"
        assert misfit.message.startswith("columns 0, 1, 2, 3, 4, 5, 6, 7 and 22 more: text instead of float")
        assert [misfit.message for misfit in of(ARRAY[:, :1], np.array([["a"]]))] == [
            "column 0: text instead of float; convert it, as with pandas.to_numeric"
        ]

    def test_everything_is_told_at_once(self) -> None:
        """Columns, types, categories, order."""
        other = FRAME.rename(columns={"since": "SINCE"})[["city", "age", "note", "SINCE"]].assign(
            age=["a", "b", "c"], city=pd.Categorical(["Rom", "Ulm", None]), more=1.5
        )
        assert told(FRAME, other) == [
            ("'since'", "renamed", "error"),
            ("'paid'", "missing", "error"),
            ("'more'", "extra", "error"),
            ("", "order", "error"),
            ("'age'", "text", "error"),
            ("'city'", "missing values", "note"),
            ("'city'", "categories", "error"),
        ]

    def test_an_array_for_a_frame_is_compared_by_place(self) -> None:
        """And a frame for an array."""
        assert told(pd.DataFrame({"a": [1.0], "b": [2.0]}), np.array([["x", "y"]])) == [
            ("", "names", "error"),
            ("0, 1", "text", "error"),
        ]
        assert told(ARRAY, pd.DataFrame({"a": ["x"]})) == [("", "names", "note"), ("", "columns", "error")]

    def test_no_rows_have_no_kind(self) -> None:
        """Only their columns count."""
        assert told(ARRAY, np.zeros((0, 3), object)) == [("", "empty", "error")]
        assert told(RECORDS, []) == [("", "empty", "error"), ("", "form", "error")]

    def test_text_of_a_file_is_escaped_and_cut(self) -> None:
        """A name may act on a terminal, or be endless."""
        (misfit,) = of(pd.DataFrame({"\x1b[2J" + "x" * 500: [1.0], "b": [1.0]}), pd.DataFrame({"b": [1.0]}))
        assert misfit.column == "'\\x1b[2J" + "x" * 52 + "…"
        assert misfit.message == f"column {misfit.column}: add it; it holds float"


class TestOf:
    def test_a_schema_says_what_the_record_keeps(self) -> None:
        """Names, kinds, dtypes, categories."""
        schema = Schema.of(*described(FRAME))
        assert (schema.form, schema.n_rows, schema.n_columns) == ("frame", 3, 5)
        assert schema.names == ("age", "city", "note", "since", "paid")
        assert schema.kinds == ("float", "text", "text", "datetime", "bool")
        assert schema.dtypes == tuple("category" if name == "city" else str(FRAME[name].dtype) for name in FRAME)
        assert schema.categories == (None, ("Bonn", "Ulm"), None, None, None)
        assert schema.n_missing == (0, 0, 1, 0, 0)
        records = Schema.of(*described(RECORDS))
        assert (records.names, records.kinds, records.n_present) == (("n", "t"), ("float", "text"), (2, 1))

    @pytest.mark.parametrize("data", [FRAME, ARRAY, SPARSE, RECORDS, TEXTS])
    def test_a_schema_needs_no_statistics(self, data: Any) -> None:
        """They may be left out."""
        columns, described_data = described(data)
        part = schema_part(columns)
        assert not set(part) & {"mean", "deviation", "quantiles", "n_distinct", "length_mean", "length_quantiles"}
        assert Schema.of(part, described_data) == Schema.of(columns, described_data)

    def test_a_record_without_columns_says_nothing(self) -> None:
        """Texts have none."""
        with pytest.raises(UnsupportedError) as refused:
            Schema.of({}, described(FRAME)[1])
        assert refused.value.message == "the file does not say what columns its model expects"
        assert refused.value.hint == "Save it with X="
        assert Schema.of({}, described(TEXTS)[1]).form == "texts"

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("names", None), ("names", ["a"]), ("names", [{}] * 5), ("names", [((((1,),),),)] * 5),
            ("kinds", ["x"] * 5),
            ("kinds", ("float",) * 5), ("kinds", [[]] * 5), ("dtypes", [1] * 5), ("categories", [1] * 5),
            ("categories", [[{}]] * 5),
            ("n_missing", [0] * 5), ("n_missing", np.zeros(5)), ("n_missing", np.zeros(4, np.int64)),
            ("n_missing", np.full(5, -1)), ("digests", ["x"]), ("digests", "xxxxx"),
        ],
    )  # fmt: skip
    def test_a_forged_record_is_refused(self, name: str, value: object) -> None:
        """Whatever is wrong with what it says of columns."""
        columns, data = described(FRAME)
        with pytest.raises(FormatError) as refused:
            Schema.of(columns | {name: value}, data)
        assert refused.value.message == f"the record's columns are not what SPEC.md §7 describes ({name})"

    def test_keys_without_kinds_are_refused(self) -> None:
        """Of rows that are dicts."""
        columns, data = described(RECORDS)
        with pytest.raises(FormatError, match="kinds"):
            Schema.of(columns | {"kinds": ["int"]}, data)
