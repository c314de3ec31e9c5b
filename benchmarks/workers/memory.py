"""What a process holds, as Linux counts it: PSS divides each shared page by the number of processes that hold it."""

from __future__ import annotations

FIELDS = {"Rss": "rss_bytes", "Pss": "pss_bytes", "Pss_Anon": "pss_anon_bytes", "Pss_File": "pss_file_bytes"}


def parse_rollup(text: str) -> dict[str, float]:
    """The fields of `/proc/PID/smaps_rollup` that matter here, in bytes.

    Raises:
        ValueError: RSS or PSS is not there, or is not in kB.
    """
    found = {}
    for line in text.splitlines():
        name, _, rest = line.partition(":")
        if name in FIELDS:
            count, unit = rest.split()
            if unit != "kB":
                raise ValueError(f"{name} is in {unit}, expected kB")
            found[FIELDS[name]] = float(count) * 1024
    missing = {"rss_bytes", "pss_bytes"} - found.keys()
    if missing:
        raise ValueError(f"smaps_rollup has no {', '.join(sorted(missing))}")
    return found


def own_memory() -> dict[str, float]:
    """What this process holds now."""
    with open("/proc/self/smaps_rollup", encoding="ascii") as file:
        return parse_rollup(file.read())
