"""Golden files whose record breaks SPEC.md §7: a valid one with one thing changed, all digests right but where told.

A case says which clause is broken, who must refuse it, with which of vitrify's errors, and a part of its message.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from tests.support.lying_writer import Lie, resealed
from tests.vectors.recorded import (
    attached_of,
    contents_of,
    file_of,
    respelled,
    with_attached,
    with_block,
    with_columns,
    with_contents,
    with_probes,
    with_summary,
    with_summary_text,
)
from tests.vectors.strict_graph import Name

Make = Callable[[bytes], bytes]
By = Literal["load", "probes", "check_input"]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One invalid file.

    Attributes:
        clause: The clause of SPEC.md that it breaks.
        by: What refuses it: `load`, `load(verify="probes")`, or `check_input`. `verify` always does.
        error: The name of vitrify's error class.
        message: A part of the error's message.
        make: The valid file `full` → the file.
    """

    clause: str
    by: By
    error: str
    message: str
    make: Make


CASES: dict[str, Case] = {}


def add(name: str, clause: str, by: By, message: str, make: Make, *, error: str = "FormatError") -> None:
    """Add a file."""
    assert name not in CASES, f"{name} twice"
    CASES[name] = Case(clause=clause, by=by, error=error, message=message, make=make)


def _spelled(name: str, message: str, old: str, new: str, clause: str = "7.1") -> None:
    add(name, clause, "load", message, lambda data: respelled(data, old, new))


def _told(name: str, message: str, **parts: Any) -> None:
    """A part of the summary that says something else."""
    part, change = next(iter(parts.items()))
    add(name, "7.1", "load", message, lambda data: with_summary(data, lambda told: _updated(told, part, change)))


def _updated(told: Any, part: str, change: dict[str, Any]) -> None:
    (told[part][0] if part == "scores" else told[part]).update(change)


# The summary (7.1), and its spelling (2.3)

add("no_json", "7.1", "load", "truncated", lambda data: with_summary_text(data, "{"))
add("no_object", "7.1", "load", "Expected `object`", lambda data: with_summary_text(data, "[]"))
add("no_versions", "7.1", "load", "versions", lambda data: with_summary_text(data, '{"notes":"x"}'))
_spelled("unknown_field", "unknown field", '"notes":', '"trusted":true,"notes":')
_spelled("unknown_field_of_data", "unknown field", '"n_rows":24', '"path":"x","n_rows":24')
_spelled("fields_reordered", "canonical", '"authors":["Ada","Grace"],"license":"MIT"',
         '"license":"MIT","authors":["Ada","Grace"]', "2.3")  # fmt: skip
_spelled("field_twice", "canonical", '"license":"MIT"', '"license":"MIT","license":"MIT"', "2.3")
_spelled("default_written", "canonical", '"n_columns":2,', '"n_columns":2,"n_missing":0,', "2.3")
_spelled("space", "canonical", '"license":"MIT"', '"license": "MIT"', "2.3")
_spelled("escape", "canonical", '"MIT"', '"M\\u0049T"', "2.3")
_spelled("surrogate", "malformed", '"MIT"', '"\\ud800"', "2.3")
_spelled("number_nan", "malformed", '"share":0.25', '"share":NaN')
_spelled("number_too_large", "out of range", '"share":0.25', '"share":1e999')
_spelled("number_zeros", "canonical", '"share":0.25', '"share":0.250')
_spelled("number_plus", "canonical", "1e16", "1e+16")
_spelled("number_digits", "canonical", "1.5e-7", "0.00000015")
_spelled("count_text", "Expected `int`", '"n_rows":24', '"n_rows":"24"')
_spelled("count_fraction", "Expected `int`", '"n_rows":24', '"n_rows":24.0')
_spelled("count_minus_zero", "canonical", '"n_columns":2', '"n_columns":-0', "2.3")
_spelled("text_null", "Expected `str`", '"license":"MIT"', '"license":null')
_spelled("is_dirty_number", "Expected `bool | null`", '"is_dirty":false', '"is_dirty":0')
_told("count_negative", ">= 0", data={"n_rows": -1})
_told("columns_negative", ">= 0", data={"n_columns": -2})
_told("class_negative", ">= 0", target={"classes": [{"label": "0", "n": -1}]})
_told("form_unknown", "enum", data={"form": "pickle"})
_told("origin_of_score_unknown", "enum", scores={"origin": "claimed"})
_told("origin_of_probes_unknown", "enum", probes={"origin": "real"})
_told("fingerprint_short", "regex", data={"fingerprint": "0123abcd"})
_told("fingerprint_upper_case", "regex", target={"fingerprint": "A" * 64})
_told("fingerprint_line_break", "regex", data={"fingerprint": "a" * 64 + "\n"})
_spelled("parent_no_digest", "regex", "6" * 64, "../" + "6" * 61)
add("path_fraction", "7.1", "load", "model_path",
    lambda data: with_summary(data, lambda told: {"versions": told["versions"], "model_path": [0.5]}))  # fmt: skip


# Where the model is


def _path(*steps: str | int) -> Make:
    def make(data: bytes) -> bytes:
        return with_summary(data, lambda told: {"versions": told["versions"], "model_path": [*steps]} | told)

    return make


NO_MODEL = "about a model that the file does not hold"
add("path_of_attribute", "7.1", "probes", NO_MODEL, _path("coef_"))
add("path_of_dunder", "7.1", "probes", NO_MODEL, _path("__class__"))
add("path_of_position", "7.1", "probes", NO_MODEL, _path(0))


# The block (7.9)


def _header(change: Callable[[Any], Any]) -> Make:
    return lambda data: Lie(data).file(header=change)


def _numbered(header: Any) -> None:
    header["__metadata__"]["blocks"][-1]["piece"] = len(header) - 4


def _of_another_dtype(header: Any) -> None:
    header["$record"]["dtype"] = "I8"


def _renamed(header: Any) -> Any:
    return {{"$record": "$records"}.get(name, name): entry for name, entry in header.items()}


def _encoded(data: bytes) -> bytes:
    import zstandard

    block = attached_of(data)
    return Lie(data).file(encoded={"$record": ("zstd", zstandard.compress(block), len(block))})


def _flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def _inside(change: Callable[[bytes], bytes]) -> Make:
    return lambda data: with_block(data, change(attached_of(data)))


def _of_version_2(block: bytes) -> bytes:
    end = 8 + int.from_bytes(block[:8], "little")
    return resealed(block[:end].replace(b"vitrify/1", b"vitrify/2", 1)) + block[end:]


add("block_damaged", "3.4", "load", "block '$record' does not match its digest",
    lambda data: _flipped(data, len(data) - 1), error="IntegrityError")  # fmt: skip
add("block_missing_digest", "3.2", "load", "digest",
    _header(lambda header: header["__metadata__"]["blocks"][-1].update(digests=[])))  # fmt: skip
add("block_numbered", "7.9", "load", "", _header(_numbered))
add("block_of_another_dtype", "7.9", "load", "", _header(_of_another_dtype))
add("block_renamed", "2.11", "load", "", _header(_renamed))
add("block_encoded", "7.9", "load", "", _encoded)
add("block_empty", "7.9", "probes", "this is empty", _inside(lambda _: b""), error="NotGlassFileError")
add("block_pickle", "7.9", "probes", "this is a pickle", _inside(lambda _: b"\x80\x04N."), error="NotGlassFileError")
add("block_truncated", "7.9", "probes", "truncated", _inside(lambda block: block[:-1]))
add("block_trailing", "7.9", "probes", "trailing", _inside(lambda block: block + b"\n"))
add("nested_damaged", "7.9", "probes", "does not match its digest",
    _inside(lambda block: _flipped(block, len(block) - 1)), error="IntegrityError")  # fmt: skip
add("nested_version", "7.9", "probes", "vitrify/2", _inside(_of_version_2), error="NewerFormatError")
OWN_RECORD = "has a record of its own"
add("nested_summary", "7.9", "probes", OWN_RECORD,
    _inside(lambda block: with_summary_text(block, '{"versions":{"numpy":"2.4.6"}}')))  # fmt: skip
add("nested_block", "7.9", "probes", OWN_RECORD, _inside(lambda block: with_block(block, block)))
add("nested_whole_file", "7.9", "probes", OWN_RECORD, lambda data: with_block(data, data))
add("nested_name", "7.9", "probes", "names that no record has",
    lambda data: with_attached(data, lambda lie: lie.assign("$['texts']", Name("function", "os.system"))))  # fmt: skip
FOUR = "the block of the record is not what SPEC.md §7 describes"
add("parts_five", "7.9", "probes", FOUR, lambda data: with_contents(data, more={}))
add("parts_three", "7.9", "probes", FOUR, lambda data: with_block(data, file_of(_without(contents_of(data), "texts"))))
add("parts_reordered", "7.9", "probes", FOUR,
    lambda data: with_block(data, file_of(dict(reversed(contents_of(data).items())))))  # fmt: skip
add("parts_in_list", "7.9", "probes", FOUR, lambda data: with_block(data, file_of([contents_of(data)])))
add("part_none", "7.9", "probes", FOUR, lambda data: with_contents(data, target=None))
add("text_number", "7.9", "probes", FOUR, lambda data: with_contents(data, texts={"train.py": 5}))
add("text_not_listed", "7.9", "probes", FOUR, lambda data: with_contents(data, texts={"../x": "y"}))


def _without(parts: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in parts.items() if key != name}


# Columns (7.8)

COLUMNS = "columns are not what SPEC.md §7 describes"


def _columns(name: str, part: str, value: Any) -> None:
    add(name, "7.8", "check_input", f"{COLUMNS} ({part})", lambda data: with_columns(data, **{part: value}))


_columns("names_short", "names", [None])
_columns("kinds_long", "kinds", ["float"] * 3)
_columns("kind_unknown", "kinds", ["float", "pickle"])
_columns("dtype_number", "dtypes", ["float64", 8])
_columns("missing_negative", "n_missing", np.array([0, -1]))
_columns("missing_float", "n_missing", np.zeros(2))
_columns("categories_short", "categories", [None])
_columns("digests_short", "digests", ["5" * 64])
_columns("digests_numbers", "digests", np.arange(2))
_columns("mean_short", "mean", np.zeros(1))
_columns("quantiles_wide", "quantiles", np.zeros((2, 6)))


# Probes (7.10)

PROBES = "are not rows with outputs"
add("probes_more", "7.10", "probes", PROBES, lambda data: with_probes(data, y=[1]))
add("probes_without_rows", "7.10", "probes", PROBES,
    lambda data: with_contents(data, probes={"outputs": contents_of(data)["probes"]["outputs"]}))  # fmt: skip
add("outputs_list", "7.10", "probes", PROBES, lambda data: with_probes(data, outputs=[1]))
add("outputs_numbered", "7.10", "probes", PROBES, lambda data: with_probes(data, outputs={1: np.zeros(3)}))
add("outputs_none", "7.10", "probes", PROBES, lambda data: with_probes(data, outputs={}))
add("rows_number", "7.10", "probes", "no rows of input", lambda data: with_probes(data, X=5))
add("rows_text", "7.10", "probes", "no rows of input", lambda data: with_probes(data, X="1,2"))
