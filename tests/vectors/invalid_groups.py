"""Invalid golden files that break SPEC.md 4.5 and 4.6: groups of blocks, and packed trees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.repacked import repacked
from tests.vectors.cases import add

# Where things lie in the packed bytes: the bits of every file, and the mode after them; in `trees_of_shares` the
# thresholds, with their dictionary of 4 numbers, and the modes of weights and of impurities.
_BITS, _MODE = 11, 27
_THRESHOLDS, _ENTRIES, _PLACES, _SAMPLES, _WEIGHTS, _IMPURITIES = 92, 95, 127, 190, 257, -155


def _group(name: str, message: str, change: Callable[[dict[str, Any]], Any]) -> None:
    add(
        f"group_{name}",
        "4.5",
        message,
        lambda files: repacked(files["trees_best_first"], change, lambda _: None, "trees"),
    )


def _packed(name: str, message: str, repack: Callable[[bytearray], Any], of: str = "trees_best_first") -> None:
    add(f"trees_{name}", "4.6", message, lambda files: repacked(files[of], lambda _: None, repack, "trees"))


def _near(name: str, message: str, repack: Callable[[bytearray], Any]) -> None:
    _packed(name, message, repack, "trees_of_shares")


def _put(at: int, *values: int) -> Callable[[bytearray], None]:
    def repack(packed: bytearray) -> None:
        packed[at : at + len(values)] = bytes(values)

    return repack


_group("without_pieces", "not in order", lambda how: how.pop("pieces"))
_group("with_a_number", "names several pieces", lambda how: how.update(_after(how, "digests", piece=0)))
_group("descending", "not in order", lambda how: how["pieces"].reverse())
_group("sizes", "do not add up", lambda how: how["pieces"][0].__setitem__(1, how["pieces"][0][1] + 8))
_group("empty_piece", "do not add up", lambda how: how["pieces"].append([2, 0]))
_group("of_zstd", "names several pieces", lambda how: how.update(codec="zstd"))
_group("raw", "decoded size", lambda how: how.pop("codec"))

_packed("node_size", "nodes of 63 bytes", _put(0, 63))
_packed("width_of_ints", "numbers of 3 bytes", _put(1, 3))
_packed("none", "more than their group has room for", _put(4, 0))
_packed("without_nodes", "more nodes than", _put(6, 0))
_packed("too_many_nodes", "more nodes than", _put(5, 2, 0, 4))
_packed("outside", "outside of their group", _put(10, 255))
_packed("upon_one_another", "upon one another", _put(9, 0, 0))
_packed("bits_after_the_last", "bits after the last", lambda packed: packed.__setitem__(26, packed[26] | 0x80))
_packed("mode", "unknown kind 2", _put(_MODE, 2))
_packed("derived_children", "", _put(_MODE, 0))
_packed("child_outside", "outside of their tree", _put(_MODE + 2, 254))
_packed("child_twice", "not the child of one node", lambda packed: packed.__setitem__(_MODE + 3, packed[_MODE + 2]))
_packed("truncated", "end too early", lambda packed: packed[:-1])
_packed("trailing", "after the end of packed trees", lambda packed: packed + b"\0")
_packed("larger_than_the_group", "for a block of", lambda packed: packed + bytes(20_000))


def _same_entries(packed: bytearray) -> None:
    packed[_ENTRIES + 1 : _PLACES : 4] = bytes(8)


def _unused_entry(packed: bytearray) -> None:
    packed[_PLACES:_SAMPLES] = packed[_PLACES:_SAMPLES].replace(b"\3", b"\0")


_near("floats_kind", "unknown kind 2", _put(_THRESHOLDS, 2))
_near("dictionary_empty", "a dictionary of 0 values for 63 numbers", _put(_THRESHOLDS + 2, 0))
_near("dictionary_too_large", "a dictionary of 64 values for 63 numbers", _put(_THRESHOLDS + 2, 128))
_near("dictionary_order", "does not ascend", _same_entries)
_near("dictionary_too_few", "does not have", _put(_PLACES, 4))
_near("dictionary_unused", "do not use a value", _unused_entry)
_near("mode_of_samples", "unknown kind 2", _put(_SAMPLES, 2))
_near("mode_of_weights", "unknown kind 3", _put(_WEIGHTS, 3))
_near("mode_of_impurities", "unknown kind 5", lambda packed: packed.__setitem__(_IMPURITIES, 5))
_near("no_outputs", "shares of classes for 0 outputs", lambda packed: packed.__setitem__(_IMPURITIES + 2, 0))
_near("too_many_outputs", "shares of classes for 6 outputs", lambda packed: packed.__setitem__(_IMPURITIES + 2, 12))


def _after(how: dict[str, Any], key: str, **new: Any) -> dict[str, Any]:
    """The description with a field after another one; it is emptied, to keep the order."""
    items = list(how.items())
    how.clear()
    place = next(i for i, (name, _) in enumerate(items) if name == key) + 1
    return dict([*items[:place], *new.items(), *items[place:]])
