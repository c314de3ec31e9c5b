"""The golden files with a record: what today's code must still read and refuse, and a second reader with it."""

from __future__ import annotations

import io
import json
import re
import struct
from typing import Any

import numpy as np
import pandas as pd
import pytest
from blake3 import blake3

import vitrify
from tests.support.independent_reader import Container
from tests.vectors.describing import describe_glass
from tests.vectors.generate import RECORDS, SPEC, record_manifest
from tests.vectors.invalid_records import CASES as INVALID
from tests.vectors.strict_record import read_record, spelled_number, table_digest
from tests.vectors.valid_records import CASES as VALID


def valid(name: str) -> tuple[bytes, Any]:
    """A valid file and its expectation."""
    path = RECORDS / "valid" / f"{name}.glass"
    return path.read_bytes(), json.loads(path.with_suffix(".json").read_text("utf-8"))


def data_of(expected: Any) -> tuple[Any, Any]:
    """The data of an expectation."""
    X = expected["X"]
    if "names" in expected:
        X = pd.DataFrame(X, columns=expected["names"])
    elif isinstance(X[0], list):
        X = np.array(X)
    return X, np.array(expected["y"])


def _is_of_bytes(name: str) -> bool:
    """Whether a case breaks a rule of blocks, not of what stands in them."""
    case = INVALID[name]
    return case.by == "load" and case.clause not in ("7.1", "2.3")


class TestValidFiles:
    """SPEC.md §7 and §10: golden files are read by every later release."""

    def test_none_is_missing(self) -> None:
        """Every case has its file and its expectation, and there are no others."""
        assert {path.stem for path in (RECORDS / "valid").glob("*.glass")} == set(VALID)
        assert {path.stem for path in (RECORDS / "valid").glob("*.json")} == set(VALID)

    @pytest.mark.parametrize("name", sorted(VALID))
    def test_the_strict_reader_sees_what_was_recorded(self, name: str) -> None:
        """A reader that knows nothing but SPEC.md finds the same summary, statistics, probes and texts."""
        data, expected = valid(name)
        found = read_record(data)
        assert found.summary == expected["summary"]
        assert found.attached is not None
        assert describe_glass(found.attached) == expected["attached"]

    @pytest.mark.parametrize("name", sorted(VALID))
    def test_inspect_shows_the_summary(self, name: str) -> None:
        """Field by field; what is left out has its default."""
        data, expected = valid(name)
        shown = json.loads(json.dumps(vitrify.inspect(io.BytesIO(data)).record, default=_fields))
        assert _without_defaults(shown, expected["summary"]) == expected["summary"]

    @pytest.mark.parametrize("name", sorted(set(VALID) - {"minimal"}))
    def test_everything_that_it_says_is_verified(self, name: str) -> None:
        """On the data that stands beside it: whole, predicting the same, trained on this, and as good."""
        data, expected = valid(name)
        findings = vitrify.verify(io.BytesIO(data), *data_of(expected), skip=["versions"]).findings
        stored = expected["summary"]
        methods = [f"probes:{method}" for method in stored["probes"]["methods"]]
        scores = [f"scores:{one['scorer']}" for one in stored.get("scores", []) if one["origin"] != "holdout"]
        target = ["target"] if "target" in stored else []
        asked = ["integrity", "content", *methods, "data", "schema", *target, *scores]
        assert [(found.check, found.status) for found in findings] == [(check, "pass") for check in asked]

    def test_what_shows_nothing_is_not_verified(self) -> None:
        """A text alone says nothing of what the object does."""
        data, _ = valid("minimal")
        report = vitrify.verify(io.BytesIO(data), skip=["versions"])
        assert [(found.check, found.status) for found in report.findings] == [
            ("integrity", "pass"), ("content", "pass"), ("probes", "fail"),
        ]  # fmt: skip

    def test_fingerprints_are_those_of_the_data(self) -> None:
        """§7.4 and §7.7, computed here from the rows of the expectation."""
        for name in ("full", "bundle"):
            _, expected = valid(name)
            columns = [_float_digest([row[i] for row in expected["X"]]) for i in range(2)]
            stored = expected["summary"]["data"]["fingerprint"]
            assert table_digest(24, expected.get("names", [None, None]), columns) == stored, name


class TestInvalidFiles:
    """SPEC.md §7: what a reader must refuse."""

    def test_none_is_missing(self) -> None:
        """Every case has its file, the manifest lists exactly these."""
        assert json.loads((RECORDS / "invalid" / "manifest.json").read_text("utf-8")) == record_manifest()
        assert {path.stem for path in (RECORDS / "invalid").glob("*.glass")} == set(INVALID)

    @pytest.mark.parametrize("name", sorted(INVALID))
    def test_vitrify_refuses_it_for_its_reason(self, name: str) -> None:
        """At load, when the probes are asked for, or when data is checked against it: as the manifest says."""
        case, data = INVALID[name], _invalid(name)
        if case.by != "load":
            vitrify.loads(data, versions="ignore")
        with pytest.raises(vitrify.errors.VitrifyError, match=f"(?i){re.escape(case.message)}") as caught:
            _ask(data, case.by)
        assert type(caught.value).__name__ == case.error

    @pytest.mark.parametrize("name", sorted(INVALID))
    def test_verify_finds_it(self, name: str) -> None:
        """The finding fails that has the same reason."""
        _, expected = valid("full")
        findings = vitrify.verify(io.BytesIO(_invalid(name)), *data_of(expected), cv=False).findings
        failed = [found for found in findings if found.status == "fail"]
        assert [found.check for found in failed] == [_check(name)]
        assert INVALID[name].message.lower() in failed[0].message.lower()

    @pytest.mark.parametrize("name", sorted(INVALID))
    def test_the_strict_reader_refuses_it(self, name: str) -> None:
        """The rule is in SPEC.md, not only in vitrify."""
        with pytest.raises(ValueError, match=r"\w"):
            read_record(_invalid(name))

    @pytest.mark.parametrize("name", [name for name in sorted(INVALID) if _is_of_bytes(name)])
    def test_the_independent_reader_refuses_broken_blocks(self, name: str) -> None:
        """Two hundred lines check where `$record` stands, and its digests."""
        with pytest.raises(ValueError, match=r"\w"):
            Container(_invalid(name))

    @pytest.mark.parametrize("name", sorted(INVALID))
    def test_it_is_what_the_case_makes(self, name: str) -> None:
        """The file is made again from the valid one, so nothing in it is accidental."""
        data, _ = valid("full")
        assert read_record(data)
        assert INVALID[name].make(data) == _invalid(name)

    def test_every_broken_clause_exists(self) -> None:
        """A clause that the manifest names is in SPEC.md."""
        text = SPEC.read_text("utf-8")
        assert {case.clause for case in INVALID.values() if f"**{case.clause}**" not in text} == set()


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (152.0, "152.0"), (0.00001, "0.00001"), (1e16, "1e16"), (1.5e-7, "1.5e-7"), (-0.0, "-0.0"), (0.0, "0.0"),
        (9999999999999998.0, "9999999999999998.0"), (-2.5e-300, "-2.5e-300"), (123.456, "123.456"),
        (5e-324, "5e-324"), (0.25, "0.25"),
    ],
)  # fmt: skip
def test_numbers_have_the_spelling_of_the_spec(number: float, text: str) -> None:
    """§7.1, in the strict reader."""
    assert spelled_number(number) == text


def _invalid(name: str) -> bytes:
    return (RECORDS / "invalid" / f"{name}.glass").read_bytes()


def _check(name: str) -> str:
    """The check of `verify` that fails: that of the bytes, of the record, of its probes, or of the data."""
    case = INVALID[name]
    if case.by == "check_input":
        return "schema"
    return "probes" if case.clause == "7.10" else "integrity" if _is_of_bytes(name) else "record"


def _ask(data: bytes, by: str) -> None:
    if by == "check_input":
        _, expected = valid("full")
        vitrify.check_input(io.BytesIO(data), data_of(expected)[0])
    else:
        vitrify.loads(data, versions="ignore", verify="probes" if by == "probes" else None)


def _fields(part: Any) -> dict[str, Any]:
    return {name: getattr(part, name) for name in part.__struct_fields__}


def _without_defaults(found: Any, expected: Any) -> Any:
    """Of what was found the fields that are expected; others must be empty."""
    if isinstance(found, dict) and isinstance(expected, dict):
        assert {name for name, value in found.items() if value} <= set(expected)
        return {name: _without_defaults(found[name], expected[name]) for name in expected}
    if isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
        return [_without_defaults(one, other) for one, other in zip(found, expected, strict=True)]
    return found


def _float_digest(values: list[float]) -> str:
    content = b"\0" + struct.pack(f"<{len(values)}d", *(value + 0.0 for value in values))
    return blake3(f"vitrify column 0\nfloat {len(values)}\n".encode() + content).hexdigest()
