"""Arrays and their paths, held against the arrays of the models and what safetensors reads."""

from __future__ import annotations

import collections
import json
import re
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open

import vitrify
from tests.unit.inspection.samples import MODELS, RNG, Clipper, Stateful, X, bundle, pipeline
from vitrify.errors import IntegrityError, PathError, UnsupportedError
from vitrify.inspection import inspect, read_array


def value_at(model: Any, path: str) -> Any:
    """What stands at a plain path, found with getattr and indexes."""
    for step in path.split(".") if path != "$" else []:
        if isinstance(model, np.ndarray):
            model = model.reshape(-1)[int(step)]
        elif isinstance(model, (list, tuple)):
            model = model[int(step)]
        elif isinstance(model, dict):
            model = model[step]
        elif hasattr(model, step):
            model = getattr(model, step)
        else:
            model = model.__getstate__()[step]
    return model


def own_arrays(model: object, seen: dict[int, object] | None = None) -> list[Any]:
    """Every array in a value of lists, dicts and objects with attributes, once."""
    seen = {} if seen is None else seen
    if id(model) in seen:
        return []
    seen[id(model)] = model
    if isinstance(model, np.ndarray):
        return [model, *own_arrays(model.tolist(), seen)] if model.dtype == object else [model]
    if isinstance(model, dict):
        return [array for value in model.values() for array in own_arrays(value, seen)]
    if isinstance(model, (list, tuple)):
        return [array for value in model for array in own_arrays(value, seen)]
    return own_arrays(vars(model), seen) if hasattr(model, "__dict__") and not isinstance(model, type) else []


class TestArrays:
    @pytest.mark.parametrize("name", ["pipeline", "forest", "columns", "voting", "bagging", "neighbours", "user's own"])
    @pytest.mark.parametrize("compress", [None, 3])
    def test_every_path_leads_to_the_array_of_the_model(self, name: str, compress: int | None) -> None:
        """Each path, followed with getattr in the loaded model, gives the array that `read_array` reads."""
        data = vitrify.dumps(MODELS[name](), compress=compress)
        model = vitrify.loads(data, trust=[Clipper, Stateful])
        summary = inspect(data)
        assert summary.n_arrays == len(summary.arrays) == len({array.path for array in summary.arrays})
        for info in summary.arrays:
            if ".dist_metric." in info.path:
                continue  # Kept in C, where Python cannot look.
            expected = np.asarray(value_at(model, info.path))
            found = read_array(data, info.path)
            assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
            assert info.shape == expected.shape
            assert info.dtype == str(expected.dtype) or expected.dtype.fields is not None
            assert found.tolist() == expected.tolist()

    @pytest.mark.parametrize("name", ["pipeline", "voting", "user's own", "bundle"])
    def test_no_array_is_missing(self, name: str) -> None:
        """There are as many as a walk through the model's attributes finds."""
        model = MODELS[name]()
        walked = own_arrays(model)
        summary = inspect(vitrify.dumps(model))
        shapes = collections.Counter((array.dtype, array.shape) for array in summary.arrays)
        for array in walked:
            assert shapes[str(array.dtype), array.shape] > 0
        assert summary.n_arrays >= len(walked)

    def test_big_arrays_have_the_block_that_safetensors_shows(self, tmp_path: Any) -> None:
        """The name of the block is a tensor's name, with the same values."""
        path = tmp_path / "model.glass"
        vitrify.dump({"a": X, "b": np.asfortranarray(np.arange(1200.0).reshape(30, 40))}, path)
        first, second = sorted(inspect(path).arrays, key=lambda info: info.path)
        with safe_open(path, "np") as tensors:
            assert first.block is not None
            assert second.block is not None
            np.testing.assert_array_equal(tensors.get_tensor(first.block), X)
            np.testing.assert_array_equal(tensors.get_tensor(second.block).T, np.arange(1200.0).reshape(30, 40))
        np.testing.assert_array_equal(read_array(path, second.block), read_array(path, "b"))
        assert read_array(path, "b").flags.f_contiguous

    def test_the_largest_in_the_file_come_first(self) -> None:
        """The order is by bytes stored, which compression changes."""
        value = {"zeros": np.zeros(20_000), "noise": RNG.normal(size=2000), "small": np.arange(3)}
        plain, small = inspect(vitrify.dumps(value)), inspect(vitrify.dumps(value, compress=3))
        assert [info.path for info in plain.arrays] == ["zeros", "noise", "small"]
        assert [info.path for info in small.arrays] == ["noise", "zeros", "small"]
        zeros = small.arrays[1]
        assert (zeros.codec, zeros.n_bytes) == ("zstd", 160_000)
        assert zeros.stored_bytes < 1000
        assert {info.codec for info in plain.arrays} == {"raw"}

    def test_arrays_that_share_memory_are_counted_once(self) -> None:
        """A view names the array that holds its elements, and reads as itself."""
        base = np.arange(2000.0)
        data = vitrify.dumps({"base": base, "even": base[::2], "back": base[::-1]})
        infos = {info.path: info for info in inspect(data).arrays}
        assert infos["base"].shares is None
        assert infos["even"].shares == infos["back"].shares == "base"
        assert [infos[name].stored_bytes for name in ("base", "even", "back")] == [16_000, 0, 0]
        for name, expected in {"base": base, "even": base[::2], "back": base[::-1]}.items():
            np.testing.assert_array_equal(read_array(data, name), expected)

    def test_views_of_what_is_not_in_the_model_share_with_the_first(self) -> None:
        """Overlapping windows have one buffer, which is no array of the model."""
        base = np.arange(3000.0)
        data = vitrify.dumps({"a": base[:2000], "b": base[1000:]})
        infos = {info.path: info for info in inspect(data).arrays}
        assert set(infos) == {"a", "b"}
        assert sorted(str(info.shares) for info in infos.values()) == ["None", "a"]
        np.testing.assert_array_equal(read_array(data, "b"), base[1000:])

    @pytest.mark.parametrize("n", [8, 80])
    def test_matrices_with_gaps_come_with_their_strides(self, n: int) -> None:
        """Half of each row reads as it was, also in memory; in the file it has no gaps."""
        array = np.arange(3.0 * n)
        gapped = np.arange(2.0 * n * n).reshape(n, 2 * n)[:, :n]
        data = vitrify.dumps({"plain": array, "gapped": gapped})
        found = read_array(data, "gapped")
        np.testing.assert_array_equal(found, gapped)
        assert found.strides == vitrify.loads(data)["gapped"].strides == gapped.strides
        assert {info.path: info.stored_bytes for info in inspect(data).arrays} == {
            "plain": array.nbytes, "gapped": gapped.nbytes,
        }  # fmt: skip

    @pytest.mark.parametrize(
        "array",
        [
            np.array(3.5), np.zeros((0, 4)), np.array(["a", "bcd"]), np.array([b"x", b"yz"]), np.array([1 + 2j]),
            np.array([(1, 2.5)], [("n", "i4"), ("x", "f8")]), np.arange(3).astype("datetime64[D]"),
            np.arange(12, dtype=">i4").reshape(3, 4), np.array(["a", None, 3], object),
        ],
        ids=lambda array: str(array.dtype),
    )  # fmt: skip
    def test_arrays_of_every_kind_read_as_they_were(self, array: Any) -> None:
        """Scalars, empty arrays, texts, structs, dates, other byte orders, and Python values."""
        found = read_array(vitrify.dumps([array]), "0")
        assert (found.dtype, found.shape) == (array.dtype, array.shape)
        assert found.tolist() == array.tolist()

    def test_only_the_block_of_the_array_is_read(self) -> None:
        """Damage to another array does not matter, damage to its own does."""
        data = bytearray(vitrify.dumps({"a": np.arange(1000.0), "b": np.arange(1000.0) + 0.5}))
        start = 8 + int.from_bytes(data[:8], "little")
        begin, _ = json.loads(data[8:start])["b"]["data_offsets"]
        data[start + begin] ^= 1
        np.testing.assert_array_equal(read_array(bytes(data), "a"), np.arange(1000.0))
        with pytest.raises(IntegrityError, match="block 'b' does not match its digest"):
            read_array(bytes(data), "b")

    @pytest.mark.skipif(not hasattr(np, "dtypes") or not hasattr(np.dtypes, "StringDType"), reason="numpy before 2")
    def test_arrays_of_texts_are_listed_and_read(self) -> None:
        """At the root, in lists, and beside other arrays."""
        texts = np.array([["a", "bc"], ["", "d"], ["e", "f"]], np.dtypes.StringDType())
        assert read_array(vitrify.dumps(texts), "$").tolist() == texts.tolist()
        data = vitrify.dumps({"t": texts, "list": [texts, texts.T.copy(), np.arange(3)]})
        found = {info.path: (info.dtype, info.shape) for info in inspect(data).arrays}
        kind = "StringDType"
        assert found == {"t": (kind, (3, 2)), "list.1": (kind, (2, 3)), "list.2": ("int64", (3,))}
        assert inspect(data).n_arrays == 3
        assert inspect(data).tree.params["t"] == "StringDType (3, 2)"
        assert read_array(data, "list.1").tolist() == texts.T.tolist()

    def test_of_more_arrays_than_are_listed_the_largest_are(self) -> None:
        """However many tables they lie in."""
        dtypes = ("u1", "f8", "f4")
        data = vitrify.dumps([[np.array([i % 200], dtype) for i in range(20_001)] for dtype in dtypes])
        summary = inspect(data)
        assert summary.n_arrays == 60_003
        assert len(summary.arrays) == 20_000
        assert {info.dtype for info in summary.arrays} == {"float64"}


class TestPaths:
    @pytest.mark.parametrize(
        ("path", "length"),
        [
            ("['odd keys']['a.b']", 3), ("['odd keys'].['a.b']", 3), ("$['odd keys'][\"a.b\"]", 3),
            ("['odd keys'].7", 4), ("['odd keys'][7]", 4), ("['odd keys']['7']", 5), ("['odd keys'].#3", 6),
            (" $.big ", 5000),
        ],
    )  # fmt: skip
    def test_keys_are_told_apart_by_how_they_are_written(self, path: str, length: int) -> None:
        """Dots, numbers, texts that look like numbers, and keys that go by position."""
        assert len(read_array(vitrify.dumps(bundle()), path)) == length

    def test_listed_paths_of_odd_keys_can_be_read(self) -> None:
        """What inspect prints, read_array takes."""
        keys = [
            "",
            " ",
            "a b",
            "a.b",
            "[0]",
            "'",
            '"',
            "#1",
            "$",
            "é",
            "\u202e",
            "\ud800",
            "\x1b[2J",
            "-1",
            "a-b",
            "x" * 90,
        ]
        data = vitrify.dumps(
            {key: np.full(3, i) for i, key in enumerate(keys)} | {5: np.full(3, 98), (1,): np.full(3, 99)}
        )
        infos = inspect(data).arrays
        assert sorted(int(read_array(data, info.path)[0]) for info in infos) == [*range(len(keys)), 98, 99]
        assert all(info.path.isprintable() for info in infos)

    @pytest.mark.parametrize("path", ["steps.2.1.coef_", "steps.clf.coef_", "steps.2.coef_", "$.steps[2][1].coef_"])
    def test_a_step_goes_by_name_or_number(self, path: str) -> None:
        """The tuple of a step may be written out, passed over or named."""
        model = pipeline()
        np.testing.assert_array_equal(read_array(vitrify.dumps(model), path), model.named_steps["clf"].coef_)

    @pytest.mark.parametrize(
        ("path", "hint"),
        [
            ("steps.2.1.coef", "steps.2.1.coef_"), ("steps.clf.coeff_", "steps.2.1.coef_"),
            ("steps.0.1", "steps.0.1.mean_"), ("steps.9.1.coef_", "steps.2.1.coef_"),
            ("", "steps.2.1.coef_"), ("steps.2.1.coef_.0", "steps.2.1.coef_"),
        ],
    )  # fmt: skip
    def test_a_wrong_path_names_those_that_come_near(self, path: str, hint: str) -> None:
        """The error is a LookupError with a list of candidates."""
        with pytest.raises(PathError) as caught:
            read_array(vitrify.dumps(pipeline()), path)
        assert isinstance(caught.value, LookupError)
        assert hint in str(caught.value)

    @pytest.mark.parametrize(
        ("n_arrays", "hint"),
        [
            (0, "It has no arrays"),
            (1, "Its only array is a0"),
            (2, "It has 2 arrays: "),
            (5500, "It has 5,500 arrays: "),
        ],
    )
    def test_where_nothing_comes_near_it_says_how_many_there_are(self, n_arrays: int, hint: str) -> None:
        """In words that agree with the number, which is that of all arrays."""
        data = vitrify.dumps({f"a{i}": np.zeros(3) for i in range(n_arrays)})
        with pytest.raises(PathError) as caught:
            read_array(data, "nowhere.near.it")
        assert caught.value.hint is not None
        assert caught.value.hint.startswith(hint)

    @pytest.mark.parametrize("path", ["a]", "a[b]", "['a", "a..b", "[99999999999999999999]"])
    def test_what_is_no_path_is_refused(self, path: str) -> None:
        """Malformed paths are errors of their own, not of the file."""
        with pytest.raises(PathError, match=rf"{re.escape(repr(path))} is not a path"):
            read_array(vitrify.dumps({"a": np.arange(3)}), path)

    def test_a_key_in_quotes_must_be_a_text(self) -> None:
        """As Python writes it."""
        with pytest.raises(PathError, match=r"'\\x' is not a text$"):
            read_array(vitrify.dumps({"a": np.arange(3)}), r"['\x']")

    @pytest.mark.parametrize(
        ("value", "path", "says"),
        [
            ({"f": np.log}, "f", "f is no array (type: class or function)"),
            ({"f": [1]}, "f", "f is no array (type: list)"),
            ({"f": 1.5}, "f", "f is no array (type: float)"),
            ([("a", np.arange(3))], "b", "nothing is at 'b': $ has no 'b'"),
            ([1, 2], "b", "nothing is at 'b': $ has no 'b'"),
            ([Stateful(0, 2).fit(X)], "0.#state", "0.#state is no array (type: dict)"),
        ],
    )
    def test_what_lies_there_instead_is_named(self, value: Any, path: str, says: str) -> None:
        """Or how far the path leads."""
        with pytest.raises(PathError) as caught:
            read_array(vitrify.dumps(value), path)
        assert caught.value.message == f"<bytes>: {says}"

    def test_the_state_of_an_object_may_be_passed_over(self) -> None:
        """Its attributes are those of the object."""
        data = vitrify.dumps([Stateful(0, 2).fit(X)])
        assert read_array(data, "0.#state.bounds_").tolist() == read_array(data, "0.bounds_").tolist() == [0, 2]

    def test_an_array_of_objects_is_not_built(self) -> None:
        """Only plain values are read from object arrays."""
        data = vitrify.dumps({"a": np.array([[1], {}], object)})
        with pytest.raises(UnsupportedError, match="holds objects"):
            read_array(data, "a")
