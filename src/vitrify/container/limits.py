"""The bounds that hold before anything is allocated.

A limit is a guard against a hostile or damaged file, never a tuning knob for honest ones.
"""

from __future__ import annotations

from dataclasses import dataclass

from vitrify.errors import LimitError


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
        expansion: Decoded bytes per byte of the file, beyond `memory_bytes`.
        memory_bytes: Decoded bytes that any file may ask for, however small it is.
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

    def decoded_bytes(self, file_bytes: int) -> int:
        """The decoded size that a file of `file_bytes` may ask for, in bytes."""
        return self.memory_bytes + self.expansion * file_bytes

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
