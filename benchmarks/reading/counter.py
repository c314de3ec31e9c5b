"""How many bytes this process has read, as Linux counts them."""

from __future__ import annotations


def parse_io(text: str) -> int:
    """`rchar` of `/proc/PID/io`: bytes that read calls returned, from the cache or not; maps are not counted.

    Raises:
        ValueError: It is not there.
    """
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name == "rchar":
            return int(value)
    raise ValueError("/proc/self/io has no rchar")


def bytes_read() -> int:
    """By this process, until now; reading this counts with its own few bytes."""
    with open("/proc/self/io", "rb", buffering=0) as file:
        return parse_io(file.read(4096).decode("ascii"))
