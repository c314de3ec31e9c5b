"""The three calls: what a file says, one of its arrays, and what its record brings with it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Final

import numpy.typing as npt

from vitrify.container.layout import RECORD, Block
from vitrify.container.limits import LIMITS, Limits
from vitrify.container.reader import GlassFile, open_glass, open_glass_bytes
from vitrify.converters import default_registry
from vitrify.errors import VitrifyError
from vitrify.graph.parse import ParsedGraph
from vitrify.inspection.arrays import Arrays
from vitrify.inspection.finding import find_array
from vitrify.inspection.needs import needs
from vitrify.inspection.origins import Origins
from vitrify.inspection.parts import Draft, Outline
from vitrify.inspection.sizes import STRUCTURE, Sizes, label_rows
from vitrify.inspection.summary import Part, Summary
from vitrify.inspection.tables import Tables
from vitrify.inspection.text import Texts, is_fitted_name, is_param_name
from vitrify.record import Summary as RecordSummary
from vitrify.record import read_summary
from vitrify.record.attached import Attached
from vitrify.record.attached import read_attached as read_attached_of

FileLike = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO
_RECORDED: Final = {"data": "training data", "source": "source", "scores": "score", "probes": "probes"}
_FOLD_BELOW_BYTES: Final = 4096


def inspect(file: FileLike, *, limits: Limits = LIMITS) -> Summary:
    """What a glass file holds, without loading it: nothing is built and no machine-learning library is imported.

    Every byte is read once and compared with the file's digests.

    Args:
        file: A path, the bytes of a file, or a binary file object, which is read to its end.
        limits: Bounds on what the file may ask for.

    Raises:
        OSError: The file cannot be opened or read.
        FormatError: It is not one whole, undamaged glass file.
        LimitError: It asks for more than `limits` allows.
    """
    with _opened(file, limits) as opened:
        parsed = ParsedGraph(opened, default_registry())
        record = read_summary(opened.header.metadata.record)
        _check_arrays(parsed)
        opened.check_attached()
        return _summary(parsed, record)


def read_array(file: FileLike, path: str, *, limits: Limits = LIMITS) -> npt.NDArray[Any]:
    """One array of the model, in memory of its own; of the blocks with arrays, only its own is read and checked.

    Args:
        file: A path, the bytes of a file, or a binary file object, which is read to its end.
        path: Where the array is, as `inspect` shows it, or the name of its block.
        limits: Bounds on what the file may ask for.

    Raises:
        PathError: No array has this path; the hint names those that come near.
        UnsupportedError: The array holds objects.
        OSError: The file cannot be opened or read.
        FormatError: It is not one whole glass file, or the array is damaged.
    """
    with _opened(file, limits) as opened:
        tables = Tables(ParsedGraph(opened, default_registry()))
        origins = Origins(tables)
        arrays = Arrays(tables, origins)
        return arrays.read(find_array(path, tables, arrays))


def read_attached(file: FileLike, *, limits: Limits = LIMITS) -> Attached:
    """What the record of a file brings with it: what is known of columns, probes and texts.

    Nothing but containers, numbers, texts, dates, arrays, matrices and tables is built, whatever the file says; where
    rows of a table are among the probes, the library of the table is imported.

    Args:
        file: A path, the bytes of a file, or a binary file object, which is read to its end.
        limits: Bounds on what the file may ask for.

    Returns:
        Empty parts where the file has none.

    Raises:
        OSError: The file cannot be opened or read.
        FormatError: It is not one whole glass file, or what is attached is not what SPEC.md §7 describes.
        LimitError: It asks for more than `limits` allows.
        UnsupportedError: A library that its tables need is not installed.
    """
    with _opened(file, limits) as opened:
        return read_attached_of(opened, limits)


@contextmanager
def _opened(file: FileLike, limits: Limits) -> Iterator[GlassFile]:
    """The open file; errors name it."""
    is_bytes = isinstance(file, (bytes, bytearray, memoryview))
    shown = "<bytes>" if is_bytes else str(getattr(file, "name", f"<{type(file).__name__}>"))
    if isinstance(file, (str, os.PathLike)):
        shown = os.path.basename(os.fsdecode(file)) or os.fsdecode(file)
    sys.audit("vitrify.inspect", shown)
    try:
        with open_glass_bytes(file, limits) if is_bytes else open_glass(file, limits) as opened:  # type: ignore[arg-type]  # narrowed by is_bytes
            yield opened
    except VitrifyError as error:
        error.name_file(shown)
        raise


def _check_arrays(parsed: ParsedGraph) -> None:
    """Compare with their digests the blocks that parsing has not read: those of big arrays."""
    for table in parsed.graph.tables:
        for number in table.arrays.blocks if table.arrays is not None else ():
            parsed.file.check(parsed.file.block(number))


def _summary(parsed: ParsedGraph, record: RecordSummary) -> Summary:
    tables = Tables(parsed)
    origins = Origins(tables)
    arrays = Arrays(tables, origins)
    outline = Outline(tables, origins, Texts(tables, arrays))
    cells = outline.cells
    labels = label_rows(tables, origins, outline.own, outline.groups, cells)
    stored = Sizes(tables, arrays, labels, cells, outline.n_labels).stored.tolist()
    header = parsed.file.header
    infos, n_arrays = arrays.infos()
    fold_below = max(_FOLD_BELOW_BYTES, header.file_bytes // 100)
    return Summary(
        file_bytes=header.file_bytes,
        format=header.metadata.format,
        model_digest=header.metadata.model,
        versions=dict(record.versions),
        type=outline.root.type,
        code=needs(tables, origins, parsed.registry),
        tree=_part(outline.root, stored, fold_below),
        arrays=infos,
        n_arrays=n_arrays,
        n_blocks=len(header.blocks),
        structure_bytes=stored[STRUCTURE],
        decoded_bytes=sum(block.n_bytes * block.n_copies for block in header.blocks),
        record=record,
        record_bytes=sum(block.stored_bytes for block in header.blocks if _is_record(block)),
        not_recorded=tuple(what for name, what in _RECORDED.items() if not getattr(record, name)),
    )


def _is_record(block: Block) -> bool:
    return block.name == RECORD and not block.stored.numbers


def _part(draft: Draft, stored: list[int], fold_below: int) -> Part:
    """A part with its bytes; small helpers under private names are left to their holder."""
    sizes = {name: stored[label] for name, (label, _) in draft.slots.items()} if draft.count == 1 else {}
    children: list[Part] = []
    folded: set[str] = set()
    for child in draft.children:
        part = _part(child, stored, fold_below)
        if child.slot.startswith("_") and part.n_bytes < fold_below:
            folded.add(child.slot)
            sizes[child.slot] += part.n_bytes
        else:
            children.append(part)
    shown = {name: text for name, (_, text) in draft.slots.items() if name not in draft.replaced or name in folded}
    own_bytes = stored[draft.label] if draft.label != STRUCTURE else 0
    return Part(
        name=draft.name,
        path=draft.path,
        type=draft.type,
        count=draft.count,
        text=draft.text,
        note=draft.note,
        params={name: text for name, text in shown.items() if draft.is_container or is_param_name(name)},
        fitted={name: text for name, text in shown.items() if not draft.is_container and is_fitted_name(name)},
        private={name: text for name, text in shown.items() if not draft.is_container and name.startswith("_")},
        sizes={name: n for name, n in sizes.items() if n},
        n_bytes=own_bytes + sum(sizes.values()) + sum(part.n_bytes for part in children),
        children=tuple(children),
    )
