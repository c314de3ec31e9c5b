"""`vitrify lock`: the versions that a file's record names, as text to install from."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from vitrify.cli.options import AsJson, Debug, UsageError
from vitrify.cli.screen import console, visible
from vitrify.container.files import write_file
from vitrify.container.reader import open_glass
from vitrify.errors import VitrifyError
from vitrify.record import Summary, read_summary
from vitrify.record.provenance.lock import Form, Lock, format_lock, lock


def lock_file(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A glass file, or - for standard input.")],
    form: Annotated[Form, typer.Option("--format", help="For pip and uv, or for conda.")] = "requirements",
    out: Annotated[str, typer.Option("--out", "-o", metavar="FILE", help="Write the text there instead.")] = "",
    force: Annotated[bool, typer.Option("--force", help="With --out: replace a file that exists.")] = False,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Write the versions that made a model as requirements.txt or environment.yml, to install them elsewhere.

    Nothing is installed. The names come from the file: read them first, if it is not yours.
    """
    if force and not out:
        raise UsageError("--force goes with --out")
    if out and not force and os.path.lexists(out):
        raise UsageError(f"{out} exists; --force replaces it")
    shown = "standard input" if file == "-" else os.path.basename(file)
    try:
        summary, digest = _read(file)
        found = lock(summary)
    except VitrifyError as error:
        error.name_file(shown)
        raise
    text = format_lock(found, form, digest=digest)
    if out:
        _save(text, Path(out), force=force)
    if as_json:
        sys.stdout.write(json.dumps(_plain(found, form, digest), indent=2) + "\n")
    elif out:
        console().print(f"{visible(out)}: {len(found.pins)} pinned", soft_wrap=True)
    else:
        sys.stdout.write(text)
    if found.left_out:
        sys.stderr.write(f"vitrify: {visible(shown)}: {len(found.left_out)} names of the record are left out\n")


def _read(file: str) -> tuple[Summary, str]:
    """The record of a file and its model digest; of all its bytes, only the header is looked at."""
    with open_glass(sys.stdin.buffer if file == "-" else file) as opened:
        metadata = opened.header.metadata
        return read_summary(metadata.record), metadata.model


def _plain(found: Lock, form: Form, digest: str) -> dict[str, object]:
    return {"format": form, "model_digest": digest, **asdict(found)}


def _save(text: str, path: Path, *, force: bool) -> None:
    """Write a file; an old one is replaced only when the new one is whole."""
    if force:
        write_file(path, _Text(text.encode()))
        return
    with open(path, "xb") as stream:
        stream.write(text.encode())


@dataclass(frozen=True, slots=True)
class _Text:
    """Bytes as `write_file` takes them."""

    data: bytes

    @property
    def head_bytes(self) -> int:
        return 0

    def head(self) -> bytes:
        return b""

    def bodies(self) -> Iterator[bytes]:
        yield self.data

    def buffers(self) -> Iterator[bytes]:
        yield self.data
