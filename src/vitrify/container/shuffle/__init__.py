"""Numbers and records, field by field and byte by byte (SPEC.md 4.7).

What HDF5 and Blosc call the shuffle filter: all the first bytes of the numbers come first, then all the second …,
so that those that are alike lie together. A record is split into its fields before, and a field whose values repeat
is kept as a dictionary and indexes; one that follows from another is left out. `pack` and `unpack` know nothing of
zstd, which comes after the one and before the other. Values are patterns of bits: -0.0 and every NaN come back.
"""

from vitrify.container.shuffle.layout import HEADER_BYTES
from vitrify.container.shuffle.packing import Packed, pack
from vitrify.container.shuffle.unpacking import unpack

__all__ = ["HEADER_BYTES", "Packed", "pack", "unpack"]
