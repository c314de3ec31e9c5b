"""Records that lie: the summary in the header and the file in `$record` of a valid file, changed one at a time.

Every digest is computed anew, so it is the check of the changed thing that must fire.

    with_summary(data, lambda told: told["data"].update(n_rows=7))     # the JSON of the summary
    with_contents(data, texts={"a": 1})                                # a part of what `$record` holds
    with_attached(data, lambda lie: lie.assign("$['texts']", None))    # the object graph of the file in `$record`
    with_block(data, b"")                                              # the bytes of `$record`
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import vitrify
from tests.support.lying_writer import Lie
from tests.vectors.strict_record import spelled

NO_RECORD = '{"versions":{}}'
"""The record of the file in `$record` (SPEC.md 7.9)."""

Told = dict[str, Any]


def summary_of(data: bytes) -> Told:
    """The summary of a file, as JSON."""
    found: Told = json.loads(Lie(data).metadata["record"])
    return found


def attached_of(data: bytes) -> bytes:
    """The file that lies in `$record` of a file."""
    found = Lie(data).record
    assert found is not None, "the file has no $record"
    return bytes(found)


def contents_of(data: bytes) -> Told:
    """What `$record` of a file holds: its four parts."""
    found: Told = vitrify.loads(attached_of(data))
    return found


def file_of(value: Any) -> bytes:
    """The file of a value as it may lie in `$record`."""
    lie = Lie(vitrify.dumps(value))
    lie.metadata["record"], lie.record = NO_RECORD, None
    return lie.file()


def with_summary(data: bytes, change: Callable[[Told], Any]) -> bytes:
    """The file with another summary; `change` changes the JSON, or returns another."""
    told = summary_of(data)
    changed = change(told)
    return with_summary_text(data, spelled(told if changed is None else changed))


def with_summary_text(data: bytes, text: str) -> bytes:
    """The file with this text as its summary."""
    lie = Lie(data)
    lie.metadata["record"] = text
    return lie.file()


def respelled(data: bytes, old: str, new: str) -> bytes:
    """The file with a piece of its summary's text spelled otherwise."""
    text = Lie(data).metadata["record"]
    assert old in text, f"{old!r} is not there"
    return with_summary_text(data, text.replace(old, new, 1))


def with_block(data: bytes, block: bytes | None, **how: Any) -> bytes:
    """The file with these bytes in `$record`, or without one; `how` is for `Lie.file`."""
    lie = Lie(data)
    lie.record = block
    return lie.file(**how)


def with_contents(data: bytes, **parts: Any) -> bytes:
    """The file with other parts of what `$record` holds, or with more."""
    return with_block(data, file_of(contents_of(data) | parts))


def with_probes(data: bytes, **parts: Any) -> bytes:
    """The file with another `X` or other `outputs` of its probes, or with more."""
    return with_contents(data, probes=contents_of(data)["probes"] | parts)


def with_columns(data: bytes, **parts: Any) -> bytes:
    """The file that says something else of the columns of its data."""
    return with_contents(data, columns=contents_of(data)["columns"] | parts)


def with_attached(data: bytes, change: Callable[[Lie], Any], **how: Any) -> bytes:
    """The file with a change to the object graph of the file in `$record`; `how` is for `Lie.file` of that."""
    inner = Lie(attached_of(data))
    change(inner)
    return with_block(data, inner.file(**how))
