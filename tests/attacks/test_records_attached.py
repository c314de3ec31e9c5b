"""What lies in `$record` and was written by a stranger: probes, statistics, texts, files (rows P09 … P17)."""

from __future__ import annotations

import json
from collections import defaultdict
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import vitrify
from tests.attacks import recording
from tests.attacks.actions import EVIL, put_evil_module_on_path
from tests.attacks.files import with_header
from tests.attacks.harness import Attack, assert_harmless, assert_refused, canary, run_one
from tests.attacks.recording import X, Y, attack, bundled, findings_of, recorded
from tests.support.lying_writer import Lie
from tests.vectors.recorded import (
    NO_RECORD,
    attached_of,
    contents_of,
    with_attached,
    with_block,
    with_columns,
    with_contents,
    with_probes,
    with_summary,
)
from tests.vectors.strict_graph import Name
from vitrify.errors import FormatError, LimitError, VerificationError

TEXTS, TARGET = ["red blue", "blue green"] * 6, [0, 1] * 6
METHODS = ["predict", "predict_proba", "predict_log_proba", "decision_function"]
NOTHING = (
    "fit",
    "set_params",
    "__reduce__",
    "__getattribute__",
    "__class__",
    "_repr_html_",
    "score",
    "get_params",
    "coef_",
)


class TestMethods:
    """P10: probes that ask for other methods than those that give outputs."""

    @pytest.mark.parametrize("name", [*NOTHING, "predict_", ""])
    def test_P10_no_other_method_is_called(self, name: str) -> None:
        """The model is as it was, and the check fails."""
        data = with_probes(recorded(), outputs={name: np.zeros(32)})
        assert_refused(attack(data, recording.replayed), VerificationError, match="the model has no such method")
        ((check, status, message),) = findings_of(data)
        assert (check, status, message) == (f"probes:{name}"[:60], "fail", "the model has no such method")

    @pytest.mark.parametrize("name", ["predict\x1b[31m", "x" * 10**6])
    def test_P10_names_of_methods_are_shown_as_other_texts_are(self, name: str) -> None:
        """Cut, and with control characters spelled out."""
        data = with_probes(recorded(), outputs={name: np.zeros(32)})
        outcome = attack(data, recording.replayed)
        assert_refused(outcome, VerificationError, match="the model has no such method")
        assert "\x1b" not in outcome.text + findings_of(data)[0][0]

    def test_P10_rows_that_name_files(self) -> None:
        """A model that opens them gets none of the record's; the audit hook would see the file."""
        model = make_pipeline(CountVectorizer(), LogisticRegression()).fit(TEXTS, TARGET)
        record = vitrify.capture(model, TEXTS, TARGET)
        rows = record.attached.probes["X"]
        rows[:] = ["/etc/passwd"] * len(rows)
        model[0].input = "filename"
        data = vitrify.dumps(model, record=record)
        match = r"opens the files whose names it is given"
        assert_refused(attack(data, recording.replayed), VerificationError, match=match)
        ((check, status, message),) = findings_of(data)
        assert (check, status) == ("probes", "fail")
        assert message.startswith("not replayed: $.steps[0][1] opens the files whose names it is given")

    def test_P10_probes_that_ask_for_nothing(self) -> None:
        """Nothing to replay is no proof (7.10)."""
        outcome = attack(with_probes(recorded(), outputs={}), recording.replayed)
        assert_refused(outcome, (FormatError, VerificationError), match="probes|outputs")

    def test_P10_probes_that_ask_for_nothing_verify_nothing(self) -> None:
        """And `verify` says so."""
        found = findings_of(with_probes(recorded(), outputs={}))
        assert [(check, status) for check, status, _ in found] == [("probes", "fail")]


def _self_list() -> list[Any]:
    rows: list[Any] = []
    rows.append(rows)
    return rows


def _self_array() -> Any:
    rows = np.empty((2, 2), object)
    rows[:] = [[_self_list(), 1], [2, {"a": 3}]]
    return rows


def _deep(depth: int) -> list[Any]:
    rows: list[Any] = []
    for _ in range(depth):
        rows = [rows]
    return rows


ROWS: dict[str, tuple[Any, str]] = {
    "wide": (np.zeros((5, 7)), "X has 7 features, but LogisticRegression is expecting 2 features"),
    "flat": (np.zeros(5), "Expected 2D array, got 1D array"),
    "empty": (np.zeros((0, 2)), "Found array with 0 sample"),
    "objects": (np.array([[1, "a"]], object), "could not convert string to float: 'a'"),
    "large integers": (np.array([[10**400, 1]], object), "int too large to convert to float"),
    "paths": (["/etc/hostname"], "Expected 2D array, got 1D array"),
    "dicts": ([{"a": 1}], "Expected 2D array, got 1D array"),
    "moments": (np.zeros((2, 2), "M8[s]"), "matmul"),
    "complex": (np.zeros((2, 2), complex), "Complex data not supported"),
    "not finite": (np.full((2, 2), np.nan), "Input X contains NaN"),
    "a list in itself": (_self_list(), "maximum number of dimension"),
    "an array with a list in itself": (_self_array(), "setting an array element with a sequence"),
    "deep": (_deep(100_000), "maximum number of dimension"),
    "a column": (pd.Series([1.0, 2.0]), "Expected a 2-dimensional container"),
    "fewer": (np.zeros((3, 2)), "gives the shape (3,), was (32,)"),
}
OUTPUTS: dict[str, tuple[Any, str]] = {
    "fewer": (np.zeros(1, int), "gives the shape (32,), was (1,)"),
    "no dimension": (np.array(1), "gives the shape (32,), was ()"),
    "nothing": (None, "gives a ndarray, was a NoneType"),
    "a list in itself": (_self_list(), "gives a ndarray, was a list"),
    "large integers": (np.array([10**400] * 32, object), "dtype int64, was object"),
    "texts": (np.array(["a"] * 32), "dtype int64, was <U1"),
    "a table": (pd.DataFrame({"a": range(32)}), "gives a ndarray, was a DataFrame"),
}


class TestProbes:
    """P11: rows and outputs of any shape, dtype and size."""

    @pytest.mark.parametrize("kind", sorted(ROWS))
    def test_P11_rows_that_the_model_refuses_fail_the_check(self, kind: str) -> None:
        """What the model's own checks say is the finding, of each method."""
        rows, message = ROWS[kind]
        found = findings_of(with_probes(recorded(), X=rows))
        assert [(check, status) for check, status, _ in found] == [(f"probes:{name}", "fail") for name in METHODS]
        assert message in found[0][2]

    @pytest.mark.parametrize("kind", sorted(OUTPUTS))
    def test_P11_outputs_of_another_form_fail_the_check(self, kind: str) -> None:
        """They are compared by form before any value is looked at."""
        output, message = OUTPUTS[kind]
        found = findings_of(
            with_probes(recorded(), outputs=contents_of(recorded())["probes"]["outputs"] | {"predict": output})
        )
        assert [(check, status) for check, status, _ in found] == [("probes:predict", "fail")]
        assert message in found[0][2]

    def test_P11_a_thousand_million_rows(self) -> None:
        """A list of as many times the same value, in some bytes, is more than a file may ask for."""

        def change(lie: Lie) -> None:
            table, row = lie.ref("$['probes']['X']")
            lengths = list(lie.read(table)["lengths"])
            assert lengths[row] == 1
            lengths[row] = 10**9
            lie.graph["tables"][table]["lengths"] = lie.counts(lengths)

        data = with_attached(with_contents(recorded(), probes={"X": {None}, "outputs": {}}), change)
        outcome = attack(data, recording.replayed)
        assert_refused(outcome, (LimitError, FormatError), match=r"rows|items|memory|length|bytes")
        assert [check for check, _, _ in findings_of(data)] == ["record"]

    def test_P11_a_million_rows_that_are_one(self) -> None:
        """No writer keeps so many; the model does not get them."""
        data = with_probes(recorded(), X=np.broadcast_to(np.zeros((1, 2)), (10**6, 2)))
        assert len(data) < 15_000
        assert [(check, status) for check, status, _ in findings_of(data)] == [("probes", "fail")]

    def test_P11_a_frame_of_zeros_in_some_bytes(self) -> None:
        """What is declared counts before it is unpacked, in the file within the file as well."""
        data = with_block(
            recorded(), _packed(lambda told: told | {"probes": {"X": np.zeros((200_000, 2)), "outputs": {}}})
        )
        assert len(data) < 30_000
        small = vitrify.Limits(memory_bytes=1 << 20, expansion=0)
        outcome = run_one(Attack(data, keywords={"verify": "probes", "limits": small}, before=recording.warm))
        assert_refused(
            outcome,
            LimitError,
            match=r"decoded blocks would take \d+ bytes of memory after \d+ for the rest; .*memory_bytes 1048576,",
        )


def _packed(change: Any) -> bytes:
    """The file for `$record` of changed contents, compressed; the writer of lies writes raw blocks."""
    data = vitrify.dumps(change(contents_of(recorded())), compress=9)
    text = data[8 : 8 + int.from_bytes(data[:8], "little")].rstrip(b" ")
    header = json.loads(text)
    header["__metadata__"]["record"] = NO_RECORD
    return with_header(data, json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode())


class TestNames:
    """P12: classes and functions in `$record`."""

    @pytest.mark.parametrize(
        "name",
        ["os.system", "builtins.eval", "numpy.load", "subprocess.Popen", f"{EVIL}.C", "tests.attacks.recording.X"],
    )
    def test_P12_no_name_is_looked_up(self, name: str) -> None:
        """Not even one that the caller trusts, and not in a module that would leave a mark."""
        for what in ("function", "class"):
            data = with_attached(recorded(), partial(Lie.assign, path="$['texts']", value=Name(what, name)))
            keywords = {"verify": "probes", "trust": [name] if name.startswith(("tests", EVIL)) else []}
            before = partial(_warm_with_evil_module, canary=canary())
            outcome = run_one(Attack(data, "load", keywords=keywords, before=before))
            assert_refused(outcome, FormatError, match="the record needs names that no record has")

    @pytest.mark.parametrize(
        "value",
        [LogisticRegression(), np.exp, int, np.random.RandomState(0)],
        ids=["estimator", "function", "class", "generator"],
    )
    def test_P12_no_estimator_and_no_function_is_built(self, value: Any) -> None:
        """The block holds plain values, arrays and tables only, as the security model says."""
        data = with_columns(recorded(), more=value)
        assert_refused(attack(data, recording.replayed), FormatError, match="record")


def _warm_with_evil_module(room: str, *, canary: str) -> None:
    recording.warm(room)
    put_evil_module_on_path(room, canary=canary)


class TestFiles:
    """P13: files within files; P14: flipped bits in them."""

    @pytest.mark.parametrize("depth", [1, 2, 100])
    def test_P13_a_record_has_no_record(self, depth: int) -> None:
        """Only the first file within is opened."""
        block = attached_of(recorded())
        for _ in range(depth):
            block = with_block(attached_of(recorded()), block)
        data = with_block(recorded(), block)
        assert_harmless(run_one(Attack(data)))
        outcome = attack(data, recording.replayed)
        assert_refused(outcome, FormatError, match="the block of the record has a record of its own")

    def test_P14_flipped_bits_under_renewed_digests_of_the_block(self) -> None:
        """The file within has digests of its own: nothing of it is read."""
        block = attached_of(recorded())
        files = [with_block(recorded(), _flipped(block, at)) for at in range(0, len(block), 11)]
        assert _ends(files) == {"record": len(files)}

    def test_P14_flipped_bits_in_values_under_renewed_digests_of_all(self) -> None:
        """Refused, or a failing check, or another record of the same model; never another error."""
        files = [_with_flipped("cells", at) for at in range(0, 3_000, 29)]
        found = _ends(files, X=X, y=Y, cv=False)
        assert sum(found.values()) == len(files)
        assert {"record", "probes"} <= set(found) <= {"record", "probes", "schema", "ok"}

    def test_P14_flipped_bits_in_the_graph_under_renewed_digests_of_all(self) -> None:
        """Refused, but for a letter of a text."""
        files = [_with_flipped("graph_text", at) for at in range(0, 1_600, 11)]
        found = _ends(files)
        assert sum(found.values()) == len(files)
        assert set(found) <= {"record", "ok"}
        assert found["record"] > 0.9 * len(files)


def _with_flipped(part: str, at: int) -> bytes:
    changed: dict[str, Any] = {part: partial(_flipped, at=at)}
    return with_block(recorded(), Lie(attached_of(recorded())).file(**changed))


def _flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :]


def _ends(files: list[bytes], **given: Any) -> dict[str, int]:
    outcome = attack(recorded(), recording.ends, given={"files": files, **given})
    assert_harmless(outcome)
    found: dict[str, int] = json.loads(outcome.answers[0].text)
    return found


COLUMNS: dict[str, tuple[str, Any]] = {
    "names in themselves": ("names", _self_list()),
    "names that are deep": ("names", [((((1,),),),), 2]),
    "names that are lists": ("names", [[1], [2]]),
    "a million names": ("names", ["x"] * 10**6),
    "kinds of code": ("kinds", ["function", "object"]),
    "counts of another dtype": ("n_missing", np.zeros(2)),
    "counts of another shape": ("n_missing", np.zeros((2, 1), np.int64)),
    "no counts": ("n_missing", None),
    "categories in themselves": ("categories", [_self_list(), None]),
    "dtypes that are numbers": ("dtypes", [1, 2]),
    "digests that are text": ("digests", "ab"),
}


class TestColumns:
    """P15: what is said of columns."""

    @pytest.mark.parametrize("kind", sorted(COLUMNS))
    def test_P15_columns_that_are_not_described_are_refused(self, kind: str) -> None:
        """By `check_input`, and by `verify` with data; `load` has no use for them."""
        part, value = COLUMNS[kind]
        data = with_columns(recorded(), **{part: value})
        assert_refused(attack(data, recording.checked), FormatError, match=rf"columns are not what .* \({part}\)")
        message = f"the record's columns are not what SPEC.md §7 describes ({part})"
        assert findings_of(data, X=X, y=Y, cv=False) == [("schema", "fail", message)]

    @pytest.mark.parametrize(("form", "digests"), [("array", np.arange(2)), ("texts", np.arange(2)), ("texts", 5)])
    def test_P15_digests_that_are_no_list(self, form: str, digests: Any) -> None:
        """Whatever form the data had."""
        data = with_summary(with_columns(recorded(), digests=digests), lambda told: told["data"].update(form=form))
        assert "fail" in [status for _, status, _ in findings_of(data, X=X, y=Y, cv=False)]

    def test_P15_categories_without_number(self) -> None:
        """A million of them are compared, and a few shown."""
        data = with_columns(recorded(), categories=[[1] * 10**6, None])
        ((check, status, message),) = findings_of(data, X=X, y=Y, cv=False)
        assert (check, status) == ("schema", "fail")
        assert message.startswith("column 0: ")


class TestModelPath:
    """P16: records of something else than the model."""

    @pytest.mark.parametrize(
        "path",
        [
            ["coef_"], ["__class__"], ["models", 1, "coef_"], ["models", "1"], ["models", 10**30], ["threshold", 0],
            [0], ["models", 2],
        ],
    )  # fmt: skip
    def test_P16_paths_lead_through_keys_and_positions_only(self, path: list[Any]) -> None:
        """Attributes are none."""
        data = _about(path, bundled())
        message = "the record is about a model that the file does not hold"
        assert_refused(attack(data, recording.replayed), FormatError, match=message)
        assert findings_of(data) == [("record", "fail", message)]

    def test_P16_a_path_of_a_hundred_thousand_steps(self) -> None:
        """In a list that lies in itself."""
        model = LogisticRegression().fit(X, Y)
        saved: list[Any] = [model]
        saved.append(saved)
        data = vitrify.dumps(saved, record=vitrify.capture(model, X, Y))
        outcome = attack(_about([1] * 10**5 + [0], data), recording.replayed)
        assert_harmless(outcome)
        assert outcome.answers[0].text == "list"

    def test_P16_a_path_makes_nothing(self) -> None:
        """A key that is not there leads nowhere, also where a dict would make it."""
        model = LogisticRegression().fit(X, Y)
        saved = defaultdict(list, {"model": model})
        data = _about(["new"], vitrify.dumps(saved, record=vitrify.capture(model, X, Y)))
        assert findings_of(data) == [("record", "fail", "the record is about a model that the file does not hold")]


def _about(path: list[Any], data: bytes) -> bytes:
    def change(told: dict[str, Any]) -> dict[str, Any]:
        rest = {name: value for name, value in told.items() if name not in ("versions", "model_path")}
        return {"versions": told["versions"], "model_path": path, **rest}

    return with_summary(data, change)


class TestMoved:
    """P17: the record of another model."""

    def test_P17_outputs_of_another_model_are_found(self) -> None:
        """A model with another coefficient under the record of the first."""
        lie = Lie(recorded())
        lie.array("$.coef_")[0, 0] *= 1.01
        found = findings_of(lie.file())
        assert {status for _, status, _ in found} == {"fail"}
        assert "probes:predict_proba" in {check for check, _, _ in found}

    def test_P17_without_probes_nothing_is_shown(self) -> None:
        """A record binds no model by itself; so one that has nothing to replay fails."""
        lie = Lie(with_contents(recorded(), probes={}))
        lie.array("$.coef_")[0, 0] *= 1.01
        assert [(check, status) for check, status, _ in findings_of(lie.file())] == [("probes", "fail")]

    def test_P17_claims_that_nothing_computes_are_not_noticed(self) -> None:
        """Of a model that predicts the same, authors, notes and licence may be anyone's: they are claims."""
        data = with_summary(recorded(), lambda told: told.update(authors=["Eve"], notes="mine", license="none"))
        assert findings_of(data, X=X, y=Y) == []


def test_P09_an_empty_block_is_not_read_by_load() -> None:
    """`load` compares digests; who asks for what is in it learns that it is nothing."""
    data = with_block(recorded(), b"")
    assert_harmless(run_one(Attack(data)))
    assert [(check, status) for check, status, _ in findings_of(data)] == [("record", "fail")]
