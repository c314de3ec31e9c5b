"""The bounds that hold before anything is allocated.

A limit is a guard against a hostile or damaged file, never a tuning knob for honest ones.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a file may ask for; every field can be changed with `dataclasses.replace(LIMITS, …)`.

    Attributes:
        header_bytes: Size of the JSON header.
        blocks: Number of blocks.
        graph_bytes: Size of the object graph's JSON.
        tables: Number of tables in the object graph.
        expansion: Decoded bytes per byte of the file, beyond `memory_bytes`.
        memory_bytes: Decoded bytes that any file may ask for, however small it is.
    """

    header_bytes: int = 100_000_000
    blocks: int = 1_000_000
    graph_bytes: int = 1 << 30
    tables: int = 1_000_000
    expansion: int = 1_000
    memory_bytes: int = 1 << 30

    def decoded_bytes(self, file_bytes: int) -> int:
        """The decoded size that a file of `file_bytes` may ask for, in bytes."""
        return self.memory_bytes + self.expansion * file_bytes


LIMITS = Limits()
