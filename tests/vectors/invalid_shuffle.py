"""Invalid golden files that break SPEC.md 4.7: items in planes."""

from __future__ import annotations

from tests.vectors.cases import packed

N_BYTES = 4096


def fields(*fields: tuple[int, int]) -> bytes:
    """The beginning of shuffled items: the width and the kind of each field."""
    return bytes([len(fields)]) + b"".join(width.to_bytes(2, "little") + bytes([kind]) for width, kind in fields)


def entries(*apart: int, n: int | None = None) -> bytes:
    """A dictionary of numbers of one byte: how far each is from the one before; `n` is what it says of their number."""
    return (len(apart) if n is None else n).to_bytes(8, "little") + bytes(apart)


def _add(name: str, message: str, content: bytes) -> None:
    """Add a file whose first shuffled block, of 4096 bytes, holds this."""
    packed(f"shuffle_{name}", "4.7", message, content, of="shuffle", codec="shuffle")


_REST = bytes(1023 * 4)

_add("no_fields", "have no fields", b"\0")
_add("width", "of 0 bytes", fields((0, 0)) + bytes(N_BYTES))
_add("kind", "of the kind 5", fields((8, 5)) + bytes(N_BYTES))
_add("numbers_of_3_bytes", "numbers of 3 bytes", fields((3, 1), (5, 0)) + bytes(N_BYTES))
_add("items", "do not fill 4096", fields((7, 0)) + bytes(N_BYTES))
_add("empty_dictionary", "a dictionary of 0 values", fields((1, 2)) + entries())
_add("large_dictionary", "a dictionary of 4097 values", fields((1, 2)) + entries(*[1] * 4097))
_add("huge_dictionary", "a dictionary of 18446744073709551615 values", fields((8, 2)) + b"\xff" * 8)
_add("descending", "does not ascend", fields((1, 2)) + entries(9, 1, 0) + bytes(N_BYTES))
_add("wrapping", "does not ascend", fields((1, 2)) + entries(9, 200, 100) + bytes(N_BYTES))
_add("follows_planes", "follows one without", fields((1, 0), (1, 4)) + b"\0" + bytes(N_BYTES))
_add("follows_nothing", "follows one without", fields((1, 2), (1, 4)) + entries(7) + b"\2\0")
_add("follows_itself", "follows one without", fields((1, 2), (1, 4)) + entries(7) + b"\1\0")
_add("no_such_entry", "does not have", fields((1, 2)) + entries(9, 1, 1) + bytes(4093) + b"\1\2\3")
_add("unused_entry", "do not use", fields((1, 2)) + entries(9, 1, 1) + bytes(4095) + b"\1")
_add("unused_entry_of_one_bit", "do not use", fields((1, 2)) + entries(9, 1) + bytes(512))
_add("bits", "bits after the last", fields((1, 2), (1023, 0)) + entries(9, 1) + b"\x1a" + _REST)
_add("differences_of_bits", "differences of bits", fields((1, 3)) + entries(9, 1) + b"\0\2" + bytes(4094))
_add("truncated", "end too early", fields((8, 0)) + bytes(N_BYTES - 1))
_add("trailing", "after the end of shuffled items", fields((8, 0)) + bytes(N_BYTES + 1))
_add("large", "shuffled items take 12289 bytes", fields((8, 0)) + bytes(3 * N_BYTES - 3))
_add("empty", "end too early", b"")
