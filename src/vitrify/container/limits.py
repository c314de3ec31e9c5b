"""The bounds that hold before anything is allocated.

A limit is a guard against a hostile or damaged file, never a tuning knob for honest ones.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

from vitrify.errors import LimitError

_UNITS: Final = {
    "depth": "objects",
    "reached": "objects",
    "workers": "processes",
    "expansion": "bytes for each byte of the file",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a file may ask for; every field can be changed with `dataclasses.replace(LIMITS, …)`.

    Attributes:
        file_bytes: Size of the whole file.
        header_bytes: Size of the JSON header.
        blocks: Number of blocks, each piece of a group counted.
        graph_bytes: Size of the object graph's JSON.
        tables: Number of tables in the object graph.
        columns: Number of columns in all tables.
        rows: Number of rows in all tables: objects and arrays.
        items: Items of one list, dict, set, tuple or object array.
        depth: Objects that lie directly in one another, where Python itself walks such chains on the stack: tuples,
            object arrays, what converters make. Far above the default, a loaded object can crash the interpreter.
        text_bytes: Size of all columns of texts, byte strings and integers beyond 64 bits.
        reached: Objects, each counted as often as it can be reached: what walks a model, as `repr` does, meets so many.
        workers: Processes or threads that `n_jobs` of an estimator asks for.
        expansion: Bytes of memory per byte of the file, beyond `memory_bytes`.
        memory_bytes: Bytes of memory that any file may ask for, however small it is: what is decoded, and the objects.

    Raises:
        TypeError: A field is no int.
        ValueError: A field is below 0.
    """

    file_bytes: int = 1 << 40
    header_bytes: int = 100_000_000
    blocks: int = 1_000_000
    graph_bytes: int = 1 << 27
    tables: int = 100_000
    columns: int = 1_000_000
    rows: int = 1 << 32
    items: int = 1 << 32
    depth: int = 1_000
    text_bytes: int = 1 << 34
    reached: int = 100_000_000
    workers: int = 64
    expansion: int = 1_000
    memory_bytes: int = 1 << 30

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if type(value) is int and value >= 0:
                continue
            unit = _UNITS.get(field.name, "bytes" if field.name.endswith("_bytes") else field.name)
            message = f"limits: {field.name}= takes a whole number of {unit}, got {value!r:.40}"
            raise ValueError(message) if type(value) is int else TypeError(message)

    def require(self, name: str, actual: int, what: str, path: str | None = None) -> None:
        """Compare what a file asks for with the field `name`; `path` is where it does.

        Raises:
            LimitError: It is more.
        """
        limit = getattr(self, name)
        if actual > limit:
            raise LimitError(
                f"{what}: {actual}, the limit {name} is {limit}",
                path=path,
                limit=limit,
                actual=actual,
                hint=f"If the file is yours, load it with limits=dataclasses.replace(vitrify.LIMITS, {name}={actual})",
            )


LIMITS = Limits()


class Budget:
    """The memory that one file may ask for: what it takes is counted before it is allocated.

    Args:
        limits: The bounds.
        file_bytes: The size of the file.
    """

    def __init__(self, limits: Limits, file_bytes: int) -> None:
        self._limits = limits
        self._allowed = limits.memory_bytes + limits.expansion * file_bytes
        self._spent = 0

    def spend(self, n_bytes: int, what: str) -> None:
        """Take `n_bytes`; `what` says for what.

        Raises:
            LimitError: There is not so much left.
        """
        total = self._spent + n_bytes
        if total > self._allowed:
            raise LimitError(
                f"{what} would take {n_bytes} bytes of memory after {self._spent} for the rest; this file may take "
                f"{self._allowed} (memory_bytes {self._limits.memory_bytes}, and expansion {self._limits.expansion} "
                "for each byte of the file)",
                limit=self._allowed,
                actual=total,
                # More may be asked for later: a number with room is one that the caller needs to change once.
                hint="If the file is yours, load it with limits=dataclasses.replace(vitrify.LIMITS, "
                f"memory_bytes={1 << total.bit_length()})",
            )
        self._spent = total


def require_limits(limits: object) -> None:
    """What is passed as `limits=` must be a `Limits`: anything may have such fields.

    Raises:
        TypeError: It is something else.
    """
    if not isinstance(limits, Limits):
        raise TypeError(
            f"limits= takes a Limits, such as dataclasses.replace(vitrify.LIMITS, …), got {type(limits).__name__}"
        )
