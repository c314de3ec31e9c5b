"""What the valid golden files of SPEC.md 4.8 and 4.9 hold; see `valid`."""

from __future__ import annotations

from typing import Any

from tests.vectors.valid import case


@case
def words() -> Any:
    """Sorted words (4.8), one of them empty; two share more than 255 bytes, and some a part of a character."""
    long = ["y" * 300, "y" * 300 + "a", "y" * 300 + "b"]
    return ["", *_words()[::4], *long, "\u0434", "\u0435", "\u0436"]


@case
def words_in_columns() -> Any:
    """Words of one length (4.8), byte by byte."""
    return [f"C{i * 104729 % 10**7:07d}" for i in range(1000)]


@case
def vocabulary() -> Any:
    """Words with their places in the alphabet (4.9), in another order; two such dicts, and others beside them."""
    made = []
    for known in (_words(), _words()[::3]):
        places = [i * 7919 % len(known) for i in range(len(known))]
        made.append({known[place]: place for place in places})
    return [{"b": 1, "a": 7}, made[0], {}, {"c": None, "d": -5, "e": 300}, made[1], {"": 0}]


def _words() -> list[str]:
    heads = ("", "be", "con", "dé", "inter", "pre", "re", "un", "über")
    stems = ("act", "form", "late", "mark", "port", "press", "read", "scribe", "serve", "tail", "turn", "word")
    tails = ("", "able", "ably", "ed", "er", "ers", "ing", "ings", "ment", "ments", "or", "ors", "s", "y", *stems[:6])
    return sorted(head + stem + tail for head in heads for stem in stems for tail in tails)
