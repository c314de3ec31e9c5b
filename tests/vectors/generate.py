"""Writes the golden files of SPEC.md: `python -m tests.vectors.generate` adds those that are missing.

None is ever written anew (SPEC.md §10.2). The example in SPEC.md §11 is written as well.

    v1/valid/NAME.glass, NAME.json        a file, and what it holds: written from the object, not read from the file
    v1/invalid/NAME.glass, manifest.json  files that break one rule, and which
    v1/records/valid, v1/records/invalid  the same for files with a record (SPEC.md §7); valid ones are made once
    v1/SHA256SUMS                         the digests of all of them, for `sha256sum --check`
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.vectors import (
    invalid_container,
    invalid_graph,
    invalid_groups,
    invalid_records,
    invalid_shuffle,
    invalid_sparse,
    invalid_values,
    invalid_words,
    several,
    valid_records,
    valid_trees,
    valid_words,
)
from tests.vectors.cases import CASES as INVALID
from tests.vectors.describing import describe
from tests.vectors.own import OWN
from tests.vectors.valid import CASES as VALID
from tests.vectors.valid import EFFORT, KEPT
from vitrify.container.writer import plan
from vitrify.converters import default_registry
from vitrify.graph.encode import encode

MODULES = (
    invalid_container,
    invalid_groups,
    invalid_shuffle,
    invalid_sparse,
    invalid_words,
    invalid_graph,
    invalid_values,
    several,
    valid_trees,
    valid_words,
)
HERE = Path(__file__).parent
FILES = HERE / "v1"
RECORDS = FILES / "records"
SUMS = FILES / "SHA256SUMS"
SPEC = HERE.parents[1] / "SPEC.md"
RECORD = '{"versions":{"python":"3.11.7","vitrify":"0.1.0","numpy":"2.4.6"}}'
KEPT_RECORD = '{"versions":{"python":"3.11.7","vitrify":"0.1.0","numpy":"2.4.6","sklearn":"1.9.1"}}'
_EXAMPLE = "tiny"
_LINE_CHARS = 150


def build(name: str, value: Any) -> bytes:
    """The file of a value as today's writer makes it, with a record that does not depend on this machine."""
    encoded = encode(value, default_registry(), packs=name in EFFORT)
    record = KEPT_RECORD if name in KEPT else RECORD
    made = plan(
        encoded.pieces,
        cells=encoded.cells,
        graph=encoded.graph,
        record=record,
        effort=EFFORT.get(name, 0),
        groups=encoded.groups,
    )
    return b"".join(made.buffers())


def expectation(name: str) -> dict[str, Any]:
    """What stands beside a valid file."""
    value = VALID[name]()
    found: dict[str, Any] = {"about": (VALID[name].__doc__ or "").strip()}
    own = [own_name for own_name, thing in OWN.items() if own_name in json.dumps(describe(value))]
    return found | ({"trust": own} if own else {}) | {"value": describe(value)}


def manifest() -> list[dict[str, str]]:
    """What stands beside the invalid files."""
    return [
        {"file": f"{name}.glass", "clause": case.clause, "error": case.error, "message": case.message}
        for name, case in INVALID.items()
    ]


def record_manifest() -> list[dict[str, str]]:
    """What stands beside the files with an invalid record."""
    return [
        {"file": f"{name}.glass", "clause": case.clause, "by": case.by, "error": case.error, "message": case.message}
        for name, case in invalid_records.CASES.items()
    ]


def valid_files() -> dict[str, bytes]:
    """The valid files that there are, by name."""
    return {path.stem: path.read_bytes() for path in sorted((FILES / "valid").glob("*.glass"))}


def spelled(value: Any, indent: int = 0) -> str:
    """JSON for people: what fits on a line is on one."""
    text = json.dumps(value, ensure_ascii=False)
    if len(text) + indent <= _LINE_CHARS or not isinstance(value, (dict, list)):
        return text
    pad = " " * (indent + 1)
    if isinstance(value, dict):
        lines = [f"{pad}{json.dumps(key)}: {spelled(item, indent + 1)}" for key, item in value.items()]
        return "{\n" + ",\n".join(lines) + "\n" + " " * indent + "}"
    lines = [pad + spelled(item, indent + 1) for item in value]
    return "[\n" + ",\n".join(lines) + "\n" + " " * indent + "]"


def example(data: bytes) -> str:
    """A file in hexadecimal, with a line that begins with `#` before each part."""
    n = int.from_bytes(data[:8], "little")
    text = data[8 : 8 + n].rstrip(b" ")
    header = json.loads(text)
    parts = [(f"N = {n}", 8), ("the header", len(text)), (f"{n - len(text)} spaces", n - len(text))]
    parts += [
        (f"{name}: {entry['shape'][0]} bytes", entry["shape"][0]) for name, entry in header.items() if name[0] == "$"
    ]
    lines: list[str] = []
    begin = 0
    for label, size in parts:
        lines.append(f"# {label}")
        for at in range(begin, begin + size, 32):
            row = data[at : min(at + 32, begin + size)]
            digits = " ".join(row[i : i + 8].hex() for i in range(0, len(row), 8))
            shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
            lines.append(f"{at:04x}  {digits:<67}  {shown}".rstrip())
        begin += size
    return "\n".join(lines)


def spec_with_example(spec: str, data: bytes) -> str:
    """SPEC.md with the example of §11 put in."""
    head, tail = spec.split("## §11", maxsplit=1)
    before, _, after = tail.split("```\n")
    return f"{head}## §11{before}```\n{example(data)}\n```\n{after}"


def sums() -> str:
    """The digests of the golden files as they are, a line each, in the order of their names."""
    names = sorted(path.relative_to(FILES).as_posix() for path in FILES.rglob("*.glass"))
    return "".join(f"{sha256((FILES / name).read_bytes()).hexdigest()}  {name}\n" for name in names)


def main() -> None:
    """Write what is missing."""
    for folder in ("valid", "invalid"):
        (FILES / folder).mkdir(parents=True, exist_ok=True)
    for name, make in VALID.items():
        target = FILES / "valid" / f"{name}.glass"
        if not target.exists():
            target.write_bytes(build(name, make()))
            target.with_suffix(".json").write_text(spelled(expectation(name)) + "\n", "utf-8")
    files = valid_files()
    for name, case in INVALID.items():
        target = FILES / "invalid" / f"{name}.glass"
        if not target.exists():
            target.write_bytes(case.make(files))
    (FILES / "invalid" / "manifest.json").write_text(spelled(manifest()) + "\n", "utf-8")
    _write_records()
    SUMS.write_text(sums(), "utf-8")
    SPEC.write_text(spec_with_example(SPEC.read_text("utf-8"), files[_EXAMPLE]), "utf-8")


def _write_records() -> None:
    for folder in ("valid", "invalid"):
        (RECORDS / folder).mkdir(parents=True, exist_ok=True)
    for name, make in valid_records.CASES.items():
        target = RECORDS / "valid" / f"{name}.glass"
        if not target.exists():
            target.write_bytes(make())
            expected = valid_records.expectation(target.read_bytes(), name)
            target.with_suffix(".json").write_text(spelled(expected) + "\n", "utf-8")
    full = (RECORDS / "valid" / "full.glass").read_bytes()
    for name, case in invalid_records.CASES.items():
        target = RECORDS / "invalid" / f"{name}.glass"
        if not target.exists():
            target.write_bytes(case.make(full))
    (RECORDS / "invalid" / "manifest.json").write_text(spelled(record_manifest()) + "\n", "utf-8")


if __name__ == "__main__":
    main()
