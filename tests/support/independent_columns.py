"""How packed numbers lie, as SPEC.md 4.6 has it, written from it alone: this never imports vitrify."""

from __future__ import annotations

from itertools import accumulate


def require(ok: object, message: str) -> None:
    """Raise ValueError unless `ok`."""
    if not ok:
        raise ValueError(message)


class Columns:
    """Reads what the clause writes as *mode*, *bits*, *ints* and *floats*."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def take(self, n: int) -> bytes:
        """The next n bytes."""
        require(n <= len(self.data), "packed trees end too early")
        taken, self.data = self.data[:n], self.data[n:]
        return taken

    def mode(self, most: int) -> int:
        """A mode, at most this one."""
        mode = self.take(1)[0]
        require(mode <= most, "mode of a column of packed trees")
        return mode

    def is_stored(self) -> bool:
        """A mode of two."""
        return self.mode(1) == 1

    def bits(self, n: int) -> list[int]:
        """So many bits."""
        packed = int.from_bytes(self.take(-(-n // 8)), "little")
        require(packed >> n == 0, "bits after the last")
        return [packed >> i & 1 for i in range(n)]

    def planes(self, n: int, width: int) -> list[int]:
        """Unsigned numbers of so many bytes."""
        data = self.take(n * width)
        return [int.from_bytes(data[i::n], "little") if width else 0 for i in range(n)] if n else []

    def ints(self, n: int) -> list[int]:
        """So many integers."""
        width = self.take(1)[0]
        require(width in (0, 1, 2, 4, 8), "width of packed integers")
        return [-(u + 1) // 2 if u % 2 else u // 2 for u in self.planes(n, width)]

    def floats(self, n: int) -> list[int]:
        """The bits of so many float64 numbers."""
        kind = self.take(1)[0]
        require(kind <= 1, "kind of floats")
        if kind == 0:
            return self.planes(n, 8)
        (k,) = self.ints(1)
        require(1 <= k <= min(n, 2**32), "size of a dictionary")
        entries = list(accumulate(self.planes(k, 8)))
        require(entries == sorted(set(entries)) and entries[-1] < 2**64, "order of a dictionary")
        places = self.planes(n, next(width for width in (0, 1, 2, 4) if k <= 256**width))
        require(set(places) == set(range(k)), "entries of a dictionary")
        return [entries[place] for place in places]

    def near(self, n: int) -> list[tuple[int, int | None]]:
        """For so many numbers a distance, or the bits that are given."""
        is_given = self.bits(n)
        apart = self.ints(is_given.count(0))
        given = iter(self.floats(is_given.count(1)))
        rest = iter(apart)
        return [(0, next(given)) if flag else (next(rest), None) for flag in is_given]
