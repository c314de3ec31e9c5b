"""Random numbers go on where they stopped: RandomState, Generator, the bit generators and SeedSequence.

Each state is checked word by word before it is set: compiled code indexes with `pos` and `buffer_pos` unchecked
(attacks M23). The class of a bit generator follows from the table's type, never from text in the file (attacks F33).
numpy's global generator is stored as such, without its state, and is the global generator again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vitrify.converters.checking.values import charge, exact
from vitrify.errors import UnsupportedError
from vitrify.graph.converter import Converter
from vitrify.graph.rows import Rows

State = dict[str, Any]
Words = npt.NDArray[Any]

_OBJECT_BYTES: Final = 6000
_U32: Final = 2**32 - 1
_U128: Final = 2**128 - 1
_MT_WORDS: Final = 624
_PHILOX_WORDS: Final = 4
_MAX_POOL: Final = 64
_MAX_SEED_WORDS: Final = 10_000
_MAX_SEED_BITS: Final = 1 << 16


def _check(rows: Rows) -> None:
    charge(rows, _OBJECT_BYTES)


def _global_state() -> Any:
    """The object behind `numpy.random.seed` and its like, which `numpy.random` itself does not name."""
    return np.random.mtrand._rand


# SeedSequence


def _encode_seeds(seeds: np.random.SeedSequence) -> tuple[object, ...]:
    parts = (seeds.entropy, seeds.spawn_key, seeds.pool_size, seeds.n_children_spawned)
    reason = _seed_problem(*parts)
    if reason is not None:
        raise UnsupportedError(f"a SeedSequence: {reason}")
    return parts


def _decode_seeds(entropy: Any, spawn_key: tuple[int, ...], pool_size: int, n_children: int) -> np.random.SeedSequence:
    reason = _seed_problem(entropy, spawn_key, pool_size, n_children)
    if reason is not None:
        raise ValueError(reason)
    return np.random.SeedSequence(entropy, spawn_key=spawn_key, pool_size=pool_size, n_children_spawned=n_children)


def _seed_problem(entropy: Any, spawn_key: Any, pool_size: Any, n_children: Any) -> str | None:
    """Mixing takes words × pool size steps, so both are bounded."""
    if type(entropy) is np.ndarray and entropy.ndim == 1 and entropy.dtype.kind in "iu":
        entropy = entropy.tolist() if entropy.size <= _MAX_SEED_WORDS else None
    if isinstance(entropy, (int, np.integer)) and not isinstance(entropy, bool):
        entropy = [int(entropy)]
    if not _are_seeds(entropy):
        return "its entropy is not a moderate number of non-negative integers"
    if type(spawn_key) is not tuple or not _are_seeds(spawn_key):
        return "its spawn key is not a tuple of non-negative integers"
    if not _is_int(pool_size, 4, _MAX_POOL):
        return f"its pool size is not 4 … {_MAX_POOL}"
    if not _is_int(n_children, 0, _U32):
        return "its number of children is not one of 32 bits"
    return None


def _are_seeds(values: Any) -> bool:
    if type(values) not in (list, tuple) or len(values) > _MAX_SEED_WORDS:
        return False
    if not all(type(v) is int and v >= 0 for v in values):
        return False
    return sum(v.bit_length() for v in values) <= _MAX_SEED_BITS + 32 * _MAX_SEED_WORDS and all(
        v.bit_length() <= _MAX_SEED_BITS for v in values
    )


def _is_int(value: Any, low: int, high: int) -> bool:
    return type(value) is int and low <= value <= high


def _require_int(name: str, value: Any, low: int, high: int) -> None:
    if not _is_int(value, low, high):
        raise ValueError(f"{name} is not an integer from {low} to {high}")


def _require_words(name: str, words: Any, dtype: type[np.unsignedinteger[Any]], n: int) -> None:
    if type(words) is not np.ndarray or words.dtype != dtype or words.shape != (n,):
        raise ValueError(f"{name} is not {n} words of {np.dtype(dtype)}")


# Bit generators: each has its own state, and all but MT19937 and Philox keep half of a 64-bit draw


def _take_mt(state: State) -> tuple[object, ...]:
    return np.array(state["state"]["key"], np.uint32), int(state["state"]["pos"])


def _give_mt(key: Words, pos: int) -> State:
    _require_words("key", key, np.uint32, _MT_WORDS)
    _require_int("pos", pos, 0, _MT_WORDS)
    if not key[1:].any() and not int(key[0]) >> 31:
        raise ValueError("key is the state that never changes")
    return {"state": {"key": key, "pos": pos}}


def _take_pcg(state: State) -> tuple[object, ...]:
    inner = state["state"]
    if not inner["inc"] & 1:
        raise UnsupportedError("a PCG64 whose increment is even", hint="Seed it in the documented way")
    return inner["state"], inner["inc"], int(state["has_uint32"]), int(state["uinteger"])


def _give_pcg(state: int, inc: int, has_uint32: int, uinteger: int) -> State:
    _require_int("state", state, 0, _U128)
    _require_int("inc", inc, 0, _U128)
    if not inc & 1:
        raise ValueError("inc is even")
    return {"state": {"state": state, "inc": inc}, **_half(has_uint32, uinteger)}


def _take_philox(state: State) -> tuple[object, ...]:
    inner = state["state"]
    words = (np.array(part, np.uint64) for part in (inner["counter"], inner["key"], state["buffer"]))
    return *words, int(state["buffer_pos"]), int(state["has_uint32"]), int(state["uinteger"])


def _give_philox(counter: Words, key: Words, buffer: Words, pos: int, has_uint32: int, uinteger: int) -> State:
    _require_words("counter", counter, np.uint64, 4)
    _require_words("key", key, np.uint64, 2)
    _require_words("buffer", buffer, np.uint64, _PHILOX_WORDS)
    _require_int("buffer_pos", pos, 0, _PHILOX_WORDS)
    inner = {"counter": counter, "key": key}
    return {"state": inner, "buffer": buffer, "buffer_pos": pos, **_half(has_uint32, uinteger)}


def _take_sfc(state: State) -> tuple[object, ...]:
    return np.array(state["state"]["state"], np.uint64), int(state["has_uint32"]), int(state["uinteger"])


def _give_sfc(words: Words, has_uint32: int, uinteger: int) -> State:
    _require_words("state", words, np.uint64, 4)
    return {"state": {"state": words}, **_half(has_uint32, uinteger)}


def _half(has_uint32: int, uinteger: int) -> State:
    _require_int("has_uint32", has_uint32, 0, 1)
    _require_int("uinteger", uinteger, 0, _U32)
    return {"has_uint32": has_uint32, "uinteger": uinteger}


def _bit_converter(
    cls: type[Any],
    fields: tuple[str, ...],
    take: Callable[[State], tuple[object, ...]],
    give: Callable[..., State],
) -> Converter[Any]:
    """The converter of one class of bit generators; `seeds` is None for the state that only a number has seeded."""

    def encode(target: Any) -> tuple[object, ...]:
        if target is _global_state()._bit_generator:
            return (True, *(None for _ in fields), None)
        seeds = target._seed_seq
        if type(seeds) is not np.random.SeedSequence and not (seeds is None and cls is np.random.MT19937):
            raise UnsupportedError(f"a {cls.__name__} seeded by a {type(seeds).__name__}", hint="Use a SeedSequence")
        return (False, *take(target.state), seeds)

    def decode(is_global: bool, *values: Any) -> Any:
        exact(is_global, bool)
        *parts, seeds = values
        if is_global:
            return _global_bits(cls, values)
        state = {"bit_generator": cls.__name__, **give(*parts)}
        if seeds is None and cls is np.random.MT19937:
            target = cls(0)
            target._legacy_seeding(0)
        else:
            exact(seeds, np.random.SeedSequence)
            target = cls(seeds)
        target.state = state
        return target

    return Converter(
        type_id=f"numpy.random.{cls.__name__}",
        types=(f"{cls.__module__}.{cls.__qualname__}",),
        fields=("is_global", *fields, "seeds"),
        encode=encode,
        decode=decode,
        check=_check,
    )


def _global_bits(cls: type[Any], values: tuple[Any, ...]) -> Any:
    if any(value is not None for value in values):
        raise ValueError("numpy's global generator has no state of its own in a file")
    target = _global_state()._bit_generator
    if type(target) is not cls:
        raise UnsupportedError(f"numpy's global generator was a {cls.__name__}, here it is a {type(target).__name__}")
    return target


_BIT_GENERATORS: Final = (
    _bit_converter(np.random.MT19937, ("key", "pos"), _take_mt, _give_mt),
    *(
        _bit_converter(cls, ("state", "inc", "has_uint32", "uinteger"), _take_pcg, _give_pcg)
        for cls in (np.random.PCG64, np.random.PCG64DXSM)
    ),
    _bit_converter(
        np.random.Philox,
        ("counter", "key", "buffer", "buffer_pos", "has_uint32", "uinteger"),
        _take_philox,
        _give_philox,
    ),
    _bit_converter(np.random.SFC64, ("state", "has_uint32", "uinteger"), _take_sfc, _give_sfc),
)
_BIT_TYPES: Final = (
    np.random.MT19937, np.random.PCG64, np.random.PCG64DXSM, np.random.Philox, np.random.SFC64,
)  # fmt: skip


# RandomState and Generator


def _encode_random_state(target: Any) -> tuple[object, ...]:
    if target is _global_state():
        return None, 0, 0.0
    state = target.get_state(legacy=False)
    return target._bit_generator, int(state["has_gauss"]), float(state["gauss"])


def _decode_random_state(bits: Any, has_gauss: int, gauss: float) -> np.random.RandomState:
    _require_int("has_gauss", has_gauss, 0, 1)
    exact(gauss, float)
    if bits is None:
        if has_gauss or gauss:
            raise ValueError("numpy's global generator has no state of its own in a file")
        found: np.random.RandomState = _global_state()
        return found
    exact(bits, *_BIT_TYPES)
    made = np.random.RandomState(bits)
    made.set_state({**bits.state, "has_gauss": has_gauss, "gauss": gauss})
    return made


def _encode_generator(target: np.random.Generator) -> tuple[object, ...]:
    return (target.bit_generator,)


def _decode_generator(bits: Any) -> np.random.Generator:
    exact(bits, *_BIT_TYPES)
    return np.random.Generator(bits)


CONVERTERS: Final[tuple[Converter[Any], ...]] = (
    Converter(
        type_id="numpy.random.SeedSequence",
        types=("numpy.random.bit_generator.SeedSequence",),
        fields=("entropy", "spawn_key", "pool_size", "n_children"),
        encode=_encode_seeds,
        decode=_decode_seeds,
        check=_check,
    ),
    *_BIT_GENERATORS,
    Converter(
        type_id="numpy.random.RandomState",
        types=("numpy.random.mtrand.RandomState",),
        fields=("bits", "has_gauss", "gauss"),
        encode=_encode_random_state,
        decode=_decode_random_state,
        check=_check,
    ),
    Converter(
        type_id="numpy.random.Generator",
        types=("numpy.random._generator.Generator",),
        fields=("bits",),
        encode=_encode_generator,
        decode=_decode_generator,
        check=_check,
    ),
)
