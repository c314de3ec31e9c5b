"""What `inspect` gives back: plain, frozen values that can be printed, compared and turned into JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

import msgspec

from vitrify.graph.paths import cut
from vitrify.record import Summary as RecordSummary
from vitrify.trust import Need

INTEGRITY: Final = "the bytes match the file's own digests: finds damage, says nothing about the author"
_MAX_NAMES: Final = 20
CONTENT: Final = "not checked here: load checks it"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayInfo:
    """One array of the model.

    Attributes:
        path: Where it is, as `read_array` takes it: `steps.1.1.coef_`.
        dtype: Its dtype, as numpy shows it; of structured ones, the fields.
        shape: Its shape.
        n_bytes: Its size in memory.
        stored_bytes: Its size in the file; 0 if another array holds its elements.
        codec: How its block is stored, such as `raw` or `zstd`.
        block: The name of its block in the safetensors header; None for arrays that lie with others in one.
        shares: The path of the array whose memory it shares, or None.
    """

    path: str
    dtype: str
    shape: tuple[int, ...]
    n_bytes: int
    stored_bytes: int
    codec: str
    block: str | None
    shares: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One object of the model that people think of as a thing: an estimator, a bundle, a group of equal trees.

    Attributes:
        name: What its holder calls it: the name of a step, a key, an attribute; `$` for the root.
        path: Where it is.
        type: The id of its type in the file.
        count: How many objects of the type this stands for; 1 unless it is a group.
        text: The value in short, where it is not an object with attributes.
        note: What its holder says of it beyond the name, such as the columns it is applied to.
        params: Constructor parameters, or the items of a container: name → shown text.
        fitted: What fitting left, by the `_` at the end of the name: name → shown text.
        private: Attributes that begin with `_`: name → shown text.
        sizes: Bytes in the file of each of those, where there are any.
        n_bytes: Bytes in the file of the part with all that it consists of; shared bytes count where they come first.
        children: The parts that it consists of.
    """

    name: str
    path: str
    type: str
    count: int
    text: str
    note: str
    params: dict[str, str]
    fitted: dict[str, str]
    private: dict[str, str]
    sizes: dict[str, int]
    n_bytes: int
    children: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Summary:
    """What a glass file holds; all text that comes from the file is data, never an instruction.

    Attributes:
        file_bytes: The size of the file.
        format: The name and version of the format.
        model_digest: The digest of the model's values, equal for equal models however they are compressed.
        versions: Python, vitrify and the libraries that wrote the file → their versions.
        type: The id of the root's type.
        code: Classes and functions that vitrify has not reviewed; the file loads only if the caller trusts them.
        tree: The root and, below it, what it consists of.
        arrays: The arrays, those that take most bytes in the file first; at most 20 000.
        n_arrays: How many arrays there are.
        n_blocks: How many blocks the file has.
        structure_bytes: What belongs to no part: header, object graph, padding. With `tree.n_bytes` it gives
            `file_bytes`.
        decoded_bytes: The size of all blocks when decoded.
        record: What the file says of where the model comes from.
        record_bytes: The size of what the record keeps outside of the header; it is part of `structure_bytes`.
        not_recorded: What a record can hold and this one does not.
        integrity: What was checked of the bytes; a file that does not match raises instead.
        content: What was checked of the values.
    """

    file_bytes: int
    format: str
    model_digest: str
    versions: dict[str, str]
    type: str
    code: tuple[Need, ...]
    tree: Part
    arrays: tuple[ArrayInfo, ...]
    n_arrays: int
    n_blocks: int
    structure_bytes: int
    decoded_bytes: int
    record: RecordSummary
    record_bytes: int
    not_recorded: tuple[str, ...]
    integrity: str = INTEGRITY
    content: str = CONTENT

    def __repr__(self) -> str:
        code = [cut(need.name) for need in self.code[:_MAX_NAMES]]
        if len(self.code) > _MAX_NAMES:
            code.append(f"and {len(self.code) - _MAX_NAMES:,} more")
        n_arrays = f"{self.n_arrays} array{'s' * (self.n_arrays != 1)}"
        return f"<Summary of {cut(self.type)!r}, {self.file_bytes} bytes, {n_arrays}, code: {code}>"

    def to_dict(self) -> dict[str, Any]:
        """The summary as dicts, lists, texts and numbers."""
        found: dict[str, Any] = json.loads(self.to_json())
        return found

    def to_json(self) -> str:
        """The summary as JSON in plain ASCII, so that no character of the file can steer a terminal."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        return json.dumps(plain | {"record": msgspec.to_builtins(self.record)}, default=_fields, indent=2)


def _fields(value: Any) -> dict[str, Any]:
    """The fields of a part, of an array, or of a name that needs trust."""
    return msgspec.structs.asdict(value) if isinstance(value, msgspec.Struct) else asdict(value)
